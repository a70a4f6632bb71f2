/*
 * The segmented sieve against a plain one where that reaches, against Miller-Rabin further up,
 * and at the top of 2^64 against the divisibility by a few chosen base primes. Every bitmap and
 * scratch area has the exact size that the header promises to suffice, for sanitizers to watch.
 */
#include "math/sieve.h"

#include "math/primality.h"
#include "math/wheel.h"
#include "support/support.h"

enum { BLOCK_WORDS = 32768 / 8 }; /* what the sieve works through at a time */

/* All base primes up to limit, by the plain sieve. */
static struct sieve_base *make_base(uint32_t limit) {
    struct sieve_base *base = calloc(1, sizeof *base);
    assert_non_null(base);
    size_t n_words = sieve_base_words(limit);
    base->limit = limit;
    base->words = malloc(n_words * sizeof *base->words);
    assert_non_null(base->words);
    sieve_plain(base->words, n_words);
    wheel_trim(base->words, 0, n_words, 0, limit);
    sieve_make_patterns(base);
    return base;
}

static void free_base(struct sieve_base *base) {
    free(base->words);
    free(base);
}

/* Sieves into memory of the exact size; the caller frees it. */
static uint64_t *sieve(const struct sieve_base *base, uint64_t first_word, size_t n_words) {
    uint64_t *words = malloc(n_words * sizeof *words);
    void *scratch = malloc(sieve_scratch_size());
    assert_true(words && scratch);
    memset(words, 0xa5, n_words * sizeof *words); /* what was there before must not matter */
    sieve_words(words, first_word, n_words, base, scratch);
    free(scratch);
    return words;
}

/* A word of the wheel from a table of primes, or from Miller-Rabin. */
static uint64_t expected_word(uint64_t word, const uint8_t *prime) {
    uint64_t bits = 0;
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t n = word * WHEEL_WORD + wheel_offsets[bit];
        if (prime ? prime[n] : mr_is_prime(n))
            bits |= UINT64_C(1) << bit;
    }
    return bits;
}

static void check_words(const uint64_t *words, uint64_t first_word, size_t n_words,
                        const uint8_t *prime) {
    for (size_t i = 0; i < n_words; i++) {
        uint64_t expected = expected_word(first_word + i, prime);
        if (words[i] != expected)
            fail_msg("words [%llu, +%zu): word %zu is %016llx, not %016llx", ULL(first_word),
                     n_words, i, ULL(words[i]), ULL(expected));
    }
}

static void check_sieve(const struct sieve_base *base, uint64_t first_word, size_t n_words,
                        const uint8_t *prime) {
    uint64_t *words = sieve(base, first_word, n_words);
    check_words(words, first_word, n_words, prime);
    free(words);
}

/* ---- the plain sieve ---------------------------------------------------------------------- */

static void test_plain(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 2, 3, 4, 5, 17, 100, 4096, 4097, 5000};
    const uint32_t limit = 5000 * WHEEL_WORD;
    uint8_t *prime = naive_sieve(limit);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        uint64_t *words = malloc(sizes[i] * sizeof *words);
        assert_non_null(words);
        sieve_plain(words, sizes[i]);
        check_words(words, 0, sizes[i], prime);
        free(words);
    }
    free(prime);
}

static void test_base_words(void **state) {
    (void)state;
    for (uint32_t limit = 0; limit < 1000; limit++)
        assert_int_equal(sieve_base_words(limit), limit / 240 + 1);
    /* Enough for the number `limit` itself, at the greatest limit too. */
    assert_true((uint64_t)sieve_base_words(UINT32_MAX) * WHEEL_WORD > UINT32_MAX);
}

/* ---- against the plain table -------------------------------------------------------------- */

static void test_first_million(void **state) {
    (void)state;
    const size_t n_words = 1000000 / WHEEL_WORD + 1;
    const uint32_t limit = (uint32_t)n_words * WHEEL_WORD;
    uint8_t *prime = naive_sieve(limit);
    struct sieve_base *base = make_base(1000);
    check_sieve(base, 0, n_words, prime);
    /* The same in segments of every kind: single words, odd sizes, from everywhere. */
    static const size_t sizes[] = {1, 2, 3, 7, 64, 1000};
    for (size_t s = 0; s < COUNT_OF(sizes); s++)
        for (size_t first = 0; first < n_words; first += sizes[s])
            check_sieve(base, first, first + sizes[s] < n_words ? sizes[s] : n_words - first,
                        prime);
    free_base(base);
    free(prime);
}

/* Segments that end one word before, at and after the border of a cache block. */
static void test_block_edges(void **state) {
    (void)state;
    static const size_t sizes[] = {BLOCK_WORDS - 1,     BLOCK_WORDS,     BLOCK_WORDS + 1,
                                   2 * BLOCK_WORDS - 1, 2 * BLOCK_WORDS, 2 * BLOCK_WORDS + 1};
    static const uint64_t firsts[] = {0, 1, BLOCK_WORDS - 1, 12345};
    const uint32_t limit = (2 * BLOCK_WORDS + 1 + 12345) * WHEEL_WORD;
    uint8_t *prime = naive_sieve(limit);
    struct sieve_base *base = make_base(2300); /* its square is above limit */
    for (size_t f = 0; f < COUNT_OF(firsts); f++)
        for (size_t s = 0; s < COUNT_OF(sizes); s++)
            check_sieve(base, firsts[f], sizes[s], prime);
    free_base(base);
    free(prime);
}

