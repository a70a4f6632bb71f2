/* Memory that host and device share, what goes between them, and waiting for it. */
#include "backend/opencl/run.h"

#include "base/clock.h"
#include "base/error.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- waiting ---- */

/*
 * No wait of OpenCL's own ends when the device hangs. So a CPU device's driver is asked to call
 * when a command is done: its core has better to do than to be looked at, and its drivers call at
 * once. GPUs are looked at, at a share of the time that the command has taken, so that short ones
 * are not kept waiting and long ones cost no core anything.
 */
static const double LOOK_SHARE = 1 / 16.0, LOOK_LEAST = 20e-6, LOOK_MOST = 1e-3;

static void give_up(struct opencl *opencl, const char *what, pp_error *error) {
    opencl->lost = true;
    pp_fail(&opencl->failure, PP_ERR_UNAVAILABLE,
            "device %.80s hangs: %s did not end within %.3g s (--device-timeout allows longer)",
            opencl->name, what, opencl->patience);
    pp_fail(error, PP_ERR_UNAVAILABLE, "%s", opencl->failure.message);
}

/*
 * Nobody can say any more whether the command has ended. What it may still use stays where it is:
 * drivers write to memory, and look at events, that are gone otherwise.
 */
static pp_status lose_sight(struct opencl *opencl, const char *call, cl_int code, pp_error *error) {
    pp_status status = cl_failed(error, call, code);
    opencl->lost = true;
    opencl->failure = *error;
    return status;
}

/* A thread that waits to be called; of whoever comes last to leave it. */
struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_done;
    unsigned holders;
};

/* Under the lock, which it gives back. */
static void leave(struct waiter *waiter) {
    bool last = --waiter->holders == 0;
    pthread_mutex_unlock(&waiter->lock);
    if (!last)
        return;
    pthread_cond_destroy(&waiter->changed);
    pthread_mutex_destroy(&waiter->lock);
    free(waiter);
}

static void CL_CALLBACK call(cl_event event, cl_int state, void *user) {
    (void)event, (void)state;
    struct waiter *waiter = user;
    pthread_mutex_lock(&waiter->lock);
    waiter->is_done = true;
    pthread_cond_signal(&waiter->changed);
    leave(waiter);
}

/* Waits to be called, at most so many seconds; comes back at once where that cannot be had. */
static void wait_for_call(cl_event event, double seconds) {
    struct waiter *waiter = calloc(1, sizeof *waiter);
    if (!waiter)
        return;
    pthread_mutex_init(&waiter->lock, NULL);
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&waiter->changed, &clock);
    pthread_condattr_destroy(&clock);
    waiter->holders = 2;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)seconds;
    until.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    bool is_asked = clSetEventCallback(event, CL_COMPLETE, call, waiter) == CL_SUCCESS;
    pthread_mutex_lock(&waiter->lock);
    if (!is_asked)
        waiter->holders--;
    while (is_asked && !waiter->is_done &&
           pthread_cond_timedwait(&waiter->changed, &waiter->lock, &until) == 0) {
    }
    leave(waiter);
}

pp_status opencl_wait(struct opencl *opencl, const char *what, cl_event event, pp_error *error) {
    double begin = clock_seconds();
    bool may_be_called = opencl->is_cpu, failed = false;
    for (;;) {
        cl_int state = CL_QUEUED;
        cl_int code =
            clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof state, &state, NULL);
        if (code != CL_SUCCESS && failed)
            return lose_sight(opencl, "clGetEventInfo", code, error);
        failed = code != CL_SUCCESS;
        if (failed) /* to ask is no part of the command: a second time */
            continue;
        if (state == CL_COMPLETE)
            return PP_OK;
        if (state < 0)
            return cl_failed(error, what, state);
        if (may_be_called) {
            wait_for_call(event, opencl->patience);
            may_be_called = false;
            continue;
        }
        double waited = clock_seconds() - begin, look = waited * LOOK_SHARE;
        if (waited > opencl->patience) {
            give_up(opencl, what, error);
            return PP_ERR_UNAVAILABLE;
        }
        look = look < LOOK_LEAST ? LOOK_LEAST : look > LOOK_MOST ? LOOK_MOST : look;
        nanosleep(&(struct timespec){0, (long)(look * 1e9)}, NULL);
    }
}

/* Waits for a command that was just enqueued, and gives its event back. */
static pp_status wait_now(struct run *run, cl_command_queue queue, const char *what,
                          cl_event event) {
    cl_int code = clFlush(queue);
    if (code != CL_SUCCESS) /* the command is in the queue, and may begin whenever it likes */
        code = clFlush(queue);
    pp_status status = code == CL_SUCCESS ? opencl_wait(run->opencl, what, event, run->error)
                                          : lose_sight(run->opencl, "clFlush", code, run->error);
    if (!run->opencl->lost)
        clReleaseEvent(event);
    return status;
}

