/* AVX-512: base 2 and Lucas for numbers of two limbs, up to 2^64 - 1. */
#include "math/x86/avx512_lucas.h"

/* Vectors interleaved. */
enum { WIDE_TOGETHER = 5, LUCAS_WIDE_TOGETHER = 2 };

/* ---- two limbs ----------------------------------------------------------------------------- */

/*
 * A number as two limbs, lowest first. What the low one carries has been added to the high one and
 * stays above its 52 bits, where factors are not looked at.
 */
struct two {
    vec low, high;
};

/* A modulus, and its inverse modulo W = 2^52. */
struct modulus {
    vec low, high, inverse;
};

/* low + W·high + W²·top, the limbs not carried yet. */
struct parts {
    vec low, high, top;
};

static inline struct modulus modulus_of(vec n) {
    return (struct modulus){limb(n), _mm512_srli_epi64(n, LIMB_BITS), inverse52(n)};
}

static inline struct two split(vec x) {
    return (struct two){limb(x), _mm512_srli_epi64(x, LIMB_BITS)};
}

/* Of numbers below 2^64, carried. */
static inline vec join(struct two x) {
    return _mm512_or_si512(limb(x.low), _mm512_slli_epi64(x.high, LIMB_BITS));
}

INLINE struct two carried(struct two x) {
    return (struct two){x.low, add(x.high, carry(x.low))};
}

/* 2x and 2^e·x, carried. Doubling low may overflow: its high bits have been taken before. */
INLINE struct two doubled(struct two x) {
    return (struct two){add(x.low, x.low),
                        add(add(x.high, x.high), _mm512_srai_epi64(x.low, LIMB_BITS - 1))};
}

INLINE struct two shifted(struct two x, vec e) {
    return (struct two){
        _mm512_sllv_epi64(x.low, e),
        add(_mm512_sllv_epi64(x.high, e), _mm512_srav_epi64(x.low, sub(splat(LIMB_BITS), e)))};
}

/*
 * The numbers have 64 bits and two limbs have 104. So a Montgomery reduction need not be by two
 * rounds of 52 bits after every product: one round after one and two rounds after the next do,
 * three for two products. What is above 2^64 for a while is called high, the rest reduced.
 *
 * A round subtracts q·n, q = x/n modulo W, and divides by W: of x >= 0 it makes something in
 * (x/W - n, x/W]. Then a multiple of n, the `sum` below, makes it positive again.
 *
 * q·n.high has up to 64 bits, and a multiplication of 64 bits gets all of them at once instead of
 * two of 52, if what it is subtracted from leaves room: with an offset that brings the least and
 * the most value of a low limb into the 64 bits with a sign. That is so for n.high below a bound
 * close to 2^12; `top` says that n may be above, and takes the two of 52.
 */
INLINE struct two one_round(struct parts x, struct modulus n, const bool top) {
    vec q = lo52(zero(), x.low, n.inverse);
    if (top)
        return (struct two){sub(x.high, lo52(hi52(zero(), q, n.low), q, n.high)),
                            sub(x.top, hi52(zero(), q, n.high))};
    return (struct two){sub(x.high, hi52(_mm512_mullo_epi64(q, n.high), q, n.low)), x.top};
}

INLINE struct two two_rounds(struct parts x, vec sum_high, struct modulus n, const bool top) {
    struct two once = carried(one_round(x, n, top));
    return one_round((struct parts){once.low, once.high, sum_high}, n, top);
}

/*
 * The offset of a low limb, in units of W: its value is between -(n.high + 1) - 2^-39 and
 * 2048 - OFFSET of them, and with the offset from -2048 to 2048.
 */
enum { OFFSET_ONE = 2048 - 4 };

/* Adds an offset to a low limb, and takes it from the limb that it will be carried to. */
INLINE void offset(vec *low, vec *high, uint64_t units) {
    *low = add(*low, splat(units << LIMB_BITS));
    *high = sub(*high, splat(units));
}

/* Multiples of n to add, with their offsets: after one round, or in the second of two rounds. */
struct sum_one {
    vec low, high;
};
struct sum_two {
    vec low, high; /* the offset of the first round has been taken from low */
};

