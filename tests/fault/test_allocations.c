/*
 * The k-th allocation of the library fails, for every k, alone and with all after it: each call
 * then gives the right answer or PP_ERR_MEMORY (or, where a thread could not be started, another
 * failure), crashes nowhere, and leaves nothing behind.
 */
#include "engine/ordered.h"
#include "fault/allocations.h"
#include "math/sieve.h"
#include "math/wheel.h"
#include "support/support.h"

#include <inttypes.h>

/* What a scenario has found out, to be held against what it finds out undisturbed. */
struct finding {
    uint64_t count, digest;
};

struct scenario {
    const char *name;
    pp_status (*run)(const struct scenario *scenario, struct finding *out);
    const char *backend;
    unsigned threads;
    pp_method method;
    uint64_t lo, hi, unit_size;
    pp_order order;
    const char *kernels;
};

static pp_status open_for(const struct scenario *scenario, pp_session **out) {
    pp_session_options options = PP_SESSION_OPTIONS_INIT;
    options.backend = scenario->backend;
    options.threads = scenario->threads;
    options.method = scenario->method;
    options.unit_size = scenario->unit_size;
    options.kernels = scenario->kernels;
    pp_error error = {.status = PP_OK};
    pp_status status = pp_session_open(&options, out, &error);
    if (status != PP_OK) {
        assert_null(*out);
        assert_int_equal(error.status, status);
        assert_true(error.message[0]);
    }
    return status;
}

/* A failed job has a message and no result; a session goes on being usable after it. */
static void check_failure(pp_session *session, pp_status status) {
    const pp_error *error = pp_session_error(session);
    assert_int_equal(error->status, status);
    assert_true(error->message[0]);
    assert_null(pp_session_result(session));
}

static pp_status do_count(const struct scenario *scenario, struct finding *out) {
    pp_session *session;
    pp_status status = open_for(scenario, &session);
    if (status != PP_OK)
        return status;
    pp_result result;
    status = pp_count(session, scenario->lo, scenario->hi, &result);
    if (status == PP_OK)
        *out = (struct finding){result.count, result.digest};
    else
        check_failure(session, status);
    pp_session_close(session);
    return status;
}

enum { N_NUMBERS = 3000 };

static pp_status do_test(const struct scenario *scenario, struct finding *out) {
    static uint64_t numbers[N_NUMBERS], bitmap[N_NUMBERS / 64 + 1];
    for (size_t i = 0; i < N_NUMBERS; i++)
        numbers[i] = scenario->lo + 2 * i + 1;
    pp_session *session;
    pp_status status = open_for(scenario, &session);
    if (status != PP_OK)
        return status;
    status = pp_test(session, numbers, N_NUMBERS, bitmap);
    if (status == PP_OK) {
        out->digest = pp_session_result(session)->digest;
        for (size_t i = 0; i < N_NUMBERS; i++)
            if (bitmap[i / 64] >> i % 64 & 1)
                out->count += numbers[i];
    } else {
        check_failure(session, status);
    }
    pp_session_close(session);
    return status;
}

/* Adds up what is emitted; in which order shows in the digest when it is to be ascending. */
struct taken {
    struct finding finding;
    pp_order order;
};

static pp_status take(void *user, const void *bytes, size_t n_bytes) {
    struct taken *taken = user;
    const char *at = bytes;
    for (size_t i = 0; i < n_bytes / 8; i++) {
        uint64_t prime;
        memcpy(&prime, at + 8 * i, 8);
        taken->finding.count += prime;
        if (taken->order == PP_ORDER_ASCENDING)
            taken->finding.digest = taken->finding.digest * 31 + prime;
    }
    return PP_OK;
}

static pp_status do_list(const struct scenario *scenario, struct finding *out) {
    pp_session *session;
    pp_status status = open_for(scenario, &session);
    if (status != PP_OK)
        return status;
    struct taken taken = {.order = scenario->order};
    pp_list_callback callback = {.user = &taken, .order = scenario->order, .emit = take};
    status = pp_list(session, scenario->lo, scenario->hi, &callback);
    if (status == PP_OK)
        *out = taken.finding;
    else
        check_failure(session, status);
    pp_session_close(session);
    return status;
}

/*
 * A unit that has more primes than its block was made for, as where a job begins at 0 and ends near
 * 2^64: the block grows.
 */
