/*
 * One job on more and more threads of one device: what was measured, and what follows from it. How
 * it is measured is compare's (measure/compare.h); docs/METHOD.md says what the figures mean.
 */
#ifndef PARPRIME_MEASURE_SCALE_H
#define PARPRIME_MEASURE_SCALE_H

#include "measure/break_even.h"
#include "measure/compare.h"
#include "measure/fits.h"

enum { SCALE_MOST_COUNTS = 65, SCALE_SENTENCE = 400 }; /* 64 that are asked for, and 1 */

/* ---- what to measure ---- */

/*
 * The counts of threads for so many cores: all of them up to 8, beyond that powers of two and all
 * cores. Ascending from 1; returns how many.
 */
size_t scale_counts(unsigned cores, unsigned counts[SCALE_MOST_COUNTS]);

/*
 * Weak scaling of a range: each of at most `most` threads has a share of this many numbers, the
 * largest that `most` shares of fit into [lo, hi]. 0: there are fewer numbers than threads.
 */
uint64_t scale_share(uint64_t lo, uint64_t hi, unsigned most);

/* ---- what was measured ---- */

struct scale_point {
    unsigned threads;
    const struct alternative *alternative;
    bool crowded; /* more threads than cores: nothing that a law speaks of */
    /* Strong: T(1)/T(p). Weak: the scaled speedup, p T(1, one share)/T(p, p shares). */
    struct ratio speedup;
    double efficiency;              /* speedup over threads */
    double serial_fraction;         /* strong, p > 1: Karp and Flatt's, else NaN */
    struct interval serial_between; /* what the speedup's interval makes of it */
};

struct curve {
    size_t n; /* 0: not measured, or interrupted */
    struct scale_point points[SCALE_MOST_COUNTS];
    struct fit fit;                    /* Amdahl's of strong, Gustafson's of weak scaling */
    char insufficient[SCALE_SENTENCE]; /* why there is no fit; empty when there is one */
};

/* A device and the processor at growing sizes of the range. */
struct device_curve {
    char id[32], name[128], kind[16];
    unsigned cores;            /* threads of the CPU it is held against */
    double opening;            /* seconds, once; in none of the points */
    struct size_point *points; /* ascending */
    size_t n;
    char failure[240]; /* it could not be measured */
};

struct scale {
    const char *noun; /* "thread", or "compute unit" */
    unsigned cores;   /* of the device */
    unsigned counts[SCALE_MOST_COUNTS];
    size_t n_counts;

    /* Alternatives: one for each count, in their order, then serial. */
    struct comparison strong;
    /* One for each count, with jobs of their own in `shares`. */
    struct comparison weak;
    struct subject shares[SCALE_MOST_COUNTS];
    uint64_t share;               /* numbers a thread */
    char no_weak[SCALE_SENTENCE]; /* why there is no weak scaling, else empty */
    double uneven; /* CPU time of the last share over that of the first, serially; 0: unknown */

    struct curve strong_curve, weak_curve;

    struct device_curve *devices;
    size_t n_devices;
    char no_break_even[SCALE_SENTENCE]; /* why none was measured, else empty */
};

/*
 * Sums up a comparison into a curve: alternatives 0 … n_counts - 1, of counts[0 … n_counts - 1]
 * threads, of which the first must be 1. Fits take in the points up to the cores.
 */
void scale_sum_up(const struct scale *scale, const struct comparison *comparison, bool weak,
                  struct curve *out);

/*
 * Do the answers of weak scaling add up? pieces' alternative i is what count i has more than the
 * one before, counted serially. If not, weak's `agree` and `dispute` are set.
 */
bool scale_check_pieces(struct scale *scale, const struct comparison *pieces);

/* The same for a test, whose numbers are repeated: strong's answer times the threads. */
bool scale_check_repeats(struct scale *scale);

/* ---- what follows, in words ---- */

typedef void (*say_fn)(void *user, const char *text);

/* Sentences without a full stop on strong scaling, on weak scaling, and on each device. */
void scale_say_strong(const struct scale *scale, say_fn say, void *user);
void scale_say_weak(const struct scale *scale, say_fn say, void *user);
void scale_say_device(const struct device_curve *curve, char out[SCALE_SENTENCE]);

/* What a careful reader would want to know, besides what report_warnings says;
 * returns how many sentences that are. */
int scale_warnings(const struct scale *scale, say_fn say, void *user);

/* The point of most threads that still have a core each; NULL when that is one thread. */
const struct scale_point *scale_widest(const struct curve *curve);

void scale_free(struct scale *scale);

#endif
