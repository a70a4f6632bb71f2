/* AVX2: one number, divided by eight primes at a time. */
#include "math/single.h"

#include "math/divisors.h"
#include "math/primality.h"
#include "math/small_primes.h"

#include <immintrin.h>

/*
 * There is no 64-bit multiplication here, but one of 16-bit numbers that adds two products up. With
 * n = n0 + n1·2^16 + n2·2^32 + n3·2^48 and w1, w2, w3 what these powers leave modulo p, between
 * -p/2 and p/2, s = n0 + n1·w1 + n2·w2 + n3·w3 has the same remainder and |s| < 2^17·p. So p
 * divides n exactly when s·(1/p) modulo 2^32 is between -2^17 and 2^17: if it is t there, t·p and
 * s are equal modulo 2^32 and, for p < 2^13, both between -2^30 and 2^30.
 *
 * The numbers to multiply have a sign: n0 - 2^15 stands for n0 and so on, and the rest is added
 * to the product.
 */
_Static_assert(LAST_FIRST_ODD_PRIME < 1 << 13, "t·p is below 2^30");

#define REST(p, i) (int64_t)((UINT64_C(1) << 16 * (i)) % (p))
#define WEIGHT(p, i) (REST(p, i) > (p) / 2 ? REST(p, i) - (p) : REST(p, i))
#define WEIGHTS_LOW(p) 1, WEIGHT(p, 1),
#define WEIGHTS_HIGH(p) WEIGHT(p, 2), WEIGHT(p, 3),
#define INVERSE(p) (uint32_t) DIVISOR_INVERSE(p),
/* What is to be added to the product, and 2^17. */
#define OFFSET(p)                                                                                  \
    (uint32_t)((uint64_t)(32768 * (1 + WEIGHT(p, 1) + WEIGHT(p, 2) + WEIGHT(p, 3))) *              \
                   DIVISOR_INVERSE(p) +                                                            \
               (1 << 17)),
static const _Alignas(32) int16_t weights_low[2 * N_FIRST_ODD_PRIMES] = {
    FIRST_ODD_PRIMES(WEIGHTS_LOW)};
static const _Alignas(32) int16_t weights_high[2 * N_FIRST_ODD_PRIMES] = {
    FIRST_ODD_PRIMES(WEIGHTS_HIGH)};
static const _Alignas(32) uint32_t inverses[N_FIRST_ODD_PRIMES] = {FIRST_ODD_PRIMES(INVERSE)};
static const _Alignas(32) uint32_t offsets[N_FIRST_ODD_PRIMES] = {FIRST_ODD_PRIMES(OFFSET)};

/* As in single_avx512.c. */
enum { LANES = 8, FIRST_VECTORS = 8, STEP_VECTORS = 8, SHORT_VECTORS = 32, VECTORS = 56 };
_Static_assert(VECTORS *LANES <= N_FIRST_ODD_PRIMES &&
                   (VECTORS - FIRST_VECTORS) % STEP_VECTORS == 0 &&
                   (SHORT_VECTORS - FIRST_VECTORS) % STEP_VECTORS == 0,
               "whole steps");

static inline __m256i load(const void *from) {
    return _mm256_load_si256(from);
}

static inline __attribute__((always_inline)) bool divisible(__m256i low, __m256i high, size_t first,
                                                            size_t vectors) {
    __m256i least = _mm256_set1_epi32(-1);
#pragma GCC unroll 8
    for (size_t i = first * LANES; i < (first + vectors) * LANES; i += LANES) {
        __m256i s = _mm256_add_epi32(_mm256_madd_epi16(low, load(weights_low + 2 * i)),
                                     _mm256_madd_epi16(high, load(weights_high + 2 * i)));
        __m256i t = _mm256_add_epi32(_mm256_mullo_epi32(s, load(inverses + i)), load(offsets + i));
        least = _mm256_min_epu32(least, t);
    }
    __m256i found = _mm256_cmpeq_epi32(_mm256_srli_epi32(least, 18), _mm256_setzero_si256());
    return _mm256_movemask_epi8(found) != 0;
}

bool is_prime_avx2(uint64_t n) {
    if (n % 2 == 0 || n <= (uint64_t)LAST_FIRST_ODD_PRIME * LAST_FIRST_ODD_PRIME)
        return is_prime_portable(n);
    uint64_t digits = n ^ UINT64_C(0x8000800080008000);
    __m256i low = _mm256_set1_epi32((int)(uint32_t)digits),
            high = _mm256_set1_epi32((int)(uint32_t)(digits >> 32));
    if (divisible(low, high, 0, FIRST_VECTORS))
        return false;
    size_t vectors = n < PSP_FILTER_BOUND ? SHORT_VECTORS : VECTORS;
    for (size_t i = FIRST_VECTORS; i < vectors; i += STEP_VECTORS)
        if (divisible(low, high, i, STEP_VECTORS))
            return false;
    return is_prime_undivided(n);
}
