/* Thread scaling as tables and as JSON. */
#ifndef PARPRIME_MEASURE_SCALE_REPORT_H
#define PARPRIME_MEASURE_SCALE_REPORT_H

#include "measure/lessons.h"
#include "measure/scale.h"

#include <jansson.h>
#include <stdio.h>

/* Tables and sentences, for a terminal or as Markdown; what was interrupted is not there. */
void scale_report_text(FILE *to, const struct scale *scale);
void scale_report_markdown(FILE *to, const struct scale *scale);

/* One table with a header: strong scaling, serial, weak scaling, devices at growing sizes. */
void scale_report_csv(FILE *to, const struct scale *scale);

/*
 * The book's point with this run's figures: up to N_LESSONS sentences, none where answers disagree.
 * control may be NULL. Returns how many.
 */
size_t scale_lessons(const struct scale *scale, const struct control *control,
                     struct lesson lessons[N_LESSONS]);

/* Members "scaling" and "verdict" of a document. New references. */
json_t *scale_json(const struct scale *scale);
json_t *scale_json_verdict(const struct scale *scale);

#endif
