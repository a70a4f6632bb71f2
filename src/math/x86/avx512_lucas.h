/* What the Lucas tests of both sizes share. */
#ifndef PARPRIME_MATH_X86_AVX512_LUCAS_H
#define PARPRIME_MATH_X86_AVX512_LUCAS_H

#include "math/divisors.h"
#include "math/lucas_parameter.h"
#include "math/primality.h"
#include "math/x86/avx512.h"

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

/* 2^s, for n + 1 = d·2^s with d odd. */
static inline vec last_bit(vec n) {
    return _mm512_andnot_si512(n, add(n, splat(1)));
}

/* x modulo 105: 2^12 = 1 modulo 4095 = 39·105, so twelve bits after twelve add up. */
static inline vec modulo_105(vec x) {
    const vec low_24 = splat((1 << 24) - 1), low_12 = splat((1 << 12) - 1);
    x = add(add(_mm512_and_si512(x, low_24), _mm512_and_si512(_mm512_srli_epi64(x, 24), low_24)),
            _mm512_srli_epi64(x, 48));
    x = add(_mm512_and_si512(x, low_12), _mm512_srli_epi64(x, 12)); /* below 2^15 */
    /* 19973 = (2^21 + 13)/105, and 13·2^15/2^21 is below 1. */
    vec quotient = _mm512_srli_epi64(_mm512_mul_epu32(x, splat(19973)), 21);
    return sub(x, _mm512_mul_epu32(quotient, splat(105)));
}

/* Parameters, see lucas_parameter, as they come from the table: 0 for those that it leaves open. */
static inline vec parameters(vec n) {
    vec quarter = _mm512_and_si512(_mm512_srli_epi64(n, 1), splat(3));
    vec place = add(_mm512_mul_epu32(quarter, splat(105)), modulo_105(n));
    return _mm512_and_si512(gather_bytes(lucas_by_residue, place), splat(0xff));
}

/*
 * The parameters of a list that has been filled up; 0 for those left to the scalar test. What the
 * table leaves open, one in 16, comes last, so that nothing else waits for it.
 */
static inline void find_parameters(const struct lucas_list *list, uint8_t parameter[ROOM]) {
    uint32_t open[ROOM];
    size_t n_open = 0;
    vec places = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
    for (size_t i = 0; i < list->n; i += LANES, places = add(places, splat(LANES))) {
        vec n = load(list->number + i), found = parameters(n);
        /* d < 8 is passed by before the first look at V. */
        mask late =
            _mm512_cmplt_epu64_mask(_mm512_srli_epi64(add(n, splat(1)), LEADING_BITS), last_bit(n));
        found = _mm512_maskz_mov_epi64((mask)~late, found);
        _mm_storel_epi64((__m128i *)(parameter + i), _mm512_cvtepi64_epi8(found));
        mask missing = _mm512_testn_epi64_mask(found, found) & (mask)~late;
        pack_places(open + n_open, missing, places);
        n_open += count_of(missing);
    }
    for (size_t i = 0; i < n_open; i++)
        parameter[open[i]] = (uint8_t)lucas_parameter(list->number[open[i]]);
}

static inline vec load_parameters(const uint8_t *parameter) {
    return _mm512_cvtepu8_epi64(_mm_loadl_epi64((const __m128i *)parameter));
}

/* n + 1 without its low bits; n = 2^64 - 1 never comes here. */
static inline vec leading_bits(vec n, int low) {
    return _mm512_srl_epi64(add(n, splat(1)), _mm_cvtsi32_si128(low));
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

/*
 * The lanes that pass by V_k, k = (n + 1)/2^i: it is ±2 at k = d, or 0 at k = d·2^r with r < s - 1.
 * value, minus_two < n.
 */
static inline mask lucas_verdict(vec value, vec minus_two, vec n, int i) {
    vec here = bit((unsigned)i), twos = last_bit(n);
    mask is_d = _mm512_cmpeq_epu64_mask(twos, here);
    mask passed = _mm512_mask_cmpeq_epu64_mask(is_d, value, minus_two) |
                  _mm512_mask_cmpeq_epu64_mask(is_d, sub(n, value), minus_two);
    if (i >= 2)
        passed |= _mm512_mask_testn_epi64_mask(_mm512_cmpge_epu64_mask(twos, here), value, value);
    return passed;
}

/* The place of the highest bit in any lane. */
static inline int highest_bit(vec x) {
    return 63 - __builtin_clzll((uint64_t)_mm512_reduce_or_epi64(x));
}

/*
 * V_k and V_(k+1) come as a square and a product: the product is V_(k+1) after a bit 0, V_k after
 * a bit 1. So with a bit that equals the one before it the square is squared, else the product.
 */

/* masks[i]: the lanes whose bit i is set. Made beforehand, since masks made in a loop cost more. */
static inline void bit_masks(uint8_t masks[64], vec x) {
    /* Byte i of lane j becomes byte j of lane i: first within pairs of lanes, then across. */
    const vec in_pairs =
        _mm512_broadcast_i32x4(_mm_set_epi8(15, 7, 14, 6, 13, 5, 12, 4, 11, 3, 10, 2, 9, 1, 8, 0));
    const vec across = _mm512_set_epi16(31, 23, 15, 7, 30, 22, 14, 6, 29, 21, 13, 5, 28, 20, 12, 4,
                                        27, 19, 11, 3, 26, 18, 10, 2, 25, 17, 9, 1, 24, 16, 8, 0);
    vec bytes = _mm512_permutexvar_epi16(across, _mm512_shuffle_epi8(x, in_pairs));
    const vec up = _mm512_set_epi64(0, 1, 2, 3, 4, 5, 6, 7);
    UNROLL for (int i = 0; i < 8; i++) {
        /* Lane b has its bytes' bits b at their top. */
        vec shifted = _mm512_sllv_epi64(_mm512_permutexvar_epi64(splat((uint64_t)i), bytes), up);
        uint64_t eight = _mm512_movepi8_mask(shifted);
        memcpy(masks + 8 * i, &eight, sizeof eight);
    }
}

/* Where, below bit i, a bit of n + 1 differs from the one above; bit i counts as 0. */
static inline vec changes(vec n, int i) {
    vec bits = _mm512_and_si512(add(n, splat(1)), splat((UINT64_C(1) << i) - 1));
    return _mm512_xor_si512(bits, _mm512_srli_epi64(bits, 1));
}

/* Lanes of b where `choice` has them, else of a. */
static inline vec chosen(mask choice, vec a, vec b) {
    return _mm512_mask_blend_epi64(choice, a, b);
}

/* Marks the lanes that are prime; those without a parameter are left to the scalar test. */
static inline void conclude(struct chunk *chunk, const struct lucas_list *list, size_t i,
                            mask passed, vec n, vec parameter) {
    mask scalar = _mm512_testn_epi64_mask(parameter, parameter);
    passed &= no_wieferich(n);
    for (size_t lane = 0; lane < LANES && i + lane < list->n; lane++)
        chunk->prime[list->place[i + lane]] = passed >> lane & 1;
    for (scalar &= first_lanes(list->n - i); scalar; scalar &= (mask)(scalar - 1)) {
        size_t at = i + (size_t)__builtin_ctz(scalar);
        chunk->prime[list->place[at]] = mr_is_prime(list->number[at]);
    }
}

#endif
