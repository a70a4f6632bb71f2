/* Curves and timelines from documents, with figures worked by hand. */
#include "measure/picture_series.h"

#include "support/support.h"

#include <math.h>

static json_t *read_json(const char *text) {
    json_error_t error;
    json_t *document = json_loads(text, 0, &error);
    if (!document)
        fail_msg("%s", error.text);
    return document;
}

static void is_near(double value, double expected) {
    if (!(fabs(value - expected) < 1e-9 * (1 + fabs(expected))))
        fail_msg("%.12g, not %.12g", value, expected);
}

static const char SCALING[] =
    "{\"strong\":{\"points\":[{\"threads\":1,\"speedup\":1.0,\"speedup_interval\":[0.9,1.1]},"
    "{\"threads\":4,\"speedup\":3.0,\"speedup_interval\":[2.8,5.2]},"
    "{\"threads\":2,\"speedup\":1.8,\"speedup_interval\":null}],"
    "\"amdahl\":{\"serial_fraction\":0.1,\"residual\":0.01,\"limit\":10.0}},"
    "\"weak\":{\"points\":[{\"threads\":1,\"scaled_speedup\":1.0},"
    "{\"threads\":4,\"scaled_speedup\":3.5,\"scaled_speedup_interval\":[3.4,3.6]}],"
    "\"gustafson\":{\"serial_fraction\":0.25,\"residual\":0}}}";

static void test_curves(void **state) {
    (void)state;
    json_t *scaling = read_json(SCALING);
    struct series series;
    assert_true(series_of(scaling, false, false, &series));
    assert_int_equal(series.n, 3);
    is_near(series.points[1].value, 3);
    assert_true(series.points[1].has_interval && !series.points[2].has_interval);
    is_near(series.points[1].interval.hi, 5.2);
    is_near(series.most_threads, 4);
    is_near(series.most, 5.2);
    is_near(series_ideal(&series, 3), 3);
    assert_true(series.has_fit);
    is_near(series_fit(&series, 1), 1);
    is_near(series_fit(&series, 4), 1 / (0.1 + 0.9 / 4));
    free(series.points);

    assert_true(series_of(scaling, false, true, &series));
    is_near(series.points[1].value, 75);
    is_near(series.points[1].interval.lo, 70);
    is_near(series_ideal(&series, 3), 100);
    is_near(series_fit(&series, 2), 100 / (0.1 + 0.9 / 2) / 2);
    is_near(series.most, 130);
    free(series.points);

    assert_true(series_of(scaling, true, false, &series));
    assert_int_equal(series.n, 2);
    is_near(series.points[1].value, 3.5);
    is_near(series.points[1].interval.lo, 3.4);
    is_near(series_fit(&series, 4), 4 - 0.25 * 3);
    is_near(series.most, 4);
    is_near(series_fitted_to(&series), 4);
    free(series.points);

    /* Two cores, which four threads share. */
    json_object_set_new(scaling, "cores", json_integer(2));
    assert_true(series_of(scaling, false, false, &series));
    is_near(series_ideal(&series, 1.5), 1.5);
    is_near(series_ideal(&series, 4), 2);
    is_near(series_fitted_to(&series), 2);
    series.efficiency = true;
    is_near(series_ideal(&series, 4), 50);
    free(series.points);
    json_decref(scaling);
}

static void test_no_curves(void **state) {
    (void)state;
    static const char *const nothing[] = {
        "{}", "[]", "{\"strong\":null}", "{\"strong\":{\"points\":[],\"amdahl\":null}}",
        "{\"strong\":{\"points\":[{\"threads\":0,\"speedup\":1},{\"threads\":2},null,3]}}"};
    for (size_t i = 0; i < COUNT_OF(nothing); i++) {
        json_t *scaling = read_json(nothing[i]);
        struct series series;
        assert_true(series_of(scaling, false, false, &series));
        assert_int_equal(series.n, 0);
        assert_false(series.has_fit);
        free(series.points);
        json_decref(scaling);
    }
}

static void test_timelines(void **state) {
    (void)state;
    json_t *timelines =
        read_json("[{\"backend\":\"openmp\",\"threads\":2,\"seconds\":10.0,\"units\":[[1,2,3],"
                  "[0,4,8.5],[0,0,4],[1,1.5,2.5],[1,9,11],[0,3,1],[0,1]]}]");
    struct schedule schedule;
    assert_true(schedule_of(timelines, json_array_get(timelines, 0), &schedule));
    assert_string_equal(schedule.label, "openmp, 2 threads");
    assert_int_equal(schedule.workers, 2);
    is_near(schedule.seconds, 11); /* one unit ended behind what the run says */
    assert_int_equal(schedule.n, 5);
    static const struct span sorted[] = {
        {0, 0, 4}, {0, 4, 8.5}, {1, 1.5, 2.5}, {1, 2, 3}, {1, 9, 11}};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(schedule.spans[i].worker, sorted[i].worker);
        is_near(schedule.spans[i].begin, sorted[i].begin);
        is_near(schedule.spans[i].end, sorted[i].end);
    }
    is_near(schedule_busy(&schedule, 0, 0, 10), 0.85);
    is_near(schedule_busy(&schedule, 0, 2, 6), 1);
    is_near(schedule_busy(&schedule, 0, 8, 9), 0.5);
    /* What overlaps is busy once. */
    is_near(schedule_busy(&schedule, 1, 0, 10), 0.25);
    is_near(schedule_busy(&schedule, 1, 4, 8), 0);
    is_near(schedule_busy(&schedule, 7, 0, 10), 0);
    is_near(schedule_busy(&schedule, 0, 1, 1), 0);
    free(schedule.spans);
    json_decref(timelines);
}

static void test_join(void **state) {
    (void)state;
    struct span spans[] = {{0, 0, 5},     {0, 5.05, 9}, {0, 9.05, 9.5}, {0, 9.55, 9.9},
                           {0, 10.5, 11}, {1, 0, 0.1},  {1, 0.1, 0.2},  {1, 0.2, 5}};
    struct schedule schedule = {.spans = spans, .n = COUNT_OF(spans), .workers = 2, .seconds = 11};
    double before = schedule_busy(&schedule, 0, 0, 11);
    schedule_join(&schedule, 0.1, 1);
    /* Long neighbours stay apart, short ones do not, and never over a gap or to another worker. */
    assert_int_equal(schedule.n, 4);
    is_near(schedule.spans[0].end, 5);
    is_near(schedule.spans[1].begin, 5.05);
    is_near(schedule.spans[1].end, 9.9);
    is_near(schedule.spans[2].begin, 10.5);
    is_near(schedule.spans[3].end, 5);
    assert_int_equal(schedule.spans[3].worker, 1);
    assert_true(fabs(schedule_busy(&schedule, 0, 0, 11) - before) < 0.02);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_curves),
        cmocka_unit_test(test_no_curves),
        cmocka_unit_test(test_timelines),
        cmocka_unit_test(test_join),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
