#include "backend/opencl/opencl.h"
#include "base/error.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define CODE(name)                                                                                 \
    { name, #name }
static const struct {
    cl_int code;
    const char *name;
} codes[] = {CODE(CL_SUCCESS),
             CODE(CL_DEVICE_NOT_FOUND),
             CODE(CL_DEVICE_NOT_AVAILABLE),
             CODE(CL_COMPILER_NOT_AVAILABLE),
             CODE(CL_MEM_OBJECT_ALLOCATION_FAILURE),
             CODE(CL_OUT_OF_RESOURCES),
             CODE(CL_OUT_OF_HOST_MEMORY),
             CODE(CL_PROFILING_INFO_NOT_AVAILABLE),
             CODE(CL_BUILD_PROGRAM_FAILURE),
             CODE(CL_MAP_FAILURE),
             CODE(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST),
             CODE(CL_DEVICE_PARTITION_FAILED),
             CODE(CL_INVALID_VALUE),
             CODE(CL_INVALID_PLATFORM),
             CODE(CL_INVALID_DEVICE),
             CODE(CL_INVALID_CONTEXT),
             CODE(CL_INVALID_COMMAND_QUEUE),
             CODE(CL_INVALID_MEM_OBJECT),
             CODE(CL_INVALID_BINARY),
             CODE(CL_INVALID_BUILD_OPTIONS),
             CODE(CL_INVALID_PROGRAM),
             CODE(CL_INVALID_PROGRAM_EXECUTABLE),
             CODE(CL_INVALID_KERNEL_NAME),
             CODE(CL_INVALID_KERNEL),
             CODE(CL_INVALID_ARG_INDEX),
             CODE(CL_INVALID_ARG_VALUE),
             CODE(CL_INVALID_ARG_SIZE),
             CODE(CL_INVALID_KERNEL_ARGS),
             CODE(CL_INVALID_WORK_GROUP_SIZE),
             CODE(CL_INVALID_WORK_ITEM_SIZE),
             CODE(CL_INVALID_GLOBAL_OFFSET),
             CODE(CL_INVALID_EVENT_WAIT_LIST),
             CODE(CL_INVALID_EVENT),
             CODE(CL_INVALID_OPERATION),
             CODE(CL_INVALID_BUFFER_SIZE),
             CODE(CL_INVALID_GLOBAL_WORK_SIZE),
             CODE(CL_INVALID_DEVICE_PARTITION_COUNT),
             {-1001, "CL_PLATFORM_NOT_FOUND_KHR"}};

const char *cl_code_name(cl_int code) {
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].code == code)
            return codes[i].name;
    return "an unknown error";
}

pp_status cl_failed(pp_error *error, const char *call, cl_int code) {
    pp_status status = PP_ERR_INTERNAL;
    if (code == CL_MEM_OBJECT_ALLOCATION_FAILURE || code == CL_OUT_OF_HOST_MEMORY)
        status = PP_ERR_MEMORY;
    else if (code == CL_DEVICE_NOT_AVAILABLE || code == CL_DEVICE_NOT_FOUND ||
             code == CL_COMPILER_NOT_AVAILABLE)
        status = PP_ERR_UNAVAILABLE;
    return pp_fail(error, status, "OpenCL: %s failed with %s (%d)", call, cl_code_name(code),
                   (int)code);
}

/* A device's string, cut to size, "" if it has none. */
static void device_string(cl_device_id device, cl_device_info what, char *out, size_t size) {
    char text[1024] = "";
    if (clGetDeviceInfo(device, what, sizeof text - 1, text, NULL) != CL_SUCCESS)
        text[0] = '\0';
    const char *begin = text + strspn(text, " ");
    snprintf(out, size, "%.*s", (int)size - 1, begin);
}

static const char *kind_of(cl_device_type type) {
    return type & CL_DEVICE_TYPE_GPU ? "GPU" : type & CL_DEVICE_TYPE_CPU ? "CPU" : "accelerator";
}

