/* Seconds in words, axes and cut texts: borders, and what must hold for every axis. */
#include "measure/picture_text.h"
#include "measure/print.h"

#include "support/support.h"

#include <math.h>

static void test_seconds(void **state) {
    (void)state;
    static const struct {
        double seconds;
        const char *words;
    } cases[] = {{0, "0 s"},           {-1, "0 s"},          {NAN, "0 s"},
                 {1, "1.000 s"},       {12.345, "12.35 s"},  {123.45, "123.5 s"},
                 {0.0152, "15.20 ms"}, {1e-3, "1.000 ms"},   {0.25e-6, "250.0 ns"},
                 {3e-10, "0.300 ns"},  {2.5e-5, "25.00 µs"}, {0.99996, "1.000 s"},
                 {9.9996, "10.00 s"},  {99.996, "100.0 s"},  {999.94e-6, "999.9 µs"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char words[32];
        format_seconds(words, sizeof words, cases[i].seconds);
        assert_string_equal(words, cases[i].words);
    }
}

/* The factor of a step: 1, 2 or 5. */
static double mantissa(double step) {
    return step / pow(10, floor(log10(step) + 1e-9));
}

static void check_axis(struct axis axis, double most, unsigned ticks) {
    double m = mantissa(axis.step), n = axis.end / axis.step;
    if (fabs(m - 1) > 1e-6 && fabs(m - 2) > 1e-6 && fabs(m - 5) > 1e-6)
        fail_msg("up to %g: a step of %g", most, axis.step);
    if (axis.end < most / axis.unit * (1 - 1e-6) || fabs(n - round(n)) > 1e-6)
        fail_msg("up to %g: ends at %g by steps of %g", most, axis.end, axis.step);
    if (n < 0.999 || n > ticks + 0.001)
        fail_msg("up to %g: %g ticks, not %u", most, n, ticks);
    /* No more room than a step is wasted. */
    if (axis.end - axis.step >= most / axis.unit)
        fail_msg("up to %g: the last step to %g is empty", most, axis.end);
}

static void test_axes(void **state) {
    (void)state;
    for (unsigned ticks = 1; ticks <= 10; ticks++)
        for (double most = 1.3e-9; most < 1e6; most *= 1.07) {
            check_axis(axis_of_seconds(most, ticks), most, ticks);
            check_axis(axis_of_ones(most, ticks), most, ticks);
        }
    struct axis axis = axis_of_seconds(0.055, 5);
    assert_string_equal(axis.name, "ms");
    assert_true(axis.unit == 1e-3 && fabs(axis.end - 60) < 1e-9 && fabs(axis.step - 20) < 1e-9);
    axis = axis_of_ones(4, 4);
    assert_true(axis.unit == 1 && axis.end == 4 && axis.step == 1 && !*axis.name);
    check_axis(axis_of_seconds(0, 5), 1, 5);
    check_axis(axis_of_ones(NAN, 5), 1, 5);
    check_axis(axis_of_ones(INFINITY, 5), 1, 5);
}

static void test_cut(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t most, size;
        const char *cut;
    } cases[] = {{"abcdef", 6, 20, "abcdef"},
                 {"abcdef", 5, 20, "abcd…"},
                 {"abcdef", 1, 20, "…"},
                 {"abcdef", 0, 20, ""},
                 {"", 0, 20, ""},
                 {"äöü€", 4, 20, "äöü€"},
                 {"äöü€", 3, 20, "äö…"},
                 {"äöü€", 4, 9, "äö…"},
                 {"abcdef", 6, 6, "ab…"},
                 {"abcdef", 6, 3, ""},
                 {"abc", 3, 4, "abc"},
                 {"€€", 2, 6, "…"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char out[20];
        memset(out, 'x', sizeof out);
        text_cut(out, cases[i].size, cases[i].text, cases[i].most);
        assert_string_equal(out, cases[i].cut);
        assert_true(text_length(out) <= cases[i].most || cases[i].most == 0);
    }
    assert_int_equal(text_length("a ≈ €"), 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seconds),
        cmocka_unit_test(test_axes),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
