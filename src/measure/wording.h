/* What a comparison says in words. */
#ifndef PARPRIME_MEASURE_WORDING_H
#define PARPRIME_MEASURE_WORDING_H

#include "measure/compare.h"

enum { SENTENCE_BYTES = 600 };

/* What besides backend, method and threads tells some of the alternatives apart. */
struct telling {
    bool simd, device, order, to;
};
struct telling telling_of(const struct comparison *comparison);

/* The device as it was asked for, or its own name. */
const char *device_label(const struct alternative *alternative);

/* "ascending" or "completion"; NULL for a job that is no list. */
const char *order_label(const struct comparison *comparison, const struct alternative *alternative);

/* "openmp with 2 threads (sieve, avx2)". */
void name_alternative(char *out, size_t size, const struct comparison *comparison,
                      const struct alternative *alternative);

/* " is 1.90 times as fast as serial [1.21, 2.01]", or that they cannot be told apart. */
void name_ratio(char *out, size_t size, const struct ratio *ratio, const char *base);

/*
 * A sentence for each alternative but the base, without a full stop; then what order costs, where a
 * list was handed out as workers finish; then how each GPU stands to all CPU cores.
 */
void each_sentence(const struct comparison *comparison, void (*say)(void *user, const char *text),
                   void *user);

/*
 * The alternative that has all cores of the CPU and was the fastest of those: what a GPU is to be
 * held against. NULL if there is none.
 */
const struct alternative *best_on_cpu(const struct comparison *comparison, unsigned cores);

/* The alternatives that differ only in the number of threads: serial or one thread, and most. */
struct scaled {
    const struct alternative *one, *most; /* NULL: there are no two such */
};
struct scaled scaled_of(const struct comparison *comparison);

#endif
