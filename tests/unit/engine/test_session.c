/*
 * Opening sessions: what is refused and in which words, what is chosen when nothing is asked,
 * and what a session says of its last job. Threads by OMP_NUM_THREADS are tried by running this
 * program again, since the OpenMP runtime reads its environment before main.
 */
#include "base/cpu.h"
#include "engine/session.h"
#include "math/batch.h"
#include "support/support.h"

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

static const unsigned NO = 0;

/* ---- options ------------------------------------------------------------------------------- */

static void refused(pp_session_options options, pp_status expected) {
    pp_session *session = (pp_session *)&options;
    pp_error error = {PP_OK, 7, ""};
    pp_status status = pp_session_open(&options, &session, &error);
    if (status != expected || error.status != expected || !error.message[0] || error.offset)
        fail_msg("backend %s, device %s, simd %s, %u threads, method %d: %s, \"%s\"",
                 options.backend ? options.backend : "-", options.device ? options.device : "-",
                 options.simd ? options.simd : "-", options.threads, (int)options.method,
                 pp_status_name(status), error.message);
    assert_null(session);
    assert_int_equal(error.message[strlen(error.message) - 1] == '.', 0);
    assert_int_equal(pp_session_open(&options, &session, NULL), expected);
}

static void test_refusals(void **state) {
    (void)state;
    static const char nonsense[] = "no such thing, with a name so long that a message which "
                                   "quotes it whole would hardly have room for anything else, and "
                                   "here it still goes on, until it is longer than any message";
    static const struct {
        pp_session_options options;
        pp_status status;
    } cases[] = {
        {{.backend = "nope"}, PP_ERR_USAGE},
        {{.backend = ""}, PP_ERR_USAGE},
        {{.backend = "Serial"}, PP_ERR_USAGE},
        {{.backend = nonsense}, PP_ERR_USAGE},
        {{.simd = "sse"}, PP_ERR_USAGE},
        {{.simd = ""}, PP_ERR_USAGE},
        {{.simd = nonsense}, PP_ERR_USAGE},
        {{.threads = 4097}, PP_ERR_USAGE},
        {{.threads = UINT32_MAX}, PP_ERR_USAGE},
        {{.backend = "serial", .threads = 4097}, PP_ERR_USAGE},
        {{.backend = "serial", .threads = 2}, PP_ERR_USAGE},
        {{.method = (pp_method)6}, PP_ERR_USAGE},
        {{.method = (pp_method)-1}, PP_ERR_USAGE},
        {{.backend = "opencl", .method = PP_METHOD_PI}, PP_ERR_UNAVAILABLE},
        {{.device = "nope"}, PP_ERR_UNAVAILABLE},
        {{.device = nonsense}, PP_ERR_UNAVAILABLE},
        {{.backend = "serial", .device = "openmp:0"}, PP_ERR_UNAVAILABLE},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        refused(cases[i].options, cases[i].status);
    pp_error error = {PP_OK, 0, ""};
    assert_int_equal(pp_session_open(NULL, NULL, &error), PP_ERR_USAGE);
    assert_true(error.status == PP_ERR_USAGE && error.message[0]);
}

/* A level is the highest that may run; the result says which did. */
static void test_simd_levels(void **state) {
    (void)state;
    static const char *const levels[] = {"auto", "none", "avx2", "avx512"};
    for (size_t i = 0; i < COUNT_OF(levels); i++) {
        pp_session_options options = {
            .backend = "serial", .simd = levels[i], .method = PP_METHOD_MR};
        pp_session *session;
        pp_error error;
        pp_status status = pp_session_open(&options, &session, &error);
        assert_int_equal(status, i == 0 || cpu_has_simd(levels[i]) ? PP_OK : PP_ERR_UNAVAILABLE);
        if (status == PP_OK) {
            assert_int_equal(pp_count(session, 0, 1000, NULL), PP_OK);
            assert_int_equal(pp_session_result(session)->count, 168);
            assert_string_equal(pp_session_result(session)->simd, batch_kernel(levels[i])->simd);
        } else {
            assert_non_null(strstr(error.message, levels[i]));
        }
        pp_session_close(session);
        /* Trial division is portable code alone, and says so. */
        options.method = PP_METHOD_TRIAL;
        if (pp_session_open(&options, &session, NULL) != PP_OK)
            continue;
        assert_int_equal(pp_count(session, 0, 1000, NULL), PP_OK);
        assert_string_equal(pp_session_result(session)->simd, "none");
        pp_session_close(session);
    }
}

static void test_devices_by_id_and_name(void **state) {
    (void)state;
    static pp_device devices[64];
    size_t n = 0;
    assert_int_equal(pp_devices(devices, COUNT_OF(devices), &n), PP_OK);
    for (size_t i = 0; i < n; i++) {
        pp_session_options by_id = {.device = devices[i].id};
        if (!devices[i].usable) {
            refused(by_id, PP_ERR_UNAVAILABLE);
            continue;
        }
        pp_session *session;
        assert_int_equal(pp_session_open(&by_id, &session, NULL), PP_OK);
        assert_int_equal(pp_count(session, 0, 1000000, NULL), PP_OK);
        assert_string_equal(pp_session_result(session)->backend, devices[i].backend);
        pp_session_close(session);
        pp_session_options by_name = {.backend = devices[i].backend,
                                      .device = devices[i].name + strlen(devices[i].name) / 2};
        assert_int_equal(pp_session_open(&by_name, &session, NULL), PP_OK);
        pp_session_close(session);
    }
}

static void test_method_names(void **state) {
    (void)state;
    static const char *const names[] = {"auto", "trial", "mr", "sieve", "hybrid", "pi"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        pp_method method = (pp_method)99;
        assert_string_equal(pp_method_name((pp_method)i), names[i]);
        assert_true(pp_method_from_name(names[i], &method));
        assert_int_equal(method, i);
    }
    pp_method untouched = (pp_method)99;
    assert_null(pp_method_name((pp_method)6));
    assert_null(pp_method_name((pp_method)-1));
    assert_false(pp_method_from_name("", &untouched));
    assert_false(pp_method_from_name("Sieve", &untouched));
    assert_false(pp_method_from_name("sieve ", &untouched));
    assert_int_equal(untouched, 99);
}

/* ---- auto ---------------------------------------------------------------------------------- */

static void check_auto(unsigned threads, uint64_t hi, uint64_t primes, const char *backend) {
    pp_session *session = open_session(threads % 2 ? "auto" : NULL, threads, PP_METHOD_AUTO, 0);
    pp_result result;
    assert_int_equal(pp_count(session, 0, hi, &result), PP_OK);
    assert_true(result.count == primes);
    assert_string_equal(result.backend, backend);
    assert_int_not_equal(result.method, PP_METHOD_AUTO);
    pp_session_close(session);
}

/* Small jobs stay on one thread; long ones use threads where there is a backend for them. */
static void test_auto_chooses(void **state) {
    (void)state;
    const char *many = backend_usable("openmp") ? "openmp" : "serial";
    check_auto(0, 100, 25, "serial");
    check_auto(0, 100000000, 5761455, many);
    check_auto(1, 100000000, 5761455, "serial");
    if (!backend_usable("openmp")) {
        refused((pp_session_options){.threads = 3}, PP_ERR_UNAVAILABLE);
        return;
    }
    check_auto(3, 100, 25, "serial");
    check_auto(3, 100000000, 5761455, "openmp");
}

static void test_null_options(void **state) {
    (void)state;
    pp_session *session = NULL;
    assert_int_equal(pp_session_open(NULL, &session, NULL), PP_OK);
    assert_int_equal(pp_count(session, 0, 1000, NULL), PP_OK);
    assert_int_equal(pp_session_result(session)->count, 168);
    pp_session_close(session);
    pp_session_close(NULL);
}

/* ---- result and error ---------------------------------------------------------------------- */

static pp_status refuse(void *user, const void *bytes, size_t n_bytes) {
    (void)user, (void)bytes, (void)n_bytes;
    return PP_ERR_IO;
}

/* A job that works, then one that fails: nothing of the first may be left. */
static void check_no_result_after(pp_session *session, int failure) {
    uint64_t bitmap, seven = 7;
    pp_list_callback callback = {.emit = refuse};
    assert_int_equal(pp_count(session, 0, 100, NULL), PP_OK);
    assert_non_null(pp_session_result(session));
    assert_int_equal(pp_session_error(session)->status, PP_OK);
    pp_result untouched;
    memset(&untouched, 0x5a, sizeof untouched);
    pp_status expected = PP_ERR_USAGE, status = PP_OK;
    switch (failure) {
    case 0:
        status = pp_count(session, 5, 4, &untouched);
        break;
    case 1:
        status = pp_list(session, UINT64_MAX, 0, &callback);
        break;
    case 2:
        status = pp_list(session, 0, 100, NULL);
        break;
    case 3:
        status = pp_test(session, NULL, 1, &bitmap);
        break;
    case 4:
        status = pp_test(session, &seven, 1, NULL);
        break;
    case 5:
        callback.emit = NULL;
        status = pp_list(session, 0, 100, &callback);
        break;
    case 6:
        expected = PP_ERR_IO;
        status = pp_list(session, 0, 100, &callback);
        break;
    default:
        expected = PP_ERR_CANCELLED;
        pp_session_cancel(session);
        status = pp_count(session, 0, 100, &untouched);
    }
    assert_int_equal(status, expected);
    assert_int_equal(pp_session_error(session)->status, expected);
    assert_true(pp_session_error(session)->message[0] != '\0');
    if (pp_session_result(session))
        fail_msg("failure %d leaves the result of the job before", failure);
    for (size_t i = 0; i < sizeof untouched; i++)
        assert_int_equal(((uint8_t *)&untouched)[i], 0x5a);
}

static void test_result_and_error(void **state) {
    (void)state;
    pp_session *session = open_session(NULL, NO, PP_METHOD_AUTO, 0);
    assert_null(pp_session_result(session));
    assert_non_null(pp_session_error(session));
    assert_int_equal(pp_session_error(session)->status, PP_OK);
    for (int failure = 0; failure < 8; failure++)
        check_no_result_after(session, failure);
    assert_int_equal(pp_count(session, 0, 100, NULL), PP_OK);
    assert_int_equal(pp_session_result(session)->count, 25);
    pp_session_close(session);
}

static void test_no_session(void **state) {
    (void)state;
    uint64_t number = 7, bitmap;
    pp_list_callback callback = {.emit = refuse};
    assert_int_equal(pp_count(NULL, 0, 1, NULL), PP_ERR_USAGE);
    assert_int_equal(pp_test(NULL, &number, 1, &bitmap), PP_ERR_USAGE);
    assert_int_equal(pp_list(NULL, 0, 1, &callback), PP_ERR_USAGE);
}

/* ---- many sessions ------------------------------------------------------------------------- */

static unsigned open_files(void) {
    DIR *folder = opendir("/proc/self/fd");
    unsigned n = 0;
    while (folder && readdir(folder))
        n++;
    if (folder)
        closedir(folder);
    return n;
}

/* Memory is the leak checker's to watch; files are counted here. */
static void test_a_thousand_sessions(void **state) {
    (void)state;
    unsigned files = open_files();
    for (unsigned i = 0; i < 1000; i++) {
        pp_session *session = open_session(i % 2 ? NULL : "serial", NO, PP_METHOD_AUTO, 0);
        if (i % 10 == 0)
            assert_int_equal(pp_count(session, 0, i, NULL), PP_OK);
        pp_session_close(session);
    }
    assert_int_equal(open_files(), files);
}

/* Opened together, used in turn. */
static void test_several_at_once(void **state) {
    (void)state;
    pp_session *sessions[20];
    for (size_t i = 0; i < COUNT_OF(sessions); i++)
        sessions[i] = open_session(NULL, NO, i % 2 ? PP_METHOD_SIEVE : PP_METHOD_MR, 0);
    for (size_t i = 0; i < COUNT_OF(sessions); i++)
        assert_int_equal(pp_count(sessions[i], 0, 1000 * (i + 1), NULL), PP_OK);
    for (size_t i = 0; i < COUNT_OF(sessions); i += 2) /* the same primes by both methods */
        assert_true(pp_session_result(sessions[i])->count <
                    pp_session_result(sessions[i + 1])->count);
    assert_true(pp_session_result(sessions[0])->count == 168);
    for (size_t i = 0; i < COUNT_OF(sessions); i++)
        pp_session_close(sessions[i]);
}

/* ---- the environment ----------------------------------------------------------------------- */

/* Runs this program again with a variable set; returns what it was asked to say. */
static int run_again(const char *variable, const char *value, const char *what) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (value)
            setenv(variable, value, 1);
        if (!freopen("/dev/null", "w", stderr)) /* the runtime complains of values it refuses */
            _exit(120);
        execl("/proc/self/exe", "test_session", what, (char *)NULL);
        _exit(121);
    }
    int how = 0;
    assert_true(child > 0 && waitpid(child, &how, 0) == child && WIFEXITED(how));
    return WEXITSTATUS(how);
}

