#include "measure/picture_series.h"

#include <stdlib.h>

/* ---- scaling ---- */

double series_ideal(const struct series *series, double threads) {
    double speedup = series->cores > 0 && threads > series->cores ? series->cores : threads;
    return series->efficiency ? 100 * speedup / threads : speedup;
}

double series_fit(const struct series *series, double threads) {
    double serial = series->serial_fraction;
    double speedup =
        series->weak ? threads - serial * (threads - 1) : 1 / (serial + (1 - serial) / threads);
    return series->efficiency ? 100 * speedup / threads : speedup;
}

double series_fitted_to(const struct series *series) {
    return series->cores > 0 && series->most_threads > series->cores ? series->cores
                                                                     : series->most_threads;
}

static void include(double *most, double value) {
    if (value > *most)
        *most = value;
}

static void take_point(struct series *series, const json_t *json) {
    const char *key = series->weak ? "scaled_speedup" : "speedup";
    const char *ends = series->weak ? "scaled_speedup_interval" : "speedup_interval";
    struct series_point point = {.threads = number_of(json, "threads"),
                                 .value = number_of(json, key)};
    if (point.threads < 1 || point.value <= 0)
        return;
    /* One thread is what all are held against: its ratio to itself is 1, whatever its times. */
    point.has_interval = point.threads > 1 && interval_of(json, ends, &point.interval);
    if (series->efficiency) {
        double percent = 100 / point.threads;
        point.value *= percent;
        point.interval.lo *= percent;
        point.interval.hi *= percent;
    }
    include(&series->most_threads, point.threads);
    include(&series->most, point.value);
    include(&series->most, series_ideal(series, point.threads));
    if (point.has_interval)
        include(&series->most, point.interval.hi);
    series->points[series->n++] = point;
}

bool series_of(const json_t *scaling, bool weak, bool efficiency, struct series *out) {
    const json_t *kind = json_object_get(scaling, weak ? "weak" : "strong");
    const json_t *points = json_object_get(kind, "points"), *point;
    const json_t *fit = json_object_get(kind, weak ? "gustafson" : "amdahl");
    *out = (struct series){
        .weak = weak, .efficiency = efficiency, .cores = number_of(scaling, "cores")};
    out->points = calloc(json_array_size(points) + 1, sizeof *out->points);
    if (!out->points)
        return false;
    size_t i;
    json_array_foreach(points, i, point) take_point(out, point);
    out->has_fit = json_is_number(json_object_get(fit, "serial_fraction"));
    out->serial_fraction = number_of(fit, "serial_fraction");
    return true;
}

/* ---- timelines ---- */

static int by_worker_and_time(const void *a, const void *b) {
    const struct span *x = a, *y = b;
    if (x->worker != y->worker)
        return x->worker < y->worker ? -1 : 1;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

bool schedule_of(const json_t *timelines, const json_t *timeline, struct schedule *out) {
    const json_t *units = json_object_get(timeline, "units"), *unit;
    *out = (struct schedule){.seconds = number_of(timeline, "seconds")};
    result_label(timelines, timeline, out->label, sizeof out->label);
    out->spans = calloc(json_array_size(units) + 1, sizeof *out->spans);
    if (!out->spans)
        return false;
    size_t i;
    json_array_foreach(units, i, unit) {
        struct span span = {(unsigned)json_integer_value(json_array_get(unit, 0)),
                            json_number_value(json_array_get(unit, 1)),
                            json_number_value(json_array_get(unit, 2))};
        if (json_array_size(unit) != 3 || span.end < span.begin)
            continue;
        include(&out->seconds, span.end);
        if (span.worker >= out->workers)
            out->workers = span.worker + 1;
        out->spans[out->n++] = span;
    }
    qsort(out->spans, out->n, sizeof *out->spans, by_worker_and_time);
    return true;
}

void schedule_join(struct schedule *schedule, double gap, double thin) {
    size_t kept = 0;
    for (size_t i = 0; i < schedule->n; i++) {
        const struct span *next = &schedule->spans[i];
        struct span *last = &schedule->spans[kept ? kept - 1 : 0];
        if (kept && last->worker == next->worker && next->begin - last->end < gap &&
            (last->end - last->begin < thin || next->end - next->begin < thin)) {
            include(&last->end, next->end);
        } else {
            schedule->spans[kept++] = *next;
        }
    }
    schedule->n = kept;
}

double schedule_busy(const struct schedule *schedule, unsigned worker, double from, double to) {
    double busy = 0, at = from; /* what is behind `at` is counted already: spans may overlap */
    for (size_t i = 0; i < schedule->n; i++) {
        const struct span *span = &schedule->spans[i];
        if (span->worker != worker)
            continue;
        double begin = span->begin > at ? span->begin : at;
        double end = span->end < to ? span->end : to;
        if (end > begin) {
            busy += end - begin;
            at = end;
        }
    }
    return to > from ? busy / (to - from) : 0;
}
