/* The three questions: what pp_test writes and where, what a result says, what is listed. */
#include "base/clock.h"
#include "support/support.h"
#include "work/digest.h"

#include <math.h>

static const char *const names[] = {"serial", "openmp"};
static const pp_method methods[] = {PP_METHOD_TRIAL, PP_METHOD_MR, PP_METHOD_SIEVE, PP_METHOD_AUTO};

/* Runs check on every usable CPU backend and method, with the unit size given. */
static void each_session(uint64_t unit_size, void (*check)(pp_session *session)) {
    for (size_t b = 0; b < COUNT_OF(names); b++)
        for (size_t m = 0; m < COUNT_OF(methods) && backend_usable(names[b]); m++) {
            pp_session *session = open_session(names[b], b ? 3 : 0, methods[m], unit_size);
            check(session);
            pp_session_close(session);
        }
}

/* ---- pp_test ------------------------------------------------------------------------------- */

/* Numbers in no order, many of them twice, all below a million so that every method is quick. */
static void draw(uint64_t *numbers, size_t n, uint64_t seed) {
    uint64_t random = seed;
    for (size_t i = 0; i < n; i++)
        numbers[i] = i && random_below(&random, 4) == 0
                         ? numbers[random_below(&random, i)]
                         : random_sized(&random, 20) % (random_below(&random, 2) ? 40 : 1000000);
}

/* The bitmap has exactly the words promised, full of ones before; the sanitizer guards the end. */
static void check_test(pp_session *session, const uint64_t *numbers, size_t n) {
    size_t n_words = (n + 63) / 64;
    uint64_t *bitmap = malloc(n_words * sizeof *bitmap + (n_words == 0));
    assert_non_null(bitmap);
    memset(bitmap, 0xff, n_words * sizeof *bitmap);
    assert_int_equal(pp_test(session, numbers, n, bitmap), PP_OK);
    uint64_t count = 0, digest = 0;
    for (size_t i = 0; i < n_words * 64; i++) {
        bool expected = i < n && naive_is_prime(numbers[i]);
        if ((bitmap[i / 64] >> i % 64 & 1) != expected)
            fail_msg("number %zu of %zu, %llu: not %d", i, n, i < n ? ULL(numbers[i]) : 0,
                     expected);
        count += expected;
        digest += expected ? splitmix64(numbers[i]) : 0;
    }
    const pp_result *result = pp_session_result(session);
    assert_true(result->count == count && result->digest == digest && result->has_digest);
    free(bitmap);
}

static void check_all_lengths(pp_session *session) {
    uint64_t numbers[300];
    draw(numbers, COUNT_OF(numbers), 79);
    for (size_t n = 0; n <= 200; n += n < 3 || (n > 60 && n < 68) || n > 126 ? 1 : 7)
        check_test(session, numbers, n);
    check_test(session, numbers, COUNT_OF(numbers));
}

/* Units that end inside bitmap words, on their borders, and one unit for all. */
static void test_bitmaps(void **state) {
    (void)state;
    static const uint64_t sizes[] = {0, 1, 3, 63, 64, 65, 100, 128, UINT64_MAX};
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        each_session(sizes[i], check_all_lengths);
}

static void check_long_array(pp_session *session) {
    static uint64_t numbers[20000];
    draw(numbers, COUNT_OF(numbers), 83);
    check_test(session, numbers, COUNT_OF(numbers));
}

static void test_long_arrays(void **state) {
    (void)state;
    each_session(0, check_long_array);
    each_session(97, check_long_array);
}

/* Far apart, so that looking numbers up in sieved segments begins a new segment each time. */
static void check_scattered(pp_session *session) {
    static uint64_t numbers[64];
    uint64_t random = 89;
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        numbers[i] = UINT64_C(1000000000) * (i % 16) + random_sized(&random, 24);
    check_test(session, numbers, COUNT_OF(numbers));
}

