#include "measure/plot.h"

#include "measure/picture_series.h"
#include "measure/picture_text.h"
#include "measure/print.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- characters ---- */

/* What things are drawn with. */
enum mark {
    MARK_BAR,     /* up to the median */
    MARK_INSIDE,  /* the interval, before the median */
    MARK_OUTSIDE, /* and behind it */
    MARK_END,     /* its upper end */
    MARK_POINT,
    MARK_IDEAL,
    MARK_FIT,
    MARK_SPAN, /* the interval of a point */
    MARK_DASH, /* axes */
    MARK_CORNER,
    MARK_WALL,
    MARK_IDLE, /* shares of a cell in which a worker is busy */
    MARK_QUARTER,
    MARK_HALF,
    MARK_THREE_QUARTERS,
    MARK_BUSY,
    N_MARKS
};
static const char *const marks[2][N_MARKS] = {
    {"=", "#", "-", "|", "*", ".", "+", ":", "-", "+", "|", " ", ".", "-", "+", "#"},
    {"█", "▓", "─", "┤", "●", "·", "○", "│", "─", "└", "│", " ", "░", "▒", "▓", "█"}};

struct plot {
    FILE *to;
    struct plot_style style;
};

static const char *mark(const struct plot *plot, enum mark which) {
    return marks[plot->style.unicode][which];
}

/* Bright enough on black and dark enough on white, as far as terminals let one know. */
static const char *const hue_codes[] = {[HUE_SERIAL] = "90",
                                        [HUE_OPENMP] = "34",
                                        [HUE_OPENCL] = "33",
                                        [HUE_OUTPUT] = "32",
                                        [HUE_CONTROL] = "35"};

static void begin_colour(const struct plot *plot, const char *code) {
    if (plot->style.colour)
        fprintf(plot->to, "\x1b[%sm", code);
}

static void end_colour(const struct plot *plot) {
    begin_colour(plot, "0");
}

static void repeat(const struct plot *plot, const char *text, size_t n) {
    while (n--)
        fputs(text, plot->to);
}

/* A text cut or padded to a width, to the right of it if `right`. What is not ASCII becomes
 * something that is, where it must. */
static void put_padded(const struct plot *plot, const char *text, size_t width, bool right) {
    char cut[200], plain[200];
    if (!plot->style.unicode) {
        size_t n = 0;
        for (const char *c = text; *c && n + 1 < sizeof plain; c++) {
            if ((*c & 0xc0) == 0x80)
                continue;
            if (strncmp(c, "·", 2) == 0 && n && plain[n - 1] == ' ')
                n--; /* " · " becomes ", " */
            plain[n++] = (unsigned char)*c < 128   ? *c
                         : strncmp(c, "×", 2) == 0 ? 'x'
                         : strncmp(c, "µ", 2) == 0 ? 'u'
                         : strncmp(c, "≈", 3) == 0 ? '~'
                         : strncmp(c, "·", 2) == 0 ? ','
                                                   : '?';
        }
        plain[n] = '\0';
        text = plain;
    }
    if (plot->style.unicode)
        text_cut(cut, sizeof cut, text, width);
    else
        snprintf(cut, sizeof cut, "%.*s", (int)width, text);
    size_t length = text_length(cut);
    if (right)
        repeat(plot, " ", width - length);
    fputs(cut, plot->to);
    if (!right)
        repeat(plot, " ", width - length);
}

/* A line of its own, with something before the text; no longer than the others. */
static void put_title(const struct plot *plot, const char *before, const char *text) {
    size_t taken = text_length(before), length = text_length(text);
    size_t room = plot->style.width > taken ? plot->style.width - taken : 1;
    fputs(before, plot->to);
    put_padded(plot, text, length < room ? length : room, false);
    fputc('\n', plot->to);
}

/* The cell of `width` in which a value lies, from 0 up to `end`; the last one for what is more. */
static size_t cell_of(double value, double end, size_t width) {
    double cell = value / end * (double)width;
    return !(cell > 0) ? 0 : cell >= (double)width ? width - 1 : (size_t)cell;
}

/* How many cells a bar takes: none only for nothing. */
static size_t cells_of(double value, double end, size_t width) {
    double cells = round(value / end * (double)width);
    return value > 0 && cells < 1 ? 1 : cells >= (double)width ? width : (size_t)cells;
}