static pp_status do_dense_list(const struct scenario *scenario, struct finding *out) {
    enum { N_WORDS = 1000 };
    static uint64_t words[N_WORDS];
    sieve_plain(words, N_WORDS);
    struct taken taken = {.order = PP_ORDER_ASCENDING};
    pp_list_callback callback = {.user = &taken, .emit = take};
    struct job job = {.question = QUESTION_LIST, .method = PP_METHOD_SIEVE, .hi = scenario->hi};
    job_cut(&job, scenario->unit_size, WHEEL_WORD);
    struct partial partial = {.words = words, .n_words = N_WORDS, .small_primes = 7};
    partial_sum(&partial);
    struct ordered ordered;
    ordered_init(&ordered, &callback, decoder(NULL));
    pp_status status = ordered.consumer.begin(&ordered.consumer, &job, 1);
    if (status == PP_OK)
        status = ordered.consumer.consume(&ordered.consumer, 0, &partial);
    ordered_free(&ordered);
    if (status == PP_OK)
        *out = taken.finding;
    else
        assert_int_equal(taken.finding.count, 0);
    return status;
}

/* Tries on after a failure, as the contract allows: no prime is lost or comes twice. */
static pp_status do_iterator(const struct scenario *scenario, struct finding *out) {
    pp_session *session;
    pp_status status = open_for(scenario, &session), first_failure = PP_OK;
    if (status != PP_OK)
        return status;
    pp_iterator *iterator;
    status = pp_iterator_open(session, scenario->lo, scenario->hi, &iterator);
    if (status != PP_OK) {
        pp_session_close(session);
        return status;
    }
    struct finding finding = {0, 0};
    for (int failures = 0; failures < 2;) {
        uint64_t prime;
        status = pp_iterator_next(iterator, &prime);
        if (status == PP_END)
            break;
        if (status == PP_OK) {
            finding.count += prime;
            finding.digest = finding.digest * 31 + prime;
        } else {
            first_failure = status;
            failures++;
        }
    }
    pp_iterator_close(iterator);
    pp_session_close(session);
    if (status != PP_END)
        return first_failure;
    *out = finding;
    return PP_OK;
}

static pp_status do_iterate(const struct scenario *scenario, struct finding *out) {
    pp_integer *start = NULL, *modulus = NULL, *value = NULL;
    pp_error error = {.status = PP_OK};
    pp_status status = pp_integer_parse("3 + 2*(10 - 4) - 12", 19, &start, &error);
    if (status == PP_OK)
        status = pp_integer_parse("10^30", 5, &modulus, &error);
    if (status == PP_OK)
        status = pp_iterate(start, 20, scenario->threads ? modulus : NULL, 0, &value, &error);
    if (status == PP_OK) {
        char *digits = pp_integer_to_decimal(value);
        if (digits)
            for (const char *at = digits; *at; at++)
                out->digest = out->digest * 31 + (uint64_t)*at;
        else
            status = PP_ERR_MEMORY;
        free(digits);
    } else {
        assert_int_equal(error.status, status);
        assert_true(error.message[0]);
    }
    pp_integer_free(start);
    pp_integer_free(modulus);
    pp_integer_free(value);
    return status;
}

static pp_status do_devices(const struct scenario *scenario, struct finding *out) {
    (void)scenario;
    size_t n;
    pp_device devices[8];
    pp_status status = pp_backend_devices(scenario->backend, devices, COUNT_OF(devices), &n);
    if (status == PP_OK)
        out->count = n;
    return status;
}

