/*
 * A device that cannot compute with doubles. Every device that tests meet can, so this program
 * comes between the library and the driver: it denies them, and spoils every kernel that names one.
 */
#define CL_TARGET_OPENCL_VERSION 120
#include "support/support.h"

#include <CL/cl.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

enum { MOST_TEXTS = 32 };

static unsigned programs;

/* The driver's own function of that name. */
static void driver(const char *name, void *function) {
    void *found = dlsym(RTLD_NEXT, name);
    assert_non_null(found);
    memcpy(function, &found, sizeof found);
}

cl_int clGetDeviceInfo(cl_device_id device, cl_device_info what, size_t size, void *out,
                       size_t *out_size) {
    cl_int (*real)(cl_device_id, cl_device_info, size_t, void *, size_t *);
    driver("clGetDeviceInfo", &real);
    cl_int code = real(device, what, size, out, out_size);
    if (what == CL_DEVICE_DOUBLE_FP_CONFIG && code == CL_SUCCESS && out)
        memset(out, 0, size);
    return code;
}

cl_program clCreateProgramWithSource(cl_context context, cl_uint n, const char **texts,
                                     const size_t *sizes, cl_int *code) {
    cl_program (*real)(cl_context, cl_uint, const char **, const size_t *, cl_int *);
    driver("clCreateProgramWithSource", &real);
    const char *spoilt[MOST_TEXTS + 1] = {"#define double no_such_type\n"
                                          "#define double8 no_such_type\n"};
    size_t spoilt_sizes[MOST_TEXTS + 1] = {strlen(spoilt[0])};
    assert_in_range(n, 1, MOST_TEXTS);
    for (cl_uint i = 0; i < n; i++) {
        spoilt[i + 1] = texts[i];
        spoilt_sizes[i + 1] = sizes[i];
    }
    programs++;
    return real(context, n + 1, spoilt, spoilt_sizes, code);
}

static void test_without_doubles(void **state) {
    (void)state;
    if (!backend_usable("opencl"))
        skip();
    static pp_device devices[64];
    size_t n;
    assert_int_equal(pp_devices(devices, COUNT_OF(devices), &n), PP_OK);
    for (size_t i = 0; i < n; i++)
        if (strcmp(devices[i].backend, "opencl") == 0)
            assert_false(devices[i].fp64);

    static const uint64_t numbers[] = {2,
                                       561,
                                       4294967291,
                                       4503599627370449, /* below 2^52, and above */
                                       4503599627370517,
                                       1000000016000000063,
                                       18446744073709551557u};
    enum { N = sizeof numbers / sizeof *numbers, TRIED = 4 };
    static const pp_method methods[] = {PP_METHOD_TRIAL, PP_METHOD_MR, PP_METHOD_SIEVE,
                                        PP_METHOD_HYBRID};
    /* What is asked for needs doubles: it gets what does not. */
    static const char *const kernels[] = {NULL, "cpu", "gpu"};
    for (size_t k = 0; k < COUNT_OF(kernels); k++)
        for (size_t m = 0; m < COUNT_OF(methods); m++) {
            pp_session_options options = {
                .backend = "opencl", .kernels = kernels[k], .method = methods[m]};
            pp_session *session;
            pp_error error;
            if (pp_session_open(&options, &session, &error) != PP_OK)
                fail_msg("%s", error.message);
            pp_result result;
            assert_int_equal(pp_count(session, 1000000, 1100000, &result), PP_OK);
            assert_int_equal(result.count, 7216);
            assert_string_equal(result.simd, "scalar");
            bool all = methods[m] == PP_METHOD_MR ||
                       methods[m] == PP_METHOD_HYBRID; /* the others take long for large numbers */
            uint64_t bitmap = 0;
            assert_int_equal(pp_test(session, numbers, all ? N : TRIED, &bitmap), PP_OK);
            assert_int_equal(bitmap, all ? 0x5d : 0xd);
            pp_session_close(session);
        }
    assert_true(programs > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_without_doubles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
