#include "cli/words.h"

#include "cli/memory.h"
#include "cli/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void complain(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    progress_pause();
    fputs("parprime: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    progress_resume();
    va_end(arguments);
}

int fail_with(pp_status status, const pp_error *error) {
    complain("%s", error && error->message[0] ? error->message : pp_strerror(status));
    return pp_exit_code(status);
}

/* Columns of context shown around the place of an error. */
enum { CONTEXT = 60 };

static void show_error(const char *what, const char *word, const pp_error *error) {
    if (error->status == PP_ERR_MEMORY)
        out_of_memory(); /* nothing is wrong with the word */
    complain("%s: %s", what, error->message);
    size_t length = strlen(word), offset = error->offset < length ? error->offset : length;
    size_t begin = offset > CONTEXT ? offset - CONTEXT : 0;
    size_t end = length - offset > CONTEXT / 3 ? offset + CONTEXT / 3 : length;
    fputs("  ", stderr);
    for (size_t i = begin; i < end; i++) /* nothing that could move the cursor */
        fputc(word[i] >= ' ' && word[i] <= '~' ? word[i] : '?', stderr);
    fprintf(stderr, "\n  %*s^\n", (int)(offset - begin), "");
}

bool word_to_u64(const char *what, const char *word, uint64_t *out) {
    pp_error error = {0};
    if (pp_parse_u64(word, strlen(word), out, &error) == PP_OK)
        return true;
    show_error(what, word, &error);
    return false;
}

bool word_to_integer(const char *what, const char *word, pp_integer **out) {
    pp_error error = {0};
    if (pp_integer_parse(word, strlen(word), out, &error) == PP_OK)
        return true;
    show_error(what, word, &error);
    return false;
}

bool word_to_count(const char *what, const char *word, uint64_t least, uint64_t most,
                   uint64_t *out) {
    if (!word_to_u64(what, word, out))
        return false;
    if (*out >= least && *out <= most)
        return true;
    complain("%s: %s is not in %llu … %llu", what, word, (unsigned long long)least,
             (unsigned long long)most);
    return false;
}

/* "1", "0.5" or "100%". */
bool word_to_percent(const char *what, const char *word, double *out) {
    char *end;
    double percent = strtod(word, &end);
    if (end == word || strcmp(end + (*end == '%'), "") != 0 || !(percent >= 0 && percent <= 100)) {
        complain("%s: '%s' is not a share from 0%% to 100%%", what, word);
        return false;
    }
    *out = percent;
    return true;
}

/* More than 0 seconds, "300" or "0.5". */
static bool word_to_seconds(const char *what, const char *word, double *out) {
    char *end;
    double seconds = strtod(word, &end);
    if (end == word || *end || !(seconds > 0 && seconds <= 1e9)) {
        complain("%s: '%s' is not a number of seconds above 0", what, word);
        return false;
    }
    *out = seconds;
    return true;
}

bool words_to_range(const struct options *options, struct range *out) {
    int n = options->n_arguments;
    char **words = options->arguments;
    if (n == 0 || n > 2 || (n == 2 && options->dist)) {
        complain(n == 0  ? "the end of the range is missing"
                 : n > 2 ? "a range has two ends, not more numbers"
                         : "either STOP or --dist, not both");
        return false;
    }
    *out = (struct range){0, 0};
    if (options->dist || n == 2) {
        if (!word_to_u64("START", words[0], &out->lo))
            return false;
    } else {
        return word_to_u64("STOP", words[0], &out->hi);
    }
    if (!options->dist) {
        if (!word_to_u64("STOP", words[1], &out->hi))
            return false;
        if (out->lo > out->hi) {
            complain("the range begins above its end: %llu > %llu", (unsigned long long)out->lo,
                     (unsigned long long)out->hi);
            return false;
        }
        return true;
    }
    uint64_t distance;
    if (!word_to_u64("--dist", options->dist, &distance))
        return false;
    if (distance > UINT64_MAX - out->lo) {
        complain("--dist: %llu + %s is above 2^64-1", (unsigned long long)out->lo, options->dist);
        return false;
    }
    out->hi = out->lo + distance;
    return true;
}

bool words_to_session(const struct options *options, pp_session_options *out) {
    *out = (pp_session_options)PP_SESSION_OPTIONS_INIT;
    out->backend = options->backend;
    out->device = options->device;
    out->simd = options->simd;
    out->kernels = options->kernels;
    if (options->verify && !word_to_percent("--verify", options->verify, &out->verify))
        return false;
    if (options->verify && out->verify == 0)
        out->verify = -1; /* none; 0 would be the library's choice */
    if (options->device_timeout &&
        !word_to_seconds("--device-timeout", options->device_timeout, &out->device_timeout))
        return false;
    uint64_t threads = 0;
    if (options->threads && !word_to_count("--threads", options->threads, 1, 4096, &threads))
        return false;
    out->threads = (unsigned)threads;
    if (options->method && !pp_method_from_name(options->method, &out->method)) {
        complain("--method: '%s' is none of auto, trial, mr, sieve, hybrid, pi", options->method);
        return false;
    }
    return true;
}
