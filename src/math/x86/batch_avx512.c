/*
 * Batches with AVX-512 and its 52-bit multiply-add (IFMA): eight different numbers to a vector,
 * several vectors interleaved to hide the multiplier's latency. The method is in docs/METHOD.md.
 *
 * Limbs have 52 bits. A multiply-add ignores what its factors have above that, so limbs may carry
 * more there: an index, or what is still to be carried, even a sign.
 */
#include "math/batch.h"
#include "math/divisors.h"
#include "math/lucas_parameter.h"
#include "math/primality.h"

#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

typedef __m512i vec;
typedef __mmask8 mask;

enum {
    LANES = 8,
    CHUNK = 2048,     /* numbers worked on at once: all lists of a chunk fit the L2 cache */
    SMALL_BITS = 16,  /* numbers below that many bits are left to mr_is_prime */
    NARROW_BITS = 48, /* below: one limb, with 4 bits to spare for lazy reduction */
    LIMB_BITS = 52,
    NARROW_TOGETHER = 5, /* vectors interleaved */
    WIDE_TOGETHER = 4,
    LUCAS_NARROW_TOGETHER = 3,
    LUCAS_WIDE_TOGETHER = 2,
    MOST_TOGETHER = 5
};
#define LIMB_MASK ((UINT64_C(1) << LIMB_BITS) - 1)
#define UNROLL _Pragma("GCC unroll 8")

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
    return n < LANES ? (mask)((1u << n) - 1) : (mask)0xff;
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
static void fill(uint64_t *list, size_t n, size_t group) {
    for (size_t i = n; i % group != 0; i++)
        list[i] = list[n - 1];
}

static void mark(struct chunk *chunk, mask lanes, vec places) {
    uint64_t place[LANES];
    pack(place, lanes, places);
    for (size_t i = 0, n = count_of(lanes); i < n; i++)
        chunk->prime[place[i]] = 1;
}

/* Lists the odd numbers by size, and answers the small ones. */
static void sort_out(struct chunk *chunk, const uint64_t *numbers, size_t n) {
    struct narrow *narrow = &chunk->narrow;
    struct wide *wide = &chunk->wide;
    size_t n_narrow = 0, n_wide = 0;
    vec places = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
    for (size_t i = 0; i < n; i += LANES, places = add(places, splat(LANES))) {
        mask lanes = first_lanes(n - i);
        vec x = _mm512_maskz_loadu_epi64(lanes, numbers + i);
        mask small = _mm512_mask_cmplt_epu64_mask(lanes, x, bit(SMALL_BITS));
        for (mask left = small; left; left &= (mask)(left - 1)) {
            size_t at = i + (size_t)__builtin_ctz(left);
            chunk->prime[at] = mr_is_prime(numbers[at]);
        }
        mask odd = _mm512_mask_test_epi64_mask(lanes & (mask)~small, x, splat(1));
        mask below = _mm512_mask_cmplt_epu64_mask(odd, x, bit(NARROW_BITS));
        mask above = odd & (mask)~below;
        pack(narrow->number + n_narrow, below,
             _mm512_or_si512(x, _mm512_slli_epi64(places, LIMB_BITS)));
        n_narrow += count_of(below);
        if (above) {
            pack(wide->number + n_wide, above, x);
            pack_places(wide->place + n_wide, above, places);
            n_wide += count_of(above);
        }
    }
    narrow->n = n_narrow;
    wide->n = n_wide;
}

/* ---- trial division ------------------------------------------------------------------------ */

/* Clears the lanes that a divisor of the group divides. What x has above 52 bits is ignored. */
static inline mask undivided(mask lanes, vec x, const struct divisor_group *group) {
    UNROLL for (size_t i = 0; i < DIVISORS_TOGETHER; i++) {
        const struct divisor52 *divisor = &group->divisors[i];
        lanes = _mm512_mask_cmpgt_epu64_mask(lanes, lo52(zero(), x, splat(divisor->inverse)),
                                             splat(divisor->most));
    }
    return lanes;
}

static void divide_narrow(struct narrow *list, const struct divisor_group *groups,
                          size_t n_groups) {
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i += LANES) {
        vec x = load(list->number + i);
        mask lanes = first_lanes(list->n - i);
        for (size_t g = 0; g < n_groups; g++)
            lanes = undivided(lanes, x, &groups[g]);
        pack(list->number + kept, lanes, x);
        kept += count_of(lanes);
    }
    list->n = kept;
}

