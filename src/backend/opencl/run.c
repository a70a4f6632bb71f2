/*
 * A span of units on a device: a pipeline of two slots, each with a queue and buffers of its own,
 * so that while one computes the other is filled, read back and put. A launch does as many units
 * as take some tens of milliseconds.
 */
#include "backend/opencl/opencl.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/error.h"
#include "math/trial.h"
#include "math/wheel.h"
#include "work/digest.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What a batch should take, and what it may: desktops reset a device that is busy for 2 s. */
static const double BATCH_SECONDS = 0.02, BATCH_LEAST_SECONDS = 0.01, BATCH_MOST_SECONDS = 0.05;

enum {
    MOST_BATCH_WORDS = 4 << 20, /* 32 MiB of bitmap in a slot */
    FLAGS_PER_WORD = 64,        /* bytes, for methods that test one by one */
    MOST_FLAG_WORDS = 1 << 19,  /* so that flags take 32 MiB */
    WORDS_PER_ITEM = 16,        /* that an item of a reduction adds up, at least */
    MOST_PUTTERS = 16,          /* threads that render what a device found */
    MOST_GROUPS = 64,           /* of a reduction, a unit */
    TILE_BYTES = 32 << 10,      /* of local memory, halved until it fits */
    SMALL_LIMIT = 1 << 17,      /* base primes up to here are crossed off in tiles */
    LOOKUP_WORDS = 1 << 14,     /* of base primes, that an item divides by in a launch */
    MR_BLOCK = 512,             /* numbers of an item of the CPU kernels: PP_BLOCK there */
    TRIAL_DIVISORS = 1 << 20,   /* an item tries in a launch */
    /* Of a group without local memory; always the same, since PoCL compiles each size anew. */
    GROUP_ITEMS = 64
};

/* Up to two passes over the divisors are short, since most composites end there. */
static const uint64_t TRIAL_FIRST_ENDS[] = {1 << 10, 1 << 16};

/* A slot's share of the pipeline. */
struct slot {
    cl_command_queue queue;
    cl_mem numbers, flags, words, partials, scratch;
    cl_event first, last; /* the first and last kernel: what a batch took */
    cl_event read_partials, read_words;
    uint64_t *host_partials, *host_words; /* mapped while the batch is being put */
    uint64_t unit, n_units;               /* the batch in flight; n_units 0: none */
    uint64_t first_word, n_words, n_numbers;
};

struct run {
    struct opencl *opencl;
    const struct job *job;
    struct sink *sink;
    pp_result *result;
    pp_error *error;
    bool is_test, wants_words;
    bool is_bitmap; /* sieved as words; else tested one by one into flags */
    uint64_t unit_words, units_most, batch_units;
    uint64_t groups_per_unit;
    uint64_t tile_words;
    size_t group_items;
    unsigned n_putters;
    atomic_bool disputed; /* error already tells of a wrong read-back */
    cl_ulong computed_to; /* device clock: kernels up to here are in the phases */
    cl_mem base_words, pattern_a, pattern_b;
    struct slot slots[N_SLOTS];
};

/* ---- small helpers: every call is checked ---- */

#define CHECK(run, call_name, expression)                                                          \
    do {                                                                                           \
        cl_int code_ = (expression);                                                               \
        if (code_ != CL_SUCCESS)                                                                   \
            return cl_failed((run)->error, call_name, code_);                                      \
    } while (0)

static pp_status make_buffer(struct run *run, cl_mem_flags flags, uint64_t bytes, cl_mem *out) {
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

/* When a command began and ended, by the device's clock; both 0 if it does not say. */
struct device_span {
    cl_ulong from, to;
};

static struct device_span device_span(cl_event begin, cl_event end) {
    struct device_span span;
    if (clGetEventProfilingInfo(begin, CL_PROFILING_COMMAND_START, sizeof span.from, &span.from,
                                NULL) != CL_SUCCESS ||
        clGetEventProfilingInfo(end, CL_PROFILING_COMMAND_END, sizeof span.to, &span.to, NULL) !=
            CL_SUCCESS ||
        span.to < span.from)
        return (struct device_span){0, 0};
    return span;
}

static double span_seconds(struct device_span span) {
    return 1e-9 * (double)(span.to - span.from);
}

static void release_event(cl_event *event) {
    if (*event)
        clReleaseEvent(*event);
    *event = NULL;
}

cl_int opencl_wait(const struct opencl *opencl, cl_event event) {
    cl_int state = CL_QUEUED;
    if (opencl->is_cpu) { /* these block on a condition variable */
        cl_int code = clWaitForEvents(1, &event);
        if (code != CL_SUCCESS)
            return code;
    }
    /* GPU drivers may spin in clWaitForEvents; a core has better to do. */
    for (;;) {
        cl_int code =
            clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof state, &state, NULL);
        if (code != CL_SUCCESS)
            return code;
        if (state <= CL_COMPLETE)
            return state;
        nanosleep(&(struct timespec){0, 50000}, NULL);
    }
}

