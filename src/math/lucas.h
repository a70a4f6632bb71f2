/*
 * The extra strong Lucas probable prime test (Z. Mo, "Diophantine equations, Lucas sequences and
 * pseudoprimality", 1993; J. Grantham, "Frobenius pseudoprimes", Math. Comp. 70, 2001), Q = 1.
 *
 * With D = P² - 4, (D|n) = -1 and n + 1 = d·2^s, n passes if U_d = 0 and V_d = ±2, or V_(d·2^r) = 0
 * for an r < s - 1, all modulo n. Primes pass. Together with base 2 it decides for all n < 2^64:
 * no composite passes both, by the complete list of pseudoprimes to base 2 below 2^64
 * (J. Feitsma and W. Galway), on which D. Jacobsen ran this test.
 */
#ifndef PARPRIME_MATH_LUCAS_H
#define PARPRIME_MATH_LUCAS_H

#include <stdbool.h>
#include <stdint.h>

/* The least P >= 3 with (P² - 4|n) = -1, for odd n > 2; 0 when the search finds a factor of n. */
unsigned lucas_search_parameter(uint64_t n);

/* The test for any odd n > 2. */
bool lucas_extra_strong(uint64_t n);

#endif
