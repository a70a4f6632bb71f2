/*
 * A device that is wrong, fails or hangs. OpenCL's calls are those below, which do what the real
 * ones do and then, when they are told to, something else.
 */
#define CL_TARGET_OPENCL_VERSION 120
#include "support/support.h"

#include <CL/cl.h>
#include <dlfcn.h>
#include <stdatomic.h>

/* ---- what goes wrong ---- */

/* With the launch of any kernel, that is said to have been as it should: */
enum amiss {
    RIGHT,
    LEFT_OUT,
    SHORT, /* its last work-group is left out, */
    HALF,  /* or its second half, and the first one runs twice */
    TWICE,
    AMISS
};

static struct {
    enum amiss amiss;
    int launch; /* that it befalls, of this number, from 1; all kernels count */
    bool befell;
    /* Of the read-backs from now on the one of this number, from 1; 0: none, -1: all. */
    int corrupt;
    size_t place; /* the word that is changed, counted from the end if that is nearer */
    int kernel;   /* the launch of this number, counted in the same way: */
    int up_to;    /* and those up to this one */
    cl_int code;  /*   fails to be enqueued, */
    bool skip;    /*   or is not done, */
    bool stray;   /*   or writes beyond its buffers, */
    bool wrong;   /*   or computes something else */
    cl_int event; /* what events tell from then on instead of being complete */
    int unasked;  /* so many questions about events fail from now on */
} plan;
static int n_reads, n_kernels, n_launches;

static bool is_planned(int number, int planned) {
    return planned == -1 || number == planned;
}

static void *real(const char *name) {
    static void *library;
    if (!library)
        library = dlopen("libOpenCL.so.1", RTLD_NOW);
    void *function = library ? dlsym(library, name) : NULL;
    if (!function)
        abort();
    return function;
}
#define REAL(name) ((__typeof__(&(name)))real(#name))

static void corrupt(uint64_t *words, size_t n) {
    if (++n_reads && is_planned(n_reads, plan.corrupt) && n)
        words[plan.place % n] ^= UINT64_C(1) << (plan.place * 7 % 64);
}

void *clEnqueueMapBuffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
                         cl_map_flags flags, size_t offset, size_t size, cl_uint n_events,
                         const cl_event *events, cl_event *event, cl_int *code) {
    void *at = REAL(clEnqueueMapBuffer)(queue, buffer, blocking, flags, offset, size, n_events,
                                        events, event, code);
    if (*code == CL_SUCCESS && flags == CL_MAP_READ) {
        REAL(clFinish)(queue);
        corrupt(at, size / 8);
    }
    return at;
}

cl_int clEnqueueReadBuffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset,
                           size_t size, void *to, cl_uint n_events, const cl_event *events,
                           cl_event *event) {
    (void)blocking;
    cl_int code = REAL(clEnqueueReadBuffer)(queue, buffer, CL_TRUE, offset, size, to, n_events,
                                            events, event);
    corrupt(to, size / 8);
    return code;
}

/* Buffers that have parts, and the part of the first: the sums. */
enum { MOST_BUFFERS = 64 };
static struct {
    cl_mem whole, part;
    cl_buffer_region region;
} parts[MOST_BUFFERS];
static size_t n_parts;

cl_mem clCreateSubBuffer(cl_mem buffer, cl_mem_flags flags, cl_buffer_create_type type,
                         const void *region, cl_int *code) {
    cl_mem part = REAL(clCreateSubBuffer)(buffer, flags, type, region, code);
    if (n_parts < MOST_BUFFERS) {
        parts[n_parts].whole = buffer;
        parts[n_parts].part = part;
        parts[n_parts++].region = *(const cl_buffer_region *)region;
    }
    return part;
}

static void write_word(cl_command_queue queue, cl_mem buffer, size_t at, uint32_t word) {
    if (REAL(clEnqueueWriteBuffer)(queue, buffer, CL_TRUE, at, sizeof word, &word, 0, NULL, NULL) !=
        CL_SUCCESS)
        abort();
}

