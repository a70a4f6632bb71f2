/*
 * Counts and lists of random ranges against libprimesieve, by every method, SIMD level, backend,
 * number of threads and size of unit. Above 10^14 or so primesieve needs long for its own base
 * primes: there it sieves a window once, in which many ranges are drawn.
 */
#include "differential/draw.h"

#include <primesieve.h>

/* Primes that are known: all those of [lo, hi]. */
struct window {
    uint64_t lo, hi;
    const uint64_t *primes;
    size_t n;
};

struct list {
    uint64_t *primes;
    size_t n, capacity;
};

static pp_status keep(void *user, const void *bytes, size_t n_bytes) {
    struct list *list = user;
    size_t n = n_bytes / sizeof *list->primes;
    if (list->n + n > list->capacity)
        return PP_ERR_INTERNAL;
    memcpy(list->primes + list->n, bytes, n_bytes);
    list->n += n;
    return PP_OK;
}

/* How many of the primes are below the number. */
static size_t place_of(const struct window *window, uint64_t number) {
    size_t from = 0, to = window->n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (window->primes[middle] < number)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static void check(pp_session *session, const char *name, const struct window *window,
                  struct drawn_range range) {
    size_t first = place_of(window, range.lo), n = place_of(window, range.hi) - first;
    const uint64_t *expected = window->primes + first;
    if (first + n < window->n && expected[n] == range.hi)
        n++;
    pp_result result;
    if (pp_count(session, range.lo, range.hi, &result) != PP_OK || result.count != n)
        fail_msg("%s: count [%llu, %llu]: %llu, primesieve %zu %s", name, ULL(range.lo),
                 ULL(range.hi), ULL(result.count), n, pp_session_error(session)->message);
    struct list list = {malloc((n + 1) * sizeof *list.primes), 0, n};
    pp_list_callback callback = {.user = &list, .emit = keep};
    pp_status status = pp_list(session, range.lo, range.hi, &callback);
    if (result.method == PP_METHOD_PI) { /* it has not seen a single prime */
        assert_int_equal(status, PP_ERR_UNAVAILABLE);
        assert_false(result.has_digest);
        free(list.primes);
        return;
    }
    if (status != PP_OK || list.n != n)
        fail_msg("%s: list [%llu, %llu]: %zu or more, primesieve %zu %s", name, ULL(range.lo),
                 ULL(range.hi), list.n, n, pp_session_error(session)->message);
    for (size_t i = 0; i < n; i++)
        if (list.primes[i] != expected[i])
            fail_msg("%s: list [%llu, %llu], place %zu: %llu, primesieve %llu", name, ULL(range.lo),
                     ULL(range.hi), i, ULL(list.primes[i]), ULL(expected[i]));
    assert_true(result.has_digest && pp_session_result(session)->digest == result.digest);
    free(list.primes);
}

/* Several sessions for each range, since primesieve's answer is the same. */
static void check_by(uint64_t *random, unsigned sessions, const struct window *window,
                     struct drawn_range range) {
    for (unsigned i = 0; i < sessions; i++) {
        const char *name;
        pp_session *session = draw_session_for(random, range, &name);
        check(session, name, window, range);
        pp_session_close(session);
    }
}

static struct window look_at(uint64_t lo, uint64_t hi) {
    struct window window = {lo, hi, NULL, 0};
    window.primes = primesieve_generate_primes(lo, hi, &window.n, UINT64_PRIMES);
    assert_non_null(window.primes);
    return window;
}

static void look_away(struct window *window) {
    primesieve_free((void *)(uintptr_t)window->primes);
}

static void check_ranges(uint64_t *random, unsigned ranges, uint64_t most, uint64_t length) {
    for (unsigned i = 0; i < ranges; i++) {
        struct drawn_range range = draw_range(random, most, length);
        struct window window = look_at(range.lo, range.hi);
        check_by(random, 1, &window, range);
        look_away(&window);
    }
}

static uint64_t seed;

static void test_below_a_million(void **state) {
    (void)state;
    uint64_t random = seed;
    check_ranges(&random, 1500 * draw_effort(), 1000000, 20000);
}

static void test_below_1e10(void **state) {
    (void)state;
    uint64_t random = seed ^ 1;
    check_ranges(&random, 300 * draw_effort(), UINT64_C(10000000000), 300000);
}

static void test_below_1e14(void **state) {
    (void)state;
    uint64_t random = seed ^ 2;
    check_ranges(&random, 60 * draw_effort(), UINT64_C(100000000000000), 1000000);
}

/* ---- windows further up ---------------------------------------------------------------------- */

/* A range of any size whose end, or beginning, is at or next to `edge`, or anywhere. */
static struct drawn_range draw_inside(uint64_t *random, const struct window *window,
                                      uint64_t edge) {
    uint64_t length = random_sized(random, 19) - 1, a = edge;
    if (random_below(random, 3) == 0)
        a = window->lo + random_below(random, window->hi - window->lo + 1);
    else if (a > 2 && a < UINT64_MAX - 2)
        a += random_below(random, 5) - 2;
    if (random_below(random, 2))
        return (struct drawn_range){a - window->lo < length ? window->lo : a - length, a};
    return (struct drawn_range){a, window->hi - a < length ? window->hi : a + length};
}

static void check_around(uint64_t *random, uint64_t edge, unsigned ranges) {
    enum { AROUND = 200000 };
    struct window window = look_at(edge < AROUND ? 0 : edge - AROUND,
                                   edge > UINT64_MAX - AROUND ? UINT64_MAX : edge + AROUND);
    for (unsigned i = 0; i < ranges; i++)
        check_by(random, 2, &window, draw_inside(random, &window, edge));
    look_away(&window);
}

/* Squares of primes, where one more prime sieves; units and words; powers of two; the end. */
static void test_around_edges(void **state) {
    (void)state;
    uint64_t random = seed ^ 5;
    const uint64_t fixed[] = {0,
                              UINT64_C(1) << 32,
                              UINT64_C(16411) * 16411,
                              UINT64_C(40009) * 40009,
                              UINT64_C(262147) * 262147,
                              UINT64_C(1048583) * 1048583,
                              UINT64_C(8388617) * 8388617,
                              UINT64_C(65521) * 65521,
                              UINT64_C(65537) * 65537,
                              UINT64_C(1) << 44, /* the table of pseudoprimes ends */
                              UINT64_C(1) << 48,
                              UINT64_C(67108859) * 67108859, /* near 2^52 */
                              UINT64_C(1) << 62,
                              UINT64_C(4294967291) * 4294967291, /* the last square of a prime */
                              UINT64_MAX};
    for (size_t i = 0; i < COUNT_OF(fixed); i++)
        check_around(&random, fixed[i], 40 * draw_effort());
    for (unsigned i = 0; i < 12 * draw_effort(); i++) {
        uint64_t edge = draw_number(&random, UINT64_MAX);
        if (edge > UINT64_C(10000000000000000) && i % 4) /* primesieve's time is as the root */
            edge >>= 16;
        check_around(&random, edge, 20);
    }
}

static void test_long_ranges(void **state) {
    (void)state;
    uint64_t random = seed ^ 4;
    check_ranges(&random, 6 * draw_effort(), UINT64_C(10000000000), 30000000);
    for (unsigned i = 0; i < (test_all() ? 12 : 1); i++) {
        static const uint64_t length = 100000000;
        uint64_t lo = i % 3 ? draw_number(&random, UINT64_C(1000000000000) << i) : i;
        struct drawn_range range = {lo, lo + length - random_below(&random, 1000)};
        struct window window = look_at(range.lo, range.hi);
        check_by(&random, 3, &window, range);
        look_away(&window);
    }
}

/* Windows anywhere below 2^64, each of which takes either side's sieve a second and more. */
static void test_anywhere(void **state) {
    (void)state;
    if (!test_all())
        skip();
    uint64_t random = seed ^ 6;
    for (int i = 0; i < 100; i++) {
        uint64_t lo = random_u64(&random), length = random_below(&random, 1000000);
        struct drawn_range range = {lo, lo > UINT64_MAX - length ? UINT64_MAX : lo + length};
        struct window window = look_at(range.lo, range.hi);
        check_by(&random, 1, &window, range);
        look_away(&window);
    }
}

static void test_everything_was_drawn(void **state) {
    (void)state;
    draw_everything();
}

int main(void) {
    seed = test_seed(20240507);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_below_a_million),      cmocka_unit_test(test_below_1e10),
        cmocka_unit_test(test_below_1e14),           cmocka_unit_test(test_around_edges),
        cmocka_unit_test(test_long_ranges),          cmocka_unit_test(test_anywhere),
        cmocka_unit_test(test_everything_was_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
