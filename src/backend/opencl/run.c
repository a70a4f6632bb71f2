/*
 * A span of units on a device: a pipeline of two slots, each with a queue and buffers of its own,
 * so that while one computes the other is filled, read back and put. A launch does as many units
 * as take some tens of milliseconds.
 */
#include "backend/opencl/run.h"

#include "base/clock.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/round.h"
#include "math/wheel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* What a batch should take, and what it may: desktops reset a device that is busy for 2 s. */
static const double BATCH_SECONDS = 0.02, BATCH_LEAST_SECONDS = 0.01, BATCH_MOST_SECONDS = 0.05;
/*
 * So many times as long where a CPU sieves, since each batch begins with a search for the first
 * multiples of up to a million primes: `parprime count 1e14 1e14+1e10 --backend opencl` on two
 * cores of a Zen 4 takes 5.0, 2.8 and 2.4 s by 1, 4 and 8.
 */
static const double CPU_BATCHES = 8;

enum {
    MOST_BATCH_WORDS = 4 << 20, /* 32 MiB of bitmap in a slot */
    /* Where no bitmap is made: offsets in it, in bytes, stay far below 2^32. */
    MOST_COUNT_WORDS = 256 << 20,
    FLAGS_PER_WORD = 64,       /* bytes, for methods that test one by one */
    MOST_FLAG_WORDS = 1 << 19, /* so that flags take 32 MiB */
    MOST_PARTIALS = 1 << 18,   /* 4 MiB of sums */
    FIRST_PIECES = 8,          /* of the first batch, for each compute unit */
    /* Of a group without local memory; always the same, since PoCL compiles each size anew. */
    GROUP_ITEMS = 64,
    POISON = 0x5b /* of seals and guards, no seal is made of these by a chance worth naming */
};

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

/* ---- batches ---- */

/* Numbers of batches that no memory is left with from another process. */
static cl_ulong first_nonce(void) {
    cl_ulong nonce = 0;
    if (getrandom(&nonce, sizeof nonce, 0) != sizeof nonce)
        nonce = (cl_ulong)(clock_seconds() * 1e9);
    return nonce;
}

/* What no batch could bring back, so that a copy that does not happen shows. */
static void poison(struct returned *returned, uint64_t bytes) {
    if (returned->pinned)
        memset(returned->pinned, POISON, bytes);
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

/* Sends a batch off: upload, kernels, and the mapping of what comes back; does not wait. */
static pp_status launch(struct run *run, struct slot *slot) {
    uint64_t n_sums = slot->n_units * run->groups_per_unit,
             report_bytes = (TALLY_WORDS + n_sums + slot->n_guarded * GUARD_WORDS) * 8;
    slot->nonce = ++run->nonce;
    pp_status status = PP_OK;
    if (run->is_test)
        status = upload(run, slot, run->job->numbers + slot->unit * run->job->unit_size,
                        slot->n_numbers * 8);
    if (status == PP_OK)
        status = launch_batch(run, slot);
    poison(&slot->sums, n_sums * 16);
    poison(&slot->report, report_bytes);
    if (status == PP_OK)
        status = read_back(run, slot, &slot->sums, n_sums * 16);
    if (status == PP_OK)
        status = read_back(run, slot, &slot->report, report_bytes);
    if (status == PP_OK && run->wants_words)
        status = read_back(run, slot, &slot->words, slot->n_words * 8);
    if (status != PP_OK)
        return status;
    CHECK(run, "clFlush", clFlush(slot->queue));
    return PP_OK;
}

/* What sending it off comes to is seen when the batch is ended. */
static void begin_batch(struct run *run, struct slot *slot, uint64_t unit, uint64_t n_units) {
    set_batch(run, slot, unit, n_units);
    slot->begun = clock_seconds();
    slot->tries = 1;
    slot->is_drawn = false;
    slot->launched = launch(run, slot);
}

/* How many units the next batch gets, from what this one took. */
static void adapt(struct run *run, const struct slot *slot, double seconds) {
    if (slot->n_units < run->batch_units || run->sieving.large)
        return; /* the last one is short; or see batch_of_large */
    if (run->is_bitmap && run->opencl->cpu_variant)
        seconds /= CPU_BATCHES;
    if (seconds < BATCH_LEAST_SECONDS)
        run->batch_units *= 2;
    else if (seconds > BATCH_MOST_SECONDS && run->batch_units > 1)
        run->batch_units = (uint64_t)((double)run->batch_units * BATCH_SECONDS / seconds) + 1;
    if (run->batch_units > run->units_most)
        run->batch_units = run->units_most;
}

/* Gives back what a batch holds, complete or not. */
static pp_status give_all_back(struct run *run, struct slot *slot) {
    pp_status sums = give_back(run, slot, &slot->sums);
    pp_status report = give_back(run, slot, &slot->report);
    pp_status words = give_back(run, slot, &slot->words);
    release_event(&slot->first);
    release_event(&slot->last);
    return sums != PP_OK ? sums : report != PP_OK ? report : words;
}

/* Waits until a slot's batch has been read back. */
static pp_status wait_for_batch(struct run *run, struct slot *slot) {
    struct opencl *opencl = run->opencl;
    if (slot->launched != PP_OK)
        return slot->launched;
    pp_status status = opencl_wait(opencl, "a kernel", slot->last, run->error);
    if (status == PP_OK)
        status = opencl_wait(opencl, "a read-back", slot->sums.event, run->error);
    if (status == PP_OK)
        status = opencl_wait(opencl, "a read-back", slot->report.event, run->error);
    if (status == PP_OK && slot->words.event)
        status = opencl_wait(opencl, "a read-back", slot->words.event, run->error);
    return status;
}

static void note_times(struct run *run, const struct slot *slot) {
    struct device_span kernels = device_span(slot->first, slot->last);
    adapt(run, slot, span_seconds(kernels));
    /* The other slot's kernels may have run at the same time: count that time once. */
    if (kernels.from < run->computed_to)
        kernels.from = kernels.to < run->computed_to ? kernels.to : run->computed_to;
    run->computed_to = kernels.to > run->computed_to ? kernels.to : run->computed_to;
    run->result->phases.compute += span_seconds(kernels);
    const cl_event reads[] = {slot->sums.event, slot->report.event, slot->words.event};
    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++)
        if (reads[i])
            run->result->phases.download += span_seconds(device_span(reads[i], reads[i]));
}

