/*
 * The segmented sieve of Eratosthenes on wheel-30 bitmaps (see wheel.h); its inner part is
 * kernels/sieve30.h, which devices run too. Pure functions: the caller brings all memory, and the
 * base primes as a bitmap that any number of threads share.
 */
#ifndef PARPRIME_MATH_SIEVE_H
#define PARPRIME_MATH_SIEVE_H

#include "arith64.h"
#include "sieve30.h"

#include <stddef.h>
#include <stdint.h>

/* The base primes: all primes up to `limit`, and the pre-sieve patterns of the smallest. */
struct sieve_base {
    uint32_t limit;
    uint64_t *words; /* words [0, limit / 240] of the wheel, trimmed at limit */
    uint8_t pattern_a[S30_PATTERN_A];
    uint8_t pattern_b[S30_PATTERN_B];
};

/* Words that a base up to `limit` needs. */
size_t sieve_base_words(uint32_t limit);

/* Fills in the pre-sieve patterns, which only sieve_words needs. */
void sieve_make_patterns(struct sieve_base *base);

/*
 * Makes words [0, n_words) of the wheel by the plain sieve, without base primes. For the small
 * bases that everything starts from: cost grows with n log log n, but memory is walked whole.
 */
void sieve_plain(uint64_t *words, size_t n_words);

/* Bytes of scratch memory that sieve_words needs; 8-byte alignment suffices. */
size_t sieve_scratch_size(void);

/*
 * Sets exactly the bits of primes in words [first_word, first_word + n_words). base->limit must
 * be at least the integer square root of the last number that matters; bits of numbers above
 * (limit + 1)^2 - 1 may be left set for composites. The bit of 1 is cleared. No number may
 * matter above 2^64 - 1, though the last word may reach past it.
 */
void sieve_words(uint64_t *words, uint64_t first_word, size_t n_words,
                 const struct sieve_base *base, void *scratch);

#endif
