/* The clock never goes back and counts seconds. */
#include "base/clock.h"
#include "support/support.h"

#include <time.h>

static void test_never_back(void **state) {
    (void)state;
    double last = clock_seconds();
    for (int i = 0; i < 100000; i++) {
        double now = clock_seconds();
        assert_true(now >= last);
        last = now;
    }
}

/* A sleep may be longer than asked for, never shorter. */
static void test_counts_seconds(void **state) {
    (void)state;
    double begin = clock_seconds();
    struct timespec pause = {0, 20 * 1000 * 1000};
    nanosleep(&pause, NULL);
    double seconds = clock_seconds() - begin;
    assert_true(seconds >= 0.0199 && seconds < 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never_back),
        cmocka_unit_test(test_counts_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
