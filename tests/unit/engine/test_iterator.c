/* Walking primes one by one: the same as the list, across windows and to the very end. */
#include "engine/session.h"
#include "support/support.h"
#include "work/digest.h"

static void check_end(pp_iterator *iterator) {
    for (int i = 0; i < 3; i++) {
        uint64_t untouched = 42;
        assert_int_equal(pp_iterator_next(iterator, &untouched), PP_END);
        assert_int_equal(untouched, 42);
    }
}

/* Every prime from a table; windows begin at 2^14 numbers and grow fourfold: a million has four. */
static void check_walk(pp_session *session, uint32_t lo, uint32_t hi, const uint8_t *prime) {
    pp_iterator *iterator = NULL;
    assert_int_equal(pp_iterator_open(session, lo, hi, &iterator), PP_OK);
    for (uint32_t n = lo; n <= hi; n++) {
        uint64_t next = 0;
        if (!prime[n])
            continue;
        assert_int_equal(pp_iterator_next(iterator, &next), PP_OK);
        if (next != n)
            fail_msg("in [%u, %u]: %llu instead of %u", lo, hi, ULL(next), n);
    }
    check_end(iterator);
    pp_iterator_close(iterator);
}

static void test_a_million(void **state) {
    (void)state;
    enum { LIMIT = 1100000 };
    static const pp_method methods[] = {PP_METHOD_MR, PP_METHOD_SIEVE, PP_METHOD_AUTO};
    uint8_t *prime = naive_sieve(LIMIT);
    for (size_t m = 0; m < COUNT_OF(methods); m++) {
        pp_session *session = open_session(NULL, 0, methods[m], 0);
        check_walk(session, 0, LIMIT, prime);
        check_walk(session, 12345, 1000003, prime); /* the last is a prime */
        /* Ends at, before and after the first windows' edges. */
        for (uint32_t hi = (1 << 14) - 2; hi < (1 << 14) + 2; hi++)
            check_walk(session, 0, hi, prime);
        for (uint32_t hi = 5 * (1 << 14) - 2; hi < 5 * (1 << 14) + 2; hi++)
            check_walk(session, 0, hi, prime);
        pp_session_close(session);
    }
    free(prime);
}

/* Units that share words of a window's bitmap, and begin anywhere in one, by several threads. */
static void test_odd_units(void **state) {
    (void)state;
    static const uint64_t sizes[] = {1, 7, 100, 239, 241, 1000};
    uint8_t *prime = naive_sieve(20000);
    const char *backend = backend_usable("openmp") ? "openmp" : "serial";
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        pp_session *session =
            open_session(backend, backend[0] == 'o' ? 3 : 0, PP_METHOD_MR, sizes[i]);
        check_walk(session, 0, 20000, prime);
        check_walk(session, 17, 19997, prime);
        pp_session_close(session);
    }
    free(prime);
}

/* Past the longest window of small numbers, and held together with the list of the same. */
static void test_long_walk(void **state) {
    (void)state;
    static const uint64_t beginnings[] = {0, UINT64_C(10000000000000)};
    for (size_t i = 0; i < COUNT_OF(beginnings); i++) {
        uint64_t lo = beginnings[i], hi = lo + 90000000, sum = 0, count = 0, prime, last = 0;
        pp_session *session = open_session(NULL, 0, PP_METHOD_AUTO, 0);
        pp_iterator *iterator = NULL;
        assert_int_equal(pp_iterator_open(session, lo, hi, &iterator), PP_OK);
        while (pp_iterator_next(iterator, &prime) == PP_OK) {
            assert_true(prime > last);
            sum += digest_prime(last = prime);
            count++;
        }
        check_end(iterator);
        pp_iterator_close(iterator);
        pp_result result;
        assert_int_equal(pp_count(session, lo, hi, &result), PP_OK);
        assert_true(result.count == count && result.digest == sum);
        pp_session_close(session);
    }
}

static void test_short_ranges(void **state) {
    (void)state;
    uint8_t *prime = naive_sieve(100);
    pp_session *session = open_session(NULL, 0, PP_METHOD_AUTO, 0);
    for (uint32_t lo = 0; lo < 32; lo++)
        for (uint32_t hi = lo; hi < 40; hi++)
            check_walk(session, lo, hi, prime);
    pp_session_close(session);
    free(prime);
}

