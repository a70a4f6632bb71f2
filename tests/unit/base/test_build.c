/* What the library says of itself. */
#include "config.h"
#include "support/support.h"

#include <gmp.h>
#include <pthread.h>

static void test_version(void **state) {
    (void)state;
    char expected[32];
    snprintf(expected, sizeof expected, "%d.%d.%d", PP_VERSION_MAJOR, PP_VERSION_MINOR,
             PP_VERSION_PATCH);
    assert_string_equal(pp_version(), expected);
    assert_string_equal(pp_build()->version, expected);
}

static void test_every_string(void **state) {
    (void)state;
    const pp_build_info *build = pp_build();
    const char *const strings[] = {build->version, build->commit, build->compiler, build->flags,
                                   build->openmp,  build->opencl, build->gmp,      build->simd};
    for (size_t i = 0; i < COUNT_OF(strings); i++)
        assert_true(strings[i] && strings[i][0]);
    assert_string_equal(build->gmp, gmp_version);
    assert_int_equal(strncmp(build->simd, "none", 4), 0);
#if defined(__clang__)
    assert_int_equal(strncmp(build->compiler, "clang ", 6), 0);
#else
    assert_int_equal(strncmp(build->compiler, "gcc ", 4), 0);
#endif
}

static void test_openmp_is_told_truly(void **state) {
    (void)state;
#if defined(PARPRIME_HAVE_OPENMP)
    assert_int_equal(strncmp(pp_build()->openmp, "lib", 3), 0);
    assert_true(backend_usable("openmp"));
#else
    assert_string_equal(pp_build()->openmp, "not built");
    assert_false(backend_usable("openmp"));
#endif
}

static void *ask(void *user) {
    const char **version = user;
    *version = pp_build()->version;
    return NULL;
}

/* Functions without a session are thread-safe, and the strings outlive the thread that asked. */
static void test_from_another_thread(void **state) {
    (void)state;
    const char *version = NULL;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, ask, &version), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_string_equal(version, pp_version());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_every_string),
        cmocka_unit_test(test_openmp_is_told_truly),
        cmocka_unit_test(test_from_another_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
