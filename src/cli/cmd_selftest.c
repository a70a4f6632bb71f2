/* selftest: known answers on every backend, device, SIMD level or kind of kernels, and method. */
#include "cli/commands.h"
#include "cli/known.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/windows.h"
#include "cli/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { MOST_DEVICES = 64, MOST_WAYS = 512, WORDS = 16 };

static const pp_method methods[] = {PP_METHOD_TRIAL, PP_METHOD_MR, PP_METHOD_SIEVE,
                                    PP_METHOD_HYBRID};
enum { N_METHODS = sizeof methods / sizeof *methods };

/* What has been checked so far, and where it is told. */
struct tally {
    struct output *output;
    enum format format;
    bool slow;   /* also what takes seconds, by the code that is usually taken */
    char *where; /* the code at hand, in words */
    unsigned passed, failed;
    json_t *results, *failures; /* of all codes, and of the one at hand; JSON only */

    struct way ways[MOST_WAYS]; /* all that could be used */
    char words[MOST_WAYS][WORDS];
    size_t n_ways;
};

static void tell_text(struct tally *tally, const char *text) {
    if (tally->format == FORMAT_TEXT)
        output_format(tally->output, "%s\n", text);
    if (tally->format == FORMAT_JSON)
        json_array_append_new(tally->failures, json_string(text));
}

/* Only what is wrong is told one by one. */
static void tell_wrong(void *user, const char *what, uint64_t got, uint64_t expected) {
    struct tally *tally = user;
    char text[256];
    snprintf(text, sizeof text, "WRONG %s: %s is %llu, not %llu", tally->where, what,
             (unsigned long long)got, (unsigned long long)expected);
    tell_text(tally, text);
}

static void tell_failed(struct tally *tally, const pp_error *error) {
    char text[sizeof error->message + 128];
    snprintf(text, sizeof text, "FAILED %s: %s", tally->where, error->message);
    tell_text(tally, text);
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Opens a session for one way of counting; SIGINT and SIGTERM cancel its jobs. */
static pp_status open_way(const struct way *way, pp_session **session, pp_error *error) {
    const pp_session_options options = {.backend = way->backend,
                                        .device = way->device,
                                        .kernels = way->kernels,
                                        .simd = way->simd,
                                        .method = way->method};
    *error = (pp_error){.status = PP_OK};
    signals_open(true);
    pp_status status = pp_session_open(&options, session, error);
    signals_open(false);
    if (status == PP_OK)
        signals_watch(*session);
    return status;
}

static void close_way(pp_session *session) {
    signals_watch(NULL);
    pp_session_close(session);
}

/* ---- known answers ----------------------------------------------------------------------- */

/* What came of one code: "simd avx2" or "kernels gpu", with one method. */
static void tell_code(struct tally *tally, const pp_device *device, const struct way *way,
                      const struct known_checks *checks, double seconds) {
    const char *kind = way->kernels ? "kernels" : "simd",
               *variant = way->kernels ? way->kernels : way->simd,
               *method = pp_method_name(way->method);
    switch (tally->format) {
    case FORMAT_JSON:
        json_array_append_new(
            tally->results,
            json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:o, s:f}", "id",
                      device->id, "backend", device->backend, "name", device->name, kind, variant,
                      "method", method, "ranges", (int)checks->ranges, "numbers",
                      (int)checks->numbers, "lists", (int)checks->lists, "passed",
                      (int)checks->passed, "failed", (int)checks->failed, "failures",
                      tally->failures, "seconds", seconds));
        tally->failures = NULL;
        break;
    case FORMAT_CSV:
        output_format(tally->output, "%s,%s,", device->id, device->backend);
        output_quoted(tally->output, device->name);
        output_format(tally->output, ",%s,%s,%u,%u,%u,%u,%u,%.3f\n", variant, method,
                      checks->ranges, checks->numbers, checks->lists, checks->passed,
                      checks->failed, seconds);
        break;
    case FORMAT_MARKDOWN: /* which compare alone is offered */
    case FORMAT_TEXT:
        output_format(tally->output,
                      "  %s %-6s %-6s  %2u ranges, %2u numbers, %u list%s: %u checks passed, %u "
                      "failed (%.2f s)\n",
                      kind, variant, method, checks->ranges, checks->numbers, checks->lists,
                      checks->lists == 1 ? "" : "s", checks->passed, checks->failed, seconds);
        output_flush(tally->output); /* each as it comes */
    }
}

