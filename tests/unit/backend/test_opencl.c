/* What is OpenCL's alone: sessions without end, forks, compute units, read-backs that are verified.
 */
#include "math/primality.h"
#include "support/support.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pp_session *open_opencl(unsigned units, pp_status *status, pp_error *error) {
    pp_session_options options = {.backend = "opencl", .threads = units};
    pp_session *session = NULL;
    *status = pp_session_open(&options, &session, error);
    return session;
}

/* KiB that memory may grow. AddressSanitizer keeps freed memory back, and finds leaks itself. */
#if defined(__SANITIZE_ADDRESS__)
static const long MOST_GROWTH = 512 << 10;
#else
static const long MOST_GROWTH = 4 << 10;
#endif

/* Resident memory in KiB. */
static long resident(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    long total = 0, pages = 0;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld %ld", &total, &pages), 2);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void use_once(void) {
    pp_status status;
    pp_error error = {.status = PP_OK};
    pp_session *session = open_opencl(0, &status, &error);
    if (status != PP_OK)
        fail_msg("%s", error.message);
    pp_result result;
    assert_int_equal(pp_count(session, 0, 100000, &result), PP_OK);
    assert_int_equal(result.count, 9592);
    assert_string_equal(result.backend, "opencl");
    pp_session_close(session);
}

static void test_a_thousand_sessions(void **state) {
    (void)state;
    if (!backend_usable("opencl"))
        skip();
    for (int i = 0; i < 100; i++)
        use_once();
    long before = resident();
    for (int i = 0; i < 1000; i++)
        use_once();
    long grown = resident() - before;
    if (grown > MOST_GROWTH)
        fail_msg("%ld KiB more after 1000 sessions", grown);
}

/* A driver's threads do not survive a fork: the child is told so, and does not hang. */
static void test_fork(void **state) {
    (void)state;
    if (!backend_usable("opencl"))
        skip();
    pp_status status;
    pp_session *session = open_opencl(0, &status, NULL);
    assert_int_equal(status, PP_OK);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(20);
        pp_status used = pp_count(session, 0, 1000, NULL), opened;
        pp_session *again = open_opencl(0, &opened, NULL);
        _exit(used == PP_ERR_UNAVAILABLE && opened == PP_ERR_UNAVAILABLE && !again ? 0 : 1);
    }
    int outcome;
    assert_int_equal(waitpid(child, &outcome, 0), child);
    assert_true(WIFEXITED(outcome) && WEXITSTATUS(outcome) == 0);
    assert_int_equal(pp_count(session, 0, 1000, NULL), PP_OK);
    pp_session_close(session);
}

static void test_compute_units(void **state) {
    (void)state;
    if (!backend_usable("opencl"))
        skip();
    pp_status status;
    pp_error error = {.status = PP_OK};
    assert_null(open_opencl(4000, &status, &error));
    assert_int_equal(status, PP_ERR_USAGE);
    assert_non_null(strstr(error.message, "compute units"));
    pp_session *session = open_opencl(1, &status, &error);
    if (status == PP_ERR_UNAVAILABLE)
        skip(); /* a device that cannot be divided */
    assert_int_equal(status, PP_OK);
    pp_result result;
    assert_int_equal(pp_count(session, 0, 1000000, &result), PP_OK);
    assert_int_equal(result.count, 78498);
    assert_int_equal(result.threads, 1);
    pp_session_close(session);
}

