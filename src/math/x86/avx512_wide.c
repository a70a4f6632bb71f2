/* AVX-512: base 2 and Lucas for numbers of two limbs, up to 2^64 - 1. */
#include "math/x86/avx512_lucas.h"

/* Vectors interleaved. */
enum { WIDE_TOGETHER = 4, LUCAS_WIDE_TOGETHER = 2 };

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
 * Several numbers are worked on step by step together, since what one step makes the next one
 * needs, a multiplication takes four cycles, and a processor looks only so far ahead.
 *
 * The Montgomery reduction of t0 + t1·2^52 + t2·2^104 by R = 2^104, subtracting limb by limb, plus
 * `sum`, of which t2 already contains the low limb. In two halves, which can be made to overlap:
 * reduce_low takes away the low limb, reduce_high the next.
 */
struct parts {
    vec t0, t1, t2, less;
};

static inline struct parts reduce_low(struct parts t, struct two n, vec inverse) {
    vec q = lo52(zero(), t.t0, inverse);
    t.t1 = sub(t.t1, lo52(hi52(zero(), q, n.low), q, n.high));
    t.less = hi52(zero(), q, n.high);
    return t;
}

static inline struct two reduce_high(struct parts t, struct two sum, struct two n, vec inverse) {
    vec q = lo52(zero(), t.t1, inverse);
    vec less = lo52(hi52(t.less, q, n.low), q, n.high);
    return (struct two){sub(add(t.t2, carry(t.t1)), less), sub(sum.high, hi52(zero(), q, n.high))};
}

/*
 * What a²/R + sum and a·b/R + sum modulo n are reduced from: within (sum - n, sum + a·b/R], for
 * high limbs below 2^26. Results are to be carried or normalised.
 */
static inline struct parts square_parts(struct two sum, struct two a) {
    vec twice = add(a.high, a.high);
    return (struct parts){lo52(zero(), a.low, a.low),
                          lo52(hi52(zero(), a.low, a.low), a.low, twice),
                          lo52(hi52(sum.low, a.low, twice), a.high, a.high), zero()};
}

static inline struct parts product_parts(struct two sum, struct two a, struct two b) {
    return (struct parts){lo52(zero(), a.low, b.low),
                          lo52(lo52(hi52(zero(), a.low, b.low), a.low, b.high), a.high, b.low),
                          lo52(hi52(hi52(sum.low, a.low, b.high), a.high, b.low), a.high, b.high),
                          zero()};
}