static void describe(struct found_device *found, unsigned platform, unsigned index) {
    pp_device *about = &found->about;
    *about = (pp_device){.backend = "opencl", .usable = true};
    snprintf(about->id, sizeof about->id, "%u:%u", platform, index);
    device_string(found->device, CL_DEVICE_NAME, about->name, sizeof about->name);
    device_string(found->device, CL_DRIVER_VERSION, about->driver, sizeof about->driver);
    if (clGetPlatformInfo(found->platform, CL_PLATFORM_NAME, sizeof about->platform - 1,
                          about->platform, NULL) != CL_SUCCESS)
        about->platform[0] = '\0';
    clGetDeviceInfo(found->device, CL_DEVICE_TYPE, sizeof found->type, &found->type, NULL);
    about->kind = kind_of(found->type);
    cl_uint number = 0;
    cl_ulong bytes = 0;
    cl_bool yes = CL_FALSE;
    if (clGetDeviceInfo(found->device, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof number, &number, NULL) ==
        CL_SUCCESS)
        about->units = number;
    if (clGetDeviceInfo(found->device, CL_DEVICE_MAX_CLOCK_FREQUENCY, sizeof number, &number,
                        NULL) == CL_SUCCESS)
        about->clock_mhz = number;
    if (clGetDeviceInfo(found->device, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof bytes, &bytes, NULL) ==
        CL_SUCCESS)
        about->memory_bytes = bytes;
    if (clGetDeviceInfo(found->device, CL_DEVICE_LOCAL_MEM_SIZE, sizeof bytes, &bytes, NULL) ==
        CL_SUCCESS)
        about->local_memory_bytes = bytes;
    cl_device_fp_config fp64 = 0;
    if (clGetDeviceInfo(found->device, CL_DEVICE_DOUBLE_FP_CONFIG, sizeof fp64, &fp64, NULL) ==
        CL_SUCCESS)
        about->fp64 = fp64 != 0;

    const char *problem = NULL;
    if (clGetDeviceInfo(found->device, CL_DEVICE_AVAILABLE, sizeof yes, &yes, NULL) != CL_SUCCESS ||
        !yes)
        problem = "the driver says that the device is not available";
    else if (clGetDeviceInfo(found->device, CL_DEVICE_COMPILER_AVAILABLE, sizeof yes, &yes, NULL) !=
                 CL_SUCCESS ||
             !yes)
        problem = "the driver has no compiler for kernels";
    else if (clGetDeviceInfo(found->device, CL_DEVICE_ENDIAN_LITTLE, sizeof yes, &yes, NULL) !=
                 CL_SUCCESS ||
             !yes)
        problem = "the device is not little-endian";
    if (problem) {
        about->usable = false;
        snprintf(about->reason, sizeof about->reason, "%s", problem);
    }
}

static void explain_none(pp_device *none, cl_int code, cl_uint n_platforms) {
    *none = (pp_device){.backend = "opencl", .id = "opencl:0", .name = "-", .kind = "-"};
    if (n_platforms)
        snprintf(none->reason, sizeof none->reason,
                 "%u OpenCL platform%s without a device; is its driver loaded, and may this user "
                 "open it?",
                 (unsigned)n_platforms, n_platforms == 1 ? "" : "s");
    else
        snprintf(none->reason, sizeof none->reason,
                 "no OpenCL platform (%s): install the GPU's OpenCL driver, or pocl-opencl-icd to "
                 "run kernels on the CPU",
                 cl_code_name(code));
}

enum { MOST_PLATFORMS = 16 };

static size_t find_all(struct found_device *out, size_t capacity, pp_device *none) {
    cl_platform_id platforms[MOST_PLATFORMS];
    cl_uint n_platforms = 0;
    cl_int code = clGetPlatformIDs(MOST_PLATFORMS, platforms, &n_platforms);
    if (code != CL_SUCCESS)
        n_platforms = 0;
    if (n_platforms > MOST_PLATFORMS)
        n_platforms = MOST_PLATFORMS;
    size_t n = 0;
    for (cl_uint p = 0; p < n_platforms; p++) {
        cl_device_id devices[MOST_DEVICES];
        cl_uint n_devices = 0;
        if (clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, MOST_DEVICES, devices, &n_devices) !=
            CL_SUCCESS)
            continue;
        for (cl_uint d = 0; d < n_devices && d < MOST_DEVICES && n < capacity; d++) {
            out[n] = (struct found_device){.platform = platforms[p], .device = devices[d]};
            describe(&out[n++], p, d);
        }
    }
    if (n == 0)
        explain_none(none, code, n_platforms);
    return n;
}

size_t find_devices(struct found_device *out, size_t capacity, pp_device *none) {
    /* OpenCL's calls are thread-safe by its rules; PoCL 3.1 ends the process if two come first. */
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    size_t n = find_all(out, capacity, none);
    pthread_mutex_unlock(&lock);
    return n;
}
