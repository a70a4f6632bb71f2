/* The line of progress: numbers, times, and that it fits. */
#include "cli/progress_text.h"
#include "support/support.h"

static void check_si(double value, const char *expected) {
    char text[16];
    progress_si(text, value);
    assert_string_equal(text, expected);
}

static void test_si(void **state) {
    (void)state;
    check_si(0, "0");
    check_si(0.043, "0.043");
    check_si(2.5, "2.5");
    check_si(17, "17");
    check_si(999, "999");
    check_si(999.7, "1.00 k");
    check_si(1000, "1.00 k");
    check_si(12345, "12.3 k");
    check_si(99960, "100 k");
    check_si(123456, "123 k");
    check_si(999600, "1.00 M");
    check_si(1.25e9, "1.25 G");
    check_si(1e12, "1.00 T");
    check_si(1.8446744073709552e19, "18.4 E");
}

static void check_duration(double seconds, const char *expected) {
    char text[32];
    progress_duration(text, seconds);
    assert_string_equal(text, expected);
}

static void test_durations(void **state) {
    (void)state;
    check_duration(0, "0 s");
    check_duration(0.6, "1 s");
    check_duration(59.4, "59 s");
    check_duration(59.6, "1 min 0 s");
    check_duration(200, "3 min 20 s");
    check_duration(3599.9, "1 h 0 min");
    check_duration(7500, "2 h 5 min");
    check_duration(86399, "1 d 0 h");
    check_duration(3 * 86400 + 4 * 3600, "3 d 4 h");
    check_duration(1e30, "centuries");
    check_duration(1 / 0.0, "centuries");
}

static size_t columns_of(const char *text) {
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void test_lines(void **state) {
    (void)state;
    char text[PROGRESS_TEXT_BYTES];
    struct progress_state half = {"numbers", 500, 1000, 10, 50};
    progress_text(text, &half, 60, false);
    assert_string_equal(text, " 50.0% [############.............], 50 numbers/s, 10 s left");
    progress_text(text, &half, 60, true);
    assert_string_equal(text, " 50.0% ████████████             · 50 numbers/s · 10 s left");
    progress_text(text, &half, 40, false);
    assert_string_equal(text, " 50.0%, 50 numbers/s, 10 s left");
    progress_text(text, &half, 20, false);
    assert_string_equal(text, " 50.0%, 10 s left");
    progress_text(text, &half, 8, false);
    assert_string_equal(text, " 50.0%");
    progress_text(text, &half, 3, false);
    assert_string_equal(text, "");
    struct progress_state begun = {"numbers", 0, 1000, 90, 0};
    progress_text(text, &begun, 34, false);
    assert_string_equal(text, "  0.0%, preparing for 1 min 30 s");
    struct progress_state unknown = {"numbers", 12300000, 0, 3, 4.1e6};
    progress_text(text, &unknown, 60, true);
    assert_string_equal(text, "12.3 M numbers · 3 s · 4.10 M numbers/s");
}

/* Of any width, it is never wider; and what is not done is never 100%. */
static void test_widths(void **state) {
    (void)state;
    char text[PROGRESS_TEXT_BYTES];
    static const uint64_t totals[] = {0, 1, 1000, UINT64_C(1) << 62};
    for (size_t t = 0; t < COUNT_OF(totals); t++)
        for (unsigned tenth = 0; tenth <= 10; tenth++)
            for (size_t columns = 0; columns < 200; columns++)
                for (int unicode = 0; unicode < 2; unicode++) {
                    struct progress_state state_now = {"numbers", totals[t] / 10 * tenth, totals[t],
                                                       1e5 * tenth, tenth * 1e7};
                    size_t n = progress_text(text, &state_now, columns, unicode);
                    assert_true(n <= columns && n == columns_of(text));
                }
    struct progress_state nearly = {"numbers", 99999, 100000, 10, 50};
    progress_text(text, &nearly, 80, false);
    assert_non_null(strstr(text, " 99.9%"));
    nearly.done++;
    progress_text(text, &nearly, 80, false);
    assert_non_null(strstr(text, "100.0%"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_si), cmocka_unit_test(test_durations),
                                       cmocka_unit_test(test_lines), cmocka_unit_test(test_widths)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