/* The threads that a long job took. */
static int threads_with(const char *variable, const char *value) {
    return run_again(variable, value, "threads");
}

static int say_threads(void) {
    pp_session *session;
    pp_session_options options = {
        .backend = "openmp", .method = PP_METHOD_SIEVE, .unit_size = 24000};
    if (pp_session_open(&options, &session, NULL) != PP_OK)
        return 122;
    pp_result result;
    if (pp_count(session, 0, 1000000, &result) != PP_OK || result.count != 78498)
        return 123;
    pp_session_close(session);
    return (int)result.threads;
}

/* Whether the threads that a job would take are at most as many as may be asked for. */
static int say_bounded(void) {
    pp_session *session;
    pp_session_options options = {.backend = "openmp"};
    if (pp_session_open(&options, &session, NULL) != PP_OK)
        return 122;
    struct job job = {.question = QUESTION_COUNT, .method = PP_METHOD_MR};
    struct shape shape;
    session->opened[0].backend->shape(session->opened[0].state, &job, &shape);
    unsigned threads = shape.workers;
    pp_session_close(session);
    return threads > 1000 && threads <= 4096;
}

static void test_omp_num_threads(void **state) {
    (void)state;
    if (!backend_usable("openmp"))
        skip();
    unsetenv("OMP_NUM_THREADS");
    if (threads_with("OMP_NUM_THREADS", NULL) == 121)
        skip(); /* an emulator, under which no program starts another */
    const int usual = (int)cpu_allowed();
    assert_int_equal(threads_with("OMP_NUM_THREADS", NULL), usual);
    assert_int_equal(threads_with("OMP_NUM_THREADS", "1"), 1);
    assert_int_equal(threads_with("OMP_NUM_THREADS", "3"), 3);
    assert_int_equal(threads_with("OMP_NUM_THREADS", "5,2"), 5);
    assert_int_equal(run_again("OMP_NUM_THREADS", "100000", "bounded"), 1);
    /* Fewer threads than asked for still give the whole answer. */
    assert_int_equal(threads_with("OMP_THREAD_LIMIT", "1"), 1);
    /* libomp 14 ends the process at some of these, before main has begun. */
    static const char *const nonsense[] = {"-1", "0", "", "many", "99999999999999999999x"};
    for (size_t i = 0; i < COUNT_OF(nonsense) && strstr(pp_build()->openmp, "libgomp"); i++)
        assert_int_equal(threads_with("OMP_NUM_THREADS", nonsense[i]), usual);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "threads") == 0)
        return say_threads();
    if (argc > 1 && strcmp(argv[1], "bounded") == 0)
        return say_bounded();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_simd_levels),
        cmocka_unit_test(test_devices_by_id_and_name),
        cmocka_unit_test(test_method_names),
        cmocka_unit_test(test_auto_chooses),
        cmocka_unit_test(test_null_options),
        cmocka_unit_test(test_result_and_error),
        cmocka_unit_test(test_no_session),
        cmocka_unit_test(test_a_thousand_sessions),
        cmocka_unit_test(test_several_at_once),
        cmocka_unit_test(test_omp_num_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
