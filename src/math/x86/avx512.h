/*
 * What the AVX-512 files share. Batches are tested with its 52-bit multiply-add (IFMA): eight
 * different numbers to a vector, several vectors interleaved to hide the multiplier's latency.
 * The method is in docs/PRIMALITY.md.
 *
 * Limbs have 52 bits. A multiply-add ignores what its factors have above that, so limbs may carry
 * more there: an index, or what is still to be carried, even a sign.
 */
#ifndef PARPRIME_MATH_X86_AVX512_H
#define PARPRIME_MATH_X86_AVX512_H

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef __m512i vec;
typedef __mmask8 mask;

enum {
    LANES = 8,
    CHUNK = 2048,     /* numbers worked on at once: all lists of a chunk fit the L2 cache */
    SMALL_BITS = 16,  /* numbers below that many bits are left to mr_is_prime */
    NARROW_BITS = 48, /* below: one limb, with 4 bits to spare for lazy reduction */
    LIMB_BITS = 52,
    MOST_TOGETHER = 5 /* vectors in a group, at most */
};
#define LIMB_MASK ((UINT64_C(1) << LIMB_BITS) - 1)
#define UNROLL _Pragma("GCC unroll 8")
/* For what is to stay in registers: a call would need it in memory. */
#define INLINE static inline __attribute__((always_inline))
#define FROM(v, a, n) UNROLL for (int v = (a); v < (n); v++)
#define EACH(v, n) FROM(v, 0, n)

static inline vec splat(uint64_t x) {
    return _mm512_set1_epi64((long long)x);
}
static inline vec add(vec a, vec b) {
    return _mm512_add_epi64(a, b);
}
static inline vec sub(vec a, vec b) {
    return _mm512_sub_epi64(a, b);
}
/* sum + the low or high 52 bits of a·b. */
static inline vec lo52(vec sum, vec a, vec b) {
    return _mm512_madd52lo_epu64(sum, a, b);
}
static inline vec hi52(vec sum, vec a, vec b) {
    return _mm512_madd52hi_epu64(sum, a, b);
}
static inline vec zero(void) {
    return _mm512_setzero_si512();
}
static inline vec limb(vec x) {
    return _mm512_and_si512(x, splat(LIMB_MASK));
}
/* What a limb carries above its 52 bits, with its sign. */
static inline vec carry(vec x) {
    return _mm512_srai_epi64(x, LIMB_BITS);
}
/* The low 52 bits as a number with a sign. */
static inline vec signed_limb(vec x) {
    return _mm512_srai_epi64(_mm512_slli_epi64(x, 64 - LIMB_BITS), 64 - LIMB_BITS);
}
static inline vec bit(unsigned i) {
    return splat(UINT64_C(1) << i);
}

/* The inverse of odd n modulo 2^52, as in arith64.h. */
static inline vec inverse52(vec n) {
    vec x = _mm512_xor_si512(add(add(n, n), n), splat(2));
    for (int i = 0; i < 4; i++)
        x = lo52(zero(), x, sub(splat(2), lo52(zero(), n, x)));
    return x;
}

/* ---- lists: what is left of a chunk ------------------------------------------------------- */

/* Room for a whole number of groups behind the last number. */
enum { ROOM = CHUNK + LANES * MOST_TOGETHER };

/* Candidates below 2^48, with the place in the chunk from bit 52 on. */
struct narrow {
    size_t n;
    uint64_t number[ROOM];
};

struct wide {
    size_t n;
    uint64_t number[ROOM];
    uint32_t place[ROOM];
};

/* What passed base 2 and is to be tested further; one = R mod number. */
struct lucas_list {
    size_t n;
    uint64_t number[ROOM];
    uint64_t one[ROOM];
    uint32_t place[ROOM];
};

struct chunk {
    uint8_t prime[CHUNK]; /* a byte each, so that setting one waits for no other */
    struct narrow narrow;
    struct wide wide;
    struct lucas_list lucas_narrow, lucas_wide;
};

static inline mask first_lanes(size_t n) {
    return (mask)(n < LANES ? (1u << n) - 1 : 0xff);
}

static inline size_t count_of(mask lanes) {
    return (size_t)__builtin_popcount(lanes);
}

