/*
 * The extra strong Lucas probable prime test (Z. Mo, "Diophantine equations, Lucas sequences and
 * pseudoprimality", 1993; J. Grantham, "Frobenius pseudoprimes", Math. Comp. 70, 2001), Q = 1,
 * valid C11 and valid OpenCL C 1.2 as arith64.h is.
 *
 * With D = P² - 4, (D|n) = -1 and n + 1 = d·2^s, n passes if U_d = 0 and V_d = ±2, or V_(d·2^r) = 0
 * for an r < s - 1, all modulo n. Primes pass. Together with base 2 it decides for all n < 2^64:
 * no composite passes both, by the complete list of pseudoprimes to base 2 below 2^64
 * (J. Feitsma and W. Galway), on which D. Jacobsen ran this test.
 */
#ifndef PARPRIME_LUCAS64_H
#define PARPRIME_LUCAS64_H

#if !defined(__OPENCL_C_VERSION__)
#include "arith64.h"
#endif

/*
 * The Jacobi symbol (a|n) for odd n and a > 0. One 64-bit division, where GPUs are slowest. The
 * last bit of `flips` is the sign: (2|n) = -1 for n = 3, 5 modulo 8, and turning over two numbers
 * flips it if both are 3 modulo 4. Without comparisons, for lanes that differ, and since Oclgrind
 * 21 answers `x % 8 == 3 || x % 8 == 5` wrongly.
 */
static inline int l64_jacobi(a64_u32 a, a64_u64 n) {
    a64_u32 twos = (a64_u32)A64_CTZ(a), below = (a64_u32)(n & 7), bottom = a >> twos;
    a64_u32 flips = (twos & (below >> 1 ^ below >> 2)) ^ (bottom & below) >> 1;
    a64_u32 top = (a64_u32)(n % bottom); /* (n|bottom), all in 32 bits from here on */
    while (top) {
        twos = (a64_u32)A64_CTZ(top);
        top >>= twos;
        flips ^= (twos & (bottom >> 1 ^ bottom >> 2)) ^ (top & bottom) >> 1;
        a64_u32 rest = bottom % top;
        bottom = top;
        top = rest;
    }
    return bottom == 1 ? 1 - (int)(2 * (flips & 1)) : 0;
}

static inline int l64_is_square(a64_u64 n) {
    a64_u64 root = 0;
    for (a64_u64 bit = (a64_u64)1 << 31; bit; bit >>= 1)
        if ((root | bit) * (root | bit) <= n)
            root |= bit;
    return root * root == n;
}

/* The least P >= 3 with (P² - 4|n) = -1, for odd n > 2; 0 when the search finds n composite. */
static inline a64_u32 l64_search_parameter(a64_u64 n) {
    for (a64_u32 p = 3;; p++) {
        int symbol = l64_jacobi(p * p - 4, n);
        if (symbol < 0)
            return p;
        /* A prime shares no factor with D, unless it divides P + 2. */
        if (symbol == 0 && n != p + 2)
            return 0;
        if (p == 21 && l64_is_square(n)) /* which has no (D|n) = -1 at all */
            return 0;
    }
}

/*
 * The same without a search where a prime q <= 23 decides, and none divides n: then P belongs to
 * the first q of 5, 3, 7, 2, 11, 13, … with (q|n) = -1, see src/math/lucas_parameter.h. That is all
 * but one prime in 500, with one division by a constant.
 */
#define L64_TRY(q, squares, p)                                                                     \
    at = rest % (q);                                                                               \
    divided |= at == 0;                                                                            \
    parameter =                                                                                    \
        ((a64_u32)(squares) >> at & 1) == (a64_u32)((((q)&below) & 3) == 3) ? (p) : parameter;

static inline a64_u32 l64_parameter(a64_u64 n) {
    a64_u32 rest = (a64_u32)(n % (3 * 5 * 7 * 11 * 13 * 17 * 19 * 23)), below = (a64_u32)(n & 7);
    a64_u32 at, parameter = 0, divided = 0;
    /* From the last to the first, which has the last word. */
    L64_TRY(23, 0x5335e, 21)
    L64_TRY(19, 0x30af2, 17)
    L64_TRY(17, 0x1a316, 15)
    L64_TRY(13, 0x161a, 11)
    L64_TRY(11, 0x23a, 9)
    parameter = (below >> 1 ^ below >> 2) & 1 ? 6 : parameter;
    L64_TRY(7, 0x16, 5)
    L64_TRY(3, 0x2, 4)
    L64_TRY(5, 0x12, 3)
    return parameter && !divided ? parameter : l64_search_parameter(n);
}
#undef L64_TRY

/* The test for any odd n > 2. */
static inline int l64_extra_strong(a64_u64 n) {
    a64_u32 parameter = l64_parameter(n);
    if (parameter == 0)
        return 0;
    a64_modulus m = a64_modulus_of(n);
    a64_u64 two = a64_add(m.one, m.one, n), minus_two = n - two;
    a64_u64 p = a64_mul(parameter % n, a64_square_of_radix(m), m);
    /* n + 1 may be 2^64, whose d is 1. */
    a64_u64 d = n + 1;
    int s = d ? A64_CTZ(d) : 64;
    d = d ? d >> s : 1;
    a64_u64 v = two, next = p, bit = 1; /* V_0, V_1 */
    while (bit <= d >> 1)
        bit <<= 1;
    for (; bit; bit >>= 1) {
        a64_u64 product = a64_add(a64_mul(v, next, m), n - p, n);
        a64_u64 squared = d & bit ? next : v;
        a64_u64 square = a64_add(a64_mul(squared, squared, m), minus_two, n);
        v = d & bit ? product : square;
        next = d & bit ? square : product;
    }
    if (v == two || v == minus_two) /* 2·V_(d+1) - P·V_d = D·U_d */
        return a64_add(next, next, n) == a64_mul(p, v, m);
    for (int r = 0; r < s - 1; r++) {
        if (v == 0)
            return 1;
        v = a64_add(a64_mul(v, v, m), minus_two, n);
    }
    return 0;
}

#endif