INLINE struct sum_one sum_for_one(struct two sum) {
    struct sum_one one = {limb(sum.low), sum.high};
    offset(&one.low, &one.high, OFFSET_ONE);
    return one;
}

INLINE struct sum_two sum_for_two(struct two sum, uint64_t offset_two) {
    struct sum_two two = {limb(sum.low), sum.high};
    offset(&two.low, &two.high, offset_two);
    two.low = sub(two.low, splat(OFFSET_ONE));
    return two;
}

/*
 * Squares and products, with something added to the higher limbs. For reduced factors, below 2^66
 * and a bit: their high limbs' product fits a limb. For high ones, below 2^80 and a bit: it does
 * not, but is of 32 bits by 32.
 */
INLINE struct parts square_reduced(vec high, vec top, struct two a) {
    vec twice = add(a.high, a.high);
    return (struct parts){lo52(zero(), a.low, a.low), lo52(hi52(high, a.low, a.low), a.low, twice),
                          lo52(hi52(top, a.low, twice), a.high, a.high)};
}

INLINE struct parts square_high(vec high, vec top, struct two a) {
    vec twice = add(a.high, a.high);
    return (struct parts){lo52(zero(), a.low, a.low), lo52(hi52(high, a.low, a.low), a.low, twice),
                          add(hi52(top, a.low, twice), _mm512_mul_epu32(a.high, a.high))};
}

INLINE struct parts product_reduced(vec high, vec top, struct two a, struct two b) {
    return (struct parts){lo52(zero(), a.low, b.low),
                          lo52(lo52(hi52(high, a.low, b.low), a.low, b.high), a.high, b.low),
                          lo52(hi52(hi52(top, a.low, b.high), a.high, b.low), a.high, b.high)};
}

INLINE struct parts product_high(vec high, vec top, struct two a, struct two b) {
    return (struct parts){
        lo52(zero(), a.low, b.low),
        lo52(lo52(hi52(high, a.low, b.low), a.low, b.high), a.high, b.low),
        add(hi52(hi52(top, a.low, b.high), a.high, b.low), _mm512_mul_epu32(a.high, b.high))};
}

/* -x/W modulo n, in [0, n), for x < W. */
static inline vec minus_out_once(vec x, struct modulus n) {
    vec q = lo52(zero(), x, n.inverse);
    return join(
        carried((struct two){lo52(hi52(zero(), q, n.low), q, n.high), hi52(zero(), q, n.high)}));
}

/* -x/W² modulo n, in [0, n), for x < W². */
static inline vec minus_out(struct two x, struct modulus n) {
    struct two less = two_rounds((struct parts){x.low, x.high, zero()}, zero(), n, true);
    return join(carried((struct two){sub(zero(), less.low), sub(zero(), less.high)}));
}

