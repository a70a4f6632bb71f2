/*
 * An earlier record of compare, and how this run stands to it. A record is a file that somebody
 * gave us: nothing in it is believed before it is looked at, and its text is never printed as it
 * is.
 */
#ifndef PARPRIME_MEASURE_BASELINE_H
#define PARPRIME_MEASURE_BASELINE_H

#include "measure/compare.h"

#include <jansson.h>

/* One alternative of the record. Strings hold nothing that could steer a terminal. */
struct baseline_result {
    char backend[16], method[16], simd[16], device[128], order[16], to[16];
    unsigned threads;
    uint64_t count, digest;
    bool has_digest;
    struct summary time; /* made anew from the raw times */
    bool taken;          /* by baseline_match */
};

struct baseline_job {
    const json_t *job; /* within the record */
    char words[200];
    struct baseline_result *results;
    size_t n_results;
};

struct baseline {
    json_t *record;
    char version[32], time[32];
    struct baseline_job *jobs; /* the first, the further ones, the one bound by output */
    size_t n_jobs;
};

/*
 * Reads a record from memory. PP_ERR_USAGE and a reason in `why` when it is none that can be used:
 * not JSON, of another command or schema, without times, or with members that are not what
 * docs/parprime.schema.json says. PP_ERR_MEMORY. Otherwise *out is to be freed.
 */
pp_status baseline_parse(const char *bytes, size_t n, struct baseline **out, char *why,
                         size_t size);

/* The same from a file. PP_ERR_IO, with the reason, when it cannot be read. */
pp_status baseline_read(const char *path, struct baseline **out, char *why, size_t size);
void baseline_free(struct baseline *baseline);

/* The record's times of this job, given as in a document; NULL when it has none. */
struct baseline_job *baseline_find(const struct baseline *baseline, const json_t *job);

/*
 * The counterpart of an alternative, which then is taken: same backend, method, threads, order and
 * outlet, and the same SIMD level and OpenCL device; where only the level or the device is another,
 * the first such. NULL: the record has none.
 */
const struct baseline_result *baseline_match(struct baseline_job *job,
                                             const struct comparison *comparison,
                                             const struct alternative *alternative);

/* Do all answers of the record agree with this one? If not, *differs is the first that does not. */
bool baseline_agrees(const struct baseline_job *job, const pp_result *answer,
                     const struct baseline_result **differs);

/*
 * What differs between the record's environment and this one: [{"what", "before", "now"}, …], all
 * strings. A new reference.
 */
json_t *baseline_changes(const struct baseline *baseline, const json_t *environment);

#endif