#define HIGH UINT64_C(1000000000000000000)
static const struct scenario scenarios[] = {
    {"count, trial", do_count, "serial", 1, PP_METHOD_TRIAL, 0, 30000, 9999, 0, 0},
    {"count, mr", do_count, "serial", 1, PP_METHOD_MR, 0, 100000, 0, 0, 0},
    {"count, sieve", do_count, "serial", 1, PP_METHOD_SIEVE, 0, 3000000, 0, 0, 0},
    {"count, sieve by windows", do_count, "serial", 1, PP_METHOD_SIEVE, HIGH, HIGH + 1000, 0, 0, 0},
    {"count, hybrid, low", do_count, "serial", 1, PP_METHOD_HYBRID, 0, 1000000, 0, 0, 0},
    {"count, hybrid, high", do_count, "serial", 1, PP_METHOD_HYBRID, HIGH, HIGH + 100000, 0, 0, 0},
    {"count, pi", do_count, "serial", 1, PP_METHOD_PI, 0, 1000000, 0, 0, 0},
    {"count, auto", do_count, NULL, 2, PP_METHOD_AUTO, 0, 30000000, 0, 0, 0},
    {"count, trial, openmp", do_count, "openmp", 2, PP_METHOD_TRIAL, 0, 30000, 999, 0, 0},
    {"count, mr, openmp", do_count, "openmp", 2, PP_METHOD_MR, 0, 100000, 9999, 0, 0},
    {"count, sieve, openmp", do_count, "openmp", 3, PP_METHOD_SIEVE, 0, 3000000, 240000, 0, 0},
    {"count, sieve by windows, openmp", do_count, "openmp", 2, PP_METHOD_SIEVE, HIGH, HIGH + 1000,
     0, 0, 0},
    {"count, hybrid, high, openmp", do_count, "openmp", 2, PP_METHOD_HYBRID, HIGH, HIGH + 100000,
     24000, 0, 0},
    {"test, mr", do_test, "serial", 1, PP_METHOD_MR, HIGH, 0, 0, 0, 0},
    {"test, trial", do_test, "serial", 1, PP_METHOD_TRIAL, 1000000, 0, 0, 0, 0},
    {"test, sieve", do_test, "serial", 1, PP_METHOD_SIEVE, 100000000, 0, 0, 0, 0},
    {"test, hybrid", do_test, "serial", 1, PP_METHOD_HYBRID, HIGH, 0, 0, 0, 0},
    {"test, mr, openmp", do_test, "openmp", 3, PP_METHOD_MR, HIGH, 0, 640, 0, 0},
    {"test, sieve, openmp", do_test, "openmp", 2, PP_METHOD_SIEVE, 100000000, 0, 640, 0, 0},
    {"list", do_list, "serial", 1, PP_METHOD_SIEVE, 0, 3000000, 240000, 0, 0},
    {"list, mr", do_list, "serial", 1, PP_METHOD_MR, HIGH, HIGH + 20000, 2400, 0, 0},
    {"list by completion", do_list, "serial", 1, PP_METHOD_SIEVE, 0, 1000000, 240000,
     PP_ORDER_COMPLETION, 0},
    {"list, openmp", do_list, "openmp", 3, PP_METHOD_SIEVE, 0, 6000000, 240000, 0, 0},
    {"list, hybrid, openmp", do_list, "openmp", 2, PP_METHOD_HYBRID, HIGH, HIGH + 100000, 24000, 0,
     0},
    {"list by completion, openmp", do_list, "openmp", 3, PP_METHOD_SIEVE, 0, 3000000, 240000,
     PP_ORDER_COMPLETION, 0},
    {"list, dense", do_dense_list, 0, 1, PP_METHOD_SIEVE, 0, UINT64_MAX / 2, 240000, 0, 0},
    {"iterator", do_iterator, "serial", 1, PP_METHOD_AUTO, 0, 200000, 0, 0, 0},
    {"iterator, openmp", do_iterator, "openmp", 2, PP_METHOD_SIEVE, 0, 1000000, 24000, 0, 0},
    {"iterate exactly", do_iterate, NULL, 0, PP_METHOD_AUTO, 0, 0, 0, 0, 0},
    {"iterate modulo", do_iterate, NULL, 1, PP_METHOD_AUTO, 0, 0, 0, 0, 0},
    {"devices", do_devices, "opencl", 0, PP_METHOD_AUTO, 0, 0, 0, 0, 0},
    {"count, sieve, opencl", do_count, "opencl", 0, PP_METHOD_SIEVE, 0, 3000000, 0, 0, 0},
    {"count, hybrid, opencl", do_count, "opencl", 0, PP_METHOD_HYBRID, HIGH, HIGH + 30000, 0, 0,
     "cpu"},
    {"count, sieve, opencl, gpu", do_count, "opencl", 0, PP_METHOD_SIEVE, 0, 300000, 0, 0, "gpu"},
    {"count, large primes, opencl", do_count, "opencl", 0, PP_METHOD_SIEVE,
     UINT64_C(100000000000000), UINT64_C(100000000100000), 0, 0, 0},
    {"test, mr, opencl", do_test, "opencl", 0, PP_METHOD_MR, HIGH, 0, 0, 0, 0},
    {"test, sieve, opencl", do_test, "opencl", 0, PP_METHOD_SIEVE, 100000000, 0, 0, 0, 0},
    {"list, opencl", do_list, "opencl", 0, PP_METHOD_SIEVE, 0, 1000000, 240000, 0, 0},
};

