/* Rounding sizes up. */
#ifndef PARPRIME_BASE_ROUND_H
#define PARPRIME_BASE_ROUND_H

#include <stdint.h>

/* The least multiple of `multiple` (at least 1) that is not below n; n + multiple fits. */
static inline uint64_t round_up(uint64_t n, uint64_t multiple) {
    return (n + multiple - 1) / multiple * multiple;
}

#endif
