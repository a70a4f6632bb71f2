/*
 * What must hold whatever the primes are: counts and digests of [a, b] and [b + 1, c] add up to
 * those of [a, c], for any backend, method and units on each of the three; a list has the
 * digest of its primes; an iterator walks the list. Needs no oracle.
 */
#include "differential/draw.h"
#include "work/digest.h"

static uint64_t seed;

static pp_result count(uint64_t *random, uint64_t lo, uint64_t hi, char *name, size_t size) {
    const char *drawn;
    pp_session *session = draw_session(random, &drawn);
    snprintf(name, size, "%s", drawn);
    pp_result result;
    if (pp_count(session, lo, hi, &result) != PP_OK)
        fail_msg("%s: count [%llu, %llu]: %s", name, ULL(lo), ULL(hi),
                 pp_session_error(session)->message);
    pp_session_close(session);
    return result;
}

static void check_sum(uint64_t *random, struct drawn_range range) {
    char names[3][200];
    uint64_t middle = range.lo + random_below(random, range.hi - range.lo);
    pp_result whole = count(random, range.lo, range.hi, names[0], sizeof names[0]);
    pp_result left = count(random, range.lo, middle, names[1], sizeof names[1]);
    pp_result right = count(random, middle + 1, range.hi, names[2], sizeof names[2]);
    if (left.count + right.count != whole.count || left.digest + right.digest != whole.digest)
        fail_msg("[%llu, %llu] cut after %llu: %llu and %llu, not %llu\n  %s\n  %s\n  %s",
                 ULL(range.lo), ULL(range.hi), ULL(middle), ULL(left.count), ULL(right.count),
                 ULL(whole.count), names[1], names[2], names[0]);
}

static void test_counts_add_up(void **state) {
    (void)state;
    uint64_t random = seed;
    for (unsigned i = 0; i < 800 * draw_effort(); i++) {
        uint64_t most = i % 4 ? 10000000 : UINT64_C(10000000000000);
        struct drawn_range range = draw_range(&random, most, i % 4 ? 100000 : 400000);
        if (range.lo < range.hi)
            check_sum(&random, range);
    }
}

struct sum {
    uint64_t count, digest, last;
    bool ascending;
};

static pp_status add(void *user, const void *bytes, size_t n_bytes) {
    struct sum *sum = user;
    for (size_t i = 0; i < n_bytes; i += sizeof sum->last) {
        uint64_t prime;
        memcpy(&prime, (const char *)bytes + i, sizeof prime);
        sum->ascending &= prime > sum->last;
        sum->last = prime;
        sum->count++;
        sum->digest += digest_prime(prime);
    }
    return PP_OK;
}

static void test_lists_have_their_digest(void **state) {
    (void)state;
    uint64_t random = seed ^ 1;
    for (unsigned i = 0; i < 500 * draw_effort(); i++) {
        struct drawn_range range = draw_range(&random, 1000000000, 200000);
        const char *name;
        pp_session *session = draw_session(&random, &name);
        struct sum sum = {0, 0, 0, true};
        pp_list_callback callback = {.user = &sum, .emit = add};
        assert_int_equal(pp_list(session, range.lo, range.hi, &callback), PP_OK);
        const pp_result *result = pp_session_result(session);
        if (sum.count != result->count || sum.digest != result->digest || !sum.ascending)
            fail_msg("%s: list [%llu, %llu]", name, ULL(range.lo), ULL(range.hi));
        pp_session_close(session);
    }
}

static void test_iterators_walk_the_list(void **state) {
    (void)state;
    uint64_t random = seed ^ 2;
    for (unsigned i = 0; i < 60 * draw_effort(); i++) {
        struct drawn_range range = draw_range(&random, 100000000, 300000);
        const char *name;
        pp_session *session = draw_session(&random, &name);
        pp_iterator *iterator = NULL;
        assert_int_equal(pp_iterator_open(session, range.lo, range.hi, &iterator), PP_OK);
        struct sum sum = {0, 0, 0, true};
        uint64_t prime;
        pp_status status;
        while ((status = pp_iterator_next(iterator, &prime)) == PP_OK)
            add(&sum, &prime, sizeof prime);
        assert_int_equal(status, PP_END);
        pp_iterator_close(iterator);
        pp_result result;
        assert_int_equal(pp_count(session, range.lo, range.hi, &result), PP_OK);
        if (sum.count != result.count || sum.digest != result.digest || !sum.ascending)
            fail_msg("%s: iterator over [%llu, %llu]", name, ULL(range.lo), ULL(range.hi));
        pp_session_close(session);
    }
}

int main(void) {
    seed = test_seed(20240512);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_add_up),
        cmocka_unit_test(test_lists_have_their_digest),
        cmocka_unit_test(test_iterators_walk_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
