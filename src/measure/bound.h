/* What bounds a run: which part of it took longest. */
#ifndef PARPRIME_MEASURE_BOUND_H
#define PARPRIME_MEASURE_BOUND_H

#include <parprime.h>

enum bound { BOUND_COMPUTE, BOUND_TRANSFER, BOUND_LAUNCH, BOUND_OUTPUT };

/* "compute", "transfer", "launch", "output". */
const char *bound_name(enum bound bound);

/*
 * The largest of four parts of an end-to-end time, the first of them where two are equal:
 *  compute   base primes and tables, and the units; on a CPU without the output in between
 *  transfer  to the device and back
 *  launch    what no phase accounts for: opening, starting threads or kernels, waiting, closing
 *  output    inside the function that takes the answers
 */
enum bound bound_of(const pp_phases *phases, double seconds, bool opencl);

/* The parts' seconds, in the order of enum bound. */
void bound_parts(const pp_phases *phases, double seconds, bool opencl, double parts[4]);

#endif
