/* Where answers go on their way up. */
#ifndef PARPRIME_WORK_SINK_H
#define PARPRIME_WORK_SINK_H

#include "work/partial.h"

#include <parprime.h>
#include <stdatomic.h>
#include <stdbool.h>

/* What the host finds in a unit. */
struct recount {
    bool same; /* as what was put, also bit by bit */
    uint64_t count, digest;
};

struct sink {
    /*
     * Takes the partial of a unit. Thread-safe, in any order, each unit once; it may block
     * until earlier ones of a list or a test have been put, so these must begin in ascending order.
     * Any status but PP_OK has also been remembered: the caller begins no further unit.
     */
    pp_status (*put)(struct sink *sink, uint64_t unit, const struct partial *partial);
    /* The backend cannot go on: stops the job and wakes whoever waits for earlier units. */
    void (*fail)(struct sink *sink, pp_status status);
    /*
     * For a backend that can compute a unit again, which asks before it puts one: is it among those
     * to be recomputed on the host? To be asked once a unit. And what does the host find? That is
     * computed on the calling thread; a failure is the host's own. NULL: nothing is checked.
     */
    bool (*draws)(struct sink *sink, uint64_t unit);
    pp_status (*recompute)(struct sink *sink, uint64_t unit, const struct partial *partial,
                           struct recount *out);
    atomic_bool stop; /* set by the two above: begin no further unit */
    bool traced;      /* partials say who made them, and when that began */
};

static inline bool sink_stopped(struct sink *sink) {
    return atomic_load_explicit(&sink->stop, memory_order_relaxed);
}

#endif
