#include "measure/picture.h"

#include "measure/picture_script.h"
#include "measure/picture_text.h"

#include <stdio.h>

/* ---- rows: words above a bar each, so that no label has to fit beside it ---- */

enum {
    ROW = 42,           /* pixels */
    LABEL_LETTERS = 54, /* that fit across the picture with a short value */
    VALUE_GAP = 3
};
/* In rows: where the words stand, and from where to where the bar is. */
static const double WORDS_AT = 0.26, BAR_FROM = 0.48, BAR_TO = 0.88;

static void put_words(FILE *to, size_t row, const char *label, const char *value) {
    char cut[160];
    size_t taken = text_length(value) + VALUE_GAP;
    text_cut(cut, sizeof cut, label, taken < LABEL_LETTERS ? LABEL_LETTERS - taken : 1);
    for (int side = 0; side < 2; side++) {
        fputs("set label ", to);
        gnuplot_quoted(to, side ? value : cut);
        fprintf(to, " at graph %d, first %.3f %s front textcolor rgb '%s'\n", side,
                (double)row + WORDS_AT, side ? "right" : "left", colour_code(COLOUR_INK));
    }
}

static void put_rows(FILE *to, int height, const struct bars *bars, int top) {
    script_margins(to, height, LEFT, RIGHT, top, AXIS);
    fprintf(to, "set yrange [%zu:0]\n", bars->n);
    for (size_t i = 0; i < bars->n; i++)
        put_words(to, i, bars->items[i].label, bars->items[i].value);
}

static enum colour hue_colour(enum hue hue) {
    static const enum colour table[] = {[HUE_SERIAL] = COLOUR_GREY,
                                        [HUE_OPENMP] = COLOUR_BLUE,
                                        [HUE_OPENCL] = COLOUR_ORANGE,
                                        [HUE_OUTPUT] = COLOUR_GREEN,
                                        [HUE_CONTROL] = COLOUR_PURPLE};
    return table[hue];
}

pp_status picture_bars(struct picture *picture, const struct bars *bars) {
    int height = (int)bars->n * ROW + AXIS + 4;
    struct script script;
    if (!script_open(&script, height))
        return PP_ERR_MEMORY;
    FILE *to = script.to;
    struct axis axis = axis_of_seconds(bars->most, 5);
    char label[80];
    snprintf(label, sizeof label, "median time in %s, with its 95%% interval", axis.name);
    script_x_axis(to, height, &axis, label);
    put_rows(to, height, bars, 4);
    size_t whiskers = 0;
    fputs("set errorbars 1.2 lw 1.6\n$whiskers << END\n", to);
    for (size_t i = 0; i < bars->n; i++) {
        const struct bar *bar = &bars->items[i];
        whiskers += bar->has_interval;
        if (bar->has_interval)
            fprintf(to, "%.9g %.4f %.9g %.9g\n", bar->seconds / axis.unit,
                    (double)i + (BAR_FROM + BAR_TO) / 2, bar->interval.lo / axis.unit,
                    bar->interval.hi / axis.unit);
    }
    fputs("END\n", to);
    script_begin_boxes(to);
    for (size_t i = 0; i < bars->n; i++)
        script_box(to, 0, bars->items[i].seconds / axis.unit, (double)i + BAR_FROM,
                   (double)i + BAR_TO, hue_colour(bars->items[i].hue));
    fputs(SCRIPT_PLOT_BOXES, to);
    if (whiskers)
        fprintf(to, ", $whiskers with xerrorbars pt 0 lw 1.6 lc rgb '%s'", colour_code(COLOUR_INK));
    fputc('\n', to);
    return script_draw(&script, picture);
}

/* ---- phases ---- */

static const enum colour phase_colours[N_PHASES] = {COLOUR_PURPLE, COLOUR_YELLOW, COLOUR_SKY,
                                                    COLOUR_BROWN,  COLOUR_BLUE,   COLOUR_ORANGE,
                                                    COLOUR_GREEN,  COLOUR_GREY};

/* Less than this share of the longest bar would be a line, or nothing. */
static const double PHASE_SEEN = 0.004;

static bool phase_seen(const struct bars *bars, size_t phase, double most) {
    for (size_t i = 0; i < bars->n; i++)
        if (bars->items[i].phases[phase] > PHASE_SEEN * most)
            return true;
    return false;
}

pp_status picture_phases(struct picture *picture, const struct bars *bars) {
    double most = 0;
    for (size_t i = 0; i < bars->n; i++) {
        double sum = 0;
        for (size_t p = 0; p < N_PHASES; p++)
            sum += bars->items[i].phases[p];
        if (sum > most)
            most = sum;
    }
    const char *words[N_PHASES];
    enum colour codes[N_PHASES];
    size_t n = 0;
    for (size_t p = 0; p < N_PHASES; p++)
        if (phase_seen(bars, p, most)) {
            words[n] = phase_names[p];
            codes[n++] = phase_colours[p];
        }
    enum { LEGEND_COLUMNS = 3 };
    int legend = LEGEND_ROW * (int)((n + LEGEND_COLUMNS - 1) / LEGEND_COLUMNS) + 8;
    int height = (int)bars->n * ROW + AXIS + legend;
    struct script script;
    if (!script_open(&script, height))
        return PP_ERR_MEMORY;
    FILE *to = script.to;
    struct axis axis = axis_of_seconds(most, 5);
    char label[80];
    snprintf(label, sizeof label, "time in %s, by phase", axis.name);
    script_x_axis(to, height, &axis, label);
    put_rows(to, height, bars, legend);
    script_legend(to, height, words, codes, n, LEGEND_COLUMNS);
    script_begin_boxes(to);
    for (size_t i = 0; i < bars->n; i++) {
        double at = 0;
        for (size_t p = 0; p < N_PHASES; p++) {
            double end = at + bars->items[i].phases[p] / axis.unit;
            script_box(to, at, end, (double)i + BAR_FROM, (double)i + BAR_TO, phase_colours[p]);
            at = end;
        }
    }
    fprintf(to, "%s\n", SCRIPT_PLOT_BOXES);
    return script_draw(&script, picture);
}