/*
 * With n = low + 2^50·high, low + (2^50 mod m)·high has the same remainders as n by all divisors
 * of m and, for m < 2^37, is below 2^52.
 */
static inline mask undivided_wide(mask lanes, vec x, const struct divisor_group *group) {
    vec low = _mm512_and_si512(x, splat((UINT64_C(1) << DIVISOR_FOLD_BITS) - 1));
    vec high = _mm512_srli_epi64(x, DIVISOR_FOLD_BITS);
    vec folded = lo52(low, high, splat(group->fold));
    return undivided(lanes, folded, group);
}

static void divide_wide(struct wide *list, const struct divisor_group *groups, size_t n_groups) {
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i += LANES) {
        vec x = load(list->number + i), places = load_places(list->place + i);
        mask lanes = first_lanes(list->n - i);
        for (size_t g = 0; g < n_groups; g++)
            lanes = undivided_wide(lanes, x, &groups[g]);
        pack(list->number + kept, lanes, x);
        pack_places(list->place + kept, lanes, places);
        kept += count_of(lanes);
    }
    list->n = kept;
}

static inline mask psp_unlisted(vec n) {
    (void)n;
    return 0;
}

/* ---- base 2, one limb ---------------------------------------------------------------------- */

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

/* Bits below the leading ones, of the largest of exponents, that fit into [-most, 0). */
static inline unsigned bits_to_do(uint64_t largest, uint64_t most) {
    unsigned bits = 0;
    while ((largest + (UINT64_C(1) << bits) - 1) >> bits > most)
        bits++;
    return bits;
}

/*
 * a·b/R + n modulo n, in (0, 2n) where a·b <= R·n. The reduction subtracts, so the low limbs
 * cancel and there is nothing to carry.
 */
static inline vec multiply_narrow(vec sum, vec a, vec b, vec n, vec inverse) {
    vec low = lo52(zero(), a, b), high = hi52(sum, a, b);
    return sub(high, hi52(zero(), lo52(zero(), low, inverse), n));
}

/* 2^exponent modulo n, for exponents below 52 and n < 2^48. */
static vec power_of_two_mod(vec exponent, vec n) {
    vec power = _mm512_sllv_epi64(splat(1), exponent);
    __m512d quotient = _mm512_div_pd(_mm512_cvtepu64_pd(power), _mm512_cvtepu64_pd(n));
    /* Rounding may have taken the quotient one too far. */
    vec rest = sub(power, _mm512_mullo_epi64(_mm512_cvttpd_epu64(quotient), n));
    return _mm512_min_epu64(rest, add(rest, n));
}

struct base2_narrow {
    vec n[NARROW_TOGETHER], one[NARROW_TOGETHER];
    mask passed[NARROW_TOGETHER];
};

static inline void base2_narrow(struct base2_narrow *group) {
    enum { TOGETHER = NARROW_TOGETHER };
    vec inverse[TOGETHER], exponent[TOGETHER], x[TOGETHER], most = zero();
    UNROLL for (int v = 0; v < TOGETHER; v++) {
        vec half = _mm512_srli_epi64(group->n[v], 1);
        most = _mm512_max_epu64(most, half);
        exponent[v] = sub(zero(), half);
        inverse[v] = inverse52(group->n[v]);
    }
    unsigned bits = bits_to_do(_mm512_reduce_max_epu64(most), LIMB_BITS);
    UNROLL for (int v = 0; v < TOGETHER; v++) {
        vec n = group->n[v];
        vec start =
            add(_mm512_sra_epi64(exponent[v], _mm_cvtsi32_si128((int)bits)), splat(LIMB_BITS));
        x[v] = _mm512_sllv_epi64(splat(1), start);
        /* Far smaller than the largest of the group: its exponent's leading bits say little. */
        if (_mm512_cmpge_epu64_mask(x[v], _mm512_slli_epi64(n, 2)))
            x[v] = power_of_two_mod(start, n);
    }
    while (bits-- > 0) /* x < 4n < 2^50 */
        UNROLL for (int v = 0; v < TOGETHER; v++) {
            mask twice = _mm512_test_epi64_mask(exponent[v], bit(bits));
            x[v] = multiply_narrow(group->n[v], x[v], x[v], group->n[v], inverse[v]);
            x[v] = _mm512_mask_add_epi64(x[v], twice, x[v], x[v]);
        }
    UNROLL for (int v = 0; v < TOGETHER; v++) {
        vec n = group->n[v];
        /* Out of Montgomery form: in [1, n]. */
        vec power = sub(n, hi52(zero(), lo52(zero(), x[v], inverse[v]), n));
        vec wanted = _mm512_mask_sub_epi64(splat(1), two_is_nonresidue(n), n, splat(1));
        group->passed[v] = _mm512_cmpeq_epu64_mask(power, wanted);
        /* (±1)² in Montgomery form: what R is modulo n, without dividing. */
        vec one = multiply_narrow(n, x[v], x[v], n, inverse[v]);
        group->one[v] = _mm512_min_epu64(one, sub(one, n));
    }
}

