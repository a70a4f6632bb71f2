/*
 * A span of units on a device: a pipeline of two slots, each with a queue and buffers of its own,
 * so that while one computes the other is filled, read back and put. A launch does as many units
 * as take some tens of milliseconds.
 */
#include "backend/opencl/run.h"

#include "base/clock.h"
#include "base/cpu.h"
#include "base/error.h"
#include "math/wheel.h"
#include "work/digest.h"

#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What a batch should take, and what it may: desktops reset a device that is busy for 2 s. */
static const double BATCH_SECONDS = 0.02, BATCH_LEAST_SECONDS = 0.01, BATCH_MOST_SECONDS = 0.05;

enum {
    MOST_BATCH_WORDS = 4 << 20, /* 32 MiB of bitmap in a slot */
    /* Where no bitmap is made: offsets in it, in bytes, stay far below 2^32. */
    MOST_COUNT_WORDS = 256 << 20,
    FLAGS_PER_WORD = 64,       /* bytes, for methods that test one by one */
    MOST_FLAG_WORDS = 1 << 19, /* so that flags take 32 MiB */
    MOST_PARTIALS = 1 << 18,   /* 4 MiB of sums */
    MOST_PUTTERS = 16,         /* threads that render what a device found */
    FIRST_PIECES = 8,          /* of the first batch, for each compute unit of a GPU */
    /* Of a group without local memory; always the same, since PoCL compiles each size anew. */
    GROUP_ITEMS = 64
};

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

pp_status make_table(struct run *run, const void *from, uint64_t bytes, cl_mem *out) {
    double begin = clock_seconds();
    pp_status status = make_buffer(run, CL_MEM_READ_ONLY, bytes, out);
    if (status == PP_OK && bytes)
        CHECK(run, "clEnqueueWriteBuffer",
              clEnqueueWriteBuffer(run->slots[0].queue, *out, CL_TRUE, 0, bytes, from, 0, NULL,
                                   NULL));
    run->result->phases.upload += clock_seconds() - begin;
    return status;
}

/* Memory of the host that a GPU copies to and from at full speed. */
static pp_status make_pinned(struct run *run, struct slot *slot, uint64_t bytes, cl_mem *out,
                             uint64_t **mapped) {
    pp_status status = make_buffer(run, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR, bytes, out);
    if (status != PP_OK)
        return status;
    cl_int code;
    *mapped = clEnqueueMapBuffer(slot->queue, *out, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0, bytes,
                                 0, NULL, NULL, &code);
    return code == CL_SUCCESS ? PP_OK : cl_failed(run->error, "clEnqueueMapBuffer", code);
}

/* What make_pinned made, mapped or not. */
static void release_pinned(struct slot *slot, cl_mem *buffer, uint64_t **mapped) {
    if (*mapped) {
        clEnqueueUnmapMemObject(slot->queue, *buffer, *mapped, 0, NULL, NULL);
        clFinish(slot->queue);
    }
    *mapped = NULL;
    release_buffer(buffer);
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

/*
 * Gives the device a batch's numbers: through pinned memory, or where kernels share the host's
 * memory through a mapping.
 */
static pp_status upload(struct run *run, struct slot *slot, const void *from, uint64_t bytes) {
    double begin = clock_seconds();
    if (slot->to_numbers) {
        memcpy(slot->to_numbers, from, bytes);
        CHECK(run, "clEnqueueWriteBuffer",
              clEnqueueWriteBuffer(slot->queue, slot->numbers, CL_FALSE, 0, bytes, slot->to_numbers,
                                   0, NULL, NULL));
    } else {
        cl_int code;
        void *to =
            clEnqueueMapBuffer(slot->queue, slot->numbers, CL_TRUE, CL_MAP_WRITE_INVALIDATE_REGION,
                               0, bytes, 0, NULL, NULL, &code);
        if (code != CL_SUCCESS)
            return cl_failed(run->error, "clEnqueueMapBuffer", code);
        memcpy(to, from, bytes);
        CHECK(run, "clEnqueueUnmapMemObject",
              clEnqueueUnmapMemObject(slot->queue, slot->numbers, to, 0, NULL, NULL));
    }
    run->result->phases.upload += clock_seconds() - begin;
    return PP_OK;
}

/* Begins to bring a buffer to where the host can read it, in the same two ways. */
static pp_status read_back(struct run *run, struct slot *slot, cl_mem buffer, uint64_t bytes,
                           uint64_t *pinned, uint64_t **host, cl_event *event) {
    if (pinned) {
        *host = pinned;
        CHECK(run, "clEnqueueReadBuffer",
              clEnqueueReadBuffer(slot->queue, buffer, CL_FALSE, 0, bytes, pinned, 0, NULL, event));
        return PP_OK;
    }
    cl_int code;
    *host = clEnqueueMapBuffer(slot->queue, buffer, CL_FALSE, CL_MAP_READ, 0, bytes, 0, NULL, event,
                               &code);
    return code == CL_SUCCESS ? PP_OK : cl_failed(run->error, "clEnqueueMapBuffer", code);
}

/* ---- batches ---- */

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
    slot->begun = clock_seconds();
    pp_status status = PP_OK;
    if (run->is_test)
        status =
            upload(run, slot, run->job->numbers + unit * run->job->unit_size, slot->n_numbers * 8);
    if (status == PP_OK)
        status = launch_batch(run, slot);
    if (status == PP_OK)
        status = read_back(run, slot, slot->partials, n_units * run->groups_per_unit * 16,
                           slot->from_partials, &slot->host_partials, &slot->read_partials);
    if (status == PP_OK && run->wants_words)
        status = read_back(run, slot, slot->words, slot->n_words * 8, slot->from_words,
                           &slot->host_words, &slot->read_words);
    if (status != PP_OK)
        return status;
    CHECK(run, "clFlush", clFlush(slot->queue));
    return PP_OK;
}

