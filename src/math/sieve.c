#include "math/sieve.h"

#include "math/wheel.h"

#include <string.h>

size_t sieve_base_words(uint32_t limit) {
    return limit / WHEEL_WORD + 1;
}

/* Fills `pattern`, of one period, with what the primes leave. */
static void make_pattern(uint8_t *pattern, size_t period, const uint32_t *primes, int n) {
    memset(pattern, 0xff, period);
    /* From q = 1: the primes themselves are crossed off too; s30_sieve puts them back. */
    for (int i = 0; i < n; i++)
        s30_cross_off(pattern, period, primes[i], s30_at(primes[i] / 30, 0));
}

void sieve_make_patterns(struct sieve_base *base) {
    static const uint32_t a[] = {7, 11, 13, 17}, b[] = {19, 23, 29};
    make_pattern(base->pattern_a, S30_PATTERN_A, a, 4);
    make_pattern(base->pattern_b, S30_PATTERN_B, b, 3);
}

void sieve_plain(uint64_t *words, size_t n_words) {
    uint8_t *bytes = (uint8_t *)words;
    size_t n_bytes = n_words * 8;
    memset(bytes, 0xff, n_bytes);
    bytes[0] = 0xfe;
    uint64_t limit = (uint64_t)n_bytes * WHEEL_BYTE;
    for (uint64_t word = 0; word < n_words; word++) {
        /* Bit by bit, since crossing off may still clear later bits of this word. */
        for (int bit = 0; bit < 64; bit++) {
            uint64_t prime = s30_number(word, bit);
            if (prime * prime >= limit)
                return;
            s30_position at;
            if ((words[word] >> bit & 1) && s30_first_multiple((uint32_t)prime, 0, limit, &at))
                s30_cross_off(bytes, n_bytes, (uint32_t)prime, at);
        }
    }
}

size_t sieve_scratch_size(void) {
    return S30_SMALL_PRIMES * sizeof(s30_small);
}

void sieve_words(uint64_t *words, uint64_t first_word, size_t n_words,
                 const struct sieve_base *base, void *scratch) {
    s30_sieve(words, first_word, n_words, base->words, sieve_base_words(base->limit),
              base->pattern_a, base->pattern_b, scratch);
}
