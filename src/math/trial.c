#include "math/trial.h"

#include <math.h>

uint32_t isqrt64(uint64_t n) {
    /* The double is within one of the root; 2^32 - 1 bounds it, so no product overflows. */
    uint64_t root = (uint64_t)sqrt((double)n);
    if (root > UINT32_MAX)
        root = UINT32_MAX;
    while (root * root > n)
        root--;
    while (root < UINT32_MAX && (root + 1) * (root + 1) <= n)
        root++;
    return (uint32_t)root;
}

/* Divisors tried between two looks at the outcome. */
#define BLOCK 16

/*
 * Below 2^52 a rounded quotient n/d is whole only if d divides n: otherwise it is at least 1/d
 * from a whole number, and half a unit in the last place of n/d < 2^52/d is at most half of
 * that. So double divisions decide exactly, and a block of them is one straight loop for the
 * vectoriser. Adding and taking away 1.5*2^52 rounds to a whole number. What is left over is 0 or
 * at least 1/(2d) > 2^-27, so a product of sixteen is 0 only if one of them is.
 */
static bool has_small_divisor(uint64_t n, uint64_t root) {
    static const double steps[BLOCK] = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30};
    const double rounder = 6755399441055744.0, dividend = (double)n;
    uint64_t d = 3;
    for (; d + 2 * BLOCK - 2 <= root; d += 2 * BLOCK) {
        double first = (double)d;
        double quotient[BLOCK], miss[BLOCK];
        for (int i = 0; i < BLOCK; i++)
            quotient[i] = dividend / (first + steps[i]);
        for (int i = 0; i < BLOCK; i++)
            miss[i] = quotient[i] - ((quotient[i] + rounder) - rounder);
        for (int half = BLOCK / 2; half; half /= 2)
            for (int i = 0; i < half; i++)
                miss[i] *= miss[i + half];
        if (miss[0] == 0)
            return true;
    }
    for (; d <= root; d += 2)
        if (n % d == 0)
            return true;
    return false;
}

bool trial_is_prime(uint64_t n) {
    if (n < 4)
        return n >= 2;
    if (n % 2 == 0)
        return false;
    uint64_t root = isqrt64(n);
    if (n < UINT64_C(1) << 52)
        return !has_small_divisor(n, root);
    for (uint64_t d = 3; d <= root; d += 2)
        if (n % d == 0)
            return false;
    return true;
}