static void test_scattered(void **state) {
    (void)state;
    each_session(0, check_scattered);
    each_session(5, check_scattered);
}

/* Base primes up to 41 million are a job of several units themselves; a maximal gap needs all. */
static void test_long_base(void **state) {
    (void)state;
    static const char *const backends[] = {"serial", "openmp"};
    for (size_t i = 0; i < COUNT_OF(backends); i++) {
        if (!backend_usable(backends[i]))
            continue;
        pp_session *session = open_session(backends[i], (unsigned)i + 1, PP_METHOD_SIEVE, 0);
        pp_result result;
        assert_int_equal(pp_count(session, 1693182318746371, 1693182318747503, &result), PP_OK);
        assert_int_equal(result.count, 2);
        pp_session_close(session);
    }
}

static void check_empty(pp_session *session) {
    uint64_t untouched = 42;
    assert_int_equal(pp_test(session, NULL, 0, NULL), PP_OK);
    assert_int_equal(pp_session_result(session)->count, 0);
    assert_int_equal(pp_session_result(session)->digest, 0);
    assert_int_equal(pp_session_result(session)->units, 0);
    assert_int_equal(pp_test(session, &untouched, 0, &untouched), PP_OK);
    assert_int_equal(untouched, 42);
}

static void test_no_numbers(void **state) {
    (void)state;
    each_session(0, check_empty);
    each_session(1, check_empty);
}

/* ---- pp_count and results ------------------------------------------------------------------ */

static void check_result(pp_session *session) {
    double begin = clock_seconds();
    pp_result result;
    memset(&result, 0x5a, sizeof result);
    assert_int_equal(pp_count(session, 1000, 200000, &result), PP_OK);
    double seconds = clock_seconds() - begin;
    assert_int_equal(result.count, 17984 - 168);
    const pp_result *kept = pp_session_result(session);
    assert_memory_equal(kept, &result, sizeof result);
    assert_true(result.has_digest);
    assert_true(strcmp(result.backend, "serial") == 0 || strcmp(result.backend, "openmp") == 0);
    assert_true(result.device && result.device[0] && result.simd && result.simd[0]);
    assert_in_range(result.method, PP_METHOD_TRIAL, PP_METHOD_SIEVE);
    assert_in_range(result.threads, 1, 3);
    assert_true(result.units >= 1);
    assert_true(result.seconds > 0 && result.seconds <= seconds);
    const double phases[] = {result.phases.prepare, result.phases.upload, result.phases.compute,
                             result.phases.download, result.phases.output};
    double sum = 0;
    for (size_t i = 0; i < COUNT_OF(phases); i++) {
        assert_true(isfinite(phases[i]) && phases[i] >= 0);
        sum += phases[i];
    }
    assert_true(sum <= result.seconds); /* startup is not the job's */
    assert_true(result.phases.compute > 0 && result.phases.output == 0);
    assert_true(isfinite(result.phases.startup) && result.phases.startup >= 0);
}

static void test_results(void **state) {
    (void)state;
    each_session(0, check_result);
    each_session(1200, check_result);
}

static void test_units_are_counted(void **state) {
    (void)state;
    static const struct {
        pp_method method;
        uint64_t lo, hi, unit_size, units;
    } cases[] = {
        {PP_METHOD_MR, 1, 100, 10, 10},    {PP_METHOD_MR, 1, 101, 10, 11},
        {PP_METHOD_MR, 7, 7, 10, 1},       {PP_METHOD_TRIAL, 0, 99, 1, 100},
        {PP_METHOD_SIEVE, 0, 479, 240, 2}, {PP_METHOD_SIEVE, 239, 240, 240, 2},
        {PP_METHOD_SIEVE, 240, 479, 1, 1}, {PP_METHOD_SIEVE, 100, 1000, 300, 5},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        pp_session *session = open_session("serial", 0, cases[i].method, cases[i].unit_size);
        pp_result result;
        assert_int_equal(pp_count(session, cases[i].lo, cases[i].hi, &result), PP_OK);
        assert_true(result.units == cases[i].units);
        assert_int_equal(result.method, cases[i].method);
        pp_session_close(session);
    }
}

