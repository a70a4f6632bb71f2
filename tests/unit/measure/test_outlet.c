/* Where a list goes: what was written arrived, and what went wrong is said. */
#include "measure/outlet.h"

#include "support/support.h"

#include <unistd.h>

enum { SIZE = 3 << 20 }; /* more than a pipe holds */

static void test_arrives(void **state) {
    (void)state;
    char *bytes = calloc(1, SIZE);
    for (enum outlet_kind kind = OUTLET_ASKED; kind <= OUTLET_PIPE; kind++) {
        struct outlet outlet;
        pp_error error = {0};
        assert_int_equal(outlet_open(&outlet, kind, &error), PP_OK);
        for (unsigned i = 0; i < 3; i++)
            assert_int_equal(outlet_write(&outlet, bytes, SIZE / (i + 1)), PP_OK);
        assert_int_equal(outlet_close(&outlet, &error), PP_OK);
        assert_int_equal(outlet.written, SIZE + SIZE / 2 + SIZE / 3);
        if (kind == OUTLET_PIPE)
            assert_int_equal(outlet.read, outlet.written);
        outlet_release(&outlet);
        outlet_release(&outlet); /* twice does no harm */
    }
    free(bytes);
}

static void test_alone(void **state) {
    (void)state;
    pp_error error = {0};
    for (enum outlet_kind kind = OUTLET_FILE; kind <= OUTLET_PIPE; kind++) {
        double few = 0, many = 0;
        assert_int_equal(outlet_alone(kind, 1, &few, &error), PP_OK);
        assert_int_equal(outlet_alone(kind, (64 << 20) + 1, &many, &error), PP_OK);
        assert_true(few > 0 && many > few); /* 64 MiB take milliseconds */
    }
    setenv("TMPDIR", "/nowhere/at/all", 1);
    double seconds;
    assert_int_equal(outlet_alone(OUTLET_FILE, 1, &seconds, &error), PP_ERR_IO);
    unsetenv("TMPDIR");
}

static void test_no_folder(void **state) {
    (void)state;
    struct outlet outlet;
    pp_error error = {0};
    setenv("TMPDIR", "/nowhere/at/all", 1);
    assert_int_equal(outlet_open(&outlet, OUTLET_FILE, &error), PP_ERR_IO);
    assert_non_null(strstr(error.message, "No such file"));
    assert_int_equal(outlet_close(&outlet, &error), PP_OK); /* there is nothing to close */
    outlet_release(&outlet);
    unsetenv("TMPDIR");
}

/* A file that lost bytes behind our back, as after a failed write that nobody saw. */
static void test_short_file(void **state) {
    (void)state;
    struct outlet outlet;
    pp_error error = {0};
    assert_int_equal(outlet_open(&outlet, OUTLET_FILE, &error), PP_OK);
    assert_int_equal(outlet_write(&outlet, "12345", 5), PP_OK);
    assert_int_equal(ftruncate(outlet.to, 3), 0);
    assert_int_equal(outlet_close(&outlet, &error), PP_ERR_IO);
    outlet_release(&outlet);
}

static void test_write_fails(void **state) {
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    struct outlet outlet;
    pp_error error = {0};
    assert_int_equal(outlet_open(&outlet, OUTLET_FILE, &error), PP_OK);
    assert_true(dup2(fileno(full), outlet.to) >= 0);
    assert_int_equal(outlet_write(&outlet, "1", 1), PP_ERR_IO);
    assert_int_equal(outlet_close(&outlet, &error), PP_ERR_IO);
    outlet_release(&outlet);
    fclose(full);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arrives), cmocka_unit_test(test_no_folder),
        cmocka_unit_test(test_alone), cmocka_unit_test(test_short_file),
        cmocka_unit_test(test_write_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
