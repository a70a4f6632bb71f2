/* The arithmetic and the tests that GPUs do in limbs of 32 bits, against the plain ones. */
#include "arith64.h"
#include "lucas64.h"

#include "limbs32.h"
#include "math/primality.h"
#include "support/support.h"

/* Odd, from 103² up to L32_END: at the borders, then of all sizes. */
static uint64_t modulus(unsigned i, uint64_t *random) {
    static const uint64_t edges[] = {103 * 103,
                                     103 * 103 + 2,
                                     UINT32_MAX - 2,
                                     UINT32_MAX,
                                     (UINT64_C(1) << 32) + 1,
                                     (UINT64_C(1) << 60) - 1,
                                     (UINT64_C(1) << 60) + 1,
                                     L32_END - 3,
                                     L32_END - 1};
    if (i < COUNT_OF(edges))
        return edges[i];
    for (;;) {
        uint64_t n = random_sized(random, 61) | 1;
        if (n >= 103 * 103 && n < L32_END)
            return n;
    }
}

/* Lazy residues, below 3n: at the borders, then random. */
static uint64_t lazy(unsigned i, uint64_t n, uint64_t *random) {
    const uint64_t edges[] = {0, 1, n - 1, n, n + 1, 2 * n - 1, 2 * n, 3 * n - 1};
    return i < COUNT_OF(edges) ? edges[i] : random_u64(random) % (3 * n);
}

static void test_products(void **state) {
    (void)state;
    uint64_t random = 41;
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t n = modulus(i, &random);
        l32_modulus m = l32_modulus_of(n);
        assert_true((uint32_t)(m.inverse * (uint32_t)n) == UINT32_MAX);
        for (unsigned j = 0; j < 144; j++) {
            uint64_t x = lazy(j % 12, n, &random), y = lazy(j / 12, n, &random);
            uint64_t addend = j % 3 == 0 ? 0 : j % 3 == 1 ? n - 1 : random_u64(&random) % n;
            uint64_t product = l32_mul_add(x, y, addend, m), square = l32_square_add(x, addend, m);
            if (product < addend || product - addend >= 2 * n || square < addend ||
                square - addend >= 2 * n)
                fail_msg("%llu * %llu mod %llu is too large", ULL(x), ULL(y), ULL(n));
            uint64_t back = (uint64_t)(((unsigned __int128)(product - addend) << 64) % n);
            if (back != naive_mul(x % n, y % n, n))
                fail_msg("%llu * %llu mod %llu gives %llu", ULL(x), ULL(y), ULL(n), ULL(product));
            back = (uint64_t)(((unsigned __int128)(square - addend) << 64) % n);
            if (back != naive_mul(x % n, x % n, n))
                fail_msg("%llu² mod %llu gives %llu", ULL(x), ULL(n), ULL(square));
            assert_true(l32_residue(x, n) == x % n);
        }
    }
}

/* 2^((n-1)/2) = (2|n), as it is written. */
static bool is_euler_jacobi(uint64_t n) {
    uint64_t power = naive_pow(2, n >> 1, n);
    return power == (n % 8 == 3 || n % 8 == 5 ? n - 1 : 1);
}

static void check(uint64_t n) {
    if (l32_base2(n) != is_euler_jacobi(n))
        fail_msg("base 2, %llu: %d", ULL(n), l32_base2(n));
    if (l32_extra_strong(n) != l64_extra_strong(n))
        fail_msg("Lucas, %llu: %d", ULL(n), l32_extra_strong(n));
    if ((l32_base2(n) && l32_extra_strong(n)) != mr_is_prime(n))
        fail_msg("%llu is not %d", ULL(n), mr_is_prime(n));
}

static void test_both(void **state) {
    (void)state;
    uint64_t random = 43;
    for (unsigned i = 0; i < 30000; i++)
        check(modulus(i, &random));
    for (uint64_t n = 103 * 103; n < 200000; n += 2)
        check(n);
    /* Where a power of two ends, and windows become more. */
    for (unsigned bits = 15; bits < 61; bits++)
        for (uint64_t d = 1; d < 200; d += 2) {
            check((UINT64_C(1) << bits) + d);
            check((UINT64_C(1) << bits) - d);
        }
    for (uint64_t d = 1; d < 4000; d += 2)
        check(L32_END - d);
}

/* Primes, of which random numbers hold few; and n + 1 with many twos. */
static void test_primes(void **state) {
    (void)state;
    uint64_t random = 47;
    for (unsigned i = 0; i < 3000; i++) {
        uint64_t n = modulus(i + 9, &random);
        while (!mr_is_prime(n))
            n += 2;
        if (n < L32_END)
            check(n);
    }
    for (unsigned twos = 1; twos < 60; twos++)
        for (unsigned i = 0; i < 100; i++) {
            uint64_t n = ((random_u64(&random) | 1) << twos) - 1;
            if (n >= 103 * 103 && n < L32_END)
                check(n);
        }
}

/* The short way to a parameter is the search's, for every residue that it looks at. */
static void test_parameters(void **state) {
    (void)state;
    uint64_t random = 53;
    for (uint64_t n = 3; n < 2000000; n += 2)
        if (l64_parameter(n) != l64_search_parameter(n))
            fail_msg("%llu has parameter %u, not %u", ULL(n), l64_search_parameter(n),
                     l64_parameter(n));
    for (unsigned i = 0; i < 300000; i++) {
        uint64_t n = random_u64(&random) | 1;
        if (l64_parameter(n) != l64_search_parameter(n))
            fail_msg("%llu has parameter %u, not %u", ULL(n), l64_search_parameter(n),
                     l64_parameter(n));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_both),
        cmocka_unit_test(test_primes),
        cmocka_unit_test(test_parameters),
    };
    return cmocka_run_group_tests_name("limbs32", tests, NULL, NULL);
}
