/* How figures are written: in tables, in CSV and in JSON. */
#ifndef PARPRIME_MEASURE_PRINT_H
#define PARPRIME_MEASURE_PRINT_H

#include "measure/stats.h"

#include <jansson.h>
#include <stdio.h>

/* "12.34 ms": four significant digits in the unit that suits; what is not above 0 is "0 s". */
void format_seconds(char *out, size_t size, double seconds);

/*
 * A table's cell, to the left of its column when width is negative. Pads by what a terminal
 * shows: bytes that continue a UTF-8 character take no room.
 */
void print_cell(FILE *to, int width, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A cell "1.2 ms … 1.3 ms", or why there is no interval. */
void print_interval(FILE *to, int width, const struct summary *time);

/* Two fields of CSV, empty where there is no interval. */
void print_csv_interval(FILE *to, const struct summary *time);

/* Text as a field of CSV, in double quotes. */
void print_csv_text(FILE *to, const char *text);

/* Text that stays text: what Markdown or HTML would make something of is escaped. */
void print_markdown_text(FILE *to, const char *text);

/* Seconds in JSON, rounded to what the clock tells: nanoseconds. */
json_t *json_seconds(double seconds);

/* A ratio, to four decimals. */
json_t *json_ratio(double ratio);

/* [lo, hi] with its ends as end_json writes them; null unless it is there. */
json_t *json_interval(bool there, struct interval interval, json_t *(*end_json)(double));

/* Every timed run. */
json_t *json_times(const double *seconds, size_t n);

#endif
