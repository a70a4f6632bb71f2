/* AVX2: base 2 and Lucas for numbers from 2^49 on. */
#include "math/x86/avx2_lucas.h"

/*
 * Vectors interleaved. `bench_batch --sets iii`, least on Zen 4: 137.5 ns with these, 142.5 with 4
 * for base 2, 140.9 with 2 for Lucas.
 */
enum { WIDE_TOGETHER = 6, LUCAS_WIDE_TOGETHER = 3 };

/* ---- integers of 64 bits ------------------------------------------------------------------- */

/*
 * Residues x modulo n < 2^64 are integers with a sign, in digits of 32 bits with a sign:
 * x = x1·2^32 + x0. So x + 2^31 is within 64 bits with a sign.
 *
 * A product is reduced from both ends: from below, as Montgomery's, with R = 2^32, and from above
 * by the quotient q that doubles estimate:
 *     a·b -> (a·b - m·n)/2^32 - q·n = n·(f - q),  f = a·b/(2^32·n) - m/2^32,  q = f rounded.
 * Since that fits 64 bits, it is enough to work it out modulo 2^64.
 *
 * In place of x, the estimate takes X = x/2^12 rounded down. For |a|, |b| <= 0.6·n that makes f
 * wrong by less than 1.3·2^-20, and roundings, as f < 2^31, by less than 2^-20. So results are
 * within n·(1/2 + 2^-18). For n < 2^64 - 2^48 that is less than 2^63 - 2^32, what two digits hold.
 * For greater n ("top") a result may be out of their range, which is when its sign is not that of
 * f - q and the latter is not near 0: then n is subtracted or added.
 */
struct modulus {
    vec n;           /* with its low digit, to be read with or without sign */
    vec n_high;      /* the high digit if the low one has no sign */
    vec n_signed;    /* and if it has */
    vec inverse;     /* of n, modulo 2^32 */
    real reciprocal; /* 2^-8/n: makes a·b/(2^32·n) of the product of two X */
};
#define TOP_FROM (UINT64_MAX - (UINT64_C(1) << 48))
/* Above the bits of m, these make 2^20 + m/2^32 of it; f is then 2^20 less than it should be. */
#define FRACTION_BITS UINT64_C(0x4130000000000000)
#define ROUND_LESS (ROUND + 0x1p20)

static inline struct modulus modulus(vec n) {
    struct modulus m = {n, _mm256_srli_epi64(n, 32),
                        _mm256_srli_epi64(add(n, splat(UINT64_C(1) << 31)), 32), n, splat_real(0)};
    m.reciprocal = _mm256_div_pd(splat_real(0x1p-8), any_to_real(n));
    /* As in arith64.h. */
    vec x = _mm256_xor_si256(add(add(n, n), n), splat(2));
    for (int i = 0; i < 3; i++)
        x = _mm256_mullo_epi32(x, sub(splat(2), _mm256_mullo_epi32(n, x)));
    m.inverse = x;
    return m;
}

/* A number's digits, with sign, and X. */
struct factor {
    vec low, high;
    real estimate;
};

INLINE struct factor factor(vec x) {
    vec raised = add(x, splat(UINT64_C(1) << 31));
    /* Its sign becomes 2^51 more: a number without sign. */
    vec shown =
        _mm256_xor_si256(_mm256_srli_epi64(raised, 12), splat(BITS_OF_2_52 | UINT64_C(1) << 51));
    return (struct factor){x, _mm256_srli_epi64(raised, 32),
                           _mm256_sub_pd(as_real(shown), splat_real(0x1p52 + 0x1p51 + 0x1p19))};
}

/* r + r_high·2^32 - q·n modulo 2^64, q = f rounded. `round` rounds f. */
INLINE vec take_quotient(vec r, vec r_high, real f, real round, const struct modulus *m, bool top) {
    real shown = _mm256_add_pd(f, round);
    vec q = as_vec(shown);
    vec high = sub(r_high, multiply_signed(q, m->n_signed));
    r = add(sub(r, multiply_signed(q, m->n)), _mm256_slli_epi64(high, 32));
    if (top) {
        real fraction = _mm256_sub_pd(f, _mm256_sub_pd(shown, round));
        vec above = as_vec(_mm256_cmp_pd(fraction, splat_real(0.25), _CMP_GT_OQ));
        vec below = as_vec(_mm256_cmp_pd(fraction, splat_real(-0.25), _CMP_LT_OQ));
        vec negative = _mm256_cmpgt_epi64(_mm256_setzero_si256(), add(r, splat(UINT64_C(1) << 31)));
        r = sub(r, _mm256_and_si256(_mm256_and_si256(above, negative), m->n));
        r = add(r, _mm256_and_si256(_mm256_andnot_si256(negative, below), m->n));
    }
    return r;
}

/* a·b: the product of the low digits over 2^32, and so on upwards; its m; and that of the X. */
struct product {
    vec low, middle, high, digit;
    real estimate;
};

