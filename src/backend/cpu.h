/* What serial and openmp share: how one thread answers one unit. */
#ifndef PARPRIME_BACKEND_CPU_H
#define PARPRIME_BACKEND_CPU_H

#include "backend/backend.h"
#include "math/batch.h"
#include "math/decode.h"
#include "math/segment.h"
#include "work/job.h"
#include "work/sink.h"

#include <parprime.h>
#include <stdbool.h>

/* The code of one instruction-set level. */
struct cpu_code {
    const struct batch_kernel *batch;
    const struct sieve_kernel *sieve;
    const struct decoder *decoder;
};

/* Of the highest level that is not above `simd` (NULL, "auto": the highest there is). */
struct cpu_code cpu_code(const char *simd);

/* What the threads of one call of run share, read only. */
struct cpu_run {
    struct cpu_code code;
    const struct job *job;
    struct pre_sieve pre_sieve;
    void *tables;         /* of pre_sieve */
    size_t segment_words; /* sieved at a time */
    uint32_t reach;       /* primes up to here are crossed off in every segment */
    /*
     * The base primes do not reach far enough: the job goes by windows (window.h), since large
     * primes would cost too much in every unit.
     */
    bool by_windows;
    size_t window_bytes; /* of bitmap in a window, at most */
};

pp_status cpu_run_init(struct cpu_run *run, struct cpu_code code, const struct job *job);
void cpu_run_free(struct cpu_run *run);

/* One thread's memory, enough for any unit of one job. */
struct cpu_worker {
    const struct cpu_run *run;
    uint64_t *words; /* the unit's bitmap, where it has one besides the walk's */
    struct walk walk;
    void *walk_memory;
    void *scratch;      /* test by sieve: sieve_words' */
    struct keyed *keys; /* and the unit's numbers in ascending order */
    unsigned number;    /* of the worker, for the trace */
};

/* Allocates for units of the run's job. On failure nothing is left allocated. */
pp_status cpu_worker_init(struct cpu_worker *worker, const struct cpu_run *run, unsigned number);
void cpu_worker_free(struct cpu_worker *worker);

/* Computes a unit and puts it into the sink; returns what put returned. */
pp_status cpu_run_unit(struct cpu_worker *worker, uint64_t unit, struct sink *sink);

/*
 * Should a thread do units one after the other, since it carries positions of sieving primes from
 * one to the next, and may it begin anywhere? A list is put in order, and whoever is far ahead
 * would wait.
 */
bool cpu_may_jump(const struct job *job);

/* A job on the calling thread: what serial is, and openmp inside a caller's own region. */
pp_status cpu_run_serially(struct cpu_code code, const struct job *job, uint64_t first, uint64_t n,
                           struct sink *sink, pp_result *result);

/* A CPU backend's shape with that many threads. */
void cpu_shape(const struct job *job, unsigned threads, struct cpu_code code, struct shape *out);

bool cpu_supports(enum question question, pp_method method);

/* Fills in the CPU as the device of a backend. */
void cpu_describe(pp_device *device, const char *backend, unsigned units);

/* The level of the code that runs the job. */
const char *cpu_simd_of(struct cpu_code code, const struct job *job);

/*
 * Allocates memory aligned for vectors, and where there is much of it in huge pages: with small
 * ones, visits at random would miss the TLB, and each page takes a fault. NULL without memory.
 * Ended by free().
 */
void *cpu_allocate(size_t size);

#endif
