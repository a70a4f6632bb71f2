/* How far a list's results arrive out of place, as its blocks go by. */
#ifndef PARPRIME_MEASURE_ARRIVALS_H
#define PARPRIME_MEASURE_ARRIVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A result is out of place when a larger one arrived before it: of a list in ascending order none
 * is. Start from {.binary = …}, the rest zero.
 */
struct arrivals {
    bool binary; /* 8 bytes each, little-endian, instead of decimal lines */
    bool any;
    uint64_t largest; /* so far */
    uint64_t seen, out_of_place;
};

/* Takes a block, n > 0 bytes of whole results that ascend within it. */
void arrivals_add(struct arrivals *arrivals, const void *block, size_t n);

#endif
