#include "math/primality.h"

#include "arith64.h"
#include "math/divisors.h"
#include "math/lucas.h"
#include "math/lucas_parameter.h"
#include "math/psp_filter.h"

#include <parprime.h>

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

/* ---- base 2 -------------------------------------------------------------------------------- */

/* A running power 2^t in Montgomery form; t = -(n-1)/2 above its low `bits` bits. */
struct power {
    uint64_t n, inverse, exponent, x;
    unsigned bits;
};

/*
 * The Montgomery form of 2^t is 2^(t + 64), an ordinary power of two for -64 <= t < 0: so the
 * leading bits of the exponent are done at once, and nothing is divided by n.
 */
static inline struct power power_start(uint64_t n) {
    uint64_t half = n / 2;
    unsigned length = 64 - (unsigned)__builtin_clzll(half);
    struct power power = {n, a64_inverse(n), 0 - half, 0, length > 6 ? length - 6 : 0};
    int leading = 64 + (int)((int64_t)power.exponent >> power.bits);
    power.x = UINT64_C(1) << leading;
    if (power.x >= n)
        power.x %= n;
    return power;
}

/*
 * The Montgomery reduction of high·2^64 + low, for high <= n. What is to be done to a product
 * besides, modulo n, is done to its high word: it waits while the low one is worked on.
 */
static inline uint64_t reduce(uint64_t high, uint64_t low, uint64_t n, uint64_t inverse) {
    uint64_t borrow = A64_MULHI(low * inverse, n);
    return high < borrow ? high - borrow + n : high - borrow;
}

/* a·b - c in Montgomery form, for a, b, c < n. */
static inline uint64_t multiply_less(uint64_t a, uint64_t b, uint64_t c, uint64_t n,
                                     uint64_t inverse) {
    unsigned __int128 product = (unsigned __int128)a * b;
    uint64_t high = (uint64_t)(product >> 64);
    high = high < c ? high - c + n : high - c;
    return reduce(high, (uint64_t)product, n, inverse);
}

/* Squares, and doubles where the exponent has a 1. The result may be n instead of 0. */
static inline void power_step(struct power *power) {
    unsigned __int128 square = (unsigned __int128)power->x * power->x;
    uint64_t high = (uint64_t)(square >> 64), low = (uint64_t)square;
    uint64_t twice = a64_add(high, high, power->n) + (low >> 63);
    bool one = power->exponent >> --power->bits & 1;
    power->x = reduce(one ? twice : high, low << one, power->n, power->inverse);
}

/* Is 2^-(n-1)/2 what it is for a prime n: 1 for n = 1, 7 mod 8 and -1 for n = 3, 5? */
static inline bool power_passes(const struct power *power) {
    a64_modulus m = {power->n, power->inverse, 0};
    uint64_t value = a64_mul(power->x, 1, m);
    bool nonresidue = (power->n ^ power->n >> 1) & 2;
    return value == (nonresidue ? power->n - 1 : 1);
}

void base2_test(const uint64_t n[BASE2_TOGETHER], bool passed[BASE2_TOGETHER]) {
    struct power power[BASE2_TOGETHER];
    unsigned most = 0;
    for (int i = 0; i < BASE2_TOGETHER; i++) {
        power[i] = power_start(n[i]);
        if (power[i].bits > most)
            most = power[i].bits;
    }
    for (; most; most--) {
#pragma GCC unroll 8
        for (int i = 0; i < BASE2_TOGETHER; i++)
            if (power[i].bits == most)
                power_step(&power[i]);
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

/*
 * Base 2 and the extra strong Lucas test at once, for one number n > 2^15 that divide_small
 * leaves: three chains that do not wait for each other take hardly longer than one.
 */
static bool base2_and_lucas(uint64_t n, unsigned parameter) {
    struct power power = power_start(n);
    a64_modulus m = {n, power.inverse, (0 - n) % n};
    uint64_t two = a64_add(m.one, m.one, n), minus_two = n - two, p = two;
    for (unsigned i = 2; i < parameter; i++)
        p = a64_add(p, m.one, n);
    uint64_t successor = n + 1;
    int s = __builtin_ctzll(successor);
    /* V_k and V_(k+1) as in avx512_lucas.h: a square and a product, in the order of the last bit. */
    uint64_t square = two, product = p, changes = successor ^ successor >> 1;
    bool passed = false;
    for (int i = 63 - __builtin_clzll(successor); i >= 1; i--) {
        if (power.bits)
            power_step(&power);
        uint64_t squared = changes >> i & 1 ? product : square;
        product = multiply_less(square, product, p, n, m.inverse);
        square = multiply_less(squared, squared, two, n, m.inverse);
        /* V_((n+1)/2^i): ±2 at d, or 0 behind it. That U_d = 0 follows from base 2: PRIMALITY.md. */
        if (i <= s) {
            uint64_t v = i == s ? product : square;
            passed |= (i == s && (v == two || v == minus_two)) || (i >= 2 && v == 0);
        }
    }
    while (power.bits)
        power_step(&power);
    return passed && power_passes(&power) && n % 1093 != 0 && n % 3511 != 0;
}

bool is_prime64(uint64_t n) {
    enum divided divided = divide_small(n);
    if (divided != NOT_DIVIDED)
        return divided == IS_PRIME;
    if (n < PSP_FILTER_BOUND) {
        struct power power = power_start(n);
        while (power.bits)
            power_step(&power);
        return power_passes(&power) && is_prime_after_base2(n);
    }
    unsigned parameter = lucas_parameter(n);
    if (parameter == 0) {
        struct power power = power_start(n);
        while (power.bits)
            power_step(&power);
        return power_passes(&power) && lucas_extra_strong(n);
    }
    return base2_and_lucas(n, parameter);
}

bool pp_is_prime(uint64_t n) {
    return is_prime64(n);
}
