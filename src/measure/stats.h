/* Statistics of repeated timings, after Hoefler and Belli, SC'15: ranks, not normality. */
#ifndef PARPRIME_MEASURE_STATS_H
#define PARPRIME_MEASURE_STATS_H

#include <stdbool.h>
#include <stddef.h>

struct interval {
    double lo, hi;
};

struct summary {
    size_t n;
    double median, least, most;
    bool has_interval;        /* from 6 values on */
    struct interval interval; /* of the median, at least 95% by order statistics */
};

/* Summarises n >= 1 values, which are left as they are; n is at most STATS_MOST. */
enum { STATS_MOST = 10000 };
struct summary summarise(const double *values, size_t n);

/*
 * The 1-based rank l such that [x_l, x_(n+1-l)] of the sorted sample holds the median with at
 * least 95% confidence, and is the shortest such; 0 when n < 6 gives none.
 */
size_t median_rank(size_t n);

/* base / other of medians, with the interval that the two intervals allow. */
struct ratio {
    double value;
    bool has_interval, distinguishable; /* the two intervals do not overlap */
    struct interval interval;
};
struct ratio ratio_of(const struct summary *base, const struct summary *other);

#endif