/* Where the kernel that is set up last puts its sums: its second argument. */
static cl_mem last_sums;

cl_int clSetKernelArg(cl_kernel kernel, cl_uint index, size_t size, const void *value) {
    if (index == 1 && size == sizeof(cl_mem) && value)
        for (size_t i = 0; i < n_parts; i++)
            if (memcmp(value, &parts[i].part, size) == 0)
                last_sums = parts[i].part;
    return REAL(clSetKernelArg)(kernel, index, size, value);
}

/* The first work-groups of a launch; none is no command. */
static void enqueue_groups(cl_command_queue queue, cl_kernel kernel, size_t groups, size_t local) {
    size_t global = groups * local;
    if (groups && REAL(clEnqueueNDRangeKernel)(queue, kernel, 1, NULL, &global, &local, 0, NULL,
                                               NULL) != CL_SUCCESS)
        abort();
}

/* The same answer and the same event as if the kernel had been enqueued as it should. */
static cl_int enqueue_amiss(cl_command_queue queue, cl_kernel kernel, size_t global, size_t local,
                            cl_event *event) {
    static const struct {
        size_t lacks_groups, shares, times;
    } how[AMISS] = {[SHORT] = {1, 1, 1}, [HALF] = {0, 2, 2}, [TWICE] = {0, 1, 2}};
    size_t groups = global / local - how[plan.amiss].lacks_groups;
    plan.befell = true;
    for (size_t i = 0; i < how[plan.amiss].times; i++)
        enqueue_groups(queue, kernel, groups / how[plan.amiss].shares, local);
    return clEnqueueMarkerWithWaitList(queue, 0, NULL, event);
}

cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
                              const size_t *offset, const size_t *global, const size_t *local,
                              cl_uint n_events, const cl_event *events, cl_event *event) {
    char name[64] = "";
    clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof name, name, NULL);
    bool answers = strcmp(name, "pp_sieve_segments") == 0 || strcmp(name, "pp_sieve_tiles") == 0;
    if (answers)
        n_kernels++;
    bool planned = answers && (is_planned(n_kernels, plan.kernel) || n_kernels <= plan.up_to);
    if (planned && plan.code)
        return plan.code;
    if (planned && plan.skip)
        return clEnqueueMarkerWithWaitList(queue, n_events, events, event);
    n_launches++;
    if (plan.amiss && is_planned(n_launches, plan.launch))
        return enqueue_amiss(queue, kernel, *global, *local, event);
    cl_int code = REAL(clEnqueueNDRangeKernel)(queue, kernel, dimensions, offset, global, local,
                                               n_events, events, event);
    if (planned && plan.stray)
        for (size_t i = 0; i < n_parts; i++) {
            size_t begin = parts[i].region.origin, end = begin + parts[i].region.size;
            if (i % 2 == plan.place % 2)
                write_word(queue, parts[i].whole, plan.place < 2 ? begin - 4 : end, 0);
        }
    if (planned && plan.wrong && last_sums) {
        REAL(clFinish)(queue);
        write_word(queue, last_sums, 0, 7);
    }
    return code;
}

cl_int clGetEventInfo(cl_event event, cl_event_info what, size_t size, void *value, size_t *out) {
    if (plan.unasked && plan.unasked--)
        return CL_INVALID_EVENT;
    cl_int code = REAL(clGetEventInfo)(event, what, size, value, out);
    if (plan.event && n_kernels >= plan.kernel && what == CL_EVENT_COMMAND_EXECUTION_STATUS)
        *(cl_int *)value = plan.event;
    return code;
}

/* ---- the tests ---- */

static const char *const kernels[] = {"cpu", "gpu"};
static const uint64_t LO = 1000000, HI = 1999999, PRIMES = 70435;