/* ---- bars ---- */

enum { INDENT = 2, GAP = 2 };

/* Columns of words: the longest, but not more than a share of the line. */
static size_t words_width(const struct bars *bars, bool values, size_t most) {
    size_t width = 0;
    for (size_t i = 0; i < bars->n; i++) {
        const char *text = values ? bars->items[i].value : bars->items[i].label;
        size_t length = text_length(text);
        if (length > width)
            width = length;
    }
    return width < most ? width : most;
}

static void put_bar(const struct plot *plot, const struct bar *bar, double end, size_t width) {
    size_t to_median = cells_of(bar->seconds, end, width), lo = to_median, hi = to_median;
    if (bar->has_interval) {
        lo = cells_of(bar->interval.lo, end, width);
        hi = cells_of(bar->interval.hi, end, width);
    }
    begin_colour(plot, hue_codes[bar->hue]);
    repeat(plot, mark(plot, MARK_BAR), lo < to_median ? lo : to_median);
    repeat(plot, mark(plot, MARK_INSIDE), lo < to_median ? to_median - lo : 0);
    end_colour(plot);
    if (hi > to_median) {
        repeat(plot, mark(plot, MARK_OUTSIDE), hi - to_median - 1);
        fputs(mark(plot, MARK_END), plot->to);
    }
    repeat(plot, " ", width - (hi > to_median ? hi : to_median));
}

/* "0 ─────── 25 ms" below the bars. */
static void put_scale(const struct plot *plot, size_t before, size_t width,
                      const struct axis *axis) {
    char end[40];
    snprintf(end, sizeof end, " %g%s%s", axis->end, *axis->name ? " " : "", axis->name);
    size_t words = text_length(end);
    repeat(plot, " ", before);
    fputs("0 ", plot->to);
    if (width > words + 2)
        repeat(plot, mark(plot, MARK_DASH), width - words - 2);
    put_padded(plot, end, words, false);
    fputc('\n', plot->to);
}

static void put_bars(const struct plot *plot, const char *before, const char *title,
                     const struct bars *bars) {
    size_t line = plot->style.width;
    size_t value = words_width(bars, true, 20);
    size_t label = words_width(bars, false, line < 80 ? line * 3 / 10 : line * 2 / 5);
    size_t width = line - INDENT - label - value - 2 * GAP;
    struct axis axis = axis_of_seconds(bars->most, 5);
    bool intervals = false;
    put_title(plot, before, title);
    for (size_t i = 0; i < bars->n; i++) {
        repeat(plot, " ", INDENT);
        put_padded(plot, bars->items[i].label, label, false);
        repeat(plot, " ", GAP);
        put_bar(plot, &bars->items[i], axis.end * axis.unit, width);
        repeat(plot, " ", GAP);
        put_padded(plot, bars->items[i].value, value, true);
        fputc('\n', plot->to);
        intervals = intervals || bars->items[i].has_interval;
    }
    put_scale(plot, INDENT + label + GAP, width, &axis);
    if (intervals) {
        repeat(plot, " ", INDENT + label + GAP);
        fprintf(plot->to, "%s to the median; %s%s%s its 95%% interval\n", mark(plot, MARK_BAR),
                mark(plot, MARK_INSIDE), mark(plot, MARK_OUTSIDE), mark(plot, MARK_END));
    }
    fputc('\n', plot->to);
}

static bool plot_results(const struct plot *plot, const char *before, const json_t *comparison) {
    struct bars bars;
    if (!bars_of_results(json_object_get(comparison, "results"), &bars))
        return false;
    if (bars.n)
        put_bars(plot, before, string_of(json_object_get(comparison, "job"), "words"), &bars);
    free(bars.items);
    return true;
}

static bool plot_control(const struct plot *plot, const json_t *control) {
    struct bars bars;
    if (!bars_of_control(control, &bars))
        return false;
    if (bars.n)
        put_bars(plot, "", "the control: each step needs the one before", &bars);
    free(bars.items);
    return true;
}

/* ---- curves ---- */

enum { CURVE_ROWS = 14, CURVE_LEFT = 8, CURVE_WIDEST = 72 };

