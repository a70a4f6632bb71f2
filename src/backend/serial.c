/* One thread, no runtime: the base that every comparison names. */
#include "backend/backend.h"
#include "backend/cpu.h"
#include "backend/pi.h"
#include "base/error.h"

#include <stdlib.h>

extern const struct backend backend_serial;

static size_t probe(pp_device *devices, size_t capacity) {
    if (capacity)
        cpu_describe(devices, "serial", 1);
    return 1;
}

static pp_status serial_open(const pp_session_options *options, void **state, pp_error *error) {
    *state = NULL;
    if (options->threads > 1)
        return pp_fail(error, PP_ERR_USAGE, "backend serial runs on one thread, not %u",
                       options->threads);
    struct cpu_code *code = malloc(sizeof *code);
    if (!code)
        return pp_fail(error, PP_ERR_MEMORY, "no memory to open a session");
    *code = cpu_code(options->simd);
    *state = code;
    return PP_OK;
}

static void shape(const void *state, const struct job *job, struct shape *out) {
    cpu_shape(job, 1, *(const struct cpu_code *)state, out);
}

static pp_status run(void *state, const struct job *job, uint64_t first, uint64_t n,
                     struct sink *sink, pp_result *result, pp_error *error) {
    if (job->method == PP_METHOD_PI)
        return pi_run(job, 1, sink, result, error);
    return cpu_run_serially(*(const struct cpu_code *)state, job, first, n, sink, result);
}

static void serial_close(void *state) {
    free(state);
}

const struct backend backend_serial = {"serial", probe, cpu_supports, serial_open,
                                       shape,    run,   serial_close};
