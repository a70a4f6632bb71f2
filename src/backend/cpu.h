/* What serial and openmp share: how one thread answers one unit. */
#ifndef PARPRIME_BACKEND_CPU_H
#define PARPRIME_BACKEND_CPU_H

#include "backend/backend.h"
#include "math/batch.h"
#include "work/job.h"
#include "work/sink.h"

#include <parprime.h>

/* One thread's memory, enough for any unit of one job. */
struct cpu_worker {
    const struct batch_kernel *kernel;
    uint64_t *words;    /* the unit's bitmap */
    void *scratch;      /* sieve_words' */
    struct keyed *keys; /* test by sieve: the unit's numbers in ascending order */
};

/* Allocates for units of `job`. On failure nothing is left allocated. */
pp_status cpu_worker_init(struct cpu_worker *worker, const struct job *job,
                          const struct batch_kernel *kernel);
void cpu_worker_free(struct cpu_worker *worker);

/* Computes a unit and puts it into the sink; returns what put returned. */
pp_status cpu_run_unit(const struct cpu_worker *worker, const struct job *job, uint64_t unit,
                       struct sink *sink);

/* A job on the calling thread: what serial is, and openmp inside a caller's own region. */
pp_status cpu_run_serially(const struct batch_kernel *kernel, const struct job *job, uint64_t first,
                           uint64_t n, struct sink *sink, pp_result *result);

/* A CPU backend's shape with that many threads. */
void cpu_shape(const struct job *job, unsigned threads, const struct batch_kernel *kernel,
               struct shape *out);

bool cpu_supports(enum question question, pp_method method);

/* Fills in the CPU as the device of a backend. */
void cpu_describe(pp_device *device, const char *backend, unsigned units);

/* The level of the code that runs the job. */
const char *cpu_simd_of(const struct batch_kernel *kernel, const struct job *job);

#endif
