#include "measure/picture.h"

#include "measure/picture_gnuplot.h"
#include "measure/picture_text.h"

#include <stdlib.h>
#include <string.h>

/* ---- a script ---- */

/* Pixels round the plot. */
enum { LEFT = 12, RIGHT = 18, AXIS = 46 };

struct script {
    FILE *to;
    char *text;
    size_t size;
};

static bool script_open(struct script *script, int height) {
    *script = (struct script){0};
    script->to = open_memstream(&script->text, &script->size);
    if (!script->to)
        return false;
    fprintf(script->to,
            "set terminal svg size %d,%d dynamic noenhanced font 'sans,13' linewidth 1\n"
            "set encoding utf8\nunset key\n"
            "set border 1 lc rgb '%s'\n"
            "set tics nomirror scale 0.4 textcolor rgb '%s'\nunset ytics\n",
            PICTURE_WIDTH, height, colour_code(COLOUR_GREY), colour_code(COLOUR_INK));
    return true;
}

/* Where the plot is, in pixels from the picture's edges. */
static void put_margins(FILE *to, int height, int left, int right, int top, int bottom) {
    fprintf(to,
            "set lmargin at screen %.6f\nset rmargin at screen %.6f\n"
            "set tmargin at screen %.6f\nset bmargin at screen %.6f\n",
            (double)left / PICTURE_WIDTH, 1 - (double)right / PICTURE_WIDTH,
            1 - (double)top / height, (double)bottom / height);
}

/* An axis across from 0, with a grid. */
static void put_x_axis(FILE *to, int height, const struct axis *axis, const char *label) {
    fprintf(to, "set xrange [0:%.9g]\nset xtics 0,%.9g,%.9g\nset format x '%%g'\n", axis->end,
            axis->step, axis->end * 1.0001);
    fprintf(to, "set grid xtics lt 1 lw 1 lc rgb '%s'\nset label ", colour_code(COLOUR_GRID));
    gnuplot_quoted(to, label);
    fprintf(to, " at screen 0.5,%.5f center textcolor rgb '%s'\n", 10.0 / height,
            colour_code(COLOUR_INK));
}

/* Draws what the script says, and frees it. */
static pp_status draw(struct script *script, struct picture *picture) {
    bool good = !ferror(script->to);
    char *written = NULL;
    pp_status status = PP_ERR_MEMORY;
    if (fclose(script->to) != 0)
        good = false;
    if (good)
        status = gnuplot_run(script->text, &written, picture->why, sizeof picture->why);
    if (status == PP_OK) {
        char prefix[80];
        snprintf(prefix, sizeof prefix, "%s-", picture->id);
        picture->svg = svg_for_page(written, prefix, picture->title);
        if (!picture->svg) {
            snprintf(picture->why, sizeof picture->why, "gnuplot drew no whole picture");
            status = PP_ERR_INTERNAL;
        }
    }
    free(written);
    free(script->text);
    return status;
}

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
    put_margins(to, height, LEFT, RIGHT, top, AXIS);
    fprintf(to, "set yrange [%zu:0]\n", bars->n);
    for (size_t i = 0; i < bars->n; i++)
        put_words(to, i, bars->items[i].label, bars->items[i].value);
}

/* Data blocks: boxes, each with its colour; whiskers. */
static void begin_boxes(FILE *to) {
    fputs("$boxes << END\n", to);
}

static void put_box(FILE *to, double from, double end, double top, double bottom,
                    enum colour colour) {
    if (end > from)
        fprintf(to, "%.9g %.4f %.9g %.9g %.4f %.4f 0x%s\n", (from + end) / 2, (top + bottom) / 2,
                from, end, top, bottom, colour_code(colour) + 1);
}

static const char PLOT_BOXES[] = "END\nplot $boxes using 1:2:3:4:5:6:7 with boxxyerror fs solid 1 "
                                 "noborder lc rgb variable";

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
    put_x_axis(to, height, &axis, label);
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
    begin_boxes(to);
    for (size_t i = 0; i < bars->n; i++)
        put_box(to, 0, bars->items[i].seconds / axis.unit, (double)i + BAR_FROM, (double)i + BAR_TO,
                hue_colour(bars->items[i].hue));
    fputs(PLOT_BOXES, to);
    if (whiskers)
        fprintf(to, ", $whiskers with xerrorbars pt 0 lw 1.6 lc rgb '%s'", colour_code(COLOUR_INK));
    fputc('\n', to);
    return draw(&script, picture);
}

/* ---- phases ---- */

static const enum colour phase_colours[N_PHASES] = {COLOUR_PURPLE, COLOUR_YELLOW, COLOUR_GREEN,
                                                    COLOUR_SKY,    COLOUR_BLUE,   COLOUR_ORANGE,
                                                    COLOUR_GREY};

/* Less than this share of the longest bar would be a line, or nothing. */
static const double PHASE_SEEN = 0.004;

static bool phase_seen(const struct bars *bars, size_t phase, double most) {
    for (size_t i = 0; i < bars->n; i++)
        if (bars->items[i].phases[phase] > PHASE_SEEN * most)
            return true;
    return false;
}

enum { LEGEND_ROW = 20, LEGEND_COLUMNS = 3 };

/* A square and a word for each of n things, in rows at the picture's top. */
static void put_legend(FILE *to, int height, const char *const *words, const enum colour *codes,
                       size_t n) {
    double width = (double)(PICTURE_WIDTH - LEFT - RIGHT) / LEGEND_COLUMNS;
    for (size_t i = 0; i < n; i++) {
        double x = LEFT + width * (double)(i % LEGEND_COLUMNS);
        double y = height - 12 - LEGEND_ROW * (double)(i / LEGEND_COLUMNS);
        fprintf(to,
                "set object rectangle from screen %.5f,%.5f to screen %.5f,%.5f front fc rgb '%s' "
                "fs solid 1 noborder\n",
                x / PICTURE_WIDTH, (y - 5) / height, (x + 11) / PICTURE_WIDTH, (y + 6) / height,
                colour_code(codes[i]));
        fputs("set label ", to);
        gnuplot_quoted(to, words[i]);
        fprintf(to, " at screen %.5f,%.5f left front textcolor rgb '%s'\n",
                (x + 17) / PICTURE_WIDTH, y / height, colour_code(COLOUR_INK));
    }
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
    int legend = LEGEND_ROW * (int)((n + LEGEND_COLUMNS - 1) / LEGEND_COLUMNS) + 8;
    int height = (int)bars->n * ROW + AXIS + legend;
    struct script script;
    if (!script_open(&script, height))
        return PP_ERR_MEMORY;
    FILE *to = script.to;
    struct axis axis = axis_of_seconds(most, 5);
    char label[80];
    snprintf(label, sizeof label, "time in %s, by phase", axis.name);
    put_x_axis(to, height, &axis, label);
    put_rows(to, height, bars, legend);
    put_legend(to, height, words, codes, n);
    begin_boxes(to);
    for (size_t i = 0; i < bars->n; i++) {
        double at = 0;
        for (size_t p = 0; p < N_PHASES; p++) {
            double end = at + bars->items[i].phases[p] / axis.unit;
            put_box(to, at, end, (double)i + BAR_FROM, (double)i + BAR_TO, phase_colours[p]);
            at = end;
        }
    }
    fprintf(to, "%s\n", PLOT_BOXES);
    return draw(&script, picture);
}
