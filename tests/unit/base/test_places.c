/* Threads that begin on a CPU each, and may go wherever they might before. */
#include "base/places.h"

#include "support/support.h"

#include <pthread.h>
#include <sched.h>

static struct places places;
static cpu_set_t allowed;

/* Takes a place; NULL if the thread may then run where it might before. */
static void *take(void *number) {
    cpu_set_t after;
    places_take(&places, (unsigned)(uintptr_t)number);
    return sched_getaffinity(0, sizeof after, &after) == 0 && CPU_EQUAL(&after, &allowed) ? NULL
                                                                                          : number;
}

static void test_every_thread_is_free_again(void **state) {
    (void)state;
    unsigned threads = (unsigned)CPU_COUNT(&allowed);
    pthread_t others[CPU_SETSIZE];
    for (int round = 0; round < 20; round++) {
        places_init(&places, threads);
        for (uintptr_t i = 1; i < threads; i++)
            assert_int_equal(pthread_create(&others[i], NULL, take, (void *)i), 0);
        places_take(&places, 0);
        for (uintptr_t i = 1; i < threads; i++) {
            void *wrong;
            pthread_join(others[i], &wrong);
            assert_null(wrong);
        }
        assert_int_equal(atomic_load(&places.taken), threads > 1 ? threads - 1 : 0);
    }
}

/* With as many threads as CPUs there are places, and the caller's is one of them. */
static void test_places_for_as_many_as_cpus(void **state) {
    (void)state;
    unsigned threads = (unsigned)CPU_COUNT(&allowed);
    places_init(&places, threads);
    if (threads < 2) {
        assert_int_equal(places.threads, 0);
        return;
    }
    assert_int_equal(places.threads, threads);
    assert_true(places.first < threads);
}

/* Fewer threads than CPUs, or more, are the system's affair. */
static void test_others_are_left_alone(void **state) {
    (void)state;
    unsigned threads = (unsigned)CPU_COUNT(&allowed);
    const unsigned others[] = {0, 1, threads + 1, threads - 1, 4096};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (others[i] != threads) {
            places_init(&places, others[i]);
            assert_int_equal(places.threads, 0);
            places_take(&places, 0);
            places_take(&places, 1);
            assert_int_equal(atomic_load(&places.taken), 0);
        }
}

int main(void) {
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_thread_is_free_again),
        cmocka_unit_test(test_places_for_as_many_as_cpus),
        cmocka_unit_test(test_others_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
