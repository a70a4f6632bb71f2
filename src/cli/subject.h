/* The job behind "--" in compare and scale: from words to what is measured. */
#ifndef PARPRIME_CLI_SUBJECT_H
#define PARPRIME_CLI_SUBJECT_H

#include "cli/options.h"
#include "measure/compare.h"

#include <jansson.h>

/* The ends of a list as it goes by; everything else is discarded. */
struct ends {
    char first[24], last[24];
};

/* A job that has been read. Its subject points into it, so it must not be moved. */
struct loaded {
    const char *asked_by;   /* the command that measures it */
    struct options options; /* of the job's own words */
    struct subject subject;
    uint64_t *numbers; /* test */
    struct ends ends;  /* list */
    char words[200];
};

/*
 * Reads a job of test, count or list from argv[0..argc), of which argv[0] is its command, with all
 * numbers of a test in memory. Returns 0, or the exit code after complaining, in the name of the
 * command `asked_by`. What was loaded is to be unloaded in either case.
 */
int load_job(struct loaded *loaded, const char *asked_by, int argc, char **argv);
void unload_job(struct loaded *loaded);

/* The same question of another range; of a list nothing is kept. */
struct subject part_of(const struct loaded *loaded, uint64_t lo, uint64_t hi);

/* The member "job" of a document. A new reference. */
json_t *json_job_of(const struct subject *subject);

#endif
