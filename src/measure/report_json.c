/* Reports as JSON: docs/parprime.schema.json describes them. */
#include "measure/print.h"
#include "measure/report.h"
#include "measure/wording.h"

#include <math.h>
#include <string.h>

static json_t *json_out_of_place(const struct comparison *comparison,
                                 const struct alternative *alternative) {
    struct summary summary = compare_out_of_place(comparison, alternative);
    json_t *runs = json_array();
    for (size_t i = 0; i < comparison->n_runs; i++)
        json_array_append_new(runs, json_integer((json_int_t)alternative->out_of_place[i]));
    return json_pack("{s:f, s:o}", "median", summary.median, "runs", runs);
}

/* What tells an alternative from others beyond what its result says. */
static void add_labels(json_t *json, const struct comparison *comparison,
                       const struct alternative *alternative) {
    const char *order = order_label(comparison, alternative);
    if (order)
        json_object_set_new(json, "order", json_string(order));
    if (alternative->to != OUTLET_ASKED) {
        json_object_set_new(json, "to", json_string(outlet_name(alternative->to)));
        json_object_set_new(json, "bytes",
                            json_sprintf("%llu", (unsigned long long)alternative->bytes));
        if (comparison->agree && alternative_writes(alternative)) {
            struct summary alone = compare_alone(comparison, alternative);
            json_object_set_new(
                json, "bytes_alone",
                json_pack("{s:o, s:o, s:o}", "seconds", json_seconds(alone.median), "interval",
                          json_interval(alone.has_interval, alone.interval, json_seconds), "runs",
                          json_times(alternative->alone, comparison->n_runs)));
        }
    }
    if (alternative->options.device)
        json_object_set_new(json, "asked_device", json_string(alternative->options.device));
    if (alternative->options.simd)
        json_object_set_new(json, "asked_simd", json_string(alternative->options.simd));
    if (alternative->added)
        json_object_set_new(json, "added", json_string(alternative->added));
}

json_t *report_timelines(const struct comparison *comparison) {
    json_t *timelines = json_array();
    for (size_t i = 0; i < comparison->n_alternatives && comparison->agree; i++) {
        const struct alternative *alternative = &comparison->alternatives[i];
        const struct timeline *timeline = &alternative->timeline;
        if (alternative->left_out || !timeline->spans || !alternative->result.backend)
            continue;
        const pp_result *result = &alternative->result;
        json_t *units = json_array();
        for (size_t j = 0; j < timeline->n; j++)
            json_array_append_new(units, json_pack("[i, o, o]", (int)timeline->spans[j].worker,
                                                   json_seconds(timeline->spans[j].begin),
                                                   json_seconds(timeline->spans[j].end)));
        json_t *json = json_pack(
            "{s:s, s:s, s:i, s:s, s:s, s:o, s:o, s:o}", "backend", result->backend, "method",
            pp_method_name(result->method), "threads", (int)result->threads, "device_kind",
            result->device_kind, "simd", result->simd, "seconds", json_seconds(timeline->seconds),
            "merged_gap", json_seconds(timeline->merged), "units", units);
        const char *order = order_label(comparison, alternative);
        if (order)
            json_object_set_new(json, "order", json_string(order));
        if (alternative->to != OUTLET_ASKED)
            json_object_set_new(json, "to", json_string(outlet_name(alternative->to)));
        json_array_append_new(timelines, json);
    }
    return timelines;
}