/* Tests the list; primes are marked, and what a table cannot tell from them is listed. */
static void narrow_to_base2(struct chunk *chunk) {
    struct narrow *list = &chunk->narrow;
    struct lucas_list *left = &chunk->lucas_narrow;
    enum { GROUP = LANES * NARROW_TOGETHER };
    left->n = 0;
    if (list->n == 0)
        return;
    fill(list->number, list->n, GROUP);
    for (size_t i = 0; i < list->n; i += GROUP) {
        struct base2_narrow group;
        UNROLL for (int v = 0; v < NARROW_TOGETHER; v++) group.n[v] =
            limb(load(list->number + i + (size_t)v * LANES));
        base2_narrow(&group);
        for (size_t v = 0; v < NARROW_TOGETHER && i + v * LANES < list->n; v++) {
            mask passed = group.passed[v] & first_lanes(list->n - i - v * LANES);
            if (!passed)
                continue;
            vec n = group.n[v];
            vec places = _mm512_srli_epi64(load(list->number + i + v * LANES), LIMB_BITS);
            mask listed = passed & psp_unlisted(n);
            mark(chunk, listed, places);
            mask open = passed & (mask)~listed;
            if (!open)
                continue;
            pack(left->number + left->n, open, n);
            pack(left->one + left->n, open, group.one[v]);
            pack_places(left->place + left->n, open, places);
            left->n += count_of(open);
        }
    }
}

/* ---- two limbs ----------------------------------------------------------------------------- */

/* A number as two limbs, lowest first: what the low one carries has been added to the high one. */
struct two {
    vec low, high;
};

static inline struct two split(vec x) {
    return (struct two){limb(x), _mm512_srli_epi64(x, LIMB_BITS)};
}

static inline vec join(struct two x) {
    return _mm512_or_si512(x.low, _mm512_slli_epi64(x.high, LIMB_BITS));
}

static inline struct two normalise(struct two x) {
    return (struct two){limb(x.low), add(x.high, carry(x.low))};
}

/* As normalise, for factors: what the low limb carries stays there as well, and is ignored. */
static inline struct two carried(struct two x) {
    return (struct two){x.low, add(x.high, carry(x.low))};
}

/*
 * The Montgomery reduction of t0 + t1·2^52 + t2·2^104 by R = 2^104, plus `sum` at the top, which
 * t2 already contains in its lowest limb. Subtracts, limb by limb.
 */
static inline struct two reduce_wide(vec t0, vec t1, vec t2, vec sum_high, struct two n,
                                     vec inverse) {
    vec q0 = lo52(zero(), t0, inverse);
    t1 = sub(t1, lo52(hi52(zero(), q0, n.low), q0, n.high));
    vec q1 = lo52(zero(), t1, inverse);
    vec less = lo52(hi52(hi52(zero(), q0, n.high), q1, n.low), q1, n.high);
    return (struct two){sub(add(t2, carry(t1)), less), sub(sum_high, hi52(zero(), q1, n.high))};
}

/*
 * a²/R + sum and a·b/R + sum modulo n, within (sum - n, sum + a·b/R], for high limbs below 2^26.
 * The result is to be carried or normalised.
 */
static inline struct two square_wide(struct two sum, struct two a, struct two n, vec inverse) {
    vec twice = add(a.high, a.high);
    vec t0 = lo52(zero(), a.low, a.low);
    vec t1 = lo52(hi52(zero(), a.low, a.low), a.low, twice);
    vec t2 = lo52(hi52(sum.low, a.low, twice), a.high, a.high);
    return reduce_wide(t0, t1, t2, sum.high, n, inverse);
}

static inline struct two multiply_wide(struct two sum, struct two a, struct two b, struct two n,
                                       vec inverse) {
    vec t0 = lo52(zero(), a.low, b.low);
    vec t1 = lo52(lo52(hi52(zero(), a.low, b.low), a.low, b.high), a.high, b.low);
    vec t2 = lo52(hi52(hi52(sum.low, a.low, b.high), a.high, b.low), a.high, b.high);
    return reduce_wide(t0, t1, t2, sum.high, n, inverse);
}

