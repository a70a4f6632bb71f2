/*
 * From which size a device is faster than the processor, told from sizes that were measured, and
 * which size to measure next. Pure functions: nothing is inter- or extrapolated.
 */
#ifndef PARPRIME_MEASURE_BREAK_EVEN_H
#define PARPRIME_MEASURE_BREAK_EVEN_H

#include "measure/stats.h"

#include <stdint.h>

/* A size at which both were measured. */
struct size_point {
    uint64_t size;
    struct summary cpu, device; /* seconds, end to end */
};

enum winner { WINNER_NEITHER, WINNER_CPU, WINNER_DEVICE };

/*
 * Neither where the intervals of the medians overlap; without intervals, the smaller median.
 */
enum winner winner_at(const struct size_point *point);

struct break_even {
    enum {
        BREAK_EVEN_NEVER,    /* the device wins at no size */
        BREAK_EVEN_ALWAYS,   /* at every size */
        BREAK_EVEN_CROSSING, /* from device_wins_at on at every size, up to cpu_wins_at at none */
        BREAK_EVEN_MIXED     /* at some, but not from one of them on */
    } outcome;
    /* CROSSING: the largest size where the CPU wins, 0 if at none, and the smallest where the
     * device wins. In between neither does. */
    uint64_t cpu_wins_at, device_wins_at;
};

/* Of n >= 1 points in ascending order of size. */
struct break_even break_even_of(const struct size_point *points, size_t n);

/*
 * A size to measure next: the geometric mean of the device's first win and the size before it, or,
 * where one is at most twice the other, of the CPU's last win and the size behind that. 0 when
 * there is no crossing, or both are that close. Points as above.
 */
uint64_t break_even_next(const struct size_point *points, size_t n);

#endif