static pp_status wait_for(struct run *run, const char *what, cl_event event) {
    cl_int state = opencl_wait(run->opencl, event);
    return state == CL_COMPLETE ? PP_OK : cl_failed(run->error, what, state);
}

/* Copies host memory into a buffer through a mapping, which is pinned where that matters. */
static pp_status upload(struct run *run, cl_command_queue queue, cl_mem buffer, const void *from,
                        uint64_t bytes) {
    double begin = clock_seconds();
    cl_int code;
    void *to = clEnqueueMapBuffer(queue, buffer, CL_TRUE, CL_MAP_WRITE_INVALIDATE_REGION, 0, bytes,
                                  0, NULL, NULL, &code);
    if (code != CL_SUCCESS)
        return cl_failed(run->error, "clEnqueueMapBuffer", code);
    memcpy(to, from, bytes);
    CHECK(run, "clEnqueueUnmapMemObject",
          clEnqueueUnmapMemObject(queue, buffer, to, 0, NULL, NULL));
    run->result->phases.upload += clock_seconds() - begin;
    return PP_OK;
}

/* ---- launching ---- */

/* An argument of a kernel: its size and where it is. */
struct argument {
    size_t size;
    const void *value;
};
#define ARGUMENT(variable)                                                                         \
    { sizeof(variable), &(variable) }
#define LOCAL(bytes)                                                                               \
    { bytes, NULL }

/*
 * Enqueues a kernel. The slot keeps the events of the first one of its batch and of the sums, which
 * are the last, until both are complete: PoCL 3.1 may crash when one is released before.
 */
static pp_status launch(struct run *run, struct slot *slot, enum kernel_index index,
                        const struct argument *arguments, cl_uint n_arguments, size_t global,
                        size_t local) {
    cl_kernel kernel = run->opencl->kernels[index];
    for (cl_uint i = 0; i < n_arguments; i++)
        CHECK(run, "clSetKernelArg",
              clSetKernelArg(kernel, i, arguments[i].size, arguments[i].value));
    bool is_last = index == KERNEL_SUM_RANGE || index == KERNEL_SUM_TEST;
    cl_event *event = is_last ? &slot->last : slot->first ? NULL : &slot->first;
    CHECK(run, "clEnqueueNDRangeKernel",
          clEnqueueNDRangeKernel(slot->queue, kernel, 1, NULL, &global, local ? &local : NULL, 0,
                                 NULL, event));
    return PP_OK;
}
#define LAUNCH(run, slot, index, global, local, ...)                                               \
    launch(run, slot, index, (const struct argument[]){__VA_ARGS__},                               \
           sizeof((const struct argument[]){__VA_ARGS__}) / sizeof(struct argument), global,       \
           local)

static size_t round_up(uint64_t n, size_t multiple) {
    return (size_t)((n + multiple - 1) / multiple * multiple);
}

