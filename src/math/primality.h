/* Deterministic primality of one 64-bit number; the arithmetic is kernels/arith64.h. */
#ifndef PARPRIME_MATH_PRIMALITY_H
#define PARPRIME_MATH_PRIMALITY_H

#include <stdbool.h>
#include <stdint.h>

/* Miller-Rabin after a few small divisors. Same answer as pp_is_prime, which calls it. */
bool mr_is_prime(uint64_t n);

#endif
