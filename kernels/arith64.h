/*
 * 64-bit modular arithmetic for odd moduli, valid C11 and valid OpenCL C 1.2, so that what runs
 * on a device can be tested and sanitized on the host. No 64-bit division in any loop.
 *
 * Montgomery form (P. L. Montgomery, "Modular multiplication without trial division", Math.
 * Comp. 44, 1985): x is represented by x·2^64 mod n. Every function works for all odd n < 2^64:
 * the reduction subtracts instead of adding, so no sum needs a 65th bit.
 */
#ifndef PARPRIME_ARITH64_H
#define PARPRIME_ARITH64_H

#if defined(__OPENCL_C_VERSION__)
typedef ulong a64_u64;
typedef uint a64_u32;
#define A64_MULHI(a, b) mul_hi((a64_u64)(a), (a64_u64)(b))
#define A64_CTZ(x) ((int)popcount(((x) & (~(x) + 1)) - 1))
#define A64_LENGTH(x) (64 - (int)clz((a64_u64)(x)))
#define A64_CONSTANT __constant
#else
#include <stdint.h>
typedef uint64_t a64_u64;
typedef uint32_t a64_u32;
#define A64_MULHI(a, b) ((a64_u64)(((unsigned __int128)(a) * (b)) >> 64))
#define A64_CTZ(x) __builtin_ctzll(x)
#define A64_LENGTH(x) (64 - __builtin_clzll(x)) /* in bits, for x > 0 */
#define A64_CONSTANT static const
#endif

/* An odd modulus and what its Montgomery form needs. */
typedef struct a64_modulus {
    a64_u64 n;
    a64_u64 inverse; /* n·inverse = 1 mod 2^64 */
    a64_u64 one;     /* 2^64 mod n: the form of 1 */
} a64_modulus;

/* The inverse of odd n modulo 2^64: 3n^2 is right to 5 bits, each Newton step doubles them. */
static inline a64_u64 a64_inverse(a64_u64 n) {
    a64_u64 x = (3 * n) ^ 2;
    x *= 2 - n * x;
    x *= 2 - n * x;
    x *= 2 - n * x;
    x *= 2 - n * x;
    return x;
}

static inline a64_modulus a64_modulus_of(a64_u64 n) {
    a64_modulus m;
    m.n = n;
    m.inverse = a64_inverse(n);
    m.one = (0 - n) % n;
    return m;
}

/* a + b mod n, for a, b < n. */
static inline a64_u64 a64_add(a64_u64 a, a64_u64 b, a64_u64 n) {
    a64_u64 gap = n - b;
    return a >= gap ? a - gap : a + b;
}

/* The Montgomery product a·b·2^-64 mod n, for a, b < n. */
static inline a64_u64 a64_mul(a64_u64 a, a64_u64 b, a64_modulus m) {
#if defined(__OPENCL_C_VERSION__)
    a64_u64 high = mul_hi(a, b), low = a * b;
#else
    unsigned __int128 product = (unsigned __int128)a * b;
    a64_u64 high = (a64_u64)(product >> 64), low = (a64_u64)product;
#endif
    a64_u64 borrow = A64_MULHI(low * m.inverse, m.n);
    a64_u64 difference = high - borrow;
    return high < borrow ? difference + m.n : difference;
}

/* 2^128 mod n, which takes numbers into the form: 2 squared six times is 2^64. */
static inline a64_u64 a64_square_of_radix(a64_modulus m) {
    a64_u64 x = a64_add(m.one, m.one, m.n);
    for (int i = 0; i < 6; i++)
        x = a64_mul(x, x, m);
    return x;
}

/*
 * Is odd n > 2 a strong probable prime to a base? `base` is in Montgomery form and not 0;
 * n - 1 = odd·2^twos.
 */
static inline int a64_strong(a64_u64 base, a64_u64 odd, int twos, a64_modulus m) {
    a64_u64 minus_one = m.n - m.one;
    a64_u64 power = base;
    /* Left to right below the leading bit, so that the running power needs one register. */
    a64_u64 bit = 1;
    while (bit <= odd >> 1)
        bit <<= 1;
    for (bit >>= 1; bit; bit >>= 1) {
        power = a64_mul(power, power, m);
        if (odd & bit)
            power = a64_mul(power, base, m);
    }
    if (power == m.one || power == minus_one)
        return 1;
    for (int i = 1; i < twos; i++) {
        power = a64_mul(power, power, m);
        if (power == minus_one)
            return 1;
    }
    return 0;
}

/*
 * Bases that decide primality for all odd n up to a bound: the first k primes below the least
 * strong pseudoprime to all of them (OEIS A014233), which is proved for each row used here
 * (Pomerance, Selfridge and Wagstaff 1980; Jaeschke 1993). Above the last row, Sinclair's seven
 * bases, checked by him against the complete list of base-2 strong pseudoprimes below 2^64
 * (Feitsma and Galway).
 */
#define A64_BASES 7
A64_CONSTANT a64_u64 a64_strong_bounds[A64_BASES] = {
    2047ul,          1373653ul,       25326001ul,       3215031751ul,
    2152302898747ul, 3474749660383ul, 341550071728321ul};
A64_CONSTANT a64_u32 a64_prime_bases[A64_BASES] = {2, 3, 5, 7, 11, 13, 17};
A64_CONSTANT a64_u32 a64_sinclair_bases[A64_BASES] = {2,      325,     9375,      28178,
                                                      450775, 9780504, 1795265022};

/* Is odd n > 2 prime? Exact for all n < 2^64. */
static inline int a64_is_prime_odd(a64_u64 n) {
    a64_modulus m = a64_modulus_of(n);
    a64_u64 radix2 = a64_square_of_radix(m);
    int twos = A64_CTZ(n - 1);
    a64_u64 odd = (n - 1) >> twos;
    int bounded = n < a64_strong_bounds[A64_BASES - 1];
    for (int i = 0; i < A64_BASES; i++) {
        a64_u64 base = bounded ? a64_prime_bases[i] : a64_sinclair_bases[i];
        /* Only for n <= 17 is a base not below n; 0 says nothing of primality. */
        a64_u64 form = a64_mul(base < n ? base : base % n, radix2, m);
        if (form != 0 && !a64_strong(form, odd, twos, m))
            return 0;
        if (bounded && n < a64_strong_bounds[i])
            return 1;
    }
    return 1;
}

#endif
