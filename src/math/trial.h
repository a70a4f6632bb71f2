#ifndef PARPRIME_MATH_TRIAL_H
#define PARPRIME_MATH_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

/* floor(sqrt(n)), exact for all n. */
uint32_t isqrt64(uint64_t n);

/*
 * Is n prime, by the definition: 2 and all odd divisors up to the integer square root. The
 * book's method, exact for all n < 2^64, about sqrt(n)/2 divisions for a prime.
 */
bool trial_is_prime(uint64_t n);

#endif
