/* iterate: the sequential control. */
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "cli/signals.h"
#include "cli/words.h"
#include "measure/control.h"
#include "measure/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LAST_DIGITS = 1000000 };

struct iterating {
    pp_integer *start, *modulus;
    uint64_t steps, last; /* last: digits to show, 0 when not --last */
};

static bool read_words(const struct options *options, struct iterating *out) {
    if (!word_to_integer("--start", options->start ? options->start : "3", &out->start) ||
        !word_to_u64("--steps", options->steps ? options->steps : "20", &out->steps))
        return false;
    if (options->exact)
        return true;
    if (options->modulus) {
        if (!word_to_integer("--mod", options->modulus, &out->modulus))
            return false;
        if (pp_integer_bits(out->modulus))
            return true;
        complain("--mod: the modulus must be at least 1");
        return false;
    }
    char power[32];
    if (!word_to_count("--last", options->last ? options->last : "5", 1, MOST_LAST_DIGITS,
                       &out->last))
        return false;
    snprintf(power, sizeof power, "10^%llu", (unsigned long long)out->last);
    return word_to_integer("--last", power, &out->modulus);
}

static bool check_options(const struct options *options) {
    bool is_serial = !options->backend || strcmp(options->backend, "serial") == 0 ||
                     strcmp(options->backend, "auto") == 0;
    if (options->n_arguments)
        complain("iterate takes --start and --steps, not '%s'", options->arguments[0]);
    else if (!is_serial)
        complain("the iteration is inherently sequential: it runs on backend serial only, not %s",
                 options->backend);
    else if (options->threads && strcmp(options->threads, "1") != 0)
        complain("the iteration is inherently sequential: it runs on one thread, not %s",
                 options->threads);
    else if ((options->last != NULL) + (options->modulus != NULL) + options->exact > 1)
        complain("only one of --last, --mod and --exact");
    else
        return true;
    return false;
}

/* The digits to print, zero-padded for --last; to be freed. */
static char *digits_of(const pp_integer *value, uint64_t width) {
    char *digits = pp_integer_to_decimal(value);
    size_t length = digits ? strlen(digits) : 0;
    if (!digits || length >= width)
        return digits;
    char *padded = malloc(width + 1);
    if (padded) {
        memset(padded, '0', width - length);
        memcpy(padded + width - length, digits, length + 1);
    }
    free(digits);
    return padded;
}

/* The document as far as it goes without the result. */
static json_t *json_iterate(const struct options *options, const struct iterating *what) {
    char *start = pp_integer_to_decimal(what->start);
    json_t *job =
        json_pack("{s:s, s:o, s:o, s:s}", "command", "iterate", "start",
                  start ? json_string(start) : NULL, "steps", json_u64(what->steps), "result",
                  options->exact     ? "exact"
                  : options->modulus ? "modulo"
                                     : "last digits");
    free(start);
    return json_document(job);
}

static void print_value(struct output *output, const struct options *options,
                        const struct iterating *what, const char *digits, double seconds) {
    if (options->format == FORMAT_JSON) {
        json_t *document = json_iterate(options, what);
        json_object_set_new(document, "results",
                            json_pack("[{s:s, s:i, s:o, s:s}]", "backend", "serial", "threads", 1,
                                      "seconds", json_seconds(seconds), "value", digits));
        json_whole(output, document);
    } else if (options->format == FORMAT_CSV) {
        output_format(output, "steps,value,seconds\n%llu,", (unsigned long long)what->steps);
        output_bytes(output, digits, strlen(digits));
        output_format(output, ",%.9f\n", seconds);
    } else {
        output_bytes(output, digits, strlen(digits));
        output_bytes(output, "\n", 1);
    }
}

/* Looked at between strides of steps. */
static uint64_t steps_done;

static int look_around(void) {
    progress_set(steps_done);
    return signals_came();
}

/* Says how far the iteration came. Returns the exit code. */
static int interrupted(const struct options *options, const struct iterating *what, uint64_t done,
                       struct output *output) {
    int code = interrupted_after(done, what->steps, "steps");
    if (options->format == FORMAT_JSON) {
        json_t *document = json_iterate(options, what);
        json_object_set_new(document, "results", json_array());
        json_object_set_new(document, "interrupted", json_interrupted());
        json_whole(output, document);
    }
    return code;
}

static int run(const struct options *options, const struct iterating *what, struct output *output) {
    pp_error error = {0};
    double seconds, begin = measure_clock();
    pp_integer *value = NULL;
    if (what->modulus) /* else it is one stride, and the last step takes half of the time */
        progress_begin("steps", what->steps);
    pp_status status = control_run(what->start, what->steps, what->modulus, look_around, &value,
                                   &steps_done, &error);
    progress_end();
    if (status == PP_ERR_CANCELLED)
        return interrupted(options, what, steps_done, output);
    if (status == PP_ERR_TOO_LARGE) {
        complain("%s; --mod M or --last D work modularly", error.message);
        return pp_exit_code(status);
    }
    if (status != PP_OK)
        return fail_with(status, &error);
    double computed = measure_clock();
    char *digits = digits_of(value, what->last);
    pp_integer_free(value);
    if (!digits)
        return fail_with(PP_ERR_MEMORY, NULL);
    seconds = measure_clock() - begin;
    print_value(output, options, what, digits, seconds);
    free(digits);
    if (output_flush(output) == PP_OK && !options->quiet)
        fprintf(stderr,
                "%llu steps in %.3f s · serial, 1 thread (%.3f s iterating, %.3f s to "
                "decimal)\n",
                (unsigned long long)what->steps, seconds, computed - begin,
                seconds - (computed - begin));
    return 0;
}

int command_iterate(const struct options *options) {
    struct iterating what = {0};
    int code = 2;
    if (check_options(options) && read_words(options, &what)) {
        /* Exact squarings cannot be stopped half way; the default action ends them at once. */
        if (what.modulus)
            signals_watch(NULL);
        struct output output;
        code =
            output_open(&output, options) ? output_close(&output, run(options, &what, &output)) : 5;
    }
    pp_integer_free(what.start);
    pp_integer_free(what.modulus);
    return code;
}
