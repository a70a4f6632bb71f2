/* What the files of the OpenCL backend share. OpenCL 1.2 throughout. */
#ifndef PARPRIME_BACKEND_OPENCL_OPENCL_H
#define PARPRIME_BACKEND_OPENCL_OPENCL_H

#define CL_TARGET_OPENCL_VERSION 120
#include "backend/backend.h"

#include <CL/cl.h>
#include <parprime.h>
#include <sys/types.h>

/* ---- device.c ---- */

/* A device as found, usable or not. */
struct found_device {
    cl_platform_id platform;
    cl_device_id device;
    cl_device_type type;
    pp_device about;
};

enum { MOST_DEVICES = 32 };

/*
 * All devices of all platforms, in the loader's order, which is that of their ids "P:D". Returns
 * how many; with none, `none` is filled with why not and what to do.
 */
size_t find_devices(struct found_device *out, size_t capacity, pp_device *none);

/* The name of an OpenCL error code, "CL_OUT_OF_RESOURCES", or "an unknown error". */
const char *cl_code_name(cl_int code);

/* Says which call failed and how; the status that a code comes to. */
pp_status cl_failed(pp_error *error, const char *call, cl_int code);

/* ---- an open device ---- */

enum { N_SLOTS = 2 };

enum kernel_index {
    KERNEL_TRIAL_TEST,
    KERNEL_TRIAL_RANGE,
    KERNEL_MR_TEST,
    KERNEL_MR_RANGE,
    KERNEL_PACK,
    KERNEL_SUM_RANGE,
    KERNEL_SUM_TEST,
    KERNEL_SIEVE,
    KERNEL_HYBRID,
    KERNEL_TILE_STARTS, /* GPU kernels only */
    KERNEL_SIEVE_LARGE, /* and this too; CPU kernels have the next two */
    KERNEL_NOTE_LARGE,
    KERNEL_CLEAR_LARGE,
    KERNEL_SIEVE_TEST,
    KERNEL_OPEN_TALLY,
    KERNEL_PREPARE,
    KERNEL_SEAL,
    KERNEL_SELFTEST,
    N_KERNELS
};

struct opencl {
    struct opencl *next_idle;
    /* If its status is not PP_OK: it failed its self-test or was lost, and is never used again. */
    pp_error failure;
    bool lost;           /* a wait came to no end: nothing of it may be waited for or released */
    bool broken;         /* its commands failed: the next session opens the device anew */
    void *abandoned;     /* what it was doing then */
    double patience;     /* seconds that it may take for a batch */
    cl_device_id parent; /* the device that was chosen, of which `device` may be a part */
    unsigned wanted_units;
    cl_context context;
    cl_device_id device;
    cl_device_id sub_device; /* with fewer compute units, NULL when not asked for */
    cl_program program;
    cl_kernel kernels[N_KERNELS];
    cl_command_queue queues[N_SLOTS];
    char name[128];
    pid_t process;     /* that opened it */
    bool is_cpu;       /* the device is a CPU: waits may block, memory is shared */
    bool cpu_variant;  /* vector types and long work-items, not work-groups and tiles */
    unsigned units;    /* compute units */
    size_t group_size; /* of reductions, a power of two */
    cl_ulong local_bytes, max_allocation;
    cl_ulong alignment; /* of a part of a buffer, bytes */
    double build_seconds;
};

/* program.c: compiles the kernels for the device; on failure error holds the log's beginning. */
pp_status opencl_build(struct opencl *opencl, bool has_fp64, pp_error *error);

/* selftest.c: once per device and process; PP_ERR_DISAGREE names device and check. */
pp_status opencl_selftest(struct opencl *opencl, pp_error *error);

/* run.c: backend->run. */
pp_status opencl_run(void *state, const struct job *job, uint64_t first, uint64_t n,
                     struct sink *sink, pp_result *result, pp_error *error);

/*
 * transfer.c: blocks until the event is complete, asleep. PP_OK, or error says that `what` failed;
 * or that it takes longer than the device's patience, which is then lost.
 */
pp_status opencl_wait(struct opencl *opencl, const char *what, cl_event event, pp_error *error);

#endif