static inline struct two square_wide(struct two sum, struct two a, struct two n, vec inverse) {
    return reduce_high(reduce_low(square_parts(sum, a), n, inverse), sum, n, inverse);
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

enum { RADIX_BITS = 2 * LIMB_BITS, WINDOW = 3 };

static inline void base2_wide(struct base2_wide *group, unsigned bits) {
    enum { TOGETHER = WIDE_TOGETHER, START_MOST = LIMB_BITS + 25 };
    vec inverse[TOGETHER], exponent[TOGETHER];
    struct two n[TOGETHER], x[TOGETHER];
    UNROLL for (int v = 0; v < TOGETHER; v++) {
        exponent[v] = sub(zero(), _mm512_srli_epi64(group->n[v], 1));
        n[v] = split(group->n[v]);
        inverse[v] = inverse52(group->n[v]);
    }
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
    UNROLL for (int v = 0; v < TOGETHER; v++) exponent[v] = left_aligned(exponent[v], bits);
    /* R leaves so much room that three squares may be followed by all their doublings at once. */
    for (; bits > 0; bits -= WINDOW) {
        UNROLL for (int i = 0; i < WINDOW; i++) {
            EACH(v, TOGETHER) {
                x[v] = square_wide(n[v], x[v], n[v], inverse[v]);
                if (i == WINDOW - 1) {
                    vec leading = next_bits(&exponent[v], WINDOW);
                    x[v].low = _mm512_sllv_epi64(x[v].low, leading);
                    x[v].high = _mm512_sllv_epi64(x[v].high, leading);
                }
                x[v] = carried(x[v]);
            }
        }
    }
    EACH(v, TOGETHER) {
        /* (±1)² in Montgomery form: what R is modulo n, without dividing. */
        struct two one = normalise(square_wide(n[v], x[v], n[v], inverse[v]));
        group->one[v] = join(subtract_once(one, n[v]));
        /* Out of Montgomery form: in [1, n]. */
        struct parts t = {x[v].low, x[v].high, n[v].low, zero()};
        struct two power = reduce_high(reduce_low(t, n[v], inverse[v]), n[v], n[v], inverse[v]);
        vec wanted =
            _mm512_mask_sub_epi64(splat(1), two_is_nonresidue(group->n[v]), group->n[v], splat(1));
        group->passed[v] = _mm512_cmpeq_epu64_mask(join(normalise(power)), wanted);
    }
}

void avx512_wide_to_base2(struct chunk *chunk) {
    struct wide *list = &chunk->wide;
    struct lucas_list *left = &chunk->lucas_wide;
    enum { GROUP = LANES * WIDE_TOGETHER };
    left->n = 0;
    if (list->n == 0)
        return;
    fill(list->number, list->n, GROUP);
    unsigned bits = bits_to_do(list->number, list->n, UINT64_MAX, RADIX_BITS, WINDOW);
    for (size_t i = 0; i < list->n; i += GROUP) {
        struct base2_wide group;
        UNROLL for (int v = 0; v < WIDE_TOGETHER; v++) group.n[v] =
            load(list->number + i + (size_t)v * LANES);
        base2_wide(&group, bits);
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

/* ---- the Lucas test, two limbs ------------------------------------------------------------- */

/* factor·x modulo n, for factors below 2^48 and x < n, given x/n. */
static inline struct two small_multiple(vec factor, struct two x, __m512d share, struct two n) {
    /* Off by one at most. */
    vec quotient = _mm512_cvttpd_epu64(_mm512_mul_pd(_mm512_cvtepu64_pd(factor), share));
    vec low = sub(lo52(zero(), factor, x.low), lo52(zero(), quotient, n.low));
    vec high = sub(lo52(hi52(zero(), factor, x.low), factor, x.high),
                   lo52(hi52(zero(), quotient, n.low), quotient, n.high));
    struct two rest = normalise((struct two){low, high});
    /* Above 2^104 nothing was worked out: the sign is that of the 52-bit high limb. */
    rest.high = signed_limb(rest.high);
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

/* A vector's chain, and how far a step of it is. */
struct chain {
    struct two square, product, n, less_2, less_p;
    struct parts square_parts, product_parts;
    vec inverse;
    uint8_t changes[64]; /* by bits of n + 1 */
};

/* A step of the chain, for bit i, in two halves. */
INLINE void step_low(struct chain *c, int i) {
    mask choice = _load_mask8(&c->changes[i]);
    struct two squared = {chosen(choice, c->square.low, c->product.low),
                          chosen(choice, c->square.high, c->product.high)};
    c->square_parts = reduce_low(square_parts(c->less_2, squared), c->n, c->inverse);
    c->product_parts =
        reduce_low(product_parts(c->less_p, c->square, c->product), c->n, c->inverse);
}

INLINE void step_high(struct chain *c) {
    c->square = carried(reduce_high(c->square_parts, c->less_2, c->n, c->inverse));
    c->product = carried(reduce_high(c->product_parts, c->less_p, c->n, c->inverse));
}

/*
 * The one's second half beside the other's first. Takes the first half of the step for bit i as
 * done with a, and does that of the next bit, once too often at the end.
 */
INLINE void step_both(struct chain *a, struct chain *b, int i) {
    step_low(b, i);
    step_high(a);
    step_low(a, i - 1);
    step_high(b);
}

/* Sets out for the bits of n + 1 below the ith; those from there on are done. */
INLINE void chain_start(struct chain *c, vec n, vec one_joined, vec parameter, int i) {
    struct two one = split(one_joined);
    __m512d share = _mm512_div_pd(_mm512_cvtepu64_pd(one_joined), _mm512_cvtepu64_pd(n));
    vec leading = leading_bits(n, i), v_k, v_next;
    leading_terms(parameter, leading, &v_k, &v_next);
    c->n = split(n);
    c->inverse = inverse52(n);
    c->square = small_multiple(v_k, one, share, c->n);
    c->product = small_multiple(v_next, one, share, c->n);
    c->less_2 = twice_less(c->n, small_multiple(splat(2), one, share, c->n));
    c->less_p = twice_less(c->n, small_multiple(parameter, one, share, c->n));
    /* To start with, the square is V_k. */
    bit_masks(c->changes, changes(n, i));
}

INLINE mask chain_verdict(const struct chain *c, vec joined, int i) {
    mask ones = _mm512_test_epi64_mask(add(joined, splat(1)), bit((unsigned)i));
    struct two v_k = {limb(chosen(ones, c->square.low, c->product.low)),
                      chosen(ones, c->square.high, c->product.high)};
    vec value = join(subtract_once(subtract_once(v_k, c->n), c->n));
    vec minus_two = join(subtract_once(normalise(c->less_2), c->n));
    return lucas_verdict(value, minus_two, joined, i);
}

static inline void lucas_wide(struct lucas_wide *group) {
    vec last = zero();
    EACH(g, LUCAS_WIDE_TOGETHER) last = _mm512_or_si512(last, last_bit(group->n[g]));
    int checked = highest_bit(last);
    vec all = _mm512_or_si512(add(group->n[0], splat(1)), add(group->n[1], splat(1)));
    int i = highest_bit(all) + 1 - LEADING_BITS; /* bits from i on are done */
    struct chain a, b;
    chain_start(&a, group->n[0], group->one[0], group->parameter[0], i);
    chain_start(&b, group->n[1], group->one[1], group->parameter[1], i);
    mask a_passed = 0, b_passed = 0;
    i--;
    step_low(&a, i);
    for (; i > checked; i--) /* V < 2n + 2^28 */
        step_both(&a, &b, i);
    for (; i >= 1; i--) {
        step_both(&a, &b, i);
        a_passed |= chain_verdict(&a, group->n[0], i);
        b_passed |= chain_verdict(&b, group->n[1], i);
    }
    group->passed[0] = a_passed;
    group->passed[1] = b_passed;
}

void avx512_wide_to_lucas(struct chunk *chunk) {
    enum { GROUP = LANES * LUCAS_WIDE_TOGETHER };
    struct lucas_list *list = &chunk->lucas_wide;
    if (list->n == 0)
        return;
    fill(list->number, list->n, GROUP);
    fill(list->one, list->n, GROUP);
    for (size_t i = 0; i < list->n; i += GROUP) {
        struct lucas_wide group;
        for (size_t g = 0; g < LUCAS_WIDE_TOGETHER; g++) {
            group.n[g] = load(list->number + i + g * LANES);
            group.one[g] = load(list->one + i + g * LANES);
            group.parameter[g] = parameters(group.n[g]);
        }
        lucas_wide(&group);
        for (size_t g = 0; g < LUCAS_WIDE_TOGETHER; g++)
            conclude(chunk, list, i + g * LANES, group.passed[g], group.n[g], group.parameter[g]);
    }
}
