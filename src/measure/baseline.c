#include "measure/baseline.h"

#include "measure/wording.h"

#include <errno.h>
#include <math.h>
#include <parprime.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than any record that compare makes; a file beyond them is not one. */
enum { MOST_BYTES = 64 << 20, MOST_JOBS = 64, MOST_RESULTS = 256, MOST_RUNS = STATS_MOST };

static pp_status refuse(char *why, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static pp_status refuse(char *why, size_t size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, size, format, arguments);
    va_end(arguments);
    return PP_ERR_USAGE;
}

/* ---- members ---- */

/*
 * Copies valid UTF-8, cut between characters to what fits, with a ? for all that could steer
 * a terminal: C0 and DEL, and C1, which is c2 80 … c2 9f.
 */
static void clean(char *out, size_t size, const char *text) {
    size_t n = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        size_t length = *at < 0x80 ? 1 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
        if (n + length >= size)
            break;
        bool steers = *at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0);
        if (steers)
            out[n++] = '?';
        else
            memcpy(out + n, at, length), n += length;
        at += length;
    }
    out[n] = '\0';
}

/* A member that is text; false when it is missing or something else. */
static bool text_of(const json_t *object, const char *key, char *out, size_t size) {
    const json_t *member = json_object_get(object, key);
    if (!json_is_string(member) || strlen(json_string_value(member)) != json_string_length(member))
        return false;
    clean(out, size, json_string_value(member));
    return true;
}

/* The same where it may be missing, and then is empty. */
static bool optional_text_of(const json_t *object, const char *key, char *out, size_t size) {
    out[0] = '\0';
    return !json_object_get(object, key) || text_of(object, key, out, size);
}

static bool u64_of(const json_t *object, const char *key, uint64_t *out) {
    char digits[24];
    if (!text_of(object, key, digits, sizeof digits) || !digits[0] ||
        strspn(digits, "0123456789") != strlen(digits))
        return false;
    errno = 0;
    *out = strtoull(digits, NULL, 10);
    return errno == 0;
}

static bool digest_of(const json_t *object, struct baseline_result *out) {
    char digits[20];
    out->has_digest = !json_is_null(json_object_get(object, "digest"));
    if (!out->has_digest)
        return true;
    if (!text_of(object, "digest", digits, sizeof digits) || strlen(digits) != 16 ||
        strspn(digits, "0123456789abcdef") != 16)
        return false;
    out->digest = strtoull(digits, NULL, 16);
    return true;
}

/* The raw times, summed up again: what the record says of them itself is not needed. */
static bool times_of(const json_t *object, struct summary *out) {
    const json_t *runs = json_object_get(object, "runs");
    size_t n = json_array_size(runs);
    if (n == 0 || n > MOST_RUNS)
        return false;
    double *seconds = malloc(n * sizeof *seconds);
    bool good = seconds != NULL;
    for (size_t i = 0; good && i < n; i++) {
        const json_t *run = json_array_get(runs, i);
        seconds[i] = json_number_value(run);
        good = json_is_number(run) && isfinite(seconds[i]) && seconds[i] > 0 && seconds[i] < 1e9;
    }
    if (good)
        *out = summarise(seconds, n);
    free(seconds);
    return good;
}

/* ---- the record ---- */

static bool parse_result(const json_t *json, struct baseline_result *out) {
    const json_t *threads = json_object_get(json, "threads");
    json_int_t n = json_integer_value(threads);
    out->threads = n > 0 && n <= 1 << 20 ? (unsigned)n : 0;
    pp_method method;
    return out->threads && text_of(json, "backend", out->backend, sizeof out->backend) &&
           text_of(json, "method", out->method, sizeof out->method) &&
           pp_method_from_name(out->method, &method) &&
           text_of(json, "simd", out->simd, sizeof out->simd) &&
           text_of(json, "device", out->device, sizeof out->device) &&
           (!json_object_get(json, "asked_device") ||
            text_of(json, "asked_device", out->device, sizeof out->device)) &&
           optional_text_of(json, "order", out->order, sizeof out->order) &&
           optional_text_of(json, "to", out->to, sizeof out->to) &&
           u64_of(json, "count", &out->count) && digest_of(json, out) && times_of(json, &out->time);
}

