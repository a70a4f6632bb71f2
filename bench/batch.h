/* What bench/batch measures, and how it is written down. */
#ifndef PARPRIME_BENCH_BATCH_H
#define PARPRIME_BENCH_BATCH_H

#include "contestants.h"
#include "numbers.h"

#include <jansson.h>
#include <stdio.h>

struct batch {
    struct contestant contestants[MOST_CONTESTANTS];
    size_t n_contestants;
    size_t n_runs;
    uint64_t seed, scale;
    unsigned cores, core;          /* that may be used; the one that single threads are pinned to */
    size_t sample;                 /* numbers whose calls are timed one by one */
    const struct contestant *base; /* of all ratios; NULL: there is none */
};

/* A set that has been measured, all answers equal. */
struct measured {
    const struct number_set *set;
    size_t n, cycle;
    uint64_t checksum, primes;
    size_t n_answers; /* bitmaps that were held against the reference */
};

/* Machine, peers and rules; then a table for each set. Markdown is the same, indented. */
void report_head(FILE *to, const struct batch *batch, bool markdown);
void report_set(FILE *to, const struct batch *batch, const struct measured *measured,
                bool markdown);

/* New references: the document, whose "sets" is an empty list, and a member of that. */
json_t *report_json(const struct batch *batch);
json_t *report_set_json(const struct batch *batch, const struct measured *measured);

#endif