/* x - n where that is not negative. */
static inline struct two subtract_once(struct two x, struct two n) {
    struct two less = normalise((struct two){sub(x.low, n.low), sub(x.high, n.high)});
    mask keep = _mm512_movepi64_mask(less.high);
    return (struct two){_mm512_mask_mov_epi64(less.low, keep, x.low),
                        _mm512_mask_mov_epi64(less.high, keep, x.high)};
}

/* ---- base 2, two limbs --------------------------------------------------------------------- */

struct base2_wide {
    vec n[WIDE_TOGETHER], one[WIDE_TOGETHER];
    mask passed[WIDE_TOGETHER];
};

/* 2^exponent modulo n in the given lanes, for exponents up to 103. */
static void powers_of_two_mod(mask lanes, vec exponent, vec n, struct two *x) {
    uint64_t exponents[LANES], numbers[LANES], low[LANES], high[LANES];
    _mm512_storeu_si512(exponents, exponent);
    _mm512_storeu_si512(numbers, n);
    _mm512_storeu_si512(low, x->low);
    _mm512_storeu_si512(high, x->high);
    for (; lanes; lanes &= (mask)(lanes - 1)) {
        int i = __builtin_ctz(lanes);
        unsigned __int128 power = (unsigned __int128)1 << exponents[i];
        uint64_t rest = (uint64_t)(power % numbers[i]);
        low[i] = rest & LIMB_MASK;
        high[i] = rest >> LIMB_BITS;
    }
    *x = (struct two){load(low), load(high)};
}

static inline void base2_wide(struct base2_wide *group) {
    enum { TOGETHER = WIDE_TOGETHER, RADIX_BITS = 2 * LIMB_BITS, START_MOST = LIMB_BITS + 25 };
    vec inverse[TOGETHER], exponent[TOGETHER], most = zero();
    struct two n[TOGETHER], x[TOGETHER];
    UNROLL for (int v = 0; v < TOGETHER; v++) {
        vec half = _mm512_srli_epi64(group->n[v], 1);
        most = _mm512_max_epu64(most, half);
        exponent[v] = sub(zero(), half);
        n[v] = split(group->n[v]);
        inverse[v] = inverse52(group->n[v]);
    }
    unsigned bits = bits_to_do(_mm512_reduce_max_epu64(most), RADIX_BITS);
    UNROLL for (int v = 0; v < TOGETHER; v++) {
        vec start =
            add(_mm512_sra_epi64(exponent[v], _mm_cvtsi32_si128((int)bits)), splat(RADIX_BITS));
        mask in_low = _mm512_cmplt_epu64_mask(start, splat(LIMB_BITS));
        x[v].low = _mm512_maskz_sllv_epi64(in_low, splat(1), start);
        x[v].high = _mm512_sllv_epi64(splat(1), sub(start, splat(LIMB_BITS)));
        mask large = _mm512_cmpgt_epu64_mask(start, splat(START_MOST));
        if (large)
            powers_of_two_mod(large, start, group->n[v], &x[v]);
    }
    while (bits-- > 0)
        UNROLL for (int v = 0; v < TOGETHER; v++) {
            mask twice = _mm512_test_epi64_mask(exponent[v], bit(bits));
            struct two y = square_wide(n[v], x[v], n[v], inverse[v]);
            y.low = _mm512_mask_add_epi64(y.low, twice, y.low, y.low);
            y.high = _mm512_mask_add_epi64(y.high, twice, y.high, y.high);
            x[v] = carried(y);
        }
    UNROLL for (int v = 0; v < TOGETHER; v++) {
        vec power = join(normalise(
            reduce_wide(limb(x[v].low), x[v].high, n[v].low, n[v].high, n[v], inverse[v])));
        vec wanted =
            _mm512_mask_sub_epi64(splat(1), two_is_nonresidue(group->n[v]), group->n[v], splat(1));
        group->passed[v] = _mm512_cmpeq_epu64_mask(power, wanted);
        struct two one = normalise(square_wide(n[v], x[v], n[v], inverse[v]));
        group->one[v] = join(subtract_once(one, n[v]));
    }
}

