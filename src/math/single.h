/*
 * One number that small divisors leave: base 2 and the extra strong Lucas test side by side. Each
 * is a chain of products that wait for each other, at twelve cycles or thirteen; three such chains
 * at once take hardly longer than one. docs/PRIMALITY.md says why the answers are exact.
 *
 * A header, since it is compiled for several instruction sets: every function is static.
 */
#ifndef PARPRIME_MATH_SINGLE_H
#define PARPRIME_MATH_SINGLE_H

#include "arith64.h"
#include "math/lucas.h"
#include "math/lucas_parameter.h"
#include "math/psp_filter.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- arithmetic ------------------------------------------------------------------------------ */

/*
 * In assembly on x86-64, where compilers make branches of choices that are as good as random or
 * take more instructions than begin in the time. Of two corrections, none and + n, both are made
 * before it is known which.
 */
#if defined(__x86_64__)

/*
 * The Montgomery reduction of high·2^64 + low, for high <= n. What is to be done to a product
 * besides, modulo n, is done to its high word: it waits while the low one is worked on.
 */
#define REDUCE /* rdx:rax, of which `high` is rdx and what was done to it */                       \
    "imul %[inverse], %%rax\n\t"                                                                   \
    "mul %[n]\n\t"                                                                                 \
    "lea (%[high],%[n]), %[other]\n\t"                                                             \
    "sub %%rdx, %[other]\n\t"                                                                      \
    "sub %%rdx, %[high]\n\t"                                                                       \
    "cmovc %[other], %[high]"
#define SUBTRACT /* c from `high`, modulo n */                                                     \
    "sub %[c], %[high]\n\t"                                                                        \
    "lea (%[high],%[n]), %[other]\n\t"                                                             \
    "cmovc %[other], %[high]\n\t"

static inline uint64_t reduce(uint64_t high, uint64_t low, uint64_t n, uint64_t inverse) {
    uint64_t other;
    __asm__(REDUCE
            : [high] "+&r"(high), [other] "=&r"(other), "+&a"(low)
            : [n] "r"(n), [inverse] "rm"(inverse)
            : "rdx", "cc");
    return high;
}

/* a·b - c in Montgomery form, for a, b <= n and c < n: at most n. */
static inline uint64_t multiply_less(uint64_t a, uint64_t b, uint64_t c, uint64_t n,
                                     uint64_t inverse) {
    uint64_t high, other;
    __asm__("mul %[b]\n\tmov %%rdx, %[high]\n\t" SUBTRACT REDUCE
            : [high] "=&r"(high), [other] "=&r"(other), "+&a"(a)
            : [b] "r"(b), [c] "rm"(c), [n] "r"(n), [inverse] "rm"(inverse)
            : "rdx", "cc");
    return high;
}

/* x² in Montgomery form, for x <= n. */
static inline uint64_t square(uint64_t x, uint64_t n, uint64_t inverse) {
    uint64_t high, other;
    __asm__("mul %%rax\n\tmov %%rdx, %[high]\n\t" REDUCE
            : [high] "=&r"(high), [other] "=&r"(other), "+&a"(x)
            : [n] "r"(n), [inverse] "rm"(inverse)
            : "rdx", "cc");
    return high;
}

/* a - c modulo n, for a <= n and c < n. */
static inline uint64_t subtract(uint64_t a, uint64_t c, uint64_t n) {
    uint64_t other;
    __asm__(SUBTRACT : [high] "+&r"(a), [other] "=&r"(other) : [c] "rm"(c), [n] "r"(n) : "cc");
    return a;
}

/* b where the top bit of *bits is set, else a; takes that bit away. */
static inline uint64_t choose(uint64_t *bits, uint64_t a, uint64_t b) {
    __asm__("add %[bits], %[bits]\n\tcmovc %[b], %[a]"
            : [bits] "+&r"(*bits), [a] "+&r"(a)
            : [b] "r"(b)
            : "cc");
    return a;
}

/* a·b modulo n, for a < n: compilers do not know that the quotient fits a word. */
static inline uint64_t multiply_plain(uint64_t a, uint64_t b, uint64_t n) {
    uint64_t rest;
    __asm__("mul %[b]\n\tdiv %[n]" : "+&a"(a), "=&d"(rest) : [b] "r"(b), [n] "r"(n) : "cc");
    return rest;
}

