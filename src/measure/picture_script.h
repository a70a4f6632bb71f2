/* Scripts for gnuplot: what all pictures have in common. */
#ifndef PARPRIME_MEASURE_PICTURE_SCRIPT_H
#define PARPRIME_MEASURE_PICTURE_SCRIPT_H

#include "measure/picture.h"
#include "measure/picture_gnuplot.h"
#include "measure/picture_text.h"

/* Pixels round the plot, unless a picture says otherwise. */
enum { LEFT = 12, RIGHT = 18, AXIS = 46 };

/* Of a line of the legend. */
enum { LEGEND_ROW = 20 };

struct script {
    FILE *to;
    char *text;
    size_t size;
};

/* Begins a script for a picture so many pixels high. False without memory. */
bool script_open(struct script *script, int height);

/* Draws what the script says, and frees it. */
pp_status script_draw(struct script *script, struct picture *picture);

/* Where the plot is, in pixels from the picture's edges. */
void script_margins(FILE *to, int height, int left, int right, int top, int bottom);

/* An axis across from 0 with a grid, and what it shows, below it. */
void script_x_axis(FILE *to, int height, const struct axis *axis, const char *label);

/* Words at a place in pixels from the picture's lower left corner: left, center or right of it. */
void script_words(FILE *to, int height, double x, double y, const char *side, const char *words);

/* A square and a word for each of n things, in rows of `columns` at the picture's top. */
void script_legend(FILE *to, int height, const char *const *words, const enum colour *codes,
                   size_t n, size_t columns);

/* The data block $boxes: begin, a line for each that is not empty, and a command to plot it. */
void script_begin_boxes(FILE *to);
void script_box(FILE *to, double from, double end, double top, double bottom, enum colour colour);
extern const char SCRIPT_PLOT_BOXES[];

#endif
