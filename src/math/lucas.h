/* The extra strong Lucas test; kernels/lucas64.h says what it is, and works it out. */
#ifndef PARPRIME_MATH_LUCAS_H
#define PARPRIME_MATH_LUCAS_H

#include <stdbool.h>
#include <stdint.h>

/* The least P >= 3 with (P² - 4|n) = -1, for odd n > 2; 0 when the search finds a factor of n. */
unsigned lucas_search_parameter(uint64_t n);

/* The test for any odd n > 2. */
bool lucas_extra_strong(uint64_t n);

#endif