/* Trial division: a work-group a number, in windows of divisors. */
static pp_status launch_trial(struct run *run, struct slot *slot, uint64_t n) {
    size_t items = run->opencl->cpu_variant ? 1 : run->opencl->group_size;
    uint64_t largest = run->job->hi;
    if (run->is_test) {
        largest = 0;
        const uint64_t *numbers = run->job->numbers + slot->unit * run->job->unit_size;
        for (uint64_t i = 0; i < n; i++)
            largest = numbers[i] > largest ? numbers[i] : largest;
    }
    uint64_t root = isqrt64(largest), first = 3;
    for (unsigned window = 0; first <= root || window == 0; window++) {
        uint64_t end =
            window < 2 ? TRIAL_FIRST_ENDS[window] + 1 : first + 2 * TRIAL_DIVISORS * items;
        pp_status status =
            run->is_test
                ? LAUNCH(run, slot, KERNEL_TRIAL_TEST, n * items, items, ARGUMENT(slot->numbers),
                         ARGUMENT(slot->flags), ARGUMENT(first), ARGUMENT(end))
                : LAUNCH(run, slot, KERNEL_TRIAL_RANGE, n * items, items, ARGUMENT(slot->flags),
                         ARGUMENT(slot->first_word), ARGUMENT(run->job->lo), ARGUMENT(run->job->hi),
                         ARGUMENT(first), ARGUMENT(end));
        if (status != PP_OK)
            return status;
        first = end;
    }
    return PP_OK;
}

static pp_status launch_mr(struct run *run, struct slot *slot, uint64_t n) {
    bool blocks = run->opencl->cpu_variant;
    uint64_t items = blocks ? (n + MR_BLOCK - 1) / MR_BLOCK : n;
    size_t local = blocks ? 1 : run->group_items, global = round_up(items, local);
    if (run->is_test)
        return LAUNCH(run, slot, KERNEL_MR_TEST, global, local, ARGUMENT(slot->numbers),
                      ARGUMENT(slot->flags), ARGUMENT(n));
    return LAUNCH(run, slot, KERNEL_MR_RANGE, global, local, ARGUMENT(slot->flags),
                  ARGUMENT(slot->first_word), ARGUMENT(run->job->lo), ARGUMENT(run->job->hi),
                  ARGUMENT(n));
}

/* Single numbers by the base primes, in windows of them. */
static pp_status launch_lookup(struct run *run, struct slot *slot, uint64_t n) {
    uint64_t n_base = sieve_base_words(run->job->base->limit);
    pp_status status = PP_OK;
    for (uint64_t begin = 0; status == PP_OK && begin < n_base; begin += LOOKUP_WORDS) {
        uint64_t end = n_base - begin < LOOKUP_WORDS ? n_base : begin + LOOKUP_WORDS;
        status = LAUNCH(run, slot, KERNEL_SIEVE_TEST, round_up(n, run->group_items),
                        run->group_items, ARGUMENT(slot->numbers), ARGUMENT(slot->flags),
                        ARGUMENT(run->base_words), ARGUMENT(begin), ARGUMENT(end), ARGUMENT(n));
    }
    return status;
}

static pp_status launch_sieve(struct run *run, struct slot *slot) {
    const struct opencl *opencl = run->opencl;
    uint64_t n_base = sieve_base_words(run->job->base->limit);
    if (opencl->cpu_variant)
        return LAUNCH(run, slot, KERNEL_SIEVE_SERIAL, slot->n_units, 1, ARGUMENT(slot->words),
                      ARGUMENT(slot->first_word), ARGUMENT(slot->n_words),
                      ARGUMENT(run->unit_words), ARGUMENT(run->base_words), ARGUMENT(n_base),
                      ARGUMENT(run->pattern_a), ARGUMENT(run->pattern_b), ARGUMENT(slot->scratch),
                      ARGUMENT(run->job->lo), ARGUMENT(run->job->hi));
    cl_uint small_limit = SMALL_LIMIT;
    size_t items = opencl->group_size,
           tiles = (size_t)((slot->n_words + run->tile_words - 1) / run->tile_words);
    pp_status status =
        LAUNCH(run, slot, KERNEL_SIEVE_TILES, tiles * items, items, ARGUMENT(slot->words),
               ARGUMENT(slot->first_word), ARGUMENT(slot->n_words), ARGUMENT(run->tile_words),
               ARGUMENT(run->base_words), ARGUMENT(n_base), ARGUMENT(small_limit),
               ARGUMENT(run->job->lo), ARGUMENT(run->job->hi), LOCAL(run->tile_words * 8));
    if (status != PP_OK || n_base <= SMALL_LIMIT / WHEEL_WORD)
        return status;
    return LAUNCH(run, slot, KERNEL_SIEVE_LARGE,
                  round_up(n_base - SMALL_LIMIT / WHEEL_WORD, run->group_items), run->group_items,
                  ARGUMENT(slot->words), ARGUMENT(slot->first_word), ARGUMENT(slot->n_words),
                  ARGUMENT(run->base_words), ARGUMENT(n_base), ARGUMENT(small_limit));
}

