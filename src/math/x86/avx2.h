/*
 * What the AVX2 files share. Batches are tested with AVX2 and FMA: four different numbers to a
 * vector, several vectors interleaved to hide latencies. The method is in docs/PRIMALITY.md. Below
 * 2^49 the arithmetic is that of doubles; above, integers are multiplied and doubles estimate
 * quotients.
 *
 * Proofs are for rounding to nearest, in which every program begins, and for what the source says
 * to be rounded: to be compiled without contraction of expressions.
 */
#ifndef PARPRIME_MATH_X86_AVX2_H
#define PARPRIME_MATH_X86_AVX2_H

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef __m256i vec;
typedef __m256d real;

enum {
    LANES = 4,
    CHUNK = 8192,      /* numbers worked on at once: what is left of them fills many groups */
    SMALL_BITS = 16,   /* numbers below that many bits are left to mr_is_prime */
    NARROW_BITS = 49,  /* below: doubles */
    MOST_TOGETHER = 10 /* vectors in a group, at most */
};
#define UNROLL _Pragma("GCC unroll 16")
/* For what is to stay in registers, or made anew for each constant argument. */
#define INLINE static inline __attribute__((always_inline))

static inline vec splat(uint64_t x) {
    return _mm256_set1_epi64x((long long)x);
}
static inline real splat_real(double x) {
    return _mm256_set1_pd(x);
}
static inline vec add(vec a, vec b) {
    return _mm256_add_epi64(a, b);
}
static inline vec sub(vec a, vec b) {
    return _mm256_sub_epi64(a, b);
}
static inline vec down(vec x, unsigned bits) {
    return _mm256_srl_epi64(x, _mm_cvtsi32_si128((int)bits));
}
static inline vec up(vec x, unsigned bits) {
    return _mm256_sll_epi64(x, _mm_cvtsi32_si128((int)bits));
}
/* Products of the low halves of lanes, without and with sign. The high halves are ignored. */
static inline vec multiply(vec a, vec b) {
    return _mm256_mul_epu32(a, b);
}
static inline vec multiply_signed(vec a, vec b) {
    return _mm256_mul_epi32(a, b);
}
static inline real as_real(vec x) {
    return _mm256_castsi256_pd(x);
}
static inline vec as_vec(real x) {
    return _mm256_castpd_si256(x);
}
/* The lanes whose highest bit is set, as bits of a word. */
static inline unsigned signs(vec x) {
    return (unsigned)_mm256_movemask_pd(as_real(x));
}
static inline unsigned equal(vec a, vec b) {
    return signs(_mm256_cmpeq_epi64(a, b));
}

/*
 * Doubles between 2^52 and 2^53, and around 3·2^51, hold integers in their lowest bits: adding
 * ROUND rounds to an integer and shows it.
 */
#define ROUND 0x1.8p52
#define BITS_OF_2_52 UINT64_C(0x4330000000000000)

/* x < 2^52 as a double. */
static inline real to_real(vec x) {
    return _mm256_sub_pd(as_real(_mm256_or_si256(x, splat(BITS_OF_2_52))), splat_real(0x1p52));
}
/* x < 2^64 as two doubles, of which one is a multiple of 2^32, and 2^52 + the other. */
static inline real high_to_real(vec x) {
    vec high = _mm256_or_si256(_mm256_srli_epi64(x, 32), splat(UINT64_C(0x4530000000000000)));
    return _mm256_sub_pd(as_real(high), splat_real(0x1p84));
}
static inline real low_to_real(vec x) {
    return as_real(_mm256_blend_epi32(x, splat(BITS_OF_2_52), 0xaa));
}
static inline real any_to_real(vec x) {
    real low = _mm256_sub_pd(low_to_real(x), splat_real(0x1p52));
    return _mm256_add_pd(high_to_real(x), low);
}

/* x·2^exponent, for exponents that are already in their place from bit 52 on; 0 stays near 0. */
static inline real scale(real x, vec exponent) {
    return as_real(add(as_vec(x), exponent));
}

/* ---- lists: what is left of a chunk -------------------------------------------------------- */

/* Room for a whole number of groups behind the last number. */
enum { ROOM = CHUNK + LANES * MOST_TOGETHER };