/*
 * Is it worth computing the batch again? Not what memory is short for, nor on a device that is
 * gone, nor after an answer that somebody up there did not take.
 */
static bool may_try_again(const struct run *run, const struct slot *slot, pp_status status,
                          const pp_error *wrong) {
    if (slot->tries == MOST_TRIES || run->opencl->lost || sink_stopped(run->sink))
        return false;
    return wrong->status != PP_OK || status == PP_ERR_INTERNAL;
}

/* Sends a batch off once more, and remembers what was wrong with it. */
static void try_again(struct run *run, struct slot *slot, const pp_error *wrong) {
    pp_result *result = run->result;
    if (result->retried++ == 0)
        snprintf(result->fault, sizeof result->fault, "%s",
                 wrong->status != PP_OK ? wrong->message : run->error->message);
    run->error->status = PP_OK;
    slot->launched = drain(run, slot); /* some of it may still be in the queue */
    give_all_back(run, slot);
    slot->tries++;
    if (slot->launched == PP_OK)
        slot->launched = launch(run, slot);
}

/* Waits for a slot's batch and puts its units; computes it again if something is wrong with it. */
static pp_status end_batch(struct run *run, struct slot *slot) {
    for (;;) {
        pp_error wrong = {.status = PP_OK};
        pp_status status = wait_for_batch(run, slot);
        if (status == PP_OK) {
            note_times(run, slot);
            status = put_batch(run, slot, &wrong);
        }
        if (status != PP_OK && may_try_again(run, slot, status, &wrong)) {
            try_again(run, slot, &wrong);
            continue;
        }
        if (wrong.status != PP_OK)
            pp_fail(run->error, wrong.status, "tried %u times: %s", slot->tries, wrong.message);
        if (status != PP_OK)
            run->sink->fail(run->sink, status);
        slot->n_units = 0;
        if (run->opencl->lost)
            return status;
        pp_status given = give_all_back(run, slot);
        return status == PP_OK ? given : status;
    }
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
    uint64_t words = stores ? batch_words * 8 : 0, n_sums = run->units_most * sums_stored(run),
             report = (TALLY_WORDS + n_sums + MOST_GUARDED * GUARD_WORDS) * 8;
    pp_status status = make_guarded(run, slot, "sums", CL_MEM_READ_WRITE | shared, n_sums * 16,
                                    &slot->sums.buffer);
    if (status == PP_OK)
        status = make_guarded(run, slot, "words", CL_MEM_READ_WRITE | shared, words,
                              &slot->words.buffer);
    if (status == PP_OK)
        status = make_buffer(run, CL_MEM_READ_WRITE | shared, report, &slot->report.buffer);
    slot->drawn = calloc(run->units_most / 64 + 1, sizeof *slot->drawn);
    if (status == PP_OK && !slot->drawn)
        status = PP_ERR_MEMORY;
    if (status == PP_OK && run->is_test)
        status = make_buffer(run, CL_MEM_READ_ONLY | shared, batch_words * 64 * 8, &slot->numbers);
    if (status == PP_OK && !cpu)
        status = make_pinned(run, slot, n_sums * 16, &slot->sums.pinned_buffer, &slot->sums.pinned);
    if (status == PP_OK && !cpu)
        status = make_pinned(run, slot, report, &slot->report.pinned_buffer, &slot->report.pinned);
    if (status == PP_OK && !cpu && run->wants_words)
        status = make_pinned(run, slot, words, &slot->words.pinned_buffer, &slot->words.pinned);
    if (status == PP_OK && !cpu && run->is_test)
        status =
            make_pinned(run, slot, batch_words * 64 * 8, &slot->pinned_numbers, &slot->to_numbers);
    if (status == PP_OK && !run->is_bitmap)
        status = make_guarded(run, slot, "flags", CL_MEM_READ_WRITE, batch_words * FLAGS_PER_WORD,
                              &slot->flags);
    if (status == PP_OK && run->is_bitmap && cpu)
        status = make_guarded(run, slot, "scratch", CL_MEM_READ_WRITE,
                              sieving->n_items * sieving->scratch_bytes, &slot->scratch);
    uint64_t lists = sieving->n_items * sieving->n_slices;
    if (status == PP_OK && sieving->large && cpu)
        status = make_guarded(run, slot, "noted multiples", CL_MEM_READ_WRITE,
                              lists * SLICE_ROOM * 4, &slot->noted);
    if (status == PP_OK && sieving->large && cpu)
        status =
            make_guarded(run, slot, "lengths", CL_MEM_READ_WRITE, lists * 4, &slot->noted_lengths);
    if (status == PP_OK && run->is_bitmap && !cpu)
        status = make_guarded(run, slot, "starts", CL_MEM_READ_WRITE, sieving->n_primes * 4,
                              &slot->starts);
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

/*
 * Large primes are looked through once for each batch, however long it is: so there are as few as
 * memory allows, all alike. No launch is long, since primes are looked through in windows.
 */
static uint64_t batch_of_large(const struct run *run, uint64_t n) {
    uint64_t batches = (n + run->units_most - 1) / run->units_most;
    return (n + batches - 1) / batches;
}

static pp_status set_up(struct run *run, uint64_t n) {
    const struct job *job = run->job;
    const struct opencl *opencl = run->opencl;
    for (int i = 0; i < N_SLOTS; i++)
        run->slots[i].queue = opencl->queues[i];
    run->unit_words = unit_words(run);
    /* A part of a buffer begins where the device likes it, behind a guard. */
    run->front_bytes = round_up(GUARD_WORDS * sizeof(cl_uint), opencl->alignment);
    run->nonce = first_nonce();
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
    uint64_t pieces =
        FIRST_PIECES * (opencl->cpu_variant ? run->sieving.n_items : (uint64_t)opencl->units);
    run->batch_units = run->is_bitmap ? at_least_one(pieces / run->sieving.pieces_per_unit) : 1;
    if (run->sieving.large)
        run->batch_units = batch_of_large(run, n);
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

static void clear_slot(struct run *run, struct slot *slot) {
    drain(run, slot); /* whatever is in flight still uses the buffers */
    give_all_back(run, slot);
    release_pinned(run, slot, &slot->pinned_numbers, &slot->to_numbers);
    release_pinned(run, slot, &slot->words.pinned_buffer, &slot->words.pinned);
    release_pinned(run, slot, &slot->sums.pinned_buffer, &slot->sums.pinned);
    release_pinned(run, slot, &slot->report.pinned_buffer, &slot->report.pinned);
    if (run->opencl->lost)
        return;
    release_buffer(&slot->numbers);
    release_buffer(&slot->flags);
    release_buffer(&slot->words.buffer);
    release_buffer(&slot->sums.buffer);
    release_buffer(&slot->report.buffer);
    release_buffer(&slot->scratch);
    release_buffer(&slot->noted);
    release_buffer(&slot->noted_lengths);
    release_buffer(&slot->starts);
    release_guarded(slot);
    free(slot->drawn);
}

/* What a device that hangs may still use stays where it is, and can be found. */
static void abandon(struct run *run) {
    run->opencl->abandoned = malloc(sizeof *run);
    if (run->opencl->abandoned)
        memcpy(run->opencl->abandoned, run, sizeof *run);
}

static void clear_away(struct run *run) {
    pp_error ignored = {.status = PP_OK};
    pp_error *error = run->error;
    run->error = &ignored; /* what there was to say has been said */
    for (int i = 0; i < N_SLOTS && !run->opencl->lost; i++)
        if (run->slots[i].queue)
            clear_slot(run, &run->slots[i]);
    run->error = error;
    if (run->opencl->lost) {
        abandon(run);
        return;
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
    if (opencl->failure.status != PP_OK)
        return pp_fail(error, opencl->failure.status, "%s", opencl->failure.message);
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
            begin_batch(&run, slot, first + next, units);
            next += units;
        }
        bool idle = true;
        for (int i = 0; i < N_SLOTS; i++)
            idle &= run.slots[i].n_units == 0;
        if (idle)
            break;
    }
    opencl->broken |= status == PP_ERR_INTERNAL;
    clear_away(&run);
    return status;
}
