/* The sections of a page. */
#ifndef PARPRIME_MEASURE_PAGE_PARTS_H
#define PARPRIME_MEASURE_PAGE_PARTS_H

#include "measure/picture.h"

#include <jansson.h>
#include <parprime.h>
#include <stdio.h>

/* A page being written. After the first picture that fails, no more are drawn. */
struct page {
    FILE *to;
    pp_status status;
    char *why; /* the caller's */
    size_t why_size;
};

/* A picture that has been drawn, with its title and a note above it, or what came of it. Frees it.
 */
void page_picture(struct page *page, struct picture *picture, pp_status status, const char *note);

/* What the run shows, and what to know before believing it. */
void put_verdict(FILE *to, const json_t *document);

/* One comparison, {results, runs, verdict} and its job: pictures, table, sentences; a
 * heading of its words, with something before them. */
void put_comparison(struct page *page, const json_t *comparison, const char *id,
                    const char *heading);

/* "timelines": what each worker did when, in a picture each. Nothing for none. */
void put_timelines(struct page *page, const json_t *timelines, const char *id);

/* "scaling": curves and tables of strong and weak scaling, and the size from which a device pays.
 */
void put_scaling(struct page *page, const json_t *scaling);

/* The sequential control; nothing for NULL. */
void put_control(struct page *page, const json_t *control);

/* This run beside an earlier one; nothing for NULL. */
void put_baseline(FILE *to, const json_t *baseline);

void put_environment(FILE *to, const json_t *environment);

/* Every timed run of every comparison, folded away. */
void put_raw_times(FILE *to, const json_t *document);

#endif