static void wide_to_base2(struct chunk *chunk) {
    struct wide *list = &chunk->wide;
    struct lucas_list *left = &chunk->lucas_wide;
    enum { GROUP = LANES * WIDE_TOGETHER };
    left->n = 0;
    if (list->n == 0)
        return;
    fill(list->number, list->n, GROUP);
    for (size_t i = 0; i < list->n; i += GROUP) {
        struct base2_wide group;
        UNROLL for (int v = 0; v < WIDE_TOGETHER; v++) group.n[v] =
            load(list->number + i + (size_t)v * LANES);
        base2_wide(&group);
        for (size_t v = 0; v < WIDE_TOGETHER && i + v * LANES < list->n; v++) {
            mask passed = group.passed[v] & first_lanes(list->n - i - v * LANES);
            if (!passed)
                continue;
            pack(left->number + left->n, passed, group.n[v]);
            pack(left->one + left->n, passed, group.one[v]);
            pack_places(left->place + left->n, passed, load_places(list->place + i + v * LANES));
            left->n += count_of(passed);
        }
    }
}

/* ---- the Lucas test ------------------------------------------------------------------------ */

/*
 * The extra strong Lucas test (see lucas.h) on numbers that passed base 2 and are not divisible
 * by 1093 or 3511. Those are squarefree: 2^(n-1) = 1 mod n with p²|n needs 2^(p-1) = 1 mod p²,
 * and below 2^32 only these two primes have that (Wieferich primes; F. G. Dorais and D. Klyve, "A
 * Wieferich prime search up to 6.7·10^15", J. Integer Seq. 14, 2011). For squarefree n, V_d = ±2
 * implies U_d = 0, since V² - 4 = D·U², so that the chain of V alone decides.
 *
 * V_k, V_(k+1) is led to V_2k, V_(2k+1) or V_(2k+1), V_(2k+2) by one square and one product,
 * V_2k = V_k² - 2 and V_(2k+1) = V_k·V_(k+1) - P, over the bits of n + 1 = d·2^s. The first
 * three bits are done with small integers.
 */
enum { LEADING_BITS = 3 };

/* Lanes not divisible by a Wieferich prime. */
static inline mask no_wieferich(vec n) {
    mask lanes = _mm512_cmpgt_epu64_mask(_mm512_mullo_epi64(n, splat(DIVISOR_INVERSE(1093))),
                                         splat(UINT64_MAX / 1093));
    return _mm512_mask_cmpgt_epu64_mask(lanes, _mm512_mullo_epi64(n, splat(DIVISOR_INVERSE(3511))),
                                        splat(UINT64_MAX / 3511));
}

/* The parameters of eight numbers; 0 for those left to the scalar test. */
static vec parameters(const uint64_t *numbers) {
    uint64_t parameter[LANES];
    for (int i = 0; i < LANES; i++) {
        uint64_t successor = numbers[i] + 1;
        bool led_past = successor >> __builtin_ctzll(successor) >> LEADING_BITS == 0;
        parameter[i] = led_past ? 0 : lucas_parameter(numbers[i]);
    }
    return load(parameter);
}

/* V_k and V_(k+1) for k < 8, exactly: below 2^48 for P <= 59. */
static inline void leading_terms(vec parameter, vec k, vec *v_k, vec *v_next) {
    vec p = parameter, v[9];
    v[0] = splat(2);
    v[1] = p;
    for (int i = 2; i <= 8; i++)
        v[i] = sub(_mm512_mullo_epi64(v[i / 2], v[(i + 1) / 2]), i % 2 ? p : splat(2));
    *v_k = v[0];
    *v_next = v[1];
    for (unsigned i = 1; i < 8; i++) {
        mask here = _mm512_cmpeq_epu64_mask(k, splat(i));
        *v_k = _mm512_mask_mov_epi64(*v_k, here, v[i]);
        *v_next = _mm512_mask_mov_epi64(*v_next, here, v[i + 1]);
    }
}