#else

static inline uint64_t reduce(uint64_t high, uint64_t low, uint64_t n, uint64_t inverse) {
    uint64_t borrow = A64_MULHI(low * inverse, n);
    return high < borrow ? high - borrow + n : high - borrow;
}

static inline uint64_t subtract(uint64_t a, uint64_t c, uint64_t n) {
    return a < c ? a - c + n : a - c;
}

static inline uint64_t choose(uint64_t *bits, uint64_t a, uint64_t b) {
    uint64_t chosen = *bits >> 63 ? b : a;
    *bits <<= 1;
    return chosen;
}

static inline uint64_t multiply_less(uint64_t a, uint64_t b, uint64_t c, uint64_t n,
                                     uint64_t inverse) {
    unsigned __int128 product = (unsigned __int128)a * b;
    return reduce(subtract((uint64_t)(product >> 64), c, n), (uint64_t)product, n, inverse);
}

static inline uint64_t square(uint64_t x, uint64_t n, uint64_t inverse) {
    unsigned __int128 product = (unsigned __int128)x * x;
    return reduce((uint64_t)(product >> 64), (uint64_t)product, n, inverse);
}

static inline uint64_t multiply_plain(uint64_t a, uint64_t b, uint64_t n) {
    return (uint64_t)((unsigned __int128)a * b % n);
}

#endif

/*
 * The inverse of odd n modulo 2^64: 3n² is right to 5 bits, and the error y = 1 - n·x is squared
 * beside what doubles the bits (J. Hurchalla, "An improved integer modular multiplicative inverse
 * (modulo 2^w)", 2022), a multiplication sooner each time than in a64_inverse.
 */
static inline uint64_t inverse_of(uint64_t n) {
    uint64_t x = (3 * n) ^ 2, y = 1 - n * x;
    for (int i = 0; i < 4; i++, y *= y)
        x *= 1 + y;
    return x;
}

/* 2^64 modulo n, the Montgomery form of 1. */
static inline uint64_t one_of(uint64_t n) {
    if (n < UINT64_C(1) << 62)
        return (0 - n) % n;
    uint64_t less = 0 - n; /* below 3n */
    less = less < n ? less : less - n;
    return less < n ? less : less - n;
}

/* ---- base 2 -------------------------------------------------------------------------------- */

/* Is the Montgomery form of 2^-(n-1)/2 what it is for a prime n: 1 or -1 as (2|n) is? */
static inline bool power_passes(uint64_t power, uint64_t n, uint64_t inverse) {
    uint64_t value = reduce(0, power, n, inverse);
    bool nonresidue = (n ^ n >> 1) & 2; /* n = 3, 5 mod 8 */
    return value == (nonresidue ? n - 1 : 1);
}

/*
 * The Montgomery form of 2^t is 2^(t + 64), an ordinary power of two for -64 <= t < 0: so the
 * leading bits of the exponent are done at once, and nothing is divided by n. Further bits are
 * done one after the other, a square and a doubling.
 */
static inline bool base2_alone(uint64_t n) {
    uint64_t half = n / 2, exponent = 0 - half, inverse = inverse_of(n);
    unsigned length = 64 - (unsigned)__builtin_clzll(half), bits = length > 6 ? length - 6 : 0;
    uint64_t x = UINT64_C(1) << (64 + (int)((int64_t)exponent >> bits));
    if (x >= n)
        x %= n;
    exponent = bits ? exponent << (64 - bits) : 0;
    for (; bits; bits--) {
        unsigned __int128 product = (unsigned __int128)x * x;
        uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product, next = exponent;
        uint64_t twice = subtract(high, n - high, n); /* 2·high - n, or n more */
        /* The low word is doubled by its factor. */
        uint64_t factor = choose(&next, inverse, 2 * inverse);
        high = choose(&exponent, high, twice + (low >> 63));
        x = reduce(high, low, n, factor);
    }
    return power_passes(x, n, inverse);
}

/* ---- base 2 and Lucas ---------------------------------------------------------------------- */

