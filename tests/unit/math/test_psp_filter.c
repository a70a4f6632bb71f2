/* The table behind base 2: what must be in it is, and it is the one that was made. */
#include "math/psp_filter.h"

#include "support/support.h"

static bool passes_euler_jacobi(uint64_t n) {
    bool nonresidue = n % 8 == 3 || n % 8 == 5;
    return naive_pow(2, (n - 1) / 2, n) == (nonresidue ? n - 1 : 1);
}

static bool has_small_factor(uint64_t n) {
    for (uint64_t p = 3; p < PSP_FILTER_LEAST_FACTOR; p += 2)
        if (n % p == 0)
            return true;
    return false;
}

/* By the definition: every odd number, one after the other. */
static void test_all_small(void **state) {
    (void)state;
    const uint32_t limit = test_all() ? 400000000 : 1 << 24;
    uint8_t *prime = naive_sieve(limit);
    unsigned members = 0;
    for (uint32_t n = 3; n < limit; n += 2) {
        if (prime[n] || has_small_factor(n) || !passes_euler_jacobi(n))
            continue;
        members++;
        if (!psp_suspect(n))
            fail_msg("%u passes base 2 and is not in the filter", n);
    }
    assert_true(members > 50);
    free(prime);
}

/* Up to the bound: products of p and k(p - 1) + 1, which more than half of all are. */
static void test_products(void **state) {
    (void)state;
    unsigned members = 0;
    uint64_t random = 5;
    for (unsigned i = 0; i < (test_all() ? 2000000 : 40000); i++) {
        uint64_t p = naive_previous_prime(UINT64_C(200) + random_below(&random, 2900000));
        for (uint64_t k = 2; k <= 12; k++) {
            uint64_t q = k * (p - 1) + 1, n = p * q;
            if (n >= PSP_FILTER_BOUND || has_small_factor(n) || !passes_euler_jacobi(n))
                continue;
            members++;
            if (!psp_suspect(n))
                fail_msg("%llu = %llu * %llu passes base 2 and is not in the filter", ULL(n),
                         ULL(p), ULL(q));
        }
    }
    assert_true(members > 500);
}

static void test_known(void **state) {
    (void)state;
    /* 1093^2, 3511^2, and the least strong pseudoprimes to bases 2, 3, … (OEIS A014233). */
    static const uint64_t known[] = {1194649,    12327121,      25326001,
                                     3215031751, 2152302898747, 3474749660383};
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        assert_false(has_small_factor(known[i]));
        assert_true(passes_euler_jacobi(known[i]));
        assert_true(psp_suspect(known[i]));
    }
}

/* As psp2 said when it made the file. */
static void test_file(void **state) {
    (void)state;
    uint64_t bits = 0, sum = 0;
    for (size_t i = 0; i < PSP_FILTER_WORDS; i++) {
        bits += (uint64_t)__builtin_popcountll(psp_filter[i]);
        sum = sum * 0x9e3779b97f4a7c15 + psp_filter[i];
    }
    assert_int_equal(bits, 266844);
    if (sum != UINT64_C(0xa5470b52ceb66a74))
        fail_msg("the table's checksum is %llx", ULL(sum));
}

/* Few primes are suspected for nothing. */
static void test_few_suspects(void **state) {
    (void)state;
    uint64_t random = 11;
    unsigned suspects = 0;
    for (unsigned i = 0; i < 20000; i++)
        suspects += psp_suspect(naive_next_prime(10000000000000 + random_below(&random, 1u << 31)));
    assert_in_range(suspects, 200, 500); /* 0.254³ of them */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_small),    cmocka_unit_test(test_products),
        cmocka_unit_test(test_known),        cmocka_unit_test(test_file),
        cmocka_unit_test(test_few_suspects),
    };
    return cmocka_run_group_tests_name("psp_filter", tests, NULL, NULL);
}
