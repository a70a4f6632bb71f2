/*
 * One case table, held against the batch kernel of every instruction-set level: windows at every
 * border between two ways of working, and numbers made to pass a test that they should fail.
 */
#include "math/batch.h"

#include "base/cpu.h"
#include "math/primality.h"
#include "support/support.h"

static const char *const levels[] = {"none", "avx2", "avx512"};

/* Answers of every level to an array; they end where they should. */
static void check_against(const uint64_t *numbers, size_t n, const uint8_t *expected) {
    size_t n_words = n / 64 + (n % 64 != 0);
    uint64_t *bitmap = malloc((n_words + 1) * sizeof *bitmap);
    assert_non_null(bitmap);
    for (size_t level = 0; level < COUNT_OF(levels); level++) {
        if (!cpu_has_simd(levels[level]))
            continue;
        memset(bitmap, 0xa5, (n_words + 1) * sizeof *bitmap);
        batch_kernel(levels[level])->test(numbers, n, bitmap);
        for (size_t i = 0; i < n_words * 64; i++) {
            bool prime = bitmap[i / 64] >> i % 64 & 1;
            if (prime != (i < n && expected[i]))
                fail_msg("%s: %llu at place %zu of %zu is not %d", levels[level],
                         ULL(i < n ? numbers[i] : 0), i, n, prime);
        }
        assert_true(bitmap[n_words] == 0xa5a5a5a5a5a5a5a5);
        for (size_t i = 0; i < n; i++)
            if (batch_kernel(levels[level])->is_prime(numbers[i]) != expected[i])
                fail_msg("%s, one number: %llu is not %d", levels[level], ULL(numbers[i]),
                         !expected[i]);
    }
    free(bitmap);
}

/* The same with the answers of the scalar test, which has tests of its own. */
static void check(const uint64_t *numbers, size_t n) {
    uint8_t *expected = malloc(n + 1);
    assert_non_null(expected);
    for (size_t i = 0; i < n; i++)
        expected[i] = mr_is_prime(numbers[i]);
    check_against(numbers, n, expected);
    free(expected);
}

static void check_composites(const uint64_t *numbers, size_t n) {
    uint8_t *expected = calloc(n + 1, 1);
    assert_non_null(expected);
    check_against(numbers, n, expected);
    free(expected);
}

/* Numbers collected by a test. */
struct pile {
    uint64_t *numbers;
    size_t n, capacity;
};

static void put(struct pile *pile, uint64_t n) {
    if (pile->n == pile->capacity) {
        pile->capacity = pile->capacity ? 2 * pile->capacity : 1024;
        pile->numbers = realloc(pile->numbers, pile->capacity * sizeof *pile->numbers);
        assert_non_null(pile->numbers);
    }
    pile->numbers[pile->n++] = n;
}

/* In the given order, and with sizes mixed: by a stride that shares no factor with the length. */
static void check_pile(struct pile *pile, void (*how)(const uint64_t *, size_t)) {
    how(pile->numbers, pile->n);
    struct pile mixed = {0};
    size_t stride = pile->n / 3 * 2 + 1;
    for (size_t i = 0; i < pile->n; i++)
        put(&mixed, pile->numbers[i * stride % pile->n]);
    how(mixed.numbers, mixed.n);
    free(mixed.numbers);
    free(pile->numbers);
    *pile = (struct pile){0};
}

static void test_all_small(void **state) {
    (void)state;
    const uint32_t limit = test_all() ? 1 << 24 : 1 << 20;
    uint8_t *prime = naive_sieve(limit);
    uint64_t *numbers = malloc((limit + 1) * sizeof *numbers);
    assert_true(prime && numbers);
    for (uint32_t n = 0; n <= limit; n++)
        numbers[n] = n;
    check_against(numbers, limit + 1, prime);
    free(numbers);
    free(prime);
}

static void test_windows(void **state) {
    (void)state;
    static const unsigned bits[] = {16, 31, 32, 44, 48, 49, 50, 52, 60, 61, 62, 63, 64};
    const uint64_t reach = test_all() ? 1 << 16 : 1 << 12;
    for (size_t b = 0; b < COUNT_OF(bits); b++) {
        struct pile pile = {0};
        uint64_t border = bits[b] == 64 ? 0 : UINT64_C(1) << bits[b];
        for (uint64_t d = 0; d < 2 * reach; d++)
            if (bits[b] < 64 || d < reach)
                put(&pile, border - reach + d);
        check(pile.numbers, pile.n);
        free(pile.numbers);
    }
    /* Where 64-bit products of AVX-512 give way, and the square of the last small divisor. */
    static const uint64_t others[] = {UINT64_C(4076) << 52, UINT64_C(4088) << 52, 3169 * 3169};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct pile pile = {0};
        for (uint64_t d = 0; d < 2 * reach; d++)
            put(&pile, others[i] - reach + d);
        check(pile.numbers, pile.n);
        free(pile.numbers);
    }
}

