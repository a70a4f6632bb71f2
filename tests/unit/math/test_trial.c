/*
 * Trial division. What could go wrong are the integer square root and the double divisions
 * below 2^52, so both are tried hardest at their borders. PARPRIME_TEST_ALL=1 adds numbers
 * whose two billion divisors all have to be tried.
 */
#include "math/trial.h"
#include "support/support.h"

static void check(uint64_t n, bool expected) {
    if (trial_is_prime(n) != expected)
        fail_msg("%llu: trial_is_prime says %d", ULL(n), !expected);
}

static void test_isqrt_edges(void **state) {
    (void)state;
    uint64_t random = 3;
    assert_int_equal(isqrt64(0), 0);
    assert_int_equal(isqrt64(1), 1);
    assert_int_equal(isqrt64(UINT64_MAX), UINT32_MAX);
    for (unsigned i = 0; i < 2000000; i++) {
        uint64_t k = i < 2000   ? i + 1
                     : i < 4000 ? UINT32_MAX - (i - 2000)
                                : 1 + random_sized(&random, 32) % UINT32_MAX;
        uint64_t square = k * k;
        if (isqrt64(square) != k || isqrt64(square - 1) != k - 1)
            fail_msg("square of %llu: %u, before it %u", ULL(k), isqrt64(square),
                     isqrt64(square - 1));
        if (isqrt64(square + 1) != k || isqrt64(square + 2 * k) != k) /* (k+1)^2 - 1 */
            fail_msg("after the square of %llu: %u, %u", ULL(k), isqrt64(square + 1),
                     isqrt64(square + 2 * k));
    }
}

static void test_all_small(void **state) {
    (void)state;
    enum { LIMIT = 100000 };
    uint8_t *prime = naive_sieve(LIMIT);
    for (uint32_t n = 0; n <= LIMIT; n++)
        check(n, prime[n]);
    free(prime);
}

/* The square of a prime, and products of it with its neighbours: the last divisor decides. */
static void check_squares_around(uint64_t centre, int n) {
    uint64_t p = centre;
    for (int i = 0; i < n; i++)
        p = naive_previous_prime(p);
    for (int i = 0; i < 2 * n; i++) {
        uint64_t next = naive_next_prime(p);
        check(p * p, false);
        check(p * next, false);
        p = next;
    }
}

static void test_squares(void **state) {
    (void)state;
    check_squares_around(1 << 8, 20);
    check_squares_around(1 << 16, 100);
    check_squares_around(1 << 20, 10);
    check_squares_around(1 << 26, 5); /* around 2^52, half of them in double arithmetic */
}

/* Primes and composites on both sides of the border of double arithmetic. */
static void test_window_around_border(void **state) {
    (void)state;
    const uint64_t border = UINT64_C(1) << 52;
    unsigned below = 0, above = 0;
    for (uint64_t n = border - 160; n < border + 80; n++) {
        bool prime = naive_is_prime(n);
        check(n, prime);
        below += prime && n < border;
        above += prime && n > border;
    }
    assert_true(below >= 2 && above >= 1);
}

/* A prime that a double cannot hold: rounded to the next multiple of four it has divisors. */
static void test_wide_prime(void **state) {
    (void)state;
    check(UINT64_C(10000000000000061), true);
}

/*
 * Just below 2^52, with their only divisors at every place of a block of sixteen: where the
 * rounding of a quotient is tightest.
 */
static void test_divisor_at_every_place(void **state) {
    (void)state;
    uint64_t p = 1 << 20;
    for (int i = 0; i < 64; i++) {
        p = naive_next_prime(p);
        uint64_t q = naive_previous_prime((UINT64_C(1) << 52) / p);
        check(p * q, false);
    }
    for (uint64_t divisor = 3; divisor < 200; divisor += 2) {
        uint64_t cofactor = naive_previous_prime((UINT64_C(1) << 40) / divisor);
        check(divisor * cofactor, false);
    }
}

static void test_known(void **state) {
    (void)state;
    static const uint64_t primes[] = {10000000000037, 10000000000051, 999999999989,
                                      281474976710597 /* 2^48 - 59 */, 2147483647};
    for (size_t i = 0; i < COUNT_OF(primes); i++) {
        check(primes[i], true);
        check(primes[i] + 1, false);
        check(primes[i] * 3, false);
    }
    /* Wide numbers whose divisors are found at once. */
    check(UINT64_MAX, false);
    check(UINT64_MAX - 1, false);
    check(UINT64_C(999983) * 18446744073, false);
}

static void test_random(void **state) {
    (void)state;
    uint64_t random = 17;
    for (int i = 0; i < 20000; i++) {
        uint64_t n = random_sized(&random, 34);
        check(n, naive_is_prime(n));
    }
}

/* Every odd divisor below 2^32, and the largest prime below 2^64: seconds each. */
static void test_widest(void **state) {
    (void)state;
    if (!test_all())
        skip();
    uint64_t p = naive_previous_prime(UINT32_MAX);
    check(p * p, false);
    check(p * naive_previous_prime(p), false);
    check(UINT64_C(18446744073709551557), true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_isqrt_edges), cmocka_unit_test(test_all_small),
        cmocka_unit_test(test_squares),     cmocka_unit_test(test_window_around_border),
        cmocka_unit_test(test_wide_prime),  cmocka_unit_test(test_divisor_at_every_place),
        cmocka_unit_test(test_known),       cmocka_unit_test(test_random),
        cmocka_unit_test(test_widest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
