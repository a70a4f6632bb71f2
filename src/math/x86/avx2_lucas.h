/* What the Lucas tests of both sizes share. */
#ifndef PARPRIME_MATH_X86_AVX2_LUCAS_H
#define PARPRIME_MATH_X86_AVX2_LUCAS_H

#include "math/divisors.h"
#include "math/lucas_parameter.h"
#include "math/primality.h"
#include "math/x86/avx2.h"

/* ---- the Lucas test ------------------------------------------------------------------------ */

/*
 * The extra strong Lucas test (see lucas.h) on numbers that passed base 2 and are not
 * divisible by 1093 or 3511. Those are squarefree: 2^(n-1) = 1 mod n with p²|n needs
 * 2^(p-1) = 1 mod p², and below 2^32 only these two primes have that (Wieferich primes; F. G.
 * Dorais and D. Klyve, "A Wieferich prime search up to 6.7·10^15", J. Integer Seq. 14, 2011). For
 * squarefree n, V_d = ±2 implies U_d = 0, since V² - 4 = D·U², so that the chain of V decides.
 *
 * V_k, V_(k+1) is led to V_2k, V_(2k+1) or V_(2k+1), V_(2k+2) by one square and one product,
 * V_2k = V_k² - 2 and V_(2k+1) = V_k·V_(k+1) - P, over the bits of n + 1 = d·2^s. The first two
 * bits are done with small integers: V_4 < 2^24 for P <= 59.
 *
 * Kept are the square and the product. Which of them is V_k, the bit before tells; the next square
 * is of V_(k+1) where the next bit is 1. So it is the product's where two bits in a row differ.
 */
enum { LEADING_BITS = 2 };

static inline bool wieferich_divides(uint64_t n) {
    return n * DIVISOR_INVERSE(1093) <= UINT64_MAX / 1093 ||
           n * DIVISOR_INVERSE(3511) <= UINT64_MAX / 3511;
}

/* 0 for those left to the scalar test. */
static inline uint64_t parameter_of(uint64_t n) {
    uint64_t successor = n + 1;
    bool led_past = successor >> __builtin_ctzll(successor) >> LEADING_BITS == 0;
    return led_past ? 0 : lucas_parameter(n);
}

struct lucas {
    uint64_t n[LANES * MOST_TOGETHER], parameter[LANES * MOST_TOGETHER];
    unsigned passed[MOST_TOGETHER];
};

/* V_k and V_(k+1) for k < 4. */
static inline void leading_terms(vec p, vec k, vec *v_k, vec *v_next) {
    vec two = splat(2), p2 = sub(multiply(p, p), two);
    vec v[5] = {two, p, p2, sub(multiply(p, p2), p), sub(multiply(p2, p2), two)};
    *v_k = v[0];
    *v_next = v[1];
    for (unsigned i = 1; i < 4; i++) {
        vec here = _mm256_cmpeq_epi64(k, splat(i));
        *v_k = _mm256_blendv_epi8(*v_k, v[i], here);
        *v_next = _mm256_blendv_epi8(*v_next, v[i + 1], here);
    }
}

static inline vec choose(vec a, vec b, vec where_negative) {
    return as_vec(_mm256_blendv_pd(as_real(a), as_real(b), as_real(where_negative)));
}

/* The steps of the chain that are the same in all arithmetic. */
struct chain {
    vec successor, changes; /* the bits of n + 1, and where they differ from the one before */
    vec last;               /* the lowest bit of n + 1 */
};

static inline struct chain chain(vec n) {
    vec successor = add(n, splat(1)); /* n = 2^64 - 1 never comes here */
    return (struct chain){successor, _mm256_xor_si256(successor, _mm256_srli_epi64(successor, 1)),
                          _mm256_and_si256(successor, sub(_mm256_setzero_si256(), successor))};
}

/* Square and product after the leading bits, which end at bit i. */
static inline void start_chain(struct chain chain, vec parameter, unsigned i, vec *square,
                               vec *product) {
    vec v_k, v_next, leading = down(chain.successor, i);
    leading_terms(parameter, leading, &v_k, &v_next);
    vec odd = _mm256_slli_epi64(leading, 63);
    *square = choose(v_k, v_next, odd);
    *product = choose(v_next, v_k, odd);
}

/*
 * What has passed by bit i: V_d = ±2, where the last bit is 1 and V_k the product, or V_k = 0 from
 * there on, except at the end.
 */
static inline unsigned check_chain(struct chain chain, unsigned i, vec product_is_two,
                                   vec product_is_zero, vec square_is_zero) {
    vec here = splat(UINT64_C(1) << i);
    vec is_d = _mm256_cmpeq_epi64(chain.last, here);
    vec bit_at = _mm256_and_si256(sub(chain.last, splat(1)), here);
    vec behind = _mm256_cmpeq_epi64(bit_at, here);
    vec passed = product_is_two;
    if (i >= 2) {
        passed = _mm256_or_si256(passed, product_is_zero);
        return signs(_mm256_or_si256(_mm256_and_si256(is_d, passed),
                                     _mm256_and_si256(behind, square_is_zero)));
    }
    return signs(_mm256_and_si256(is_d, passed));
}

/* Bits of a group: the highest of n + 1, and the highest of the lowest. */
static inline void extent(const uint64_t *n, size_t count, unsigned *top, unsigned *checked) {
    uint64_t all = 0, last = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t successor = n[i] + 1;
        all |= successor;
        last |= successor & (0 - successor);
    }
    *top = log2_of(all);
    *checked = log2_of(last);
}

/* Marks what is prime; those without a parameter are left to the scalar test. */
static inline void conclude(struct chunk *chunk, const struct lucas *group, size_t i,
                            uint64_t place) {
    uint64_t n = group->n[i];
    bool prime = group->passed[i / LANES] >> i % LANES & 1 && !wieferich_divides(n);
    chunk->prime[place] = group->parameter[i] ? prime : mr_is_prime(n);
}

#endif