/*
 * Base primes cross from the block-wise loop to the one over the whole bitmap near 32768, so a
 * range that the primes on both sides first matter in: around their squares.
 */
static void test_between_the_loops(void **state) {
    (void)state;
    struct sieve_base *base = make_base(33000);
    for (uint64_t p = 32700; (p = naive_next_prime(p)) < 32850;) {
        uint64_t word = p * p / WHEEL_WORD;
        check_sieve(base, word - 2, 4, NULL);
    }
    check_sieve(base, (uint64_t)32749 * 32749 / WHEEL_WORD - 2 * BLOCK_WORDS, 3 * BLOCK_WORDS,
                NULL);
    free_base(base);
}

/* A base that ends exactly at p must clear p^2, the least number that needs p. */
static void test_limit_is_a_prime(void **state) {
    (void)state;
    for (uint64_t p = 5; (p = naive_next_prime(p)) < 4000;) {
        struct sieve_base *base = make_base((uint32_t)p);
        uint64_t square = p * p, word = square / WHEEL_WORD;
        uint64_t *words = sieve(base, word, 1);
        wheel_trim(words, word, 1, 0, square + 2 * p); /* all that the base can decide */
        uint64_t expected = expected_word(word, NULL);
        wheel_trim(&expected, word, 1, 0, square + 2 * p);
        if (words[0] != expected)
            fail_msg("around the square of %llu: %llx, not %llx", ULL(p), ULL(words[0]),
                     ULL(expected));
        free(words);
        free_base(base);
    }
}

/* ---- further up --------------------------------------------------------------------------- */

static void check_windows(uint64_t around, uint32_t limit) {
    uint64_t random = around;
    struct sieve_base *base = make_base(limit);
    for (int i = 0; i < 12; i++) {
        uint64_t word = (around - around / 100 + random_below(&random, around / 50)) / WHEEL_WORD;
        check_sieve(base, word, 1 + random_below(&random, 300), NULL);
    }
    check_sieve(base, around / WHEEL_WORD - BLOCK_WORDS / 2, BLOCK_WORDS + 1, NULL);
    free_base(base);
}

static void test_windows(void **state) {
    (void)state;
    check_windows(UINT64_C(1000000000), 32000);
    check_windows(UINT64_C(1000000000000), 1010000);
    check_windows(UINT64_C(1000000000000000), 31800000);
}

/* ---- the top of 2^64 ---------------------------------------------------------------------- */

static void set_prime(struct sieve_base *base, uint64_t prime) {
    base->words[prime / WHEEL_WORD] |= UINT64_C(1)
                                       << (prime % WHEEL_WORD / 30 * 8 + wheel_bits[prime % 30]);
}

/*
 * Products near 2^64 wrap. A base of a few hundred chosen primes, of all sizes, shows it as well
 * as all 203 million would: a bit must be clear exactly if one of them, or of the pre-sieved,
 * divides the number. With p = 2^32 - a, p divides 2^64 - a^2, so the greatest primes below
 * 2^32 all have multiples in the last words.
 */
static void test_top(void **state) {
    (void)state;
    enum { PRE_SIEVED = 7, GREATEST = 60, PRIMES = 400, WORDS = 3000 };
    uint64_t primes[PRIMES] = {7, 11, 13, 17, 19, 23, 29};
    struct sieve_base *base = calloc(1, sizeof *base);
    assert_non_null(base);
    base->limit = UINT32_MAX;
    base->words = calloc(sieve_base_words(base->limit), sizeof *base->words);
    assert_non_null(base->words);
    sieve_make_patterns(base);
    uint64_t random = 77, greatest = UINT64_C(1) << 32;
    for (size_t i = PRE_SIEVED; i < PRIMES; i++) {
        if (i < PRE_SIEVED + GREATEST)
            primes[i] = greatest = naive_previous_prime(greatest);
        else
            primes[i] = naive_next_prime(30 + random_sized(&random, 32) % 4000000000);
        set_prime(base, primes[i]);
    }
    const uint64_t first_word = UINT64_MAX / WHEEL_WORD - (WORDS - 1);
    uint64_t *words = sieve(base, first_word, WORDS);
    unsigned by_greatest = 0;
    for (size_t i = 0; i < WORDS; i++) {
        uint64_t expected = 0;
        for (unsigned bit = 0; bit < 64; bit++) {
            uint64_t n = (first_word + i) * WHEEL_WORD + wheel_offsets[bit];
            if (n < first_word * WHEEL_WORD) { /* past 2^64: does not matter, take what is there */
                expected |= words[i] & UINT64_C(1) << bit;
                continue;
            }
            size_t j = 0;
            while (j < PRIMES && n % primes[j] != 0)
                j++;
            if (j == PRIMES)
                expected |= UINT64_C(1) << bit;
            by_greatest += j >= PRE_SIEVED && j < PRE_SIEVED + GREATEST;
        }
        if (words[i] != expected)
            fail_msg("word %zu of %d: %llx, not %llx", i, WORDS, ULL(words[i]), ULL(expected));
    }
    assert_true(by_greatest >= 5);
    free(words);
    free_base(base);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_base_words),
        cmocka_unit_test(test_first_million),
        cmocka_unit_test(test_block_edges),
        cmocka_unit_test(test_between_the_loops),
        cmocka_unit_test(test_limit_is_a_prime),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_top),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
