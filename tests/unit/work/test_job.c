/*
 * Cutting. Whatever the domain and the size asked for, the units must cover the domain exactly
 * once, in order; of huge jobs the two ends and random places are looked at.
 */
#include "work/job.h"

#include "math/wheel.h"
#include "support/support.h"

static bool is_sieved(const struct job *job) {
    return job->method == PP_METHOD_SIEVE && job->question != QUESTION_TEST;
}

/* Unit u and its neighbour fit together, and each lies where it must. */
static void check_unit(const struct job *job, uint64_t unit, uint64_t lo, uint64_t hi) {
    struct span span = job_span(job, unit);
    bool inside =
        lo <= span.lo && span.lo <= span.hi && span.hi <= hi && span.hi - span.lo < job->unit_size;
    bool first = unit > 0 || span.lo == lo, last = unit + 1 < job->n_units || span.hi == hi;
    bool joined = unit + 1 == job->n_units || job_span(job, unit + 1).lo == span.hi + 1;
    bool aligned = !is_sieved(job) || unit == 0 || span.lo % WHEEL_WORD == 0;
    if (!inside || !first || !last || !joined || !aligned)
        fail_msg("[%llu, %llu] in units of %llu: unit %llu of %llu is [%llu, %llu]", ULL(lo),
                 ULL(hi), ULL(job->unit_size), ULL(unit), ULL(job->n_units), ULL(span.lo),
                 ULL(span.hi));
}

static void check_cut(struct job job, uint64_t size, uint64_t lo, uint64_t hi) {
    job_cut(&job, size, is_sieved(&job) ? WHEEL_WORD : 1);
    assert_true(job.unit_size >= 1 && job.n_units >= 1);
    if (is_sieved(&job))
        assert_int_equal(job.unit_size % WHEEL_WORD, 0);
    else if (size > 1)
        assert_true(job.unit_size == size);
    if (job.n_units <= 2000) {
        for (uint64_t unit = 0; unit < job.n_units; unit++)
            check_unit(&job, unit, lo, hi);
        return;
    }
    uint64_t random = size + 1;
    for (uint64_t i = 0; i < 200; i++) {
        check_unit(&job, i, lo, hi);
        check_unit(&job, job.n_units - 1 - i, lo, hi);
        check_unit(&job, random_below(&random, job.n_units), lo, hi);
    }
}

/* Both kinds of cutting, listing and counting. */
static void check_range(uint64_t lo, uint64_t hi, uint64_t size) {
    static const pp_method methods[] = {PP_METHOD_TRIAL, PP_METHOD_MR, PP_METHOD_SIEVE};
    for (size_t m = 0; m < COUNT_OF(methods); m++)
        for (int question = QUESTION_COUNT; question <= QUESTION_LIST; question++) {
            struct job job = {
                .question = (enum question)question, .method = methods[m], .lo = lo, .hi = hi};
            check_cut(job, size, lo, hi);
        }
}

static void test_small_ranges(void **state) {
    (void)state;
    static const uint64_t sizes[] = {0, 1, 2, 3, 7, 239, 240, 241, 480, 1000, UINT64_MAX};
    for (size_t s = 0; s < COUNT_OF(sizes); s++)
        for (uint64_t lo = 0; lo < 500; lo += lo < 10 || (lo > 235 && lo < 245) ? 1 : 37)
            for (uint64_t hi = lo; hi < 1000; hi += hi < 245 ? 1 : 61)
                check_range(lo, hi, sizes[s]);
}