/* Near 2^64, where sums do not fit 64 bits: as near as that, and from 2^64 - 2^48 on. */
static void test_top(void **state) {
    (void)state;
    uint64_t random = 48;
    struct pile pile = {0};
    for (unsigned bits = 8; bits <= 58; bits++)
        for (unsigned i = 0; i < (test_all() ? 4000u : 200u); i++) {
            uint64_t n = 0 - (random_u64(&random) >> (64 - bits) | UINT64_C(1) << (bits - 1));
            put(&pile, n | 1);
            if (i % 8 == 0)
                put(&pile, naive_previous_prime(n));
        }
    for (uint64_t d = 0; d < 2000; d++)
        put(&pile, 0 - (UINT64_C(1) << 48) - 1000 + d);
    check_pile(&pile, check);
}

static void test_every_size(void **state) {
    (void)state;
    uint64_t random = 20261124;
    struct pile pile = {0};
    for (unsigned bits = 1; bits <= 64; bits++)
        for (unsigned i = 0; i < (test_all() ? 40000 : 1000); i++)
            put(&pile, random_u64(&random) >> (64 - bits) | 1);
    check_pile(&pile, check);
}

/* Primes alone: nothing falls out on the way. */
static void test_primes(void **state) {
    (void)state;
    uint64_t random = 7;
    struct pile pile = {0};
    for (unsigned i = 0; i < 6000; i++) {
        uint64_t n = random_sized(&random, 63);
        put(&pile, naive_next_prime(n));
    }
    check_pile(&pile, check);
}

/* Every length, from every place: lists that do not fill a vector, chunks that are cut short. */
static void test_lengths(void **state) {
    (void)state;
    uint64_t random = 99;
    uint64_t numbers[5000];
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        numbers[i] = i % 3 ? random_u64(&random) | 1 : random_sized(&random, 48);
    for (size_t n = 0; n < 200; n++)
        check(numbers + n % 7, n);
    for (size_t n = 2000; n < 2100; n += 7)
        check(numbers + n % 5, n);
    check(numbers, COUNT_OF(numbers));
}

/* Squares and products of primes next to each other. */
static void test_close_factors(void **state) {
    (void)state;
    uint64_t random = 3;
    struct pile pile = {0};
    for (unsigned bits = 9; bits <= 32; bits++)
        for (unsigned i = 0; i < 60; i++) {
            uint64_t p = (random_u64(&random) >> (64 - bits)) | UINT64_C(1) << (bits - 1);
            p = naive_previous_prime(p);
            uint64_t q = naive_next_prime(p);
            put(&pile, p * p);
            if (q <= UINT64_MAX / p)
                put(&pile, p * q);
        }
    /* The squares that pass base 2: of the Wieferich primes, and with further factors. */
    put(&pile, 1194649);
    put(&pile, 12327121);
    for (uint64_t m = 1; m < 20000; m += 2) {
        put(&pile, 1194649 * m);
        put(&pile, 12327121 * m);
    }
    check_pile(&pile, check_composites);
}

/*
 * Pseudoprimes to base 2 of every size: products of primes p and k(p - 1) + 1 that pass, which
 * most of them have the form of. The second stage has nothing but these to find. Once more with a
 * prime near 2^64 after every seventh, for which whole vectors are worked on in another way.
 */