/*
 * For n > 2^44 without prime factors up to 61, and P < 60.
 *
 * The power is done by windows of six bits: six squares, then a multiplication by 2^w and a
 * reduction, which together take w - 64 to the exponent: between -64 and -1. So what is left of
 * (n-1)/2 - (1 + 64 + 64² + …), in base 64, has the digits 63 - w.
 *
 * The Lucas test has n + 1 = d·2^s, and goes through the bits of d, the first three at most with
 * small numbers. V_k and V_(k+1) become a square and a product: V_(k+1) the product after a bit 0,
 * V_k after a bit 1. So with a bit that equals the one before it the square is squared, else the
 * product.
 */
enum { WINDOW_BITS = 6, LEADING_BITS_OF_D = 3 };

static inline bool base2_and_lucas(uint64_t n, unsigned parameter) {
    uint64_t successor = n + 1;
    if (successor == 0)
        return false;
    int s = __builtin_ctzll(successor);
    uint64_t d = successor >> s;
    /* d has one bit less than n, or fewer; n = 2^bits - 1 has d = 1. */
    unsigned bits = 64 - (unsigned)__builtin_clzll(n);
    unsigned windows = (bits - 1 - LEADING_BITS_OF_D + WINDOW_BITS - 1) / WINDOW_BITS;
    unsigned steps = WINDOW_BITS * windows;

    uint64_t inverse = inverse_of(n), one = one_of(n), two = a64_add(one, one, n);
    uint64_t rest = n / 2 - ((UINT64_C(1) << steps) - 1) / 63, start = rest >> steps; /* below 8 */
    uint64_t x = UINT64_C(1) << (63 & (0 - start));
    x = start ? x : one;
    if (x >= n)
        x %= n;
    uint64_t digits = ~rest << (64 - steps);

    uint64_t p = parameter, k = d >> steps; /* 0 to 7 */
    uint64_t v_2 = p * p - 2, v_3 = p * v_2 - p, v_4 = v_2 * v_2 - 2;
    uint64_t v_low = k & 4 ? (k & 2 ? v_3 : v_2) : (k & 2 ? p : 2),
             v_high = k & 4 ? (k & 2 ? v_4 : v_3) : (k & 2 ? v_2 : p),
             v_odd = k & 1 ? v_high : v_low;
    uint64_t v_square = multiply_plain(one, v_odd * v_odd - 2, n),
             v_product = multiply_plain(one, v_low * v_high - p, n),
             p_form = multiply_plain(one, p, n);
    uint64_t changes = (d ^ d >> 1) << (64 - steps);

    for (; windows; windows--) {
#pragma GCC unroll 1
        for (int i = WINDOW_BITS; i; i--) {
            uint64_t squared = choose(&changes, v_square, v_product);
            v_product = multiply_less(v_square, v_product, p_form, n, inverse);
            v_square = multiply_less(squared, squared, two, n, inverse);
            x = square(x, n, inverse);
        }
        unsigned w = (unsigned)(digits >> (64 - WINDOW_BITS));
        digits <<= WINDOW_BITS;
        x = reduce(x >> 1 >> (63 - w), x << w, n, inverse);
    }
    /* d is odd: V_d is the product. That U_d = 0 follows from base 2: see PRIMALITY.md. */
    uint64_t v = v_product == n ? 0 : v_product;
    bool passed = (v == two) | (v == n - two) | ((v == 0) & (s > 1));
    if (!(power_passes(x, n, inverse) & (n % 1093 != 0) & (n % 3511 != 0)))
        return false;
    for (int r = 1; r < s - 1 && !passed; r++) {
        v = multiply_less(v, v, two, n, inverse);
        v = v == n ? 0 : v;
        passed = v == 0;
    }
    return passed;
}

/* Is n > 2^15, which has no prime factor up to 101, prime? */
static inline bool is_prime_undivided(uint64_t n) {
    if (n < PSP_FILTER_BOUND)
        return base2_alone(n) && (!psp_suspect(n) || lucas_extra_strong(n));
    unsigned parameter = lucas_parameter(n);
    if (parameter == 0)
        return base2_alone(n) && lucas_extra_strong(n);
    return base2_and_lucas(n, parameter);
}

#endif
