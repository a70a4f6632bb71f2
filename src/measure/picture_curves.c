#include "measure/picture_script.h"
#include "measure/picture_series.h"

#include <stdio.h>

/* ---- curves ---- */

enum { CURVE_HEIGHT = 330, CURVE_LEFT = 42, CURVE_STEPS = 80, MARK = 24 };

/* A line of the legend: a piece of what it stands for, and words. */
static void put_key(FILE *to, int height, int row, const char *style, enum colour colour,
                    const char *words) {
    double y = height - 12 - LEGEND_ROW * (double)row;
    fprintf(to, "set arrow from screen %.5f,%.5f to screen %.5f,%.5f nohead front %s lc rgb '%s'\n",
            (double)LEFT / PICTURE_WIDTH, y / height, (double)(LEFT + MARK) / PICTURE_WIDTH,
            y / height, style, colour_code(colour));
    script_words(to, height, LEFT + MARK + 8, y, "left", words);
}

/* Its point in the middle. */
static void put_key_point(FILE *to, int height, enum colour colour) {
    fprintf(to, "set label '' at screen %.5f,%.5f front point pt 7 ps 0.55 lc rgb '%s'\n",
            (LEFT + MARK / 2.0) / PICTURE_WIDTH, (height - 12.0) / height, colour_code(colour));
}

static void put_y_axis(FILE *to, const struct axis *axis, const char *format) {
    fprintf(to,
            "set border 3 lc rgb '%s'\nset yrange [0:%.9g]\nset ytics nomirror scale 0.4 "
            "0,%.9g,%.9g textcolor rgb '%s'\nset format y ",
            colour_code(COLOUR_GREY), axis->end, axis->step, axis->end * 1.0001,
            colour_code(COLOUR_INK));
    gnuplot_quoted(to, format);
    fprintf(to, "\nset grid xtics ytics lt 1 lw 1 lc rgb '%s'\n", colour_code(COLOUR_GRID));
}

/* A data block with a curve up to a number of threads. */
static void put_curve(FILE *to, const char *name, const struct series *series, double most_threads,
                      double (*value)(const struct series *, double)) {
    fprintf(to, "%s << END\n", name);
    for (int i = 0; i <= CURVE_STEPS; i++) {
        double threads = 1 + (most_threads - 1) * i / CURVE_STEPS;
        fprintf(to, "%.9g %.9g\n", threads, value(series, threads));
    }
    fputs("END\n", to);
}

/* How lines are drawn, besides their colours: the eye may see none. */
static const char IDEAL_STYLE[] = "dashtype (4,4) lw 1.6", FIT_STYLE[] = "lw 2",
                  POINT_STYLE[] = "lw 1.6";

/* Data blocks; says whether there are any whiskers. */
static bool put_points(FILE *to, const struct series *series) {
    bool any = false;
    fputs("$points << END\n", to);
    for (size_t i = 0; i < series->n; i++)
        fprintf(to, "%.9g %.9g\n", series->points[i].threads, series->points[i].value);
    fputs("END\n$whiskers << END\n", to);
    for (size_t i = 0; i < series->n; i++) {
        const struct series_point *point = &series->points[i];
        any = any || point->has_interval;
        if (point->has_interval)
            fprintf(to, "%.9g %.9g %.9g\n", point->threads, point->interval.lo,
                    point->interval.hi - point->interval.lo);
    }
    fputs("END\n", to);
    return any;
}