pp_status drain(struct run *run, struct slot *slot) {
    cl_event event = NULL;
    if (run->opencl->lost)
        return run->opencl->failure.status;
    CHECK(run, "clEnqueueMarkerWithWaitList",
          clEnqueueMarkerWithWaitList(slot->queue, 0, NULL, &event));
    return wait_now(run, slot->queue, "what is in a queue", event);
}

/* ---- buffers ---- */

pp_status make_buffer(struct run *run, cl_mem_flags flags, uint64_t bytes, cl_mem *out) {
    cl_int code;
    if (bytes == 0)
        bytes = 8;
    if (bytes > run->opencl->max_allocation)
        return pp_fail(run->error, PP_ERR_MEMORY,
                       "OpenCL: the device gives out at most %llu bytes at once, %llu are needed",
                       (unsigned long long)run->opencl->max_allocation, (unsigned long long)bytes);
    *out = clCreateBuffer(run->opencl->context, flags, bytes, NULL, &code);
    return code == CL_SUCCESS ? PP_OK : cl_failed(run->error, "clCreateBuffer", code);
}

void release_buffer(cl_mem *buffer) {
    if (*buffer)
        clReleaseMemObject(*buffer);
    *buffer = NULL;
}

pp_status make_guarded(struct run *run, struct slot *slot, const char *name, cl_mem_flags flags,
                       uint64_t bytes, cl_mem *out) {
    if (bytes == 0)
        return make_buffer(run, flags, 0, out);
    struct guarded *guarded = &slot->guarded[slot->n_guarded];
    uint64_t front = run->front_bytes;
    pp_status status =
        make_buffer(run, flags, front + bytes + GUARD_WORDS * sizeof(cl_uint), &guarded->whole);
    if (status != PP_OK)
        return status;
    guarded->name = name;
    guarded->end = (front + bytes) / sizeof(cl_uint);
    slot->n_guarded++;
    cl_int code;
    const cl_buffer_region inside = {(size_t)front, (size_t)bytes};
    *out = clCreateSubBuffer(guarded->whole, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION,
                             &inside, &code);
    return code == CL_SUCCESS ? PP_OK : cl_failed(run->error, "clCreateSubBuffer", code);
}

void release_guarded(struct slot *slot) {
    for (unsigned i = 0; i < slot->n_guarded; i++)
        release_buffer(&slot->guarded[i].whole);
    slot->n_guarded = 0;
}

/* Of a table, which is copied through run->piece. */
enum { PIECE = 1 << 20 };

static size_t piece_size(uint64_t bytes, uint64_t at) {
    return bytes - at < PIECE ? (size_t)(bytes - at) : PIECE;
}

/* Writes a table, piece by piece. */
static pp_status send_table(struct run *run, const char *from, uint64_t bytes, cl_mem table) {
    cl_command_queue queue = run->slots[0].queue;
    pp_status status = PP_OK;
    for (uint64_t at = 0; at < bytes && status == PP_OK; at += PIECE) {
        size_t size = piece_size(bytes, at);
        cl_event event = NULL;
        memcpy(run->piece, from + at, size);
        CHECK(run, "clEnqueueWriteBuffer",
              clEnqueueWriteBuffer(queue, table, CL_FALSE, at, size, run->piece, 0, NULL, &event));
        status = wait_now(run, queue, "an upload", event);
    }
    return status;
}

/* Reads it back: is it what was written? */
static pp_status compare_table(struct run *run, const char *from, uint64_t bytes, cl_mem table,
                               bool *same) {
    cl_command_queue queue = run->slots[0].queue;
    pp_status status = PP_OK;
    *same = true;
    for (uint64_t at = 0; at < bytes && *same && status == PP_OK; at += PIECE) {
        size_t size = piece_size(bytes, at);
        cl_event event = NULL;
        CHECK(run, "clEnqueueReadBuffer",
              clEnqueueReadBuffer(queue, table, CL_FALSE, at, size, run->piece, 0, NULL, &event));
        status = wait_now(run, queue, "a table's reading back", event);
        *same = status != PP_OK || memcmp(run->piece, from + at, size) == 0;
    }
    return status;
}

/*
 * All units are computed from tables, so a wrong one would make wrong answers that agree with each
 * other, or send a kernel anywhere in memory. What does not come back as it was is written again.
 */
static pp_status write_table(struct run *run, const void *from, uint64_t bytes, cl_mem table) {
    for (unsigned tries = 1;; tries++) {
        bool same = true;
        pp_status status = send_table(run, from, bytes, table);
        if (status == PP_OK)
            status = compare_table(run, from, bytes, table, &same);
        if (status != PP_OK || same)
            return status;
        pp_error *wrong = run->error;
        pp_fail(wrong, PP_ERR_DISAGREE,
                "device %.64s: a table of %llu bytes does not come back as it was written",
                run->opencl->name, (unsigned long long)bytes);
        if (tries == MOST_TRIES) {
            char told[sizeof wrong->message];
            snprintf(told, sizeof told, "%s", wrong->message);
            return pp_fail(wrong, PP_ERR_DISAGREE, "tried %u times: %.280s", tries, told);
        }
        if (run->result->retried++ == 0)
            snprintf(run->result->fault, sizeof run->result->fault, "%s", wrong->message);
        wrong->status = PP_OK;
    }
}