/* factor·x modulo n, for factors below 2^48 and x < n. */
static inline struct two small_multiple(vec factor, struct two x, vec joined, vec n_joined,
                                        struct two n) {
    __m512d share = _mm512_div_pd(_mm512_cvtepu64_pd(joined), _mm512_cvtepu64_pd(n_joined));
    /* Off by one at most. */
    vec quotient = _mm512_cvttpd_epu64(_mm512_mul_pd(_mm512_cvtepu64_pd(factor), share));
    vec low = sub(lo52(zero(), factor, x.low), lo52(zero(), quotient, n.low));
    vec high = sub(lo52(hi52(zero(), factor, x.low), factor, x.high),
                   lo52(hi52(zero(), quotient, n.low), quotient, n.high));
    struct two rest = normalise((struct two){low, high});
    /* Above 2^104 nothing was worked out: the sign is that of the 52-bit high limb. */
    rest.high = _mm512_srai_epi64(_mm512_slli_epi64(rest.high, 64 - LIMB_BITS), 64 - LIMB_BITS);
    mask negative = _mm512_movepi64_mask(rest.high);
    rest.low = _mm512_mask_add_epi64(rest.low, negative, rest.low, n.low);
    rest.high = _mm512_mask_add_epi64(rest.high, negative, rest.high, n.high);
    return subtract_once(normalise(rest), n);
}

struct lucas_wide {
    vec n[LUCAS_WIDE_TOGETHER], one[LUCAS_WIDE_TOGETHER], parameter[LUCAS_WIDE_TOGETHER];
    mask passed[LUCAS_WIDE_TOGETHER];
};

/* 2n - x: what is added for -x, so that no sum gets negative. */
static inline struct two twice_less(struct two n, struct two x) {
    return (struct two){sub(add(n.low, n.low), x.low), sub(add(n.high, n.high), x.high)};
}

static inline void swap(mask lanes, struct two *a, struct two *b) {
    struct two c = *a;
    a->low = _mm512_mask_mov_epi64(a->low, lanes, b->low);
    a->high = _mm512_mask_mov_epi64(a->high, lanes, b->high);
    b->low = _mm512_mask_mov_epi64(b->low, lanes, c.low);
    b->high = _mm512_mask_mov_epi64(b->high, lanes, c.high);
}

static inline void lucas_wide(struct lucas_wide *group) {
    enum { TOGETHER = LUCAS_WIDE_TOGETHER };
    vec inverse[TOGETHER], successor[TOGETHER], last_bit[TOGETHER], all = zero(), last = zero();
    struct two n[TOGETHER], minus_2[TOGETHER], minus_p[TOGETHER], v[TOGETHER], next[TOGETHER];
    mask passed[TOGETHER], swapped[TOGETHER];
    UNROLL for (int g = 0; g < TOGETHER; g++) {
        n[g] = split(group->n[g]);
        inverse[g] = inverse52(group->n[g]);
        successor[g] = add(group->n[g], splat(1)); /* n = 2^64 - 1 never comes here */
        last_bit[g] = _mm512_and_si512(successor[g], sub(zero(), successor[g]));
        all = _mm512_or_si512(all, successor[g]);
        last = _mm512_or_si512(last, last_bit[g]);
        passed[g] = swapped[g] = 0;
    }
    int top = 63 - __builtin_clzll((uint64_t)_mm512_reduce_or_epi64(all));
    int checked = 63 - __builtin_clzll((uint64_t)_mm512_reduce_or_epi64(last));
    int i = top + 1 - LEADING_BITS; /* bits from i on are done */
    UNROLL for (int g = 0; g < TOGETHER; g++) {
        struct two one = split(group->one[g]);
        vec leading = _mm512_srl_epi64(successor[g], _mm_cvtsi32_si128(i)), v_k, v_next;
        leading_terms(group->parameter[g], leading, &v_k, &v_next);
        v[g] = small_multiple(v_k, one, group->one[g], group->n[g], n[g]);
        next[g] = small_multiple(v_next, one, group->one[g], group->n[g], n[g]);
        minus_2[g] =
            twice_less(n[g], small_multiple(splat(2), one, group->one[g], group->n[g], n[g]));
        minus_p[g] = twice_less(
            n[g], small_multiple(group->parameter[g], one, group->one[g], group->n[g], n[g]));
    }
    while (i-- > 1) {
        UNROLL for (int g = 0; g < TOGETHER; g++) {
            /* Swapped while the bit is 1: then V_(k+1) is squared, else V_k. */
            mask one = _mm512_test_epi64_mask(successor[g], bit((unsigned)i));
            swap(one ^ swapped[g], &v[g], &next[g]);
            swapped[g] = one;
            next[g] = carried(multiply_wide(minus_p[g], v[g], next[g], n[g], inverse[g]));
            v[g] = carried(square_wide(minus_2[g], v[g], n[g], inverse[g]));
        }
        if (i > checked)
            continue;
        for (int g = 0; g < TOGETHER; g++) {
            mask in_next = swapped[g];
            struct two v_k = {_mm512_mask_mov_epi64(v[g].low, in_next, next[g].low),
                              _mm512_mask_mov_epi64(v[g].high, in_next, next[g].high)};
            v_k.low = limb(v_k.low);
            v_k = subtract_once(subtract_once(v_k, n[g]), n[g]);
            vec value = join(v_k), here = bit((unsigned)i);
            vec minus_two = join(subtract_once(normalise(minus_2[g]), n[g]));
            mask is_d = _mm512_cmpeq_epu64_mask(last_bit[g], here);
            mask behind_d = _mm512_cmpge_epu64_mask(last_bit[g], here);
            mask two = _mm512_cmpeq_epu64_mask(value, minus_two) |
                       _mm512_cmpeq_epu64_mask(sub(group->n[g], value), minus_two);
            passed[g] |= is_d & two;
            if (i >= 2)
                passed[g] |= behind_d & _mm512_testn_epi64_mask(value, value);
        }
    }
    UNROLL for (int g = 0; g < TOGETHER; g++) group->passed[g] = passed[g];
}

