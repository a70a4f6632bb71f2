/*
 * Batches with AVX2 and FMA: numbers below 2^49 in double arithmetic, four to a vector and several
 * vectors interleaved; larger ones as in the portable kernel. The method is in docs/METHOD.md.
 *
 * Modulo n < 2^49 residues are doubles of either sign, |x| < 1.8n. With q = round(x²/n), worked out
 * from the rounded h = x·x and 1/n, x² - q·n is the exact sum of fma(-q, n, h) and h's rounding
 * error: |q| < 3.3n < 2^51 is off by less than 1/2 + 2^51·2^-52·3/4, so the result is below 0.9n,
 * and twice that below 1.8n again. All terms are whole numbers below 2^53.
 */
#include "math/batch.h"
#include "math/primality.h"
#include "math/psp_filter.h"

#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

typedef __m256i vec;
typedef __m256d real;

enum {
    LANES = 4,
    CHUNK = 2048,
    TOGETHER = 6, /* vectors interleaved: 5 to 8 are within 2%, by bench_batch */
    GROUP = LANES * TOGETHER,
    SMALL_BITS = 16,
    NARROW_BITS = 49,
    PLACE_BITS = 52, /* a candidate's place in the chunk is kept above these */
    FIRST_DIVISORS = 8
};
#define NUMBER_MASK ((UINT64_C(1) << PLACE_BITS) - 1)
#define EACH(v) _Pragma("GCC unroll 8") for (size_t v = 0; v < TOGETHER; v++)

/* Odd primes: the first of them leave little, the others meet that densely packed. */
static const double divisors[] = {3,  5,  7,  11, 13, 17, 19, 23, 29, 31, 37, 41, 43,
                                  47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101};
enum { DIVISORS = sizeof divisors / sizeof *divisors };

static inline vec splat(uint64_t x) {
    return _mm256_set1_epi64x((long long)x);
}

static inline vec load(const uint64_t *from) {
    return _mm256_loadu_si256((const vec *)from);
}

/* To the nearest whole number, for |x| < 2^51; and a·b rounded so. */
static const double rounder = 6755399441055744.0; /* 1.5·2^52 */
static inline real rounded_product(real a, real b) {
    const real magic = _mm256_set1_pd(rounder);
    return _mm256_sub_pd(_mm256_fmadd_pd(a, b, magic), magic);
}

/* Numbers below 2^52. */
static inline real to_real(vec x) {
    const vec exponent = splat(UINT64_C(0x4330000000000000)); /* 2^52 */
    return _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(x, exponent)),
                         _mm256_castsi256_pd(exponent));
}

/* Stores the chosen lanes one after the other, and more behind them. Returns how many. */
static inline size_t pack(uint64_t *to, unsigned lanes, vec x) {
#define PAIR(lane) 2 * (lane), 2 * (lane) + 1
    static const int32_t order[16][8] = {
        {0},
        {PAIR(0)},
        {PAIR(1)},
        {PAIR(0), PAIR(1)},
        {PAIR(2)},
        {PAIR(0), PAIR(2)},
        {PAIR(1), PAIR(2)},
        {PAIR(0), PAIR(1), PAIR(2)},
        {PAIR(3)},
        {PAIR(0), PAIR(3)},
        {PAIR(1), PAIR(3)},
        {PAIR(0), PAIR(1), PAIR(3)},
        {PAIR(2), PAIR(3)},
        {PAIR(0), PAIR(2), PAIR(3)},
        {PAIR(1), PAIR(2), PAIR(3)},
        {PAIR(0), PAIR(1), PAIR(2), PAIR(3)},
    };
    vec places = _mm256_loadu_si256((const vec *)order[lanes]);
    _mm256_storeu_si256((vec *)to, _mm256_permutevar8x32_epi32(x, places));
    return (size_t)__builtin_popcount(lanes);
}

/*
 * The lanes that none of the divisors divides. n - round(n/p)·p is exact, and 0 only if p divides
 * n; a product of up to 17 such rests, below 51 each, cannot overflow.
 */
static inline unsigned undivided(real n, const double *primes, const double *inverses,
                                 size_t n_primes) {
    real product = _mm256_set1_pd(1);
    for (size_t i = 0; i < n_primes; i++) {
        real quotient = rounded_product(n, _mm256_set1_pd(inverses[i]));
        product = _mm256_mul_pd(product, _mm256_fnmadd_pd(quotient, _mm256_set1_pd(primes[i]), n));
    }
    return (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(product, _mm256_setzero_pd(), _CMP_NEQ_OQ));
}