pp_status make_table(struct run *run, const void *from, uint64_t bytes, cl_mem *out) {
    double begin = clock_seconds();
    pp_status status = make_buffer(run, CL_MEM_READ_ONLY, bytes, out);
    run->piece = status == PP_OK && bytes ? malloc(piece_size(bytes, 0)) : NULL;
    if (run->piece)
        status = write_table(run, from, bytes, *out);
    else if (status == PP_OK && bytes)
        status = PP_ERR_MEMORY;
    if (!run->opencl->lost) {
        free(run->piece);
        run->piece = NULL;
    }
    run->result->phases.upload += clock_seconds() - begin;
    return status;
}

/* Where the host sees a buffer. */
static pp_status map_now(struct run *run, struct slot *slot, cl_mem buffer, cl_map_flags flags,
                         uint64_t bytes, void **out) {
    cl_int code;
    cl_event event = NULL;
    *out =
        clEnqueueMapBuffer(slot->queue, buffer, CL_FALSE, flags, 0, bytes, 0, NULL, &event, &code);
    if (code != CL_SUCCESS) {
        *out = NULL;
        return cl_failed(run->error, "clEnqueueMapBuffer", code);
    }
    return wait_now(run, slot->queue, "a mapping", event);
}

pp_status make_pinned(struct run *run, struct slot *slot, uint64_t bytes, cl_mem *out,
                      uint64_t **mapped) {
    pp_status status = make_buffer(run, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR, bytes, out);
    if (status != PP_OK)
        return status;
    void *place;
    status = map_now(run, slot, *out, CL_MAP_READ | CL_MAP_WRITE, bytes, &place);
    *mapped = place;
    return status;
}

void release_pinned(struct run *run, struct slot *slot, cl_mem *buffer, uint64_t **mapped) {
    if (*mapped) {
        pp_error ignored;
        pp_error *error = run->error;
        run->error = &ignored; /* what there was to say has been said */
        clEnqueueUnmapMemObject(slot->queue, *buffer, *mapped, 0, NULL, NULL);
        drain(run, slot);
        run->error = error;
    }
    *mapped = NULL;
    if (!run->opencl->lost)
        release_buffer(buffer);
}

/* ---- there and back ---- */

pp_status upload(struct run *run, struct slot *slot, const void *from, uint64_t bytes) {
    double begin = clock_seconds();
    if (slot->to_numbers) {
        memcpy(slot->to_numbers, from, bytes);
        CHECK(run, "clEnqueueWriteBuffer",
              clEnqueueWriteBuffer(slot->queue, slot->numbers, CL_FALSE, 0, bytes, slot->to_numbers,
                                   0, NULL, NULL));
    } else {
        void *to;
        pp_status status =
            map_now(run, slot, slot->numbers, CL_MAP_WRITE_INVALIDATE_REGION, bytes, &to);
        if (status != PP_OK)
            return status;
        memcpy(to, from, bytes);
        CHECK(run, "clEnqueueUnmapMemObject",
              clEnqueueUnmapMemObject(slot->queue, slot->numbers, to, 0, NULL, NULL));
    }
    run->result->phases.upload += clock_seconds() - begin;
    return PP_OK;
}

pp_status read_back(struct run *run, struct slot *slot, struct returned *returned, uint64_t bytes) {
    if (returned->pinned) {
        returned->host = returned->pinned;
        CHECK(run, "clEnqueueReadBuffer",
              clEnqueueReadBuffer(slot->queue, returned->buffer, CL_FALSE, 0, bytes,
                                  returned->pinned, 0, NULL, &returned->event));
        return PP_OK;
    }
    cl_int code;
    returned->host = clEnqueueMapBuffer(slot->queue, returned->buffer, CL_FALSE, CL_MAP_READ, 0,
                                        bytes, 0, NULL, &returned->event, &code);
    if (code == CL_SUCCESS)
        return PP_OK;
    returned->host = NULL;
    return cl_failed(run->error, "clEnqueueMapBuffer", code);
}

pp_status give_back(struct run *run, struct slot *slot, struct returned *returned) {
    void *mapped = returned->host;
    returned->host = NULL;
    if (returned->event)
        clReleaseEvent(returned->event);
    returned->event = NULL;
    if (mapped && !returned->pinned)
        CHECK(run, "clEnqueueUnmapMemObject",
              clEnqueueUnmapMemObject(slot->queue, returned->buffer, mapped, 0, NULL, NULL));
    return PP_OK;
}
