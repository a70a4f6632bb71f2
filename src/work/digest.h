/*
 * The digest identifies a set of primes and is linear over the wheel-30 bitmap, so partial
 * digests add up in any split and order. With w_k the word of [240k, 240k + 240), see wheel.h:
 *
 *     digest = sum over k of lo32(w_k)·a(k) + hi32(w_k)·b(k), and fixed terms for 2, 3 and 5,
 *     a(k) = splitmix64(2k) | 1, b(k) = splitmix64(2k + 1) | 1,               all modulo 2^64.
 *
 * A prime adds a power of two below 2^32 times an odd weight, so a single wrong bit always
 * shows, and any other difference escapes with probability about 2^-64. The arithmetic is
 * kernels/digest64.h.
 */
#ifndef PARPRIME_WORK_DIGEST_H
#define PARPRIME_WORK_DIGEST_H

#include "arith64.h"
#include "digest64.h"

#include <stddef.h>
#include <stdint.h>

/* The digest of the words [first_word, first_word + n_words) of a bitmap. */
uint64_t digest_words(const uint64_t *words, uint64_t first_word, size_t n_words);

/* The digest of one prime, for methods that make no bitmap. */
uint64_t digest_prime(uint64_t prime);

/* The digest of 2 (bit 0), 3 (bit 1) and 5 (bit 2): splitmix64(2^64 - p) | 1 each. */
uint64_t digest_small(unsigned small_primes);

#endif
