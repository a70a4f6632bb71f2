/*
 * One job on several alternatives, timed by the rules of docs/METHOD.md: interleaved runs in
 * random order, every answer checked against the others, medians with intervals.
 */
#ifndef PARPRIME_MEASURE_COMPARE_H
#define PARPRIME_MEASURE_COMPARE_H

#include "measure/bound.h"
#include "measure/outlet.h"
#include "measure/stats.h"
#include "measure/timeline.h"

#include <parprime.h>

/* The job all alternatives do. */
struct subject {
    enum { SUBJECT_TEST, SUBJECT_COUNT, SUBJECT_LIST } question;
    uint64_t lo, hi;         /* COUNT, LIST */
    const uint64_t *numbers; /* TEST */
    size_t n_numbers;
    pp_list_callback listing; /* LIST: as the program lists, to nowhere */
    bool binary;              /* LIST: 8 bytes a prime instead of a line */
    const char *first, *last; /* LIST: the first and last prime listed, else NULL */
    const char *words;        /* "count 1e13 1e13+2e9", for people */
};

/* One way of doing it, and what was measured. Zero in what compare_measure is given is none. */
struct alternative {
    pp_session_options options;
    const struct subject *own; /* a job of its own, as in weak scaling; NULL: the comparison's */
    bool in_order;             /* LIST: ascending, though the job says as workers finish */
    enum outlet_kind to;       /* LIST: where the bytes go */
    bool optional;             /* its device may be missing: then it is left out, no failure */
    const char *added;         /* nobody asked for it: why it stands there all the same */

    double opening; /* seconds that opening a session took first */
    double build;   /* of them OpenCL kernels were built, or taken from the driver's cache */
    bool left_out;  /* cannot be used here: reason */
    char reason[240];
    pp_result result;              /* of the last run, with the medians of its phases */
    double *seconds, *cpu_seconds; /* n_runs each: session opened, job done, session closed */
    double *out_of_place;          /* n_runs: of a list as workers finish, see measure/arrivals.h */
    uint64_t bytes;                /* handed to `to` by each run */
    double *alone;                 /* n_runs: the same bytes, ready made, into the same outlet */
    struct summary time;
    double utilisation; /* CPU seconds over wall seconds times the cores allowed, all runs */
    double rate;        /* numbers of the job over seconds: total work over total time */
    enum bound bound;
    struct timeline timeline; /* with spans when the comparison is traced */
};

/* A run in the order in which they happened. */
struct run_record {
    size_t alternative;
    double seconds, cpu_seconds;
};

struct comparison {
    struct subject subject;
    struct alternative *alternatives;
    size_t n_alternatives;
    size_t n_runs, n_warmup;
    uint64_t seed;
    bool traced; /* the last warm-up run, or one more, of each alternative gives its timeline */
    struct run_record *records;
    size_t n_records, n_untimed; /* timed runs, and those to warm up, settle and trace */
    bool settled;                /* the base's choice of a method became everybody's */
    bool finished;               /* all runs were made, and the alternatives summed up */
    bool agree;                  /* all runs gave one count and digest */
    char dispute[240];           /* else who said what */
    pp_error error;
};

/*
 * Measures. alternatives, subject, n_runs, n_warmup, seed and traced are set by the caller. Where
 * several alternatives leave the method open, one run settles it for all: methods are compared only
 * when that is asked for. on_session is told of each open session and of NULL after it, so that
 * signals can cancel it; opening of when devices begin to be opened for the first time (true),
 * which a signal should not disturb, and have been (false). PP_ERR_DISAGREE when answers differ,
 * with no times worth having; PP_ERR_UNAVAILABLE when no alternative can be used.
 */
pp_status compare_measure(struct comparison *comparison, void (*on_session)(pp_session *),
                          void (*opening)(bool begins));

/*
 * Does a result of this alternative agree with all that are there of the same job? If not, agree
 * and dispute are set.
 */
bool compare_check(struct comparison *comparison, const struct alternative *alternative,
                   const pp_result *result);

/* OpenCL counts compute units, where others have threads. */
bool result_is_opencl(const pp_result *result);

/* Does it list as workers finish? */
bool alternative_is_unordered(const struct comparison *comparison,
                              const struct alternative *alternative);

/* How many results of a run were out of place: over the timed runs. */
struct summary compare_out_of_place(const struct comparison *comparison,
                                    const struct alternative *alternative);

/* Does it write somewhere? Then its bytes alone were timed beside each run: a bound of the run. */
bool alternative_writes(const struct alternative *alternative);
struct summary compare_alone(const struct comparison *comparison,
                             const struct alternative *alternative);

/* Numbers that the job is about. */
double subject_numbers(const struct subject *subject);

/* The first alternative that is in use: the base of all ratios. NULL if none is. */
const struct alternative *compare_base(const struct comparison *comparison);

void compare_free(struct comparison *comparison);

#endif
