/* What pictures take from documents: labels, values, phases, and documents that lack things. */
#include "measure/picture_data.h"

#include "support/support.h"

#include <math.h>

static json_t *read_json(const char *text) {
    json_error_t error;
    json_t *document = json_loads(text, 0, &error);
    if (!document)
        fail_msg("%s", error.text);
    return document;
}

static const char RESULTS[] =
    "[{\"backend\":\"serial\",\"method\":\"sieve\",\"threads\":1,\"simd\":\"avx2\","
    "  \"seconds\":0.01,\"interval\":[0.009,0.012],\"speedup\":1.0,\"speedup_interval\":[0.8,1.2],"
    "  \"phases\":{\"startup\":0.001,\"prepare\":0.002,\"compute\":0.006,\"output\":0.005}},"
    " {\"backend\":\"openmp\",\"method\":\"sieve\",\"threads\":1,\"simd\":\"avx2\","
    "  \"seconds\":0.0101,\"interval\":null,\"speedup\":0.99,\"speedup_interval\":null},"
    " {\"backend\":\"openmp\",\"method\":\"sieve\",\"threads\":2,\"simd\":\"avx2\","
    "  \"seconds\":0.005,\"interval\":[0.004,0.02],\"speedup\":2.0,\"speedup_interval\":[0.5,3]},"
    " {\"backend\":\"opencl\",\"method\":\"sieve\",\"threads\":8,\"simd\":\"scalar\","
    "  \"device_kind\":\"GPU\",\"seconds\":0.001,\"interval\":[0.001,0.002],\"speedup\":10.0,"
    "  \"speedup_interval\":[4.5,12],\"phases\":{\"upload\":0.0001,\"compute\":0.0005,"
    "  \"download\":0.0001,\"output\":0.0002}}]";

static void test_results(void **state) {
    (void)state;
    json_t *results = read_json(RESULTS);
    struct bars bars;
    assert_true(bars_of_results(results, &bars));
    assert_int_equal(bars.n, 4);
    static const char *const labels[] = {"serial", "openmp, 1 thread", "openmp, 2 threads",
                                         "opencl on a GPU, 8 units"};
    /* A ratio is said only where intervals are apart, or where there is none to say otherwise. */
    static const char *const values[] = {"10.00 ms · base", "10.10 ms · 0.99×", "5.000 ms · ≈ 1",
                                         "1.000 ms · 10.00×"};
    static const enum hue hues[] = {HUE_SERIAL, HUE_OPENMP, HUE_OPENMP, HUE_OPENCL};
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(bars.items[i].label, labels[i]);
        assert_string_equal(bars.items[i].value, values[i]);
        assert_int_equal(bars.items[i].hue, hues[i]);
        assert_int_equal(bars.items[i].has_interval, i != 1);
    }
    assert_true(bars.most == 0.02);
    assert_true(bars.items[2].interval.lo == 0.004 && bars.items[2].interval.hi == 0.02);
    /* Phases in the order of their names, and what is left of 10 ms; output is within compute. */
    static const double phases[N_PHASES] = {0.001, 0, 0.002, 0, 0.001, 0, 0.005, 0.001};
    for (size_t p = 0; p < N_PHASES; p++)
        if (fabs(bars.items[0].phases[p] - phases[p]) > 1e-12)
            fail_msg("%s: %g", phase_names[p], bars.items[0].phases[p]);
    assert_string_equal(phase_names[0], "start-up");
    assert_string_equal(phase_names[2], "prepare");
    assert_string_equal(phase_names[4], "compute");
    assert_string_equal(phase_names[6], "output");
    assert_string_equal(bars.items[3].ratio, "10.00×");
    /* A device computes while the host writes: output is of what is left of 1 ms. */
    static const double device[N_PHASES] = {0, 0, 0, 0.0001, 0.0005, 0.0001, 0.0002, 0.0001};
    for (size_t p = 0; p < N_PHASES; p++)
        if (fabs(bars.items[3].phases[p] - device[p]) > 1e-12)
            fail_msg("%s: %g", phase_names[p], bars.items[3].phases[p]);
    free(bars.items);
    json_decref(results);
}

static void test_labels(void **state) {
    (void)state;
    static const struct {
        const char *results;
        const char *first;
    } cases[] = {
        {"[{\"backend\":\"serial\",\"method\":\"mr\",\"threads\":1},"
         " {\"backend\":\"serial\",\"method\":\"sieve\",\"threads\":1}]",
         "serial, mr"},
        {"[{\"backend\":\"openmp\",\"method\":\"mr\",\"threads\":4,\"simd\":\"none\"},"
         " {\"backend\":\"openmp\",\"method\":\"mr\",\"threads\":4,\"simd\":\"avx2\"}]",
         "openmp, 4 threads, none"},
        {"[{\"backend\":\"opencl\",\"device_kind\":\"CPU\",\"threads\":1,\"device\":\"a\"},"
         " {\"backend\":\"opencl\",\"device_kind\":\"CPU\",\"threads\":1,\"device\":\"b\"}]",
         "opencl on a, 1 unit"},
        {"[{\"backend\":\"openmp\",\"threads\":2,\"to\":\"pipe\"}]",
         "openmp, 2 threads, to a pipe"},
        {"[{\"backend\":\"serial\",\"threads\":1,\"to\":\"discard\"}]", "serial, discarded"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        json_t *results = read_json(cases[i].results);
        char label[64];
        result_label(results, json_array_get(results, 0), label, sizeof label);
        assert_string_equal(label, cases[i].first);
        json_decref(results);
    }
}

static void test_control(void **state) {
    (void)state;
    json_t *control =
        read_json("{\"forms\":[{\"form\":\"plain\",\"workers\":1,\"seconds\":0.002,"
                  "\"interval\":[0.002,0.0021]},{\"form\":\"handed over\",\"workers\":1,"
                  "\"seconds\":0.004,\"interval\":[0.003,0.0041]},{\"form\":\"handed over\","
                  "\"workers\":20,\"seconds\":0.002,\"interval\":[0.001,0.003]}]}");
    struct bars bars;
    assert_true(bars_of_control(control, &bars));
    assert_int_equal(bars.n, 3);
    assert_string_equal(bars.items[0].label, "plain, one thread");
    assert_string_equal(bars.items[1].label, "handed to 1 worker");
    assert_string_equal(bars.items[2].label, "handed to 20 workers in turn");
    assert_string_equal(bars.items[0].value, "2.000 ms · base");
    assert_string_equal(bars.items[1].value, "4.000 ms · 0.50×");
    assert_string_equal(bars.items[2].value, "2.000 ms · ≈ 1");
    assert_true(bars.most == 0.0041);
    free(bars.items);
    json_decref(control);
}

/* Documents without times, or that are none at all, are no pictures; nothing crashes. */
static void test_nothing(void **state) {
    (void)state;
    static const char *const nothing[] = {"[]", "{}", "[1, null, \"x\", {}]",
                                          "[{\"backend\":\"serial\",\"seconds\":1}]"};
    for (size_t i = 0; i < COUNT_OF(nothing); i++) {
        json_t *json = read_json(nothing[i]);
        struct bars bars;
        assert_true(bars_of_results(json, &bars));
        assert_int_equal(bars.n, 0);
        free(bars.items);
        assert_true(bars_of_control(json, &bars));
        assert_int_equal(bars.n, 0);
        free(bars.items);
        json_decref(json);
    }
    struct interval interval;
    assert_string_equal(string_of(NULL, "a"), "");
    assert_true(number_of(NULL, "a") == 0);
    assert_false(interval_of(NULL, "a", &interval));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_control),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
