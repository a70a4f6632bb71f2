/* AVX-512: base 2 and Lucas for numbers of one limb, below 2^48. */
#include "math/psp_filter.h"
#include "math/x86/avx512_lucas.h"

/* Vectors interleaved. */
enum { NARROW_TOGETHER = 5, LUCAS_NARROW_TOGETHER = 3 };

/* ---- base 2, one limb ---------------------------------------------------------------------- */

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

/* The lanes that pass base 2 only if they are prime: those below the table's bound not in it. */
static inline mask psp_unlisted(vec n) {
    const vec six = splat(63);
    vec hash = limb(lo52(zero(), n, splat(PSP_FILTER_MULTIPLIER)));
    vec word = gather(psp_filter, _mm512_srli_epi64(hash, 38));
    vec bits = _mm512_or_si512(
        _mm512_or_si512(
            _mm512_sllv_epi64(splat(1), _mm512_and_si512(_mm512_srli_epi64(hash, 32), six)),
            _mm512_sllv_epi64(splat(1), _mm512_and_si512(_mm512_srli_epi64(hash, 26), six))),
        _mm512_sllv_epi64(splat(1), _mm512_and_si512(_mm512_srli_epi64(hash, 20), six)));
    mask missing = _mm512_test_epi64_mask(_mm512_andnot_si512(word, bits), bits);
    return _mm512_mask_cmplt_epu64_mask(missing, n, splat(PSP_FILTER_BOUND));
}

struct base2_narrow {
    vec n[NARROW_TOGETHER], one[NARROW_TOGETHER];
    mask passed[NARROW_TOGETHER];
};

