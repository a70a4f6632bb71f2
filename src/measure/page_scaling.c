/* Scaling and timelines on a page. */
#include "measure/page_parts.h"

#include "measure/page_text.h"

#include <stdlib.h>
#include <string.h>

/* ---- curves ---- */

static void put_curve(struct page *page, const json_t *scaling, bool weak, bool efficiency) {
    struct series series;
    if (page->status != PP_OK)
        return;
    if (!series_of(scaling, weak, efficiency, &series)) {
        page->status = PP_ERR_MEMORY;
        return;
    }
    static const char *const ids[] = {"strong-speedup", "strong-efficiency", "weak-speedup",
                                      "weak-efficiency"};
    static const char *const titles[] = {
        "Speedup: the same job on more threads", "Efficiency: speedup per thread",
        "Scaled speedup: a share of work for each thread", "Efficiency of weak scaling"};
    static const char *const notes[] = {"The time of one thread over that of so many.",
                                        "100% is all that so many threads can give.",
                                        "How many times as much work is done in the same time.",
                                        "100%: the time stays the same as work and threads grow."};
    size_t which = (weak ? 2U : 0U) + (efficiency ? 1U : 0U);
    struct picture picture = {.id = ids[which], .title = titles[which]};
    if (series.n)
        page_picture(page, &picture, picture_curve(&picture, &series), notes[which]);
    free(series.points);
}

static void put_number(FILE *to, const json_t *object, const char *key, const char *format)
    __attribute__((format(printf, 4, 0)));

/* Empty where it is not known. */
static void put_number(FILE *to, const json_t *object, const char *key, const char *format) {
    char words[60] = "";
    if (json_is_number(json_object_get(object, key)))
        snprintf(words, sizeof words, format, number_of(object, key));
    html_cell(to, words);
}

static void put_percent(FILE *to, const json_t *object, const char *key) {
    char words[60] = "";
    if (json_is_number(json_object_get(object, key)))
        snprintf(words, sizeof words, "%.3g%%", 100 * number_of(object, key));
    html_cell(to, words);
}

static void put_points(FILE *to, const json_t *points, bool weak) {
    static const char *const heads[][8] = {{"threads", "median", "95% interval", "speedup",
                                            "its interval", "efficiency",
                                            "Karp–Flatt serial fraction", "CPU use"},
                                           {"threads", "median", "95% interval", "scaled speedup",
                                            "efficiency", "from", "to", "CPU use"}};
    html_table(to, "figures", heads[weak], 8);
    size_t i;
    const json_t *point;
    json_array_foreach(points, i, point) {
        char words[32];
        snprintf(words, sizeof words, "%.0f", number_of(point, "threads"));
        html_row(to, words);
        html_seconds(to, number_of(point, "seconds"));
        html_interval(to, point, "interval");
        put_number(to, point, weak ? "scaled_speedup" : "speedup", "%.2f×");
        if (!weak)
            html_ratios(to, point, "speedup_interval");
        put_percent(to, point, "efficiency");
        if (weak) {
            html_cell(to, string_of(point, "lo"));
            html_cell(to, string_of(point, "hi"));
        } else {
            put_percent(to, point, "karp_flatt");
        }
        put_percent(to, point, "utilisation");
        html_row_end(to);
    }
    html_table_end(to);
}

/* What the law says, or why it says nothing. */
static void put_fit(FILE *to, const json_t *kind, bool weak) {
    const json_t *fit = json_object_get(kind, weak ? "gustafson" : "amdahl");
    const char *reason = string_of(kind, "insufficient");
    fputs("<p>", to);
    if (json_is_object(fit)) {
        html_format(to, "%s's law fits with a serial fraction of %.3g%%",
                    weak ? "Gustafson" : "Amdahl", 100 * number_of(fit, "serial_fraction"));
        html_format(to, " (residual %.2g)", number_of(fit, "residual"));
        if (json_is_number(json_object_get(fit, "limit")))
            html_format(to, ": no number of threads can do better than %.3g times",
                        number_of(fit, "limit"));
        html_text(to, ". It speaks of the numbers of threads that were measured.");
    } else {
        html_format(to, "No law is fitted: %s.", *reason ? reason : "insufficient data");
    }
    fputs("</p>\n", to);
}