/* ---- the Lucas test, one limb -------------------------------------------------------------- */

struct lucas_narrow {
    vec n[LUCAS_NARROW_TOGETHER], one[LUCAS_NARROW_TOGETHER], parameter[LUCAS_NARROW_TOGETHER];
    mask passed[LUCAS_NARROW_TOGETHER];
};

/* factor·x modulo n, for factors below 2^48 and x < n < 2^48. */
static inline vec small_multiple_narrow(vec factor, vec x, vec n) {
    __m512d share = _mm512_div_pd(_mm512_cvtepu64_pd(x), _mm512_cvtepu64_pd(n));
    vec quotient = _mm512_cvttpd_epu64(_mm512_mul_pd(_mm512_cvtepu64_pd(factor), share));
    vec rest = _mm512_sub_epi64(lo52(zero(), factor, x), lo52(zero(), quotient, n));
    rest = _mm512_srai_epi64(_mm512_slli_epi64(rest, 64 - LIMB_BITS), 64 - LIMB_BITS);
    rest = _mm512_min_epu64(rest, add(rest, n)); /* was it negative? */
    return _mm512_min_epu64(rest, sub(rest, n)); /* was it n or more? */
}

static inline void lucas_narrow(struct lucas_narrow *group) {
    enum { TOGETHER = LUCAS_NARROW_TOGETHER };
    vec inverse[TOGETHER], successor[TOGETHER], last_bit[TOGETHER], all = zero(), last = zero();
    vec minus_2[TOGETHER], minus_p[TOGETHER], v[TOGETHER], next[TOGETHER];
    mask passed[TOGETHER], swapped[TOGETHER];
    UNROLL for (int g = 0; g < TOGETHER; g++) {
        inverse[g] = inverse52(group->n[g]);
        successor[g] = add(group->n[g], splat(1));
        last_bit[g] = _mm512_and_si512(successor[g], sub(zero(), successor[g]));
        all = _mm512_or_si512(all, successor[g]);
        last = _mm512_or_si512(last, last_bit[g]);
        passed[g] = swapped[g] = 0;
    }
    int top = 63 - __builtin_clzll((uint64_t)_mm512_reduce_or_epi64(all));
    int checked = 63 - __builtin_clzll((uint64_t)_mm512_reduce_or_epi64(last));
    int i = top + 1 - LEADING_BITS;
    UNROLL for (int g = 0; g < TOGETHER; g++) {
        vec n = group->n[g], one = group->one[g], twice = add(n, n);
        vec leading = _mm512_srl_epi64(successor[g], _mm_cvtsi32_si128(i)), v_k, v_next;
        leading_terms(group->parameter[g], leading, &v_k, &v_next);
        v[g] = small_multiple_narrow(v_k, one, n);
        next[g] = small_multiple_narrow(v_next, one, n);
        minus_2[g] = sub(twice, small_multiple_narrow(splat(2), one, n));
        minus_p[g] = sub(twice, small_multiple_narrow(group->parameter[g], one, n));
    }
    while (i-- > 1) { /* v, next < 3n */
        UNROLL for (int g = 0; g < TOGETHER; g++) {
            vec n = group->n[g];
            mask one = _mm512_test_epi64_mask(successor[g], bit((unsigned)i));
            mask exchange = one ^ swapped[g];
            vec other = _mm512_mask_mov_epi64(next[g], exchange, v[g]);
            v[g] = _mm512_mask_mov_epi64(v[g], exchange, next[g]);
            swapped[g] = one;
            next[g] = multiply_narrow(minus_p[g], v[g], other, n, inverse[g]);
            v[g] = multiply_narrow(minus_2[g], v[g], v[g], n, inverse[g]);
        }
        if (i > checked)
            continue;
        for (int g = 0; g < TOGETHER; g++) {
            vec n = group->n[g], here = bit((unsigned)i);
            vec value = _mm512_mask_mov_epi64(v[g], swapped[g], next[g]);
            value = _mm512_min_epu64(value, sub(value, n));
            value = _mm512_min_epu64(value, sub(value, n));
            vec minus_two = _mm512_min_epu64(minus_2[g], sub(minus_2[g], n));
            mask is_d = _mm512_cmpeq_epu64_mask(last_bit[g], here);
            mask behind_d = _mm512_cmpge_epu64_mask(last_bit[g], here);
            mask two = _mm512_cmpeq_epu64_mask(value, minus_two) |
                       _mm512_cmpeq_epu64_mask(sub(n, value), minus_two);
            passed[g] |= is_d & two;
            if (i >= 2)
                passed[g] |= behind_d & _mm512_testn_epi64_mask(value, value);
        }
    }
    UNROLL for (int g = 0; g < TOGETHER; g++) group->passed[g] = passed[g];
}