struct sum {
    uint64_t count, sum, last;
    bool ascending;
};

static pp_status add_up(void *user, const void *bytes, size_t n_bytes) {
    struct sum *sum = user;
    for (size_t i = 0; i < n_bytes; i += sizeof sum->last) {
        uint64_t prime;
        memcpy(&prime, (const char *)bytes + i, sizeof prime);
        sum->ascending &= prime > sum->last;
        sum->last = prime;
        sum->count++;
        sum->sum += prime;
    }
    return PP_OK;
}

/* More units than a backend may like to go through in one piece: over a million of one number. */
static void test_a_million_units(void **state) {
    (void)state;
    enum { LIMIT = 1100000, PRIMES = 85714 };
    for (size_t b = 0; b < COUNT_OF(names) && backend_usable(names[b]); b++) {
        pp_session *session = open_session(names[b], b ? 3 : 0, PP_METHOD_MR, 1);
        struct sum sum = {.ascending = true};
        pp_list_callback callback = {.user = &sum, .emit = add_up};
        assert_int_equal(pp_list(session, 0, LIMIT, &callback), PP_OK);
        assert_int_equal(pp_session_result(session)->units, LIMIT + 1);
        assert_int_equal(pp_session_result(session)->count, PRIMES);
        assert_true(sum.ascending && sum.count == PRIMES && sum.sum == UINT64_C(45125753695));
        pp_session_close(session);
    }
}

/* ---- memory ------------------------------------------------------------------------------- */

/* Sanitizers would rather end the process than let malloc say no, as it does elsewhere. */
PP_API const char *__asan_default_options(void);
PP_API const char *__tsan_default_options(void);
const char *__asan_default_options(void) {
    return "allocator_may_return_null=1";
}
const char *__tsan_default_options(void) {
    return "allocator_may_return_null=1";
}

static pp_status never(void *user, const void *bytes, size_t n_bytes) {
    (void)user, (void)bytes, (void)n_bytes;
    return PP_ERR_INTERNAL;
}

/* A unit whose bitmap fits no address space: refused by every worker, and nobody waits. */
static void test_no_memory_for_a_unit(void **state) {
    (void)state;
    for (size_t b = 0; b < COUNT_OF(names) && backend_usable(names[b]); b++) {
        pp_session *session = open_session(names[b], b ? 3 : 0, PP_METHOD_MR, UINT64_C(1) << 62);
        pp_list_callback callback = {.emit = never};
        assert_int_equal(pp_list(session, 0, UINT64_MAX, &callback), PP_ERR_MEMORY);
        assert_int_equal(pp_session_error(session)->status, PP_ERR_MEMORY);
        assert_null(pp_session_result(session));
        pp_result result; /* a short range needs no such unit */
        assert_int_equal(pp_count(session, 0, 100, &result), PP_OK);
        assert_int_equal(result.count, 25);
        pp_session_close(session);
    }
}

/* ---- pp_list ------------------------------------------------------------------------------- */

static pp_status append(void *user, const void *bytes, size_t n_bytes) {
    pp_buffer *all = user;
    char *room = pp_buffer_reserve(all, n_bytes);
    if (!room)
        return PP_ERR_MEMORY;
    memcpy(room, bytes, n_bytes);
    all->size += n_bytes;
    return PP_OK;
}

static void check_native_bytes(pp_session *session) {
    pp_buffer all = {NULL, 0, 0};
    pp_list_callback callback = {.user = &all, .emit = append};
    assert_int_equal(pp_list(session, 0, 30, &callback), PP_OK);
    static const uint64_t primes[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29};
    assert_int_equal(all.size, sizeof primes);
    assert_memory_equal(all.data, primes, sizeof primes);
    assert_int_equal(pp_session_result(session)->count, 10);
    all.size = 0;
    assert_int_equal(pp_list(session, 24, 28, &callback), PP_OK); /* none: nothing is emitted */
    assert_int_equal(all.size, 0);
    assert_int_equal(pp_session_result(session)->count, 0);
    free(all.data);
}

