/* What compare and scale share: lists of alternatives, the plan of runs, a measurement. */
#ifndef PARPRIME_CLI_EXPERIMENT_H
#define PARPRIME_CLI_EXPERIMENT_H

#include "cli/options.h"
#include "measure/compare.h"

enum { MOST_ALTERNATIVES = 64, DEFAULT_RUNS = 9, DEFAULT_WARMUP = 1 };

/* A list of words separated by commas, in memory of its own. */
struct word_list {
    char *text;
    const char *words[MOST_ALTERNATIVES];
    size_t n;
};

/* Takes `text` apart; complains of the option `what` when it cannot. To be freed in any case. */
bool split_words(struct word_list *list, const char *what, const char *text);
void free_words(struct word_list *list);

/* Numbers of threads that can be asked for? If `given`: a default list is right as it is. */
bool check_threads(const struct word_list *threads, bool given);

/* How often and in which order. */
struct plan {
    uint64_t runs, warmup, seed;
};

/* --runs, --warmup and --seed, or their defaults. */
bool make_plan(const struct options *options, struct plan *out);

/*
 * compare_measure, watched for signals. Returns the exit code, after complaining of what went
 * wrong. The comparison is to be freed in any case.
 */
int measure_comparison(struct comparison *comparison);

#endif
