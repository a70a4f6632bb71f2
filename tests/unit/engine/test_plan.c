/* The cost rule: sane everywhere, and right where the answer is plain. */
#include "engine/plan.h"

#include "base/cpu.h"
#include "math/segment.h"
#include "math/wheel.h"
#include "support/support.h"

#include <math.h>

static const pp_method methods[] = {PP_METHOD_TRIAL, PP_METHOD_MR, PP_METHOD_SIEVE,
                                    PP_METHOD_HYBRID};

/* The rule's constants for every kind of code that this machine has. */
enum { PACES = 5 };
static const struct pace *pace_of(size_t i) {
    static const char *const levels[] = {"none", "avx2", "avx512"};
    if (i < 3)
        return plan_pace(ENGINE_CPU, cpu_has_simd(levels[i]) ? levels[i] : "none");
    return plan_pace(i == 3 ? ENGINE_CPU_DEVICE : ENGINE_GPU, NULL);
}

static struct job range(enum question question, pp_method method, uint64_t lo, uint64_t hi) {
    return (struct job){.question = question, .method = method, .lo = lo, .hi = hi};
}

static void test_costs_are_numbers(void **state) {
    (void)state;
    uint64_t random = 67;
    for (int i = 0; i < 20000; i++) {
        uint64_t a = random_sized(&random, 64), b = random_sized(&random, 64);
        if (i < 200) { /* the smallest and the largest */
            a = (uint64_t)i % 12;
            b = i < 100 ? a + (uint64_t)i / 12 : UINT64_MAX - a;
        }
        struct job job = range(QUESTION_COUNT, PP_METHOD_AUTO, a < b ? a : b, a < b ? b : a);
        for (size_t m = 0; m < COUNT_OF(methods); m++) {
            double cost = plan_cost(pace_of((size_t)i % PACES), &job, methods[m]);
            if (!(isfinite(cost) && cost > 0))
                fail_msg("[%llu, %llu] by %s costs %g s", ULL(job.lo), ULL(job.hi),
                         pp_method_name(methods[m]), cost);
        }
    }
}

static void check_growth(const struct pace *pace, pp_method method, unsigned bits) {
    uint64_t n = UINT64_C(1) << bits;
    struct job less = range(QUESTION_COUNT, PP_METHOD_AUTO, 0, n / 4),
               more = range(QUESTION_COUNT, PP_METHOD_AUTO, 0, n);
    assert_true(plan_cost(pace, &less, method) < plan_cost(pace, &more, method));
    struct job low = range(QUESTION_COUNT, PP_METHOD_AUTO, n, n + 1000),
               high = range(QUESTION_COUNT, PP_METHOD_AUTO, n * 2, n * 2 + 1000);
    double rounding = 1 + 1e-9;
    if (bits < 62)
        assert_true(plan_cost(pace, &low, method) <= rounding * plan_cost(pace, &high, method));
}

/* More numbers cost more, and so do larger ones. */
static void test_costs_grow(void **state) {
    (void)state;
    for (size_t m = 0; m < COUNT_OF(methods); m++)
        for (unsigned bits = 14; bits < 64; bits += 2)
            for (size_t p = 0; p < PACES; p++)
                check_growth(pace_of(p), methods[m], bits);
}

/* Where the right answer is plain. A GPU tests so fast that it sieves deep high up nowhere. */
static void test_method_of_ranges(void **state) {
    (void)state;
    static const struct {
        uint64_t lo, hi;
        bool sieve; /* else one of those that test */
    } cases[] = {
        {UINT64_C(1000000000000000000), UINT64_C(1000000000000001000), false},
        {UINT64_C(1000000000000000000), UINT64_C(1000000000001000000), false},
        {UINT64_C(10000000000000), UINT64_C(10000000000500), false},
        {UINT64_MAX, UINT64_MAX, false},
        {UINT64_MAX - 1000, UINT64_MAX, false},
        {UINT64_MAX - 1000000, UINT64_MAX, false},
        {7, 7, false},
        {0, 0, false},
        {0, 1000000, true},
        {0, 1000000000, true},
        {0, UINT64_C(1) << 50, true},
        {UINT64_C(1000000000000), UINT64_C(1001000000000), true},
        {UINT64_C(10000000000000000), UINT64_C(10000010000000000), true},
        {UINT64_C(1000000000000000000), UINT64_C(1000001000000000000), true},
        {UINT64_C(10000000000000000000), UINT64_C(10000001000000000000), true},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t p = 0; p < PACES; p++) {
            if (pace_of(p) == plan_pace(ENGINE_GPU, NULL) && cases[i].lo > UINT64_C(1) << 50)
                continue;
            struct job job = range(QUESTION_COUNT, PP_METHOD_AUTO, cases[i].lo, cases[i].hi);
            pp_method method = plan_method(pace_of(p), &job);
            if ((method == PP_METHOD_SIEVE) != cases[i].sieve)
                fail_msg("[%llu, %llu]: %s on code %zu", ULL(cases[i].lo), ULL(cases[i].hi),
                         pp_method_name(method), p);
            job.question = QUESTION_LIST;
            assert_int_equal(plan_method(pace_of(p), &job), method);
        }
}