static pp_session *open_method(pp_method method, size_t kind, double verify, double timeout) {
    memset(&plan, 0, sizeof plan);
    pp_session_options options = {.backend = "opencl",
                                  .kernels = kernels[kind],
                                  .method = method,
                                  .verify = verify,
                                  .unit_size = 240 * 100,
                                  .device_timeout = timeout};
    pp_session *session;
    pp_error error;
    if (pp_session_open(&options, &session, &error) != PP_OK)
        fail_msg("%s", error.message);
    /* Base primes and all that is compiled. */
    assert_int_equal(pp_count(session, LO, HI, NULL), PP_OK);
    assert_int_equal(pp_session_result(session)->retried, 0);
    assert_string_equal(pp_session_result(session)->fault, "");
    n_parts = 0;
    last_sums = NULL;
    n_reads = n_kernels = n_launches = 0;
    return session;
}

static pp_session *open_kind(size_t kind, double verify, double timeout) {
    return open_method(PP_METHOD_SIEVE, kind, verify, timeout);
}

static pp_status add_up(void *user, const void *bytes, size_t n) {
    uint64_t *sum = user;
    for (size_t i = 0; i < n / 8; i++)
        *sum += ((const uint64_t *)bytes)[i];
    return PP_OK;
}

enum question { COUNT, LIST, TEST, QUESTIONS };

static uint64_t numbers[10000], bitmap[sizeof numbers / sizeof *numbers / 64 + 1];

/* What a job came to; the sum is of a list, or of the words of a test. */
struct answer {
    pp_status status;
    uint64_t count, digest, sum;
};

static struct answer answer_of(pp_session *session, enum question question, uint64_t lo,
                               uint64_t hi) {
    struct answer answer = {.sum = 0};
    pp_list_callback callback = {.user = &answer.sum, .emit = add_up};
    n_reads = n_kernels = n_launches = 0;
    if (question == COUNT)
        answer.status = pp_count(session, lo, hi, NULL);
    else if (question == LIST)
        answer.status = pp_list(session, lo, hi, &callback);
    else {
        size_t n = (size_t)(hi - lo + 1);
        for (size_t i = 0; i < n; i++)
            numbers[i] = lo + i;
        answer.status = pp_test(session, numbers, n, bitmap);
        for (size_t i = 0; i < (n + 63) / 64; i++)
            answer.sum += bitmap[i] * (2 * i + 1);
    }
    answer.count = pp_session_result(session)->count;
    answer.digest = pp_session_result(session)->digest;
    return answer;
}

/* One job, whose answer is right if the status is. */
static pp_status ask(pp_session *session, enum question question) {
    n_parts = 0;
    last_sums = NULL;
    n_reads = n_kernels = 0;
    uint64_t sum = 0, count = PRIMES;
    pp_list_callback callback = {.user = &sum, .emit = add_up};
    pp_status status = PP_OK;
    if (question == COUNT)
        status = pp_count(session, LO, HI, NULL);
    else if (question == LIST)
        status = pp_list(session, LO, HI, &callback);
    else {
        for (size_t i = 0; i < COUNT_OF(numbers); i++)
            numbers[i] = LO + i;
        status = pp_test(session, numbers, COUNT_OF(numbers), bitmap);
        count = 753; /* pi(1009999) - pi(999999), as by primesieve */
    }
    if (status == PP_OK && pp_session_result(session)->count != count)
        fail_msg("a wrong count, %llu, that nobody noticed",
                 ULL(pp_session_result(session)->count));
    if (status == PP_OK && question == LIST && sum != UINT64_C(105363426899))
        fail_msg("a wrong list, of sum %llu, that nobody noticed", ULL(sum));
    return status;
}

static void assert_tells(pp_session *session, const char *text) {
    if (!strstr(pp_session_error(session)->message, text))
        fail_msg("no '%s' in: %s", text, pp_session_error(session)->message);
}

