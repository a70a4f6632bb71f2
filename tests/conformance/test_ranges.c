/*
 * Every short range on every setting: all [a, b] with 0 <= a <= b <= 40, and all around the
 * numbers at which something in the code changes. What is right says a Miller-Rabin of the
 * tests' own. PARPRIME_TEST_ALL=1 takes wider surroundings.
 */
#include "conformance/settings.h"
#include "work/digest.h"

/* The primes of a window, so that the answer for any range inside it is at hand. */
struct window {
    uint64_t lo, hi;
    uint64_t primes[256];
    size_t n;
};

static void look_at(struct window *window, uint64_t lo, uint64_t hi) {
    *window = (struct window){.lo = lo, .hi = hi};
    for (uint64_t n = lo;; n++) {
        if (naive_is_prime(n)) {
            assert_true(window->n < COUNT_OF(window->primes));
            window->primes[window->n++] = n;
        }
        if (n == hi)
            break;
    }
}

/* One range, in all three questions. */
static void check_range(pp_session *session, const char *name, const struct window *window,
                        uint64_t lo, uint64_t hi) {
    size_t first = 0, end;
    while (first < window->n && window->primes[first] < lo)
        first++;
    struct answer answer = {0, 0};
    for (end = first; end < window->n && window->primes[end] <= hi; end++)
        answer =
            (struct answer){answer.count + 1, answer.digest + digest_prime(window->primes[end])};
    check_count(session, name, lo, hi, answer);
    check_list(session, name, lo, hi, answer, window->primes + first);
    check_test(session, name, lo, hi, answer, window->primes + first);
}

/* All ranges inside the window, on every setting that `takes` accepts and in units of all kinds. */
static void check_window(uint64_t lo, uint64_t hi, bool (*takes)(const struct setting *)) {
    static const uint64_t unit_sizes[] = {0, 1, 7};
    static struct window window;
    look_at(&window, lo, hi);
    size_t n;
    const struct setting *settings = all_settings(&n);
    for (size_t s = 0; s < n; s++)
        for (size_t u = 0; u < COUNT_OF(unit_sizes); u++) {
            if (takes && !takes(&settings[s]))
                continue;
            /* Where the planned units hold all of the range, more threads change nothing. */
            if (unit_sizes[u] == 0 && settings[s].threads > 1)
                continue;
            pp_session *session = setting_open(&settings[s], unit_sizes[u]);
            const char *name = setting_name(&settings[s], unit_sizes[u]);
            for (uint64_t a = 0; a <= hi - lo; a++)
                for (uint64_t b = a; b <= hi - lo; b++)
                    check_range(session, name, &window, lo + a, lo + b);
            pp_session_close(session);
        }
}

/* Few threads suffice for so many ranges: a prime number of them, and one. */
static bool few_threads(const struct setting *setting) {
    return test_all() || setting->threads <= 1 || setting->threads == 3;
}

static void test_all_ranges_to_40(void **state) {
    (void)state;
    check_window(0, 40, few_threads);
}

/* Words of 240 numbers, cache blocks of 4096 words, squares of sieving primes, 2^16 and 2^32. */
static void test_around_edges(void **state) {
    (void)state;
    static const uint64_t edges[] = {7 * 7,
                                     240,
                                     480,
                                     31 * 31,
                                     32768,
                                     65536,
                                     4096 * 240,
                                     UINT64_C(32749) * 32749, /* the last below 32768 */
                                     UINT64_C(1) << 32,
                                     UINT64_C(65537) * 65537};
    const uint64_t around = test_all() ? 8 : 2;
    for (size_t i = 0; i < COUNT_OF(edges); i++)
        check_window(edges[i] - around, edges[i] + around, NULL);
}

static bool tests_one_by_one(const struct setting *setting) {
    return setting->method == PP_METHOD_MR;
}

/* Other methods take seconds for each range up here; the case table has some of them. */
static void test_around_wide_edges(void **state) {
    (void)state;
    static const uint64_t edges[] = {UINT64_C(1) << 52, UINT64_C(1) << 63,
                                     UINT64_C(18446744073709551557)};
    for (size_t i = 0; i < COUNT_OF(edges); i++)
        check_window(edges[i] - 3, edges[i] + 3, tests_one_by_one);
    check_window(UINT64_MAX - 6, UINT64_MAX, tests_one_by_one);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_ranges_to_40),
        cmocka_unit_test(test_around_edges),
        cmocka_unit_test(test_around_wide_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
