/* AVX2: the pipeline of a batch, and its first stage, trial division. */
#include "math/batch.h"
#include "math/divisors.h"
#include "math/primality.h"
#include "math/x86/avx2.h"

/* ---- trial division ------------------------------------------------------------------------ */

/*
 * Groups of primes with a product m, so small that what a number leaves modulo m is tested in 32
 * bits, eight at a time. By divisors.h, p divides r < 2^32 when r·(1/p) modulo 2^32 is at most
 * (2^32 - 1)/p. Multiples r < 1.51·m even come to 1.51·m/p at most: where that is below (2^32 -
 * 1)/q for the greatest prime q of the group, which it is for all of these, one bound serves all
 * primes.
 */
struct divisors32 {
    double product, reciprocal;
    uint32_t most;       /* (2^32 - 1)/q */
    uint32_t inverse[8]; /* modulo 2^32 */
};

#define INVERSE32(p) DIVISOR_INVERSE(p) & 0xffffffff
#define DIVISORS4(a, b, c, d)                                                                      \
    {                                                                                              \
        1.0 * (a) * (b) * (c) * (d), 1.0 / (1.0 * (a) * (b) * (c) * (d)), UINT32_MAX / (d), {      \
            INVERSE32(a), INVERSE32(b), INVERSE32(c), INVERSE32(d)                                 \
        }                                                                                          \
    }
#define DIVISORS5(a, b, c, d, e)                                                                   \
    {                                                                                              \
        1.0 * (a) * (b) * (c) * (d) * (e), 1.0 / (1.0 * (a) * (b) * (c) * (d) * (e)),              \
            UINT32_MAX / (e), {                                                                    \
            INVERSE32(a), INVERSE32(b), INVERSE32(c), INVERSE32(d), INVERSE32(e)                   \
        }                                                                                          \
    }
#define DIVISORS8(a, b, c, d, e, f, g, h)                                                          \
    {                                                                                              \
        1.0 * (a) * (b) * (c) * (d) * (e) * (f) * (g) * (h),                                       \
            1.0 / (1.0 * (a) * (b) * (c) * (d) * (e) * (f) * (g) * (h)), UINT32_MAX / (h), {       \
            INVERSE32(a), INVERSE32(b), INVERSE32(c), INVERSE32(d), INVERSE32(e), INVERSE32(f),    \
                INVERSE32(g), INVERSE32(h)                                                         \
        }                                                                                          \
    }

/* The odd primes up to 233. */
enum { GROUPS = 11 };
static const struct divisors32 groups[GROUPS] = {DIVISORS8(3, 5, 7, 11, 13, 17, 19, 23),
                                                 DIVISORS5(29, 31, 37, 41, 43),
                                                 DIVISORS5(47, 53, 59, 61, 67),
                                                 DIVISORS4(71, 73, 79, 83),
                                                 DIVISORS4(89, 97, 101, 103),
                                                 DIVISORS4(107, 109, 113, 127),
                                                 DIVISORS4(131, 137, 139, 149),
                                                 DIVISORS4(151, 157, 163, 167),
                                                 DIVISORS4(173, 179, 181, 191),
                                                 DIVISORS4(193, 197, 199, 211),
                                                 DIVISORS4(223, 227, 229, 233)};

static inline size_t primes_of(size_t group) {
    return group == 0 ? 8 : group < 3 ? 5 : 4;
}

/* Constants are to be loaded as they are needed, not built from immediates. */
static inline const struct divisors32 *loaded_groups(void) {
    const struct divisors32 *loaded = groups;
    __asm__("" : "+r"(loaded));
    return loaded;
}

/* Vectors divided together, so that a constant is loaded once for all of them. */
enum { BLOCK = 4, BLOCK_LANES = BLOCK * LANES };

/*
 * 2^52 + r, r = x modulo the product m and within (0.49·m, 1.51·m): the quotient, below 2^40, is
 * wrong by less than 2^-11, and taken one less than rounded. What is left of the multiple of 2^32
 * that `high` is, is an integer below 2^34, which the multiply-add gives exactly.
 */
INLINE real remainder32(vec x, const struct divisors32 *group, bool wide) {
    real high = wide ? high_to_real(x) : as_real(_mm256_or_si256(x, splat(BITS_OF_2_52)));
    real low = low_to_real(x);
    real whole = _mm256_sub_pd(wide ? low : high, splat_real(0x1p52));
    if (wide)
        whole = _mm256_add_pd(high, whole);
    real quotient = _mm256_fmadd_pd(whole, splat_real(group->reciprocal), splat_real(ROUND));
    quotient = _mm256_sub_pd(quotient, splat_real(ROUND + 1));
    real rest = _mm256_fnmadd_pd(quotient, splat_real(group->product), high);
    return wide ? _mm256_add_pd(rest, low) : rest;
}

