/*
 * Threads that begin together, each on a CPU of its own. Linux may wake a thread on the CPU of the
 * one that made or woke it while another CPU is idle (in a virtual machine, where an idle CPU
 * counts as taken by somebody else), and lets it wait there for a slice of 3 or 4 ms, or take turns
 * for several. backend/openmp.c says how this is used and what it brings.
 */
#ifndef PARPRIME_BASE_PLACES_H
#define PARPRIME_BASE_PLACES_H

#include <sched.h>
#include <stdatomic.h>

struct places {
    unsigned threads; /* 0: the system's choice is left alone */
    unsigned first;   /* the CPU of thread 0, by its place among those allowed */
    cpu_set_t allowed;
    atomic_uint arrived;
};

/*
 * For `threads` threads, of which the caller is number 0. Only where there are as many CPUs that
 * the caller may use: with fewer threads, the system knows better which of them share a core.
 */
void places_init(struct places *places, unsigned threads);

/* Each thread calls this, number 0 too: it runs on its own CPU alone, until it calls places_leave.
 */
void places_take(const struct places *places, unsigned number);

/*
 * Each thread calls this once, behind places_take: number 0 lets the others pass that first, for a
 * fifth of a ms at most, since they may be waiting for its CPU.
 */
void places_gather(struct places *places, unsigned number);

/*
 * Free again to be moved to any CPU that the caller of places_init might use. For when a thread has
 * what it needs to work: whoever sleeps until then, for memory or a barrier, wakes on its CPU.
 */
void places_leave(const struct places *places, unsigned number);

#endif
