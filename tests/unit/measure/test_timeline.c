/* Timelines: nothing lost while there is room, merged without a worker's time changing its shape.
 */
#include "measure/timeline.h"

#include "support/support.h"

static void add(struct timeline *timeline, unsigned worker, double begin, double end) {
    timeline_unit(timeline, &(pp_unit){.worker = worker, .begin = begin, .end = end});
}

static void test_few(void **state) {
    (void)state;
    struct timeline timeline;
    assert_int_equal(timeline_init(&timeline), PP_OK);
    add(&timeline, 1, 0.5, 1);
    add(&timeline, 0, 1, 2); /* touches the next, and stays a unit of its own */
    add(&timeline, 0, 0, 1);
    timeline_finish(&timeline, 2);
    assert_int_equal(timeline.n, 3);
    assert_true(timeline.spans[0].worker == 0 && timeline.spans[0].end == 1);
    assert_true(timeline.spans[1].worker == 0 && timeline.spans[1].begin == 1);
    assert_true(timeline.spans[2].worker == 1 && timeline.merged == 0 && timeline.seconds == 2);
    timeline_free(&timeline);
}

/* More units than are kept: each worker's idle quarter second in the middle must still be there. */
static void test_many(void **state) {
    (void)state;
    enum { WORKERS = 3, UNITS = 50000 };
    struct timeline timeline;
    assert_int_equal(timeline_init(&timeline), PP_OK);
    for (unsigned i = 0; i < UNITS; i++)
        for (unsigned worker = 0; worker < WORKERS; worker++) {
            double begin = i * 1e-5 + (i >= UNITS / 2 ? 0.25 : 0) + worker * 1e-7;
            add(&timeline, worker, begin, begin + 0.8e-5);
        }
    timeline_finish(&timeline, 0.75);
    assert_true(timeline.n <= TIMELINE_SHOWN && timeline.n >= 2 * WORKERS);
    assert_true(timeline.merged > 0 && timeline.merged < 0.01);
    double gap = 0, end = 0;
    unsigned gaps = 0;
    for (size_t i = 0; i < timeline.n; i++) {
        const struct timeline_span *span = &timeline.spans[i];
        bool first = i == 0 || span[-1].worker != span->worker;
        assert_true(span->begin < span->end && (first || span->begin > span[-1].end));
        if (!first && span->begin - span[-1].end > 0.1) {
            gap = span->begin - span[-1].end;
            gaps++;
        }
        if (span->worker == WORKERS - 1 && span->end > end)
            end = span->end;
    }
    assert_int_equal(gaps, WORKERS);
    assert_true(gap > 0.249 && gap < 0.251 && end > 0.7499 && end < 0.7501);
    timeline_free(&timeline);
}

/* Units of a device's slot overlap. */
static void test_overlap(void **state) {
    (void)state;
    struct timeline timeline;
    assert_int_equal(timeline_init(&timeline), PP_OK);
    for (unsigned i = 0; i < 3000; i++)
        add(&timeline, 0, 0, 1e-3 * (3000 - i));
    timeline_finish(&timeline, 3);
    assert_int_equal(timeline.n, 1);
    assert_true(timeline.spans[0].begin == 0 && timeline.spans[0].end == 3);
    timeline_free(&timeline);
}

static void test_none(void **state) {
    (void)state;
    struct timeline timeline;
    assert_int_equal(timeline_init(&timeline), PP_OK);
    timeline_finish(&timeline, 0);
    assert_int_equal(timeline.n, 0);
    timeline_free(&timeline);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_few), cmocka_unit_test(test_many),
                                       cmocka_unit_test(test_overlap), cmocka_unit_test(test_none)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
