/*
 * The wheel of 30: which bit stands for which number. Byte m of a bitmap holds the eight
 * numbers 30m + {1, 7, 11, 13, 17, 19, 23, 29}, lowest bit first; 2, 3 and 5 have no bit. Eight
 * bytes, read as a little-endian word, hold the 240 numbers [240k, 240k + 240): word k.
 */
#ifndef PARPRIME_MATH_WHEEL_H
#define PARPRIME_MATH_WHEEL_H

#include <stddef.h>
#include <stdint.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "bitmaps are read both as bytes and words");

enum { WHEEL_BYTE = 30, WHEEL_WORD = 240 };

/* The eight residues that have a bit, and the gaps to the next one. */
extern const uint8_t wheel_residues[8];
extern const uint8_t wheel_gaps[8];

/* The bit of a residue, 0xff for residues that have none. */
extern const uint8_t wheel_bits[30];

/* Within a word: the distance of bit i's number from the word's first. */
extern const uint8_t wheel_offsets[64];

/*
 * Clears, in the bitmap of words [first_word, first_word + n_words), the bits of numbers outside
 * [lo, hi], and that of 1.
 */
void wheel_trim(uint64_t *words, uint64_t first_word, size_t n_words, uint64_t lo, uint64_t hi);

/* Bit masks of 2, 3 and 5 (1, 2, 4) that lie in [lo, hi]. */
unsigned wheel_small_primes(uint64_t lo, uint64_t hi);

#endif
