/* Threads that begin on a CPU each, and may go wherever they might before. */
#include "base/places.h"

#include "support/support.h"

#include <pthread.h>
#include <sched.h>

static struct places places;
static cpu_set_t allowed;
static pthread_barrier_t all;
static int cpus[CPU_SETSIZE]; /* by thread: where it ran while it had its place */

/* Takes a place, and leaves it when all have one; NULL if the thread may then run where it might.
 */
static void *take(void *number) {
    unsigned i = (unsigned)(uintptr_t)number;
    cpu_set_t here, after;
    places_take(&places, i);
    cpus[i] = sched_getaffinity(0, sizeof here, &here) == 0 && CPU_COUNT(&here) == 1 &&
                      CPU_ISSET((size_t)sched_getcpu(), &here)
                  ? sched_getcpu()
                  : -1;
    places_gather(&places, i);
    pthread_barrier_wait(&all);
    places_leave(&places, i);
    return sched_getaffinity(0, sizeof after, &after) == 0 && CPU_EQUAL(&after, &allowed) ? NULL
                                                                                          : number;
}

static void test_each_has_its_own_and_is_free_again(void **state) {
    (void)state;
    unsigned threads = (unsigned)CPU_COUNT(&allowed);
    if (threads < 2)
        skip();
    pthread_t others[CPU_SETSIZE];
    for (int round = 0; round < 20; round++) {
        places_init(&places, threads);
        assert_int_equal(pthread_barrier_init(&all, NULL, threads), 0);
        for (uintptr_t i = 1; i < threads; i++)
            assert_int_equal(pthread_create(&others[i], NULL, take, (void *)i), 0);
        assert_null(take((void *)0));
        for (uintptr_t i = 1; i < threads; i++) {
            void *wrong;
            pthread_join(others[i], &wrong);
            assert_null(wrong);
        }
        pthread_barrier_destroy(&all);
        assert_int_equal(atomic_load(&places.arrived), threads - 1);
        cpu_set_t taken;
        CPU_ZERO(&taken);
        for (unsigned i = 0; i < threads; i++) {
            assert_true(cpus[i] >= 0);
            CPU_SET((size_t)cpus[i], &taken);
        }
        assert_true(CPU_EQUAL(&taken, &allowed));
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
            cpu_set_t after;
            for (unsigned number = 0; number < 3; number++) {
                places_take(&places, number);
                assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
                assert_true(CPU_EQUAL(&after, &allowed));
                places_gather(&places, number);
                places_leave(&places, number);
            }
        }
}

int main(void) {
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_has_its_own_and_is_free_again),
        cmocka_unit_test(test_places_for_as_many_as_cpus),
        cmocka_unit_test(test_others_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
