#include "math/primality.h"

#include "math/batch.h"
#include "math/divisors.h"
#include "math/single.h"

#include <parprime.h>

#include <stdatomic.h>

/* Small odd primes with their inverses modulo 2^64, see divisors.h. */
#define SMALL(p)                                                                                   \
    { p, DIVISOR_INVERSE(p), UINT64_MAX / p }
static const struct {
    uint64_t prime, inverse, most;
} small_primes[] = {
    SMALL(3),   SMALL(5),   SMALL(7),   SMALL(11),  SMALL(13),  SMALL(17),  SMALL(19),  SMALL(23),
    SMALL(29),  SMALL(31),  SMALL(37),  SMALL(41),  SMALL(43),  SMALL(47),  SMALL(53),  SMALL(59),
    SMALL(61),  SMALL(67),  SMALL(71),  SMALL(73),  SMALL(79),  SMALL(83),  SMALL(89),  SMALL(97),
    SMALL(101), SMALL(103), SMALL(107), SMALL(109), SMALL(113), SMALL(127), SMALL(131), SMALL(137),
    SMALL(139), SMALL(149), SMALL(151), SMALL(157), SMALL(163), SMALL(167), SMALL(173), SMALL(179),
    SMALL(181), SMALL(191), SMALL(193), SMALL(197), SMALL(199), SMALL(211)};
enum { SMALL_PRIMES = sizeof small_primes / sizeof *small_primes, NEXT_SMALL_PRIME = 223 };

enum divided divide_small(uint64_t n) {
    if (n < 4)
        return n >= 2 ? IS_PRIME : IS_COMPOSITE;
    if (n % 2 == 0)
        return IS_COMPOSITE;
    for (unsigned i = 0; i < SMALL_PRIMES; i++)
        if (n * small_primes[i].inverse <= small_primes[i].most)
            return n == small_primes[i].prime ? IS_PRIME : IS_COMPOSITE;
    return n < NEXT_SMALL_PRIME * NEXT_SMALL_PRIME ? IS_PRIME : NOT_DIVIDED;
}

bool mr_is_prime(uint64_t n) {
    enum divided divided = divide_small(n);
    return divided == NOT_DIVIDED ? a64_is_prime_odd(n) : divided == IS_PRIME;
}

/* ---- base 2, several numbers together ------------------------------------------------------- */

/* As power_step, by the compiler, which mixes the instructions of several. */
static inline void mixed_step(struct power *power) {
    unsigned __int128 square = (unsigned __int128)power->x * power->x;
    uint64_t high = (uint64_t)(square >> 64), low = (uint64_t)square;
    uint64_t twice = a64_add(high, high, power->n) + (low >> 63);
    bool one = power->bits >> 63;
    power->bits <<= 1;
    high = one ? twice : high;
    uint64_t borrow = A64_MULHI((low << one) * power->inverse, power->n);
    power->x = high < borrow ? high - borrow + power->n : high - borrow;
}

void base2_test(const uint64_t n[BASE2_TOGETHER], bool passed[BASE2_TOGETHER]) {
    struct power power[BASE2_TOGETHER];
    unsigned most = 0;
    for (int i = 0; i < BASE2_TOGETHER; i++) {
        power[i] = power_start(n[i]);
        if (power[i].left > most)
            most = power[i].left;
    }
    for (; most; most--) {
#pragma GCC unroll 8
        for (int i = 0; i < BASE2_TOGETHER; i++)
            if (power[i].left >= most)
                mixed_step(&power[i]);
    }
    for (int i = 0; i < BASE2_TOGETHER; i++)
        passed[i] = power_passes(&power[i]);
}

/* ---- the second stage ---------------------------------------------------------------------- */

bool is_prime_after_base2(uint64_t n) {
    if (n < PSP_FILTER_BOUND && !psp_suspect(n))
        return true;
    return lucas_extra_strong(n);
}

/* ---- one number ----------------------------------------------------------------------------- */

bool is_prime_portable(uint64_t n) {
    enum divided divided = divide_small(n);
    return divided == NOT_DIVIDED ? is_prime_undivided(n) : divided == IS_PRIME;
}

/* The first call chooses the level; threads that do so at once choose the same. */
static bool choose_and_test(uint64_t n);
static bool (*_Atomic chosen_test)(uint64_t n) = choose_and_test;

static bool choose_and_test(uint64_t n) {
    bool (*test)(uint64_t) = batch_kernel(NULL)->is_prime;
    atomic_store_explicit(&chosen_test, test, memory_order_relaxed);
    return test(n);
}

bool pp_is_prime(uint64_t n) {
    return atomic_load_explicit(&chosen_test, memory_order_relaxed)(n);
}
