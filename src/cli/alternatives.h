/* The alternatives that compare's options ask for. */
#ifndef PARPRIME_CLI_ALTERNATIVES_H
#define PARPRIME_CLI_ALTERNATIVES_H

#include "cli/experiment.h"
#include "cli/subject.h"

/* The options' lists, which the alternatives point into. */
struct lists {
    struct word_list backends, methods, threads, levels, devices;
};
void free_lists(struct lists *lists);

/*
 * Every backend with every method; those that have them with every number of threads, SIMD level
 * or device. The words of the options, which are lists, go before those of the job. A list job as
 * workers finish gets a twin in order for each; where there is a GPU, all CPU cores stand beside
 * it. False after complaining; the lists are to be freed in either case, after the comparison.
 */
bool make_alternatives(const struct options *options, const struct loaded *job, struct lists *lists,
                       struct comparison *comparison);

/* The I/O-bound case: a list by one thread and by all, discarded, into a file, into a pipe. */
bool make_output_alternatives(struct comparison *comparison);

#endif