/* Candidates below 2^49, with the place in the chunk from bit 50 on. */
enum { PLACE_SHIFT = 50 };
#define NARROW_MASK ((UINT64_C(1) << PLACE_SHIFT) - 1)
_Static_assert(CHUNK <= 1 << (64 - PLACE_SHIFT), "a place fits above a number");
struct narrow {
    size_t n;
    uint64_t number[ROOM];
};

struct wide {
    size_t n;
    uint64_t number[ROOM], place[ROOM];
};

struct chunk {
    uint8_t prime[CHUNK]; /* a byte each, so that setting one waits for no other */
    struct narrow narrow;
    struct wide wide;
};

static inline unsigned first_lanes(size_t n) {
    return n < LANES ? (1u << n) - 1 : 0xf;
}

static inline size_t count_of(unsigned lanes) {
    return (size_t)__builtin_popcount(lanes);
}

static inline vec load(const uint64_t *from) {
    return _mm256_loadu_si256((const vec *)from);
}

/* Stores the chosen lanes one after the other. Writes all four places: in place at or before x. */
static inline void pack(uint64_t *to, unsigned lanes, vec x) {
#define PAIR(lane) 2 * (lane), 2 * (lane) + 1
#define ORDER(a, b, c, d)                                                                          \
    { PAIR(a), PAIR(b), PAIR(c), PAIR(d) }
    static const _Alignas(32) int32_t order[16][8] = {
        ORDER(0, 1, 2, 3), ORDER(0, 1, 2, 3), ORDER(1, 0, 2, 3), ORDER(0, 1, 2, 3),
        ORDER(2, 0, 1, 3), ORDER(0, 2, 1, 3), ORDER(1, 2, 0, 3), ORDER(0, 1, 2, 3),
        ORDER(3, 0, 1, 2), ORDER(0, 3, 1, 2), ORDER(1, 3, 0, 2), ORDER(0, 1, 3, 2),
        ORDER(2, 3, 0, 1), ORDER(0, 2, 3, 1), ORDER(1, 2, 3, 0), ORDER(0, 1, 2, 3)};
    vec chosen = _mm256_permutevar8x32_epi32(x, _mm256_load_si256((const vec *)order[lanes]));
    _mm256_storeu_si256((vec *)to, chosen);
}

/* Repeats the last number up to a whole number of groups. Not for empty lists. */
static inline void fill(uint64_t *list, size_t n, size_t group) {
    for (size_t i = n; i % group != 0; i++)
        list[i] = list[n - 1];
}

/* ---- what base 2 needs at every size -------------------------------------------------------- */

/*
 * The Euler-Jacobi test, 2^((n-1)/2) = (2|n) mod n, which takes no account of how often 2 divides
 * n - 1. The exponent E is done left to right, in windows: a few squarings, then a multiplication
 * by 2^w, w being the next bits of E. The leading bits cost little: 2^t is a number of its own.
 *
 * How many they are is chosen for the largest number n of a group: E = m·2^left, m < most, so that
 * 2^m fits. Since `most` is log2(n) and a constant, and m is at least half of that, it then fits
 * for the smaller numbers r·n as well, where r·m < m - log2(1/r).
 */

/* In the highest bit: is (2|n) = -1? n = 3, 5 mod 8. */
static inline vec two_is_nonresidue(vec n) {
    return _mm256_slli_epi64(_mm256_xor_si256(n, _mm256_srli_epi64(n, 1)), 62);
}

static inline unsigned log2_of(uint64_t x) {
    return 63 - (unsigned)__builtin_clzll(x);
}

/* Bits below the leading ones, which are less than `most`, for exponents up to the largest. */
static inline unsigned bits_to_do(uint64_t largest, unsigned most) {
    unsigned size = log2_of(largest), size_of_most = log2_of(most);
    if (size < size_of_most)
        return 0;
    unsigned bits = size - size_of_most;
    return bits + (largest >> bits >= most);
}

/* ---- the stages, each on the lists of a chunk ---------------------------------------------- */

/* Base 2: what passes is marked as prime or stays in the list, for the Lucas test. */
void avx2_narrow_to_base2(struct chunk *chunk);
void avx2_wide_to_base2(struct chunk *chunk);

/* The Lucas test: what passes is marked as prime. */
void avx2_narrow_to_lucas(struct chunk *chunk);
void avx2_wide_to_lucas(struct chunk *chunk);

#endif
