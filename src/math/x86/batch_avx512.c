/* AVX-512: the pipeline of a batch, from trial division on. */
#include "math/batch.h"
#include "math/divisors.h"
#include "math/primality.h"
#include "math/x86/avx512.h"

/* ---- trial division ------------------------------------------------------------------------ */

/* Groups of divisors: first those that leave little, then, densely packed, more of them. */
enum { FIRST_GROUPS = 2, NARROW_GROUPS = 5, WIDE_GROUPS = 8 };

/* Vectors divided together, so that a divisor is loaded once for all of them. */
enum { BLOCK = 4, BLOCK_LANES = BLOCK * LANES };

/*
 * The sign of a lane is set in `signs` where a divisor of the group divides x; what x has above
 * 52 bits is ignored. Subtracting the bound is part of the multiplication.
 */
static inline void divide(vec signs[BLOCK], const vec x[BLOCK], const struct divisor_group *group) {
    UNROLL for (int i = 0; i < DIVISORS_TOGETHER; i++) {
        vec minus_bound = splat(group->divisors[i].minus_bound);
        vec inverse = splat(group->divisors[i].inverse);
        UNROLL for (int v = 0; v < BLOCK; v++) signs[v] =
            _mm512_or_si512(signs[v], lo52(minus_bound, x[v], inverse));
    }
}

/*
 * With n = low + 2^50·high, low + (2^50 mod m)·high has the same remainders as n by all divisors
 * of m and, for m < 3·2^36, is below 2^52.
 */
static inline void divide_any(vec signs[BLOCK], const vec x[BLOCK],
                              const struct divisor_group *group) {
    vec folded[BLOCK], fold = splat(group->fold);
    UNROLL for (int v = 0; v < BLOCK; v++) {
        vec low = _mm512_and_si512(x[v], splat((UINT64_C(1) << DIVISOR_FOLD_BITS) - 1));
        folded[v] = lo52(low, _mm512_srli_epi64(x[v], DIVISOR_FOLD_BITS), fold);
    }
    divide(signs, folded, group);
}

static inline mask undivided(vec signs) {
    return (mask)~_mm512_movepi64_mask(signs);
}

/* Constants are to be loaded as they are needed, not all of them built beforehand. */
static const struct divisor_group *loaded_divisors(void) {
    const struct divisor_group *groups = divisor_groups;
    __asm__("" : "+r"(groups));
    return groups;
}

/* Lists the odd numbers that the first divisors leave, by size, and answers the small ones. */
static void sort_out(struct chunk *chunk, const uint64_t *numbers, size_t n) {
    struct narrow *narrow = &chunk->narrow;
    struct wide *wide = &chunk->wide;
    const struct divisor_group *groups = loaded_divisors();
    size_t n_narrow = 0, n_wide = 0;
    vec places = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
    for (size_t i = 0; i < n; i += BLOCK_LANES) {
        vec x[BLOCK], signs[BLOCK], all = zero();
        UNROLL for (size_t v = 0; v < BLOCK; v++) {
            size_t at = i + v * LANES;
            x[v] = at + LANES <= n ? load(numbers + at)
                   : at < n        ? _mm512_maskz_loadu_epi64(first_lanes(n - at), numbers + at)
                                   : zero();
            all = _mm512_or_si512(all, x[v]);
            signs[v] = sub(_mm512_and_si512(x[v], splat(1)), splat(1)); /* even */
        }
        bool any_wide = _mm512_cmpge_epu64_mask(all, bit(NARROW_BITS)) != 0;
        for (int g = 0; g < FIRST_GROUPS; g++)
            if (any_wide)
                divide_any(signs, x, &groups[g]);
            else
                divide(signs, x, &groups[g]);
        UNROLL for (size_t v = 0; v < BLOCK; v++, places = add(places, splat(LANES))) {
            mask kept = undivided(signs[v]);
            mask small = _mm512_cmplt_epu64_mask(x[v], bit(SMALL_BITS));
            if (small) {
                kept &= (mask)~small;
                small &= first_lanes(n - (i + v * LANES < n ? i + v * LANES : n));
                for (; small; small &= (mask)(small - 1)) {
                    size_t at = i + v * LANES + (size_t)__builtin_ctz(small);
                    chunk->prime[at] = mr_is_prime(numbers[at]);
                }
            }
            mask above = 0;
            if (any_wide) {
                above = _mm512_mask_cmpge_epu64_mask(kept, x[v], bit(NARROW_BITS));
                pack(wide->number + n_wide, above, x[v]);
                pack_places(wide->place + n_wide, above, places);
                n_wide += count_of(above);
                kept &= (mask)~above;
                if (!kept)
                    continue;
            }
            pack(narrow->number + n_narrow, kept,
                 _mm512_or_si512(x[v], _mm512_slli_epi64(places, LIMB_BITS)));
            n_narrow += count_of(kept);
        }
    }
    narrow->n = n_narrow;
    wide->n = n_wide;
}