/* Candidates below 2^49, and numbers of two to a power's worth more, of a chunk. */
struct chunk {
    uint64_t narrow[CHUNK + GROUP], wide[CHUNK];
    uint16_t wide_place[CHUNK];
    size_t n_narrow, n_wide;
    uint64_t *bitmap;
};

static inline void mark(struct chunk *chunk, size_t place) {
    chunk->bitmap[place / 64] |= UINT64_C(1) << place % 64;
}

/* One number that is not in the vectors' range. */
static void answer_or_list(struct chunk *chunk, uint64_t n, size_t place) {
    enum divided divided = divide_small(n);
    if (divided == IS_PRIME)
        mark(chunk, place);
    if (divided != NOT_DIVIDED)
        return;
    chunk->wide[chunk->n_wide] = n;
    chunk->wide_place[chunk->n_wide++] = (uint16_t)place;
}

static void sort_out(struct chunk *chunk, const uint64_t *numbers, size_t n,
                     const double *inverses) {
    chunk->n_narrow = chunk->n_wide = 0;
    size_t i = 0;
    vec places = _mm256_set_epi64x(3, 2, 1, 0);
    for (; i + LANES <= n; i += LANES, places = _mm256_add_epi64(places, splat(LANES))) {
        vec x = load(numbers + i);
        /* All four of usual size? Signed comparisons: 2^63 and more are below 0. */
        vec above = _mm256_cmpgt_epi64(x, splat((UINT64_C(1) << SMALL_BITS) - 1));
        vec below = _mm256_cmpgt_epi64(splat(UINT64_C(1) << NARROW_BITS), x);
        unsigned usual =
            (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_and_si256(above, below)));
        for (unsigned other = ~usual & 15; other; other &= other - 1) {
            size_t at = i + (size_t)__builtin_ctz(other);
            answer_or_list(chunk, numbers[at], at);
        }
        unsigned odd = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_slli_epi64(x, 63)));
        unsigned lanes = usual & odd;
        if (!lanes)
            continue;
        lanes &= undivided(to_real(x), divisors, inverses, FIRST_DIVISORS);
        chunk->n_narrow += pack(chunk->narrow + chunk->n_narrow, lanes,
                                _mm256_or_si256(x, _mm256_slli_epi64(places, PLACE_BITS)));
    }
    for (; i < n; i++)
        answer_or_list(chunk, numbers[i], i);
}

static void divide(struct chunk *chunk, const double *inverses) {
    size_t kept = 0, n = chunk->n_narrow;
    for (size_t i = 0; i < n; i += LANES) {
        vec x = load(chunk->narrow + i);
        unsigned there = n - i < LANES ? (1u << (n - i)) - 1 : 15;
        real number = to_real(_mm256_and_si256(x, splat(NUMBER_MASK)));
        unsigned lanes = there & undivided(number, divisors + FIRST_DIVISORS,
                                           inverses + FIRST_DIVISORS, DIVISORS - FIRST_DIVISORS);
        kept += pack(chunk->narrow + kept, lanes, x);
    }
    chunk->n_narrow = kept;
}

/* x modulo n, nearest to 0, for |x| < 2^51·n; whole numbers. */
static inline real nearest(real x, real n, real inverse) {
    return _mm256_fnmadd_pd(rounded_product(x, inverse), n, x);
}

/*
 * The Euler-Jacobi test, 2^((n-1)/2) = (2|n) mod n. All bits of the exponents from `bits` on give
 * powers of two below 2^48 to start from. Returns the lanes of each vector that pass.
 */
