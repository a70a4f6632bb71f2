/* selftest: known answers on every backend, device, SIMD level or kind of kernels, and method. */
#include "cli/commands.h"
#include "cli/decimal.h"
#include "cli/output.h"
#include "cli/words.h"

#include <stdio.h>
#include <string.h>

/* Primes in [lo, hi], and which methods are quick enough to take part. */
static const struct {
    uint64_t lo, hi, count;
    const char *what;
    bool trial, sieve;
} ranges[] = {
    {0, 10, 4, "pi(10)", true, true},
    {0, 1000000, 78498, "pi(10^6), OEIS A006880", true, true},
    {10000000000000u, 10000000000500u, 16, "the book's range", true, true},
    {1000000000000u, 1000001000000u, 36249, "10^6 from 10^12", false, true},
    {4294967292u, 4294967311u, 1, "around 2^32, 4294967311 alone", true, true},
    {1693182318746371u, 1693182318747503u, 2, "a gap of 1132, OEIS A002386", false, true},
    {18446744073709551557u, 18446744073709551615u, 1, "the last prime below 2^64", false, false},
};

/* Numbers that fool weaker tests, and primes beside them. */
static const struct {
    uint64_t number;
    bool prime;
} numbers[] = {{0, false},
               {1, false},
               {2, true},
               {561, false},  /* Carmichael numbers, OEIS A002997 */
               {2047, false}, /* strong pseudoprimes to the first bases, OEIS A014233 */
               {825265, false},
               {1373653, false},
               {25326001, false},
               {3215031751u, false},
               {4294967291u, true}, /* 2^32 - 5, and its square */
               {2152302898747u, false},
               {3474749660383u, false},
               {341550071728321u, false},
               {3825123056546413051u, false},
               {18446744030759878681u, false},
               {18446744066047760377u, false}, /* the last base-2 pseudoprime below 2^64 */
               {18446744073709551557u, true}};
enum { N_RANGES = sizeof ranges / sizeof *ranges, N_NUMBERS = sizeof numbers / sizeof *numbers };

/* Above this, only mr tests single numbers quickly. */
static const uint64_t SLOW_NUMBER = 10000000000;

/* What has been checked so far, and where it is told. */
struct tally {
    struct output *output;
    enum format format;
    unsigned passed, failed;
    json_t *results, *failures; /* of all devices, and of the one at hand; JSON only */
};

static void tell_failure(struct tally *tally, const char *text) {
    tally->failed++;
    if (tally->format == FORMAT_TEXT)
        output_format(tally->output, "%s\n", text);
    if (tally->format == FORMAT_JSON)
        json_array_append_new(tally->failures, json_string(text));
}

/* One check's outcome; only failures are named one by one. */
static void note(struct tally *tally, const char *where, const char *what, uint64_t got,
                 uint64_t expected) {
    char text[256];
    if (got == expected) {
        tally->passed++;
        return;
    }
    snprintf(text, sizeof text, "WRONG %s: %s is %llu, not %llu", where, what,
             (unsigned long long)got, (unsigned long long)expected);
    tell_failure(tally, text);
}

static pp_status check_ranges(struct tally *tally, pp_session *session, pp_method method,
                              const char *where) {
    for (int i = 0; i < N_RANGES; i++) {
        if ((method == PP_METHOD_TRIAL && !ranges[i].trial) ||
            (method == PP_METHOD_SIEVE && !ranges[i].sieve))
            continue;
        pp_result result;
        pp_status status = pp_count(session, ranges[i].lo, ranges[i].hi, &result);
        if (status != PP_OK)
            return status;
        note(tally, where, ranges[i].what, result.count, ranges[i].count);
    }
    return PP_OK;
}

static pp_status check_numbers(struct tally *tally, pp_session *session, pp_method method,
                               const char *where) {
    uint64_t input[N_NUMBERS], bitmap[N_NUMBERS / 64 + 1];
    size_t n = 0;
    while (n < N_NUMBERS && (method == PP_METHOD_MR || numbers[n].number < SLOW_NUMBER)) {
        input[n] = numbers[n].number;
        n++;
    }
    pp_status status = pp_test(session, input, n, bitmap);
    if (status == PP_ERR_UNAVAILABLE) /* not every method answers every question on a device */
        return PP_OK;
    for (size_t i = 0; status == PP_OK && i < n; i++) {
        char what[24];
        *write_decimal(what, input[i]) = '\0';
        note(tally, where, what, bitmap[i / 64] >> i % 64 & 1, numbers[i].prime);
    }
    return status;
}

static pp_status check_method(struct tally *tally, const pp_session_options *options,
                              const char *where) {
    pp_session *session;
    pp_error error;
    pp_status status = pp_session_open(options, &session, &error);
    if (status == PP_OK) {
        status = check_ranges(tally, session, options->method, where);
        if (status == PP_OK)
            status = check_numbers(tally, session, options->method, where);
        if (status != PP_OK)
            error = *pp_session_error(session);
        pp_session_close(session);
    }
    if (status != PP_OK) {
        char text[sizeof error.message + 128];
        snprintf(text, sizeof text, "FAILED %s: %s", where, error.message);
        tell_failure(tally, text);
    }
    return status;
}

