/*
 * An OpenCL layer that plays a faulty driver (OPENCL_LAYERS names it; the loader puts it between
 * the program and every driver). Its environment says what goes wrong, and when:
 *
 *   FAULT_CL_CALL   the function, "clCreateBuffer", or "" for any call
 *   FAULT_CL_NTH    at its how-manieth call, from 1 (0: never)
 *   FAULT_CL_MODE   fail     that call fails with FAULT_CL_CODE and does nothing
 *                   lost     so do it and every call after it: the device is gone
 *                   hang     from then on nothing that was enqueued ever completes
 *                   corrupt  the read-back (a read, or a mapping to read) that it begins has one
 *                            bit flipped: bit FAULT_CL_BIT of its FAULT_CL_WORD-th 64-bit word,
 *                            counted modulo its size
 *                   write    the same for what is written to the device
 *                   skip     the kernel that it enqueues never runs, and is said to have
 *                   short    it runs without its last work-group
 *                   stale    the read that it enqueues brings nothing, and is said to have
 *   FAULT_CL_REPORT a file that at the end gets a line "FUNCTION CALLS" for each function here,
 *                   and "planted N"
 *
 * Calls that this file does not name go straight on; the driver of the tests sees to it that
 * the program makes none of them.
 */
#define CL_TARGET_OPENCL_VERSION 300
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl_layer.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALLS(X)                                                                                   \
    X(clGetPlatformIDs)                                                                            \
    X(clGetPlatformInfo)                                                                           \
    X(clGetDeviceIDs)                                                                              \
    X(clGetDeviceInfo)                                                                             \
    X(clCreateSubDevices)                                                                          \
    X(clRetainDevice)                                                                              \
    X(clReleaseDevice)                                                                             \
    X(clCreateContext)                                                                             \
    X(clReleaseContext)                                                                            \
    X(clCreateCommandQueue)                                                                        \
    X(clReleaseCommandQueue)                                                                       \
    X(clCreateBuffer)                                                                              \
    X(clCreateSubBuffer)                                                                           \
    X(clReleaseMemObject)                                                                          \
    X(clCreateProgramWithSource)                                                                   \
    X(clReleaseProgram)                                                                            \
    X(clBuildProgram)                                                                              \
    X(clGetProgramBuildInfo)                                                                       \
    X(clCreateKernel)                                                                              \
    X(clReleaseKernel)                                                                             \
    X(clSetKernelArg)                                                                              \
    X(clGetKernelWorkGroupInfo)                                                                    \
    X(clWaitForEvents)                                                                             \
    X(clGetEventInfo)                                                                              \
    X(clRetainEvent)                                                                               \
    X(clReleaseEvent)                                                                              \
    X(clSetEventCallback)                                                                          \
    X(clGetEventProfilingInfo)                                                                     \
    X(clFlush)                                                                                     \
    X(clFinish)                                                                                    \
    X(clEnqueueReadBuffer)                                                                         \
    X(clEnqueueWriteBuffer)                                                                        \
    X(clEnqueueCopyBuffer)                                                                         \
    X(clEnqueueFillBuffer)                                                                         \
    X(clEnqueueMapBuffer)                                                                          \
    X(clEnqueueUnmapMemObject)                                                                     \
    X(clEnqueueNDRangeKernel)                                                                      \
    X(clEnqueueMarkerWithWaitList)

#define AS_INDEX(name) CALL_##name,
enum call { CALLS(AS_INDEX) N_CALLS };
#define AS_NAME(name) #name,
static const char *const names[N_CALLS] = {CALLS(AS_NAME)};

static const cl_icd_dispatch *next;
static cl_icd_dispatch ours;

/* ---- what goes wrong, and when ---- */

enum mode {
    MODE_NONE,
    MODE_FAIL,
    MODE_LOST,
    MODE_HANG,
    MODE_CORRUPT,
    MODE_WRITE,
    MODE_SKIP,
    MODE_SHORT,
    MODE_STALE
};

static struct {
    enum mode mode;
    int call; /* -1: any */
    unsigned long nth, word;
    unsigned bit;
    cl_int code;
} plan = {.call = -1};

static atomic_ulong calls[N_CALLS], all_calls, planted;
static atomic_bool lost, hung;

