/*
 * After fork() the child has none of the threads that the parent's OpenMP runtime counts on. A
 * job there must neither hang nor be wrong, with the parent's session and with a new one, and
 * so in the child of the child. An alarm ends a child that hangs.
 */
#include "support/support.h"

#include <sys/wait.h>
#include <unistd.h>

static const uint64_t HI = 2000000, PRIMES = 148933;

static const char *backend(void) {
    return backend_usable("openmp") ? "openmp" : "serial";
}

static pp_session *session_of_many(void) {
    return open_session(backend(), backend_usable("openmp") ? 4 : 1, PP_METHOD_SIEVE, 24000);
}

/* 0 if a count is right, and took the threads it should. No asserts: children use this. */
static int count(pp_session *session) {
    pp_result result;
    if (pp_count(session, 0, HI, &result) != PP_OK)
        return 1;
    if (result.count != PRIMES)
        return 2;
    return backend_usable("openmp") && result.threads != 4 ? 3 : 0;
}

static pp_status ignore(void *user, const void *bytes, size_t n_bytes) {
    (void)bytes;
    *(size_t *)user += n_bytes / sizeof(uint64_t);
    return PP_OK;
}

static int list(pp_session *session) {
    size_t n = 0;
    pp_list_callback callback = {.user = &n, .emit = ignore};
    if (pp_list(session, 0, HI, &callback) != PP_OK)
        return 4;
    return n == PRIMES ? 0 : 5;
}

static int jobs_in_child(pp_session *session) {
    int failed = count(session);
    failed = failed ? failed : list(session);
    failed = failed ? failed : count(session); /* once more, with what the first left behind */
    pp_session *own = NULL;
    pp_session_options options = PP_SESSION_OPTIONS_INIT;
    options.backend = backend();
    options.threads = backend_usable("openmp") ? 4 : 1;
    options.method = PP_METHOD_MR;
    if (!failed && pp_session_open(&options, &own, NULL) != PP_OK)
        failed = 6;
    failed = failed ? failed : count(own);
    pp_session_close(own);
    return failed;
}

/* Waits for a child, which must end by itself. */
static int exit_of(pid_t child) {
    int how = 0;
    if (child < 0 || waitpid(child, &how, 0) != child)
        return 100;
    return WIFEXITED(how) ? WEXITSTATUS(how) : 100 + WTERMSIG(how);
}

static int in_child(int (*jobs)(pp_session *), pp_session *session) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(60);
        _exit(jobs(session));
    }
    return exit_of(child);
}

static void test_child(void **state) {
    (void)state;
    pp_session *session = session_of_many();
    assert_int_equal(count(session), 0); /* the parent's threads are there now */
    for (int i = 0; i < 3; i++)
        assert_int_equal(in_child(jobs_in_child, session), 0);
    assert_int_equal(count(session), 0); /* and the parent is none the worse */
    pp_session_close(session);
}

static int jobs_in_child_and_grandchild(pp_session *session) {
    int failed = jobs_in_child(session);
    return failed ? failed : in_child(jobs_in_child, session);
}

static void test_grandchild(void **state) {
    (void)state;
    pp_session *session = session_of_many();
    assert_int_equal(count(session), 0);
    assert_int_equal(in_child(jobs_in_child_and_grandchild, session), 0);
    pp_session_close(session);
}

/* The child does nothing itself before its own child does. */
static int only_grandchild(pp_session *session) {
    return in_child(jobs_in_child, session);
}

static void test_grandchild_of_an_idle_child(void **state) {
    (void)state;
    pp_session *session = session_of_many();
    assert_int_equal(count(session), 0);
    assert_int_equal(in_child(only_grandchild, session), 0);
    pp_session_close(session);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_child),
        cmocka_unit_test(test_grandchild),
        cmocka_unit_test(test_grandchild_of_an_idle_child),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
