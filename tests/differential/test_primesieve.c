/*
 * Counts and lists of random ranges against libprimesieve. It is quick below 10^13 or so; up to
 * 2^64 it needs seconds for its own base primes, so there are few ranges there.
 */
#include "differential/draw.h"

#include <primesieve.h>

struct list {
    uint64_t *primes;
    size_t n, capacity;
};

static pp_status keep(void *user, const void *bytes, size_t n_bytes) {
    struct list *list = user;
    size_t n = n_bytes / sizeof *list->primes;
    if (list->n + n > list->capacity)
        return PP_ERR_INTERNAL;
    memcpy(list->primes + list->n, bytes, n_bytes);
    list->n += n;
    return PP_OK;
}

static void check(pp_session *session, const char *name, struct drawn_range range) {
    size_t n = 0;
    uint64_t *expected = primesieve_generate_primes(range.lo, range.hi, &n, UINT64_PRIMES);
    pp_result result;
    if (pp_count(session, range.lo, range.hi, &result) != PP_OK || result.count != n)
        fail_msg("%s: count [%llu, %llu]: %llu, primesieve %zu", name, ULL(range.lo), ULL(range.hi),
                 ULL(result.count), n);
    struct list list = {malloc((n + 1) * sizeof *list.primes), 0, n};
    pp_list_callback callback = {.user = &list, .emit = keep};
    if (pp_list(session, range.lo, range.hi, &callback) != PP_OK || list.n != n)
        fail_msg("%s: list [%llu, %llu]: %zu or more, primesieve %zu", name, ULL(range.lo),
                 ULL(range.hi), list.n, n);
    for (size_t i = 0; i < n; i++)
        if (list.primes[i] != expected[i])
            fail_msg("%s: list [%llu, %llu], place %zu: %llu, primesieve %llu", name, ULL(range.lo),
                     ULL(range.hi), i, ULL(list.primes[i]), ULL(expected[i]));
    assert_true(pp_session_result(session)->digest == result.digest);
    free(list.primes);
    primesieve_free(expected);
}

static void check_ranges(uint64_t *random, unsigned ranges, uint64_t most, uint64_t length) {
    for (unsigned i = 0; i < ranges; i++) {
        const char *name;
        pp_session *session = draw_session(random, &name);
        check(session, name, draw_range(random, most, length));
        pp_session_close(session);
    }
}

static uint64_t seed;

static void test_below_a_million(void **state) {
    (void)state;
    uint64_t random = seed;
    check_ranges(&random, 1500 * draw_effort(), 1000000, 20000);
}

static void test_below_1e10(void **state) {
    (void)state;
    uint64_t random = seed ^ 1;
    check_ranges(&random, 300 * draw_effort(), UINT64_C(10000000000), 300000);
}

static void test_below_1e14(void **state) {
    (void)state;
    uint64_t random = seed ^ 2;
    check_ranges(&random, 60 * draw_effort(), UINT64_C(100000000000000), 1000000);
}

/* By Miller-Rabin and by the sieve, whose base primes here are those up to 2^32. */
static void test_high(void **state) {
    (void)state;
    uint64_t random = seed ^ 3;
    if (!test_all())
        skip();
    check_ranges(&random, 10, UINT64_MAX - 100000, 100000);
}

static void test_long_ranges(void **state) {
    (void)state;
    uint64_t random = seed ^ 4;
    check_ranges(&random, 4 * draw_effort(), UINT64_C(10000000000), 30000000);
}

int main(void) {
    seed = test_seed(20240507);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_below_a_million), cmocka_unit_test(test_below_1e10),
        cmocka_unit_test(test_below_1e14),      cmocka_unit_test(test_high),
        cmocka_unit_test(test_long_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
