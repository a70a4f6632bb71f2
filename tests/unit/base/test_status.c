/* The pinned table of statuses, and the filling of a pp_error. */
#include "base/error.h"
#include "support/support.h"

/* Stored and compared elsewhere, so a changed number, name or exit code is a broken promise. */
static void test_table_is_pinned(void **state) {
    (void)state;
    static const struct {
        pp_status status;
        int number;
        const char *name;
        int exit_code;
    } cases[] = {
        {PP_OK, 0, "PP_OK", 0},
        {PP_ERR_USAGE, 1, "PP_ERR_USAGE", 2},
        {PP_ERR_SYNTAX, 2, "PP_ERR_SYNTAX", 2},
        {PP_ERR_RANGE, 3, "PP_ERR_RANGE", 2},
        {PP_ERR_TOO_LARGE, 4, "PP_ERR_TOO_LARGE", 2},
        {PP_ERR_DISAGREE, 5, "PP_ERR_DISAGREE", 3},
        {PP_ERR_UNAVAILABLE, 6, "PP_ERR_UNAVAILABLE", 4},
        {PP_ERR_IO, 7, "PP_ERR_IO", 5},
        {PP_ERR_MEMORY, 8, "PP_ERR_MEMORY", 6},
        {PP_ERR_INTERNAL, 9, "PP_ERR_INTERNAL", 6},
        {PP_ERR_CANCELLED, 10, "PP_ERR_CANCELLED", 130},
        {PP_END, 11, "PP_END", 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal((int)cases[i].status, cases[i].number);
        assert_string_equal(pp_status_name(cases[i].status), cases[i].name);
        assert_int_equal(pp_exit_code(cases[i].status), cases[i].exit_code);
        const char *text = pp_strerror(cases[i].status);
        assert_true(text[0] != '\0' && text[strlen(text) - 1] != '.');
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(text, pp_strerror(cases[j].status));
    }
}

static void test_unknown_numbers(void **state) {
    (void)state;
    static const int numbers[] = {12, 1000, -1, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        pp_status status = (pp_status)numbers[i];
        assert_non_null(pp_strerror(status));
        assert_non_null(pp_status_name(status));
        assert_int_not_equal(pp_exit_code(status), 0); /* never a success */
    }
}

static void test_fail_fills_in(void **state) {
    (void)state;
    pp_error error;
    memset(&error, 0x5a, sizeof error);
    assert_int_equal(pp_fail(&error, PP_ERR_IO, "%s at %d", "line", 7), PP_ERR_IO);
    assert_int_equal(error.status, PP_ERR_IO);
    assert_int_equal(error.offset, 0);
    assert_string_equal(error.message, "line at 7");
    assert_int_equal(pp_fail_at(&error, PP_ERR_SYNTAX, 42, "here"), PP_ERR_SYNTAX);
    assert_int_equal(error.status, PP_ERR_SYNTAX);
    assert_int_equal(error.offset, 42);
    assert_string_equal(error.message, "here");
}

static void test_fail_without_a_place(void **state) {
    (void)state;
    assert_int_equal(pp_fail(NULL, PP_ERR_MEMORY, "unsaid"), PP_ERR_MEMORY);
    assert_int_equal(pp_fail_at(NULL, PP_ERR_RANGE, 1, "unsaid"), PP_ERR_RANGE);
}

static void test_long_messages_are_cut(void **state) {
    (void)state;
    pp_error error;
    for (size_t length = 230; length < 250; length++) {
        char text[251] = "";
        memset(text, 'x', length);
        pp_fail(&error, PP_ERR_USAGE, "%s", text);
        size_t kept = length < sizeof error.message ? length : sizeof error.message - 1;
        assert_int_equal(strlen(error.message), kept);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_pinned),       cmocka_unit_test(test_unknown_numbers),
        cmocka_unit_test(test_fail_fills_in),         cmocka_unit_test(test_fail_without_a_place),
        cmocka_unit_test(test_long_messages_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
