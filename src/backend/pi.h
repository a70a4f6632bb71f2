/*
 * Method pi: counting combinatorially, with libprimecount, without a look at single primes. It is
 * loaded when it is first needed, since it brings libraries that would double the start of every
 * other command.
 */
#ifndef PARPRIME_BACKEND_PI_H
#define PARPRIME_BACKEND_PI_H

#include "work/job.h"
#include "work/sink.h"

#include <parprime.h>

/* Was this build made with it? */
bool pi_built(void);

/*
 * The whole job as one unit, without a digest, on `threads` threads of libprimecount's own. It
 * cannot be stopped. Not for several sessions at once: they wait for each other, since the number
 * of threads is the library's, not a call's.
 */
pp_status pi_run(const struct job *job, unsigned threads, struct sink *sink, pp_result *result,
                 pp_error *error);

#endif
