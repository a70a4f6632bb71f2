/* Curves of scaling and timelines of workers, taken from the JSON document. See picture_data.h. */
#ifndef PARPRIME_MEASURE_PICTURE_SERIES_H
#define PARPRIME_MEASURE_PICTURE_SERIES_H

#include "measure/picture_data.h"

/* ---- scaling ---- */

struct series_point {
    double threads, value;
    bool has_interval;
    struct interval interval;
};

/* Speedup, or efficiency in percent, by the number of threads. */
struct series {
    struct series_point *points; /* to be freed */
    size_t n;
    double most_threads, most; /* of the points, ends of intervals, and the ideal */
    bool weak, efficiency;
    bool has_fit; /* Amdahl's law for strong scaling, Gustafson's for weak */
    double serial_fraction;
    double cores; /* of the device: more threads than these share them; 0: not known */
};

/* Of "scaling"; no points where there are none. False without memory. */
bool series_of(const json_t *scaling, bool weak, bool efficiency, struct series *out);

/* What so many threads, on so many cores, should have done ideally, and by the fit. */
double series_ideal(const struct series *series, double threads);
double series_fit(const struct series *series, double threads);

/* How far the fit is drawn: to the largest number that was measured, but not beyond the cores. */
double series_fitted_to(const struct series *series);

/* ---- timelines ---- */

struct span {
    unsigned worker; /* from 0 */
    double begin, end;
};

struct schedule {
    char label[128];
    double seconds;     /* of the run, or till the last span ends */
    struct span *spans; /* by worker, then by time; to be freed */
    size_t n;
    unsigned workers;
};

/* An element of "timelines"; no spans where there are none. False without memory. */
bool schedule_of(const json_t *timelines, const json_t *timeline, struct schedule *out);

/* Joins spans of a worker that are less than `gap` apart where one of the two is shorter than
 * `thin`: what cannot be seen apart need not be drawn apart. */
void schedule_join(struct schedule *schedule, double gap, double thin);

/* The share of [from, to] in which a worker did units; 0 for an empty one. */
double schedule_busy(const struct schedule *schedule, unsigned worker, double from, double to);

#endif
