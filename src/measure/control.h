/* The sequential control: run plainly, and "made concurrent" as the book tried it. */
#ifndef PARPRIME_MEASURE_CONTROL_H
#define PARPRIME_MEASURE_CONTROL_H

#include <parprime.h>

/* Seconds of a monotonic clock. */
double measure_clock(void);

/*
 * The plain form, on this thread. A modular iteration looks at interrupted() now and then
 * (NULL: never) and stops with PP_ERR_CANCELLED, having done *done steps.
 */
pp_status control_run(const pp_integer *start, uint64_t steps, const pp_integer *modulus,
                      int (*interrupted)(void), pp_integer **value, uint64_t *done,
                      pp_error *error);

/*
 * The exact form with its steps handed from thread to thread: worker i of `workers` takes steps
 * i, i + workers, …, each waiting for the one before. Starting the pool and ending it counts, as
 * it does in the book.
 */
pp_status control_handed(const pp_integer *start, uint64_t steps, unsigned workers,
                         pp_integer **value);

/* ---- the comparison ---- */

enum { CONTROL_MOST_FORMS = 8, CONTROL_MOST_RUNS = 1000 };

/* One form's timings. */
struct control_form {
    unsigned workers; /* 0: plain */
    double seconds[CONTROL_MOST_RUNS];
};

struct control {
    uint64_t steps;
    size_t n_runs, n_forms;
    struct control_form *forms;
    char *last_digits; /* the last five, of every run */
};

/*
 * Times f^steps(start 3), exactly: plain and handed to 1, 2, 4, … `most_workers` workers, runs
 * interleaved; PP_ERR_DISAGREE when any result differs. control_free also after a failure.
 */
pp_status control_measure(uint64_t steps, size_t runs, unsigned most_workers,
                          int (*interrupted)(void), struct control *out);
void control_free(struct control *control);

#endif