/* Divides what is left by more divisors; keeps the largest number for base 2. */
static void divide_narrow(struct narrow *list) {
    const struct divisor_group *groups = loaded_divisors();
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i += BLOCK_LANES) {
        vec x[BLOCK], signs[BLOCK];
        UNROLL for (size_t v = 0; v < BLOCK; v++) {
            x[v] = load(list->number + i + v * LANES);
            signs[v] = zero();
        }
        for (int g = FIRST_GROUPS; g < NARROW_GROUPS; g++)
            divide(signs, x, &groups[g]);
        for (size_t v = 0; v < BLOCK && i + v * LANES < list->n; v++) {
            mask lanes = undivided(signs[v]) & first_lanes(list->n - i - v * LANES);
            pack(list->number + kept, lanes, x[v]);
            kept += count_of(lanes);
        }
    }
    list->n = kept;
}

static void divide_wide(struct wide *list) {
    const struct divisor_group *groups = loaded_divisors();
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i += BLOCK_LANES) {
        vec x[BLOCK], signs[BLOCK], places[BLOCK];
        UNROLL for (size_t v = 0; v < BLOCK; v++) {
            x[v] = load(list->number + i + v * LANES);
            places[v] = load_places(list->place + i + v * LANES);
            signs[v] = zero();
        }
        for (int g = FIRST_GROUPS; g < WIDE_GROUPS; g++)
            divide_any(signs, x, &groups[g]);
        for (size_t v = 0; v < BLOCK && i + v * LANES < list->n; v++) {
            mask lanes = undivided(signs[v]) & first_lanes(list->n - i - v * LANES);
            pack(list->number + kept, lanes, x[v]);
            pack_places(list->place + kept, lanes, places[v]);
            kept += count_of(lanes);
        }
    }
    list->n = kept;
}

/* ---- the pipeline -------------------------------------------------------------------------- */

static void test_chunk(struct chunk *chunk, const uint64_t *numbers, size_t n) {
    memset(chunk->prime, 0, (n + 63) / 64 * 64);
    sort_out(chunk, numbers, n);
    divide_narrow(&chunk->narrow);
    divide_wide(&chunk->wide);
    avx512_narrow_to_base2(chunk);
    avx512_wide_to_base2(chunk);
    avx512_narrow_to_lucas(chunk);
    avx512_wide_to_lucas(chunk);
}

void batch_test_avx512(const uint64_t *numbers, size_t n, uint64_t *bitmap) {
    struct chunk chunk;
    for (size_t done = 0; done < n; done += CHUNK) {
        size_t here = n - done < CHUNK ? n - done : CHUNK;
        test_chunk(&chunk, numbers + done, here);
        for (size_t i = 0; i < here; i += 64) {
            __m512i bytes = _mm512_loadu_si512(chunk.prime + i);
            bitmap[(done + i) / 64] = _mm512_test_epi8_mask(bytes, bytes);
        }
    }
}