/* Of 16 numbers or more, is one so large that its high limb is not below the bound? */
INLINE bool any_at_least(const vec *n, int vectors, uint64_t bound) {
    vec most = n[0];
    for (int v = 1; v < vectors; v++)
        most = _mm512_max_epu64(most, n[v]);
    return _mm512_cmpge_epu64_mask(most, splat(bound << LIMB_BITS)) != 0;
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

/*
 * With two rounds after the first square, one after the second and so on, what is divided by in
 * `bits` squares is 2^rounds_collected(bits); about 2^(86.7·2^bits).
 */
static uint64_t rounds_collected(unsigned bits) {
    uint64_t collected = 0;
    for (unsigned i = 0; i < bits; i++)
        collected = 2 * collected + (i % 2 ? LIMB_BITS : 2 * LIMB_BITS);
    return collected;
}

/* Squares that it takes for numbers up to the largest of the list. */
static unsigned squares_to_do(const uint64_t *numbers, size_t n) {
    vec largest = zero();
    for (size_t i = 0; i < n; i += LANES) /* lists are filled up */
        largest = _mm512_max_epu64(largest, load(numbers + i));
    uint64_t exponent = _mm512_reduce_max_epu64(largest) / 2;
    unsigned bits = 0;
    while (rounds_collected(bits) < exponent)
        bits++;
    return bits;
}

enum { RADIX_BITS = 2 * LIMB_BITS, START_MOST = 79 };

/*
 * Bounds. A reduced x is below n + 2^55 and below 2^64 + 2^55. After its square and one round it is
 * below 2^76·(1 + 2^-9)² + n, and shifted by 3 below 2^79·1.005. After the square of that and two
 * rounds it is below n + 2^54·1.01. The low limbs, in units of W: in a first round below 3, in a
 * second one below 1 + 2^27/W + 4.05, and not less than -(n.high + 1) - 2^-39.
 */
enum { OFFSET_BASE2 = 2048 - 6, TOP_BASE2 = 2048 + OFFSET_BASE2 - 2 };

/* What a vector is worked on with. */
struct base2_modulus {
    struct modulus n;
    struct sum_one sum_one;
    struct sum_two sum_two;
};

/* The square of a high number after two rounds, of a reduced one after one: not carried yet. */
INLINE struct two squared_high(struct two x, const struct base2_modulus *m, const bool top) {
    const vec offset_one = splat((uint64_t)OFFSET_ONE << LIMB_BITS);
    return two_rounds(square_high(offset_one, m->sum_two.low, x), m->sum_two.high, m->n, top);
}

INLINE struct two squared_reduced(struct two x, const struct base2_modulus *m, const bool top) {
    return one_round(square_reduced(m->sum_one.low, m->sum_one.high, x), m->n, top);
}

INLINE void base2_wide(struct base2_wide *group, unsigned bits, const bool top) {
    enum { TOGETHER = WIDE_TOGETHER, HALF = TOGETHER / 2 };
    vec exponent[TOGETHER];
    struct base2_modulus m[TOGETHER];
    struct two x[TOGETHER];
    /* x = 2^(R - (n-1)/2) at the end, R = 104: over all squares, that and what they divide by. */
    const vec collected = splat(rounds_collected(bits) + RADIX_BITS);
    EACH(v, TOGETHER) {
        m[v].n = modulus_of(group->n[v]);
        exponent[v] = sub(collected, _mm512_srli_epi64(group->n[v], 1));
        struct two sum = {m[v].n.low, m[v].n.high};
        m[v].sum_one = sum_for_one(sum);
        m[v].sum_two = sum_for_two(sum, OFFSET_BASE2);
        vec start = _mm512_srl_epi64(exponent[v], _mm_cvtsi32_si128((int)bits));
        x[v].low = _mm512_sllv_epi64(splat(1), start);
        mask in_low = _mm512_cmplt_epu64_mask(start, splat(LIMB_BITS));
        x[v].low = _mm512_maskz_mov_epi64(in_low, x[v].low);
        x[v].high = _mm512_sllv_epi64(splat(1), sub(start, splat(LIMB_BITS)));
        mask large = _mm512_cmpgt_epu64_mask(start, splat(START_MOST));
        if (large)
            powers_of_two_mod(large, start, group->n[v], &x[v]);
        exponent[v] = left_aligned(exponent[v], bits);
    }
    /* Half of the vectors square high numbers while the others square reduced ones. */
    if (bits >= 2) {
        FROM(v, HALF, TOGETHER) x[v] = carried(squared_high(x[v], &m[v], top));
        for (; bits >= 4; bits -= 2) {
            FROM(v, 0, HALF) x[v] = carried(squared_high(x[v], &m[v], top));
            FROM(v, HALF, TOGETHER)
            x[v] = shifted(squared_reduced(x[v], &m[v], top), next_bits(&exponent[v], 2));
            FROM(v, 0, HALF)
            x[v] = shifted(squared_reduced(x[v], &m[v], top), next_bits(&exponent[v], 2));
            FROM(v, HALF, TOGETHER) x[v] = carried(squared_high(x[v], &m[v], top));
        }
        FROM(v, 0, HALF) x[v] = carried(squared_high(x[v], &m[v], top));
        EACH(v, TOGETHER)
        x[v] = shifted(squared_reduced(x[v], &m[v], top), next_bits(&exponent[v], 2));
        bits -= 2;
    }
    EACH(v, TOGETHER) {
        if (bits)
            x[v] = shifted(squared_high(x[v], &m[v], top), next_bits(&exponent[v], 1));
        /* (±1)² in Montgomery form: what R is modulo n, without dividing. */
        struct two one = carried(squared_high(x[v], &m[v], top));
        vec less = sub(join(one), group->n[v]);
        mask negative = _mm512_cmplt_epu64_mask(join(one), group->n[v]);
        mask long_one = _mm512_test_epi64_mask(one.high, splat(1 << (64 - LIMB_BITS)));
        group->one[v] = _mm512_mask_mov_epi64(less, negative & (mask)~long_one, join(one));
        /* Out of Montgomery form, and negated. */
        vec minus_power = minus_out(x[v], m[v].n);
        vec wanted = _mm512_mask_mov_epi64(sub(group->n[v], splat(1)),
                                           two_is_nonresidue(group->n[v]), splat(1));
        group->passed[v] = _mm512_cmpeq_epu64_mask(minus_power, wanted);
    }
}

static inline void list_for_lucas(struct lucas_list *list, mask lanes, vec n, vec one, vec places) {
    pack(list->number + list->n, lanes, n);
    pack(list->one + list->n, lanes, one);
    pack_places(list->place + list->n, lanes, places);
    list->n += count_of(lanes);
}

static inline void append(struct lucas_list *list, const struct lucas_list *tail) {
    memcpy(list->number + list->n, tail->number, tail->n * sizeof *tail->number);
    memcpy(list->one + list->n, tail->one, tail->n * sizeof *tail->one);
    memcpy(list->place + list->n, tail->place, tail->n * sizeof *tail->place);
    list->n += tail->n;
}

void avx512_wide_to_base2(struct chunk *chunk) {
    struct wide *list = &chunk->wide;
    struct lucas_list *left = &chunk->lucas_wide;
    enum { GROUP = LANES * WIDE_TOGETHER };
    /* What n + 1 has 8 as a divisor of comes last: for the others V is looked at twice only. */
    struct lucas_list later;
    left->n = later.n = 0;
    if (list->n == 0)
        return;
    fill(list->number, list->n, GROUP);
    unsigned bits = squares_to_do(list->number, list->n);
    for (size_t i = 0; i < list->n; i += GROUP) {
        struct base2_wide group;
        UNROLL for (int v = 0; v < WIDE_TOGETHER; v++) group.n[v] =
            load(list->number + i + (size_t)v * LANES);
        if (any_at_least(group.n, WIDE_TOGETHER, TOP_BASE2))
            base2_wide(&group, bits, true);
        else
            base2_wide(&group, bits, false);
        for (size_t v = 0; v < WIDE_TOGETHER && i + v * LANES < list->n; v++) {
            mask passed = group.passed[v] & first_lanes(list->n - i - v * LANES);
            if (!passed)
                continue;
            vec n = group.n[v], places = load_places(list->place + i + v * LANES);
            mask early =
                _mm512_mask_cmpneq_epu64_mask(passed, _mm512_and_si512(n, splat(7)), splat(7));
            list_for_lucas(left, early, n, group.one[v], places);
            list_for_lucas(&later, (mask)(passed & ~early), n, group.one[v], places);
        }
    }
    append(left, &later);
}

/* ---- the Lucas test, two limbs ------------------------------------------------------------- */

struct lucas_wide {
    vec n[LUCAS_WIDE_TOGETHER], one[LUCAS_WIDE_TOGETHER], parameter[LUCAS_WIDE_TOGETHER];
    mask passed[LUCAS_WIDE_TOGETHER];
};

/*
 * Here Montgomery form must come back to itself in two steps: of V·2^a a square and one round make
 * V²·2^(2a - 52), another square and two rounds V⁴·2^(4a - 208). Hence a doubling at the end, and
 * a = 69: reduced numbers are V·2^69, high ones V·2^86, and what is doubled V·2^68.
 *
 * Bounds. A sum is in [n, 2n]. A reduced number is below 2·(2n + 2^57) and below 2^66 + 2^58; after
 * a product and one round it is below 2^80·1.01, and after another and two rounds below 2n +
 * 2^56·1.03. The low limbs, in units of W: in a first round below 4, in a second one below
 * 1 + 2^30/W + 16.5, and not less than -(n.high + 1) - 2^-39.
 */
enum { REDUCED_FORM = 69, HIGH_FORM = 86, UNDOUBLED_FORM = 68 };
enum { OFFSET_LUCAS = 2048 - 18, TOP_LUCAS = 2048 + OFFSET_LUCAS - 2 };

/*
 * sum + factor·2^form modulo n, above sum - n and below sum + n/2^10, for factors below 2^24. It
 * takes 2^104 modulo n as `one`.
 */
static inline struct two in_form(struct two sum, vec factor, unsigned form, struct two one,
                                 struct modulus n) {
    vec f = _mm512_slli_epi64(factor, form - LIMB_BITS);
    struct parts x = {lo52(zero(), f, one.low), lo52(hi52(sum.low, f, one.low), f, one.high),
                      hi52(sum.high, f, one.high)};
    return carried(one_round(x, n, true));
}

/* What is added for -x, x between -n and n: in [n, 2n]. */
static inline struct two less(struct two x, struct modulus n) {
    mask negative = _mm512_movepi64_mask(x.high);
    struct two twice = {_mm512_mask_mov_epi64(add(n.low, n.low), negative, n.low),
                        _mm512_mask_mov_epi64(add(n.high, n.high), negative, n.high)};
    return carried((struct two){sub(twice.low, limb(x.low)), sub(twice.high, x.high)});
}

/* A vector's chain: V_k and V_(k+1), as a square and a product. */
struct chain {
    struct two square, product;
    struct modulus n;
    struct sum_one less_2_one, less_p_one;
    struct sum_two less_2_two, less_p_two;
    vec two_high, two_reduced; /* what minus_out gives for V = 2 */
    uint8_t changes[64];       /* by bits of n + 1 */
};

INLINE struct two squared(struct chain *c, int i) {
    mask choice = _load_mask8(&c->changes[i]);
    return (struct two){chosen(choice, c->square.low, c->product.low),
                        chosen(choice, c->square.high, c->product.high)};
}

/* The step for bit i from reduced numbers, and that from high ones. */
INLINE void step_one(struct chain *c, int i, const bool top) {
    struct parts square = square_reduced(c->less_2_one.low, c->less_2_one.high, squared(c, i));
    struct parts product =
        product_reduced(c->less_p_one.low, c->less_p_one.high, c->square, c->product);
    c->square = carried(one_round(square, c->n, top));
    c->product = carried(one_round(product, c->n, top));
}

INLINE void step_two(struct chain *c, int i, const bool top) {
    const vec offset_one = splat((uint64_t)OFFSET_ONE << LIMB_BITS);
    struct parts square = square_high(offset_one, c->less_2_two.low, squared(c, i));
    struct parts product = product_high(offset_one, c->less_p_two.low, c->square, c->product);
    c->square = doubled(two_rounds(square, c->less_2_two.high, c->n, top));
    c->product = doubled(two_rounds(product, c->less_p_two.high, c->n, top));
}

/* Sets out for the bits of n + 1 below the ith; those from there on, one or two, are done. */
INLINE void chain_start(struct chain *c, vec n, vec one_joined, vec parameter, int i) {
    struct two one = split(one_joined);
    const struct two nothing = {zero(), zero()};
    vec p = parameter, two = splat(2);
    c->n = modulus_of(n);
    c->less_2_one = sum_for_one(less(in_form(nothing, two, HIGH_FORM, one, c->n), c->n));
    c->less_p_one = sum_for_one(less(in_form(nothing, p, HIGH_FORM, one, c->n), c->n));
    c->less_2_two =
        sum_for_two(less(in_form(nothing, two, UNDOUBLED_FORM, one, c->n), c->n), OFFSET_LUCAS);
    c->less_p_two =
        sum_for_two(less(in_form(nothing, p, UNDOUBLED_FORM, one, c->n), c->n), OFFSET_LUCAS);
    c->two_high = minus_out_once(bit(HIGH_FORM + 1 - LIMB_BITS), c->n);
    c->two_reduced = minus_out_once(bit(REDUCED_FORM + 1 - LIMB_BITS), c->n);
    vec leading = leading_bits(n, i), v_2 = sub(_mm512_mul_epu32(p, p), two),
        v_3 = sub(_mm512_mul_epu32(p, v_2), p), v_4 = sub(_mm512_mul_epu32(v_2, v_2), two);
    mask k_odd = _mm512_test_epi64_mask(leading, splat(1)),
         k_two = _mm512_test_epi64_mask(leading, two);
    vec v_k = chosen(k_two, chosen(k_odd, two, p), chosen(k_odd, v_2, v_3));
    vec v_next = chosen(k_two, chosen(k_odd, p, v_2), chosen(k_odd, v_3, v_4));
    struct two once = {c->n.low, c->n.high};
    c->square = in_form(once, v_k, REDUCED_FORM, one, c->n);
    c->product = in_form(once, v_next, REDUCED_FORM, one, c->n);
    /* To start with, the square is V_k. */
    bit_masks(c->changes, changes(n, i));
}

/* Does V_k, k = (n + 1)/2^i, decide that the lane passes? */
INLINE mask chain_verdict(const struct chain *c, vec n, vec two, int i) {
    mask ones = _mm512_test_epi64_mask(add(n, splat(1)), bit((unsigned)i));
    struct two v_k = {chosen(ones, c->square.low, c->product.low),
                      chosen(ones, c->square.high, c->product.high)};
    return lucas_verdict(minus_out(v_k, c->n), two, n, i);
}

INLINE void lucas_wide(struct lucas_wide *group, const bool top) {
    enum { TOGETHER = LUCAS_WIDE_TOGETHER };
    vec all = zero(), last = zero();
    EACH(g, TOGETHER) {
        all = _mm512_or_si512(all, add(group->n[g], splat(1)));
        last = _mm512_or_si512(last, last_bit(group->n[g]));
    }
    int checked = highest_bit(last);
    /* One or two leading bits are done, so that an even number is left down to bit 1. */
    int i = (highest_bit(all) - 1) | 1;
    struct chain a, b;
    chain_start(&a, group->n[0], group->one[0], group->parameter[0], i);
    chain_start(&b, group->n[1], group->one[1], group->parameter[1], i);
    /* The one's reduced numbers are worked on beside the other's high ones. */
    step_one(&b, i - 1, top);
    for (; i - 2 > checked; i -= 2) {
        step_one(&a, i - 1, top);
        step_two(&b, i - 2, top);
        step_two(&a, i - 2, top);
        step_one(&b, i - 3, top);
    }
    mask a_passed = 0, b_passed = 0;
    for (; i > 1; i -= 2) {
        step_one(&a, i - 1, top);
        a_passed |= chain_verdict(&a, group->n[0], a.two_high, i - 1);
        b_passed |= chain_verdict(&b, group->n[1], b.two_high, i - 1);
        step_two(&a, i - 2, top);
        step_two(&b, i - 2, top);
        a_passed |= chain_verdict(&a, group->n[0], a.two_reduced, i - 2);
        b_passed |= chain_verdict(&b, group->n[1], b.two_reduced, i - 2);
        step_one(&b, i - 3, top); /* once too often at the end */
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
    uint8_t parameter[ROOM];
    find_parameters(list, parameter);
    for (size_t i = 0; i < list->n; i += GROUP) {
        struct lucas_wide group;
        for (size_t g = 0; g < LUCAS_WIDE_TOGETHER; g++) {
            group.n[g] = load(list->number + i + g * LANES);
            group.one[g] = load(list->one + i + g * LANES);
            group.parameter[g] = load_parameters(parameter + i + g * LANES);
        }
        if (any_at_least(group.n, LUCAS_WIDE_TOGETHER, TOP_LUCAS))
            lucas_wide(&group, true);
        else
            lucas_wide(&group, false);
        for (size_t g = 0; g < LUCAS_WIDE_TOGETHER; g++)
            if (i + g * LANES < list->n)
                conclude(chunk, list, i + g * LANES, group.passed[g], group.n[g],
                         group.parameter[g]);
    }
}
