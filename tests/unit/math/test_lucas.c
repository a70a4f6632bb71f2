/* The extra strong Lucas test, and the parameters of both its forms. */
#include "math/lucas.h"

#include "math/lucas_parameter.h"
#include "math/primality.h"
#include "support/support.h"

/* OEIS A217719: composites that pass, up to 10^5. */
static void test_pseudoprimes(void **state) {
    (void)state;
    static const uint64_t known[] = {989,   3239,  5777,  10877, 27971, 29681,
                                     30739, 31631, 39059, 72389, 73919, 75077};
    const uint32_t limit = 100000;
    uint8_t *prime = naive_sieve(limit);
    size_t at = 0;
    for (uint32_t n = 3; n <= limit; n += 2) {
        bool pseudoprime = at < COUNT_OF(known) && n == known[at];
        at += pseudoprime;
        if (lucas_extra_strong(n) != (prime[n] || pseudoprime))
            fail_msg("%u is not %d", n, prime[n] || pseudoprime);
    }
    assert_int_equal(at, COUNT_OF(known));
    free(prime);
}

/* Next to 2^64, where sums need a 65th bit. */
static void test_largest(void **state) {
    (void)state;
    for (uint64_t d = 0; d < 20000; d += 2) {
        uint64_t n = UINT64_MAX - d;
        if (lucas_extra_strong(n) != naive_is_prime(n))
            fail_msg("%llu is not %d", ULL(n), naive_is_prime(n));
    }
}

/* Squares have no parameter: the search ends. */
static void test_squares(void **state) {
    (void)state;
    uint64_t p = 4294967291; /* the largest prime below 2^32 */
    for (unsigned i = 0; i < 200; i++, p = naive_previous_prime(p)) {
        assert_int_equal(lucas_search_parameter(p * p), 0);
        assert_false(lucas_extra_strong(p * p));
    }
}

/* By residues as by Jacobi symbols. */
static void test_parameters(void **state) {
    (void)state;
    uint64_t random = 31;
    unsigned largest = 0;
    for (unsigned i = 0; i < 300000; i++) {
        uint64_t n = random_u64(&random) | 1;
        bool small_factor = false;
        for (uint64_t p = 3; p <= 61; p += 2)
            small_factor |= n % p == 0;
        if (small_factor)
            continue;
        unsigned parameter = lucas_parameter(n);
        if (parameter && parameter != lucas_search_parameter(n))
            fail_msg("%llu has parameter %u, not %u", ULL(n), lucas_search_parameter(n), parameter);
        if (parameter == 0)
            assert_true(lucas_search_parameter(n) > 59);
        largest = parameter > largest ? parameter : largest;
    }
    assert_true(largest > 30);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pseudoprimes),
        cmocka_unit_test(test_largest),
        cmocka_unit_test(test_squares),
        cmocka_unit_test(test_parameters),
    };
    return cmocka_run_group_tests_name("lucas", tests, NULL, NULL);
}
