/*
 * A backend that answers wrongly, for a program that tests alone link: src/backend/registry.c is
 * compiled for it with this one in the place of openmp. PARPRIME_WRONG says how: "count", one too
 * many in the first unit; "digest", one bit of one unit; "late", a count, but only from the fourth
 * job on; nothing, or anything else: no fault.
 */
#include "backend/backend.h"

#include <stdlib.h>
#include <string.h>

extern const struct backend backend_openmp, backend_wrong;

struct wrong_sink {
    struct sink sink;
    struct sink *right;
    const char *how;
};

static pp_status wrong_put(struct sink *sink, uint64_t unit, const struct partial *partial) {
    struct wrong_sink *wrong = (struct wrong_sink *)sink;
    struct partial told = *partial;
    if (unit == 0 && strcmp(wrong->how, "count") == 0)
        told.count++;
    if (unit == 0 && strcmp(wrong->how, "digest") == 0)
        told.digest ^= (uint64_t)1 << 40;
    pp_status status = wrong->right->put(wrong->right, unit, &told);
    if (sink_stopped(wrong->right))
        atomic_store(&sink->stop, true);
    return status;
}

static void wrong_fail(struct sink *sink, pp_status status) {
    struct wrong_sink *wrong = (struct wrong_sink *)sink;
    wrong->right->fail(wrong->right, status);
    atomic_store(&sink->stop, true);
}

static pp_status run(void *state, const struct job *job, uint64_t first, uint64_t n,
                     struct sink *sink, pp_result *result, pp_error *error) {
    static atomic_int jobs;
    const char *how = getenv("PARPRIME_WRONG");
    if (how && strcmp(how, "late") == 0)
        how = atomic_fetch_add(&jobs, 1) < 3 ? NULL : "count";
    struct wrong_sink wrong = {
        {.put = wrong_put, .fail = wrong_fail, .traced = sink->traced}, sink, how ? how : ""};
    return backend_openmp.run(state, job, first, n, &wrong.sink, result, error);
}

static size_t probe(pp_device *devices, size_t capacity) {
    return backend_openmp.probe(devices, capacity);
}

static bool supports(enum question question, pp_method method) {
    return backend_openmp.supports(question, method);
}

static pp_status open(const pp_session_options *options, void **state, pp_error *error) {
    return backend_openmp.open(options, state, error);
}

static void shape(const void *state, const struct job *job, struct shape *out) {
    backend_openmp.shape(state, job, out);
}

static void close(void *state) {
    backend_openmp.close(state);
}

const struct backend backend_wrong = {.name = "openmp",
                                      .probe = probe,
                                      .supports = supports,
                                      .open = open,
                                      .shape = shape,
                                      .run = run,
                                      .close = close};