/*
 * The low halves of the lanes of a and b, in the order that takes one instruction: 0 1 of a and b,
 * then 2 3 of both.
 */
static inline vec low_halves(vec a, vec b) {
    return _mm256_castps_si256(
        _mm256_shuffle_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), 0x88));
}

/* Sets all bits of the lanes (of low_halves) that a prime of the group divides. */
INLINE void divide(vec any[BLOCK / 2], const vec x[BLOCK], const struct divisors32 *group,
                   size_t primes, bool wide) {
    vec r[BLOCK / 2], least[BLOCK / 2], bound = _mm256_set1_epi32((int)group->most);
    UNROLL for (int v = 0; v < BLOCK / 2; v++) {
        r[v] = low_halves(as_vec(remainder32(x[2 * v], group, wide)),
                          as_vec(remainder32(x[2 * v + 1], group, wide)));
        least[v] = _mm256_set1_epi32(-1);
    }
    UNROLL for (size_t i = 0; i < primes; i++) {
        vec inverse = _mm256_set1_epi32((int)group->inverse[i]);
        UNROLL for (int v = 0; v < BLOCK / 2; v++) least[v] =
            _mm256_min_epu32(least[v], _mm256_mullo_epi32(r[v], inverse));
    }
    UNROLL for (int v = 0; v < BLOCK / 2; v++) any[v] =
        _mm256_or_si256(any[v], _mm256_cmpeq_epi32(_mm256_min_epu32(least[v], bound), least[v]));
}

/* The odd numbers of a block that no prime of the groups divides, as bits of a word. */
INLINE unsigned undivided(const vec x[BLOCK], size_t first, size_t end, bool wide) {
    const struct divisors32 *group = loaded_groups();
    vec any[BLOCK / 2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    UNROLL for (size_t g = first; g < end; g++) divide(any, x, &group[g], primes_of(g), wide);
    unsigned left = 0;
    UNROLL for (int v = 0; v < BLOCK / 2; v++) {
        vec odd = _mm256_slli_epi32(low_halves(x[2 * v], x[2 * v + 1]), 31);
        odd = _mm256_permute4x64_epi64(_mm256_andnot_si256(any[v], odd), 0xd8);
        left |= (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(odd)) << 2 * LANES * v;
    }
    return left;
}

/*
 * Groups of divisors: first those that leave little, then, densely packed, more of them.
 * `bench_batch --sets ii`, least on Zen 4: 3.7 ns with 1 in the first pass, 3.9 with 2.
 */
enum { FIRST_GROUPS = 1, NARROW_GROUPS = 7, WIDE_GROUPS = GROUPS };
/* What is left has no factor up to 167, as psp_filter.h and lucas_parameter.h want it. */

static inline unsigned lanes_of(unsigned block, size_t v) {
    return block >> v * LANES & 0xf;
}

/* The part of a list that begins there and of which n are left. */
static inline unsigned first_of_block(size_t n) {
    return n < BLOCK_LANES ? (1u << n) - 1 : 0xffff;
}

static inline void load_block(vec x[BLOCK], const uint64_t *from) {
    UNROLL for (size_t v = 0; v < BLOCK; v++) x[v] = load(from + v * LANES);
}

/* Lists the numbers of a block that may be of any size, and answers the small ones. */
static void sort_any(struct chunk *chunk, const uint64_t *numbers, size_t at, size_t n,
                     const vec x[BLOCK]) {
    struct narrow *narrow = &chunk->narrow;
    struct wide *wide = &chunk->wide;
    unsigned left = undivided(x, 0, FIRST_GROUPS, true);
    vec place = add(splat(at), _mm256_set_epi64x(3, 2, 1, 0)), zero = _mm256_setzero_si256();
    UNROLL for (size_t v = 0; v < BLOCK; v++, place = add(place, splat(LANES))) {
        unsigned small = equal(_mm256_srli_epi64(x[v], SMALL_BITS), zero);
        unsigned below = equal(_mm256_srli_epi64(x[v], NARROW_BITS), zero);
        unsigned kept = lanes_of(left, v) & ~small;
        for (; small; small &= small - 1) {
            size_t i = at + v * LANES + (size_t)__builtin_ctz(small);
            if (i < n)
                chunk->prime[i] = mr_is_prime(numbers[i]);
        }
        pack(narrow->number + narrow->n, kept & below,
             _mm256_or_si256(x[v], _mm256_slli_epi64(place, PLACE_SHIFT)));
        narrow->n += count_of(kept & below);
        pack(wide->number + wide->n, kept & ~below, x[v]);
        pack(wide->place + wide->n, kept & ~below, place);
        wide->n += count_of(kept & ~below);
    }
}

/* Lists the odd numbers that the first divisors leave, by size, and answers the small ones. */
static void sort_out(struct chunk *chunk, const uint64_t *numbers, size_t n) {
    struct narrow *narrow = &chunk->narrow;
    narrow->n = chunk->wide.n = 0;
    for (size_t i = 0; i < n; i += BLOCK_LANES) {
        vec x[BLOCK], outside = _mm256_setzero_si256();
        if (i + BLOCK_LANES <= n) {
            load_block(x, numbers + i);
        } else {
            uint64_t last[BLOCK_LANES] = {0};
            memcpy(last, numbers + i, (n - i) * sizeof *last);
            load_block(x, last);
        }
        UNROLL for (size_t v = 0; v < BLOCK; v++) {
            vec less = sub(x[v], splat(UINT64_C(1) << SMALL_BITS));
            outside = _mm256_or_si256(outside, _mm256_or_si256(x[v], less));
        }
        if (!_mm256_testz_si256(outside, splat(UINT64_MAX << NARROW_BITS))) {
            sort_any(chunk, numbers, i, n, x);
            continue;
        }
        unsigned left = undivided(x, 0, FIRST_GROUPS, false);
        vec place =
            add(splat(i << PLACE_SHIFT),
                _mm256_set_epi64x((long long)(UINT64_C(3) << PLACE_SHIFT),
                                  UINT64_C(2) << PLACE_SHIFT, UINT64_C(1) << PLACE_SHIFT, 0));
        size_t n_narrow = narrow->n;
        UNROLL for (size_t v = 0; v < BLOCK; v++) {
            pack(narrow->number + n_narrow, lanes_of(left, v), _mm256_or_si256(x[v], place));
            n_narrow += count_of(lanes_of(left, v));
            place = add(place, splat((uint64_t)LANES << PLACE_SHIFT));
        }
        narrow->n = n_narrow;
    }
}

static void divide_narrow(struct narrow *list) {
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i += BLOCK_LANES) {
        vec entry[BLOCK], x[BLOCK];
        load_block(entry, list->number + i);
        UNROLL for (size_t v = 0; v < BLOCK; v++) x[v] =
            _mm256_and_si256(entry[v], splat(NARROW_MASK));
        unsigned left = undivided(x, FIRST_GROUPS, NARROW_GROUPS, false);
        left &= first_of_block(list->n - i);
        UNROLL for (size_t v = 0; v < BLOCK; v++) {
            pack(list->number + kept, lanes_of(left, v), entry[v]);
            kept += count_of(lanes_of(left, v));
        }
    }
    list->n = kept;
}