/* One job with its results and its verdict, as they stand in a document and in its "further". */
static pp_status parse_job(const json_t *json, struct baseline_job *out, char *why, size_t size) {
    const json_t *results = json_object_get(json, "results");
    const json_t *verdict = json_object_get(json, "verdict");
    size_t n = json_array_size(results);
    out->job = json_object_get(json, "job");
    if (!json_is_object(out->job) || !text_of(out->job, "words", out->words, sizeof out->words))
        return refuse(why, size, "it has no job");
    if (!json_is_object(verdict))
        return refuse(why, size, "its \"%s\" was not finished", out->words);
    if (!json_is_true(json_object_get(verdict, "agree")))
        return refuse(why, size, "its answers disagreed, so it has no times");
    if (n == 0 || n > MOST_RESULTS)
        return refuse(why, size, "its \"%s\" has no results, or too many", out->words);
    out->results = calloc(n, sizeof *out->results);
    if (!out->results)
        return PP_ERR_MEMORY;
    out->n_results = n;
    for (size_t i = 0; i < n; i++)
        if (!parse_result(json_array_get(results, i), &out->results[i]))
            return refuse(why, size, "result %zu of its \"%s\" is not as the schema says", i,
                          out->words);
    return PP_OK;
}

static pp_status parse_jobs(struct baseline *baseline, char *why, size_t size) {
    const json_t *record = baseline->record, *further = json_object_get(record, "further");
    const json_t *output = json_object_get(record, "output_bound");
    size_t n = json_array_size(further);
    if (!json_is_array(further) || n > MOST_JOBS)
        return refuse(why, size, "it is not a record of compare");
    baseline->jobs = calloc(n + 2, sizeof *baseline->jobs);
    if (!baseline->jobs)
        return PP_ERR_MEMORY;
    pp_status status = PP_OK;
    for (size_t i = 0; status == PP_OK && i < n + 2; i++) {
        const json_t *json = i == 0 ? record : i <= n ? json_array_get(further, i - 1) : output;
        if (i <= n || json) /* older records have none that is bound by output */
            status = parse_job(json, &baseline->jobs[baseline->n_jobs++], why, size);
    }
    return status;
}

pp_status baseline_parse(const char *bytes, size_t n, struct baseline **out, char *why,
                         size_t size) {
    json_error_t error;
    struct baseline *baseline = calloc(1, sizeof *baseline);
    *out = NULL;
    if (!baseline)
        return PP_ERR_MEMORY;
    pp_status status = PP_OK;
    baseline->record =
        n <= MOST_BYTES ? json_loadb(bytes, n, JSON_REJECT_DUPLICATES, &error) : NULL;
    if (n > MOST_BYTES)
        status = refuse(why, size, "it is larger than any record");
    else if (!baseline->record)
        status = refuse(why, size, "it is no JSON, from line %d on", error.line);
    else if (!json_is_object(baseline->record) ||
             !json_is_integer(json_object_get(baseline->record, "schema_version")) ||
             !text_of(baseline->record, "version", baseline->version, sizeof baseline->version))
        status = refuse(why, size, "it is no document of parprime");
    else if (json_integer_value(json_object_get(baseline->record, "schema_version")) != 1)
        status = refuse(why, size, "its schema is another than version 1");
    else if (json_object_get(baseline->record, "interrupted"))
        status = refuse(why, size, "it was interrupted");
    else if (!text_of(json_object_get(baseline->record, "environment"), "time", baseline->time,
                      sizeof baseline->time))
        status = refuse(why, size, "it does not say when it was made");
    else
        status = parse_jobs(baseline, why, size);
    if (status != PP_OK)
        baseline_free(baseline);
    else
        *out = baseline;
    return status;
}

