/* The same pictures made of characters, for terminals: see picture_data.h. */
#ifndef PARPRIME_MEASURE_PLOT_H
#define PARPRIME_MEASURE_PLOT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

enum { PLOT_LEAST_WIDTH = 40, PLOT_MOST_WIDTH = 160 };

struct plot_style {
    unsigned width; /* columns; what is beyond the limits above is taken for the nearer one */
    bool unicode;   /* block characters and lines, else ASCII */
    bool colour;    /* ANSI colours */
};

/*
 * Draws the document of compare or scale: bars with intervals of each comparison and of the
 * control, curves of scaling, and timelines of workers. False without memory; what was drawn
 * before stays.
 */
bool plot_text(FILE *to, const json_t *document, struct plot_style style);

#endif