static inline vec load(const uint64_t *from) {
    return _mm512_loadu_si512(from);
}

static inline vec load_places(const uint32_t *from) {
    return _mm512_cvtepu32_epi64(_mm256_loadu_si256((const __m256i *)from));
}

/* Without optimisation these intrinsics are macros, whose own conversions are warned of. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"

/* table[place] of each lane. */
static inline vec gather(const uint64_t *table, vec places) {
    return _mm512_i64gather_epi64(places, table, 8);
}

/* The 32 bits at table + place, which may be any byte. */
static inline vec gather_bytes(const uint8_t *table, vec places) {
    return _mm512_cvtepu32_epi64(_mm512_i64gather_epi32(places, table, 1));
}

#pragma GCC diagnostic pop

/* Stores the chosen lanes one after the other. Writes all eight places, to spare the masked store.
 */
static inline void pack(uint64_t *to, mask lanes, vec x) {
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi64(lanes, x));
}

static inline void pack_places(uint32_t *to, mask lanes, vec x) {
    _mm256_storeu_si256((__m256i *)to,
                        _mm256_maskz_compress_epi32(lanes, _mm512_cvtepi64_epi32(x)));
}

/* Repeats the last number up to a whole number of groups. Not for empty lists. */
static inline void fill(uint64_t *list, size_t n, size_t group) {
    for (size_t i = n; i % group != 0; i++)
        list[i] = list[n - 1];
}

static inline void mark(struct chunk *chunk, mask lanes, vec places) {
    uint64_t place[LANES];
    pack(place, lanes, places);
    for (size_t i = 0, n = count_of(lanes); i < n; i++)
        chunk->prime[place[i]] = 1;
}

/* ---- what base 2 needs at every size -------------------------------------------------------- */

/*
 * The Euler-Jacobi test, 2^((n-1)/2) = (2|n) mod n, which takes no account of how often 2 divides
 * n - 1. It is done with the negative exponent -(n-1)/2, left to right: since 2^(t + r), an
 * ordinary power of two for -r <= t < 0, is the Montgomery form of 2^t for R = 2^r, the leading
 * bits cost nothing and nothing has to be divided by n.
 */

/* The lanes where (2|n) = -1: n = 3, 5 mod 8. */
static inline mask two_is_nonresidue(vec n) {
    return _mm512_test_epi64_mask(_mm512_xor_si512(n, _mm512_srli_epi64(n, 1)), splat(2));
}

/*
 * Bits of the exponents below the leading ones, which are those that fit into [-most, 0) for the
 * largest number of a list.
 */
static inline unsigned bits_to_do(const uint64_t *numbers, size_t n, uint64_t number_mask,
                                  uint64_t most) {
    vec largest = zero();
    for (size_t i = 0; i < n; i += LANES) /* lists are filled up */
        largest =
            _mm512_max_epu64(largest, _mm512_and_si512(load(numbers + i), splat(number_mask)));
    uint64_t exponent = _mm512_reduce_max_epu64(largest) / 2;
    unsigned bits = 0;
    while ((exponent + (UINT64_C(1) << bits) - 1) >> bits > most)
        bits++;
    return bits;
}

/* x with its low `bits` bits leading; bits may be 0. */
static inline vec left_aligned(vec x, unsigned bits) {
    return _mm512_sll_epi64(x, _mm_cvtsi32_si128((int)(64 - bits)));
}

/*
 * Takes the leading bits of x, as a number to shift by. Here and below nothing in a loop makes a
 * mask: on Zen 4 a comparison takes a multiplier's turn, as do a minimum and a shift by a register.
 */
static inline vec next_bits(vec *x, unsigned bits) {
    vec leading = _mm512_srli_epi64(*x, 64 - bits);
    *x = _mm512_slli_epi64(*x, bits);
    return leading;
}

/* ---- the stages, each on the lists of a chunk ---------------------------------------------- */

/* Base 2: what passes is marked as prime or listed for the Lucas test. */
void avx512_narrow_to_base2(struct chunk *chunk);
void avx512_wide_to_base2(struct chunk *chunk);

/* The Lucas test: what passes is marked as prime. */
void avx512_narrow_to_lucas(struct chunk *chunk);
void avx512_wide_to_lucas(struct chunk *chunk);

#endif