void baseline_free(struct baseline *baseline) {
    if (!baseline)
        return;
    for (size_t i = 0; i < baseline->n_jobs; i++)
        free(baseline->jobs[i].results);
    free(baseline->jobs);
    json_decref(baseline->record);
    free(baseline);
}

pp_status baseline_read(const char *path, struct baseline **out, char *why, size_t size) {
    *out = NULL;
    pp_buffer buffer = {0};
    FILE *file = fopen(path, "re");
    pp_status status = file ? PP_OK : PP_ERR_IO;
    while (status == PP_OK && buffer.size <= MOST_BYTES) {
        enum { STEP = 1 << 16 };
        char *room = pp_buffer_reserve(&buffer, STEP);
        size_t n = room ? fread(room, 1, STEP, file) : 0;
        buffer.size += n;
        if (!room)
            status = PP_ERR_MEMORY;
        else if (ferror(file))
            status = PP_ERR_IO;
        if (n < STEP)
            break;
    }
    if (status == PP_ERR_IO)
        snprintf(why, size, "%s", strerror(errno));
    if (file)
        fclose(file);
    if (status == PP_OK)
        status = baseline_parse(buffer.data, buffer.size, out, why, size);
    free(buffer.data);
    return status;
}

/* ---- this run beside it ---- */

/* All members but "words", in which the same job may be written in many ways. */
static bool is_same_job(const json_t *one, const json_t *other) {
    json_t *a = json_copy((json_t *)(uintptr_t)one), *b = json_copy((json_t *)(uintptr_t)other);
    json_object_del(a, "words");
    json_object_del(b, "words");
    bool same = a && b && json_equal(a, b);
    json_decref(a);
    json_decref(b);
    return same;
}

struct baseline_job *baseline_find(const struct baseline *baseline, const json_t *job) {
    for (size_t i = 0; i < baseline->n_jobs; i++)
        if (is_same_job(baseline->jobs[i].job, job))
            return &baseline->jobs[i];
    return NULL;
}

static bool is_like(const struct baseline_result *then, const struct comparison *comparison,
                    const struct alternative *now, bool exactly) {
    const pp_result *result = &now->result;
    const char *order = order_label(comparison, now), *to = outlet_name(now->to);
    char device[sizeof then->device];
    clean(device, sizeof device, device_label(now));
    return !then->taken && strcmp(then->backend, result->backend) == 0 &&
           strcmp(then->method, pp_method_name(result->method)) == 0 &&
           then->threads == result->threads && strcmp(then->order, order ? order : "") == 0 &&
           strcmp(then->to, to ? to : "") == 0 &&
           (!exactly || (strcmp(then->simd, result->simd) == 0 &&
                         (!result_is_opencl(result) || strcmp(then->device, device) == 0)));
}

const struct baseline_result *baseline_match(struct baseline_job *job,
                                             const struct comparison *comparison,
                                             const struct alternative *alternative) {
    for (int exactly = 1; exactly >= 0; exactly--)
        for (size_t i = 0; i < job->n_results; i++)
            if (is_like(&job->results[i], comparison, alternative, exactly)) {
                job->results[i].taken = true;
                return &job->results[i];
            }
    return NULL;
}

bool baseline_agrees(const struct baseline_job *job, const pp_result *answer,
                     const struct baseline_result **differs) {
    for (size_t i = 0; i < job->n_results; i++) {
        const struct baseline_result *then = &job->results[i];
        if (then->count == answer->count &&
            (!then->has_digest || !answer->has_digest || then->digest == answer->digest))
            continue;
        *differs = then;
        return false;
    }
    return true;
}