/* What came of a device with one kind of code: `variant` of `what`, "avx2" of "simd". */
static void tell_device(struct tally *tally, const pp_device *device, const char *what,
                        const char *variant, unsigned passed, unsigned failed) {
    switch (tally->format) {
    case FORMAT_JSON:
        json_array_append_new(tally->results,
                              json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:o}", "id", device->id,
                                        "backend", device->backend, "name", device->name, what,
                                        variant, "passed", (int)passed, "failed", (int)failed,
                                        "failures", tally->failures));
        tally->failures = NULL;
        break;
    case FORMAT_CSV:
        output_format(tally->output, "%s,%s,", device->id, device->backend);
        output_quoted(tally->output, device->name);
        output_format(tally->output, ",%s,%u,%u\n", variant, passed, failed);
        break;
    case FORMAT_MARKDOWN: /* which compare alone is offered */
    case FORMAT_TEXT:
        output_format(tally->output, "%-10s %s, %s %s: %u checks passed, %u failed\n", device->id,
                      device->name, what, variant, passed, failed);
        output_flush(tally->output); /* each as it comes */
    }
}

/* All methods of one device with one kind of code. The worst status. */
static pp_status check_device(struct tally *tally, const pp_device *device, const char *what,
                              const char *variant) {
    static const pp_method methods[] = {PP_METHOD_TRIAL, PP_METHOD_MR, PP_METHOD_SIEVE,
                                        PP_METHOD_HYBRID};
    bool kernels = strcmp(what, "kernels") == 0;
    unsigned passed = tally->passed, failed = tally->failed;
    pp_status worst = PP_OK;
    if (tally->format == FORMAT_JSON)
        tally->failures = json_array();
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        char where[100];
        snprintf(where, sizeof where, "%s %s, %s %s, %s", device->backend, device->id, what,
                 variant, pp_method_name(methods[i]));
        pp_session_options options = {.backend = device->backend,
                                      .device = device->id,
                                      .kernels = kernels ? variant : NULL,
                                      .simd = kernels ? NULL : variant,
                                      .method = methods[i]};
        pp_status status = check_method(tally, &options, where);
        if (worst == PP_OK)
            worst = status;
    }
    tell_device(tally, device, what, variant, tally->passed - passed, tally->failed - failed);
    return worst;
}

/* A device with every kind of code that it can run, or why it is left out. The worst status. */
static pp_status check_variants(struct tally *tally, const pp_device *device) {
    if (!device->usable) {
        if (tally->format == FORMAT_TEXT)
            output_format(tally->output, "%-10s %s left out: %s\n", device->id, device->backend,
                          device->reason);
        if (tally->format == FORMAT_JSON)
            json_array_append_new(tally->results,
                                  json_pack("{s:s, s:s, s:s, s:s}", "id", device->id, "backend",
                                            device->backend, "name", device->name, "left_out",
                                            device->reason));
        return PP_OK;
    }
    bool opencl = strcmp(device->backend, "opencl") == 0;
    char variants[64], *rest = NULL;
    snprintf(variants, sizeof variants, "%s", opencl ? "cpu gpu" : pp_build()->simd);
    pp_status worst = PP_OK;
    for (char *variant = strtok_r(variants, " ", &rest); variant;
         variant = strtok_r(NULL, " ", &rest)) {
        pp_status status = check_device(tally, device, opencl ? "kernels" : "simd", variant);
        if (worst == PP_OK)
            worst = status;
    }
    return worst;
}

int command_selftest(const struct options *options) {
    enum { MOST = 64 };
    pp_device devices[MOST];
    size_t n = 0;
    if (options->n_arguments) {
        complain("selftest takes no '%s'", options->arguments[0]);
        return 2;
    }
    pp_status worst = pp_devices(devices, MOST, &n);
    if (worst != PP_OK)
        return fail_with(worst, NULL);
    struct output output;
    if (!output_open(&output, options))
        return 5;
    struct tally tally = {.output = &output, .format = options->format};
    if (options->format == FORMAT_JSON)
        tally.results = json_array();
    if (options->format == FORMAT_CSV)
        output_format(&output, "id,backend,name,variant,passed,failed\n");
    for (size_t i = 0; i < n && i < MOST; i++) {
        pp_status status = check_variants(&tally, &devices[i]);
        if (worst == PP_OK)
            worst = status;
    }
    if (options->format == FORMAT_TEXT && kernels_origin())
        output_format(&output, "%s\n", kernels_origin());
    if (options->format == FORMAT_TEXT)
        output_format(&output, "%u passed, %u failed\n", tally.passed, tally.failed);
    if (options->format == FORMAT_JSON) {
        json_t *document = json_document(json_pack("{s:s}", "command", "selftest"));
        json_object_set_new(document, "results", tally.results);
        json_object_set_new(document, "passed", json_integer(tally.passed));
        json_object_set_new(document, "failed", json_integer(tally.failed));
        json_whole(&output, document);
    }
    return output_close(&output, worst != PP_OK ? pp_exit_code(worst) : tally.failed ? 3 : 0);
}
