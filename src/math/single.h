/*
 * One number that small divisors leave: base 2 and the extra strong Lucas test side by side. Each
 * is a chain of products that wait for each other, at twelve cycles or thirteen, and leaves time
 * for others. docs/PRIMALITY.md says why the answers are exact.
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
 * In assembly on x86-64, where compilers (gcc 12, clang 14) make branches of choices that are as
 * good as random, and store what everything waits for. Of two corrections, none and + n, both are
 * made before it is known which.
 */
#if defined(__x86_64__)

/*
 * The Montgomery reduction of high·2^64 + low, for high <= n. What is to be done to a product
 * besides, modulo n, is done to its high word: it waits while the low one is worked on.
 */
#define SELECT /* high - rdx, or n more if that is negative */                                     \
    "lea (%[high],%[n]), %[other]\n\t"                                                             \
    "sub %%rdx, %[other]\n\t"                                                                      \
    "sub %%rdx, %[high]\n\t"                                                                       \
    "cmovc %[other], %[high]"
#define REDUCE /* rdx:rax, of which `high` is rdx and what was done to it */                       \
    "imul %[inverse], %%rax\n\t"                                                                   \
    "mul %[n]\n\t" SELECT
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
    __asm__("mul %[b]\n\t"
            "mov %%rdx, %[high]\n\t"
            "sub %[c], %[high]\n\t"
            "lea (%[high],%[n]), %[other]\n\t"
            "cmovc %[other], %[high]\n\t" REDUCE
            : [high] "=&r"(high), [other] "=&r"(other), "+&a"(a)
            : [b] "r"(b), [c] "rm"(c), [n] "r"(n), [inverse] "rm"(inverse)
            : "rdx", "cc");
    return high;
}

/*
 * x² in Montgomery form, doubled if the top bit of *bits is set, which is taken away; for x <= n.
 * The low word is doubled by doubling what it is multiplied by.
 */
