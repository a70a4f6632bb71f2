/* The 64-bit modular arithmetic that host and devices share, against 128-bit division. */
#include "arith64.h"
#include "support/support.h"

/* Odd moduli at every border that could matter, then random ones of all sizes. */
static uint64_t modulus(unsigned i, uint64_t *random) {
    static const uint64_t edges[] = {1,
                                     3,
                                     5,
                                     7,
                                     9,
                                     UINT32_MAX - 2,
                                     UINT32_MAX,
                                     (UINT64_C(1) << 32) + 1,
                                     (UINT64_C(1) << 63) - 1,
                                     (UINT64_C(1) << 63) + 1,
                                     UINT64_MAX - 58,
                                     UINT64_MAX - 4,
                                     UINT64_MAX - 2,
                                     UINT64_MAX};
    return i < COUNT_OF(edges) ? edges[i] : random_sized(random, 64) | 1;
}

/* Residues at the borders of n, then random ones. */
static uint64_t residue(unsigned i, uint64_t n, uint64_t *random) {
    const uint64_t edges[] = {0, 1, n - 1, n / 2, n / 2 + 1};
    return (i < COUNT_OF(edges) ? edges[i] : random_u64(random)) % n;
}

static void test_inverse(void **state) {
    (void)state;
    uint64_t random = 5;
    for (uint64_t n = 1; n < 1 << 16; n += 2)
        assert_true(n * a64_inverse(n) == 1);
    for (unsigned i = 0; i < 100000; i++) {
        uint64_t n = modulus(i, &random);
        assert_true(n * a64_inverse(n) == 1);
    }
}

static void test_modulus(void **state) {
    (void)state;
    uint64_t random = 7;
    for (unsigned i = 0; i < 20000; i++) {
        a64_modulus m = a64_modulus_of(modulus(i, &random));
        unsigned __int128 radix = (unsigned __int128)1 << 64;
        uint64_t one = (uint64_t)(radix % m.n);
        assert_true(m.n * m.inverse == 1);
        assert_true(m.one == one);
        assert_true(a64_square_of_radix(m) == naive_mul(one, one, m.n));
    }
}

static void test_add(void **state) {
    (void)state;
    uint64_t random = 9;
    for (unsigned i = 0; i < 2000; i++) {
        uint64_t n = modulus(i, &random);
        for (unsigned j = 0; j < 49; j++) {
            uint64_t a = residue(j % 7, n, &random), b = residue(j / 7, n, &random);
            uint64_t expected = (uint64_t)(((unsigned __int128)a + b) % n);
            if (a64_add(a, b, n) != expected)
                fail_msg("%llu + %llu mod %llu", ULL(a), ULL(b), ULL(n));
        }
    }
}

static void test_mul(void **state) {
    (void)state;
    uint64_t random = 13;
    for (unsigned i = 0; i < 5000; i++) {
        uint64_t n = modulus(i, &random);
        a64_modulus m = a64_modulus_of(n);
        for (unsigned j = 0; j < 64; j++) {
            uint64_t a = residue(j % 8, n, &random), b = residue(j / 8, n, &random);
            uint64_t product = a64_mul(a, b, m);
            /* product·2^64 = a·b mod n, and product is reduced: that says all. */
            uint64_t back = (uint64_t)(((unsigned __int128)product << 64) % n);
            if (product >= n || back != naive_mul(a, b, n))
                fail_msg("%llu * %llu mod %llu gives %llu", ULL(a), ULL(b), ULL(n), ULL(product));
        }
    }
}

static void test_ctz(void **state) {
    (void)state;
    for (int i = 0; i < 64; i++)
        assert_int_equal(A64_CTZ(UINT64_C(1) << i), i);
}

static int strong(uint64_t n, uint64_t base) {
    a64_modulus m = a64_modulus_of(n);
    uint64_t form = a64_mul(base % n, a64_square_of_radix(m), m);
    int twos = A64_CTZ(n - 1);
    return a64_strong(form, (n - 1) >> twos, twos, m);
}

/* Composites too, for which most bases are no liars: 1 + 2^k·odd for every k comes up. */
static void test_strong(void **state) {
    (void)state;
    uint64_t random = 21;
    for (uint64_t n = 3; n < 2000; n += 2)
        for (uint64_t base = 1; base < n && base < 100; base++)
            if (strong(n, base) != naive_strong(n, base))
                fail_msg("n %llu, base %llu: %d", ULL(n), ULL(base), strong(n, base));
    for (unsigned twos = 1; twos < 64; twos++)
        for (unsigned i = 0; i < 40; i++) {
            uint64_t n = ((random_u64(&random) | 1) << twos) + 1;
            uint64_t base = 1 + random_below(&random, n - 1);
            if (strong(n, base) != naive_strong(n, base) || !strong(n, 1) || !strong(n, n - 1))
                fail_msg("n %llu, base %llu: %d", ULL(n), ULL(base), strong(n, base));
        }
    /* Liars exist for these, so that "composite" is not the only answer seen. */
    assert_true(strong(2047, 2) && strong(1373653, 3) && strong(25326001, 5));
}

/* Transcribed a second time from the literature: a slip in a base hardly ever shows. */
static void test_bases_and_bounds(void **state) {
    (void)state;
    static const uint64_t psi[] = {2047,          1373653,       25326001,       3215031751,
                                   2152302898747, 3474749660383, 341550071728321};
    static const uint32_t primes[] = {2, 3, 5, 7, 11, 13, 17};
    static const uint32_t sinclair[] = {2, 325, 9375, 28178, 450775, 9780504, 1795265022};
    assert_int_equal(A64_BASES, 7);
    for (int i = 0; i < A64_BASES; i++) {
        assert_int_equal(a64_strong_bounds[i], psi[i]);
        assert_int_equal(a64_prime_bases[i], primes[i]);
        assert_int_equal(a64_sinclair_bases[i], sinclair[i]);
        /* A bound is itself a strong pseudoprime to all bases of its row. */
        for (int j = 0; j <= i; j++)
            assert_true(naive_strong(psi[i], primes[j]));
    }
}

static void test_is_prime_odd(void **state) {
    (void)state;
    uint64_t random = 33;
    uint8_t *prime = naive_sieve(1 << 18);
    for (uint64_t n = 3; n < 1 << 18; n += 2)
        if (a64_is_prime_odd(n) != prime[n])
            fail_msg("%llu: %d", ULL(n), a64_is_prime_odd(n));
    free(prime);
    for (int i = 0; i < 20000; i++) {
        uint64_t n = random_sized(&random, 64) | 1;
        if (n > 1 && a64_is_prime_odd(n) != naive_is_prime(n))
            fail_msg("%llu: %d", ULL(n), a64_is_prime_odd(n));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inverse),
        cmocka_unit_test(test_modulus),
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_mul),
        cmocka_unit_test(test_ctz),
        cmocka_unit_test(test_strong),
        cmocka_unit_test(test_bases_and_bounds),
        cmocka_unit_test(test_is_prime_odd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
