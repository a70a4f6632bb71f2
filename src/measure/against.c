#include "measure/against.h"

#include "measure/print.h"
#include "measure/wording.h"

#include <string.h>

/* "now takes 1.05 times as long as then [1.01, 1.09]", or why that cannot be said. */
static void name_change(char *out, size_t size, const struct ratio *ratio) {
    if (!ratio->has_interval)
        snprintf(out, size,
                 "takes %.2f times as long as then, from too few runs to say how sure that is",
                 ratio->value);
    else if (!ratio->distinguishable)
        snprintf(out, size, "is not distinguishable from then");
    else
        snprintf(out, size, "takes %.2f times as long as then [%.2f, %.2f]", ratio->value,
                 ratio->interval.lo, ratio->interval.hi);
}

static json_t *json_counterpart(const struct comparison *comparison,
                                const struct alternative *alternative,
                                const struct baseline_result *then) {
    const pp_result *result = &alternative->result;
    struct ratio ratio = ratio_of(&alternative->time, &then->time);
    char name[200], change[200], sentence[600];
    name_alternative(name, sizeof name, comparison, alternative);
    name_change(change, sizeof change, &ratio);
    int n = snprintf(sentence, sizeof sentence, "%s %s", name, change);
    if (strcmp(then->simd, result->simd) != 0)
        snprintf(sentence + n, sizeof sentence - (size_t)n, "; it ran %s code then, %s now",
                 then->simd, result->simd);
    else if (result_is_opencl(result) && strcmp(then->device, device_label(alternative)) != 0)
        snprintf(sentence + n, sizeof sentence - (size_t)n, "; it ran on %.80s then", then->device);
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:i, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s}", "job",
        comparison->subject.words, "backend", result->backend, "method",
        pp_method_name(result->method), "threads", (int)result->threads, "simd", result->simd,
        "device", device_label(alternative), "then", json_seconds(then->time.median), "now",
        json_seconds(alternative->time.median), "ratio", json_ratio(ratio.value), "interval",
        json_interval(ratio.has_interval, ratio.interval, json_ratio), "distinguishable",
        ratio.has_interval ? json_boolean(ratio.distinguishable) : json_null(), "sentence",
        sentence);
    const char *order = order_label(comparison, alternative);
    if (order)
        json_object_set_new(json, "order", json_string(order));
    if (alternative->to != OUTLET_ASKED)
        json_object_set_new(json, "to", json_string(outlet_name(alternative->to)));
    return json;
}

/* All alternatives of one job, and what only one of the two records has. */
static void hold(json_t *results, json_t *unmatched, struct baseline_job *then,
                 const struct comparison *comparison) {
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        const struct alternative *now = &comparison->alternatives[i];
        char name[600];
        if (now->left_out)
            continue;
        const struct baseline_result *found = baseline_match(then, comparison, now);
        if (found) {
            json_array_append_new(results, json_counterpart(comparison, now, found));
            continue;
        }
        name_alternative(name, sizeof name, comparison, now);
        strncat(name, " is new", sizeof name - strlen(name) - 1);
        json_array_append_new(unmatched, json_string(name));
    }
    for (size_t i = 0; i < then->n_results; i++) {
        const struct baseline_result *gone = &then->results[i];
        if (!gone->taken)
            json_array_append_new(
                unmatched, json_sprintf("%s with %u thread%s (%s, %s) is in the record only",
                                        gone->backend, gone->threads, gone->threads == 1 ? "" : "s",
                                        gone->method, gone->simd));
    }
}

json_t *against_json(const struct baseline *baseline, const char *file,
                     const struct comparison *const *comparisons, const json_t *const *jobs,
                     size_t n, const json_t *environment) {
    json_t *results = json_array(), *unmatched = json_array();
    for (size_t i = 0; i < n; i++) {
        struct baseline_job *then = baseline_find(baseline, jobs[i]);
        if (then && comparisons[i]->finished && comparisons[i]->agree)
            hold(results, unmatched, then, comparisons[i]);
    }
    /* A name of a file may be anything; a document is UTF-8, and read by people. */
    char shown[200];
    snprintf(shown, sizeof shown, "%s", file);
    for (char *c = shown; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    json_t *name = json_string(shown);
    return json_pack("{s:o, s:s, s:s, s:o, s:o, s:o}", "file",
                     name ? name : json_string("a file whose name is no UTF-8"), "time",
                     baseline->time, "version", baseline->version, "results", results, "unmatched",
                     unmatched, "environment_changes", baseline_changes(baseline, environment));
}

static const char *text(const json_t *object, const char *key) {
    const char *value = json_string_value(json_object_get(object, key));
    return value ? value : "";
}

static void each_line(const json_t *against, void (*say)(FILE *to, const char *text), FILE *to) {
    const json_t *results = json_object_get(against, "results");
    const json_t *unmatched = json_object_get(against, "unmatched");
    const json_t *changes = json_object_get(against, "environment_changes");
    char line[900];
    for (size_t i = 0; i < json_array_size(results); i++) {
        const json_t *result = json_array_get(results, i);
        snprintf(line, sizeof line, "%s: %s", text(result, "job"), text(result, "sentence"));
        say(to, line);
    }
    for (size_t i = 0; i < json_array_size(unmatched); i++)
        say(to, json_string_value(json_array_get(unmatched, i)));
    for (size_t i = 0; i < json_array_size(changes); i++) {
        const json_t *change = json_array_get(changes, i);
        snprintf(line, sizeof line, "changed: %s, from %s to %s", text(change, "what"),
                 text(change, "before"), text(change, "now"));
        say(to, line);
    }
    if (json_array_size(changes) == 0)
        say(to, "nothing changed in what is recorded of machine and build");
}

static void say_text(FILE *to, const char *line) {
    fprintf(to, "  %s.\n", line);
}

void against_text(FILE *to, const json_t *against) {
    fprintf(to, "against %s, of %s by parprime %s\n", text(against, "file"), text(against, "time"),
            text(against, "version"));
    each_line(against, say_text, to);
    fputc('\n', to);
}

static void say_item(FILE *to, const char *line) {
    fputs("- ", to);
    print_markdown_text(to, line);
    fputc('\n', to);
}

void against_markdown(FILE *to, const json_t *against) {
    fputs("## Against ", to);
    print_markdown_text(to, text(against, "file"));
    fprintf(to, ", of %s by parprime %s\n\n", text(against, "time"), text(against, "version"));
    each_line(against, say_item, to);
    fputc('\n', to);
}