struct grid {
    size_t width;
    unsigned char cells[CURVE_ROWS][CURVE_WIDEST]; /* a mark and 1, 0 for none */
};

static void set_cell(struct grid *grid, size_t x, size_t row, enum mark which) {
    grid->cells[row][x] = (unsigned char)(which + 1);
}

/* The row of a value, 0 at the top. */
static size_t row_of(double value, double end) {
    return CURVE_ROWS - 1 - cell_of(value, end, CURVE_ROWS);
}

static void draw_line(struct grid *grid, const struct series *series, double most_threads,
                      double end, double last, double (*value)(const struct series *, double),
                      enum mark which) {
    for (size_t x = 0; x < grid->width; x++) {
        double threads = ((double)x + 0.5) / (double)grid->width * most_threads;
        if (threads >= 1 && threads <= last)
            set_cell(grid, x, row_of(value(series, threads), end), which);
    }
}

static void draw_points(struct grid *grid, const struct series *series, double most_threads,
                        double end) {
    for (size_t i = 0; i < series->n; i++) {
        const struct series_point *point = &series->points[i];
        size_t x = cell_of(point->threads, most_threads, grid->width);
        if (point->has_interval)
            for (size_t row = row_of(point->interval.hi, end);
                 row <= row_of(point->interval.lo, end); row++)
                set_cell(grid, x, row, MARK_SPAN);
        set_cell(grid, x, row_of(point->value, end), MARK_POINT);
    }
}

static void put_mark(const struct plot *plot, unsigned cell) {
    static const char *const codes[N_MARKS] = {
        [MARK_POINT] = "34", [MARK_SPAN] = "34", [MARK_FIT] = "33", [MARK_IDEAL] = "90"};
    if (cell == 0) {
        fputc(' ', plot->to);
        return;
    }
    begin_colour(plot, codes[cell - 1]);
    fputs(mark(plot, (enum mark)(cell - 1)), plot->to);
    end_colour(plot);
}

/* Numbers of threads below their points, as long as they do not touch. */
static void put_threads(const struct plot *plot, const struct series *series,
                        const struct grid *grid, double most_threads) {
    size_t at = 0;
    repeat(plot, " ", CURVE_LEFT + 2);
    for (size_t i = 0; i < series->n; i++) {
        char words[16];
        int n = snprintf(words, sizeof words, "%.0f", series->points[i].threads);
        size_t x = cell_of(series->points[i].threads, most_threads, grid->width);
        if (x < at || x + (size_t)n > grid->width)
            continue;
        repeat(plot, " ", x - at);
        fputs(words, plot->to);
        fputc(' ', plot->to);
        at = x + (size_t)n + 1;
    }
    fputs(" threads\n", plot->to);
}

static void put_curve(const struct plot *plot, const struct series *series) {
    struct grid grid = {.width = plot->style.width - CURVE_LEFT - 12};
    if (grid.width > CURVE_WIDEST)
        grid.width = CURVE_WIDEST;
    /* The last point stands a little before the end. */
    double most_threads = series->most_threads * (1 + 1.0 / (double)grid.width) + 0.5;
    struct axis axis = axis_of_ones(series->most, 6);
    draw_line(&grid, series, most_threads, axis.end, series->most_threads, series_ideal,
              MARK_IDEAL);
    if (series->has_fit)
        draw_line(&grid, series, most_threads, axis.end, series_fitted_to(series), series_fit,
                  MARK_FIT);
    draw_points(&grid, series, most_threads, axis.end);
    put_title(plot, "",
              series->weak ? "scaled speedup: a share of work for each thread"
                           : "speedup: the same job on more threads");
    for (size_t row = 0; row < CURVE_ROWS; row++) {
        char words[24] = "";
        /* A tick stands where its value's row is. */
        for (double tick = 0; tick <= axis.end * 1.0001; tick += axis.step)
            if (row_of(tick, axis.end) == row)
                snprintf(words, sizeof words, "%g×", tick);
        put_padded(plot, words, CURVE_LEFT, true);
        fprintf(plot->to, " %s", mark(plot, MARK_WALL));
        for (size_t x = 0; x < grid.width; x++)
            put_mark(plot, grid.cells[row][x]);
        fputc('\n', plot->to);
    }
    repeat(plot, " ", CURVE_LEFT + 1);
    fputs(mark(plot, MARK_CORNER), plot->to);
    repeat(plot, mark(plot, MARK_DASH), grid.width);
    fputc('\n', plot->to);
    put_threads(plot, series, &grid, most_threads);
    repeat(plot, " ", CURVE_LEFT + 2);
    fprintf(plot->to, "%s measured, %s its 95%% interval, %s ideal", mark(plot, MARK_POINT),
            mark(plot, MARK_SPAN), mark(plot, MARK_IDEAL));
    if (series->has_fit)
        fprintf(plot->to, ", %s %s's law: %.2g%% serial", mark(plot, MARK_FIT),
                series->weak ? "Gustafson" : "Amdahl", 100 * series->serial_fraction);
    fputs("\n\n", plot->to);
}