static inline void base2(const vec number[TOGETHER], unsigned bits, unsigned passed[TOGETHER]) {
    real n[TOGETHER], inverse[TOGETHER], x[TOGETHER];
    vec exponent[TOGETHER];
    EACH(v) {
        n[v] = to_real(number[v]);
        inverse[v] = _mm256_div_pd(_mm256_set1_pd(1), n[v]);
        vec half = _mm256_srli_epi64(number[v], 1);
        /* 2^t as a double: t in its exponent. */
        vec t = _mm256_srl_epi64(half, _mm_cvtsi32_si128((int)bits));
        x[v] = _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_add_epi64(t, splat(1023)), 52));
        x[v] = nearest(x[v], n[v], inverse[v]);
        exponent[v] = _mm256_sll_epi64(half, _mm_cvtsi32_si128((int)(64 - bits)));
    }
    while (bits-- > 0)
        EACH(v) {
            real high = _mm256_mul_pd(x[v], x[v]);
            real low = _mm256_fmsub_pd(x[v], x[v], high);
            real quotient = rounded_product(high, inverse[v]);
            real rest = _mm256_add_pd(_mm256_fnmadd_pd(quotient, n[v], high), low);
            /* Doubled where the exponent's leading bit, as a sign, chooses it. */
            real more =
                _mm256_blendv_pd(_mm256_setzero_pd(), rest, _mm256_castsi256_pd(exponent[v]));
            x[v] = _mm256_add_pd(rest, more);
            exponent[v] = _mm256_add_epi64(exponent[v], exponent[v]);
        }
    EACH(v) {
        /* (2|n) = -1 for n = 3, 5 modulo 8: bits 1 and 2 differ. The sign of 1 is taken from it. */
        vec differ = _mm256_xor_si256(number[v], _mm256_srli_epi64(number[v], 1));
        vec sign = _mm256_slli_epi64(_mm256_srli_epi64(_mm256_slli_epi64(differ, 62), 63), 63);
        real wanted = _mm256_or_pd(_mm256_set1_pd(1), _mm256_castsi256_pd(sign));
        passed[v] = (unsigned)_mm256_movemask_pd(
            _mm256_cmp_pd(nearest(x[v], n[v], inverse[v]), wanted, _CMP_EQ_OQ));
    }
}

static void answer_narrow(struct chunk *chunk) {
    enum { START_MOST = 48 };
    size_t n = chunk->n_narrow;
    if (n == 0)
        return;
    uint64_t largest = 0;
    for (size_t i = 0; i < n; i++)
        largest =
            (chunk->narrow[i] & NUMBER_MASK) > largest ? chunk->narrow[i] & NUMBER_MASK : largest;
    unsigned bits = 0;
    while (largest >> 1 >> bits > START_MOST)
        bits++;
    for (size_t i = n; i % GROUP != 0; i++)
        chunk->narrow[i] = chunk->narrow[n - 1];
    for (size_t i = 0; i < n; i += GROUP) {
        vec number[TOGETHER];
        unsigned passed[TOGETHER];
        EACH(v)
        number[v] = _mm256_and_si256(load(chunk->narrow + i + v * LANES), splat(NUMBER_MASK));
        base2(number, bits, passed);
        for (size_t v = 0; v < TOGETHER; v++)
            for (; passed[v]; passed[v] &= passed[v] - 1) {
                size_t at = i + v * LANES + (size_t)__builtin_ctz(passed[v]);
                if (at >= n)
                    break;
                uint64_t candidate = chunk->narrow[at];
                if (is_prime_after_base2(candidate & NUMBER_MASK))
                    mark(chunk, (size_t)(candidate >> PLACE_BITS));
            }
    }
}

static void answer_wide(struct chunk *chunk) {
    for (size_t i = 0; i < chunk->n_wide; i += BASE2_TOGETHER) {
        uint64_t number[BASE2_TOGETHER];
        bool passed[BASE2_TOGETHER];
        for (size_t j = 0; j < BASE2_TOGETHER; j++)
            number[j] = chunk->wide[i + j < chunk->n_wide ? i + j : i];
        base2_test(number, passed);
        for (size_t j = 0; j < BASE2_TOGETHER && i + j < chunk->n_wide; j++)
            if (passed[j] && is_prime_after_base2(number[j]))
                mark(chunk, chunk->wide_place[i + j]);
    }
}

void batch_test_avx2(const uint64_t *numbers, size_t n, uint64_t *bitmap) {
    struct chunk chunk;
    double inverses[DIVISORS];
    for (size_t i = 0; i < DIVISORS; i++)
        inverses[i] = 1 / divisors[i];
    memset(bitmap, 0, (n / 64 + (n % 64 != 0)) * sizeof *bitmap);
    for (size_t done = 0; done < n; done += CHUNK) {
        size_t here = n - done < CHUNK ? n - done : CHUNK;
        chunk.bitmap = bitmap + done / 64;
        sort_out(&chunk, numbers + done, here, inverses);
        divide(&chunk, inverses);
        answer_narrow(&chunk);
        answer_wide(&chunk);
    }
}