/* One device with one kind of code and one method. */
static pp_status check_code(struct tally *tally, const pp_device *device, const struct way *way,
                            bool slow) {
    char where[100];
    snprintf(where, sizeof where, "%s %s, %s %s, %s", device->backend, device->id,
             way->kernels ? "kernels" : "simd", way->kernels ? way->kernels : way->simd,
             pp_method_name(way->method));
    struct known_checks checks = {.tell = tell_wrong, .user = tally};
    double begin = seconds_now();
    tally->where = where;
    if (tally->format == FORMAT_JSON)
        tally->failures = json_array();
    pp_session *session;
    pp_error error;
    pp_status status = open_way(way, &session, &error);
    if (status == PP_OK) {
        status = known_check(&checks, session, way->method, false);
        if (status == PP_OK && slow)
            status = known_check(&checks, session, way->method, true);
        if (status != PP_OK)
            error = *pp_session_error(session);
        close_way(session);
    }
    if (status != PP_OK && !signals_came()) {
        checks.failed++;
        tell_failed(tally, &error);
    }
    tell_code(tally, device, way, &checks, seconds_now() - begin);
    tally->passed += checks.passed;
    tally->failed += checks.failed;
    progress_set(tally->passed + tally->failed);
    return status;
}

/* A device with every code that it can run, or why it is left out. The worst status. */
static pp_status check_device(struct tally *tally, const pp_device *device) {
    if (!device->usable) {
        if (tally->format == FORMAT_TEXT)
            output_format(tally->output, "%s %s left out: %s\n", device->id, device->backend,
                          device->reason);
        if (tally->format == FORMAT_JSON)
            json_array_append_new(tally->results,
                                  json_pack("{s:s, s:s, s:s, s:s}", "id", device->id, "backend",
                                            device->backend, "name", device->name, "left_out",
                                            device->reason));
        return PP_OK;
    }
    if (tally->format == FORMAT_TEXT)
        output_format(tally->output, "%s %s\n", device->id, device->name);
    bool opencl = strcmp(device->backend, "opencl") == 0;
    char variants[64], *rest = NULL;
    snprintf(variants, sizeof variants, "%s", opencl ? "cpu gpu" : pp_build()->simd);
    pp_status worst = PP_OK;
    for (char *variant = strtok_r(variants, " ", &rest); variant;
         variant = strtok_r(NULL, " ", &rest)) {
        /* The one that is taken when nobody asks: the highest level, kernels by the device. */
        bool usual = opencl ? (strcmp(variant, "cpu") == 0) == (strcmp(device->kind, "CPU") == 0)
                            : rest == NULL || *rest == '\0';
        for (size_t i = 0; i < N_METHODS && tally->n_ways < MOST_WAYS && !signals_came(); i++) {
            char *word = tally->words[tally->n_ways];
            snprintf(word, WORDS, "%s", variant);
            struct way *way = &tally->ways[tally->n_ways];
            *way = (struct way){.backend = device->backend,
                                .device = device->id,
                                .simd = opencl ? NULL : word,
                                .kernels = opencl ? word : NULL,
                                .method = methods[i]};
            pp_status status = check_code(tally, device, way, tally->slow && usual);
            if (status == PP_OK)
                tally->n_ways++;
            if (worst == PP_OK)
                worst = status;
        }
    }
    return worst;
}

