/*
 * SVG pictures for a page, drawn by gnuplot: narrow, so that they can be read on a telephone
 * without being made small; coloured by the classes of colours_css.
 */
#ifndef PARPRIME_MEASURE_PICTURE_H
#define PARPRIME_MEASURE_PICTURE_H

#include "measure/picture_series.h"

#include <parprime.h>

/* How wide pictures are drawn, in pixels of their own. */
enum { PICTURE_WIDTH = 400 };

/* A picture being asked for, and what came of it. */
struct picture {
    const char *id;    /* unique in the page; letters, digits and - */
    const char *title; /* for those who do not see it */
    char *svg;         /* the element, to be freed */
    char why[240];     /* when it could not be drawn */
};

/* Medians as bars from 0 with the intervals on them. At least one bar; so for all. */
pp_status picture_bars(struct picture *picture, const struct bars *bars);

/* The same runs' phases, stacked. */
pp_status picture_phases(struct picture *picture, const struct bars *bars);

/* Speedup or efficiency with the ideal line and the fit. At least one point. */
pp_status picture_curve(struct picture *picture, const struct series *series);

/* What each worker did when. At least one span. */
pp_status picture_timeline(struct picture *picture, const struct schedule *schedule);

/* How many seconds a pixel of that picture is. */
double picture_timeline_pixel(const struct schedule *schedule);

#endif
