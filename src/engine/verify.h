/* Recomputing units on the host while a job runs. */
#ifndef PARPRIME_ENGINE_VERIFY_H
#define PARPRIME_ENGINE_VERIFY_H

#include "backend/backend.h"
#include "work/job.h"
#include "work/partial.h"

#include <parprime.h>
#include <pthread.h>
#include <stdatomic.h>

/* Which units of a job are recomputed, and by what code. */
struct verifier {
    const struct job *job;
    const char *simd; /* of the code that recomputes */
    double percent;   /* of units; 0: none */
    bool is_bounded;  /* by the job's time */
    double begin;     /* of the job, by clock.h */
    double first_by;  /* bounded: seconds after which one unit is drawn in any case */
    atomic_uint_fast64_t chance;
    pthread_mutex_t lock; /* held to change what is below */
    atomic_uint_fast64_t n_drawn;
    uint64_t n_done;
    double spent; /* seconds on units that are done, and what those drawn are expected to take */
    double unit_cost; /* seconds for a unit: estimated, then the mean */
    double done_seconds;
};

/*
 * percent as in pp_session_options, for a job that is cut, on a backend of that kind. The job must
 * outlive it.
 */
void verifier_init(struct verifier *verifier, double percent, enum engine_kind kind,
                   const struct job *job, double begin);
void verifier_free(struct verifier *verifier);

/* Is the next unit among them? Unpredictable, different in each process. Thread-safe. */
bool verifier_draws(struct verifier *verifier);

/*
 * Recomputes a unit that was drawn on this thread, by a way of the host's: mr for methods that test
 * one by one, else hybrid with the same base primes. Says whether count, digest and, where there is
 * one, the bitmap are the partial's. Thread-safe.
 */
pp_status verifier_recompute(struct verifier *verifier, uint64_t unit,
                             const struct partial *partial, struct recount *out);

#endif