static inline void base2_narrow(struct base2_narrow *group, unsigned bits) {
    enum { TOGETHER = NARROW_TOGETHER };
    vec inverse[TOGETHER], exponent[TOGETHER], x[TOGETHER];
    UNROLL for (int v = 0; v < TOGETHER; v++) {
        exponent[v] = sub(zero(), _mm512_srli_epi64(group->n[v], 1));
        inverse[v] = inverse52(group->n[v]);
    }
    UNROLL for (int v = 0; v < TOGETHER; v++) {
        vec n = group->n[v];
        vec start =
            add(_mm512_sra_epi64(exponent[v], _mm_cvtsi32_si128((int)bits)), splat(LIMB_BITS));
        x[v] = _mm512_sllv_epi64(splat(1), start);
        /* Far smaller than the largest of the group: its exponent's leading bits say little. */
        if (_mm512_cmpge_epu64_mask(x[v], _mm512_slli_epi64(n, 2)))
            x[v] = power_of_two_mod(start, n);
    }
    UNROLL for (int v = 0; v < TOGETHER; v++) exponent[v] = left_aligned(exponent[v], bits);
    while (bits-- > 0) /* x < 4n < 2^50 */
        UNROLL for (int v = 0; v < TOGETHER; v++) {
            vec leading = next_bits(&exponent[v], 1);
            x[v] = multiply_narrow(group->n[v], x[v], x[v], group->n[v], inverse[v]);
            x[v] = _mm512_sllv_epi64(x[v], leading);
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
void avx512_narrow_to_base2(struct chunk *chunk) {
    struct narrow *list = &chunk->narrow;
    struct lucas_list *left = &chunk->lucas_narrow;
    enum { GROUP = LANES * NARROW_TOGETHER };
    left->n = 0;
    if (list->n == 0)
        return;
    fill(list->number, list->n, GROUP);
    unsigned bits = bits_to_do(list->number, list->n, LIMB_MASK, LIMB_BITS);
    for (size_t i = 0; i < list->n; i += GROUP) {
        struct base2_narrow group;
        UNROLL for (int v = 0; v < NARROW_TOGETHER; v++) group.n[v] =
            limb(load(list->number + i + (size_t)v * LANES));
        base2_narrow(&group, bits);
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

/* ---- the Lucas test, one limb -------------------------------------------------------------- */

struct lucas_narrow {
    vec n[LUCAS_NARROW_TOGETHER], one[LUCAS_NARROW_TOGETHER], parameter[LUCAS_NARROW_TOGETHER];
    mask passed[LUCAS_NARROW_TOGETHER];
};

/* x modulo n, for x < 2n. */
static inline vec once_less(vec x, vec n) {
    return _mm512_min_epu64(x, sub(x, n));
}

/* factor·x modulo n, for factors below 2^48 and x < n < 2^48, given x/n. */
static inline vec small_multiple_narrow(vec factor, vec x, __m512d share, vec n) {
    vec quotient = _mm512_cvttpd_epu64(_mm512_mul_pd(_mm512_cvtepu64_pd(factor), share));
    vec rest = signed_limb(sub(lo52(zero(), factor, x), lo52(zero(), quotient, n)));
    return once_less(_mm512_min_epu64(rest, add(rest, n)), n); /* which it was, if negative */
}

static inline void lucas_narrow(struct lucas_narrow *group) {
    enum { TOGETHER = LUCAS_NARROW_TOGETHER };
    vec inverse[TOGETHER], minus_two[TOGETHER], all = zero(), last = zero();
    uint8_t change[TOGETHER][64]; /* by bits of n + 1 */
    vec less_2[TOGETHER], less_p[TOGETHER], square[TOGETHER], product[TOGETHER];
    UNROLL for (int g = 0; g < TOGETHER; g++) {
        inverse[g] = inverse52(group->n[g]);
        all = _mm512_or_si512(all, add(group->n[g], splat(1)));
        last = _mm512_or_si512(last, last_bit(group->n[g]));
        group->passed[g] = 0;
    }
    int checked = highest_bit(last);
    int i = highest_bit(all) + 1 - LEADING_BITS;
    UNROLL for (int g = 0; g < TOGETHER; g++) {
        vec n = group->n[g], one = group->one[g], v_k, v_next;
        __m512d share = _mm512_div_pd(_mm512_cvtepu64_pd(one), _mm512_cvtepu64_pd(n));
        leading_terms(group->parameter[g], leading_bits(n, i), &v_k, &v_next);
        square[g] = small_multiple_narrow(v_k, one, share, n);
        product[g] = small_multiple_narrow(v_next, one, share, n);
        minus_two[g] = sub(n, once_less(add(one, one), n));
        less_2[g] = add(n, minus_two[g]);
        less_p[g] = sub(add(n, n), small_multiple_narrow(group->parameter[g], one, share, n));
        bit_masks(change[g], changes(n, i));
    }
    while (i-- > 1) { /* V < 3n < 2^50 */
        UNROLL for (int g = 0; g < TOGETHER; g++) {
            vec n = group->n[g];
            vec squared = chosen(_load_mask8(&change[g][i]), square[g], product[g]);
            product[g] = multiply_narrow(less_p[g], square[g], product[g], n, inverse[g]);
            square[g] = multiply_narrow(less_2[g], squared, squared, n, inverse[g]);
        }
        for (int g = 0; g < TOGETHER && i <= checked; g++) {
            vec n = group->n[g];
            mask ones = _mm512_test_epi64_mask(add(n, splat(1)), bit((unsigned)i));
            vec v_k = chosen(ones, square[g], product[g]);
            vec value = once_less(once_less(v_k, n), n);
            group->passed[g] |= lucas_verdict(value, minus_two[g], n, i);
        }
    }
}

void avx512_narrow_to_lucas(struct chunk *chunk) {
    enum { GROUP = LANES * LUCAS_NARROW_TOGETHER };
    struct lucas_list *list = &chunk->lucas_narrow;
    if (list->n == 0)
        return;
    fill(list->number, list->n, GROUP);
    fill(list->one, list->n, GROUP);
    uint8_t parameter[ROOM];
    find_parameters(list, parameter);
    for (size_t i = 0; i < list->n; i += GROUP) {
        struct lucas_narrow group;
        for (size_t g = 0; g < LUCAS_NARROW_TOGETHER; g++) {
            group.n[g] = load(list->number + i + g * LANES);
            group.one[g] = load(list->one + i + g * LANES);
            group.parameter[g] = load_parameters(parameter + i + g * LANES);
        }
        lucas_narrow(&group);
        for (size_t g = 0; g < LUCAS_NARROW_TOGETHER; g++)
            if (i + g * LANES < list->n)
                conclude(chunk, list, i + g * LANES, group.passed[g], group.n[g],
                         group.parameter[g]);
    }
}