static void test_top(void **state) {
    (void)state;
    pp_session *session = open_session(NULL, 0, PP_METHOD_AUTO, 0);
    static const uint64_t back[] = {0, 57, 58, 59, 400, (1 << 14) - 1, 1 << 14, 40000};
    for (size_t i = 0; i < COUNT_OF(back); i++) {
        pp_iterator *iterator = NULL;
        assert_int_equal(pp_iterator_open(session, UINT64_MAX - back[i], UINT64_MAX, &iterator),
                         PP_OK);
        for (uint64_t n = UINT64_MAX - back[i]; n; n++) { /* wraps to 0 after the last */
            uint64_t next;
            if (!pp_is_prime(n))
                continue;
            assert_int_equal(pp_iterator_next(iterator, &next), PP_OK);
            assert_true(next == n);
        }
        check_end(iterator);
        pp_iterator_close(iterator);
    }
    pp_session_close(session);
}

/* Many windows without a prime would be rare; one inside a gap is enough. */
static void test_no_primes(void **state) {
    (void)state;
    pp_session *session = open_session(NULL, 0, PP_METHOD_AUTO, 0);
    pp_iterator *iterator = NULL;
    /* The gap of 1132 after 1693182318746371. */
    assert_int_equal(pp_iterator_open(session, UINT64_C(1693182318746372),
                                      UINT64_C(1693182318747502), &iterator),
                     PP_OK);
    check_end(iterator);
    pp_iterator_close(iterator);
    pp_session_close(session);
}

/* A failed window is tried again, so that nothing is skipped. */
static void test_goes_on_after_a_failure(void **state) {
    (void)state;
    uint8_t *prime = naive_sieve(200000);
    /* In small units, so that a cancelled window has some of its primes already. */
    pp_session *session = open_session(NULL, 0, PP_METHOD_MR, 1000);
    pp_iterator *iterator = NULL;
    assert_int_equal(pp_iterator_open(session, 0, 200000, &iterator), PP_OK);
    unsigned cancelled = 0;
    for (uint32_t n = 0; n <= 200000; n++) {
        if (!prime[n])
            continue;
        uint64_t next = 42;
        pp_session_cancel(session); /* felt at the next window only */
        pp_status status = pp_iterator_next(iterator, &next);
        if (status == PP_ERR_CANCELLED) {
            cancelled++;
            assert_int_equal(next, 42);
            status = pp_iterator_next(iterator, &next);
        }
        assert_int_equal(status, PP_OK);
        assert_true(next == n);
    }
    assert_in_range(cancelled, 3, 20);
    pp_iterator_close(iterator);
    pp_session_close(session);
    free(prime);
}

static void test_two_at_once(void **state) {
    (void)state;
    pp_session *session = open_session(NULL, 0, PP_METHOD_AUTO, 0);
    pp_iterator *low = NULL, *high = NULL;
    assert_int_equal(pp_iterator_open(session, 0, 100000, &low), PP_OK);
    assert_int_equal(pp_iterator_open(session, 50000, 150000, &high), PP_OK);
    uint64_t a = 0, b = 50000;
    for (int i = 0; i < 3000; i++) {
        uint64_t next_a, next_b;
        assert_int_equal(pp_iterator_next(low, &next_a), PP_OK);
        assert_int_equal(pp_iterator_next(high, &next_b), PP_OK);
        assert_true(next_a == naive_next_prime(a) && next_b == naive_next_prime(b));
        a = next_a, b = next_b;
    }
    pp_iterator_close(low); /* in the middle of a window */
    pp_iterator_close(high);
    pp_session_close(session);
}

static void test_wrong_usage(void **state) {
    (void)state;
    pp_session *session = open_session(NULL, 0, PP_METHOD_AUTO, 0);
    pp_iterator *iterator = NULL;
    assert_int_equal(pp_iterator_open(NULL, 0, 1, &iterator), PP_ERR_USAGE);
    assert_int_equal(pp_iterator_open(session, 0, 1, NULL), PP_ERR_USAGE);
    assert_int_equal(pp_iterator_open(session, 2, 1, &iterator), PP_ERR_USAGE);
    assert_null(iterator);
    pp_iterator_close(NULL);
    pp_session_close(session);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_million),
        cmocka_unit_test(test_odd_units),
        cmocka_unit_test(test_long_walk),
        cmocka_unit_test(test_short_ranges),
        cmocka_unit_test(test_top),
        cmocka_unit_test(test_no_primes),
        cmocka_unit_test(test_goes_on_after_a_failure),
        cmocka_unit_test(test_two_at_once),
        cmocka_unit_test(test_wrong_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
