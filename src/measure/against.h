/* A run beside an earlier record of the same jobs, alternative by alternative. */
#ifndef PARPRIME_MEASURE_AGAINST_H
#define PARPRIME_MEASURE_AGAINST_H

#include "measure/baseline.h"

#include <stdio.h>

/*
 * The member "baseline" of a document: ratios now over then, what has no counterpart, and what
 * changed in the environment. jobs[i] is what comparisons[i] did, as in a document. A new
 * reference.
 */
json_t *against_json(const struct baseline *baseline, const char *file,
                     const struct comparison *const *comparisons, const json_t *const *jobs,
                     size_t n, const json_t *environment);

/* What it says, for people. */
void against_text(FILE *to, const json_t *against);
void against_markdown(FILE *to, const json_t *against);

#endif