/* Small numbers one by one, which ranges leave out as far as 2, 3 and 5 divide them. */
static void test_small_numbers(void **state) {
    (void)state;
    if (!backend_usable("opencl"))
        skip();
    static uint64_t numbers[600], bitmap[10];
    for (uint64_t i = 0; i < 600; i++)
        numbers[i] = i;
    for (int kind = 0; kind < 2; kind++)
        for (pp_method method = PP_METHOD_TRIAL; method <= PP_METHOD_SIEVE; method++) {
            pp_session_options options = {
                .backend = "opencl", .kernels = kind ? "gpu" : "cpu", .method = method};
            pp_session *session;
            assert_int_equal(pp_session_open(&options, &session, NULL), PP_OK);
            assert_int_equal(pp_test(session, numbers, 600, bitmap), PP_OK);
            for (uint64_t i = 0; i < 600; i++)
                if ((bitmap[i / 64] >> i % 64 & 1) != naive_is_prime(i))
                    fail_msg("%s, kernels %s: %llu", pp_method_name(method), options.kernels,
                             ULL(i));
            pp_session_close(session);
        }
}

/* Numbers of all sizes, more than a work-group or an item takes, and not whole ones of them. */
static void test_long_lists(void **state) {
    (void)state;
    if (!backend_usable("opencl"))
        skip();
    enum { N = 20011 };
    static uint64_t numbers[N], bitmap[N / 64 + 1];
    uint64_t random = 61;
    for (int i = 0; i < N; i++)
        numbers[i] = random_sized(&random, 64) | (uint64_t)(i % 8 != 0);
    for (int kind = 0; kind < 2; kind++) {
        pp_session_options options = {
            .backend = "opencl", .kernels = kind ? "gpu" : "cpu", .method = PP_METHOD_MR};
        pp_session *session;
        assert_int_equal(pp_session_open(&options, &session, NULL), PP_OK);
        assert_int_equal(pp_test(session, numbers, N, bitmap), PP_OK);
        for (int i = 0; i < N; i++)
            if ((bool)(bitmap[i / 64] >> i % 64 & 1) != mr_is_prime(numbers[i]))
                fail_msg("kernels %s, number %d: %llu", options.kernels, i, ULL(numbers[i]));
        pp_session_close(session);
    }
}

/* Every unit recomputed on the host, by each question. */
static void test_verified(void **state) {
    (void)state;
    if (!backend_usable("opencl"))
        skip();
    static uint64_t numbers[1000], bitmap[16];
    for (uint64_t i = 0; i < 1000; i++)
        numbers[i] = 1000000 + i;
    static const pp_method methods[] = {PP_METHOD_TRIAL, PP_METHOD_MR, PP_METHOD_SIEVE,
                                        PP_METHOD_HYBRID};
    for (size_t m = 0; m < COUNT_OF(methods); m++) {
        pp_session_options options = {
            .backend = "opencl", .method = methods[m], .verify = 100, .unit_size = 240};
        pp_session *session;
        assert_int_equal(pp_session_open(&options, &session, NULL), PP_OK);
        pp_result result;
        assert_int_equal(pp_count(session, 1000000, 1000999, &result), PP_OK);
        assert_int_equal(result.count, 75);
        assert_int_equal(result.verified, result.units);
        assert_int_equal(pp_test(session, numbers, 1000, bitmap), PP_OK);
        assert_int_equal(pp_session_result(session)->count, 75);
        assert_int_equal(pp_session_result(session)->verified, pp_session_result(session)->units);
        pp_session_close(session);
    }
}

static pp_status ignore(void *user, const void *bytes, size_t n) {
    (void)user;
    (void)bytes;
    (void)n;
    return PP_OK;
}

/*
 * Ranges long enough that a sieving prime's state goes from piece to piece, and that primes of all
 * sizes have multiples in them: every word held against the host's.
 */
