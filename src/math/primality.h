/* Deterministic primality of one 64-bit number; the arithmetic is kernels/arith64.h. */
#ifndef PARPRIME_MATH_PRIMALITY_H
#define PARPRIME_MATH_PRIMALITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Trial division, base 2, and a table or the Lucas test, for each instruction-set level: what
 * pp_is_prime is by the best that this machine has. They differ in how they divide.
 */
bool is_prime_portable(uint64_t n);
bool is_prime_avx2(uint64_t n);
bool is_prime_avx512(uint64_t n);

/*
 * The same answers by other means: Miller-Rabin to several bases. Slower; what the faster tests
 * are held against.
 */
bool mr_is_prime(uint64_t n);

/* What divides_small says. */
enum divided { NOT_DIVIDED, IS_PRIME, IS_COMPOSITE };

/* Divides any n by 2 and the odd primes up to 211; NOT_DIVIDED only for n > 2^15. */
enum divided divide_small(uint64_t n);

/*
 * Is n, which passed the base-2 Euler-Jacobi test and divide_small, prime?
 */
bool is_prime_after_base2(uint64_t n);

/*
 * The base-2 Euler-Jacobi test of `together` odd numbers n > 2^15 at a time: passed[i] = 1 or 0.
 * 2^((n-1)/2) = (2|n) mod n is worked out with a negative exponent: see docs/PRIMALITY.md.
 */
enum { BASE2_TOGETHER = 6 };
void base2_test(const uint64_t n[BASE2_TOGETHER], bool passed[BASE2_TOGETHER]);

#endif
