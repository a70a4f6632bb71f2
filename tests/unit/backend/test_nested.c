/*
 * Jobs from inside a caller's OpenMP parallel region: right, on one thread each, several at
 * once. cmocka's asserts jump, which must not leave a parallel region, so threads only count.
 */
#include "support/support.h"

#include <omp.h>

enum { THREADS = 4 };
static const uint64_t HI = 1000000, PRIMES = 78498;

static pp_status sum_up(void *user, const void *bytes, size_t n_bytes) {
    uint64_t prime, *sum = user;
    for (size_t i = 0; i < n_bytes; i += sizeof prime) {
        memcpy(&prime, (const char *)bytes + i, sizeof prime);
        *sum += prime;
    }
    return PP_OK;
}

/* Units traced, all by the thread that called; anything else shows in a count that is off. */
static void note_unit(void *user, const pp_unit *unit) {
    uint64_t *numbers = user;
    if (unit->worker == 0 && unit->begin <= unit->end)
        *numbers += unit->hi - unit->lo + 1;
}

/* How much goes wrong in one thread's jobs; `threads`: that each should take, 0: any. */
static unsigned faults(const char *backend, pp_method method, unsigned threads) {
    pp_session_options options = PP_SESSION_OPTIONS_INIT;
    options.backend = backend;
    options.method = method;
    options.threads = 3;
    options.unit_size = 24000;
    pp_session *session;
    if (pp_session_open(&options, &session, NULL) != PP_OK)
        return 1;
    unsigned wrong = 0;
    pp_result result;
    uint64_t traced = 0;
    if (threads == 1) /* else the callback would be called by several at once */
        pp_session_on_unit(session, note_unit, &traced);
    wrong += pp_count(session, 0, HI, &result) != PP_OK || result.count != PRIMES;
    wrong += threads == 1 && traced != HI + 1;
    pp_session_on_unit(session, NULL, NULL);
    wrong += threads && result.threads != threads;
    uint64_t sum = 0;
    pp_list_callback callback = {.user = &sum, .emit = sum_up};
    wrong += pp_list(session, 0, HI, &callback) != PP_OK || sum != UINT64_C(37550402023);
    wrong += threads && pp_session_result(session)->threads != threads;
    uint64_t numbers[200], bitmap[4];
    for (uint64_t i = 0; i < 200; i++)
        numbers[i] = i;
    wrong += pp_test(session, numbers, 200, bitmap) != PP_OK;
    wrong += pp_session_result(session)->count != 46;
    pp_session_close(session);
    return wrong;
}

static void test_inside_a_region(void **state) {
    (void)state;
    static const pp_method methods[] = {PP_METHOD_MR, PP_METHOD_SIEVE, PP_METHOD_AUTO};
    for (size_t m = 0; m < COUNT_OF(methods); m++) {
        pp_method method = methods[m];
        unsigned wrong = 0, team = 0;
#pragma omp parallel num_threads(THREADS) default(none) shared(method, team) reduction(+ : wrong)
        {
#pragma omp single
            team = (unsigned)omp_get_num_threads();
            wrong += faults("openmp", method, team > 1 ? 1 : 0);
            wrong += faults(NULL, method, team > 1 ? 1 : 0);
        }
        if (team == 1) /* a machine that refuses threads: nothing to see */
            skip();
        assert_int_equal(wrong, 0);
    }
}

/* A region of one thread is none: the job may use threads of its own. */
static void test_inside_a_region_of_one(void **state) {
    (void)state;
    unsigned wrong = 0;
#pragma omp parallel num_threads(1) default(none) reduction(+ : wrong)
    wrong += faults("openmp", PP_METHOD_SIEVE, 0);
    assert_int_equal(wrong, 0);
}

static void test_after_a_region(void **state) {
    (void)state;
    assert_int_equal(faults("openmp", PP_METHOD_SIEVE, 3), 0);
}

int main(void) {
    /* Nesting is allowed here, so that one thread is the library's choice, not the runtime's. */
    omp_set_max_active_levels(3);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inside_a_region),
        cmocka_unit_test(test_inside_a_region_of_one),
        cmocka_unit_test(test_after_a_region),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