/* Whatever word of whatever read-back is changed: once it is made good, always it is reported. */
static void test_read_backs(void **state) {
    (void)state;
    if (!backend_usable("opencl"))
        skip();
    for (size_t kind = 0; kind < COUNT_OF(kernels); kind++) {
        pp_session *session = open_kind(kind, -1, 0);
        for (enum question question = COUNT; question < QUESTIONS; question++) {
            plan.corrupt = 0;
            assert_int_equal(ask(session, question), PP_OK);
            int all = n_reads;
            assert_true(all >= 2);
            for (int read = 1; read <= all; read++)
                for (size_t place = 0; place < 12; place++) {
                    plan.corrupt = read;
                    plan.place = place * place;
                    assert_int_equal(ask(session, question), PP_OK);
                    assert_int_equal(pp_session_result(session)->retried, 1);
                    assert_true(pp_session_result(session)->fault[0] != '\0');
                }
            plan.corrupt = -1;
            assert_int_equal(ask(session, question), PP_ERR_DISAGREE);
            assert_tells(session, "device ");
            /* Of a job that has tables, these are what cannot be read back first. */
            if (!strstr(pp_session_error(session)->message, " table of "))
                assert_tells(session, "unit");
            assert_tells(session, "tried 3 times: ");
            /* Nothing of it clings to the session. */
            plan.corrupt = 0;
            assert_int_equal(ask(session, question), PP_OK);
            assert_int_equal(pp_session_result(session)->retried, 0);
        }
        pp_session_close(session);
    }
}

/* A launch that fails; two that do, and the third is right; three. */
static void test_third_time(void **state) {
    (void)state;
    if (!backend_usable("opencl"))
        skip();
    for (size_t kind = 0; kind < COUNT_OF(kernels); kind++) {
        pp_session *session = open_kind(kind, -1, 0);
        plan.kernel = 1;
        plan.code = CL_OUT_OF_RESOURCES;
        assert_int_equal(ask(session, COUNT), PP_OK);
        assert_int_equal(pp_session_result(session)->retried, 1);
        assert_non_null(strstr(pp_session_result(session)->fault, "CL_OUT_OF_RESOURCES"));
        plan.kernel = -1;
        assert_int_equal(ask(session, COUNT), PP_ERR_INTERNAL);
        assert_tells(session, "CL_OUT_OF_RESOURCES");
        /* Of one launch, so that the first two are tries of the same. */
        pp_session_close(session);
        session = open_kind(kind, -1, 0);
        plan.code = CL_OUT_OF_RESOURCES;
        plan.up_to = 2;
        pp_result result;
        assert_int_equal(pp_count(session, LO, LO + 999, &result), PP_OK);
        assert_int_equal(result.count, 75);
        assert_int_equal(result.retried, 2);
        n_kernels = 0;
        plan.up_to = 3;
        assert_int_equal(pp_count(session, LO, LO + 999, NULL), PP_ERR_INTERNAL);
        assert_int_equal(n_kernels, 3);
        pp_session_close(session);
    }
}

/* No memory is not worth trying again. */
static void test_no_memory(void **state) {
    (void)state;
    if (!backend_usable("opencl"))
        skip();
    pp_session *session = open_kind(0, -1, 0);
    plan.kernel = -1;
    plan.code = CL_MEM_OBJECT_ALLOCATION_FAILURE;
    assert_int_equal(ask(session, COUNT), PP_ERR_MEMORY);
    assert_true(n_kernels <= 2);
    pp_session_close(session);
}

/* A launch that does nothing leaves no answer of the one before it. */
static void test_skipped(void **state) {
    (void)state;
    if (!backend_usable("opencl"))
        skip();
    for (size_t kind = 0; kind < COUNT_OF(kernels); kind++) {
        pp_session *session = open_kind(kind, -1, 0);
        plan.skip = true;
        for (int launch = 1; launch < 4; launch++) {
            plan.kernel = launch;
            for (enum question question = COUNT; question <= LIST; question++) {
                assert_int_equal(ask(session, question), PP_OK);
                assert_int_equal(pp_session_result(session)->retried, n_kernels >= launch);
            }
        }
        plan.kernel = -1;
        assert_int_equal(ask(session, COUNT), PP_ERR_DISAGREE);
        assert_int_equal(ask(session, LIST), PP_ERR_DISAGREE);
        pp_session_close(session);
    }
}

