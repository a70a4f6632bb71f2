/*
 * Progress and cancelling: from the progress function, from emit, from another thread, from a
 * signal handler, and before a job. The jobs would take hours, so an alarm ends a test in which
 * a cancel is lost.
 */
#include "base/clock.h"
#include "support/support.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <unistd.h>

static const uint64_t ENDLESS = UINT64_C(100000000000000);

static int start_alarm(void **state) {
    (void)state;
    alarm(100);
    return 0;
}

static int end_alarm(void **state) {
    (void)state;
    alarm(0);
    return 0;
}

/* Runs check on a session of every usable CPU backend and method. */
static void each_session(void (*check)(pp_session *session)) {
    static const pp_method methods[] = {PP_METHOD_TRIAL, PP_METHOD_MR, PP_METHOD_SIEVE,
                                        PP_METHOD_AUTO};
    static const char *const names[] = {"serial", "openmp", "auto"};
    for (size_t b = 0; b < COUNT_OF(names); b++)
        for (size_t m = 0; m < COUNT_OF(methods); m++) {
            if ((b == 1 && !backend_usable("openmp")) || (b == 2 && methods[m] != PP_METHOD_AUTO))
                continue;
            pp_session *session = open_session(names[b], b == 1 ? 3 : 0, methods[m], 0);
            check(session);
            /* Nothing of it clings to the session. */
            pp_session_on_progress(session, NULL, NULL);
            pp_result result;
            assert_int_equal(pp_count(session, 0, 1000, &result), PP_OK);
            assert_int_equal(result.count, 168);
            pp_session_close(session);
        }
}

static void assert_cancelled(pp_session *session, pp_status status) {
    assert_int_equal(status, PP_ERR_CANCELLED);
    assert_int_equal(pp_session_error(session)->status, PP_ERR_CANCELLED);
    assert_true(pp_session_error(session)->message[0] != '\0');
    assert_null(pp_session_result(session));
}

/* ---- progress ------------------------------------------------------------------------------ */

/* What the progress function was told, and whether the promises were kept. */
struct watch {
    pp_session *session;
    unsigned calls, wrong, stop_after; /* stop_after 0: never */
    bool by_cancel;                    /* stop by pp_session_cancel instead of false */
    uint64_t total, done;
    double seconds;
    atomic_int inside;
};

static bool watch(void *user, const pp_progress *progress) {
    struct watch *watch = user;
    watch->wrong += atomic_fetch_add(&watch->inside, 1) != 0; /* never twice at once */
    watch->wrong += progress->total != watch->total || progress->done > progress->total ||
                    progress->done < watch->done || progress->seconds < watch->seconds;
    watch->done = progress->done;
    watch->seconds = progress->seconds;
    bool stop = ++watch->calls == watch->stop_after;
    if (stop && watch->by_cancel)
        pp_session_cancel(watch->session);
    atomic_fetch_sub(&watch->inside, 1);
    return !stop || watch->by_cancel;
}

static void check_progress(pp_session *session) {
    for (int by_cancel = 0; by_cancel < 2; by_cancel++) {
        struct watch seen = {.session = session,
                             .stop_after = by_cancel ? 1 : 2,
                             .by_cancel = by_cancel,
                             .total = ENDLESS + 1};
        pp_session_on_progress(session, watch, &seen);
        double begin = clock_seconds();
        assert_cancelled(session, pp_count(session, 0, ENDLESS, NULL));
        double seconds = clock_seconds() - begin;
        assert_int_equal(seen.wrong, 0);
        assert_in_range(seen.calls, seen.stop_after, 5); /* units in other hands may still finish */
        assert_true(seen.done > 0);
        assert_true(seen.calls <= 20 * seconds + 1);
    }
}

static void test_from_progress(void **state) {
    (void)state;
    each_session(check_progress);
}

/* At most some twenty calls a second, and all the way to the end when nobody objects. */
static void test_progress_rate(void **state) {
    (void)state;
    pp_session *session = open_session(NULL, 0, PP_METHOD_MR, 100);
    struct watch seen = {.session = session, .total = 3000001};
    pp_session_on_progress(session, watch, &seen);
    double begin = clock_seconds();
    pp_result result;
    assert_int_equal(pp_count(session, 0, 3000000, &result), PP_OK);
    double seconds = clock_seconds() - begin;
    assert_int_equal(result.count, 216816);
    assert_int_equal(seen.wrong, 0);
    assert_true(seen.calls <= 20 * seconds + 1);
    unsigned before = seen.calls;
    pp_session_on_progress(session, NULL, NULL);
    assert_int_equal(pp_count(session, 0, 3000000, NULL), PP_OK);
    assert_int_equal(seen.calls, before);
    pp_session_close(session);
}

