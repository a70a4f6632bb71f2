/*
 * Any bytes as an earlier record of compare. What is checked: a refusal has a reason that can be
 * printed; what is taken can be used, names nothing that could steer a terminal, and has times that
 * a ratio may be made of.
 *
 * Few changes of single bytes leave JSON that is a record. So most changes are made to values: one
 * is taken out, replaced by an odd one or by another of the same record, or put in once more.
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

/* ---- changes to values ---- */

/* libFuzzer's own way to change bytes; nothing when a corpus is replayed. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

static size_t draw(unsigned *state, size_t n) {
    *state = *state * 1664525 + 1013904223;
    return n ? (size_t)(*state >> 8) % n : 0;
}

/* The n-th of the values within, counted depth first, and what it stands in. */
struct place {
    json_t *in, *value;
    const char *key;
    size_t index;
};

static void find_place(json_t *in, size_t *n, struct place *out) {
    const char *key;
    json_t *value;
    size_t index;
    json_object_foreach(in, key, value) {
        if (out->value)
            return;
        if ((*n)-- == 0)
            *out = (struct place){in, value, key, 0};
        else
            find_place(value, n, out);
    }
    json_array_foreach(in, index, value) {
        if (out->value)
            return;
        if ((*n)-- == 0)
            *out = (struct place){in, value, NULL, index};
        else
            find_place(value, n, out);
    }
}

static struct place draw_place(json_t *record, unsigned *state) {
    size_t all = SIZE_MAX, n;
    struct place none = {0}, place = {0};
    find_place(record, &all, &none);
    n = draw(state, SIZE_MAX - all);
    find_place(record, &n, &place);
    return place;
}

static json_t *odd_value(unsigned *state) {
    static const char *const odd[] = {"null",
                                      "true",
                                      "false",
                                      "0",
                                      "1",
                                      "-1",
                                      "1.0",
                                      "1e308",
                                      "-1e300",
                                      "1e-320",
                                      "1000000000",
                                      "9223372036854775807",
                                      "1048577",
                                      "[]",
                                      "{}",
                                      "[0]",
                                      "[1,2,3,4,5]",
                                      "[null]",
                                      "\"\"",
                                      "\"\\u0007\"",
                                      "\"\\u001b[2J\"",
                                      "\"a\\u0000b\"",
                                      "\"\\u009b\"",
                                      "\"sieve\"",
                                      "\"mr\"",
                                      "\"pi\"",
                                      "\"18446744073709551616\"",
                                      "\"00\"",
                                      "\"0123456789abcdef\""};
    if (draw(state, 8) == 0) {
        /* Longer than any member has room for, of characters of one to four bytes. */
        static const char *const letters[] = {"x", "\u00e9", "\u20ac", "\xf0\x9f\x98\x80"};
        char text[1200] = "";
        const char *letter = letters[draw(state, 4)];
        for (size_t n = draw(state, 280), size = 0; n--; size += strlen(letter))
            strcpy(text + size, letter);
        return json_string(text);
    }
    return json_loads(odd[draw(state, sizeof odd / sizeof *odd)], JSON_DECODE_ANY | JSON_ALLOW_NUL,
                      NULL);
}

static void change(json_t *record, unsigned *state) {
    struct place place = draw_place(record, state);
    if (!place.value)
        return;
    size_t how = draw(state, 4);
    json_t *value = how == 0   ? odd_value(state)
                    : how == 1 ? json_deep_copy(draw_place(record, state).value)
                    : how == 2 ? json_deep_copy(place.value)
                               : NULL;
    if (how == 2 && json_is_array(place.in))
        json_array_insert_new(place.in, place.index, value);
    else if (how == 3 && json_is_array(place.in))
        json_array_remove(place.in, place.index);
    else if (json_is_array(place.in))
        json_array_set_new(place.in, place.index, value);
    else if (how == 3)
        json_object_del(place.in, place.key);
    else if (how == 2) /* the same member twice is no JSON of ours */
        json_decref(value);
    else
        json_object_set_new(place.in, place.key, value);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
    unsigned state = seed;
    json_t *record = draw(&state, 8) ? json_loadb((const char *)data, size, 0, NULL) : NULL;
    size_t n = 0;
    if (record) {
        for (size_t times = 1 + draw(&state, 3); times--;)
            change(record, &state);
        n = json_dumpb(record, (char *)data, most, JSON_COMPACT);
        json_decref(record);
    }
    return n > 0 && n <= most ? n : LLVMFuzzerMutate(data, size, most);
}

/* ---- the harness ---- */

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