/* ---- putting ---- */

static pp_status put_unit(struct run *run, const struct slot *slot, uint64_t index) {
    struct span span = job_span(run->job, slot->unit + index);
    struct partial partial = {
        .has_digest = true, .worker = (unsigned)(slot - run->slots), .begin = slot->begun};
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

static pp_status unmap(struct run *run, struct slot *slot, cl_mem buffer, const uint64_t *pinned,
                       uint64_t **host) {
    void *mapped = *host;
    *host = NULL;
    if (mapped && !pinned)
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
    pp_status partials =
        unmap(run, slot, slot->partials, slot->from_partials, &slot->host_partials);
    pp_status words = unmap(run, slot, slot->words, slot->from_words, &slot->host_words);
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

/* Sums of a unit that kernels store: pieces do even where their words are summed once more. */
static uint64_t sums_stored(const struct run *run) {
    uint64_t pieces = run->is_bitmap ? run->sieving.pieces_per_unit : 0;
    return pieces > run->groups_per_unit ? pieces : run->groups_per_unit;
}

/*
 * Kernels for CPU devices write where the host reads. A GPU's own memory is copied to and from the
 * host's, so that clearing bits in it never goes over the link.
 */
static pp_status make_slot(struct run *run, struct slot *slot, uint64_t batch_words) {
    const struct sieving *sieving = &run->sieving;
    bool cpu = run->opencl->cpu_variant, stores = run->wants_words || run->sums_words;
    cl_mem_flags shared = cpu ? CL_MEM_ALLOC_HOST_PTR : 0;
    uint64_t words = stores ? batch_words * 8 : 0,
             partials = run->units_most * sums_stored(run) * 16;
    pp_status status = make_buffer(run, CL_MEM_READ_WRITE | shared, words, &slot->words);
    if (status == PP_OK)
        status = make_buffer(run, CL_MEM_READ_WRITE | shared, partials, &slot->partials);
    if (status == PP_OK && run->is_test)
        status = make_buffer(run, CL_MEM_READ_ONLY | shared, batch_words * 64 * 8, &slot->numbers);
    if (status == PP_OK && !cpu)
        status = make_pinned(run, slot, partials, &slot->pinned_partials, &slot->from_partials);
    if (status == PP_OK && !cpu && run->wants_words)
        status = make_pinned(run, slot, words, &slot->pinned_words, &slot->from_words);
    if (status == PP_OK && !cpu && run->is_test)
        status =
            make_pinned(run, slot, batch_words * 64 * 8, &slot->pinned_numbers, &slot->to_numbers);
    if (status == PP_OK && !run->is_bitmap)
        status = make_buffer(run, CL_MEM_READ_WRITE, batch_words * FLAGS_PER_WORD, &slot->flags);
    if (status == PP_OK && run->is_bitmap && cpu)
        status = make_buffer(run, CL_MEM_READ_WRITE, sieving->n_items * sieving->scratch_bytes,
                             &slot->scratch);
    uint64_t lists = sieving->n_items * sieving->n_slices;
    if (status == PP_OK && sieving->large && cpu)
        status = make_buffer(run, CL_MEM_READ_WRITE, lists * SLICE_ROOM * 4, &slot->noted);
    if (status == PP_OK && sieving->large && cpu)
        status = make_buffer(run, CL_MEM_READ_WRITE, lists * 4, &slot->noted_lengths);
    if (status == PP_OK && run->is_bitmap && !cpu)
        status = make_buffer(run, CL_MEM_READ_WRITE, sieving->n_primes * 4, &slot->starts);
    return status;
}

/* Words of bitmap, or of flags, in a unit: a whole job may be smaller than one. */
static uint64_t unit_words(const struct run *run) {
    const struct job *job = run->job;
    uint64_t per_word = run->is_test ? 64 : WHEEL_WORD, words = job->unit_size / per_word;
    struct span all = {job_span(job, 0).lo, job_span(job, job->n_units - 1).hi};
    uint64_t job_words = all.hi / per_word - all.lo / per_word + 1;
    words = words ? words : 1;
    return words < job_words ? words : job_words;
}

static uint64_t at_least_one(uint64_t n) {
    return n ? n : 1;
}

static pp_status set_up(struct run *run, uint64_t n) {
    const struct job *job = run->job;
    const struct opencl *opencl = run->opencl;
    for (int i = 0; i < N_SLOTS; i++)
        run->slots[i].queue = opencl->queues[i];
    run->unit_words = unit_words(run);
    run->group_items = GROUP_ITEMS < opencl->group_size ? GROUP_ITEMS : opencl->group_size;
    pp_status status = run->is_bitmap ? make_sieving(run) : PP_OK;
    if (status != PP_OK)
        return status;
    /* Pieces are summed where they are sieved, unless there is more to be done to them. */
    run->sums_words = !run->is_bitmap || run->sieving.large;
    run->groups_per_unit = run->sums_words ? reduction_groups(run) : run->sieving.pieces_per_unit;
    uint64_t most_words = !run->is_bitmap                       ? MOST_FLAG_WORDS
                          : run->wants_words || run->sums_words ? MOST_BATCH_WORDS
                                                                : MOST_COUNT_WORDS;
    run->units_most = most_words / run->unit_words;
    if (run->units_most > MOST_PARTIALS / sums_stored(run))
        run->units_most = MOST_PARTIALS / sums_stored(run);
    run->units_most = at_least_one(run->units_most);
    if (run->units_most > n)
        run->units_most = n;
    /* Something to do for every compute unit. */
    uint64_t pieces = opencl->cpu_variant ? run->sieving.n_items : FIRST_PIECES * opencl->units;
    run->batch_units = run->is_bitmap ? at_least_one(pieces / run->sieving.pieces_per_unit) : 1;
    if (run->batch_units > run->units_most)
        run->batch_units = run->units_most;

    uint64_t slices = (run->units_most * run->unit_words * 8 - 1) / SLICE_BYTES + 1;
    run->sieving.n_slices = (uint32_t)(slices < SLICES ? slices : SLICES);

    for (int i = 0; i < N_SLOTS && status == PP_OK; i++)
        status = make_slot(run, &run->slots[i], run->units_most * run->unit_words);
    bool lookup = run->is_test && job->method == PP_METHOD_SIEVE;
    if (status == PP_OK && (lookup || run->sieving.large))
        status = make_table(run, job->base->words, sieve_base_words(job->base->limit) * 8,
                            &run->base_words);
    return status;
}

static void clear_away(struct run *run) {
    for (int i = 0; i < N_SLOTS; i++) {
        struct slot *slot = &run->slots[i];
        if (slot->queue)
            clFinish(slot->queue); /* whatever is in flight still uses the buffers */
        release_pinned(slot, &slot->pinned_numbers, &slot->to_numbers);
        release_pinned(slot, &slot->pinned_words, &slot->from_words);
        release_pinned(slot, &slot->pinned_partials, &slot->from_partials);
        release_buffer(&slot->numbers);
        release_buffer(&slot->flags);
        release_buffer(&slot->words);
        release_buffer(&slot->partials);
        release_buffer(&slot->scratch);
        release_buffer(&slot->noted);
        release_buffer(&slot->noted_lengths);
        release_buffer(&slot->starts);
    }
    release_buffer(&run->base_words);
    release_sieving(&run->sieving);
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
                      .is_bitmap = job_sieves(job),
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