static pp_status launch_sums(struct run *run, struct slot *slot) {
    size_t items = run->opencl->cpu_variant ? 1 : run->opencl->group_size;
    size_t global = (size_t)(slot->n_units * run->groups_per_unit) * items;
    if (run->is_test)
        return LAUNCH(run, slot, KERNEL_SUM_TEST, global, items, ARGUMENT(slot->words),
                      ARGUMENT(slot->numbers), ARGUMENT(slot->partials), ARGUMENT(slot->n_words),
                      ARGUMENT(run->unit_words), ARGUMENT(run->groups_per_unit), LOCAL(items * 16));
    return LAUNCH(run, slot, KERNEL_SUM_RANGE, global, items, ARGUMENT(slot->words),
                  ARGUMENT(slot->partials), ARGUMENT(slot->first_word), ARGUMENT(slot->n_words),
                  ARGUMENT(run->unit_words), ARGUMENT(run->groups_per_unit), LOCAL(items * 16));
}

/* Sets up a slot's batch: units [unit, unit + n_units) and the words they cover. */
static void set_batch(struct run *run, struct slot *slot, uint64_t unit, uint64_t n_units) {
    const struct job *job = run->job;
    struct span begin = job_span(job, unit), end = job_span(job, unit + n_units - 1);
    slot->unit = unit;
    slot->n_units = n_units;
    if (run->is_test) {
        slot->first_word = 0;
        slot->n_numbers = end.hi - begin.lo + 1;
        slot->n_words = (slot->n_numbers + 63) / 64;
    } else {
        slot->first_word = begin.lo / WHEEL_WORD;
        slot->n_words = end.hi / WHEEL_WORD - slot->first_word + 1;
        slot->n_numbers = slot->n_words * 64; /* those that have a bit */
    }
}

/* Begins a batch: upload, kernels, and the mapping of what comes back; does not wait. */
static pp_status begin_batch(struct run *run, struct slot *slot, uint64_t unit, uint64_t n_units) {
    set_batch(run, slot, unit, n_units);
    pp_status status = PP_OK;
    if (run->is_test)
        status = upload(run, slot->queue, slot->numbers,
                        run->job->numbers + unit * run->job->unit_size, slot->n_numbers * 8);
    if (status != PP_OK)
        return status;
    if (run->is_bitmap) {
        status = launch_sieve(run, slot);
    } else {
        status = run->job->method == PP_METHOD_SIEVE   ? launch_lookup(run, slot, slot->n_numbers)
                 : run->job->method == PP_METHOD_TRIAL ? launch_trial(run, slot, slot->n_numbers)
                                                       : launch_mr(run, slot, slot->n_numbers);
        if (status == PP_OK)
            status = LAUNCH(run, slot, KERNEL_PACK, round_up(slot->n_words, run->group_items),
                            run->group_items, ARGUMENT(slot->flags), ARGUMENT(slot->words),
                            ARGUMENT(slot->n_numbers));
    }
    if (status == PP_OK)
        status = launch_sums(run, slot);
    if (status != PP_OK)
        return status;
    cl_int code;
    slot->host_partials = clEnqueueMapBuffer(slot->queue, slot->partials, CL_FALSE, CL_MAP_READ, 0,
                                             n_units * run->groups_per_unit * 16, 0, NULL,
                                             &slot->read_partials, &code);
    if (code != CL_SUCCESS)
        return cl_failed(run->error, "clEnqueueMapBuffer", code);
    if (run->wants_words) {
        slot->host_words = clEnqueueMapBuffer(slot->queue, slot->words, CL_FALSE, CL_MAP_READ, 0,
                                              slot->n_words * 8, 0, NULL, &slot->read_words, &code);
        if (code != CL_SUCCESS)
            return cl_failed(run->error, "clEnqueueMapBuffer", code);
    }
    CHECK(run, "clFlush", clFlush(slot->queue));
    return PP_OK;
}

/* ---- putting ---- */