INLINE vec reduce_both_ends(struct product p, const struct modulus *m, bool top) {
    real part = as_real(_mm256_blend_epi32(p.digit, splat(FRACTION_BITS), 0xaa));
    real f = _mm256_fmsub_pd(p.estimate, m->reciprocal, part);
    vec r = sub(p.low, _mm256_srli_epi64(multiply(p.digit, m->n), 32));
    r = add(r, sub(p.middle, multiply(p.digit, m->n_high)));
    return take_quotient(r, p.high, f, splat_real(ROUND_LESS), m, top);
}

/* x²/2^32 modulo n. The products of low digits are less than 2^63. */
INLINE vec square_mod(vec x, const struct modulus *m, bool top) {
    struct factor a = factor(x);
    vec low = multiply_signed(a.low, a.low), middle = multiply_signed(a.low, a.high);
    struct product product = {_mm256_srli_epi64(low, 32), add(middle, middle),
                              multiply_signed(a.high, a.high), multiply(low, m->inverse),
                              _mm256_mul_pd(a.estimate, a.estimate)};
    return reduce_both_ends(product, m, top);
}

/* a²/2^32 + plus modulo n. */
INLINE vec square_add_mod(struct factor a, vec plus, const struct modulus *m, bool top) {
    vec low = multiply_signed(a.low, a.low), middle = multiply_signed(a.low, a.high);
    struct product product = {_mm256_srli_epi64(low, 32), add(add(middle, plus), middle),
                              multiply_signed(a.high, a.high), multiply(low, m->inverse),
                              _mm256_mul_pd(a.estimate, a.estimate)};
    return reduce_both_ends(product, m, top);
}

/* a·b/2^32 + plus modulo n, with 2^31 too much in `low`, for the sign, and too little in `plus`. */
INLINE vec multiply_add_mod(struct factor a, struct factor b, vec plus, const struct modulus *m,
                            bool top) {
    vec low = multiply_signed(a.low, b.low);
    vec middle = add(multiply_signed(a.low, b.high), multiply_signed(a.high, b.low));
    struct product product = {
        _mm256_srli_epi64(_mm256_xor_si256(low, splat(UINT64_C(1) << 63)), 32), add(middle, plus),
        multiply_signed(a.high, b.high), multiply(low, m->inverse),
        _mm256_mul_pd(a.estimate, b.estimate)};
    return reduce_both_ends(product, m, top);
}

/* x·2^w modulo n, for |x·2^w| < 2^31·n. That x/2^12 is rounded matters little: n >= 2^49. */
INLINE vec shift_mod(vec x, vec w, const struct modulus *m, bool top) {
    real f = scale(factor(x).estimate, _mm256_slli_epi64(w, 52));
    f = _mm256_mul_pd(f, _mm256_mul_pd(m->reciprocal, splat_real(0x1p20)));
    return take_quotient(_mm256_sllv_epi64(x, w), _mm256_setzero_si256(), f, splat_real(ROUND), m,
                         top);
}

/* ---- base 2, integers of 64 bits ----------------------------------------------------------- */

struct base2_wide {
    vec n[WIDE_TOGETHER];
    unsigned passed[WIDE_TOGETHER];
};

INLINE void base2_wide(struct base2_wide *group, uint64_t largest, const bool top) {
    enum { TOGETHER = WIDE_TOGETHER, WINDOW = 5, QUOTIENT_BITS = 30, START_MOST = 48 };
    struct modulus m[TOGETHER];
    vec exponent[TOGETHER], x[TOGETHER];
    /*
     * A square takes 2^e to 2^(2e - 32). So the leading bits, t, and the windows are those of
     * E + 32·(2^left - 1). 2^t is at most 2^30·n; it is made of 2^48 if it is more than that.
     */
    unsigned left = bits_to_do(largest >> 1, log2_of(largest) + QUOTIENT_BITS - 32);
    vec offset = splat(((UINT64_C(1) << left) - 1) << 5);
    UNROLL for (int v = 0; v < TOGETHER; v++) {
        m[v] = modulus(group->n[v]);
        exponent[v] = add(_mm256_srli_epi64(group->n[v], 1), offset);
        vec leading = down(exponent[v], left);
        vec start = _mm256_min_epi32(leading, splat(START_MOST));
        x[v] = shift_mod(_mm256_sllv_epi64(splat(1), start), sub(leading, start), &m[v], top);
    }
    while (left > 0) {
        unsigned bits = left % WINDOW ? left % WINDOW : WINDOW;
        vec window = splat((UINT64_C(1) << bits) - 1);
        left -= bits;
        do
            UNROLL for (int v = 0; v < TOGETHER; v++) x[v] = square_mod(x[v], &m[v], top);
        while (--bits > 0);
        UNROLL for (int v = 0; v < TOGETHER; v++) {
            vec w = _mm256_and_si256(down(exponent[v], left), window);
            x[v] = shift_mod(x[v], w, &m[v], top);
        }
    }
    UNROLL for (int v = 0; v < TOGETHER; v++) {
        vec sign = _mm256_cmpgt_epi64(_mm256_setzero_si256(), two_is_nonresidue(group->n[v]));
        group->passed[v] = equal(x[v], _mm256_or_si256(sign, splat(1)));
    }
}