/*
 * Whatever launch does not run, or not all of it, or twice: its batch is computed again, though
 * nothing is recomputed on the host. Jobs that go through every kernel, some in several batches or,
 * where kernels come in windows, several of them.
 */
static void test_every_launch(void **state) {
    (void)state;
    static const struct {
        pp_method method;
        enum question question;
        uint64_t lo, hi;
    } jobs[] = {{PP_METHOD_SIEVE, COUNT, 1000000, 1099999},
                {PP_METHOD_SIEVE, LIST, 1000000, 1049999},
                {PP_METHOD_SIEVE, TEST, 1000000, 1001999},
                {PP_METHOD_SIEVE, COUNT, 10000000000, 10000039999}, /* base primes beyond pieces */
                {PP_METHOD_SIEVE, LIST, 10000000000, 10000039999},
                {PP_METHOD_HYBRID, COUNT, UINT64_C(1) << 61, (UINT64_C(1) << 61) + 29999},
                {PP_METHOD_MR, COUNT, 1000000, 1029999},
                {PP_METHOD_MR, TEST, 1000000, 1001999},
                {PP_METHOD_TRIAL, COUNT, 1000000, 1029999},
                {PP_METHOD_TRIAL, LIST, 1000000, 1019999},
                {PP_METHOD_TRIAL, TEST, 10000000000, 10000000499}};
    if (!backend_usable("opencl"))
        skip();
    for (size_t kind = 0; kind < COUNT_OF(kernels); kind++)
        for (size_t job = 0; job < COUNT_OF(jobs); job++) {
            pp_session *session = open_method(jobs[job].method, kind, -1, 0);
            struct answer right =
                answer_of(session, jobs[job].question, jobs[job].lo, jobs[job].hi);
            assert_int_equal(right.status, PP_OK);
            assert_true(n_launches >= 4);
            int befell = 0;
            for (enum amiss amiss = LEFT_OUT; amiss < AMISS; amiss++)
                /* How many there are depends on the time that they take. */
                for (int launch = 1; launch <= 64; launch++) {
                    plan.amiss = amiss;
                    plan.launch = launch;
                    plan.befell = false;
                    struct answer answer =
                        answer_of(session, jobs[job].question, jobs[job].lo, jobs[job].hi);
                    if (answer.status != PP_OK)
                        fail_msg("%s", pp_session_error(session)->message);
                    if (answer.count != right.count || answer.digest != right.digest ||
                        answer.sum != right.sum)
                        fail_msg("launch %d of job %zu amiss (%d), by kernels of kind %zu: a wrong "
                                 "answer that nobody noticed",
                                 launch, job, (int)amiss, kind);
                    if (!plan.befell)
                        break;
                    /* To open the tally twice is no harm. */
                    if (pp_session_result(session)->retried != 1 && amiss != TWICE)
                        fail_msg("launch %d of job %zu amiss (%d), by kernels of kind %zu: "
                                 "not noticed",
                                 launch, job, (int)amiss, kind);
                    befell++;
                }
            assert_true(befell >= 4 * 4);
            plan.amiss = RIGHT;
            pp_session_close(session);
        }
}

/* A launch that is never done, tried as often as can be, is no answer. */
static void test_no_launch(void **state) {
    (void)state;
    if (!backend_usable("opencl"))
        skip();
    for (size_t kind = 0; kind < COUNT_OF(kernels); kind++) {
        pp_session *session = open_method(PP_METHOD_MR, kind, -1, 0);
        plan.amiss = LEFT_OUT;
        plan.launch = -1;
        assert_int_equal(ask(session, COUNT), PP_ERR_DISAGREE);
        assert_tells(session, "of which not every work-group ran, and just once");
        assert_tells(session, "tried 3 times: ");
        pp_session_close(session);
    }
}

