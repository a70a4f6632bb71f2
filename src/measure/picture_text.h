/* Axes, and texts cut to a width, as all pictures have them. */
#ifndef PARPRIME_MEASURE_PICTURE_TEXT_H
#define PARPRIME_MEASURE_PICTURE_TEXT_H

#include <stddef.h>

/*
 * An axis from 0 over all values up to `most`: in seconds when it is one of time, else in ones.
 * Values are to be divided by `unit`; ticks stand at 0, step, 2·step, … `end`, at most `ticks` of
 * them beside 0. Steps are 1, 2, or 5 times a power of ten. A `most` that is not above 0 is taken
 * for 1.
 */
struct axis {
    double unit, step, end;
    const char *name; /* of the unit, "" for ones */
};
struct axis axis_of_seconds(double most, unsigned ticks);
struct axis axis_of_ones(double most, unsigned ticks);

/* Characters (not bytes) of a text in UTF-8. */
size_t text_length(const char *text);

/* Copies at most `most` characters, the last of them an ellipsis if any were left out, and no
 * character in part, into size bytes. */
void text_cut(char *out, size_t size, const char *text, size_t most);

#endif