/* ---- the pipeline -------------------------------------------------------------------------- */

/* Marks the lanes that are prime; those without a parameter are left to the scalar test. */
static void conclude(struct chunk *chunk, const struct lucas_list *list, size_t i, mask passed,
                     vec n, vec parameter) {
    if (i >= list->n)
        return;
    mask there = first_lanes(list->n - i),
         scalar = there & _mm512_testn_epi64_mask(parameter, parameter);
    mark(chunk, there & passed & (mask)~scalar & no_wieferich(n), load_places(list->place + i));
    for (; scalar; scalar &= (mask)(scalar - 1)) {
        size_t at = i + (size_t)__builtin_ctz(scalar);
        chunk->prime[list->place[at]] = mr_is_prime(list->number[at]);
    }
}

#define DEFINE_LUCAS_PASS(SIZE, TOGETHER)                                                          \
    static void SIZE##_to_lucas(struct chunk *chunk) {                                             \
        struct lucas_list *list = &chunk->lucas_##SIZE;                                            \
        if (list->n == 0)                                                                          \
            return;                                                                                \
        fill(list->number, list->n, LANES *TOGETHER);                                              \
        fill(list->one, list->n, LANES *TOGETHER);                                                 \
        for (size_t i = 0; i < list->n; i += LANES * TOGETHER) {                                   \
            struct lucas_##SIZE group;                                                             \
            for (size_t g = 0; g < TOGETHER; g++) {                                                \
                group.n[g] = load(list->number + i + g * LANES);                                   \
                group.one[g] = load(list->one + i + g * LANES);                                    \
                group.parameter[g] = parameters(list->number + i + g * LANES);                     \
            }                                                                                      \
            lucas_##SIZE(&group);                                                                  \
            for (size_t g = 0; g < TOGETHER; g++)                                                  \
                conclude(chunk, list, i + g * LANES, group.passed[g], group.n[g],                  \
                         group.parameter[g]);                                                      \
        }                                                                                          \
    }
DEFINE_LUCAS_PASS(narrow, LUCAS_NARROW_TOGETHER)
DEFINE_LUCAS_PASS(wide, LUCAS_WIDE_TOGETHER)

/* Groups of divisors: first those that leave little, then, densely packed, more of them. */
enum { FIRST_GROUPS = 2, NARROW_GROUPS = 5, WIDE_GROUPS = 8 };

static void test_chunk(struct chunk *chunk, const uint64_t *numbers, size_t n) {
    memset(chunk->prime, 0, (n + 63) / 64 * 64);
    sort_out(chunk, numbers, n);
    divide_narrow(&chunk->narrow, divisor_groups, FIRST_GROUPS);
    divide_narrow(&chunk->narrow, divisor_groups + FIRST_GROUPS, NARROW_GROUPS - FIRST_GROUPS);
    divide_wide(&chunk->wide, divisor_groups, FIRST_GROUPS);
    divide_wide(&chunk->wide, divisor_groups + FIRST_GROUPS, WIDE_GROUPS - FIRST_GROUPS);
    narrow_to_base2(chunk);
    wide_to_base2(chunk);
    narrow_to_lucas(chunk);
    wide_to_lucas(chunk);
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
