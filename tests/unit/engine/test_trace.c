/* The trace of units: each once, by whom and when, on every backend. */
#include "support/support.h"

#include <stdatomic.h>

static const char *const names[] = {"serial", "openmp", "opencl"};
static const pp_method methods[] = {PP_METHOD_TRIAL, PP_METHOD_MR, PP_METHOD_SIEVE,
                                    PP_METHOD_HYBRID};

enum { MOST_UNITS = 4096 };

/* What was told. Units come from several threads at once. */
struct trace {
    atomic_size_t n;
    pp_unit units[MOST_UNITS];
};
static struct trace trace;

static void note(void *user, const pp_unit *unit) {
    struct trace *to = user;
    size_t at = atomic_fetch_add(&to->n, 1);
    if (at < MOST_UNITS)
        to->units[at] = *unit;
}

static int by_number(const void *a, const void *b) {
    uint64_t x = ((const pp_unit *)a)->number, y = ((const pp_unit *)b)->number;
    return (x > y) - (x < y);
}

static int by_worker(const void *a, const void *b) {
    const pp_unit *x = a, *y = b;
    if (x->worker != y->worker)
        return x->worker > y->worker ? 1 : -1;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

/* Units that cover [lo, hi] without a gap, done by workers there are, while the job ran. */
static void check_units(const pp_result *result, uint64_t lo, uint64_t hi, bool alone) {
    size_t n = atomic_load(&trace.n);
    assert_int_equal(n, result->units);
    assert_true(n <= MOST_UNITS);
    qsort(trace.units, n, sizeof *trace.units, by_number);
    unsigned workers = strcmp(result->backend, "opencl") == 0 ? 2 : result->threads;
    uint64_t next = lo, count = 0, digest = 0;
    for (size_t i = 0; i < n; i++) {
        const pp_unit *unit = &trace.units[i];
        count += unit->count;
        digest += unit->digest;
        assert_int_equal(unit->has_digest, result->has_digest);
        assert_int_equal(unit->method, result->method);
        assert_string_equal(unit->backend, result->backend);
        assert_string_equal(unit->device, result->device);
        assert_string_equal(unit->simd, result->simd);
        assert_int_equal(unit->number, i);
        assert_true(unit->lo == next && unit->hi >= unit->lo);
        next = unit->hi + 1;
        assert_true(unit->worker < workers);
        assert_true(unit->begin >= 0 && unit->begin <= unit->end && unit->end <= result->seconds);
    }
    assert_true(n == 0 || trace.units[n - 1].hi == hi);
    assert_true(count == result->count && digest == result->digest);
    if (!alone)
        return;
    /* What is done one after the other does not overlap. */
    qsort(trace.units, n, sizeof *trace.units, by_worker);
    for (size_t i = 1; i < n; i++)
        assert_true(trace.units[i].worker != trace.units[i - 1].worker ||
                    trace.units[i].begin >= trace.units[i - 1].end);
}

static pp_status ignore(void *user, const void *bytes, size_t n) {
    (void)user, (void)bytes, (void)n;
    return PP_OK;
}

static void check_session(pp_session *session, bool alone) {
    const uint64_t lo = 1000003, hi = 1200000;
    const pp_list_callback callback = {.emit = ignore};
    static uint64_t numbers[5000], bitmap[COUNT_OF(numbers) / 64 + 1];
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        numbers[i] = 1000 + i;
    pp_session_on_unit(session, note, &trace);

    atomic_store(&trace.n, 0);
    assert_int_equal(pp_count(session, lo, hi, NULL), PP_OK);
    check_units(pp_session_result(session), lo, hi, alone);

    atomic_store(&trace.n, 0);
    assert_int_equal(pp_list(session, lo, hi, &callback), PP_OK);
    check_units(pp_session_result(session), lo, hi, alone);

    atomic_store(&trace.n, 0);
    assert_int_equal(pp_test(session, numbers, COUNT_OF(numbers), bitmap), PP_OK);
    check_units(pp_session_result(session), 0, COUNT_OF(numbers) - 1, alone);

    atomic_store(&trace.n, 0);
    assert_int_equal(pp_test(session, numbers, 0, bitmap), PP_OK);
    assert_int_equal(atomic_load(&trace.n), 0);
}

static void test_every_backend(void **state) {
    (void)state;
    static const uint64_t sizes[] = {0, 1000, 7777};
    for (size_t b = 0; b < COUNT_OF(names); b++)
        for (size_t m = 0; m < COUNT_OF(methods) && backend_usable(names[b]); m++)
            for (size_t s = 0; s < COUNT_OF(sizes); s++) {
                pp_session *session = open_session(names[b], b == 1 ? 3 : 0, methods[m], sizes[s]);
                check_session(session, b != 2);
                pp_session_close(session);
            }
}

/* Beyond 2^48, where units are sieved together; and base primes, a job of their own, are not told.
 */
static void test_windows(void **state) {
    (void)state;
    const uint64_t lo = UINT64_C(1000000000000000), hi = lo + 2000000;
    for (size_t b = 0; b < 2 && backend_usable(names[b]); b++) {
        pp_session *session = open_session(names[b], b ? 3 : 0, PP_METHOD_SIEVE, 240 * 1000);
        pp_session_on_unit(session, note, &trace);
        atomic_store(&trace.n, 0);
        assert_int_equal(pp_count(session, lo, hi, NULL), PP_OK);
        check_units(pp_session_result(session), lo, hi, false);
        pp_session_close(session);
    }
}

/* The times are the work's: one thread that does nothing else is in its units nearly always. */
static void test_times_are_true(void **state) {
    (void)state;
    pp_session *session = open_session("serial", 0, PP_METHOD_TRIAL, 100);
    pp_session_on_unit(session, note, &trace);
    atomic_store(&trace.n, 0);
    assert_int_equal(pp_count(session, UINT64_C(1000000000000), UINT64_C(1000000003000), NULL),
                     PP_OK);
    const pp_result *result = pp_session_result(session);
    double busy = 0;
    for (size_t i = 0; i < atomic_load(&trace.n); i++)
        busy += trace.units[i].end - trace.units[i].begin;
    assert_true(busy > 0.5 * result->phases.compute && busy <= result->seconds);
    pp_session_close(session);
}

/* Nobody who was removed is called. */
static void test_removed(void **state) {
    (void)state;
    pp_session *session = open_session("serial", 0, PP_METHOD_MR, 0);
    pp_session_on_unit(session, note, &trace);
    pp_session_on_unit(session, NULL, NULL);
    atomic_store(&trace.n, 0);
    assert_int_equal(pp_count(session, 0, 100000, NULL), PP_OK);
    assert_int_equal(atomic_load(&trace.n), 0);
    pp_session_close(session);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_backend), cmocka_unit_test(test_windows),
        cmocka_unit_test(test_times_are_true), cmocka_unit_test(test_removed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
