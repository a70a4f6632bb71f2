#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

/* The one table of what a status is called, says, and makes a program end with. */
static const struct {
    const char *name, *text;
    int exit_code;
} statuses[] = {
    [PP_OK] = {"PP_OK", "done", 0},
    [PP_ERR_USAGE] = {"PP_ERR_USAGE", "wrong usage", 2},
    [PP_ERR_SYNTAX] = {"PP_ERR_SYNTAX", "not a number", 2},
    [PP_ERR_RANGE] = {"PP_ERR_RANGE", "number out of range", 2},
    [PP_ERR_TOO_LARGE] = {"PP_ERR_TOO_LARGE", "the result cannot fit in memory", 2},
    [PP_ERR_DISAGREE] = {"PP_ERR_DISAGREE", "answers disagree", 3},
    [PP_ERR_UNAVAILABLE] = {"PP_ERR_UNAVAILABLE", "not available", 4},
    [PP_ERR_IO] = {"PP_ERR_IO", "reading or writing failed", 5},
    [PP_ERR_MEMORY] = {"PP_ERR_MEMORY", "out of memory", 6},
    [PP_ERR_INTERNAL] = {"PP_ERR_INTERNAL", "internal failure", 6},
    [PP_ERR_CANCELLED] = {"PP_ERR_CANCELLED", "cancelled", 130},
    [PP_END] = {"PP_END", "end of the range", 0},
};

static bool known(pp_status status) {
    return (size_t)status < sizeof statuses / sizeof *statuses;
}

const char *pp_strerror(pp_status status) {
    return known(status) ? statuses[status].text : "unknown status";
}

const char *pp_status_name(pp_status status) {
    return known(status) ? statuses[status].name : "PP_ERR_UNKNOWN";
}

int pp_exit_code(pp_status status) {
    return known(status) ? statuses[status].exit_code : 6;
}

static pp_status fail(pp_error *error, pp_status status, size_t offset, const char *format,
                      va_list arguments) {
    if (error) {
        error->status = status;
        error->offset = offset;
        vsnprintf(error->message, sizeof error->message, format, arguments);
    }
    return status;
}

pp_status pp_fail(pp_error *error, pp_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fail(error, status, 0, format, arguments);
    va_end(arguments);
    return status;
}

pp_status pp_fail_at(pp_error *error, pp_status status, size_t offset, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fail(error, status, offset, format, arguments);
    va_end(arguments);
    return status;
}
