/* The row of the table: finding, opening and closing an OpenCL device. */
#include "backend/opencl/opencl.h"
#include "base/clock.h"
#include "base/error.h"
#include "math/wheel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const struct backend backend_opencl;

static size_t probe(pp_device *devices, size_t capacity) {
    struct found_device found[MOST_DEVICES];
    pp_device none;
    size_t n = find_devices(found, MOST_DEVICES, &none);
    if (n == 0) {
        if (capacity)
            *devices = none;
        return 1;
    }
    for (size_t i = 0; i < n && i < capacity; i++)
        devices[i] = found[i].about;
    return n;
}

static bool supports(enum question question, pp_method method) {
    (void)question;
    return method == PP_METHOD_TRIAL || method == PP_METHOD_MR || method == PP_METHOD_SIEVE ||
           method == PP_METHOD_HYBRID;
}

/* The device asked for by id or part of its name; else the first GPU, else the first usable one. */
static const struct found_device *choose(const struct found_device *found, size_t n,
                                         const char *wish) {
    const struct found_device *best = NULL;
    for (size_t i = 0; i < n; i++) {
        if (wish) {
            if (strcmp(found[i].about.id, wish) == 0)
                return &found[i];
            if (!best && strstr(found[i].about.name, wish))
                best = &found[i];
        } else if (found[i].about.usable && (!best || (!(best->type & CL_DEVICE_TYPE_GPU) &&
                                                       (found[i].type & CL_DEVICE_TYPE_GPU)))) {
            best = &found[i];
        }
    }
    return best;
}

static void destroy(struct opencl *opencl) {
    for (int i = 0; i < N_KERNELS; i++)
        if (opencl->kernels[i])
            clReleaseKernel(opencl->kernels[i]);
    if (opencl->program)
        clReleaseProgram(opencl->program);
    for (int i = 0; i < N_SLOTS; i++)
        if (opencl->queues[i])
            clReleaseCommandQueue(opencl->queues[i]);
    if (opencl->context)
        clReleaseContext(opencl->context);
    if (opencl->sub_device)
        clReleaseDevice(opencl->sub_device);
    free(opencl);
}

/*
 * Opened devices that no session holds, for the next one to take: opening costs a driver's
 * start and a build of all kernels. They stay open to the end of the process, also because PoCL
 * 3.1 crashes now and then when a queue is released just after its last command: its own thread
 * is not done with it yet. As many as sessions were ever open at once.
 */
static struct {
    pthread_mutex_t lock;
    struct opencl *first;
} idle = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct opencl *take_idle(cl_device_id device, unsigned units, bool cpu_variant) {
    pthread_mutex_lock(&idle.lock);
    struct opencl **at = &idle.first, *found = NULL;
    while (*at && ((*at)->parent != device || (*at)->wanted_units != units ||
                   (*at)->cpu_variant != cpu_variant || (*at)->broken))
        at = &(*at)->next_idle;
    if (*at) {
        found = *at;
        *at = found->next_idle;
        found->build_seconds = 0; /* this session did not build */
    }
    pthread_mutex_unlock(&idle.lock);
    return found;
}

static void opencl_close(void *state) {
    struct opencl *opencl = state;
    if (!opencl)
        return;
    pthread_mutex_lock(&idle.lock);
    opencl->next_idle = idle.first;
    idle.first = opencl;
    pthread_mutex_unlock(&idle.lock);
}

/* Fewer compute units of a CPU device. */
static pp_status restrict_units(struct opencl *opencl, unsigned wanted, pp_error *error) {
    if (wanted == 0 || wanted == opencl->units)
        return PP_OK;
    if (wanted > opencl->units)
        return pp_fail(error, PP_ERR_USAGE, "device %s has %u compute units, not %u", opencl->name,
                       opencl->units, wanted);
    const cl_device_partition_property by_counts[] = {CL_DEVICE_PARTITION_BY_COUNTS,
                                                      (cl_device_partition_property)wanted,
                                                      CL_DEVICE_PARTITION_BY_COUNTS_LIST_END, 0};
    cl_uint n = 0;
    cl_int code = clCreateSubDevices(opencl->device, by_counts, 1, &opencl->sub_device, &n);
    if (code != CL_SUCCESS || n != 1)
        return pp_fail(error, PP_ERR_UNAVAILABLE,
                       "device %s cannot be restricted to %u compute units (%s)", opencl->name,
                       wanted, cl_code_name(code));
    opencl->device = opencl->sub_device;
    opencl->units = wanted;
    return PP_OK;
}

