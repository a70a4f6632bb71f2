/* Primes as text, JSON and words, against snprintf: borders of digits and heads, random runs. */
#include "cli/render.h"

#include "cli/decimal.h"
#include "support/support.h"

enum { MOST = 3000, LINE_MOST = 40 };

typedef pp_status render_fn(void *, const uint64_t *, size_t, pp_buffer *);

/* Appends to what is there already, grows what is too small, and adds nothing else. */
static void check_one(render_fn *render, const char *format, const uint64_t *numbers, size_t n) {
    static char expected[3 + MOST * LINE_MOST];
    size_t size = (size_t)sprintf(expected, "abc");
    for (size_t i = 0; i < n; i++)
        size += (size_t)sprintf(expected + size, format, ULL(numbers[i]));
    pp_buffer out = {0};
    memcpy(pp_buffer_reserve(&out, 3), "abc", 3);
    out.size = 3;
    assert_int_equal(render(NULL, numbers, n, &out), PP_OK);
    for (size_t i = 0; i < size && i < out.size; i++)
        if (out.data[i] != expected[i])
            fail_msg("%zu numbers from %llu: byte %zu differs: %.60s", n, ULL(numbers[0]), i,
                     out.data + (i < 20 ? 0 : i - 20));
    assert_int_equal(out.size, size);
    assert_true(out.capacity >= out.size);
    free(out.data);
}

static void check(const uint64_t *numbers, size_t n) {
    check_one(render_lines, "%llu\n", numbers, n);
    check_one(render_json, ",\n    \"%llu\"", numbers, n);
    pp_buffer out = {0};
    assert_int_equal(render_u64(NULL, numbers, n, &out), PP_OK);
    assert_int_equal(out.size, n * 8);
    for (size_t i = 0; i < out.size; i++)
        assert_int_equal((uint8_t)out.data[i], numbers[i / 8] >> i % 8 * 8 & 0xff);
    free(out.data);
}

/* Runs that begin near `from` and go over it, by every step. */
static void check_around(uint64_t from) {
    static uint64_t run[60];
    for (uint64_t step = 1; step <= 12000; step = step * 3 + 1)
        for (uint64_t before = 0; before <= 30; before += 3) {
            uint64_t number = from > before * step ? from - before * step : 0;
            size_t n = 0;
            while (n < COUNT_OF(run)) {
                run[n++] = number;
                if (number > UINT64_MAX - step)
                    break;
                number += step;
            }
            check(run, n);
        }
}

static void test_borders(void **state) {
    (void)state;
    for (uint64_t border = 1; border; border = border > UINT64_MAX / 10 ? 0 : border * 10) {
        check_around(border);
        check_around(border + 10000);
        check_around(border * 3 + 20000);
    }
    check_around(UINT64_C(1) << 32);
    check_around(UINT64_MAX - UINT64_MAX % 10000);
    check_around(UINT64_MAX);
}

/* Each number alone, so that none profits from the one before. */
static void test_alone(void **state) {
    (void)state;
    for (uint64_t number = 0; number < 25000; number++)
        check(&number, 1);
    for (unsigned bit = 0; bit < 64; bit++)
        for (uint64_t d = 0; d < 5; d++) {
            uint64_t number = (UINT64_C(1) << bit) + d - 2;
            check(&number, 1);
        }
    check(NULL, 0);
}

static void test_random_runs(void **state) {
    (void)state;
    uint64_t random = 41;
    static uint64_t run[MOST];
    for (unsigned trial = 0; trial < 1000; trial++) {
        unsigned gap_bits = 1 + (unsigned)random_below(&random, 40);
        size_t n = 0, most = 1 + random_below(&random, MOST);
        uint64_t number = random_sized(&random, 64);
        while (n < most) {
            run[n++] = number;
            uint64_t gap = 1 + random_sized(&random, gap_bits);
            if (number > UINT64_MAX - gap)
                break;
            number += gap;
        }
        check(run, n);
    }
}

static void test_decimal(void **state) {
    (void)state;
    uint64_t random = 53;
    for (unsigned trial = 0; trial < 200000; trial++) {
        uint64_t number = random_sized(&random, 64);
        char got[21], expected[21];
        *write_decimal(got, number) = '\0';
        sprintf(expected, "%llu", ULL(number));
        assert_string_equal(got, expected);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_borders),
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_random_runs),
        cmocka_unit_test(test_decimal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
