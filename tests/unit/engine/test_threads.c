/* Several sessions in several threads at once, and the functions that need no session. */
#include "support/support.h"

#include <pthread.h>

enum { THREADS = 8, ROUNDS = 12 };

/* One thread's orders and what came of them; asserts belong to the main thread. */
struct worker {
    unsigned number, wrong;
};

static pp_status add_up(void *user, const void *bytes, size_t n_bytes) {
    uint64_t prime, *sum = user;
    for (size_t i = 0; i < n_bytes; i += sizeof prime) {
        memcpy(&prime, (const char *)bytes + i, sizeof prime);
        *sum += prime;
    }
    return PP_OK;
}

static unsigned faults_of_session(pp_session *session) {
    unsigned wrong = 0;
    pp_result result;
    wrong += pp_count(session, 0, 300000, &result) != PP_OK || result.count != 25997;
    uint64_t digest = result.digest, sum = 0;
    pp_list_callback callback = {.user = &sum, .emit = add_up};
    wrong += pp_list(session, 0, 100000, &callback) != PP_OK || sum != 454396537;
    uint64_t numbers[100], bitmap[2];
    for (uint64_t i = 0; i < 100; i++)
        numbers[i] = 1000 + i;
    wrong += pp_test(session, numbers, 100, bitmap) != PP_OK;
    wrong += pp_session_result(session)->count != 16;
    wrong += pp_count(session, 0, 300000, &result) != PP_OK || result.digest != digest;
    wrong += pp_count(session, 1, 0, NULL) != PP_ERR_USAGE;
    return wrong;
}

static void *work(void *user) {
    struct worker *worker = user;
    static const pp_method methods[] = {PP_METHOD_SIEVE, PP_METHOD_MR, PP_METHOD_AUTO};
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned kind = worker->number + round;
        pp_session_options options = PP_SESSION_OPTIONS_INIT;
        options.method = methods[kind % COUNT_OF(methods)];
        options.unit_size = kind % 2 ? 2400 : 0;
        options.backend = kind % 3 == 0 ? "serial" : NULL;
        pp_session *session;
        if (pp_session_open(&options, &session, NULL) != PP_OK) {
            worker->wrong++;
            continue;
        }
        worker->wrong += faults_of_session(session);
        pp_session_close(session);
        uint64_t value = 0;
        worker->wrong += pp_parse_u64("2^61-1", 6, &value, NULL) != PP_OK || !pp_is_prime(value);
        size_t n_devices = 0;
        worker->wrong += pp_devices(NULL, 0, &n_devices) != PP_OK || n_devices == 0;
        worker->wrong += strcmp(pp_build()->version, pp_version()) != 0;
    }
    return NULL;
}

static void test_sessions_side_by_side(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    struct worker workers[THREADS] = {{0, 0}};
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i].number = i;
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(workers[i].wrong, 0);
}

static void *use(void *session) {
    return (void *)(uintptr_t)faults_of_session(session);
}

/* A session belongs to one thread at a time, but may be handed on. */
static void test_a_session_is_handed_on(void **state) {
    (void)state;
    pp_session *session = open_session(NULL, 0, PP_METHOD_SIEVE, 2400);
    for (int i = 0; i < 5; i++) {
        pthread_t thread;
        void *wrong = NULL;
        assert_int_equal(pthread_create(&thread, NULL, use, session), 0);
        assert_int_equal(pthread_join(thread, &wrong), 0);
        assert_null(wrong);
        assert_int_equal(faults_of_session(session), 0);
    }
    pp_session_close(session);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sessions_side_by_side),
        cmocka_unit_test(test_a_session_is_handed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
