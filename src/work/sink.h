/* Where answers go on their way up. */
#ifndef PARPRIME_WORK_SINK_H
#define PARPRIME_WORK_SINK_H

#include "work/partial.h"

#include <parprime.h>
#include <stdatomic.h>
#include <stdbool.h>

struct sink {
    /*
     * Takes the partial of a unit. Thread-safe, in any order, each unit once; it may block
     * until earlier units have been put, so a backend must begin units in ascending order. Any
     * status but PP_OK has also been remembered: the caller begins no further unit.
     */
    pp_status (*put)(struct sink *sink, uint64_t unit, const struct partial *partial);
    /* The backend cannot go on: stops the job and wakes whoever waits for earlier units. */
    void (*fail)(struct sink *sink, pp_status status);
    atomic_bool stop; /* set by the two above: begin no further unit */
    bool traced;      /* partials say who made them, and when that began */
};

static inline bool sink_stopped(struct sink *sink) {
    return atomic_load_explicit(&sink->stop, memory_order_relaxed);
}

#endif