static void divide_wide(struct wide *list) {
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i += BLOCK_LANES) {
        vec x[BLOCK], place[BLOCK];
        load_block(x, list->number + i);
        load_block(place, list->place + i);
        unsigned left = undivided(x, FIRST_GROUPS, WIDE_GROUPS, true);
        left &= first_of_block(list->n - i);
        UNROLL for (size_t v = 0; v < BLOCK; v++) {
            pack(list->number + kept, lanes_of(left, v), x[v]);
            pack(list->place + kept, lanes_of(left, v), place[v]);
            kept += count_of(lanes_of(left, v));
        }
    }
    list->n = kept;
}

/* ---- the pipeline -------------------------------------------------------------------------- */

void batch_test_avx2(const uint64_t *numbers, size_t n, uint64_t *bitmap) {
    struct chunk chunk;
    for (size_t done = 0; done < n; done += CHUNK) {
        size_t here = n - done < CHUNK ? n - done : CHUNK;
        memset(chunk.prime, 0, (here + 63) / 64 * 64);
        sort_out(&chunk, numbers + done, here);
        divide_narrow(&chunk.narrow);
        divide_wide(&chunk.wide);
        avx2_narrow_to_base2(&chunk);
        avx2_wide_to_base2(&chunk);
        avx2_narrow_to_lucas(&chunk);
        avx2_wide_to_lucas(&chunk);
        for (size_t i = 0; i < here; i += 64) {
            uint64_t word = 0;
            for (size_t j = 0; j < 64; j += 32) {
                vec bytes = _mm256_loadu_si256((const vec *)(chunk.prime + i + j));
                bytes = _mm256_cmpgt_epi8(bytes, _mm256_setzero_si256());
                word |= (uint64_t)(uint32_t)_mm256_movemask_epi8(bytes) << j;
            }
            bitmap[(done + i) / 64] = word;
        }
    }
}