pp_status picture_curve(struct picture *picture, const struct series *series) {
    int rows = series->has_fit ? 3 : 2, height = CURVE_HEIGHT + LEGEND_ROW * rows;
    struct script script;
    if (!script_open(&script, height))
        return PP_ERR_MEMORY;
    FILE *to = script.to;
    struct axis across = axis_of_ones(series->most_threads, 8);
    struct axis up = axis_of_ones(series->most, 6);
    if (across.step < 1) /* there are no half threads */
        across = (struct axis){1, 1, series->most_threads, ""};
    script_x_axis(to, height, &across, "threads");
    /* Room for the last point's right half. */
    fprintf(to, "set xrange [0:%.9g]\n", across.end * 1.03);
    put_y_axis(to, &up, series->efficiency ? "%g%%" : "%g×");
    script_margins(to, height, CURVE_LEFT + (series->efficiency ? 6 : 0), RIGHT,
                   LEGEND_ROW * rows + 12, AXIS);
    put_key(to, height, 0, POINT_STYLE, COLOUR_BLUE, "measured, with 95% interval");
    put_key_point(to, height, COLOUR_BLUE);
    put_key(to, height, 1, IDEAL_STYLE, COLOUR_GREY,
            series->cores > 0 && series->most_threads > series->cores
                ? "ideal: all cores busy with the job"
            : series->efficiency ? "ideal: all threads busy with the job"
                                 : "ideal: as many times as fast as threads");
    if (series->has_fit) {
        char words[80];
        snprintf(words, sizeof words, "%s's law, serial fraction %.2g%%",
                 series->weak ? "Gustafson" : "Amdahl", 100 * series->serial_fraction);
        put_key(to, height, 2, FIT_STYLE, COLOUR_ORANGE, words);
        put_curve(to, "$fit", series, series_fitted_to(series), series_fit);
    }
    put_curve(to, "$ideal", series, series->most_threads, series_ideal);
    bool whiskers = put_points(to, series);
    fprintf(to, "plot $ideal with lines %s lc rgb '%s'", IDEAL_STYLE, colour_code(COLOUR_GREY));
    if (series->has_fit)
        fprintf(to, ", $fit with lines %s lc rgb '%s'", FIT_STYLE, colour_code(COLOUR_ORANGE));
    /* Arrows with heads of two right angles: yerrorbars would leave a gap round the points. */
    if (whiskers)
        fprintf(to,
                ", $whiskers using 1:2:(0):3 with vectors heads size screen 0.014,90 %s lc rgb "
                "'%s'",
                POINT_STYLE, colour_code(COLOUR_BLUE));
    fprintf(to, ", $points with points pt 7 ps 0.55 lc rgb '%s'\n", colour_code(COLOUR_BLUE));
    return script_draw(&script, picture);
}

/* ---- timelines ---- */

enum {
    LANE_MOST = 26, /* pixels a worker, at most, */
    LANE_LEAST = 5, /* and at least */
    LANES_HEIGHT = 420,
    WORKER_LEFT = 34,
    BUSY_RIGHT = 52,
    WORDS_TOP = 24,
    LABELS_APART = 15 /* pixels between numbers of workers */
};

/* How high a worker's lane is. */
static int lane_of(unsigned workers) {
    int lane = LANES_HEIGHT / (int)workers;
    return lane > LANE_MOST ? LANE_MOST : lane < LANE_LEAST ? LANE_LEAST : lane;
}

pp_status picture_timeline(struct picture *picture, const struct schedule *schedule) {
    int lane = lane_of(schedule->workers);
    int height = lane * (int)schedule->workers + AXIS + WORDS_TOP;
    struct script script;
    if (!script_open(&script, height))
        return PP_ERR_MEMORY;
    FILE *to = script.to;
    struct axis axis = axis_of_seconds(schedule->seconds, 5);
    char label[80];
    snprintf(label, sizeof label, "time since the run began, in %s", axis.name);
    script_x_axis(to, height, &axis, label);
    script_margins(to, height, WORKER_LEFT, BUSY_RIGHT, WORDS_TOP, AXIS);
    fprintf(to, "set yrange [%u:0]\n", schedule->workers);
    script_words(to, height, LEFT - 4, height - 12, "left", "worker");
    script_words(to, height, PICTURE_WIDTH - 8, height - 12, "right", "busy");
    unsigned apart = (unsigned)((LABELS_APART + lane - 1) / lane);
    for (unsigned w = 0; w < schedule->workers; w += apart) {
        double y = height - WORDS_TOP - (w + 0.5) * lane;
        char words[32];
        snprintf(words, sizeof words, "%u", w + 1);
        script_words(to, height, WORKER_LEFT - 8, y, "right", words);
        snprintf(words, sizeof words, "%.0f%%",
                 100 * schedule_busy(schedule, w, 0, schedule->seconds));
        script_words(to, height, PICTURE_WIDTH - 8, y, "right", words);
    }
    script_begin_boxes(to);
    unsigned worker = 0;
    size_t nth = 0; /* of its worker: neighbours differ in shade */
    for (size_t i = 0; i < schedule->n; i++) {
        const struct span *span = &schedule->spans[i];
        if (span->worker != worker)
            nth = 0;
        worker = span->worker;
        script_box(to, span->begin / axis.unit, span->end / axis.unit, worker + 0.1, worker + 0.9,
                   nth++ % 2 ? COLOUR_SKY : COLOUR_BLUE);
    }
    fprintf(to, "%s\n", SCRIPT_PLOT_BOXES);
    return script_draw(&script, picture);
}

double picture_timeline_pixel(const struct schedule *schedule) {
    struct axis axis = axis_of_seconds(schedule->seconds, 5);
    return axis.end * axis.unit / (PICTURE_WIDTH - WORKER_LEFT - BUSY_RIGHT);
}
