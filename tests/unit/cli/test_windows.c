/* Random windows: what is drawn, that it repeats, and that a difference of any kind is noticed. */
#include "cli/windows.h"

#include "support/support.h"

static const struct way ways[] = {
    {"serial", "serial:0", "none", NULL, PP_METHOD_TRIAL},
    {"serial", "serial:0", "none", NULL, PP_METHOD_MR},
    {"openmp", "openmp:0", "avx2", NULL, PP_METHOD_SIEVE},
    {"opencl", "0:0", NULL, "gpu", PP_METHOD_SIEVE},
    {"opencl", "0:0", NULL, "gpu", PP_METHOD_HYBRID},
};

/* Answers that are as good as right, but for the call that is to go wrong. */
struct answers {
    unsigned calls, wrong_call; /* from 1; 0: none */
    uint64_t wrong_count, wrong_digest;
    pp_status status;
    uint64_t trace; /* of all that was asked */
    bool sieved_far, by_trial;
};

static pp_status answer(void *user, const struct way *way, uint64_t lo, uint64_t hi,
                        pp_result *result) {
    struct answers *answers = user;
    bool wrong = ++answers->calls == answers->wrong_call;
    assert_true(lo <= hi);
    assert_true(hi - lo < 1 << 20);
    if (way->method == PP_METHOD_TRIAL) {
        answers->by_trial = true;
        assert_true(hi < UINT64_C(1) << 34);
    }
    if (way->method == PP_METHOD_SIEVE && hi >> 50) {
        answers->sieved_far = true;
        assert_string_equal(way->backend, "openmp");
    }
    answers->trace = answers->trace * 31 + lo + 7 * hi + (uint64_t)(way - ways);
    *result = (pp_result){.count = lo % 1000 + (wrong ? answers->wrong_count : 0),
                          .digest = hi * 3 + (wrong ? answers->wrong_digest : 0),
                          .has_digest = true};
    return wrong ? answers->status : PP_OK;
}

static struct windows windows_of(struct answers *answers, uint64_t seed, uint64_t most) {
    return (struct windows){.ways = ways,
                            .n_ways = COUNT_OF(ways),
                            .seed = seed,
                            .most_windows = most,
                            .count = answer,
                            .user = answers};
}

static void test_agreement(void **state) {
    (void)state;
    struct answers answers = {0}, again = {0}, other = {0};
    struct windows windows = windows_of(&answers, 1, 2000);
    assert_int_equal(windows_run(&windows), PP_OK);
    assert_int_equal(windows.done, 2000);
    assert_int_equal(answers.calls, 4000);
    assert_true(windows.numbers > 2000 && windows.numbers < UINT64_C(2000) << 20);
    assert_true(answers.by_trial);
    assert_true(answers.sieved_far); /* seldom, but not never */

    windows = windows_of(&again, 1, 2000);
    assert_int_equal(windows_run(&windows), PP_OK);
    assert_true(again.trace == answers.trace);
    windows = windows_of(&other, 2, 2000);
    assert_int_equal(windows_run(&windows), PP_OK);
    assert_true(other.trace != answers.trace);
}

static void test_disagreement(void **state) {
    (void)state;
    for (unsigned call = 1; call <= 40; call++)
        for (int what = 0; what < 2; what++) {
            struct answers answers = {
                .wrong_call = call, .wrong_count = what == 0, .wrong_digest = what == 1};
            struct windows windows = windows_of(&answers, 5, 1000);
            assert_int_equal(windows_run(&windows), PP_ERR_DISAGREE);
            assert_int_equal(windows.done, (call - 1) / 2);
            assert_int_equal(answers.calls, call + call % 2);
            assert_true(windows.results[0].count != windows.results[1].count ||
                        windows.results[0].digest != windows.results[1].digest);
            assert_true(windows.pair[0]->method != windows.pair[1]->method);
        }
}

static void test_failure(void **state) {
    (void)state;
    struct answers answers = {.wrong_call = 11, .status = PP_ERR_CANCELLED};
    struct windows windows = windows_of(&answers, 5, 0);
    assert_int_equal(windows_run(&windows), PP_ERR_CANCELLED);
    assert_int_equal(windows.done, 5);
}

static void test_limits(void **state) {
    (void)state;
    struct answers answers = {0};
    struct windows windows = windows_of(&answers, 5, 0);
    windows.most_seconds = 0.05;
    assert_int_equal(windows_run(&windows), PP_OK);
    assert_true(windows.done > 0 && windows.seconds >= 0.05);
}

static void test_too_few_ways(void **state) {
    (void)state;
    struct answers answers = {0};
    struct windows windows = windows_of(&answers, 5, 10);
    windows.n_ways = 0;
    assert_int_equal(windows_run(&windows), PP_ERR_UNAVAILABLE);
    windows.n_ways = 2;
    windows.ways = ways + 2; /* two sieves: one method */
    assert_int_equal(windows_run(&windows), PP_ERR_UNAVAILABLE);
    assert_int_equal(answers.calls, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agreement),    cmocka_unit_test(test_disagreement),
        cmocka_unit_test(test_failure),      cmocka_unit_test(test_limits),
        cmocka_unit_test(test_too_few_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
