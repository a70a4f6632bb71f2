/* From words to values, with errors that show the place. */
#ifndef PARPRIME_CLI_WORDS_H
#define PARPRIME_CLI_WORDS_H

#include "cli/options.h"

#include <parprime.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Prints "parprime: …" on stderr, with a newline. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The exit code of a failed status, after complaining. */
int fail_with(pp_status status, const pp_error *error);

/* A number below 2^64; on error complains, with a caret under the place, and returns false. */
bool word_to_u64(const char *what, const char *word, uint64_t *out);

/* The same for a number of any size, to be freed. */
bool word_to_integer(const char *what, const char *word, pp_integer **out);

/* A number in [least, most]. */
bool word_to_count(const char *what, const char *word, uint64_t least, uint64_t most,
                   uint64_t *out);

/* A share from 0 to 100 percent, with or without the sign. */
bool word_to_percent(const char *what, const char *word, double *out);

struct range {
    uint64_t lo, hi;
};

/* [START] STOP and --dist. */
bool words_to_range(const struct options *options, struct range *out);

/* Options of a session; compare has taken lists apart before. */
bool words_to_session(const struct options *options, pp_session_options *out);

#endif
