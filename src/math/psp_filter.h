/*
 * Which n may be composite although they pass the base-2 Euler-Jacobi test: a filter that holds
 * every such n below 2^44 without a prime factor up to 101, and by chance a few primes. What
 * passes the test and is not in the filter is prime.
 *
 * A Bloom filter with all of a number's bits in one word (F. Putze, P. Sanders and J. Singler,
 * "Cache-, hash- and space-efficient Bloom filters", WEA 2007), 128 KiB. Made by
 * `cmake --build build --target psp2 && build/psp2 --filter src/math/tables/psp_filter.bin`;
 * src/math/tables/psp2.c says why none is missing.
 */
#ifndef PARPRIME_MATH_PSP_FILTER_H
#define PARPRIME_MATH_PSP_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#define PSP_FILTER_BOUND (UINT64_C(1) << 44)
/* Numbers that have a smaller prime factor are not asked for. */
#define PSP_FILTER_LEAST_FACTOR 103
#define PSP_FILTER_WORDS (1 << 14)
/* An odd multiplier below 2^52: the golden ratio's. Products are taken modulo 2^52. */
#define PSP_FILTER_MULTIPLIER UINT64_C(0x9e3779b97f4a7)

extern const uint64_t psp_filter[PSP_FILTER_WORDS];

static inline uint64_t psp_filter_hash(uint64_t n) {
    return n * PSP_FILTER_MULTIPLIER & 0xfffffffffffff;
}

/* Of the 52 bits, 14 choose the word and three times 6 the bits in it. */
static inline uint64_t psp_filter_word(uint64_t n) {
    return psp_filter_hash(n) >> 38;
}

static inline uint64_t psp_filter_bits(uint64_t n) {
    uint64_t hash = psp_filter_hash(n);
    return UINT64_C(1) << (hash >> 32 & 63) | UINT64_C(1) << (hash >> 26 & 63) |
           UINT64_C(1) << (hash >> 20 & 63);
}

/* May n be composite? For n < 2^44 that pass the test and have no prime factor up to 101. */
static inline bool psp_suspect(uint64_t n) {
    uint64_t bits = psp_filter_bits(n);
    return (psp_filter[psp_filter_word(n)] & bits) == bits;
}

#endif