/* A kernel that writes just before its buffers, or just behind them. */
static void test_guards(void **state) {
    (void)state;
    if (!backend_usable("opencl"))
        skip();
    for (size_t kind = 0; kind < COUNT_OF(kernels); kind++) {
        pp_session *session = open_kind(kind, -1, 0);
        plan.stray = true;
        for (plan.place = 0; plan.place < 4; plan.place++) {
            plan.kernel = 1;
            assert_int_equal(ask(session, LIST), PP_OK);
            assert_int_equal(pp_session_result(session)->retried, 1);
            assert_non_null(strstr(pp_session_result(session)->fault, "wrote beyond"));
            plan.kernel = -1;
            assert_int_equal(ask(session, LIST), PP_ERR_DISAGREE);
            assert_tells(session, "wrote beyond their buffer of ");
            assert_tells(session, "tried 3 times: ");
        }
        pp_session_close(session);
    }
}

/* A sum that is wrong from the start, and sealed: only the host can tell. */
static void test_verified(void **state) {
    (void)state;
    if (!backend_usable("opencl"))
        skip();
    for (size_t kind = 0; kind < COUNT_OF(kernels); kind++) {
        pp_session *session = open_kind(kind, 100, 0);
        plan.wrong = true;
        plan.kernel = 1;
        assert_int_equal(ask(session, COUNT), PP_OK);
        assert_int_equal(pp_session_result(session)->retried, 1);
        assert_int_equal(pp_session_result(session)->verified, pp_session_result(session)->units);
        assert_non_null(strstr(pp_session_result(session)->fault, "the host finds"));
        plan.kernel = -1;
        assert_int_equal(ask(session, COUNT), PP_ERR_DISAGREE);
        assert_tells(session, "device ");
        assert_tells(session, "unit ");
        assert_tells(session, " computed as 7 primes, digest ");
        assert_tells(session, "the host finds ");
        assert_tells(session, "tried 3 times: ");
        pp_session_close(session);
    }
}

/* An event that fails, and one that never ends: the last test, since the device is lost then. */
static void test_events(void **state) {
    (void)state;
    if (!backend_usable("opencl"))
        skip();
    pp_session *session = open_kind(0, -1, 0.2);
    plan.kernel = 1;
    plan.event = CL_OUT_OF_RESOURCES;
    assert_int_equal(ask(session, COUNT), PP_ERR_INTERNAL);
    assert_tells(session, "CL_OUT_OF_RESOURCES");
    pp_session_close(session);
    /* A question that fails is asked again; one that always does says nothing of the next session.
     */
    session = open_kind(0, -1, 0);
    plan.unasked = 1;
    assert_int_equal(ask(session, COUNT), PP_OK);
    assert_int_equal(pp_session_result(session)->retried, 0);
    plan.unasked = 1000000;
    assert_int_equal(ask(session, COUNT), PP_ERR_INTERNAL);
    assert_tells(session, "CL_INVALID_EVENT");
    pp_session_close(session);
    for (size_t kind = 0; kind < COUNT_OF(kernels); kind++) {
        session = open_kind(kind, -1, 0.2);
        plan.kernel = 1;
        plan.event = CL_RUNNING;
        assert_int_equal(ask(session, COUNT), PP_ERR_UNAVAILABLE);
        assert_tells(session, "hangs");
        assert_tells(session, "within 0.2 s");
        assert_int_equal(ask(session, COUNT), PP_ERR_UNAVAILABLE);
        pp_session_close(session);
        /* It stays lost to this process. */
        memset(&plan, 0, sizeof plan);
        pp_session_options options = {.backend = "opencl", .kernels = kernels[kind]};
        pp_error error;
        assert_int_equal(pp_session_open(&options, &session, &error), PP_ERR_UNAVAILABLE);
        assert_non_null(strstr(error.message, "hangs"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_backs),   cmocka_unit_test(test_third_time),
        cmocka_unit_test(test_no_memory),    cmocka_unit_test(test_skipped),
        cmocka_unit_test(test_every_launch), cmocka_unit_test(test_no_launch),
        cmocka_unit_test(test_guards),       cmocka_unit_test(test_verified),
        cmocka_unit_test(test_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
