/* Filling a pp_error in one line: `return pp_fail(error, PP_ERR_USAGE, "…", …);` */
#ifndef PARPRIME_BASE_ERROR_H
#define PARPRIME_BASE_ERROR_H

#include <parprime.h>

/* Stores status, offset 0 and the formatted message (cut if long); error may be NULL. */
pp_status pp_fail(pp_error *error, pp_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with the byte of the text that the message speaks of. */
pp_status pp_fail_at(pp_error *error, pp_status status, size_t offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