/* A kernel that needs many registers may not run in groups as large as the device's largest. */
static pp_status restrict_groups(struct opencl *opencl, pp_error *error) {
    for (int i = 0; i < N_KERNELS; i++) {
        size_t most = 0;
        if (!opencl->kernels[i])
            continue;
        cl_int code = clGetKernelWorkGroupInfo(opencl->kernels[i], opencl->device,
                                               CL_KERNEL_WORK_GROUP_SIZE, sizeof most, &most, NULL);
        if (code != CL_SUCCESS)
            return cl_failed(error, "clGetKernelWorkGroupInfo", code);
        while (opencl->group_size > most && opencl->group_size > 1)
            opencl->group_size /= 2;
    }
    return PP_OK;
}

/* Vector types and long work-items, or work-groups and tiles? */
static bool wants_cpu_variant(const struct found_device *found, const pp_session_options *options) {
    if (!found->about.fp64)
        return false; /* its vectors are of doubles */
    if (options->kernels && strcmp(options->kernels, "auto") != 0)
        return strcmp(options->kernels, "cpu") == 0;
    return (found->type & CL_DEVICE_TYPE_CPU) != 0;
}

static pp_status open_device(struct opencl *opencl, const struct found_device *found,
                             const pp_session_options *options, pp_error *error) {
    snprintf(opencl->name, sizeof opencl->name, "%s", found->about.name);
    opencl->device = found->device;
    opencl->process = getpid();
    opencl->is_cpu = (found->type & CL_DEVICE_TYPE_CPU) != 0;
    opencl->units = found->about.units ? found->about.units : 1;
    opencl->local_bytes = found->about.local_memory_bytes;
    pp_status status = restrict_units(opencl, options->threads, error);
    if (status != PP_OK)
        return status;

    size_t most_items = 1;
    cl_int code = clGetDeviceInfo(opencl->device, CL_DEVICE_MAX_MEM_ALLOC_SIZE,
                                  sizeof opencl->max_allocation, &opencl->max_allocation, NULL);
    if (code == CL_SUCCESS)
        code = clGetDeviceInfo(opencl->device, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof most_items,
                               &most_items, NULL);
    if (code != CL_SUCCESS)
        return cl_failed(error, "clGetDeviceInfo", code);
    opencl->group_size = 256;
    while (opencl->group_size > most_items)
        opencl->group_size /= 2;

    cl_uint bits = 0;
    code = clGetDeviceInfo(opencl->device, CL_DEVICE_MEM_BASE_ADDR_ALIGN, sizeof bits, &bits, NULL);
    if (code != CL_SUCCESS)
        return cl_failed(error, "clGetDeviceInfo", code);
    opencl->alignment = bits >= 8 ? bits / 8 : 1;

    opencl->context = clCreateContext(NULL, 1, &opencl->device, NULL, NULL, &code);
    if (code != CL_SUCCESS)
        return cl_failed(error, "clCreateContext", code);
    for (int i = 0; i < N_SLOTS; i++) {
        opencl->queues[i] =
            clCreateCommandQueue(opencl->context, opencl->device, CL_QUEUE_PROFILING_ENABLE, &code);
        if (code != CL_SUCCESS)
            return cl_failed(error, "clCreateCommandQueue", code);
    }
    status = opencl_build(opencl, found->about.fp64, error);
    if (status == PP_OK)
        status = restrict_groups(opencl, error);
    return status == PP_OK ? opencl_selftest(opencl, error) : status;
}

/* The process that first opened a device, 0 before: drivers' threads do not survive a fork. */
static atomic_int first_process;

/* Seconds: no launch of ours takes one, but a machine may be busy, or suspended for a while. */
static const double PATIENCE = 300;