static unsigned long number_of(const char *name) {
    const char *text = getenv(name);
    return text ? strtoul(text, NULL, 10) : 0;
}

static void read_plan(void) {
    static const char *const modes[] = {"",      "fail", "lost",  "hang", "corrupt",
                                        "write", "skip", "short", "stale"};
    const char *mode = getenv("FAULT_CL_MODE"), *call = getenv("FAULT_CL_CALL"),
               *code = getenv("FAULT_CL_CODE");
    for (size_t i = 0; mode && i < sizeof modes / sizeof *modes; i++)
        if (strcmp(mode, modes[i]) == 0)
            plan.mode = (enum mode)i;
    for (int i = 0; call && i < N_CALLS; i++)
        if (strcmp(call, names[i]) == 0)
            plan.call = i;
    plan.nth = number_of("FAULT_CL_NTH");
    plan.word = number_of("FAULT_CL_WORD");
    plan.bit = (unsigned)number_of("FAULT_CL_BIT");
    plan.code = code ? (cl_int)strtol(code, NULL, 10) : CL_OUT_OF_RESOURCES;
    if ((mode && *mode && !plan.mode) || (call && *call && plan.call < 0)) {
        fprintf(stderr, "tests/fault: no mode %s, or no call %s\n", mode ? mode : "",
                call ? call : "");
        abort();
    }
}

/* Counts a call. Is it the one that the plan speaks of? */
static bool is_planned(enum call call) {
    unsigned long of_call = atomic_fetch_add(&calls[call], 1) + 1;
    unsigned long of_all = atomic_fetch_add(&all_calls, 1) + 1;
    if (plan.mode == MODE_NONE || plan.nth == 0)
        return false;
    if (plan.call >= 0 ? plan.call != (int)call || of_call != plan.nth : of_all != plan.nth)
        return false;
    atomic_fetch_add(&planted, 1);
    return true;
}

/* The code that a call is to fail with; CL_SUCCESS: it goes on. */
static cl_int outcome(enum call call, bool *planned) {
    *planned = is_planned(call);
    if (*planned && plan.mode == MODE_LOST)
        atomic_store(&lost, true);
    if (*planned && plan.mode == MODE_HANG)
        atomic_store(&hung, true);
    return atomic_load(&lost) || (*planned && plan.mode == MODE_FAIL) ? plan.code : CL_SUCCESS;
}

static void hang_if_hung(void) {
    while (atomic_load(&hung))
        pause();
}

/* ---- what is read back ---- */

static void flip(void *memory, size_t bytes) {
    if (bytes < 8)
        return;
    uint64_t word;
    char *at = (char *)memory + plan.word % (bytes / 8) * 8;
    memcpy(&word, at, 8);
    word ^= UINT64_C(1) << plan.bit % 64;
    memcpy(at, &word, 8);
}

/* A read-back in flight that is to be corrupted: when the host is told that it is complete. */
static struct {
    pthread_mutex_t lock;
    cl_event event;
    void *memory;
    size_t bytes;
} pending = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void corrupt_later(cl_event event, void *memory, size_t bytes) {
    pthread_mutex_lock(&pending.lock);
    pending.event = event;
    pending.memory = memory;
    pending.bytes = bytes;
    pthread_mutex_unlock(&pending.lock);
}

static void completed(cl_event event) {
    pthread_mutex_lock(&pending.lock);
    if (event && pending.event == event) {
        flip(pending.memory, pending.bytes);
        pending.event = NULL;
    }
    pthread_mutex_unlock(&pending.lock);
}

/* ---- the calls ---- */

/* Those that return a code, and nothing else is to be known of them. */
#define STATUS_CALL(name, parameters, arguments)                                                   \
    static cl_int CL_API_CALL layer_##name parameters {                                            \
        bool planned;                                                                              \
        cl_int code = outcome(CALL_##name, &planned);                                              \
        return code != CL_SUCCESS ? code : next->name arguments;                                   \
    }
/* Those that return an object, and the code through a pointer. */
#define OBJECT_CALL(type, name, parameters, arguments)                                             \
    static type CL_API_CALL layer_##name parameters {                                              \
        bool planned;                                                                              \
        cl_int code = outcome(CALL_##name, &planned);                                              \
        if (code == CL_SUCCESS)                                                                    \
            return next->name arguments;                                                           \
        if (code_out)                                                                              \
            *code_out = code;                                                                      \
        return NULL;                                                                               \
    }

