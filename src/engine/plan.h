/* Which method, which backend, how large a unit. Pure decisions from a cost rule. */
#ifndef PARPRIME_ENGINE_PLAN_H
#define PARPRIME_ENGINE_PLAN_H

#include "backend/backend.h"
#include "work/job.h"

#include <parprime.h>

/* What things cost on one thread of some code, in seconds. */
struct pace;

/* That of a kind of engine; of CPU code, by the highest instruction-set level it may use. */
const struct pace *plan_pace(enum engine_kind kind, const char *simd);

/*
 * Estimated seconds on one thread, from the constants in plan.c: good to a factor of two or
 * so, which is all that choosing needs.
 */
double plan_cost(const struct pace *pace, const struct job *job, pp_method method);

/* The method with the least cost; never PP_METHOD_AUTO. */
pp_method plan_method(const struct pace *pace, const struct job *job);

/* Is the job long enough for threads to be worth waking? */
bool plan_is_parallel(const struct pace *pace, const struct job *job);

/* Numbers in a unit for a backend of that shape. job->method is resolved. */
uint64_t plan_unit_size(const struct pace *pace, const struct job *job, const struct shape *shape);

#endif