static void test_long_ranges(void **state) {
    (void)state;
    if (!backend_usable("opencl"))
        skip();
    static const struct {
        uint64_t lo, hi;
        pp_method method;
        uint64_t unit_size, count; /* OEIS A006880, or by primesieve */
    } ranges[] = {
        {0, 100000000, PP_METHOD_SIEVE, 0, 5761455},
        {0, 10000000, PP_METHOD_SIEVE, 240 * 33, 664579},
        {0, 10000000, PP_METHOD_HYBRID, 240 * 7777, 664579},
        /* Primes up to 10^6: larger ones than a tile or a turn's memory has bytes. */
        {1000000000000, 1000020000000, PP_METHOD_SIEVE, 0, 723063},
        {1000000000000, 1000003000000, PP_METHOD_SIEVE, 240 * 1000, 108623},
        /* Primes up to 10^8, in global memory. */
        {10000000000000000, 10000000002000000, PP_METHOD_SIEVE, 240 * 5001, 54456},
        /* The same with many pieces in a unit. */
        {1000000000000000, 1000000040000000, PP_METHOD_SIEVE, 240 * 100000, 1157923},
        {10000000000000, 10000003000000, PP_METHOD_HYBRID, 240 * 4321, 100339},
        {18446744073707551615u, UINT64_MAX, PP_METHOD_HYBRID, 0, 44953},
    };
    static const char *const kernels[] = {"cpu", "gpu"};
    for (size_t k = 0; k < COUNT_OF(kernels); k++)
        for (size_t i = 0; i < COUNT_OF(ranges); i++) {
            pp_session_options options = {.backend = "opencl",
                                          .kernels = kernels[k],
                                          .method = ranges[i].method,
                                          .unit_size = ranges[i].unit_size,
                                          .verify = 100};
            pp_session *session;
            assert_int_equal(pp_session_open(&options, &session, NULL), PP_OK);
            pp_result result;
            pp_list_callback callback = {.emit = ignore};
            for (int list = 0; list < 2; list++) {
                pp_status status = list ? pp_list(session, ranges[i].lo, ranges[i].hi, &callback)
                                        : pp_count(session, ranges[i].lo, ranges[i].hi, &result);
                if (status != PP_OK)
                    fail_msg("%s, range %zu: %s", kernels[k], i,
                             pp_session_error(session)->message);
                result = *pp_session_result(session);
                if (result.count != ranges[i].count)
                    fail_msg("%s, range %zu: %llu", kernels[k], i, ULL(result.count));
                assert_int_equal(result.verified, result.units);
            }
            pp_session_close(session);
        }
}

/* Composites that pass the test to base 2: the second one must find them. Made by psp2. */
static void test_pseudoprimes(void **state) {
    (void)state;
    if (!backend_usable("opencl"))
        skip();
    static const uint64_t numbers[] = {31621,
                                       42799,
                                       49141,
                                       49981,
                                       83333,
                                       3215031751,
                                       2152302898747,
                                       3474749660383,
                                       341550071728321, /* the largest in doubles */
                                       3825123056546413051,
                                       18446744030759878681u,
                                       18446744066047760377u};
    static const char *const kernels[] = {"cpu", "gpu"};
    for (size_t k = 0; k < COUNT_OF(kernels); k++) {
        pp_session_options options = {
            .backend = "opencl", .kernels = kernels[k], .method = PP_METHOD_MR};
        pp_session *session;
        assert_int_equal(pp_session_open(&options, &session, NULL), PP_OK);
        uint64_t bitmap = 1;
        assert_int_equal(pp_test(session, numbers, COUNT_OF(numbers), &bitmap), PP_OK);
        assert_int_equal(bitmap, 0);
        /* A sieve leaves them too. */
        options.method = PP_METHOD_HYBRID;
        pp_session_close(session);
        assert_int_equal(pp_session_open(&options, &session, NULL), PP_OK);
        pp_result result;
        for (size_t i = 0; i < COUNT_OF(numbers); i++) {
            assert_int_equal(pp_count(session, numbers[i], numbers[i], &result), PP_OK);
            assert_int_equal(result.count, 0);
        }
        pp_session_close(session);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_thousand_sessions), cmocka_unit_test(test_fork),
        cmocka_unit_test(test_small_numbers),       cmocka_unit_test(test_long_lists),
        cmocka_unit_test(test_compute_units),       cmocka_unit_test(test_verified),
        cmocka_unit_test(test_long_ranges),         cmocka_unit_test(test_pseudoprimes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