STATUS_CALL(clGetPlatformIDs, (cl_uint n, cl_platform_id *out, cl_uint *n_out), (n, out, n_out))
STATUS_CALL(clGetPlatformInfo,
            (cl_platform_id platform, cl_platform_info what, size_t size, void *out,
             size_t *size_out),
            (platform, what, size, out, size_out))
STATUS_CALL(clGetDeviceIDs,
            (cl_platform_id platform, cl_device_type type, cl_uint n, cl_device_id *out,
             cl_uint *n_out),
            (platform, type, n, out, n_out))
STATUS_CALL(clGetDeviceInfo,
            (cl_device_id device, cl_device_info what, size_t size, void *out, size_t *size_out),
            (device, what, size, out, size_out))
STATUS_CALL(clCreateSubDevices,
            (cl_device_id device, const cl_device_partition_property *properties, cl_uint n,
             cl_device_id *out, cl_uint *n_out),
            (device, properties, n, out, n_out))
STATUS_CALL(clRetainDevice, (cl_device_id device), (device))
STATUS_CALL(clReleaseDevice, (cl_device_id device), (device))
OBJECT_CALL(cl_context, clCreateContext,
            (const cl_context_properties *properties, cl_uint n, const cl_device_id *devices,
             void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *user,
             cl_int *code_out),
            (properties, n, devices, notify, user, code_out))
STATUS_CALL(clReleaseContext, (cl_context context), (context))
OBJECT_CALL(cl_command_queue, clCreateCommandQueue,
            (cl_context context, cl_device_id device, cl_command_queue_properties properties,
             cl_int *code_out),
            (context, device, properties, code_out))
STATUS_CALL(clReleaseCommandQueue, (cl_command_queue queue), (queue))
OBJECT_CALL(cl_mem, clCreateBuffer,
            (cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *code_out),
            (context, flags, size, host, code_out))
OBJECT_CALL(cl_mem, clCreateSubBuffer,
            (cl_mem buffer, cl_mem_flags flags, cl_buffer_create_type type, const void *region,
             cl_int *code_out),
            (buffer, flags, type, region, code_out))
STATUS_CALL(clReleaseMemObject, (cl_mem buffer), (buffer))
OBJECT_CALL(cl_program, clCreateProgramWithSource,
            (cl_context context, cl_uint n, const char **texts, const size_t *lengths,
             cl_int *code_out),
            (context, n, texts, lengths, code_out))
STATUS_CALL(clReleaseProgram, (cl_program program), (program))
STATUS_CALL(clBuildProgram,
            (cl_program program, cl_uint n, const cl_device_id *devices, const char *options,
             void(CL_CALLBACK *notify)(cl_program, void *), void *user),
            (program, n, devices, options, notify, user))
STATUS_CALL(clGetProgramBuildInfo,
            (cl_program program, cl_device_id device, cl_program_build_info what, size_t size,
             void *out, size_t *size_out),
            (program, device, what, size, out, size_out))
OBJECT_CALL(cl_kernel, clCreateKernel, (cl_program program, const char *name, cl_int *code_out),
            (program, name, code_out))
STATUS_CALL(clReleaseKernel, (cl_kernel kernel), (kernel))
STATUS_CALL(clSetKernelArg, (cl_kernel kernel, cl_uint index, size_t size, const void *value),
            (kernel, index, size, value))
STATUS_CALL(clGetKernelWorkGroupInfo,
            (cl_kernel kernel, cl_device_id device, cl_kernel_work_group_info what, size_t size,
             void *out, size_t *size_out),
            (kernel, device, what, size, out, size_out))
STATUS_CALL(clRetainEvent, (cl_event event), (event))
STATUS_CALL(clReleaseEvent, (cl_event event), (event))
STATUS_CALL(clGetEventProfilingInfo,
            (cl_event event, cl_profiling_info what, size_t size, void *out, size_t *size_out),
            (event, what, size, out, size_out))