json_t *report_results(const struct comparison *comparison,
                       json_t *(*result_json)(const pp_result *)) {
    json_t *results = json_array();
    const struct alternative *base = compare_base(comparison);
    if (comparison->agree && !comparison->finished)
        return results;
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        const struct alternative *alternative = &comparison->alternatives[i];
        if (alternative->left_out || !alternative->result.backend)
            continue;
        json_t *json = result_json(&alternative->result);
        if (comparison->agree) {
            struct ratio ratio = ratio_of(&base->time, &alternative->time);
            json_object_set_new(json, "seconds", json_seconds(alternative->time.median));
            json_object_set_new(json, "interval",
                                json_interval(alternative->time.has_interval,
                                              alternative->time.interval, json_seconds));
            json_object_set_new(json, "runs", json_times(alternative->seconds, comparison->n_runs));
            json_object_set_new(json, "opening", json_seconds(alternative->opening));
            json_object_set_new(json, "opening_build", json_seconds(alternative->build));
            json_object_set_new(json, "utilisation", json_ratio(alternative->utilisation));
            json_object_set_new(json, "speedup", json_ratio(ratio.value));
            json_object_set_new(json, "speedup_interval",
                                json_interval(ratio.has_interval, ratio.interval, json_ratio));
            json_object_set_new(json, "bound", json_string(bound_name(alternative->bound)));
            json_object_set_new(json, "rate", json_real(round(alternative->rate)));
            if (alternative_is_unordered(comparison, alternative))
                json_object_set_new(json, "out_of_place",
                                    json_out_of_place(comparison, alternative));
        }
        add_labels(json, comparison, alternative);
        json_array_append_new(results, json);
    }
    return results;
}

json_t *report_runs(const struct comparison *comparison) {
    json_t *runs = json_array();
    for (size_t i = 0; i < comparison->n_records && comparison->agree; i++) {
        const struct run_record *record = &comparison->records[i];
        const pp_result *result = &comparison->alternatives[record->alternative].result;
        json_array_append_new(
            runs, json_pack("{s:s, s:s, s:i, s:f, s:f}", "backend", result->backend, "method",
                            pp_method_name(result->method), "threads", (int)result->threads,
                            "seconds", record->seconds, "cpu_seconds", record->cpu_seconds));
    }
    return runs;
}

static void say_json(void *user, const char *text) {
    json_array_append_new(user, json_string(text));
}

json_t *report_verdict(const struct comparison *comparison) {
    const struct alternative *base = compare_base(comparison);
    json_t *sentences = json_array(), *left_out = json_array(), *warnings = json_array();
    for (size_t i = 0; i < comparison->n_alternatives; i++)
        if (comparison->alternatives[i].left_out)
            json_array_append_new(left_out, json_string(comparison->alternatives[i].reason));
    if (comparison->agree && comparison->finished)
        each_sentence(comparison, say_json, sentences);
    if (comparison->agree)
        report_warnings(comparison, say_json, warnings);
    return json_pack("{s:b, s:s, s:s?, s:i, s:i, s:i, s:s, s:o, s:o, s:o}", "agree",
                     comparison->agree, "dispute", comparison->dispute, "base",
                     base ? base->result.backend : NULL, "timed_runs", (int)comparison->n_runs,
                     "warmup_runs", (int)comparison->n_warmup, "untimed_runs",
                     (int)comparison->n_untimed, "order", "random", "sentences", sentences,
                     "left_out", left_out, "warnings", warnings);
}

json_t *report_control(const struct control *control) {
    json_t *forms = json_array();
    for (size_t i = 0; i < control->n_forms; i++) {
        const struct control_form *form = &control->forms[i];
        struct summary time = summarise(form->seconds, control->n_runs);
        json_array_append_new(
            forms,
            json_pack("{s:s, s:i, s:o, s:o, s:o}", "form", form->workers ? "handed over" : "plain",
                      "workers", (int)(form->workers ? form->workers : 1), "seconds",
                      json_seconds(time.median), "interval",
                      json_interval(time.has_interval, time.interval, json_seconds), "runs",
                      json_times(form->seconds, control->n_runs)));
    }
    return json_pack("{s:s, s:i, s:s, s:o}", "function", "x^2 - x + 1", "steps",
                     (int)control->steps, "last_digits", control->last_digits, "forms", forms);
}

json_t *report_lessons(const struct lesson *lessons, size_t n) {
    json_t *json = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(json, json_pack("{s:s, s:s}", "kind", lesson_kind(lessons[i].kind),
                                              "text", lessons[i].text));
    return json;
}
