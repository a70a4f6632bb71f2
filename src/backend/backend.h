/*
 * The one table of functions that a backend is. A backend never decides what is asked: it is
 * given a job already cut into units and a sink, and is free in how it runs a span of units.
 */
#ifndef PARPRIME_BACKEND_BACKEND_H
#define PARPRIME_BACKEND_BACKEND_H

#include "work/job.h"
#include "work/sink.h"

#include <parprime.h>

/* What sort of code runs: the cost rule has constants for each. */
enum engine_kind { ENGINE_CPU, ENGINE_CPU_DEVICE, ENGINE_GPU };

/* What planning needs to know of a backend to cut a job for it. */
struct shape {
    enum engine_kind kind; /* the same for every job */
    unsigned workers;      /* units it likes to have in flight */
    uint64_t align;     /* units begin at multiples of so many numbers, so that none share a word */
    uint64_t unit_most; /* numbers in a unit, at most; 0: any */
    double speed;       /* a worker's, in CPU threads, very roughly: scales the size of units */
    /*
     * Sieve and hybrid: the largest base prime it wants made for it. A sieve makes the others
     * itself, as it needs them; hybrid tests what these leave.
     */
    uint32_t base_limit;
};

struct backend {
    const char *name;

    /*
     * Stores up to `capacity` devices and returns how many there are, at least one: a backend
     * that cannot be used lists itself with the reason. Starts nothing that stays.
     */
    size_t (*probe)(pp_device *devices, size_t capacity);

    bool (*supports)(enum question question, pp_method method);

    /* Opens the device asked for; *state is the backend's own until close. */
    pp_status (*open)(const pp_session_options *options, void **state, pp_error *error);

    void (*shape)(const void *state, const struct job *job, struct shape *out);

    /*
     * Runs units [first, first + n): begins those of a list or a test in ascending order, since
     * the sink may wait for earlier ones, puts each once, begins none after sink_stopped. Blocks
     * until all that were begun are put. Sets result->device and simd before it puts the first,
     * later threads, and adds to its phases. Statuses that the sink returned need not be returned
     * again. error is for failures of its own that pp_strerror cannot say well.
     */
    pp_status (*run)(void *state, const struct job *job, uint64_t first, uint64_t n,
                     struct sink *sink, pp_result *result, pp_error *error);

    void (*close)(void *state);
};

/* The only list of backends, in order of preference for comparing: ends with NULL. */
extern const struct backend *const backends[];

/* The backend of that name, or NULL. */
const struct backend *backend_named(const char *name);

#endif