static bool plot_scaling(const struct plot *plot, const json_t *scaling) {
    for (int weak = 0; weak < 2; weak++) {
        struct series series;
        if (!series_of(scaling, weak, false, &series))
            return false;
        if (series.n)
            put_curve(plot, &series);
        free(series.points);
    }
    return true;
}

/* ---- timelines ---- */

static void put_schedule(const struct plot *plot, const struct schedule *schedule) {
    enum { WORKER = 11, BUSY = 6 };
    size_t width = plot->style.width - INDENT - WORKER - BUSY;
    struct axis axis = axis_of_seconds(schedule->seconds, 5);
    double end = axis.end * axis.unit;
    put_title(plot, "  ", schedule->label);
    for (unsigned w = 0; w < schedule->workers; w++) {
        char words[24];
        snprintf(words, sizeof words, "worker %u", w + 1);
        repeat(plot, " ", INDENT);
        put_padded(plot, words, WORKER, false);
        begin_colour(plot, "34");
        for (size_t x = 0; x < width; x++) {
            double share = schedule_busy(schedule, w, end * (double)x / (double)width,
                                         end * (double)(x + 1) / (double)width);
            /* A little is not nothing. */
            enum mark which = share <= 0      ? MARK_IDLE
                              : share < 0.375 ? MARK_QUARTER
                              : share < 0.625 ? MARK_HALF
                              : share < 0.95  ? MARK_THREE_QUARTERS
                                              : MARK_BUSY;
            fputs(mark(plot, which), plot->to);
        }
        end_colour(plot);
        fprintf(plot->to, " %3.0f%%\n", 100 * schedule_busy(schedule, w, 0, schedule->seconds));
    }
    put_scale(plot, INDENT + WORKER, width, &axis);
}

static bool plot_timelines(const struct plot *plot, const json_t *comparison) {
    const json_t *timelines = json_object_get(comparison, "timelines"), *timeline;
    size_t i;
    bool any = false;
    json_array_foreach(timelines, i, timeline) {
        struct schedule schedule;
        if (!schedule_of(timelines, timeline, &schedule))
            return false;
        if (schedule.n && !any)
            put_title(plot, "who was busy when: ",
                      string_of(json_object_get(comparison, "job"), "words"));
        any = any || schedule.n;
        if (schedule.n)
            put_schedule(plot, &schedule);
        free(schedule.spans);
    }
    if (any)
        fputc('\n', plot->to);
    return true;
}

static bool plot_comparison(const struct plot *plot, const char *before, const json_t *comparison) {
    return plot_results(plot, before, comparison) && plot_timelines(plot, comparison);
}

bool plot_text(FILE *to, const json_t *document, struct plot_style style) {
    struct plot plot = {to, style};
    if (style.width < PLOT_LEAST_WIDTH)
        plot.style.width = PLOT_LEAST_WIDTH;
    if (style.width > PLOT_MOST_WIDTH)
        plot.style.width = PLOT_MOST_WIDTH;
    if (!plot_scaling(&plot, json_object_get(document, "scaling")) ||
        !plot_comparison(&plot, "", document))
        return false;
    size_t i;
    const json_t *one;
    json_array_foreach(json_object_get(document, "further"), i,
                       one) if (!plot_comparison(&plot, "", one)) return false;
    return plot_comparison(&plot,
                           "where output dominates: ", json_object_get(document, "output_bound")) &&
           plot_control(&plot, json_object_get(document, "control"));
}