STATUS_CALL(clFlush, (cl_command_queue queue), (queue))
STATUS_CALL(clEnqueueCopyBuffer,
            (cl_command_queue queue, cl_mem from, cl_mem to, size_t from_offset, size_t to_offset,
             size_t size, cl_uint n, const cl_event *waits, cl_event *event),
            (queue, from, to, from_offset, to_offset, size, n, waits, event))
STATUS_CALL(clEnqueueFillBuffer,
            (cl_command_queue queue, cl_mem buffer, const void *pattern, size_t pattern_size,
             size_t offset, size_t size, cl_uint n, const cl_event *waits, cl_event *event),
            (queue, buffer, pattern, pattern_size, offset, size, n, waits, event))
STATUS_CALL(clEnqueueUnmapMemObject,
            (cl_command_queue queue, cl_mem buffer, void *mapped, cl_uint n, const cl_event *waits,
             cl_event *event),
            (queue, buffer, mapped, n, waits, event))
STATUS_CALL(clEnqueueMarkerWithWaitList,
            (cl_command_queue queue, cl_uint n, const cl_event *waits, cl_event *event),
            (queue, n, waits, event))

/* Of a device that hangs nobody is ever called. */
static cl_int CL_API_CALL layer_clSetEventCallback(
    cl_event event, cl_int type, void(CL_CALLBACK *notify)(cl_event, cl_int, void *), void *user) {
    bool planned;
    cl_int code = outcome(CALL_clSetEventCallback, &planned);
    if (code != CL_SUCCESS || atomic_load(&hung))
        return code;
    return next->clSetEventCallback(event, type, notify, user);
}

static cl_int CL_API_CALL layer_clFinish(cl_command_queue queue) {
    bool planned;
    cl_int code = outcome(CALL_clFinish, &planned);
    hang_if_hung();
    return code != CL_SUCCESS ? code : next->clFinish(queue);
}

static cl_int CL_API_CALL layer_clWaitForEvents(cl_uint n, const cl_event *events) {
    bool planned;
    cl_int code = outcome(CALL_clWaitForEvents, &planned);
    hang_if_hung();
    if (code == CL_SUCCESS)
        code = next->clWaitForEvents(n, events);
    for (cl_uint i = 0; code == CL_SUCCESS && i < n; i++)
        completed(events[i]);
    return code;
}

static cl_int CL_API_CALL layer_clGetEventInfo(cl_event event, cl_event_info what, size_t size,
                                               void *out, size_t *size_out) {
    bool planned;
    cl_int code = outcome(CALL_clGetEventInfo, &planned), state;
    if (code == CL_SUCCESS)
        code = next->clGetEventInfo(event, what, size, out, size_out);
    if (code == CL_SUCCESS && what == CL_EVENT_COMMAND_EXECUTION_STATUS && out) {
        memcpy(&state, out, sizeof state);
        if (atomic_load(&hung)) {
            state = CL_RUNNING;
            memcpy(out, &state, sizeof state);
        } else if (state == CL_COMPLETE) {
            completed(event);
        }
    }
    return code;
}

static cl_int CL_API_CALL layer_clEnqueueReadBuffer(cl_command_queue queue, cl_mem buffer,
                                                    cl_bool blocking, size_t offset, size_t size,
                                                    void *to, cl_uint n, const cl_event *waits,
                                                    cl_event *event) {
    bool planned;
    cl_int code = outcome(CALL_clEnqueueReadBuffer, &planned);
    if (code != CL_SUCCESS)
        return code;
    if (blocking)
        hang_if_hung();
    if (planned && plan.mode == MODE_STALE)
        to = malloc(size); /* for good: somebody writes there some time later */
    code = next->clEnqueueReadBuffer(queue, buffer, blocking, offset, size, to, n, waits, event);
    if (code == CL_SUCCESS && planned && plan.mode == MODE_CORRUPT) {
        if (blocking)
            flip(to, size);
        else if (event)
            corrupt_later(*event, to, size);
    }
    return code;
}