static pp_status put_unit(struct run *run, const struct slot *slot, uint64_t index) {
    struct span span = job_span(run->job, slot->unit + index);
    struct partial partial = {.has_digest = true};
    const uint64_t *sums = slot->host_partials + 2 * index * run->groups_per_unit;
    for (uint64_t group = 0; group < run->groups_per_unit; group++) {
        partial.count += sums[2 * group];
        partial.digest += sums[2 * group + 1];
    }
    uint64_t first = index * run->unit_words;
    if (run->is_test) {
        partial.n_words = (size_t)((span.hi - span.lo) / 64 + 1);
    } else {
        partial.first_word = span.lo / WHEEL_WORD;
        partial.n_words = (size_t)(span.hi / WHEEL_WORD - partial.first_word + 1);
        partial.small_primes = wheel_small_primes(span.lo, span.hi);
        partial.count += (uint64_t)__builtin_popcount(partial.small_primes);
        partial.digest += digest_small(partial.small_primes);
    }
    if (run->wants_words) {
        partial.words = slot->host_words + first;
        /* The sums were made on the device: what was read back must be what they speak of. */
        uint64_t read = count_bits(partial.words, partial.n_words) +
                        (uint64_t)__builtin_popcount(partial.small_primes);
        if (read != partial.count) {
            /* Several threads may find out; one says so. */
            pp_status status =
                pp_fail(atomic_exchange(&run->disputed, true) ? NULL : run->error, PP_ERR_DISAGREE,
                        "device %s counted %llu primes in unit %llu, but %llu were read back",
                        run->opencl->name, (unsigned long long)partial.count,
                        (unsigned long long)(slot->unit + index), (unsigned long long)read);
            run->sink->fail(run->sink, status);
            return status;
        }
    }
    return run->sink->put(run->sink, slot->unit + index, &partial);
}

/* Several threads put a batch whose units the sink turns into text, each claiming the next. */
struct team {
    struct run *run;
    const struct slot *slot;
    atomic_uint_fast64_t next;
    atomic_int status;
};

static void *put_units(void *user) {
    struct team *team = user;
    for (;;) {
        uint64_t i = atomic_fetch_add(&team->next, 1);
        if (i >= team->slot->n_units || sink_stopped(team->run->sink))
            return NULL;
        pp_status status = put_unit(team->run, team->slot, i);
        if (status != PP_OK)
            atomic_store(&team->status, (int)status);
    }
}