static void test_native_bytes(void **state) {
    (void)state;
    each_session(0, check_native_bytes);
    each_session(1, check_native_bytes);
}

static pp_status render_lines(void *user, const uint64_t *primes, size_t n, pp_buffer *out) {
    (void)user;
    for (size_t i = 0; i < n; i++) {
        char *room = pp_buffer_reserve(out, 24);
        if (!room)
            return PP_ERR_MEMORY;
        out->size += (size_t)snprintf(room, 24, "%llu\n", ULL(primes[i]));
    }
    return PP_OK;
}

/* Long enough for several runs in a unit: the bytes of one must follow those of the other. */
static void check_text(pp_session *session) {
    enum { LIMIT = 300000 };
    pp_buffer all = {NULL, 0, 0}, expected = {NULL, 0, 0};
    pp_list_callback callback = {.user = &all, .render = render_lines, .emit = append};
    assert_int_equal(pp_list(session, 0, LIMIT, &callback), PP_OK);
    uint8_t *prime = naive_sieve(LIMIT);
    for (uint64_t n = 0; n <= LIMIT; n++)
        if (prime[n])
            assert_int_equal(render_lines(NULL, &n, 1, &expected), PP_OK);
    assert_int_equal(all.size, expected.size);
    assert_memory_equal(all.data, expected.data, expected.size);
    free(all.data);
    free(expected.data);
    free(prime);
}

static void test_rendered_text(void **state) {
    (void)state;
    each_session(0, check_text);
    each_session(150000, check_text);
}

/* ---- what a method does not do -------------------------------------------------------------- */

static pp_status swallow(void *user, const void *bytes, size_t n) {
    (void)user, (void)bytes, (void)n;
    return PP_OK;
}

static void test_pi_only_counts(void **state) {
    (void)state;
    pp_session_options options = PP_SESSION_OPTIONS_INIT;
    options.backend = "serial";
    options.method = PP_METHOD_PI;
    pp_session *session;
    pp_error error;
    if (pp_session_open(&options, &session, &error) != PP_OK)
        skip(); /* a build without it */
    uint64_t number = 7, bitmap = 0;
    const pp_list_callback callback = {.emit = swallow};
    static const char *const says =
        "backend serial does not have method pi for this: it only counts";
    assert_int_equal(pp_list(session, 0, 100, &callback), PP_ERR_UNAVAILABLE);
    assert_string_equal(pp_session_error(session)->message, says);
    assert_null(pp_session_result(session));
    assert_int_equal(pp_test(session, &number, 1, &bitmap), PP_ERR_UNAVAILABLE);
    assert_string_equal(pp_session_error(session)->message, says);
    pp_session_close(session);
}

/* A unit as large as can be asked for is cut to what a sieve's memory allows. */
static void test_units_have_a_limit(void **state) {
    (void)state;
    pp_session *session = open_session("serial", 0, PP_METHOD_SIEVE, UINT64_MAX);
    pp_result result;
    assert_int_equal(pp_count(session, 10, 755000000, &result), PP_OK);
    assert_int_equal(result.count, 38947584);
    assert_int_equal(result.units, 2);
    pp_session_close(session);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bitmaps),
        cmocka_unit_test(test_long_arrays),
        cmocka_unit_test(test_scattered),
        cmocka_unit_test(test_long_base),
        cmocka_unit_test(test_no_numbers),
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_units_are_counted),
        cmocka_unit_test(test_a_million_units),
        cmocka_unit_test(test_no_memory_for_a_unit),
        cmocka_unit_test(test_native_bytes),
        cmocka_unit_test(test_rendered_text),
        cmocka_unit_test(test_pi_only_counts),
        cmocka_unit_test(test_units_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
