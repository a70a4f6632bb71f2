/*
 * What pictures show, taken from the JSON document of compare or scale: the same for those drawn
 * by gnuplot and those made of characters. A member that a document lacks is a picture that is not
 * made; nothing here fails but for want of memory.
 */
#ifndef PARPRIME_MEASURE_PICTURE_DATA_H
#define PARPRIME_MEASURE_PICTURE_DATA_H

#include "measure/stats.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* What a colour stands for. */
enum hue { HUE_SERIAL, HUE_OPENMP, HUE_OPENCL, HUE_OUTPUT, HUE_CONTROL };

enum { N_PHASES = 8 };
/* In the order in which a job goes through them; "other" is what none of them counts. */
extern const char *const phase_names[N_PHASES];

struct bar {
    char label[128]; /* "openmp, 2 threads" */
    char ratio[24];  /* "base", "1.46×", or "≈ 1" where the intervals overlap */
    char value[64];  /* "15.43 ms · 1.46×" */
    enum hue hue;
    double seconds; /* the median */
    bool has_interval;
    struct interval interval; /* of the median */
    double phases[N_PHASES];  /* seconds */
};

struct bars {
    struct bar *items; /* to be freed */
    size_t n;
    double most; /* the largest median or end of an interval */
};

/* Of "results"; empty when they have no times. False without memory. */
bool bars_of_results(const json_t *results, struct bars *out);
/* Of "control". */
bool bars_of_control(const json_t *control, struct bars *out);

/* A result's name, as short as tells it from the others of its list. */
void result_label(const json_t *results, const json_t *result, char *out, size_t size);

/* A member that is a string or a number; otherwise "" and 0. */
const char *string_of(const json_t *object, const char *key);
double number_of(const json_t *object, const char *key);
/* A member [lo, hi]; false where there is none. */
bool interval_of(const json_t *object, const char *key, struct interval *out);

#endif
