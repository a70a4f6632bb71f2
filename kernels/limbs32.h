/*
 * Modular arithmetic in limbs of 32 bits, for GPUs, whose multiplier takes 32 by 32 bits and adds
 * 64: the two tests of a 64-bit number without one conditional subtraction. Valid C11 and valid
 * OpenCL C 1.2 as arith64.h is, which it needs, and lucas64.h.
 *
 * For odd n below L32_END = 3·2^59. Residues are in Montgomery form with R = 2^64 and lazy: below
 * 3n, which is below 2^63. A reduction adds a multiple of n below n·R, so a product of two is below
 * 9n²/R + n < 2n.
 */
#ifndef PARPRIME_LIMBS32_H
#define PARPRIME_LIMBS32_H
#if !defined(__OPENCL_C_VERSION__) || !PP_CPU /* not for CPU devices */

#define L32_END ((a64_u64)3 << 59)

typedef struct l32_modulus {
    a64_u32 n0, n1;  /* the limbs of n, the lower one first */
    a64_u32 inverse; /* n·inverse = -1 mod 2^32 */
} l32_modulus;

static inline l32_modulus l32_modulus_of(a64_u64 n) {
    l32_modulus m;
    m.n0 = (a64_u32)n;
    m.n1 = (a64_u32)(n >> 32);
    a64_u32 x = (3 * m.n0) ^ 2; /* as in a64_inverse */
    x *= 2 - m.n0 * x;
    x *= 2 - m.n0 * x;
    x *= 2 - m.n0 * x;
    m.inverse = 0 - x;
    return m;
}

/* a·b + c, one instruction, where that is below 2^64. */
static inline a64_u64 l32_wide(a64_u32 a, a64_u32 b, a64_u64 c) {
    return (a64_u64)a * b + c;
}

/*
 * (low + rest·2^32) / 2^32 modulo n, by adding the multiple of n that makes the lowest limb 0:
 * below low / 2^32 + rest + n + 1, which must be below 2^64.
 */
static inline a64_u64 l32_drop(a64_u64 low, a64_u64 rest, l32_modulus m) {
    a64_u32 q = (a64_u32)low * m.inverse;
    a64_u64 carries = (low >> 32) + (l32_wide(q, m.n0, (a64_u32)low) >> 32);
    return l32_wide(q, m.n1, rest) + carries;
}

/*
 * The Montgomery product x·y·2^-64 modulo n and addend: below 2n and that, for x, y < 3n. Of these
 * and n the upper limbs add up to less than 2^32 - 2, so what is to be shifted down fits 64 bits.
 */
static inline a64_u64 l32_mul_add(a64_u64 x, a64_u64 y, a64_u64 addend, l32_modulus m) {
    a64_u32 x0 = (a64_u32)x, x1 = (a64_u32)(x >> 32), y0 = (a64_u32)y, y1 = (a64_u32)(y >> 32);
    a64_u64 middle = l32_drop((a64_u64)x0 * y0, l32_wide(x1, y0, (a64_u64)x0 * y1), m);
    return l32_drop(middle, l32_wide(x1, y1, addend), m);
}

static inline a64_u64 l32_square_add(a64_u64 x, a64_u64 addend, l32_modulus m) {
    a64_u32 x0 = (a64_u32)x, x1 = (a64_u32)(x >> 32);
    a64_u64 middle = l32_drop((a64_u64)x0 * x0, (a64_u64)x0 * (2 * x1), m);
    return l32_drop(middle, l32_wide(x1, x1, addend), m);
}

/* The residue that a lazy one stands for. */
static inline a64_u64 l32_residue(a64_u64 x, a64_u64 n) {
    x -= x >= n ? n : 0;
    return x - (x >= n ? n : 0);
}

/*
 * The Euler-Jacobi test to base 2 of odd n, 103² <= n < L32_END, with the negative exponent
 * e = -(n - 1)/2: see src/math/primality.c. 2^e is worked out five bits at a time. Five squarings,
 * then 2^d for 0 <= d < 32 is a shift by d, after which one limb too many is dropped: that is
 * 2^(d - 32). So the windows are those of e and 32 in every one of them.
 */
#define L32_WINDOW 5
#define L32_EVERY_WINDOW 0x1084210842108420u /* 32, and as often 32 times as much */

static inline int l32_base2(a64_u64 n) {
    l32_modulus m = l32_modulus_of(n);
    int length = A64_LENGTH(n >> 1), bits = (length - 2) / L32_WINDOW * L32_WINDOW;
    /* Of e two to six bits are above the windows; and 32 in each window never come to one there. */
    a64_u64 windows = (L32_EVERY_WINDOW & (((a64_u64)2 << bits) - 1)) - (n >> 1);
    a64_u64 x = (a64_u64)1 << (64 - (int)((0 - windows + (((a64_u64)1 << bits) - 1)) >> bits));
    if (x >= 2 * n)
        x %= n;
    while (bits) {
        bits -= L32_WINDOW;
        for (int i = 0; i < L32_WINDOW; i++)
            x = l32_square_add(x, 0, m);
        a64_u32 d = (a64_u32)(windows >> bits) & 31;
        x = l32_drop((a64_u32)x << d, x >> (32 - d), m); /* of 96 bits */
    }
    /* Out of the form, which leaves at most n. */
    a64_u64 power = l32_drop(l32_drop(x, 0, m), 0, m);
    return power == ((n ^ (n >> 1)) & 2 ? n - 1 : 1);
}

/* The extra strong Lucas test of odd n, 103² <= n < L32_END: see lucas64.h. */
static inline int l32_extra_strong(a64_u64 n) {
    a64_u32 parameter = l64_parameter(n);
    if (parameter == 0)
        return 0;
    l32_modulus m = l32_modulus_of(n);
    a64_u64 one = (0 - n) % n, two = a64_add(one, one, n), p = two;
    for (a64_u32 i = 2; i < parameter; i++)
        p = a64_add(p, one, n);
    int s = A64_CTZ(n + 1);
    a64_u64 d = (n + 1) >> s, v = two, next = p; /* V_0, V_1 */
    for (int bit = A64_LENGTH(d) - 1; bit >= 0; bit--) {
        int set = (int)(d >> bit) & 1;
        a64_u64 product = l32_mul_add(v, next, n - p, m);
        a64_u64 square = l32_square_add(set ? next : v, n - two, m);
        v = set ? product : square;
        next = set ? square : product;
    }
    a64_u64 residue = l32_residue(v, n);
    if (residue == two || residue == n - two) { /* 2·V_(d+1) - P·V_d = D·U_d */
        next = l32_residue(next, n);
        return a64_add(next, next, n) == l32_residue(l32_mul_add(p, v, 0, m), n);
    }
    for (int r = 0; r < s - 1; r++) {
        if (l32_residue(v, n) == 0)
            return 1;
        v = l32_square_add(v, n - two, m);
    }
    return 0;
}

#endif
#endif
