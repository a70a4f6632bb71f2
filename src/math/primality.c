#include "math/primality.h"

#include "arith64.h"

#include <parprime.h>

/*
 * Small odd primes with their inverses modulo 2^64: p divides n exactly when n·inverse, taken
 * modulo 2^64, is at most (2^64-1)/p. One multiplication each, and three quarters of all odd
 * numbers need no power.
 */
#define SMALL(p)                                                                                   \
    { p, UINT64_MAX / p }
static const struct {
    uint64_t prime, most;
} small_primes[] = {SMALL(3),  SMALL(5),  SMALL(7),  SMALL(11), SMALL(13), SMALL(17),
                    SMALL(19), SMALL(23), SMALL(29), SMALL(31), SMALL(37)};
static const uint64_t small_inverses[] = {
    0xaaaaaaaaaaaaaaab, 0xcccccccccccccccd, 0x6db6db6db6db6db7, 0x2e8ba2e8ba2e8ba3,
    0x4ec4ec4ec4ec4ec5, 0xf0f0f0f0f0f0f0f1, 0x86bca1af286bca1b, 0xd37a6f4de9bd37a7,
    0x34f72c234f72c235, 0xef7bdef7bdef7bdf, 0x14c1bacf914c1bad};

bool mr_is_prime(uint64_t n) {
    if (n < 4)
        return n >= 2;
    if (n % 2 == 0)
        return false;
    for (unsigned i = 0; i < sizeof small_primes / sizeof *small_primes; i++)
        if (n * small_inverses[i] <= small_primes[i].most)
            return n == small_primes[i].prime;
    if (n < 41 * 41)
        return true;
    return a64_is_prime_odd(n);
}

bool pp_is_prime(uint64_t n) {
    return mr_is_prime(n);
}