static void test_pseudoprimes_to_base_2(void **state) {
    (void)state;
    uint64_t random = 17;
    struct pile pile = {0};
    for (unsigned bits = 10; bits <= 32; bits++)
        for (unsigned found = 0; found < (test_all() ? 1000u : 40u);) {
            uint64_t p = (random_u64(&random) >> (64 - bits)) | UINT64_C(1) << (bits - 1);
            p = naive_previous_prime(p | 1);
            for (uint64_t k = 2; k <= 12; k++) {
                uint64_t q = k * (p - 1) + 1;
                if (q > UINT64_MAX / p) {
                    found++; /* no room for more of this size */
                    break;
                }
                if (naive_pow(2, p * q - 1, p * q) != 1 || !naive_is_prime(q))
                    continue;
                put(&pile, p * q);
                found++;
            }
        }
    assert_true(pile.n > 500);
    struct pile beside = {0};
    for (size_t i = 0; i < pile.n; i++) {
        put(&beside, pile.numbers[i]);
        if (i % 7 == 0)
            put(&beside, i % 2 ? UINT64_C(18446744073709551557) : UINT64_C(18446744073709551533));
    }
    check_pile(&beside, check);
    check_pile(&pile, check_composites);
}

/* Three primes 6m + 1, 12m + 1, 18m + 1: Carmichael numbers (J. Chernick 1939). */
static void test_carmichael_numbers(void **state) {
    (void)state;
    struct pile pile = {0};
    for (uint64_t m = 1; m < 60000; m++)
        if (naive_is_prime(6 * m + 1) && naive_is_prime(12 * m + 1) && naive_is_prime(18 * m + 1))
            put(&pile, (6 * m + 1) * (12 * m + 1) * (18 * m + 1));
    for (uint64_t m = 200000; m < 242000; m++)
        if (naive_is_prime(6 * m + 1) && naive_is_prime(12 * m + 1) && naive_is_prime(18 * m + 1))
            put(&pile, (6 * m + 1) * (12 * m + 1) * (18 * m + 1));
    assert_true(pile.n > 100);
    check_pile(&pile, check_composites);
}

/* Published ones: OEIS A001262, A014233, A074773, A217719 and what Sinclair's bases meet. */
static void test_known_pseudoprimes(void **state) {
    (void)state;
    static const uint64_t known[] = {
        2047, 3277, 4033, 4681, 8321, 15841, 29341, 42799, 49141, 52633, 65281, 74665, 80581, 85489,
        88357, 90751, 104653, 130561, 196093, 220729, 233017, 252601, 253241, 256999, 271951,
        280601, 314821, 357761, 390937, 458989, 476971, 486737, 1373653, 25326001, 3215031751,
        118670087467, 307768373641, 315962312077, 354864744877, 457453568161, 528929554561,
        546348519181, 602248359169, 1362242655901, 1871186716981, 2152302898747, 3474749660383,
        341550071728321, 3825123056546413051,
        /* extra strong Lucas */
        989, 3239, 5777, 10877, 27971, 29681, 30739, 31631, 39059, 72389, 73919, 75077, 100127,
        113573, 125249, 137549, 137801, 153931, 155819, 161027, 162133, 189419};
    check_composites(known, COUNT_OF(known));
}

/* n + 1 or n - 1 with many factors 2, where tests take their shortest and longest ways. */
static void test_many_twos(void **state) {
    (void)state;
    struct pile pile = {0};
    for (unsigned twos = 1; twos < 64; twos++)
        for (uint64_t odd = 1; odd < 400 && odd <= UINT64_MAX >> twos; odd += 2) {
            put(&pile, (odd << twos) - 1);
            put(&pile, (odd << twos) + 1);
        }
    put(&pile, UINT64_MAX);
    check_pile(&pile, check);
}

/* Levels by name: capped, never one that this machine lacks. */
static void test_choice(void **state) {
    (void)state;
    assert_null(batch_kernel("sse"));
    assert_null(batch_kernel(""));
    assert_string_equal(batch_kernel("none")->simd, "none");
    assert_ptr_equal(batch_kernel(NULL), batch_kernel("auto"));
    for (size_t i = 0; i < COUNT_OF(levels); i++) {
        const struct batch_kernel *kernel = batch_kernel(levels[i]);
        assert_int_equal(kernel != NULL, cpu_has_simd(levels[i]));
        if (kernel)
            assert_true(cpu_simd_rank(kernel->simd) <= cpu_simd_rank(levels[i]));
        for (size_t j = 0; j < i && kernel && strcmp(kernel->simd, levels[i]) == 0; j++)
            assert_true(kernel->is_prime != batch_kernel(levels[j])->is_prime);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_small),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_top),
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_primes),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_close_factors),
        cmocka_unit_test(test_pseudoprimes_to_base_2),
        cmocka_unit_test(test_carmichael_numbers),
        cmocka_unit_test(test_known_pseudoprimes),
        cmocka_unit_test(test_many_twos),
        cmocka_unit_test(test_choice),
    };
    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
