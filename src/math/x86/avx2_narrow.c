/* AVX2: base 2 and Lucas in doubles, for numbers below 2^49. */
#include "math/psp_filter.h"
#include "math/x86/avx2_lucas.h"

/* Vectors interleaved. `bench_batch --sets iv`, least on Zen 4: 15.5 ns with 8, 15.0 with 10. */
enum { NARROW_TOGETHER = 10, LUCAS_NARROW_TOGETHER = 4 };

/* ---- base 2 -------------------------------------------------------------------------------- */

static inline double largest_of(real x) {
    __m128d half = _mm_max_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd(x, 1));
    return _mm_cvtsd_f64(_mm_max_sd(half, _mm_unpackhi_pd(half, half)));
}

/* A modulus n, and 1/n rounded. */
struct divisor {
    real n, reciprocal;
};

/*
 * high + low modulo n, where high = a·b rounded, with |high| <= 2^50·n, and low = a·b - high, so
 * that |low| <= 2^-53·|high|. The quotient q, rounded to an integer, differs from high/n by at most
 * 1/2 + 2^-53·|high|/n. So |high - q·n| <= n/2 + 2^-53·|high|, an integer below 2^53, which the
 * multiply-add gives exactly. The result is exact, and within n/2 + 2^-52·|high|.
 *
 * For |x| <= (2/3)·n and n·2^w <= 3·2^49, |x²·2^w| is at most n²·2^w·4/9 <= n·2^51/3, and what
 * comes of it is within (2/3)·n again.
 */
INLINE real reduce(real high, real low, struct divisor by) {
    real quotient = _mm256_fmadd_pd(high, by.reciprocal, splat_real(ROUND));
    quotient = _mm256_sub_pd(quotient, splat_real(ROUND));
    return _mm256_add_pd(_mm256_fnmadd_pd(quotient, by.n, high), low);
}

INLINE real multiply_mod(real a, real b, struct divisor by) {
    real high = _mm256_mul_pd(a, b);
    return reduce(high, _mm256_fmsub_pd(a, b, high), by);
}

struct base2_narrow {
    vec n[NARROW_TOGETHER];
    unsigned passed[NARROW_TOGETHER];
};

INLINE void base2_narrow(struct base2_narrow *group) {
    enum { TOGETHER = NARROW_TOGETHER, QUOTIENT_BITS = 50 };
    vec exponent[TOGETHER];
    struct divisor by[TOGETHER];
    real x[TOGETHER], most = _mm256_setzero_pd();
    UNROLL for (int v = 0; v < TOGETHER; v++) {
        exponent[v] = _mm256_srli_epi64(group->n[v], 1);
        by[v].n = to_real(group->n[v]);
        by[v].reciprocal = _mm256_div_pd(splat_real(1), by[v].n);
        most = _mm256_max_pd(most, by[v].n);
    }
    uint64_t largest = (uint64_t)largest_of(most);
    /* 2^t, for the leading bits t of E, is at most 2^50·n: |x| <= (1/2 + 1/8)·n. */
    unsigned left = bits_to_do(largest >> 1, QUOTIENT_BITS + log2_of(largest)), width = 1;
    while (largest <= UINT64_C(3) << 49 >> ((2u << width) - 1))
        width++;
    UNROLL for (int v = 0; v < TOGETHER; v++) {
        vec leading = add(down(exponent[v], left), splat(1023));
        x[v] = reduce(as_real(_mm256_slli_epi64(leading, 52)), _mm256_setzero_pd(), by[v]);
    }
    while (left > 0) {
        unsigned bits = left % width ? left % width : width;
        vec window = splat(((UINT64_C(1) << bits) - 1) << 52);
        left -= bits;
        while (--bits > 0)
            UNROLL for (int v = 0; v < TOGETHER; v++) x[v] = multiply_mod(x[v], x[v], by[v]);
        UNROLL for (int v = 0; v < TOGETHER; v++) {
            vec w = _mm256_and_si256(up(exponent[v], 52 - left), window);
            x[v] = multiply_mod(x[v], scale(x[v], w), by[v]);
        }
    }
    UNROLL for (int v = 0; v < TOGETHER; v++) {
        real sign = _mm256_and_pd(as_real(two_is_nonresidue(group->n[v])), splat_real(-0.0));
        real wanted = _mm256_or_pd(splat_real(1), sign);
        group->passed[v] = signs(as_vec(_mm256_cmp_pd(x[v], wanted, _CMP_EQ_OQ)));
    }
}