static void test_extreme_ranges(void **state) {
    (void)state;
    static const struct {
        uint64_t lo, hi;
    } ranges[] = {
        {0, UINT64_MAX},
        {1, UINT64_MAX},
        {239, UINT64_MAX},
        {240, UINT64_MAX},
        {0, UINT64_MAX - 1},
        {UINT64_MAX, UINT64_MAX},
        {UINT64_MAX - 1, UINT64_MAX},
        {UINT64_MAX - 1000, UINT64_MAX},
        {UINT64_MAX - 1000, UINT64_MAX - 999},
        {UINT64_MAX / WHEEL_WORD * WHEEL_WORD, UINT64_MAX},
        {UINT64_MAX / WHEEL_WORD * WHEEL_WORD - 1, UINT64_MAX},
        {UINT64_C(1) << 63, UINT64_MAX},
        {0, UINT64_C(1) << 63},
        {0, 0},
        {1, 1},
        {UINT64_C(1) << 32, UINT64_C(1) << 32},
    };
    static const uint64_t sizes[] = {0,
                                     1,
                                     2,
                                     3,
                                     240,
                                     241,
                                     1000000007,
                                     (UINT64_C(1) << 32) - 1,
                                     (UINT64_C(1) << 63) - 1,
                                     UINT64_C(1) << 63,
                                     (UINT64_C(1) << 63) + 1,
                                     UINT64_MAX - 16,
                                     UINT64_MAX - 15, /* a multiple of 240 */
                                     UINT64_MAX - 1,
                                     UINT64_MAX};
    for (size_t r = 0; r < COUNT_OF(ranges); r++)
        for (size_t s = 0; s < COUNT_OF(sizes); s++)
            check_range(ranges[r].lo, ranges[r].hi, sizes[s]);
}

static void test_random_ranges(void **state) {
    (void)state;
    uint64_t random = 51;
    for (int i = 0; i < 2000; i++) {
        uint64_t a = random_sized(&random, 64), b = random_sized(&random, 64);
        check_range(a < b ? a : b, a < b ? b : a, random_sized(&random, 64));
    }
}

static void test_arrays(void **state) {
    (void)state;
    static const size_t lengths[] = {1, 2, 63, 64, 65, 1000, SIZE_MAX};
    static const uint64_t sizes[] = {0, 1, 3, 64, 65, 999, 1000, 1001, UINT64_MAX};
    static const pp_method methods[] = {PP_METHOD_MR, PP_METHOD_SIEVE};
    for (size_t l = 0; l < COUNT_OF(lengths); l++)
        for (size_t s = 0; s < COUNT_OF(sizes); s++)
            for (size_t m = 0; m < COUNT_OF(methods); m++) {
                struct job job = {
                    .question = QUESTION_TEST, .method = methods[m], .n_numbers = lengths[l]};
                check_cut(job, sizes[s], 0, lengths[l] - 1);
            }
}

static void test_empty_array(void **state) {
    (void)state;
    static const pp_method methods[] = {PP_METHOD_TRIAL, PP_METHOD_MR, PP_METHOD_SIEVE};
    for (size_t m = 0; m < COUNT_OF(methods); m++) {
        struct job job = {.question = QUESTION_TEST, .method = methods[m]};
        job_cut(&job, 100, 1);
        assert_int_equal(job.n_units, 0);
        assert_true(job.unit_size >= 1);
        assert_int_equal(job_size(&job), 0);
    }
}

static void test_size(void **state) {
    (void)state;
    struct job job = {.question = QUESTION_COUNT, .method = PP_METHOD_MR, .lo = 5, .hi = 5};
    assert_true(job_size(&job) == 1);
    job.hi = 104;
    assert_true(job_size(&job) == 100);
    job.lo = 1, job.hi = UINT64_MAX;
    assert_true(job_size(&job) == UINT64_MAX);
    job.lo = 0; /* one more than can be said */
    assert_true(job_size(&job) == UINT64_MAX);
    struct job test = {.question = QUESTION_TEST, .n_numbers = 7, .lo = 1, .hi = 100};
    assert_true(job_size(&test) == 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_ranges),  cmocka_unit_test(test_extreme_ranges),
        cmocka_unit_test(test_random_ranges), cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_empty_array),   cmocka_unit_test(test_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
