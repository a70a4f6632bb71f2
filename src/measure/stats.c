#include "measure/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t median_rank(size_t n) {
    /*
     * The number of values below the median is binomial(n, 1/2), so the interval between ranks
     * l and n+1-l misses it with probability 2·P(X < l).
     */
    double term = -(double)n * log(2), below = 0;
    size_t rank = 0;
    for (size_t l = 1; l <= n / 2; l++) {
        below += exp(term); /* P(X = l - 1) */
        if (2 * below > 0.05)
            break;
        rank = l;
        term += log((double)(n - l + 1) / (double)l);
    }
    return rank;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct summary summarise(const double *values, size_t n) {
    static _Thread_local double sorted[STATS_MOST];
    memcpy(sorted, values, n * sizeof *values);
    qsort(sorted, n, sizeof *sorted, ascending);
    struct summary summary = {.n = n,
                              .median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2,
                              .least = sorted[0],
                              .most = sorted[n - 1]};
    size_t rank = median_rank(n);
    summary.has_interval = rank > 0;
    if (rank)
        summary.interval = (struct interval){sorted[rank - 1], sorted[n - rank]};
    return summary;
}

struct ratio ratio_of(const struct summary *base, const struct summary *other) {
    struct ratio ratio = {.value = base->median / other->median,
                          .has_interval = base->has_interval && other->has_interval};
    if (ratio.has_interval) {
        ratio.interval = (struct interval){base->interval.lo / other->interval.hi,
                                           base->interval.hi / other->interval.lo};
        ratio.distinguishable =
            base->interval.lo > other->interval.hi || base->interval.hi < other->interval.lo;
    }
    return ratio;
}