/* The iteration, which has one way only. */
static pp_status check_iteration(struct tally *tally, json_t **json) {
    struct known_checks checks = {.tell = tell_wrong, .user = tally};
    char where[] = "iterate";
    tally->where = where;
    if (tally->format == FORMAT_JSON)
        tally->failures = json_array();
    pp_status status = known_check_iteration(&checks);
    if (status != PP_OK) {
        pp_error error = {.status = status};
        snprintf(error.message, sizeof error.message, "%s", pp_strerror(status));
        checks.failed++;
        tell_failed(tally, &error);
    }
    if (tally->format == FORMAT_TEXT)
        output_format(tally->output,
                      "iterate: f^20(3) and Sylvester's sequence: %u checks passed, %u failed\n",
                      checks.passed, checks.failed);
    if (tally->format == FORMAT_JSON)
        *json = json_pack("{s:i, s:i, s:o}", "passed", (int)checks.passed, "failed",
                          (int)checks.failed, "failures", tally->failures);
    tally->passed += checks.passed;
    tally->failed += checks.failed;
    return status;
}

/* ---- random windows ------------------------------------------------------------------------ */

/* The last failure of a count, for a message. */
static pp_error count_error;

static pp_status count_in(void *user, const struct way *way, uint64_t lo, uint64_t hi,
                          pp_result *result) {
    (void)user;
    pp_session *session;
    pp_status status = open_way(way, &session, &count_error);
    if (status != PP_OK)
        return status;
    status = pp_count(session, lo, hi, result);
    if (status != PP_OK)
        count_error = *pp_session_error(session);
    close_way(session);
    progress_add(1);
    return status;
}

static bool options_to_windows(const struct options *options, struct windows *windows) {
    uint64_t seconds = 0;
    if (options->time && !word_to_count("--time", options->time, 1, 1000000000, &seconds))
        return false;
    windows->most_seconds = (double)seconds;
    if (options->windows &&
        !word_to_count("--windows", options->windows, 1, UINT64_MAX, &windows->most_windows))
        return false;
    if (options->seed)
        return word_to_u64("--seed", options->seed, &windows->seed);
    /* Nobody, least of all a device, can know what comes. */
    if (getrandom(&windows->seed, sizeof windows->seed, 0) != sizeof windows->seed)
        windows->seed = (uint64_t)time(NULL);
    return true;
}

/* A way as the words that repeat it. */
static json_t *json_way(const struct way *way, const pp_result *result) {
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "backend", way->backend, "id", way->device,
                     way->kernels ? "kernels" : "simd", way->kernels ? way->kernels : way->simd,
                     "method", pp_method_name(way->method), "count", json_u64(result->count),
                     "digest", json_sprintf("%016llx", (unsigned long long)result->digest));
}

static void tell_disagreement(struct tally *tally, const struct windows *windows) {
    output_format(tally->output, "DISAGREEMENT in window %llu, [%llu, %llu]:\n",
                  (unsigned long long)windows->done + 1, (unsigned long long)windows->lo,
                  (unsigned long long)windows->hi);
    for (int i = 0; i < 2; i++) {
        const struct way *way = windows->pair[i];
        output_format(tally->output,
                      "  %llu primes, digest %016llx: parprime count %llu %llu --backend %s "
                      "--device %s --%s %s --method %s\n",
                      (unsigned long long)windows->results[i].count,
                      (unsigned long long)windows->results[i].digest,
                      (unsigned long long)windows->lo, (unsigned long long)windows->hi,
                      way->backend, way->device, way->kernels ? "kernels" : "simd",
                      way->kernels ? way->kernels : way->simd, pp_method_name(way->method));
    }
}