/* ---- from elsewhere ------------------------------------------------------------------------ */

static void *cancel_soon(void *session) {
    struct timespec pause = {0, 30 * 1000 * 1000};
    nanosleep(&pause, NULL);
    pp_session_cancel(session);
    return NULL;
}

static pp_status ignore(void *user, const void *bytes, size_t n_bytes) {
    (void)user, (void)bytes, (void)n_bytes;
    return PP_OK;
}

static void check_other_thread(pp_session *session) {
    for (int list = 0; list < 2; list++) {
        pp_list_callback callback = {.emit = ignore};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, cancel_soon, session), 0);
        pp_status status =
            list ? pp_list(session, 0, ENDLESS, &callback) : pp_count(session, 0, ENDLESS, NULL);
        pthread_join(thread, NULL);
        assert_cancelled(session, status);
    }
}

static void test_from_another_thread(void **state) {
    (void)state;
    each_session(check_other_thread);
}

static pp_session *interrupted;

static void on_signal(int number) {
    (void)number;
    pp_session_cancel(interrupted);
}

static void check_signal(pp_session *session) {
    interrupted = session;
    struct sigaction action = {.sa_handler = on_signal}, before;
    sigemptyset(&action.sa_mask);
    assert_int_equal(sigaction(SIGVTALRM, &action, &before), 0);
    struct itimerval soon = {{0, 0}, {0, 20000}};
    assert_int_equal(setitimer(ITIMER_VIRTUAL, &soon, NULL), 0);
    assert_cancelled(session, pp_count(session, ENDLESS, 2 * ENDLESS, NULL));
    assert_int_equal(sigaction(SIGVTALRM, &before, NULL), 0);
}

static void test_from_a_signal_handler(void **state) {
    (void)state;
    each_session(check_signal);
}

/* While the base primes up to 2^32 are still being made. */
static void test_while_preparing(void **state) {
    (void)state;
    pp_session *session = open_session("serial", 0, PP_METHOD_SIEVE, 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, session), 0);
    pp_status status = pp_count(session, UINT64_MAX - 1000, UINT64_MAX, NULL);
    pthread_join(thread, NULL);
    assert_cancelled(session, status);
    pp_session_close(session);
}

static pp_status cancel_at_first(void *user, const void *bytes, size_t n_bytes) {
    (void)bytes, (void)n_bytes;
    pp_session_cancel(user);
    return PP_OK;
}

static void check_emit(pp_session *session) {
    for (int order = PP_ORDER_ASCENDING; order <= PP_ORDER_COMPLETION; order++) {
        pp_list_callback callback = {
            .user = session, .order = (pp_order)order, .emit = cancel_at_first};
        assert_cancelled(session, pp_list(session, 0, ENDLESS, &callback));
    }
}

static void test_from_emit(void **state) {
    (void)state;
    each_session(check_emit);
}

/* ---- before a job -------------------------------------------------------------------------- */

static void check_before(pp_session *session) {
    uint64_t numbers[] = {2, 3, 4}, bitmap = 0;
    pp_list_callback callback = {.emit = ignore};
    pp_session_cancel(session);
    pp_session_cancel(session); /* twice is once */
    assert_cancelled(session, pp_count(session, 0, ENDLESS, NULL));
    assert_int_equal(pp_count(session, 0, 100, NULL), PP_OK);
    pp_session_cancel(session);
    assert_cancelled(session, pp_list(session, 0, 100, &callback));
    assert_int_equal(pp_list(session, 0, 100, &callback), PP_OK);
    pp_session_cancel(session);
    assert_cancelled(session, pp_test(session, numbers, 3, &bitmap));
    assert_int_equal(pp_test(session, numbers, 3, &bitmap), PP_OK);
    assert_int_equal(bitmap, 3);
}

static void test_before_a_job(void **state) {
    (void)state;
    each_session(check_before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_from_progress, start_alarm, end_alarm),
        cmocka_unit_test_setup_teardown(test_progress_rate, start_alarm, end_alarm),
        cmocka_unit_test_setup_teardown(test_from_another_thread, start_alarm, end_alarm),
        cmocka_unit_test_setup_teardown(test_from_a_signal_handler, start_alarm, end_alarm),
        cmocka_unit_test_setup_teardown(test_while_preparing, start_alarm, end_alarm),
        cmocka_unit_test_setup_teardown(test_from_emit, start_alarm, end_alarm),
        cmocka_unit_test_setup_teardown(test_before_a_job, start_alarm, end_alarm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
