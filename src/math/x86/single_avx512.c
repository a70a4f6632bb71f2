/* AVX-512: one number, divided by eight primes at a time. */
#include "math/single.h"

#include "math/divisors.h"
#include "math/primality.h"
#include "math/small_primes.h"
#include "math/x86/avx512.h"

/*
 * Vectors before the first look, between further ones, and in all; fewer below 2^44, where the
 * chains are short. By nanoseconds for random odd numbers in 2^62 ... 2^64, one after the other
 * (`build/bench/batch --sets i --contestants flint,one`), on a Zen 4: 49.0; with 3 before the first
 * look 50.4, with 16 between looks 52.1, with 8 vectors more in all 49.2.
 */
enum { FIRST_VECTORS = 8, STEP_VECTORS = 8, SHORT_VECTORS = 32, VECTORS = 56 };
_Static_assert(VECTORS *LANES <= N_FIRST_ODD_PRIMES &&
                   (VECTORS - FIRST_VECTORS) % STEP_VECTORS == 0 &&
                   (SHORT_VECTORS - FIRST_VECTORS) % STEP_VECTORS == 0,
               "whole vectors, whole steps");

/* See divisors.h: p divides n exactly when n·(1/p) is below its bound, 1 + (2^64 - 1)/p. */
#define INVERSE(p) DIVISOR_INVERSE(p),
#define BOUND(p) UINT64_MAX / (p) + 1,
static const _Alignas(64) uint64_t inverses[N_FIRST_ODD_PRIMES] = {FIRST_ODD_PRIMES(INVERSE)};
static const _Alignas(64) uint64_t bounds[N_FIRST_ODD_PRIMES] = {FIRST_ODD_PRIMES(BOUND)};

/* The sign is set in `signs` where product < bound, which is below 2^63. */
INLINE vec below(vec signs, vec product, vec bound) {
    /* signs | (~product & (product - bound)) */
    return _mm512_ternarylogic_epi64(signs, product, sub(product, bound), 0xf2);
}

INLINE bool divisible(vec n, size_t first, size_t vectors) {
    vec signs = zero();
    UNROLL for (size_t i = first; i < first + vectors; i++) signs =
        below(signs, _mm512_mullo_epi64(n, load(inverses + i * LANES)), load(bounds + i * LANES));
    return _mm512_movepi64_mask(signs) != 0;
}

/*
 * The same with the bound of the first, which is the greatest, for all: half the loads, and hardly
 * ever more than what is divisible, where the primes are not much larger than the first.
 */
INLINE bool may_be_divisible(vec n, size_t first, size_t vectors) {
    vec signs = zero(), bound = splat(bounds[first * LANES]);
    UNROLL for (size_t i = first; i < first + vectors; i++) signs =
        below(signs, _mm512_mullo_epi64(n, load(inverses + i * LANES)), bound);
    return _mm512_movepi64_mask(signs) != 0;
}

bool is_prime_avx512(uint64_t n) {
    if (n % 2 == 0 || n <= (uint64_t)LAST_FIRST_ODD_PRIME * LAST_FIRST_ODD_PRIME)
        return is_prime_portable(n);
    vec x = splat(n);
    if (divisible(x, 0, FIRST_VECTORS))
        return false;
    size_t vectors = n < PSP_FILTER_BOUND ? SHORT_VECTORS : VECTORS;
    for (size_t i = FIRST_VECTORS; i < vectors; i += STEP_VECTORS)
        if (may_be_divisible(x, i, STEP_VECTORS) && divisible(x, i, STEP_VECTORS))
            return false;
    return is_prime_undivided(n);
}