/* Goes on until stopped. What it came to; JSON gets a member of its own. */
static pp_status run_windows(struct tally *tally, struct windows *windows, json_t **json) {
    windows->ways = tally->ways;
    windows->n_ways = tally->n_ways;
    windows->count = count_in;
    if (tally->format == FORMAT_TEXT)
        output_format(tally->output, "random windows, each in two ways, --seed %llu\n",
                      (unsigned long long)windows->seed);
    output_flush(tally->output);
    progress_begin("counts", 0);
    pp_status status = windows_run(windows);
    progress_end();
    if (tally->format == FORMAT_TEXT) {
        if (status == PP_ERR_DISAGREE)
            tell_disagreement(tally, windows);
        output_format(tally->output,
                      "%llu windows agreed, %llu numbers, %llu primes in %.1f s, --seed %llu\n",
                      (unsigned long long)windows->done, (unsigned long long)windows->numbers,
                      (unsigned long long)windows->primes, windows->seconds,
                      (unsigned long long)windows->seed);
    }
    if (tally->format == FORMAT_CSV)
        output_format(tally->output, "windows,,\"seed %llu\",,,%llu,0,0,%llu,%d,%.3f\n",
                      (unsigned long long)windows->seed, (unsigned long long)windows->done,
                      (unsigned long long)windows->done, status == PP_ERR_DISAGREE,
                      windows->seconds);
    if (tally->format == FORMAT_JSON) {
        *json = json_pack("{s:o, s:o, s:o, s:o, s:f}", "seed", json_u64(windows->seed), "windows",
                          json_u64(windows->done), "numbers", json_u64(windows->numbers), "primes",
                          json_u64(windows->primes), "seconds", windows->seconds);
        if (status == PP_ERR_DISAGREE)
            json_object_set_new(*json, "disagreement",
                                json_pack("{s:o, s:o, s:[o, o]}", "lo", json_u64(windows->lo), "hi",
                                          json_u64(windows->hi), "answers",
                                          json_way(windows->pair[0], &windows->results[0]),
                                          json_way(windows->pair[1], &windows->results[1])));
    }
    if (status == PP_ERR_DISAGREE)
        complain("two ways disagree about [%llu, %llu]", (unsigned long long)windows->lo,
                 (unsigned long long)windows->hi);
    else if (status != PP_OK && !signals_came())
        complain("%s", count_error.message[0] ? count_error.message : pp_strerror(status));
    return status;
}

/* ---- the command --------------------------------------------------------------------------- */

int command_selftest(const struct options *options) {
    static pp_device devices[MOST_DEVICES];
    static struct tally tally;
    struct windows windows = {.seed = 0};
    size_t n = 0;
    if (options->n_arguments) {
        complain("selftest takes no '%s'", options->arguments[0]);
        return 2;
    }
    if (!options->until_stopped && (options->time || options->windows || options->seed)) {
        complain("--time, --windows and --seed are for --long");
        return 2;
    }
    if (options->until_stopped && !options_to_windows(options, &windows))
        return 2;
    pp_status worst = pp_devices(devices, MOST_DEVICES, &n);
    if (worst != PP_OK)
        return fail_with(worst, NULL);
    struct output output;
    if (!output_open(&output, options))
        return 5;
    tally.output = &output;
    tally.format = options->format;
    tally.slow = options->until_stopped;
    if (options->format == FORMAT_JSON)
        tally.results = json_array();
    if (options->format == FORMAT_CSV)
        output_format(
            &output, "id,backend,name,variant,method,ranges,numbers,lists,passed,failed,seconds\n");
    progress_begin("checks", 0);
    for (size_t i = 0; i < n && i < MOST_DEVICES && !signals_came(); i++) {
        pp_status status = check_device(&tally, &devices[i]);
        if (worst == PP_OK)
            worst = status;
    }
    progress_end();
    json_t *iteration = NULL, *random = NULL;
    if (worst == PP_OK)
        worst = check_iteration(&tally, &iteration);
    if (options->format == FORMAT_TEXT && kernels_origin())
        output_format(&output, "%s\n", kernels_origin());
    if (options->format == FORMAT_TEXT)
        output_format(&output, "%u passed, %u failed\n", tally.passed, tally.failed);
    if (options->until_stopped && worst == PP_OK && tally.failed == 0)
        worst = run_windows(&tally, &windows, &random);
    if (options->format == FORMAT_JSON) {
        json_t *document = json_document(json_pack("{s:s}", "command", "selftest"));
        json_object_set_new(document, "results", tally.results);
        if (iteration)
            json_object_set_new(document, "iteration", iteration);
        if (random)
            json_object_set_new(document, "windows", random);
        json_object_set_new(document, "passed", json_integer(tally.passed));
        json_object_set_new(document, "failed", json_integer(tally.failed));
        json_whole(&output, document);
    }
    /* Wrong answers weigh more than an interruption. */
    int code = tally.failed && (worst == PP_OK || signals_came()) ? 3 : signals_exit_code(worst);
    return output_close(&output, code);
}