static void put_kind(struct page *page, const json_t *scaling, bool weak) {
    const json_t *kind = json_object_get(scaling, weak ? "weak" : "strong");
    const json_t *points = json_object_get(kind, "points");
    if (!json_is_object(kind))
        return;
    FILE *to = page->to;
    fprintf(to, "<section id=\"%s\">\n<h2>%s</h2>\n", weak ? "weak" : "strong",
            weak ? "Weak scaling: work grows with the threads"
                 : "Strong scaling: one job, more threads");
    if (json_array_size(points)) {
        fputs("<div class=\"pictures\">\n", to);
        put_curve(page, scaling, weak, false);
        put_curve(page, scaling, weak, true);
        fputs("</div>\n", to);
    }
    put_fit(to, kind, weak);
    if (json_array_size(points))
        put_points(to, points, weak);
    fputs("</section>\n", to);
}

/* ---- the size from which a device pays ---- */

static void put_device(FILE *to, const json_t *device) {
    static const char *const heads[] = {"numbers", "CPU",          "95% interval",
                                        "device",  "95% interval", "sooner"};
    fputs("<h3>", to);
    html_format(to, "%s %s", string_of(device, "id"), string_of(device, "device"));
    fputs("</h3>\n", to);
    html_sentence(to, "p", string_of(device, "text"));
    html_table(to, "figures", heads, 6);
    size_t i;
    const json_t *point;
    json_array_foreach(json_object_get(device, "points"), i, point) {
        const char *winner = string_of(point, "winner");
        html_row(to, string_of(point, "numbers"));
        html_seconds(to, number_of(point, "cpu_seconds"));
        html_interval(to, point, "cpu_interval");
        html_seconds(to, number_of(point, "device_seconds"));
        html_interval(to, point, "device_interval");
        html_cell(to, strcmp(winner, "neither") == 0 ? "not distinguishable" : winner);
        html_row_end(to);
    }
    html_table_end(to);
}

static void put_break_even(FILE *to, const json_t *break_even) {
    const json_t *devices = json_object_get(break_even, "devices"), *device;
    if (json_array_size(devices) == 0)
        return;
    fputs("<section id=\"break-even\">\n<h2>From which size a device pays</h2>\n", to);
    size_t i;
    json_array_foreach(devices, i, device) put_device(to, device);
    fputs("</section>\n", to);
}

void put_scaling(struct page *page, const json_t *scaling) {
    if (!scaling)
        return;
    put_kind(page, scaling, false);
    put_kind(page, scaling, true);
    put_break_even(page->to, json_object_get(scaling, "break_even"));
    if (*string_of(scaling, "no_break_even")) {
        fputs("<p class=\"soft\">", page->to);
        html_format(page->to, "No device was held against the CPU at growing sizes: %s.",
                    string_of(scaling, "no_break_even"));
        fputs("</p>\n", page->to);
    }
}

/* ---- timelines ---- */

/* In pixels: narrower gaps and units are not drawn apart. */
static const double GAP_SEEN = 0.4, UNIT_SEEN = 1.5;

static void put_timeline(struct page *page, const json_t *timelines, const json_t *timeline,
                         const char *id) {
    struct schedule schedule;
    if (page->status != PP_OK)
        return;
    if (!schedule_of(timelines, timeline, &schedule)) {
        page->status = PP_ERR_MEMORY;
        return;
    }
    struct picture picture = {.id = id, .title = schedule.label};
    if (schedule.n) {
        size_t n = schedule.n;
        double pixel = picture_timeline_pixel(&schedule);
        schedule_join(&schedule, GAP_SEEN * pixel, UNIT_SEEN * pixel);
        page_picture(page, &picture, picture_timeline(&picture, &schedule),
                     schedule.n == n ? "Two shades tell neighbouring units apart."
                                     : "Units too small to be seen apart are drawn as one.");
    }
    free(schedule.spans);
}

void put_timelines(struct page *page, const json_t *timelines, const char *id) {
    if (json_array_size(timelines) == 0)
        return;
    fputs("<h3>Which worker did what, when</h3>\n<p>One run of each alternative, made for this "
          "picture; its time does not count.</p>\n<div class=\"pictures\">\n",
          page->to);
    size_t i;
    const json_t *timeline;
    json_array_foreach(timelines, i, timeline) {
        char own[80];
        snprintf(own, sizeof own, "%s-timeline-%zu", id, i + 1);
        put_timeline(page, timelines, timeline, own);
    }
    fputs("</div>\n", page->to);
}