/*
 * A job that several threads share allocates a few times more or less, by chance, so trying goes on
 * until the call to fail was not reached a few times in a row.
 */
enum { MISSES = 3, MOST_CALLS = 5000 };

static void test_every_allocation(void **state) {
    (void)state;
    unsigned long tried = 0, survived = 0;
    for (size_t s = 0; s < COUNT_OF(scenarios); s++) {
        const struct scenario *scenario = &scenarios[s];
        struct finding right = {0, 0};
        fault_arm(0, false);
        pp_status status = scenario->run(scenario, &right); /* what stays for good is there now */
        if (status == PP_ERR_UNAVAILABLE) {
            print_message("%s: not available here\n", scenario->name);
            continue;
        }
        assert_int_equal(status, PP_OK);
        size_t live = fault_live_blocks();
        unsigned long of_scenario = 0;
        for (int for_good = 0; for_good <= 1; for_good++) {
            unsigned misses = 0;
            for (unsigned long k = 1; misses < MISSES; k++) {
                assert_true(k < MOST_CALLS);
                struct finding found = {0, 0};
                fault_arm(k, for_good);
                status = scenario->run(scenario, &found);
                bool reached = fault_calls() >= k;
                fault_arm(0, false);
                misses = reached ? 0 : misses + 1;
                of_scenario += reached;
                survived += reached && status == PP_OK;
                if (status == PP_OK && (found.count != right.count || found.digest != right.digest))
                    fail_msg("%s, allocation %lu%s: %" PRIu64 " %016" PRIx64 ", not %" PRIu64
                             " %016" PRIx64,
                             scenario->name, k, for_good ? " and all after" : "", found.count,
                             found.digest, right.count, right.digest);
                /* Method pi without its library says that it is not there. */
                if (status != PP_OK && status != PP_ERR_MEMORY &&
                    !(scenario->method == PP_METHOD_PI && status == PP_ERR_UNAVAILABLE))
                    fail_msg("%s, allocation %lu%s: %s", scenario->name, k,
                             for_good ? " and all after" : "", pp_status_name(status));
                if (!reached && status != PP_OK)
                    fail_msg("%s: %s without a failed allocation", scenario->name,
                             pp_status_name(status));
                if (fault_live_blocks() != live)
                    fail_msg("%s, allocation %lu%s (%s): %zu blocks are left, not %zu",
                             scenario->name, k, for_good ? " and all after" : "",
                             pp_status_name(status), fault_live_blocks(), live);
            }
        }
        assert_true(of_scenario > 0 || scenario->run == do_devices);
        tried += of_scenario;
    }
    print_message("%lu failed allocations, in spite of %lu of which the answer was right\n", tried,
                  survived);
    assert_true(tried > 100);
}

/*
 * A device's first opening builds and tests its kernels. When that fails for want of memory, the
 * next session tries anew: it neither takes the device for tested nor for broken.
 */
static void test_first_opening(void **state) {
    (void)state;
    if (!backend_usable("opencl")) {
        print_message("no OpenCL device\n");
        return;
    }
    const struct scenario count = {"first opening", do_count, "opencl", 0, PP_METHOD_SIEVE, 0,
                                   100000,          0,        0,        0};
    struct finding found = {0, 0};
    unsigned long k = 1;
    for (;; k++) {
        assert_true(k < MOST_CALLS);
        fault_arm(k, false);
        pp_status status = do_count(&count, &found);
        bool reached = fault_calls() >= k;
        fault_arm(0, false);
        if (status == PP_OK && !reached)
            break;
        if (status != PP_OK)
            assert_int_equal(status, PP_ERR_MEMORY);
        else
            assert_int_equal(found.count, 9592);
    }
    assert_int_equal(found.count, 9592);
    print_message("the first opening has failed at %lu allocations\n", k - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_first_opening),
                                       cmocka_unit_test(test_every_allocation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
