/* Recomputing units on the host while a job runs. */
#ifndef PARPRIME_ENGINE_VERIFY_H
#define PARPRIME_ENGINE_VERIFY_H

#include "work/job.h"
#include "work/partial.h"

#include <parprime.h>

/* Is this unit one of the share to verify? Unpredictable, and different in each process. */
bool verify_chosen(double percent);

/*
 * Recomputes a unit on this thread, by a way of the host's: mr for methods that test one by one,
 * else hybrid with the same base primes. PP_ERR_DISAGREE, and error says what each found, if
 * count, digest or, where there is one, the bitmap differ.
 */
pp_status verify_unit(const struct job *job, uint64_t unit, const struct partial *partial,
                      pp_error *error);

#endif
