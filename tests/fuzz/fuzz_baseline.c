/*
 * Any bytes as an earlier record of compare. What is checked: a refusal has a reason that can be
 * printed; what is taken can be used, names nothing that could steer a terminal, and has times that
 * a ratio may be made of.
 */
#include "fuzz/fuzz.h"
#include "measure/baseline.h"

#include <string.h>

/* Valid UTF-8 is given; control characters must be gone. */
static void check_clean(const char *text, size_t size) {
    HOLDS(strnlen(text, size) < size);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        HOLDS(*c >= 0x20 && *c != 0x7f && !(*c == 0xc2 && c[1] < 0xa0));
}

static void check_result(const struct baseline_result *result) {
    check_clean(result->backend, sizeof result->backend);
    check_clean(result->method, sizeof result->method);
    check_clean(result->simd, sizeof result->simd);
    check_clean(result->device, sizeof result->device);
    check_clean(result->order, sizeof result->order);
    check_clean(result->to, sizeof result->to);
    HOLDS(result->threads > 0 && result->time.n > 0);
    HOLDS(result->time.least > 0 && result->time.least <= result->time.median);
    HOLDS(result->time.median <= result->time.most && result->time.most < 1e9);
    const struct ratio ratio = ratio_of(&result->time, &result->time);
    HOLDS(ratio.value > 0.999 && ratio.value < 1.001);
}

static void check_changes(const struct baseline *baseline) {
    json_t *none = json_object();
    json_t *changes = baseline_changes(baseline, none);
    HOLDS(changes);
    for (size_t i = 0; i < json_array_size(changes); i++) {
        const json_t *change = json_array_get(changes, i);
        static const char *const keys[] = {"what", "before", "now"};
        for (size_t k = 0; k < 3; k++) {
            const char *text = json_string_value(json_object_get(change, keys[k]));
            HOLDS(text);
            check_clean(text, 1000);
        }
    }
    json_decref(changes);
    json_decref(none);
    /* Beside itself nothing has changed but what a record may lack. */
    changes = baseline_changes(baseline, json_object_get(baseline->record, "environment"));
    HOLDS(json_array_size(changes) <= 1); /* the version, which is this program's */
    json_decref(changes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct baseline *baseline;
    char why[200] = "";
    pp_status status = baseline_parse((const char *)data, size, &baseline, why, sizeof why);
    if (status != PP_OK) {
        HOLDS(status == PP_ERR_USAGE && !baseline && why[0]);
        check_clean(why, sizeof why);
        return 0;
    }
    check_clean(baseline->version, sizeof baseline->version);
    check_clean(baseline->time, sizeof baseline->time);
    HOLDS(baseline->n_jobs > 0);
    for (size_t i = 0; i < baseline->n_jobs; i++) {
        struct baseline_job *job = &baseline->jobs[i];
        check_clean(job->words, sizeof job->words);
        HOLDS(job->n_results > 0 && baseline_find(baseline, job->job));
        for (size_t k = 0; k < job->n_results; k++)
            check_result(&job->results[k]);
        /* Each result is the counterpart of an alternative like it. */
        const struct baseline_result *first = &job->results[0];
        struct comparison comparison = {0};
        struct alternative like = {.result = {.backend = first->backend,
                                              .simd = first->simd,
                                              .device = first->device,
                                              .threads = first->threads}};
        HOLDS(pp_method_from_name(first->method, &like.result.method));
        if (!first->order[0] && !first->to[0])
            HOLDS(baseline_match(job, &comparison, &like));
    }
    check_changes(baseline);
    baseline_free(baseline);
    return 0;
}
