/* Comparisons as tables for people, as CSV and Markdown, and as JSON. */
#ifndef PARPRIME_MEASURE_REPORT_H
#define PARPRIME_MEASURE_REPORT_H

#include "measure/compare.h"
#include "measure/control.h"
#include "measure/lessons.h"

#include <jansson.h>
#include <stdio.h>

/* ---- text ---- */

/* What the columns mean, in a few plain words. */
void report_legend(FILE *to, const struct comparison *const *comparisons, size_t n);

/* The table, with what it says in sentences if those are wanted, what was left out, warnings. */
void report_text(FILE *to, const struct comparison *comparison, bool sentences);
void report_control_text(FILE *to, const struct control *control);
void report_lessons_text(FILE *to, const struct lesson *lessons, size_t n);

/*
 * Says what a careful reader would want to know before believing the times. Returns how many
 * such sentences there were.
 */
int report_warnings(const struct comparison *comparison, void (*say)(void *user, const char *text),
                    void *user);

/* ---- CSV: one table, the header once, then each comparison's rows ---- */

void report_csv_header(FILE *to);
void report_csv(FILE *to, const struct comparison *comparison);
void report_csv_control(FILE *to, const struct control *control);

/* ---- Markdown: a heading, a table and what it says, for each ---- */

void report_markdown(FILE *to, const struct comparison *comparison);
void report_markdown_control(FILE *to, const struct control *control);
void report_markdown_lessons(FILE *to, const struct lesson *lessons, size_t n);

/* ---- JSON ---- */

/*
 * Members "results", "runs", "verdict" and "timelines" of a document. New references. A comparison
 * that was interrupted has runs, but no results, and is to be given no verdict.
 */
json_t *report_results(const struct comparison *comparison,
                       json_t *(*result_json)(const pp_result *));
json_t *report_runs(const struct comparison *comparison);
json_t *report_verdict(const struct comparison *comparison);
json_t *report_timelines(const struct comparison *comparison);
json_t *report_control(const struct control *control);
json_t *report_lessons(const struct lesson *lessons, size_t n);

#endif