static inline uint64_t square_and_double(uint64_t x, uint64_t *bits, uint64_t n, uint64_t inverse,
                                         uint64_t inverse_2) {
    uint64_t high, twice, other;
    __asm__("mul %%rax\n\t"
            "mov %%rdx, %[high]\n\t"
            "mov %[n], %[other]\n\t"
            "sub %%rdx, %[other]\n\t"
            "mov %%rdx, %[twice]\n\t"
            "sub %[other], %[twice]\n\t"
            "lea (%%rdx,%%rdx), %[other]\n\t"
            "cmovc %[other], %[twice]\n\t" /* 2·high modulo n, as in a64_add */
            "bt $63, %%rax\n\t"
            "adc $0, %[twice]\n\t"
            "mov %[inverse], %[other]\n\t"
            "add %[bits], %[bits]\n\t"
            "cmovc %[twice], %[high]\n\t"
            "cmovc %[inverse_2], %[other]\n\t"
            "imul %[other], %%rax\n\t"
            "mul %[n]\n\t" SELECT
            : [high] "=&r"(high), [twice] "=&r"(twice), [other] "=&r"(other), [bits] "+&r"(*bits),
              "+&a"(x)
            : [n] "r"(n), [inverse] "rm"(inverse), [inverse_2] "rm"(inverse_2)
            : "rdx", "cc");
    return high;
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

static inline uint64_t choose(uint64_t *bits, uint64_t a, uint64_t b) {
    uint64_t chosen = *bits >> 63 ? b : a;
    *bits <<= 1;
    return chosen;
}

static inline uint64_t multiply_less(uint64_t a, uint64_t b, uint64_t c, uint64_t n,
                                     uint64_t inverse) {
    unsigned __int128 product = (unsigned __int128)a * b;
    uint64_t high = (uint64_t)(product >> 64);
    return reduce(high < c ? high - c + n : high - c, (uint64_t)product, n, inverse);
}

static inline uint64_t square_and_double(uint64_t x, uint64_t *bits, uint64_t n, uint64_t inverse,
                                         uint64_t inverse_2) {
    unsigned __int128 product = (unsigned __int128)x * x;
    uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;
    bool one = *bits >> 63;
    *bits <<= 1;
    uint64_t twice = a64_add(high, high, n) + (low >> 63);
    return reduce(one ? twice : high, low, n, one ? inverse_2 : inverse);
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

/* A running power 2^t in Montgomery form; t = -(n-1)/2 above its lowest `left` bits. */
struct power {
    uint64_t n, inverse, inverse_2, x;
    uint64_t bits; /* what is left of the exponent, at the top */
    unsigned left;
};

/*
 * The Montgomery form of 2^t is 2^(t + 64), an ordinary power of two for -64 <= t < 0: so the
 * leading bits of the exponent are done at once, and nothing is divided by n. From 2^60 on as many
 * are left for all n, so that the ends of loops can be predicted.
 */
enum { LARGE_BITS = 60 };

static inline struct power power_start(uint64_t n) {
    uint64_t half = n / 2, exponent = 0 - half, inverse = inverse_of(n);
    unsigned length = 64 - (unsigned)__builtin_clzll(half), left = length > 6 ? length - 6 : 0;
    left = half >> (LARGE_BITS - 1) ? LARGE_BITS - 3 : left;
    uint64_t x = UINT64_C(1) << (64 + (int)((int64_t)exponent >> left));
    if (x >= n)
        x %= n;
    return (struct power){n, inverse, 2 * inverse, x, left ? exponent << (64 - left) : 0, left};
}

/* Squares, and doubles where the exponent has a 1. The result may be n instead of 0. */
static inline void power_step(struct power *power) {
    power->x =
        square_and_double(power->x, &power->bits, power->n, power->inverse, power->inverse_2);
}

/* Is 2^-(n-1)/2 what it is for a prime n: 1 for n = 1, 7 mod 8 and -1 for n = 3, 5? */
static inline bool power_passes(const struct power *power) {
    uint64_t n = power->n, value = reduce(0, power->x, n, power->inverse);
    bool nonresidue = (n ^ n >> 1) & 2;
    return value == (nonresidue ? n - 1 : 1);
}

static inline bool base2_alone(uint64_t n) {
    struct power power = power_start(n);
    for (unsigned i = power.left; i; i--)
        power_step(&power);
    return power_passes(&power);
}

/* ---- base 2 and Lucas ---------------------------------------------------------------------- */

/*
 * V_k and V_(k+1) for leading bits k of d, where n + 1 = d·2^s, as a square and a product: V_(k+1)
 * is the product after a bit 0, V_k after a bit 1. So with a bit that equals the one before it the
 * square is squared, else the product.
 */
struct lucas_chain {
    uint64_t n, inverse, square, product;
    uint64_t two, p;  /* 2 and P in Montgomery form */
    uint64_t changes; /* is a bit of d other than the one before it? The next one at the top */
};

/* The first three bits of d are done with small numbers, below 2^48 for P < 60. */
static inline struct lucas_chain lucas_start(uint64_t n, uint64_t inverse, uint64_t p, uint64_t d,
                                             unsigned left) {
    uint64_t one = one_of(n), v_2 = p * p - 2, v_3 = p * v_2 - p, v_4 = v_2 * v_2 - 2;
    uint64_t v[5] = {2, p, v_2, v_3, v_4}, k = d >> left; /* below 8 */
    uint64_t v_low = v[k / 2], v_high = v[k / 2 + 1], v_odd = v[(k + 1) / 2];
    return (struct lucas_chain){n,
                                inverse,
                                multiply_plain(one, v_odd * v_odd - 2, n),
                                multiply_plain(one, v_low * v_high - p, n),
                                a64_add(one, one, n),
                                multiply_plain(one, p, n),
                                (d ^ d >> 1) << (64 - left)};
}

static inline void lucas_step(struct lucas_chain *v) {
    uint64_t squared = choose(&v->changes, v->square, v->product);
    v->product = multiply_less(v->square, v->product, v->p, v->n, v->inverse);
    v->square = multiply_less(squared, squared, v->two, v->n, v->inverse);
}

/*
 * For n > 2^44 without prime factors up to 61, and P < 60.
 *
 * Two steps of the Lucas chain go beside three squares, which have time left while they wait for
 * each other. Most numbers are composite and end with base 2; the others have two thirds of the
 * Lucas test done by then.
 */
static inline bool base2_and_lucas(uint64_t n, unsigned parameter) {
    uint64_t successor = n + 1;
    if (successor == 0)
        return false;
    int s = __builtin_ctzll(successor);
    uint64_t d = successor >> s; /* below n/2 */
    unsigned bits_left = 64 - (unsigned)__builtin_clzll(n) - 4;
    bits_left = bits_left > LARGE_BITS - 4 ? LARGE_BITS : bits_left;
    struct power power = power_start(n);
    struct lucas_chain v = lucas_start(n, power.inverse, parameter, d, bits_left);
    unsigned together = power.left / 3;
    for (unsigned i = together; i; i--) {
        lucas_step(&v);
        power_step(&power);
        lucas_step(&v);
        power_step(&power);
        power_step(&power);
    }
    for (unsigned i = power.left % 3; i; i--)
        power_step(&power);
    if (!(power_passes(&power) & (n % 1093 != 0) & (n % 3511 != 0)))
        return false;
    for (unsigned i = bits_left - 2 * together; i; i--)
        lucas_step(&v);
    /* d is odd: V_d is the product. That U_d = 0 follows from base 2: see PRIMALITY.md. */
    uint64_t v_d = v.product == n ? 0 : v.product;
    bool passed = (v_d == v.two) | (v_d == n - v.two) | ((v_d == 0) & (s > 1));
    for (int r = 1; r < s - 1 && !passed; r++) {
        v_d = multiply_less(v_d, v_d, v.two, n, v.inverse);
        v_d = v_d == n ? 0 : v_d;
        passed = v_d == 0;
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