static cl_int CL_API_CALL layer_clEnqueueWriteBuffer(cl_command_queue queue, cl_mem buffer,
                                                     cl_bool blocking, size_t offset, size_t size,
                                                     const void *from, cl_uint n,
                                                     const cl_event *waits, cl_event *event) {
    bool planned;
    cl_int code = outcome(CALL_clEnqueueWriteBuffer, &planned);
    if (code != CL_SUCCESS)
        return code;
    if (blocking)
        hang_if_hung();
    if (planned && plan.mode == MODE_WRITE) {
        void *copy = malloc(size); /* for good, as above */
        memcpy(copy, from, size);
        flip(copy, size);
        from = copy;
    }
    return next->clEnqueueWriteBuffer(queue, buffer, blocking, offset, size, from, n, waits, event);
}

static void *CL_API_CALL layer_clEnqueueMapBuffer(cl_command_queue queue, cl_mem buffer,
                                                  cl_bool blocking, cl_map_flags flags,
                                                  size_t offset, size_t size, cl_uint n,
                                                  const cl_event *waits, cl_event *event,
                                                  cl_int *code_out) {
    bool planned;
    cl_int code = outcome(CALL_clEnqueueMapBuffer, &planned);
    if (code != CL_SUCCESS) {
        if (code_out)
            *code_out = code;
        return NULL;
    }
    if (blocking)
        hang_if_hung();
    void *mapped = next->clEnqueueMapBuffer(queue, buffer, blocking, flags, offset, size, n, waits,
                                            event, code_out);
    if (mapped && planned && plan.mode == MODE_CORRUPT && flags & CL_MAP_READ) {
        if (blocking)
            flip(mapped, size);
        else if (event)
            corrupt_later(*event, mapped, size);
    }
    return mapped;
}

static cl_int CL_API_CALL layer_clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel,
                                                       cl_uint dimensions, const size_t *offset,
                                                       const size_t *global, const size_t *local,
                                                       cl_uint n, const cl_event *waits,
                                                       cl_event *event) {
    bool planned;
    cl_int code = outcome(CALL_clEnqueueNDRangeKernel, &planned);
    if (code != CL_SUCCESS)
        return code;
    size_t fewer = planned && plan.mode == MODE_SHORT && local ? *global - *local : 0;
    if (fewer)
        global = &fewer;
    else if (planned && (plan.mode == MODE_SKIP || plan.mode == MODE_SHORT))
        return next->clEnqueueMarkerWithWaitList(queue, n, waits, event);
    return next->clEnqueueNDRangeKernel(queue, kernel, dimensions, offset, global, local, n, waits,
                                        event);
}

/* ---- the layer ---- */

__attribute__((destructor)) static void report(void) {
    const char *path = getenv("FAULT_CL_REPORT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file)
        return;
    for (int i = 0; i < N_CALLS; i++)
        fprintf(file, "%s %lu\n", names[i], atomic_load(&calls[i]));
    fprintf(file, "planted %lu\n", atomic_load(&planted));
    fclose(file);
}

__attribute__((visibility("default"))) cl_int CL_API_CALL clGetLayerInfo(cl_layer_info what,
                                                                         size_t size, void *out,
                                                                         size_t *size_out) {
    static const cl_layer_api_version version = CL_LAYER_API_VERSION_100;
    static const char name[] = "parprime's faults";
    const void *value = what == CL_LAYER_API_VERSION ? (const void *)&version : name;
    size_t length = what == CL_LAYER_API_VERSION ? sizeof version : sizeof name;
    if ((what != CL_LAYER_API_VERSION && what != CL_LAYER_NAME) || (out && size < length))
        return CL_INVALID_VALUE;
    if (out)
        memcpy(out, value, length);
    if (size_out)
        *size_out = length;
    return CL_SUCCESS;
}

__attribute__((visibility("default"))) cl_int CL_API_CALL clInitLayer(cl_uint n_entries,
                                                                      const cl_icd_dispatch *target,
                                                                      cl_uint *n_entries_out,
                                                                      const cl_icd_dispatch **out) {
    cl_uint known = sizeof ours / sizeof(void *);
    if (!target || !n_entries_out || !out)
        return CL_INVALID_VALUE;
    read_plan();
    next = target;
    memcpy(&ours, target, (n_entries < known ? n_entries : known) * sizeof(void *));
#define AS_ENTRY(name) ours.name = layer_##name;
    CALLS(AS_ENTRY)
    *n_entries_out = n_entries < known ? n_entries : known;
    *out = &ours;
    return CL_SUCCESS;
}
