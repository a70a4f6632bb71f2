/* Comparisons as tables and as JSON. */
#ifndef PARPRIME_MEASURE_REPORT_H
#define PARPRIME_MEASURE_REPORT_H

#include "measure/compare.h"
#include "measure/control.h"

#include <jansson.h>
#include <stdio.h>

/* The table, the verdict in words, warnings, and what was left out and why. */
void report_text(FILE *to, const struct comparison *comparison);

/* One table for all comparisons: the header once, then each one's rows. */
void report_csv_header(FILE *to);
void report_csv(FILE *to, const struct comparison *comparison);
void report_control_text(FILE *to, const struct control *control);

/* The book's point in one sentence with this run's figures; nothing where there are no threads. */
void report_lesson(FILE *to, const struct comparison *comparison, const struct control *control);

/*
 * Says what a careful reader would want to know before believing the times. Returns how many
 * such sentences there were.
 */
int report_warnings(const struct comparison *comparison, void (*say)(void *user, const char *text),
                    void *user);

/*
 * Members "results", "runs" and "verdict" of a document. New references. A comparison that was
 * interrupted has runs, but no results, and is to be given no verdict.
 */
json_t *report_results(const struct comparison *comparison,
                       json_t *(*result_json)(const pp_result *));
json_t *report_runs(const struct comparison *comparison);
json_t *report_verdict(const struct comparison *comparison);
json_t *report_control(const struct control *control);

#endif
