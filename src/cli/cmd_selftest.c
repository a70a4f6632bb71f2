/* selftest: known answers on every backend, device, kernel variant and method. */
#include "cli/commands.h"
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

struct tally {
    struct output *output;
    unsigned passed, failed;
};

/* One check's outcome; only failures are named one by one. */
static void note(struct tally *tally, const char *where, const char *what, uint64_t got,
                 uint64_t expected) {
    bool right = got == expected;
    tally->passed += right;
    tally->failed += !right;
    if (!right)
        output_format(tally->output, "WRONG %s: %s is %llu, not %llu\n", where, what,
                      (unsigned long long)got, (unsigned long long)expected);
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
        output_format(tally->output, "FAILED %s: %s\n", where, error.message);
        tally->failed++;
    }
    return status;
}

/* All methods of one device with one kind of kernels (NULL: it has none). The worst status. */
static pp_status check_device(struct tally *tally, const pp_device *device, const char *kernels) {
    static const pp_method methods[] = {PP_METHOD_TRIAL, PP_METHOD_MR, PP_METHOD_SIEVE};
    const char *label = kernels ? ", kernels " : "", *kind = kernels ? kernels : "";
    unsigned passed = tally->passed, failed = tally->failed;
    pp_status worst = PP_OK;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        char where[100];
        snprintf(where, sizeof where, "%s %s%s%s, %s", device->backend, device->id, label, kind,
                 pp_method_name(methods[i]));
        pp_session_options options = {.backend = device->backend,
                                      .device = device->id,
                                      .kernels = kernels,
                                      .method = methods[i]};
        pp_status status = check_method(tally, &options, where);
        if (worst == PP_OK)
            worst = status;
    }
    output_format(tally->output, "%-10s %s%s%s: %u checks passed, %u failed\n", device->id,
                  device->name, label, kind, tally->passed - passed, tally->failed - failed);
    output_flush(tally->output);
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
    struct tally tally = {.output = &output};
    for (size_t i = 0; i < n && i < MOST; i++) {
        if (!devices[i].usable) {
            output_format(&output, "%-10s %s left out: %s\n", devices[i].id, devices[i].backend,
                          devices[i].reason);
            continue;
        }
        bool opencl = strcmp(devices[i].backend, "opencl") == 0;
        const char *const kinds[] = {opencl ? "cpu" : NULL, "gpu"};
        for (int kind = 0; kind < (opencl ? 2 : 1); kind++) {
            pp_status status = check_device(&tally, &devices[i], kinds[kind]);
            if (worst == PP_OK)
                worst = status;
        }
    }
    output_format(&output, "%u passed, %u failed\n", tally.passed, tally.failed);
    return output_close(&output, worst != PP_OK ? pp_exit_code(worst) : tally.failed ? 3 : 0);
}