/* Tests the list; what remains to be tested stays in it. */
void avx2_wide_to_base2(struct chunk *chunk) {
    struct wide *list = &chunk->wide;
    enum { GROUP = LANES * WIDE_TOGETHER };
    size_t kept = 0;
    if (list->n == 0)
        return;
    fill(list->number, list->n, GROUP);
    for (size_t i = 0; i < list->n; i += GROUP) {
        struct base2_wide group;
        uint64_t largest = 0;
        for (size_t v = 0; v < GROUP; v++)
            largest = list->number[i + v] > largest ? list->number[i + v] : largest;
        UNROLL for (size_t v = 0; v < WIDE_TOGETHER; v++) group.n[v] =
            load(list->number + i + v * LANES);
        if (largest > TOP_FROM)
            base2_wide(&group, largest, true);
        else
            base2_wide(&group, largest, false);
        for (size_t v = 0; v < WIDE_TOGETHER && i + v * LANES < list->n; v++) {
            unsigned passed = group.passed[v] & first_lanes(list->n - i - v * LANES);
            pack(list->place + kept, passed, load(list->place + i + v * LANES));
            pack(list->number + kept, passed, group.n[v]);
            kept += count_of(passed);
        }
    }
    list->n = kept;
}

/* ---- the Lucas test ------------------------------------------------------------------------ */

INLINE void lucas_wide(struct lucas *group, const bool top_of_range) {
    enum { TOGETHER = LUCAS_WIDE_TOGETHER };
    struct chain chains[TOGETHER];
    struct modulus m[TOGETHER];
    vec square[TOGETHER], product[TOGETHER], minus_p[TOGETHER];
    /* V is represented by V·2^32, which is less than 2^56 to begin with. */
    const vec two = splat(UINT64_C(2) << 32), minus_two = splat(0 - (UINT64_C(2) << 32));
    const vec less = splat(UINT64_C(1) << 31);
    unsigned top, checked;
    extent(group->n, TOGETHER * LANES, &top, &checked);
    unsigned i = top + 1 - LEADING_BITS;
    UNROLL for (int g = 0; g < TOGETHER; g++) {
        vec n = load(group->n + g * LANES), p = load(group->parameter + g * LANES), s, t;
        chains[g] = chain(n);
        m[g] = modulus(n);
        minus_p[g] = sub(sub(_mm256_setzero_si256(), _mm256_slli_epi64(p, 32)), less);
        start_chain(chains[g], p, i, &s, &t);
        square[g] = _mm256_slli_epi64(s, 32);
        product[g] = _mm256_slli_epi64(t, 32);
        group->passed[g] = 0;
    }
    while (i-- > 1) {
        UNROLL for (int g = 0; g < TOGETHER; g++) {
            struct factor a = factor(square[g]), b = factor(product[g]), base;
            vec exchange = up(chains[g].changes, 63 - i);
            base.low = choose(a.low, b.low, exchange);
            base.high = choose(a.high, b.high, exchange);
            base.estimate = _mm256_blendv_pd(a.estimate, b.estimate, as_real(exchange));
            product[g] = multiply_add_mod(a, b, minus_p[g], &m[g], top_of_range);
            square[g] = square_add_mod(base, minus_two, &m[g], top_of_range);
        }
        if (i > checked)
            continue;
        for (int g = 0; g < TOGETHER; g++) {
            vec zero = _mm256_setzero_si256();
            vec is_two = _mm256_or_si256(_mm256_cmpeq_epi64(product[g], two),
                                         _mm256_cmpeq_epi64(product[g], minus_two));
            group->passed[g] |=
                check_chain(chains[g], i, is_two, _mm256_cmpeq_epi64(product[g], zero),
                            _mm256_cmpeq_epi64(square[g], zero));
        }
    }
}

void avx2_wide_to_lucas(struct chunk *chunk) {
    struct wide *list = &chunk->wide;
    enum { GROUP = LANES * LUCAS_WIDE_TOGETHER };
    if (list->n == 0)
        return;
    fill(list->number, list->n, GROUP);
    for (size_t i = 0; i < list->n; i += GROUP) {
        struct lucas group;
        bool top = false;
        for (size_t j = 0; j < GROUP; j++) {
            group.n[j] = list->number[i + j];
            group.parameter[j] = parameter_of(group.n[j]);
            top |= group.n[j] > TOP_FROM;
        }
        if (top)
            lucas_wide(&group, true);
        else
            lucas_wide(&group, false);
        for (size_t j = 0; j < GROUP && i + j < list->n; j++)
            conclude(chunk, &group, j, list->place[i + j]);
    }
}
