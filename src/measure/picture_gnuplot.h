/* gnuplot as a child process: a script in, SVG out. Optional at run time. */
#ifndef PARPRIME_MEASURE_PICTURE_GNUPLOT_H
#define PARPRIME_MEASURE_PICTURE_GNUPLOT_H

#include <parprime.h>
#include <stdio.h>

/* PP_OK, or PP_ERR_UNAVAILABLE with a sentence in why that names the package to install. */
pp_status gnuplot_there(char *why, size_t size);

/*
 * Runs a script, which is to write to its standard output. What it wrote is *out, ends with a NUL
 * and is to be freed. Neither a shell nor a named file is used, so nothing stays behind, whatever
 * happens. Fails with PP_ERR_UNAVAILABLE without gnuplot, PP_ERR_INTERNAL when gnuplot complains,
 * PP_ERR_CANCELLED when a signal ended it, PP_ERR_MEMORY; why says what happened.
 */
pp_status gnuplot_run(const char *script, char **out, char *why, size_t size);

/*
 * Text as a gnuplot string, with the quotes round it. Nothing in a string in single quotes is
 * special but such a quote: it becomes a typographic one, since gnuplot 5.4 does not take a doubled
 * one at a string's beginning. Control characters become spaces.
 */
void gnuplot_quoted(FILE *to, const char *text);

/* ---- colours ---- */

/* What the colours of a script mean. A page has two of each, for light and for dark. */
enum colour {
    COLOUR_PAPER,
    COLOUR_INK,
    COLOUR_GRID,
    COLOUR_GREY,
    COLOUR_BLUE,
    COLOUR_SKY,
    COLOUR_ORANGE,
    COLOUR_GREEN,
    COLOUR_PURPLE,
    COLOUR_YELLOW,
    COLOUR_BROWN,
    N_COLOURS
};
/* "#0072b2": what a script says for it, which is also how it looks in light. */
const char *colour_code(enum colour colour);

/* Style sheet: how the SVGs in elements of a class look, in light and in dark. */
void colours_css(FILE *to, const char *selector);

/*
 * Makes what gnuplot wrote fit to stand in a page: only the svg element, ids that begin with
 * `prefix` (which needs no escaping), a title for those who don't see it, colours spelled as
 * colour_code does, the page's fonts. To be freed; NULL without memory, or when there is no whole
 * svg element.
 */
char *svg_for_page(const char *written, const char *prefix, const char *title);

#endif
