#include "measure/picture_data.h"

#include "measure/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const phase_names[N_PHASES] = {"start-up", "kernel build", "prepare", "upload",
                                           "compute",  "download",     "output",  "other"};

const char *string_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

double number_of(const json_t *object, const char *key) {
    return json_number_value(json_object_get(object, key));
}

bool interval_of(const json_t *object, const char *key, struct interval *out) {
    const json_t *pair = json_object_get(object, key);
    if (json_array_size(pair) != 2)
        return false;
    *out = (struct interval){json_number_value(json_array_get(pair, 0)),
                             json_number_value(json_array_get(pair, 1))};
    return true;
}

/* ---- labels ---- */

/* Do results of one backend differ in a member? */
static bool differs(const json_t *results, const json_t *result, const char *key) {
    size_t i;
    const json_t *other;
    json_array_foreach(
        results, i,
        other) if (strcmp(string_of(other, "backend"), string_of(result, "backend")) == 0 &&
                   strcmp(string_of(other, key), string_of(result, key)) != 0) return true;
    return false;
}

static bool methods_differ(const json_t *results) {
    const char *first = string_of(json_array_get(results, 0), "method");
    size_t i;
    const json_t *other;
    json_array_foreach(results, i,
                       other) if (strcmp(string_of(other, "method"), first) != 0) return true;
    return false;
}

static void append(char *out, size_t size, const char *before, const char *text) {
    size_t n = strlen(out);
    if (*text && n < size)
        snprintf(out + n, size - n, "%s%s", before, text);
}

void result_label(const json_t *results, const json_t *result, char *out, size_t size) {
    const char *backend = string_of(result, "backend");
    bool opencl = strcmp(backend, "opencl") == 0;
    const char *kind = string_of(result, "device_kind");
    unsigned threads = (unsigned)number_of(result, "threads");
    snprintf(out, size, "%s", backend);
    /* What tells devices apart stands where no picture cuts it off. */
    if (opencl && differs(results, result, "device"))
        append(out, size, " on ", string_of(result, "device"));
    else if (opencl)
        append(out, size, strcmp(kind, "accelerator") == 0 ? " on an " : " on a ", kind);
    if (strcmp(backend, "serial") != 0) {
        char count[40];
        snprintf(count, sizeof count, "%u %s%s", threads, opencl ? "unit" : "thread",
                 threads == 1 ? "" : "s");
        append(out, size, ", ", count);
    }
    if (methods_differ(results))
        append(out, size, ", ", string_of(result, "method"));
    if (differs(results, result, "simd"))
        append(out, size, ", ", string_of(result, "simd"));
    if (differs(results, result, "order"))
        append(out, size, ", ", string_of(result, "order"));
    const char *to = string_of(result, "to");
    if (strcmp(to, "discard") == 0)
        append(out, size, ", ", "discarded");
    else
        append(out, size, ", to a ", to);
}

/* ---- bars ---- */

static enum hue hue_of(const char *backend) {
    return strcmp(backend, "serial") == 0   ? HUE_SERIAL
           : strcmp(backend, "opencl") == 0 ? HUE_OPENCL
                                            : HUE_OPENMP;
}

static bool make_room(struct bars *bars, size_t n) {
    *bars = (struct bars){.items = calloc(n + 1, sizeof *bars->items)};
    return bars->items != NULL;
}

/* A ratio whose interval holds 1 is none. */
static void value_words(struct bar *bar, bool base, double speedup, bool has_interval,
                        struct interval interval) {
    char seconds[32];
    if (base)
        snprintf(bar->ratio, sizeof bar->ratio, "base");
    else if (has_interval && interval.lo <= 1 && interval.hi >= 1)
        snprintf(bar->ratio, sizeof bar->ratio, "≈ 1");
    else
        snprintf(bar->ratio, sizeof bar->ratio, "%.2f×", speedup);
    format_seconds(seconds, sizeof seconds, bar->seconds);
    snprintf(bar->value, sizeof bar->value, "%s · %s", seconds, bar->ratio);
}

static void take(struct bars *bars, const struct bar *bar) {
    bars->items[bars->n++] = *bar;
    if (bar->seconds > bars->most)
        bars->most = bar->seconds;
    if (bar->has_interval && bar->interval.hi > bars->most)
        bars->most = bar->interval.hi;
}

enum { PHASE_COMPUTE = 4, PHASE_OUTPUT = 6, PHASE_OTHER = 7 };

static double least_of(double a, double b) {
    return a < b ? a : b;
}

/*
 * The phases, and what is left of the run. One worker at a time writes output, within the wall time
 * of the units: it is taken out of that. A device computes meanwhile, so there it is taken out of
 * what is left.
 */
static void take_phases(struct bar *bar, const json_t *phases) {
    static const char *const keys[] = {"startup", "build",   "prepare",
                                       "upload",  "compute", "download"};
    double left = bar->seconds, output = number_of(phases, "output");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        bar->phases[i] = number_of(phases, keys[i]);
        left -= bar->phases[i];
    }
    left = left > 0 ? left : 0;
    bool device = bar->hue == HUE_OPENCL;
    output = least_of(output, device ? left : bar->phases[PHASE_COMPUTE]);
    bar->phases[PHASE_OUTPUT] = output;
    bar->phases[PHASE_COMPUTE] -= device ? 0 : output;
    bar->phases[PHASE_OTHER] = left - (device ? output : 0);
}

bool bars_of_results(const json_t *results, struct bars *out) {
    if (!make_room(out, json_array_size(results)))
        return false;
    size_t i;
    const json_t *result;
    json_array_foreach(results, i, result) {
        if (!json_object_get(result, "speedup"))
            continue; /* answers that disagree have no times */
        struct bar bar = {.hue = hue_of(string_of(result, "backend")),
                          .seconds = number_of(result, "seconds")};
        result_label(results, result, bar.label, sizeof bar.label);
        bar.has_interval = interval_of(result, "interval", &bar.interval);
        struct interval ratio = {0, 0};
        bool has_ratio = interval_of(result, "speedup_interval", &ratio);
        value_words(&bar, i == 0, number_of(result, "speedup"), has_ratio, ratio);
        take_phases(&bar, json_object_get(result, "phases"));
        if (*string_of(result, "to"))
            bar.hue = HUE_OUTPUT;
        take(out, &bar);
    }
    return true;
}

bool bars_of_control(const json_t *control, struct bars *out) {
    const json_t *forms = json_object_get(control, "forms");
    if (!make_room(out, json_array_size(forms)))
        return false;
    size_t i;
    const json_t *form;
    struct summary plain = {0};
    json_array_foreach(forms, i, form) {
        struct bar bar = {.hue = HUE_CONTROL, .seconds = number_of(form, "seconds")};
        unsigned workers = (unsigned)number_of(form, "workers");
        if (strcmp(string_of(form, "form"), "plain") == 0)
            snprintf(bar.label, sizeof bar.label, "plain, one thread");
        else
            snprintf(bar.label, sizeof bar.label, "handed to %u worker%s", workers,
                     workers == 1 ? "" : "s in turn");
        bar.has_interval = interval_of(form, "interval", &bar.interval);
        struct summary time = {
            .median = bar.seconds, .has_interval = bar.has_interval, .interval = bar.interval};
        if (i == 0)
            plain = time;
        struct ratio ratio = ratio_of(&plain, &time);
        value_words(&bar, i == 0, ratio.value, ratio.has_interval, ratio.interval);
        take(out, &bar);
    }
    return true;
}
