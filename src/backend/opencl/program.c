#include "backend/opencl/kernels.h"
#include "backend/opencl/opencl.h"
#include "base/clock.h"
#include "base/error.h"
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* By kind of kernels; NULL: not of that kind. */
static const struct {
    const char *gpu, *cpu;
} kernel_names[N_KERNELS] = {[KERNEL_TRIAL_TEST] = {"pp_trial_test", "pp_trial_test"},
                             [KERNEL_TRIAL_RANGE] = {"pp_trial_range", "pp_trial_range"},
                             [KERNEL_MR_TEST] = {"pp_mr_test", "pp_mr_test"},
                             [KERNEL_MR_RANGE] = {"pp_mr_range", "pp_mr_range"},
                             [KERNEL_PACK] = {"pp_pack", "pp_pack"},
                             [KERNEL_SUM_RANGE] = {"pp_sum_range", "pp_sum_range"},
                             [KERNEL_SUM_TEST] = {"pp_sum_test", "pp_sum_test"},
                             [KERNEL_SIEVE] = {"pp_sieve_tiles", "pp_sieve_segments"},
                             [KERNEL_HYBRID] = {"pp_hybrid_tiles", "pp_hybrid_segments"},
                             [KERNEL_TILE_STARTS] = {"pp_tile_starts", NULL},
                             [KERNEL_SIEVE_LARGE] = {"pp_sieve_large", NULL},
                             [KERNEL_NOTE_LARGE] = {NULL, "pp_note_large"},
                             [KERNEL_CLEAR_LARGE] = {NULL, "pp_clear_large"},
                             [KERNEL_SIEVE_TEST] = {"pp_sieve_test", "pp_sieve_test"},
                             [KERNEL_OPEN_TALLY] = {"pp_open_tally", "pp_open_tally"},
                             [KERNEL_PREPARE] = {"pp_prepare", "pp_prepare"},
                             [KERNEL_SEAL] = {"pp_seal", "pp_seal"},
                             [KERNEL_SELFTEST] = {"pp_selftest", "pp_selftest"}};

enum { MOST_FILES = 32 };

/* The log's first line that speaks of an error, or its first: what fits into a message. */
static void fail_with_log(const struct opencl *opencl, cl_int code, pp_error *error) {
    size_t size = 0;
    char *log = NULL;
    if (clGetProgramBuildInfo(opencl->program, opencl->device, CL_PROGRAM_BUILD_LOG, 0, NULL,
                              &size) == CL_SUCCESS &&
        (log = calloc(size + 1, 1)))
        clGetProgramBuildInfo(opencl->program, opencl->device, CL_PROGRAM_BUILD_LOG, size, log,
                              NULL);
    const char *line = log ? strstr(log, "error") : NULL;
    while (line && line > log && line[-1] != '\n')
        line--;
    if (!line)
        line = log ? log : "";
    pp_fail(error, PP_ERR_UNAVAILABLE, "%s: the kernels do not compile, %s: %.*s", opencl->name,
            cl_code_name(code), (int)strcspn(line, "\n"),
            *line ? line : "and the driver's log is empty");
    free(log);
}

#if defined(PARPRIME_KERNEL_FOLDER)

/* A developer's build: the files of the same names in a folder. Whoever gets a text frees it. */
static pp_status read_kernel(const char *name, char **text, size_t *size, pp_error *error) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", PARPRIME_KERNEL_FOLDER, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return pp_fail(error, PP_ERR_UNAVAILABLE, "the kernels cannot be read: %s: %s", path,
                       strerror(errno));
    size_t capacity = 1 << 20;
    *text = malloc(capacity);
    *size = *text ? fread(*text, 1, capacity, file) : 0;
    bool whole = *text && *size < capacity && !ferror(file);
    fclose(file);
    if (whole)
        return PP_OK;
    free(*text);
    *text = NULL;
    return pp_fail(error, PP_ERR_UNAVAILABLE, "the kernels cannot be read: %s", path);
}

static pp_status create_program(struct opencl *opencl, pp_error *error) {
    char *texts[MOST_FILES] = {NULL};
    size_t sizes[MOST_FILES];
    pp_status status = PP_OK;
    for (size_t i = 0; i < n_kernel_files && status == PP_OK; i++)
        status = read_kernel(kernel_files[i].name, &texts[i], &sizes[i], error);
    if (status == PP_OK) {
        cl_int code;
        opencl->program = clCreateProgramWithSource(opencl->context, (cl_uint)n_kernel_files,
                                                    (const char **)texts, sizes, &code);
        if (code != CL_SUCCESS)
            status = cl_failed(error, "clCreateProgramWithSource", code);
    }
    for (size_t i = 0; i < n_kernel_files; i++)
        free(texts[i]);
    return status;
}

#else

static pp_status create_program(struct opencl *opencl, pp_error *error) {
    const char *texts[MOST_FILES];
    size_t sizes[MOST_FILES];
    for (size_t i = 0; i < n_kernel_files; i++) {
        texts[i] = (const char *)kernel_files[i].text;
        sizes[i] = kernel_files[i].size;
    }
    cl_int code;
    opencl->program =
        clCreateProgramWithSource(opencl->context, (cl_uint)n_kernel_files, texts, sizes, &code);
    return code == CL_SUCCESS ? PP_OK : cl_failed(error, "clCreateProgramWithSource", code);
}

#endif

pp_status opencl_build(struct opencl *opencl, bool has_fp64, pp_error *error) {
    double begin = clock_seconds();
    pp_status status = create_program(opencl, error);
    if (status != PP_OK)
        return status;
    char options[64];
    snprintf(options, sizeof options, "-cl-std=CL1.2 -DPP_CPU=%d -DPP_FP64=%d", opencl->cpu_variant,
             has_fp64);
    cl_int code = clBuildProgram(opencl->program, 1, &opencl->device, options, NULL, NULL);
    if (code != CL_SUCCESS) {
        fail_with_log(opencl, code, error);
        return PP_ERR_UNAVAILABLE;
    }
    for (int i = 0; i < N_KERNELS; i++) {
        const char *name = opencl->cpu_variant ? kernel_names[i].cpu : kernel_names[i].gpu;
        if (!name)
            continue;
        opencl->kernels[i] = clCreateKernel(opencl->program, name, &code);
        if (code != CL_SUCCESS)
            return cl_failed(error, name, code);
    }
    opencl->build_seconds = clock_seconds() - begin;
    return PP_OK;
}
