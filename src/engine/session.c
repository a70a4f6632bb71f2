#include "engine/session.h"

#include "base/clock.h"
#include "base/cpu.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_THREADS = 4096 };

static const char *const methods[] = {"auto", "trial", "mr", "sieve", "hybrid", "pi"};

const char *pp_method_name(pp_method method) {
    return (size_t)method < sizeof methods / sizeof *methods ? methods[method] : NULL;
}

bool pp_method_from_name(const char *name, pp_method *out) {
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(methods[i], name) == 0) {
            *out = (pp_method)i;
            return true;
        }
    return false;
}

static bool is_auto(const char *name) {
    return !name || strcmp(name, "auto") == 0;
}

/* Does the backend have a usable device of that id, or with that in its name? */
static bool has_device(const struct backend *backend, const char *wish) {
    enum { MOST = 64 };
    pp_device devices[MOST];
    size_t n = backend->probe(devices, MOST);
    for (size_t i = 0; i < n && i < MOST; i++)
        if (devices[i].usable &&
            (strcmp(devices[i].id, wish) == 0 || strstr(devices[i].name, wish)))
            return true;
    return false;
}

static pp_status open_backend(pp_session *session, const struct backend *backend,
                              const pp_session_options *options, pp_error *error) {
    struct opened *opened = &session->opened[session->n_opened];
    double begin = clock_seconds();
    opened->backend = backend;
    pp_status status = backend->open(options, &opened->state, error);
    opened->startup = clock_seconds() - begin;
    if (status != PP_OK)
        return status;
    struct shape shape;
    const struct job any = {.question = QUESTION_TEST, .method = PP_METHOD_MR};
    backend->shape(opened->state, &any, &shape);
    opened->pace = plan_pace(shape.kind, options->simd);
    session->n_opened++;
    return PP_OK;
}

/* auto: the CPU backends there are. A build without OpenMP has serial alone. */
static pp_status open_auto(pp_session *session, const pp_session_options *options,
                           pp_error *error) {
    pp_session_options serial = *options;
    serial.threads = 0;
    pp_status status = open_backend(session, backend_named("serial"), &serial, error);
    if (status != PP_OK || options->threads == 1)
        return status;
    pp_error why;
    status = open_backend(session, backend_named("openmp"), options, &why);
    if (status == PP_OK || (status == PP_ERR_UNAVAILABLE && options->threads == 0))
        return PP_OK;
    return pp_fail(error, status, "%s", why.message);
}

/* Said at once, rather than when the first job is there. */
static pp_status check_method(const pp_session *session, pp_method method, pp_error *error) {
    const struct backend *backend = session->opened[0].backend;
    if (method == PP_METHOD_AUTO || backend->supports(QUESTION_COUNT, method))
        return PP_OK;
    return pp_fail(error, PP_ERR_UNAVAILABLE, "backend %s does not have method %s%s", backend->name,
                   pp_method_name(method),
                   method == PP_METHOD_PI ? " (which only CPUs do, in a build with libprimecount)"
                                          : "");
}

static pp_status open_session(pp_session *session, const pp_session_options *options,
                              pp_error *error) {
    if (options->threads > MOST_THREADS)
        return pp_fail(error, PP_ERR_USAGE, "%u threads are more than the limit of %d",
                       options->threads, MOST_THREADS);
    if (!pp_method_name(options->method))
        return pp_fail(error, PP_ERR_USAGE, "there is no method number %d", (int)options->method);
    if (!is_auto(options->simd) && cpu_simd_rank(options->simd) < 0)
        return pp_fail(error, PP_ERR_USAGE, "there is no SIMD level '%.60s'", options->simd);
    if (!is_auto(options->simd) && !cpu_has_simd(options->simd))
        return pp_fail(error, PP_ERR_UNAVAILABLE, "this machine cannot run %s code, only %s",
                       options->simd, cpu_simd_levels());
    if (!(options->verify <= 100))
        return pp_fail(error, PP_ERR_USAGE, "the share to verify is at most 100 percent");
    if (!(options->device_timeout >= 0))
        return pp_fail(error, PP_ERR_USAGE, "a device's time cannot be negative");
    if (options->kernels && strcmp(options->kernels, "auto") != 0 &&
        strcmp(options->kernels, "cpu") != 0 && strcmp(options->kernels, "gpu") != 0)
        return pp_fail(error, PP_ERR_USAGE, "there are no kernels '%.60s', only auto, cpu and gpu",
                       options->kernels);

    session->decoder = decoder(options->simd);
    const struct backend *backend = NULL;
    if (!is_auto(options->backend)) {
        backend = backend_named(options->backend);
        if (!backend)
            return pp_fail(error, PP_ERR_USAGE, "there is no backend '%.60s'", options->backend);
    }
    if (options->device) {
        for (size_t i = 0; !backend && backends[i]; i++)
            if (has_device(backends[i], options->device))
                backend = backends[i];
        if (!backend || !has_device(backend, options->device))
            return pp_fail(error, PP_ERR_UNAVAILABLE,
                           "no usable device '%.60s'; `parprime devices` lists what there is",
                           options->device);
    }
    pp_status status = backend ? open_backend(session, backend, options, error)
                               : open_auto(session, options, error);
    return status == PP_OK ? check_method(session, options->method, error) : status;
}

pp_status pp_session_open(const pp_session_options *options, pp_session **out, pp_error *error) {
    static const pp_session_options defaults = PP_SESSION_OPTIONS_INIT;
    if (!out)
        return pp_fail(error, PP_ERR_USAGE, "no place to store the session");
    *out = NULL;
    if (!options)
        options = &defaults;
    pp_session *session = calloc(1, sizeof *session);
    if (!session)
        return pp_fail(error, PP_ERR_MEMORY, "no memory to open a session");
    session->method = options->method;
    session->unit_size = options->unit_size;
    session->verify = options->verify;
    pp_status status = open_session(session, options, error);
    if (status != PP_OK) {
        pp_session_close(session);
        return status;
    }
    *out = session;
    return PP_OK;
}

void pp_session_close(pp_session *session) {
    if (!session)
        return;
    for (size_t i = 0; i < session->n_opened; i++)
        session->opened[i].backend->close(session->opened[i].state);
    free(session);
}

void pp_session_cancel(pp_session *session) {
    atomic_store(&session->cancel, true);
}

void pp_session_on_progress(pp_session *session, pp_progress_fn fn, void *user) {
    session->progress = fn;
    session->progress_user = user;
}

void pp_session_on_unit(pp_session *session, pp_unit_fn fn, void *user) {
    session->on_unit = fn;
    session->on_unit_user = user;
}

const pp_result *pp_session_result(const pp_session *session) {
    return session->has_result ? &session->result : NULL;
}

const pp_error *pp_session_error(const pp_session *session) {
    return &session->error;
}
