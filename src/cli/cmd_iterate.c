/* iterate: the sequential control. */
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "cli/words.h"
#include "measure/control.h"

#include <signal.h>
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

static json_t *json_iterate(const struct options *options, const struct iterating *what,
                            const char *digits, double seconds) {
    char *start = pp_integer_to_decimal(what->start);
    json_t *job = json_pack("{s:s, s:s, s:o, s:s}", "command", "iterate", "start",
                            start ? start : "", "steps", json_u64(what->steps), "result",
                            options->exact     ? "exact"
                            : options->modulus ? "modulo"
                                               : "last digits");
    free(start);
    json_t *document = json_document(job);
    json_object_set_new(document, "results",
                        json_pack("[{s:s, s:i, s:f, s:s}]", "backend", "serial", "threads", 1,
                                  "seconds", seconds, "value", digits));
    return document;
}

static int run(const struct options *options, const struct iterating *what) {
    pp_error error = {0};
    double seconds, begin = measure_clock();
    pp_integer *value = NULL;
    uint64_t done = 0;
    pp_status status =
        control_run(what->start, what->steps, what->modulus, signals_came, &value, &done, &error);
    if (status == PP_ERR_CANCELLED) {
        complain("%s after %llu of %llu steps", signals_came() == SIGTERM ? "SIGTERM" : "SIGINT",
                 (unsigned long long)done, (unsigned long long)what->steps);
        return signals_exit_code(status);
    }
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

    struct output output;
    int code = 5;
    if (output_open(&output, options)) {
        if (options->format == FORMAT_JSON)
            json_whole(&output, json_iterate(options, what, digits, seconds));
        else if (options->format == FORMAT_CSV)
            output_format(&output, "steps,value,seconds\n%llu,%s,%.9f\n",
                          (unsigned long long)what->steps, digits, seconds);
        else {
            output_bytes(&output, digits, strlen(digits));
            output_bytes(&output, "\n", 1);
        }
        code = output_close(&output, 0);
    }
    if (code == 0 && !options->quiet)
        fprintf(stderr,
                "%llu steps in %.3f s · serial, 1 thread (%.3f s iterating, %.3f s to "
                "decimal)\n",
                (unsigned long long)what->steps, seconds, computed - begin,
                seconds - (computed - begin));
    free(digits);
    return code;
}

int command_iterate(const struct options *options) {
    struct iterating what = {0};
    int code = 2;
    if (check_options(options) && read_words(options, &what)) {
        /* Exact squarings cannot be stopped half way; the default action ends them at once. */
        if (what.modulus)
            signals_watch(NULL);
        code = run(options, &what);
    }
    pp_integer_free(what.start);
    pp_integer_free(what.modulus);
    return code;
}