/* Marks what is known to be prime because it passed base 2; the rest stays in the list. */
static void mark_unlisted(struct chunk *chunk) {
    struct narrow *list = &chunk->narrow;
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i++) {
        uint64_t entry = list->number[i], n = entry & NARROW_MASK;
        bool prime = n < PSP_FILTER_BOUND && !psp_suspect(n);
        chunk->prime[entry >> PLACE_SHIFT] = prime;
        list->number[kept] = entry;
        kept += !prime;
    }
    list->n = kept;
}

void avx2_narrow_to_base2(struct chunk *chunk) {
    struct narrow *list = &chunk->narrow;
    enum { GROUP = LANES * NARROW_TOGETHER };
    size_t kept = 0;
    if (list->n == 0)
        return;
    fill(list->number, list->n, GROUP);
    for (size_t i = 0; i < list->n; i += GROUP) {
        struct base2_narrow group;
        UNROLL for (size_t v = 0; v < NARROW_TOGETHER; v++) group.n[v] =
            _mm256_and_si256(load(list->number + i + v * LANES), splat(NARROW_MASK));
        base2_narrow(&group);
        for (size_t v = 0; v < NARROW_TOGETHER && i + v * LANES < list->n; v++) {
            unsigned passed = group.passed[v] & first_lanes(list->n - i - v * LANES);
            pack(list->number + kept, passed, load(list->number + i + v * LANES));
            kept += count_of(passed);
        }
    }
    list->n = kept;
    mark_unlisted(chunk);
}

/* ---- the Lucas test ------------------------------------------------------------------------ */

/* V begins below 2^24, and later is within n/2 + 2^-52·V² + 59, since n < 2^49: below (2/3)·n. */
INLINE void lucas_narrow(struct lucas *group) {
    enum { TOGETHER = LUCAS_NARROW_TOGETHER };
    struct chain chains[TOGETHER];
    struct divisor by[TOGETHER];
    real square[TOGETHER], product[TOGETHER], parameter[TOGETHER];
    unsigned top, checked;
    extent(group->n, TOGETHER * LANES, &top, &checked);
    unsigned i = top + 1 - LEADING_BITS;
    UNROLL for (int g = 0; g < TOGETHER; g++) {
        vec n = load(group->n + g * LANES), p = load(group->parameter + g * LANES), s, t;
        chains[g] = chain(n);
        by[g].n = to_real(n);
        by[g].reciprocal = _mm256_div_pd(splat_real(1), by[g].n);
        parameter[g] = to_real(p);
        start_chain(chains[g], p, i, &s, &t);
        square[g] = to_real(s);
        product[g] = to_real(t);
        group->passed[g] = 0;
    }
    while (i-- > 1) {
        UNROLL for (int g = 0; g < TOGETHER; g++) {
            vec exchange = up(chains[g].changes, 63 - i);
            real base = _mm256_blendv_pd(square[g], product[g], as_real(exchange));
            real high = _mm256_mul_pd(square[g], product[g]);
            real low = _mm256_fmsub_pd(square[g], product[g], high);
            product[g] = reduce(high, _mm256_sub_pd(low, parameter[g]), by[g]);
            high = _mm256_mul_pd(base, base);
            low = _mm256_fmsub_pd(base, base, high);
            square[g] = reduce(high, _mm256_sub_pd(low, splat_real(2)), by[g]);
        }
        if (i > checked)
            continue;
        for (int g = 0; g < TOGETHER; g++) {
            real size = _mm256_andnot_pd(splat_real(-0.0), product[g]), zero = _mm256_setzero_pd();
            group->passed[g] |=
                check_chain(chains[g], i, as_vec(_mm256_cmp_pd(size, splat_real(2), _CMP_EQ_OQ)),
                            as_vec(_mm256_cmp_pd(size, zero, _CMP_EQ_OQ)),
                            as_vec(_mm256_cmp_pd(square[g], zero, _CMP_EQ_OQ)));
        }
    }
}

void avx2_narrow_to_lucas(struct chunk *chunk) {
    struct narrow *list = &chunk->narrow;
    enum { GROUP = LANES * LUCAS_NARROW_TOGETHER };
    if (list->n == 0)
        return;
    fill(list->number, list->n, GROUP);
    for (size_t i = 0; i < list->n; i += GROUP) {
        struct lucas group;
        for (size_t j = 0; j < GROUP; j++) {
            group.n[j] = list->number[i + j] & NARROW_MASK;
            group.parameter[j] = parameter_of(group.n[j]);
        }
        lucas_narrow(&group);
        for (size_t j = 0; j < GROUP && i + j < list->n; j++)
            conclude(chunk, &group, j, list->number[i + j] >> PLACE_SHIFT);
    }
}
