/*
 * Trial division without divisions: p divides n < 2^w exactly when n·(1/p), taken modulo 2^w, is
 * at most (2^w - 1)/p, since multiplying by 1/p permutes the residues and takes the multiples of
 * p to 0, 1, 2, … (T. Granlund and P. L. Montgomery, "Division by invariant integers using
 * multiplication", PLDI 1994, section 9). Here w = 52 for vectors, in groups that share a fold.
 */
#ifndef PARPRIME_MATH_DIVISORS_H
#define PARPRIME_MATH_DIVISORS_H

#include <stddef.h>
#include <stdint.h>

struct divisor52 {
    uint64_t inverse;     /* modulo 2^52 */
    uint64_t minus_bound; /* -(1 + (2^52 - 1)/p): added to a product, it leaves the sign set */
};

enum { DIVISORS_TOGETHER = 5, DIVISOR_GROUPS = 8, DIVISOR_FOLD_BITS = 50 };

struct divisor_group {
    struct divisor52 divisors[DIVISORS_TOGETHER];
    uint64_t fold; /* 2^50 modulo their product, which is below 3·2^36 */
};

/* The inverse of an odd constant modulo 2^64, as a64_inverse finds it. */
#define DIVISOR_NEWTON(p, x) ((x) * (2 - UINT64_C(p) * (x)))
#define DIVISOR_INVERSE(p)                                                                         \
    DIVISOR_NEWTON(p,                                                                              \
                   DIVISOR_NEWTON(p, DIVISOR_NEWTON(p, DIVISOR_NEWTON(p, (3 * UINT64_C(p)) ^ 2))))
#define DIVISOR52(p)                                                                               \
    { DIVISOR_INVERSE(p) & 0xfffffffffffff, ~(UINT64_C(0xfffffffffffff) / (p)) }
#define DIVISOR_GROUP(a, b, c, d, e)                                                               \
    {                                                                                              \
        {DIVISOR52(a), DIVISOR52(b), DIVISOR52(c), DIVISOR52(d), DIVISOR52(e)},                    \
            (UINT64_C(1) << DIVISOR_FOLD_BITS) % (UINT64_C(a) * b * c * d * e)                     \
    }

/* The odd primes up to 179. */
static const struct divisor_group divisor_groups[DIVISOR_GROUPS] = {
    DIVISOR_GROUP(3, 5, 7, 11, 13),         DIVISOR_GROUP(17, 19, 23, 29, 31),
    DIVISOR_GROUP(37, 41, 43, 47, 53),      DIVISOR_GROUP(59, 61, 67, 71, 73),
    DIVISOR_GROUP(79, 83, 89, 97, 101),     DIVISOR_GROUP(103, 107, 109, 113, 127),
    DIVISOR_GROUP(131, 137, 139, 149, 151), DIVISOR_GROUP(157, 163, 167, 173, 179)};

#endif