/* A member as text: "" when it is missing. */
static void member_text(const json_t *object, const char *key, char *out, size_t size) {
    const json_t *member = json_object_get(object, key);
    out[0] = '\0';
    if (json_is_string(member))
        clean(out, size, json_string_value(member));
    else if (json_is_integer(member))
        snprintf(out, size, "%lld", (long long)json_integer_value(member));
    else if (json_is_real(member))
        snprintf(out, size, "%.2f", json_real_value(member));
    else if (member)
        snprintf(out, size, "%s",
                 json_is_null(member)   ? "none"
                 : json_is_true(member) ? "yes"
                                        : "?");
}

static void add_change(json_t *changes, const char *what, const char *before, const char *now) {
    if (strcmp(before, now) != 0)
        json_array_append_new(changes, json_pack("{s:s, s:s, s:s}", "what", what, "before",
                                                 *before ? before : "not recorded", "now",
                                                 *now ? now : "not recorded"));
}

/* "portable 1.0 on X", for the device of that id; "" when there is none. */
static void device_text(const json_t *devices, const char *id, char *out, size_t size) {
    out[0] = '\0';
    for (size_t i = 0; i < json_array_size(devices); i++) {
        const json_t *device = json_array_get(devices, i);
        char other[16], name[128], driver[64];
        if (!text_of(device, "id", other, sizeof other) || strcmp(other, id) != 0)
            continue;
        member_text(device, "name", name, sizeof name);
        member_text(device, "driver", driver, sizeof driver);
        snprintf(out, size, "%s, driver %s", name, driver);
        return;
    }
}

/* Devices of both; those of `first` are looked up in `second`. */
static void add_devices(json_t *changes, const json_t *first, const json_t *second, bool reversed) {
    for (size_t i = 0; i < json_array_size(first) && i < MOST_JOBS; i++) {
        char id[16], what[40], one[240], other[240];
        if (!text_of(json_array_get(first, i), "id", id, sizeof id))
            continue;
        device_text(first, id, one, sizeof one);
        device_text(second, id, other, sizeof other);
        snprintf(what, sizeof what, "OpenCL device %s", id);
        if (!reversed)
            add_change(changes, what, one, other);
        else if (!other[0]) /* what both have was told before */
            add_change(changes, what, other, one);
    }
}

/* Processes more or fewer that are worth telling. */
static const double LOAD_CHANGE = 0.5;

json_t *baseline_changes(const struct baseline *baseline, const json_t *environment) {
    static const struct {
        const char *key, *what;
    } members[] = {{"cpu", "CPU"},
                   {"cores_allowed", "cores allowed"},
                   {"cores_affinity", "cores by affinity"},
                   {"cores_quota", "cores by control group"},
                   {"cores_online", "cores of the machine"},
                   {"kernel", "kernel"},
                   {"governor", "governor"},
                   {"smt", "SMT"},
                   {"simd", "SIMD levels"},
                   {"commit", "commit"},
                   {"compiler", "compiler"},
                   {"flags", "flags"},
                   {"openmp", "OpenMP"},
                   {"opencl", "OpenCL"},
                   {"gmp", "GMP"}};
    const json_t *then = json_object_get(baseline->record, "environment");
    json_t *changes = json_array();
    char before[240], now[240];
    add_change(changes, "version", baseline->version, pp_version());
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (!json_object_get(then, members[i].key))
            continue; /* an older record: not everything was written down */
        member_text(then, members[i].key, before, sizeof before);
        member_text(environment, members[i].key, now, sizeof now);
        add_change(changes, members[i].what, before, now);
    }
    double load_then = json_number_value(json_object_get(then, "load"));
    double load_now = json_number_value(json_object_get(environment, "load"));
    if (fabs(load_then - load_now) >= LOAD_CHANGE) {
        snprintf(before, sizeof before, "%.2f", load_then);
        snprintf(now, sizeof now, "%.2f", load_now);
        add_change(changes, "load", before, now);
    }
    const json_t *devices_then = json_object_get(then, "opencl_devices");
    const json_t *devices_now = json_object_get(environment, "opencl_devices");
    if (devices_then) {
        add_devices(changes, devices_then, devices_now, false);
        add_devices(changes, devices_now, devices_then, true);
    }
    return changes;
}