static void test_method_of_arrays(void **state) {
    (void)state;
    uint64_t random = 71;
    static uint64_t numbers[5000];
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        numbers[i] = random_u64(&random);
    for (size_t n = 0; n <= COUNT_OF(numbers); n += 250) {
        struct job job = {.question = QUESTION_TEST, .numbers = numbers, .n_numbers = n};
        for (size_t p = 0; p < PACES; p++)
            assert_int_equal(plan_method(pace_of(p), &job), PP_METHOD_MR);
    }
}

/* As much as is worth crossing off by, and never more than there are steps for. */
static void test_hybrid_limits(void **state) {
    (void)state;
    uint32_t before = 0;
    for (double numbers = 1; numbers < 1e20; numbers *= 1.7) {
        uint32_t limit = hybrid_limit(numbers);
        assert_true(limit >= before && limit <= SEGMENT_STEP_LIMIT);
        before = limit;
    }
    assert_int_equal(before, SEGMENT_STEP_LIMIT);
    assert_in_range(hybrid_limit(1), 100, 10000);
    assert_in_range(hybrid_limit(1e7), 1e6, 1e7);
}

static void test_threads_only_when_worth_it(void **state) {
    (void)state;
    struct job job = range(QUESTION_COUNT, PP_METHOD_MR, 7, 7);
    assert_false(plan_is_parallel(pace_of(2), &job));
    job = range(QUESTION_LIST, PP_METHOD_SIEVE, 0, 1000);
    assert_false(plan_is_parallel(pace_of(2), &job));
    uint64_t seven = 7;
    job = (struct job){.question = QUESTION_TEST, .method = PP_METHOD_MR, .n_numbers = 1};
    job.numbers = &seven;
    assert_false(plan_is_parallel(pace_of(2), &job));
    job = range(QUESTION_COUNT, PP_METHOD_SIEVE, 0, 1000000000);
    assert_true(plan_is_parallel(pace_of(2), &job));
    /* The book's job: nothing for Miller-Rabin, long by trial division. */
    job = range(QUESTION_LIST, PP_METHOD_MR, UINT64_C(10000000000000), UINT64_C(10000000000500));
    assert_false(plan_is_parallel(pace_of(2), &job));
    job.method = PP_METHOD_TRIAL;
    assert_true(plan_is_parallel(pace_of(2), &job));
}

static void check_unit_size(const struct job *job, unsigned workers) {
    struct shape shape = {
        .workers = workers, .align = job_sieves(job) ? WHEEL_WORD : 1, .speed = 1};
    uint64_t size = plan_unit_size(pace_of(0), job, &shape);
    uint64_t bytes = size / WHEEL_BYTE;
    bool bitmap = job_sieves(job);
    if (size == 0 || (bitmap && bytes > 32u << 20) ||
        (bitmap && job->question == QUESTION_LIST && bytes > 2u << 20) ||
        (job->question == QUESTION_TEST && size > 1u << 16))
        fail_msg("question %d, %s, [%llu, %llu], %u workers: units of %llu", (int)job->question,
                 pp_method_name(job->method), ULL(job->lo), ULL(job->hi), workers, ULL(size));
    struct job cut = *job;
    job_cut(&cut, size, shape.align);
    assert_true(cut.n_units >= 1);
}

/* Never 0, and bounded, which is what bounds a worker's memory. */
static void test_unit_sizes(void **state) {
    (void)state;
    static const unsigned workers[] = {1, 2, 3, 8, 64, 4096};
    uint64_t random = 73;
    static uint64_t numbers[3000];
    for (int i = 0; i < 3000; i++) {
        uint64_t a = random_sized(&random, 64), b = random_sized(&random, 64);
        if (i < 150) {
            a = (uint64_t)i % 12;
            b = i < 75 ? a + (uint64_t)i / 12 : UINT64_MAX - a;
        }
        numbers[i] = a;
        for (size_t w = 0; w < COUNT_OF(workers); w++)
            for (size_t m = 0; m < COUNT_OF(methods); m++) {
                struct job job = range(i % 2 ? QUESTION_COUNT : QUESTION_LIST, methods[m],
                                       a < b ? a : b, a < b ? b : a);
                check_unit_size(&job, workers[w]);
                job = (struct job){.question = QUESTION_TEST,
                                   .method = methods[m],
                                   .numbers = numbers,
                                   .n_numbers = (size_t)i + 1};
                check_unit_size(&job, workers[w]);
            }
    }
}

/* A long job has work for everybody. */
static void test_enough_units(void **state) {
    (void)state;
    static const unsigned workers[] = {2, 8, 64};
    for (size_t w = 0; w < COUNT_OF(workers); w++)
        for (size_t m = 0; m < COUNT_OF(methods); m++) {
            struct job job = range(QUESTION_COUNT, methods[m], 0, UINT64_C(10000000000));
            struct shape shape = {.workers = workers[w], .align = WHEEL_WORD, .speed = 1};
            job_cut(&job, plan_unit_size(pace_of(0), &job, &shape), shape.align);
            assert_true(job.n_units >= 2 * workers[w]);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_costs_are_numbers), cmocka_unit_test(test_costs_grow),
        cmocka_unit_test(test_method_of_ranges),  cmocka_unit_test(test_method_of_arrays),
        cmocka_unit_test(test_hybrid_limits),     cmocka_unit_test(test_threads_only_when_worth_it),
        cmocka_unit_test(test_unit_sizes),        cmocka_unit_test(test_enough_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
