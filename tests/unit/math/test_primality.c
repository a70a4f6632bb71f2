/* Deterministic Miller-Rabin on the numbers that were made to fool such tests. */
#include "math/primality.h"

#include "arith64.h"
#include "support/support.h"

static void check(uint64_t n, bool expected) {
    /* Without the small divisors, which would hide what bases do to 3215031751 = 151·751·28351. */
    if (n % 2 && n > 2 && a64_is_prime_odd(n) != expected)
        fail_msg("%llu: a64_is_prime_odd says %d", ULL(n), a64_is_prime_odd(n));
    if (mr_is_prime(n) != expected || pp_is_prime(n) != expected)
        fail_msg("%llu: mr_is_prime says %d, pp_is_prime %d", ULL(n), mr_is_prime(n),
                 pp_is_prime(n));
}

static void test_all_small(void **state) {
    (void)state;
    const uint32_t limit = 1 << 22;
    uint8_t *prime = naive_sieve(limit);
    for (uint32_t n = 0; n <= limit; n++)
        if (mr_is_prime(n) != prime[n])
            check(n, prime[n]);
    free(prime);
}

/* OEIS A014233: the least strong pseudoprimes to the first k primes, k = 1..11. */
static void test_strong_pseudoprime_bounds(void **state) {
    (void)state;
    static const uint64_t psi[] = {2047,
                                   1373653,
                                   25326001,
                                   3215031751,
                                   2152302898747,
                                   3474749660383,
                                   341550071728321,
                                   341550071728321,
                                   3825123056546413051,
                                   3825123056546413051,
                                   3825123056546413051};
    static const uint64_t bases[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31};
    for (size_t k = 0; k < COUNT_OF(psi); k++) {
        for (size_t i = 0; i <= k; i++)
            assert_true(naive_strong(psi[k], bases[i])); /* or the case would be a misprint */
        check(psi[k], false);
        /* On both sides, where the number of bases changes. */
        for (uint64_t d = 1; d < 100; d++) {
            check(psi[k] - d, naive_is_prime(psi[k] - d));
            check(psi[k] + d, naive_is_prime(psi[k] + d));
        }
    }
}

static void test_carmichael(void **state) {
    (void)state;
    /* OEIS A002997, and large ones without small factors. */
    static const uint64_t known[] = {561,
                                     1105,
                                     1729,
                                     2465,
                                     2821,
                                     6601,
                                     8911,
                                     10585,
                                     15841,
                                     29341,
                                     41041,
                                     46657,
                                     52633,
                                     62745,
                                     63973,
                                     75361,
                                     101101,
                                     115921,
                                     126217,
                                     162401,
                                     172081,
                                     188461,
                                     252601,
                                     278545,
                                     294409,
                                     314821,
                                     334153,
                                     340561,
                                     399001,
                                     410041,
                                     449065,
                                     488881,
                                     512461,
                                     825265,
                                     321197185,
                                     5394826801,
                                     232250619601,
                                     9746347772161,
                                     1436697831295441,
                                     60977817398996785,
                                     7156857700403137441};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        check(known[i], false);
    /* Chernick: (6k+1)(12k+1)(18k+1) is one whenever all three are prime; up to 2^64. */
    unsigned found = 0;
    for (uint64_t k = 1; k < 2400000; k += k < 2000 ? 1 : 1009) {
        uint64_t p = 6 * k + 1, q = 12 * k + 1, r = 18 * k + 1;
        if (!naive_is_prime(p) || !naive_is_prime(q) || !naive_is_prime(r))
            continue;
        if ((unsigned __int128)p * q * r > UINT64_MAX)
            break;
        check(p * q * r, false);
        found++;
    }
    assert_true(found > 20);
}

static void test_base_2_pseudoprimes(void **state) {
    (void)state;
    /* Strong ones, OEIS A001262, and the greatest pseudoprimes below 2^64. */
    static const uint64_t known[] = {
        2047,   3277,   4033,   4681,   8321,   15841,  29341,  42799,  49141,  52633,  65281,
        74665,  80581,  85489,  88357,  90751,  104653, 130561, 196093, 220729, 233017, 252601,
        253241, 256999, 271951, 280601, 314821, 357761, 390937, 458989, 476971, 486737};
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        assert_true(naive_strong(known[i], 2));
        check(known[i], false);
    }
    assert_int_equal(naive_pow(2, UINT64_C(18446744066047760376), UINT64_C(18446744066047760377)),
                     1);
    check(UINT64_C(18446744066047760377), false);
}

/* (k+1)(2k+1) with both factors prime: a strong pseudoprime to about a quarter of all bases. */
static void test_two_factor_pseudoprimes(void **state) {
    (void)state;
    uint64_t random = 41;
    unsigned fool_2 = 0;
    for (unsigned found = 0; found < 2000;) {
        uint64_t k = 2 + random_sized(&random, 31) * 2;
        if (k > UINT64_C(3037000498) || !naive_is_prime(k + 1) || !naive_is_prime(2 * k + 1))
            continue;
        uint64_t n = (k + 1) * (2 * k + 1);
        check(n, false);
        found++;
        fool_2 += naive_strong(n, 2);
    }
    assert_true(fool_2 > 20);
}

static void test_products_of_close_primes(void **state) {
    (void)state;
    static const uint64_t roots[] = {
        1 << 6, 1 << 11, 1 << 16, 1 << 21, 1 << 26, UINT64_C(1) << 31, UINT64_C(4294967200)};
    for (size_t i = 0; i < COUNT_OF(roots); i++) {
        uint64_t p = roots[i];
        for (int j = 0; j < 5; j++) {
            uint64_t next = naive_next_prime(p);
            if (next > UINT32_MAX)
                break;
            if (j)
                check(p * next, false);
            check(next * next, false);
            p = next;
        }
    }
}

static void test_top(void **state) {
    (void)state;
    check(UINT64_C(18446744073709551557), true); /* 2^64 - 59, the greatest prime there */
    for (uint64_t n = UINT64_MAX; n > UINT64_C(18446744073709551557); n--)
        check(n, false);
    for (uint64_t n = UINT64_MAX - 20000; n < UINT64_MAX - 60; n++)
        check(n, naive_is_prime(n));
}

static void test_random(void **state) {
    (void)state;
    uint64_t random = 55;
    for (int i = 0; i < 30000; i++) {
        uint64_t n = random_sized(&random, 64);
        check(n, naive_is_prime(n));
    }
    /* Around the powers of two, where a carry would be lost. */
    for (unsigned bits = 2; bits < 64; bits++)
        for (uint64_t d = 0; d < 70; d++) {
            uint64_t power = UINT64_C(1) << bits;
            check(power + d, naive_is_prime(power + d));
            check(power - d % power, naive_is_prime(power - d % power));
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_small),
        cmocka_unit_test(test_strong_pseudoprime_bounds),
        cmocka_unit_test(test_carmichael),
        cmocka_unit_test(test_base_2_pseudoprimes),
        cmocka_unit_test(test_two_factor_pseudoprimes),
        cmocka_unit_test(test_products_of_close_primes),
        cmocka_unit_test(test_top),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