static pp_status opencl_open(const pp_session_options *options, void **state, pp_error *error) {
    *state = NULL;
    int process = getpid(), nobody = 0;
    if (!atomic_compare_exchange_strong(&first_process, &nobody, process) && nobody != process)
        return pp_fail(error, PP_ERR_UNAVAILABLE,
                       "backend opencl: this process was forked from one that uses OpenCL, whose "
                       "driver cannot go on here");
    struct found_device found[MOST_DEVICES];
    pp_device none;
    size_t n = find_devices(found, MOST_DEVICES, &none);
    if (n == 0)
        return pp_fail(error, PP_ERR_UNAVAILABLE, "backend opencl: %s", none.reason);
    const struct found_device *chosen = choose(found, n, options->device);
    if (!chosen)
        return pp_fail(error, PP_ERR_UNAVAILABLE,
                       "no OpenCL device '%.60s'; `parprime devices` lists what there is",
                       options->device ? options->device : "");
    if (!chosen->about.usable)
        return pp_fail(error, PP_ERR_UNAVAILABLE, "device %s: %s", chosen->about.name,
                       chosen->about.reason);
    bool cpu_variant = wants_cpu_variant(chosen, options);
    double patience = options->device_timeout > 0 ? options->device_timeout : PATIENCE;
    struct opencl *opencl = take_idle(chosen->device, options->threads, cpu_variant);
    if (opencl && opencl->failure.status == PP_OK) {
        opencl->patience = patience;
        *state = opencl;
        return PP_OK;
    }
    if (opencl) {
        pp_status status = pp_fail(error, opencl->failure.status, "%s", opencl->failure.message);
        opencl_close(opencl);
        return status;
    }
    opencl = calloc(1, sizeof *opencl);
    if (!opencl)
        return pp_fail(error, PP_ERR_MEMORY, "no memory to open a session");
    opencl->parent = chosen->device;
    opencl->wanted_units = options->threads;
    opencl->cpu_variant = cpu_variant;
    opencl->patience = patience;
    pp_error why = {.status = PP_OK};
    pp_status status = open_device(opencl, chosen, options, &why);
    if (status != PP_OK) {
        if (why.status != status) /* nobody has found words for it */
            pp_fail(&why, status, "device %s: %s", opencl->name, pp_strerror(status));
        opencl->failure = why;
        if (status == PP_ERR_MEMORY || status == PP_ERR_INTERNAL)
            opencl->parent = NULL; /* says little of the device: the next session tries again */
        if (opencl->queues[0])     /* which has had commands, perhaps: see idle */
            opencl_close(opencl);
        else
            destroy(opencl);
        return pp_fail(error, status, "%s", why.message);
    }
    *state = opencl;
    return PP_OK;
}

/*
 * Hybrid: base primes up to here are crossed off. CPU devices: `parprime count 2^63 2^63+3e7
 * --backend opencl --method hybrid -t 1` took 1.4, 1.1 and 0.9 s with 2^18, 2^20 and 2^22, but each
 * launch sets up every prime. GPUs: reckoned, not yet measured: twice the limit costs a tile 1.5
 * million instructions for its primes and a million for their multiples, and spares 2100 tests of
 * 1700 instructions.
 */
enum { CPU_HYBRID_LIMIT = 1 << 20, GPU_HYBRID_LIMIT = 1 << 19 };

static void shape(const void *state, const struct job *job, struct shape *out) {
    const struct opencl *opencl = state;
    *out = (struct shape){.kind = opencl->is_cpu ? ENGINE_CPU_DEVICE : ENGINE_GPU,
                          .workers = opencl->units,
                          .align = job->question == QUESTION_TEST ? 64 : WHEEL_WORD,
                          .speed = opencl->is_cpu ? 1 : 16,
                          .base_limit = job->method != PP_METHOD_HYBRID ? UINT32_MAX
                                        : opencl->cpu_variant           ? CPU_HYBRID_LIMIT
                                                                        : GPU_HYBRID_LIMIT};
}

const struct backend backend_opencl = {"opencl", probe,      supports,    opencl_open,
                                       shape,    opencl_run, opencl_close};
