/*
 * Threads that begin together, each on a CPU of its own. Linux may leave a new thread on the CPU of
 * the one that made it, in turn with that, for several slices of 4 ms while another CPU is idle.
 * On two cores of a Zen 4 `parprime count 1e9 -t 2` takes 35.8 ms with this, and 40.2 without
 * (medians of 20; one thread: 62.5).
 */
#ifndef PARPRIME_BASE_PLACES_H
#define PARPRIME_BASE_PLACES_H

#include <stdatomic.h>

struct places {
    unsigned threads; /* 0: the system's choice is left alone */
    unsigned first;   /* the CPU of thread 0, by its place among those allowed */
    atomic_uint taken;
};

/*
 * For `threads` threads, of which the caller is number 0. Only where there are as many CPUs that
 * the caller may use: with fewer threads, the system knows better which of them share a core.
 */
void places_init(struct places *places, unsigned threads);

/*
 * Each thread calls it once, as it begins: moves it to its place, and leaves it free to be moved
 * again. Number 0 stays where it is, and lets the others pass first, for a tenth of a ms at most.
 */
void places_take(struct places *places, unsigned number);

#endif
