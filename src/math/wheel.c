#include "math/wheel.h"

const uint8_t wheel_residues[8] = {1, 7, 11, 13, 17, 19, 23, 29};
const uint8_t wheel_gaps[8] = {6, 4, 2, 4, 2, 4, 6, 2};

#define NO 0xff
const uint8_t wheel_bits[30] = {NO, 0,  NO, NO, NO, NO, NO, 1,  NO, NO, NO, 2,  NO, 3,  NO,
                                NO, NO, 4,  NO, 5,  NO, NO, NO, 6,  NO, NO, NO, NO, NO, 7};

#define BYTE(m)                                                                                    \
    30 * (m) + 1, 30 * (m) + 7, 30 * (m) + 11, 30 * (m) + 13, 30 * (m) + 17, 30 * (m) + 19,        \
        30 * (m) + 23, 30 * (m) + 29
const uint8_t wheel_offsets[64] = {BYTE(0), BYTE(1), BYTE(2), BYTE(3),
                                   BYTE(4), BYTE(5), BYTE(6), BYTE(7)};

/* The bits of a word that stand for distances in [from, to], 0 <= from, to < 240. */
static uint64_t word_mask(unsigned from, unsigned to) {
    uint64_t mask = 0;
    for (unsigned bit = 0; bit < 64; bit++)
        if (wheel_offsets[bit] >= from && wheel_offsets[bit] <= to)
            mask |= UINT64_C(1) << bit;
    return mask;
}

void wheel_trim(uint64_t *words, uint64_t first_word, size_t n_words, uint64_t lo, uint64_t hi) {
    uint64_t last_word = first_word + n_words - 1, lo_word = lo / WHEEL_WORD,
             hi_word = hi / WHEEL_WORD;
    for (uint64_t word = first_word; word <= last_word && word < lo_word; word++)
        words[word - first_word] = 0;
    for (uint64_t word = last_word; word >= first_word && word > hi_word; word--)
        words[word - first_word] = 0;
    if (lo_word >= first_word && lo_word <= last_word)
        words[lo_word - first_word] &= word_mask((unsigned)(lo % WHEEL_WORD), WHEEL_WORD - 1);
    if (hi_word >= first_word && hi_word <= last_word)
        words[hi_word - first_word] &= word_mask(0, (unsigned)(hi % WHEEL_WORD));
    if (first_word == 0)
        words[0] &= ~UINT64_C(1);
}

unsigned wheel_small_primes(uint64_t lo, uint64_t hi) {
    return (lo <= 2 && 2 <= hi ? 1u : 0u) | (lo <= 3 && 3 <= hi ? 2u : 0u) |
           (lo <= 5 && 5 <= hi ? 4u : 0u);
}
