/*
 * The laws that thread scaling is held against: Amdahl's (1967) for one job on more and more
 * threads, Gustafson's (1988) for a job that grows with them, and the serial fraction that Karp and
 * Flatt (1990) read off a single point. Pure functions; docs/METHOD.md derives the formulas.
 */
#ifndef PARPRIME_MEASURE_FITS_H
#define PARPRIME_MEASURE_FITS_H

#include <stdbool.h>
#include <stddef.h>

/* What was measured with so many threads; a speedup is that over one thread, and positive. */
struct scaling_point {
    double threads, speedup;
};

/* Fewer counts of threads than this carry no fit: two or three points lie near any curve. */
enum { FIT_LEAST_POINTS = 4 };

/* The experimentally determined serial fraction, (1/S - 1/p) / (1 - 1/p); NaN unless p > 1. */
double karp_flatt(double speedup, double threads);

/* 1 / (f + (1 - f) / p). */
double amdahl_speedup(double serial_fraction, double threads);

/* What no number of threads exceeds: 1 / f, infinite without a serial part. */
double amdahl_limit(double serial_fraction);

/* p - f (p - 1). */
double gustafson_speedup(double serial_fraction, double threads);

struct fit {
    bool fitted; /* else there were too few different counts of threads */
    size_t n_counts;
    double serial_fraction; /* in [0, 1] */
    double unbounded;       /* what least squares would choose without those bounds */
    double residual;        /* root mean square of the points' relative distances from the curve */
};

/*
 * Least squares of the relative distances (model - measured) / measured, of times for Amdahl and of
 * scaled speedups for Gustafson: timings scatter by a share of themselves. Both models are linear
 * in f then, so that the best f is exact, and the best within [0, 1] is the nearer bound where it
 * lies outside. Points of one thread carry nothing, but count as a count of threads.
 */
struct fit fit_amdahl(const struct scaling_point *points, size_t n);
struct fit fit_gustafson(const struct scaling_point *points, size_t n);

#endif
