/*
 * The control of a comparison: each allocation and each thread that it does not get, and an
 * interruption at each moment, end it with a status that fits, and leave nothing behind.
 */
#include "fault/allocations.h"
#include "measure/control.h"
#include "support/support.h"

enum { STEPS = 4, RUNS = 1, WORKERS = 3, MOST_CALLS = 1000 };

static char digits[6]; /* as they are undisturbed */

static pp_status measure(int (*interrupted)(void)) {
    struct control control;
    pp_status status = control_measure(STEPS, RUNS, WORKERS, interrupted, &control);
    if (status == PP_OK) {
        assert_int_equal(control.n_forms, 4); /* plain, and handed to 1, 2 and 3 */
        if (digits[0])
            assert_string_equal(control.last_digits, digits);
        snprintf(digits, sizeof digits, "%s", control.last_digits);
    }
    control_free(&control);
    return status;
}

static void test_undisturbed(void **state) {
    (void)state;
    assert_int_equal(measure(NULL), PP_OK);
    struct control book;
    assert_int_equal(control_measure(20, 1, 1, NULL, &book), PP_OK);
    assert_string_equal(book.last_digits, "35443");
    control_free(&book);
}

static void test_allocations(void **state) {
    (void)state;
    size_t live = fault_live_blocks();
    unsigned long failed = 0;
    for (int for_good = 0; for_good <= 1; for_good++)
        for (unsigned long k = 1;; k++) {
            assert_true(k < MOST_CALLS);
            fault_arm(k, for_good);
            pp_status status = measure(NULL);
            bool reached = fault_calls() >= k;
            fault_arm(0, false);
            assert_int_equal(fault_live_blocks(), live);
            if (!reached) {
                assert_int_equal(status, PP_OK);
                break;
            }
            /* Internal: a thread that could not be started. Some can be done without. */
            if (status != PP_OK && status != PP_ERR_MEMORY && status != PP_ERR_INTERNAL)
                fail_msg("allocation %lu: %s", k, pp_status_name(status));
            failed += status != PP_OK;
        }
    print_message("%lu failed allocations\n", failed);
    assert_true(failed > 40);
}

static int looks, interrupted_at;

static int interrupted(void) {
    return ++looks == interrupted_at;
}

static void test_interrupted(void **state) {
    (void)state;
    for (interrupted_at = 1;; interrupted_at++) {
        looks = 0;
        pp_status status = measure(interrupted);
        if (looks < interrupted_at) {
            assert_int_equal(status, PP_OK);
            break;
        }
        assert_int_equal(status, PP_ERR_CANCELLED);
        assert_int_equal(looks, interrupted_at); /* and no further form was run */
    }
    assert_int_equal(looks, 4 * (RUNS + 1));
}

/* A long modular iteration looks up now and then, and says how far it came. */
static void test_modular(void **state) {
    (void)state;
    pp_integer *start, *modulus, *value = NULL;
    pp_error error;
    uint64_t done;
    assert_int_equal(pp_integer_from_u64(3, &start), PP_OK);
    assert_int_equal(pp_integer_from_u64(1000003, &modulus), PP_OK);
    looks = 0;
    interrupted_at = 2;
    assert_int_equal(control_run(start, 10000000, modulus, interrupted, &value, &done, &error),
                     PP_ERR_CANCELLED);
    assert_null(value);
    assert_in_range(done, 2, 9999999);
    uint64_t stopped = done;
    looks = interrupted_at = 0;
    assert_int_equal(control_run(start, stopped, modulus, interrupted, &value, &done, &error),
                     PP_OK);
    assert_int_equal(done, stopped);
    pp_integer_free(value);
    value = NULL;
    assert_int_equal(control_run(start, stopped, modulus, NULL, &value, &done, &error), PP_OK);
    pp_integer_free(value);
    pp_integer_free(start);
    pp_integer_free(modulus);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_undisturbed), cmocka_unit_test(test_allocations),
        cmocka_unit_test(test_interrupted), cmocka_unit_test(test_modular)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