static pp_status put_batch(struct run *run, const struct slot *slot) {
    struct team team = {.run = run, .slot = slot};
    pthread_t threads[MOST_PUTTERS];
    unsigned n = 0;
    if (run->job->question == QUESTION_LIST)
        while (n + 1 < run->n_putters && n + 1 < slot->n_units &&
               pthread_create(&threads[n], NULL, put_units, &team) == 0)
            n++;
    put_units(&team); /* this thread too, alone if it must */
    for (unsigned i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    return (pp_status)atomic_load(&team.status);
}

static pp_status unmap(struct run *run, struct slot *slot, cl_mem buffer, uint64_t **host) {
    void *mapped = *host;
    *host = NULL;
    if (mapped)
        CHECK(run, "clEnqueueUnmapMemObject",
              clEnqueueUnmapMemObject(slot->queue, buffer, mapped, 0, NULL, NULL));
    return PP_OK;
}

/* How many units the next batch gets, from what this one took. */
static void adapt(struct run *run, const struct slot *slot, double seconds) {
    if (slot->n_units < run->batch_units)
        return; /* the last one is short */
    if (seconds < BATCH_LEAST_SECONDS)
        run->batch_units *= 2;
    else if (seconds > BATCH_MOST_SECONDS && run->batch_units > 1)
        run->batch_units = (uint64_t)((double)run->batch_units * BATCH_SECONDS / seconds) + 1;
    if (run->batch_units > run->units_most)
        run->batch_units = run->units_most;
}

/* Gives back what a batch holds, complete or not. */
static pp_status drop_batch(struct run *run, struct slot *slot) {
    pp_status partials = unmap(run, slot, slot->partials, &slot->host_partials);
    pp_status words = unmap(run, slot, slot->words, &slot->host_words);
    release_event(&slot->first);
    release_event(&slot->last);
    release_event(&slot->read_partials);
    release_event(&slot->read_words);
    slot->n_units = 0;
    return partials == PP_OK ? words : partials;
}

/* Waits for a slot's batch and puts its units. */
static pp_status end_batch(struct run *run, struct slot *slot) {
    pp_status status = wait_for(run, "a kernel", slot->read_partials);
    if (status == PP_OK && slot->read_words)
        status = wait_for(run, "a read-back", slot->read_words);
    if (status == PP_OK) {
        struct device_span kernels = device_span(slot->first, slot->last);
        adapt(run, slot, span_seconds(kernels));
        /* The other slot's kernels may have run at the same time: count that time once. */
        if (kernels.from < run->computed_to)
            kernels.from = kernels.to < run->computed_to ? kernels.to : run->computed_to;
        run->computed_to = kernels.to > run->computed_to ? kernels.to : run->computed_to;
        run->result->phases.compute += span_seconds(kernels);
        run->result->phases.download +=
            span_seconds(device_span(slot->read_partials, slot->read_partials));
        if (slot->read_words)
            run->result->phases.download +=
                span_seconds(device_span(slot->read_words, slot->read_words));
    }
    if (status == PP_OK)
        status = put_batch(run, slot);
    pp_status dropped = drop_batch(run, slot);
    return status == PP_OK ? dropped : status;
}

/* ---- setting up and clearing away ---- */

static pp_status upload_base(struct run *run) {
    const struct sieve_base *base = run->job->base;
    cl_command_queue queue = run->slots[0].queue;
    uint64_t bytes = sieve_base_words(base->limit) * 8;
    const struct {
        cl_mem *buffer;
        const void *from;
        uint64_t bytes;
    } parts[] = {{&run->base_words, base->words, bytes},
                 {&run->pattern_a, base->pattern_a, S30_PATTERN_A},
                 {&run->pattern_b, base->pattern_b, S30_PATTERN_B}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        pp_status status = make_buffer(run, CL_MEM_READ_ONLY | CL_MEM_ALLOC_HOST_PTR,
                                       parts[i].bytes, parts[i].buffer);
        if (status == PP_OK)
            status = upload(run, queue, *parts[i].buffer, parts[i].from, parts[i].bytes);
        if (status != PP_OK)
            return status;
    }
    CHECK(run, "clFinish", clFinish(queue)); /* the other queue reads them too */
    return PP_OK;
}

static pp_status make_slot(struct run *run, struct slot *slot, uint64_t batch_words) {
    bool sieve = run->is_bitmap;
    pp_status status =
        make_buffer(run, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR, batch_words * 8, &slot->words);
    if (status == PP_OK)
        status = make_buffer(run, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR,
                             run->units_most * run->groups_per_unit * 16, &slot->partials);
    if (status == PP_OK && !sieve)
        status = make_buffer(run, CL_MEM_READ_WRITE, batch_words * FLAGS_PER_WORD, &slot->flags);
    if (status == PP_OK && run->is_test)
        status = make_buffer(run, CL_MEM_READ_ONLY | CL_MEM_ALLOC_HOST_PTR, batch_words * 64 * 8,
                             &slot->numbers);
    if (status == PP_OK && sieve && run->opencl->cpu_variant)
        status =
            make_buffer(run, CL_MEM_READ_WRITE,
                        run->units_most * S30_SMALL_PRIMES * sizeof(s30_small), &slot->scratch);
    return status;
}

static pp_status set_up(struct run *run, uint64_t n) {
    const struct job *job = run->job;
    const struct opencl *opencl = run->opencl;
    bool sieve = run->is_bitmap;
    run->unit_words = run->is_test ? job->unit_size / 64 : job->unit_size / WHEEL_WORD;
    if (run->unit_words == 0)
        run->unit_words = 1;
    /* A whole job may be smaller than a unit. */
    struct span all = {job_span(job, 0).lo, job_span(job, job->n_units - 1).hi};
    uint64_t per_word = run->is_test ? 64 : WHEEL_WORD;
    uint64_t job_words = all.hi / per_word - all.lo / per_word + 1;
    if (run->unit_words > job_words)
        run->unit_words = job_words;
    run->units_most = (sieve ? MOST_BATCH_WORDS : MOST_FLAG_WORDS) / run->unit_words;
    if (run->units_most < 1)
        run->units_most = 1;
    if (run->units_most > n)
        run->units_most = n;
    /* A work-item does a segment of its own: as many as there are compute units at least. */
    run->batch_units = sieve && opencl->cpu_variant ? opencl->units : 1;
    if (run->batch_units > run->units_most)
        run->batch_units = run->units_most;
    run->groups_per_unit = 1;
    if (!opencl->cpu_variant) {
        uint64_t groups = run->unit_words / (WORDS_PER_ITEM * opencl->group_size) + 1;
        run->groups_per_unit = groups < MOST_GROUPS ? groups : MOST_GROUPS;
    }
    uint64_t tile_bytes = TILE_BYTES;
    while (tile_bytes > opencl->local_bytes / 2 && tile_bytes > 64)
        tile_bytes /= 2;
    run->tile_words = tile_bytes / 8;
    run->group_items = GROUP_ITEMS < opencl->group_size ? GROUP_ITEMS : opencl->group_size;

    pp_status status = PP_OK;
    for (int i = 0; i < N_SLOTS && status == PP_OK; i++) {
        run->slots[i].queue = opencl->queues[i];
        status = make_slot(run, &run->slots[i], run->units_most * run->unit_words);
    }
    if (status == PP_OK && job->method == PP_METHOD_SIEVE)
        status = upload_base(run);
    return status;
}

static void release(cl_mem *buffer) {
    if (*buffer)
        clReleaseMemObject(*buffer);
    *buffer = NULL;
}

static void clear_away(struct run *run) {
    for (int i = 0; i < N_SLOTS; i++) {
        struct slot *slot = &run->slots[i];
        if (slot->queue)
            clFinish(slot->queue); /* whatever is in flight still uses the buffers */
        release(&slot->numbers);
        release(&slot->flags);
        release(&slot->words);
        release(&slot->partials);
        release(&slot->scratch);
    }
    release(&run->base_words);
    release(&run->pattern_a);
    release(&run->pattern_b);
}

pp_status opencl_run(void *state, const struct job *job, uint64_t first, uint64_t n,
                     struct sink *sink, pp_result *result, pp_error *error) {
    struct opencl *opencl = state;
    struct run run = {.opencl = opencl,
                      .job = job,
                      .sink = sink,
                      .result = result,
                      .error = error,
                      .is_test = job->question == QUESTION_TEST,
                      .is_bitmap = job->method == PP_METHOD_SIEVE && job->question != QUESTION_TEST,
                      .wants_words = job->question != QUESTION_COUNT,
                      .n_putters = cpu_allowed()};
    if (run.n_putters > MOST_PUTTERS)
        run.n_putters = MOST_PUTTERS;
    result->device = opencl->name;
    result->device_kind = opencl->is_cpu ? "CPU" : "GPU";
    result->simd = opencl->cpu_variant ? "vector" : "scalar";
    result->threads = opencl->units;
    result->phases.build += opencl->build_seconds;
    if (n == 0)
        return PP_OK;
    if (getpid() != opencl->process)
        return pp_fail(error, PP_ERR_UNAVAILABLE,
                       "device %s was opened before fork(), and its driver cannot go on here",
                       opencl->name);
    pp_status status = set_up(&run, n);
    uint64_t next = 0;
    /* Oldest batch first: units are put in ascending order. */
    for (int turn = 0; status == PP_OK; turn = (turn + 1) % N_SLOTS) {
        struct slot *slot = &run.slots[turn];
        if (slot->n_units)
            status = end_batch(&run, slot);
        if (status == PP_OK && next < n && !sink_stopped(sink)) {
            uint64_t units = n - next < run.batch_units ? n - next : run.batch_units;
            status = begin_batch(&run, slot, first + next, units);
            next += units;
        }
        bool idle = true;
        for (int i = 0; i < N_SLOTS; i++)
            idle &= run.slots[i].n_units == 0;
        if (idle)
            break;
    }
    for (int i = 0; i < N_SLOTS; i++) /* after a failure */
        if (run.slots[i].n_units) {
            clFinish(run.slots[i].queue);
            drop_batch(&run, &run.slots[i]);
        }
    clear_away(&run);
    return status;
}
