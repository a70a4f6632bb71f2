/*
 * A backend that this build does not have still has a row in the table, so that `devices` and
 * an error can say why and what to do. Used as: ABSENT_BACKEND(backend_x, "x", "reason").
 */
#ifndef PARPRIME_BACKEND_ABSENT_H
#define PARPRIME_BACKEND_ABSENT_H

#include "backend/backend.h"
#include "base/error.h"

#include <stdio.h>

#define ABSENT_BACKEND(variable, its_name, why)                                                    \
    static size_t probe(pp_device *devices, size_t capacity) {                                     \
        if (capacity) {                                                                            \
            *devices =                                                                             \
                (pp_device){.backend = its_name, .id = its_name ":0", .name = "-", .kind = "-"};   \
            snprintf(devices->reason, sizeof devices->reason, "%s", why);                          \
        }                                                                                          \
        return 1;                                                                                  \
    }                                                                                              \
    static bool supports(enum question question, pp_method method) {                               \
        (void)question, (void)method;                                                              \
        return false;                                                                              \
    }                                                                                              \
    static pp_status absent_open(const pp_session_options *options, void **state,                  \
                                 pp_error *error) {                                                \
        (void)options;                                                                             \
        *state = NULL;                                                                             \
        return pp_fail(error, PP_ERR_UNAVAILABLE, "backend %s: %s", its_name, why);                \
    }                                                                                              \
    static void shape(const void *state, const struct job *job, struct shape *out) {               \
        (void)state, (void)job;                                                                    \
        *out = (struct shape){.workers = 1, .align = 1, .speed = 1};                               \
    }                                                                                              \
    static pp_status run(void *state, const struct job *job, uint64_t first, uint64_t n,           \
                         struct sink *sink, pp_result *result, pp_error *error) {                  \
        (void)state, (void)job, (void)first, (void)n, (void)sink, (void)result, (void)error;       \
        return PP_ERR_UNAVAILABLE;                                                                 \
    }                                                                                              \
    static void absent_close(void *state) {                                                        \
        (void)state;                                                                               \
    }                                                                                              \
    const struct backend variable = {its_name, probe, supports,    absent_open,                    \
                                     shape,    run,   absent_close};

#endif
