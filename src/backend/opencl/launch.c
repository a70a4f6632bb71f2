/* The kernels of a batch, by method and kind of kernels. */
#include "backend/opencl/run.h"

#include "base/error.h"
#include "base/round.h"
#include "math/trial.h"
#include "math/wheel.h"
#include "work/digest.h"

#include <math.h>

enum {
    WORDS_PER_ITEM = 16,      /* that an item of a reduction adds up, at least */
    MOST_GROUPS = 64,         /* of a reduction, a unit */
    LOOKUP_WORDS = 1 << 14,   /* of base primes, that an item divides by in a launch */
    MR_BLOCK = 512,           /* numbers of an item of the CPU kernels: PP_BLOCK there, */
    MR_ITEM_BITS = 8,         /* and of one of a group of the GPU kernels: PP_ITEM_BITS */
    TRIAL_DIVISORS = 1 << 20, /* an item tries in a launch */
    TRIAL_NUMBERS = 64,       /* of a group, at most, */
    TRIAL_GROUPS = 64,        /* where that leaves so many for each compute unit */
    LARGE_WORDS = 1 << 20     /* of base primes that clear global memory in a launch */
};

/* Up to two passes over the divisors are short, since most composites end there. */
static const uint64_t TRIAL_FIRST_ENDS[] = {1 << 10, 1 << 16};

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
 * What the work-groups of a launch add to the batch's tally, see tally.cl. A launch that is left
 * out lacks its n·first + step·n(n - 1)/2, which is random; a group in place of another, the
 * distance of both times step, which is odd. Even for whole blocks of groups that is no multiple of
 * 2^64.
 */
struct marks {
    cl_ulong first, step;
};

static struct marks next_marks(struct slot *slot, uint64_t n_groups) {
    uint64_t key = splitmix64(~slot->nonce) + 2 * slot->n_marked++;
    struct marks marks = {splitmix64(key), splitmix64(key + 1) | 1};
    uint64_t pairs = n_groups % 2 ? (n_groups - 1) / 2 * n_groups : n_groups / 2 * (n_groups - 1);
    slot->tally += n_groups * marks.first + pairs * marks.step;
    return marks;
}

/*
 * Enqueues a kernel, with its share of the tally as its last arguments. The slot keeps the events
 * of the first one of its batch and of the last until both are complete: PoCL 3.1 may crash when
 * one is released before.
 */
static pp_status launch(struct run *run, struct slot *slot, enum kernel_index index, bool is_last,
                        const struct argument *arguments, cl_uint n_arguments, size_t global,
                        size_t local) {
    cl_kernel kernel = run->opencl->kernels[index];
    struct marks marks = next_marks(slot, global / local);
    const struct argument tally[] = {ARGUMENT(slot->report.buffer), ARGUMENT(marks.first),
                                     ARGUMENT(marks.step)};
    for (cl_uint i = 0; i < n_arguments; i++)
        CHECK(run, "clSetKernelArg",
              clSetKernelArg(kernel, i, arguments[i].size, arguments[i].value));
    for (cl_uint i = 0; i < sizeof tally / sizeof *tally; i++)
        CHECK(run, "clSetKernelArg",
              clSetKernelArg(kernel, n_arguments + i, tally[i].size, tally[i].value));
    cl_event *event = is_last ? &slot->last : slot->first ? NULL : &slot->first;
    CHECK(run, "clEnqueueNDRangeKernel",
          clEnqueueNDRangeKernel(slot->queue, kernel, 1, NULL, &global, &local, 0, NULL, event));
    if (is_last && !slot->first) {
        CHECK(run, "clRetainEvent", clRetainEvent(slot->last));
        slot->first = slot->last;
    }
    return PP_OK;
}
#define LAUNCH_AS(is_last, run, slot, index, global, local, ...)                                   \
    launch(run, slot, index, is_last, (const struct argument[]){__VA_ARGS__},                      \
           sizeof((const struct argument[]){__VA_ARGS__}) / sizeof(struct argument), global,       \
           local)
#define LAUNCH(...) LAUNCH_AS(false, __VA_ARGS__)
#define LAUNCH_LAST(...) LAUNCH_AS(true, __VA_ARGS__)

/* Trial division: a work-group some numbers, in windows of divisors. */
static pp_status launch_trial(struct run *run, struct slot *slot, uint64_t n) {
    size_t items = run->opencl->cpu_variant ? 1 : run->opencl->group_size;
    uint64_t largest = run->job->hi;
    if (run->is_test) {
        largest = 0;
        const uint64_t *numbers = run->job->numbers + slot->unit * run->job->unit_size;
        for (uint64_t i = 0; i < n; i++)
            largest = numbers[i] > largest ? numbers[i] : largest;
    }
    uint64_t root = isqrt64(largest), first = 3, each = n / (TRIAL_GROUPS * run->opencl->units);
    each = each < 1 ? 1 : each > TRIAL_NUMBERS ? TRIAL_NUMBERS : each;
    size_t global = (size_t)((n + each - 1) / each) * items;
    for (unsigned window = 0; first <= root || window == 0; window++) {
        uint64_t end =
            window < 2 ? TRIAL_FIRST_ENDS[window] + 1 : first + 2 * TRIAL_DIVISORS * items;
        pp_status status =
            run->is_test
                ? LAUNCH(run, slot, KERNEL_TRIAL_TEST, global, items, ARGUMENT(slot->numbers),
                         ARGUMENT(slot->flags), ARGUMENT(first), ARGUMENT(end), ARGUMENT(n),
                         ARGUMENT(each))
                : LAUNCH(run, slot, KERNEL_TRIAL_RANGE, global, items, ARGUMENT(slot->flags),
                         ARGUMENT(slot->first_word), ARGUMENT(run->job->lo), ARGUMENT(run->job->hi),
                         ARGUMENT(first), ARGUMENT(end), ARGUMENT(n), ARGUMENT(each));
        if (status != PP_OK)
            return status;
        first = end;
    }
    return PP_OK;
}

/* By the kernels for CPUs a block of numbers an item, by those for GPUs a group. */
static pp_status launch_mr(struct run *run, struct slot *slot, uint64_t n) {
    bool is_test = run->is_test;
    enum kernel_index kernel = is_test ? KERNEL_MR_TEST : KERNEL_MR_RANGE;
    cl_ulong first = slot->first_word, lo = run->job->lo, hi = run->job->hi;
    if (run->opencl->cpu_variant) {
        size_t items = (size_t)((n + MR_BLOCK - 1) / MR_BLOCK);
        return is_test ? LAUNCH(run, slot, kernel, items, 1, ARGUMENT(slot->numbers),
                                ARGUMENT(slot->flags), ARGUMENT(n))
                       : LAUNCH(run, slot, kernel, items, 1, ARGUMENT(slot->flags), ARGUMENT(first),
                                ARGUMENT(lo), ARGUMENT(hi), ARGUMENT(n));
    }
    size_t local = run->opencl->group_size;
    while (local > 1 && local * (1 + QUEUED) + LENGTHS > run->opencl->local_bytes)
        local /= 2;
    uint64_t groups = (n + local * MR_ITEM_BITS - 1) / (local * MR_ITEM_BITS);
    size_t global = (size_t)groups * local, bits = round_up(local * MR_ITEM_BITS / 8, 4);
    return is_test ? LAUNCH(run, slot, kernel, global, local, ARGUMENT(slot->numbers),
                            ARGUMENT(slot->flags), ARGUMENT(n), LOCAL(bits), LOCAL(local * QUEUED))
                   : LAUNCH(run, slot, kernel, global, local, ARGUMENT(slot->flags),
                            ARGUMENT(first), ARGUMENT(lo), ARGUMENT(hi), ARGUMENT(n), LOCAL(bits),
                            LOCAL(local * QUEUED));
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

/* ---- ranges that are sieved ---- */

static pp_status launch_segments(struct run *run, struct slot *slot) {
    const struct sieving *sieving = &run->sieving;
    cl_int stores = run->wants_words || run->sums_words;
    uint64_t n_pieces = slot->n_units * sieving->pieces_per_unit;
    uint64_t each = (n_pieces + sieving->n_items - 1) / sieving->n_items;
    size_t items = (size_t)((n_pieces + each - 1) / each);
    return LAUNCH(run, slot, sieving->tests ? KERNEL_HYBRID : KERNEL_SIEVE, items, 1,
                  ARGUMENT(slot->words.buffer), ARGUMENT(slot->sums.buffer),
                  ARGUMENT(slot->first_word), ARGUMENT(slot->n_words), ARGUMENT(run->unit_words),
                  ARGUMENT(sieving->piece_words), ARGUMENT(sieving->pieces_per_unit),
                  ARGUMENT(n_pieces), ARGUMENT(each), ARGUMENT(stores), ARGUMENT(sieving->primes),
                  ARGUMENT(sieving->ends), ARGUMENT(sieving->patterns), ARGUMENT(sieving->periods),
                  ARGUMENT(sieving->restored), ARGUMENT(sieving->n_restored),
                  ARGUMENT(slot->scratch), ARGUMENT(sieving->scratch_bytes), ARGUMENT(sieving->pad),
                  ARGUMENT(run->job->lo), ARGUMENT(run->job->hi));
}

static pp_status launch_tiles(struct run *run, struct slot *slot) {
    const struct sieving *sieving = &run->sieving;
    size_t items = run->opencl->group_size;
    cl_int stores = run->wants_words || run->sums_words;
    pp_status status =
        LAUNCH(run, slot, KERNEL_TILE_STARTS, round_up(sieving->n_primes, run->group_items),
               run->group_items, ARGUMENT(sieving->primes), ARGUMENT(slot->starts),
               ARGUMENT(slot->first_word), ARGUMENT(sieving->n_primes));
    if (status != PP_OK)
        return status;
    return LAUNCH(
        run, slot, sieving->tests ? KERNEL_HYBRID : KERNEL_SIEVE,
        (size_t)(slot->n_units * sieving->pieces_per_unit) * items, items,
        ARGUMENT(slot->words.buffer), ARGUMENT(slot->sums.buffer), ARGUMENT(slot->first_word),
        ARGUMENT(slot->n_words), ARGUMENT(run->unit_words), ARGUMENT(sieving->piece_words),
        ARGUMENT(sieving->pieces_per_unit), ARGUMENT(stores), ARGUMENT(sieving->primes),
        ARGUMENT(slot->starts), ARGUMENT(sieving->patterns), ARGUMENT(sieving->n_by_eight),
        ARGUMENT(sieving->n_by_one), ARGUMENT(sieving->n_primes), ARGUMENT(sieving->restored),
        ARGUMENT(sieving->n_restored), ARGUMENT(run->job->lo), ARGUMENT(run->job->hi),
        LOCAL(sieving->piece_words * 8), LOCAL(sieving->work_bytes));
}

/* The base primes that pieces are not sieved by, in windows, so that no launch is long. */
static pp_status launch_large(struct run *run, struct slot *slot) {
    const struct sieving *sieving = &run->sieving;
    uint64_t n_base = sieve_base_words(run->job->base->limit);
    pp_status status = PP_OK;
    for (uint64_t begin = sieving->limit / WHEEL_WORD; status == PP_OK && begin < n_base;
         begin += LARGE_WORDS) {
        uint64_t end = n_base - begin < LARGE_WORDS ? n_base : begin + LARGE_WORDS;
        status = LAUNCH(run, slot, KERNEL_SIEVE_LARGE, round_up(end - begin, run->group_items),
                        run->group_items, ARGUMENT(slot->words.buffer), ARGUMENT(slot->first_word),
                        ARGUMENT(slot->n_words), ARGUMENT(run->base_words), ARGUMENT(begin),
                        ARGUMENT(end), ARGUMENT(sieving->limit));
    }
    return status;
}

/* The same, noted down by slices in one kernel and cleared in another. */
static pp_status launch_noted(struct run *run, struct slot *slot) {
    const struct sieving *sieving = &run->sieving;
    uint64_t n_base = sieve_base_words(run->job->base->limit), n_items = sieving->n_items;
    double room = (double)n_items * sieving->n_slices * SLICE_ROOM / 2;
    pp_status status = PP_OK;
    for (uint64_t begin = sieving->limit / WHEEL_WORD; status == PP_OK && begin < n_base;) {
        /* 240 / log p primes a word, of which each has 8/30 multiples in p numbers. */
        double prime = (double)(begin + 1) * WHEEL_WORD;
        double noted = 64 * (double)slot->n_words * WHEEL_WORD / (prime * log(prime));
        uint64_t words = noted * LARGE_WORDS > room ? (uint64_t)(room / noted) + 1 : LARGE_WORDS;
        uint64_t end = n_base - begin < words ? n_base : begin + words;
        uint64_t each = (end - begin + n_items - 1) / n_items;
        status = LAUNCH(run, slot, KERNEL_NOTE_LARGE, n_items, 1, ARGUMENT(slot->words.buffer),
                        ARGUMENT(slot->first_word), ARGUMENT(slot->n_words),
                        ARGUMENT(run->base_words), ARGUMENT(begin), ARGUMENT(end), ARGUMENT(each),
                        ARGUMENT(sieving->limit), ARGUMENT(slot->noted),
                        ARGUMENT(slot->noted_lengths), ARGUMENT(sieving->n_slices));
        if (status == PP_OK)
            status = LAUNCH(run, slot, KERNEL_CLEAR_LARGE, sieving->n_slices, 1,
                            ARGUMENT(slot->words.buffer), ARGUMENT(slot->n_words),
                            ARGUMENT(slot->noted), ARGUMENT(slot->noted_lengths),
                            ARGUMENT(sieving->n_slices), ARGUMENT(n_items));
        begin = end;
    }
    return status;
}

uint64_t reduction_groups(const struct run *run) {
    if (run->opencl->cpu_variant)
        return 1;
    uint64_t groups = run->unit_words / (WORDS_PER_ITEM * run->opencl->group_size) + 1;
    return groups < MOST_GROUPS ? groups : MOST_GROUPS;
}

static pp_status launch_sums(struct run *run, struct slot *slot) {
    size_t items = run->opencl->cpu_variant ? 1 : run->opencl->group_size;
    size_t global = (size_t)(slot->n_units * run->groups_per_unit) * items;
    if (run->is_test)
        return LAUNCH(run, slot, KERNEL_SUM_TEST, global, items, ARGUMENT(slot->words.buffer),
                      ARGUMENT(slot->numbers), ARGUMENT(slot->sums.buffer), ARGUMENT(slot->n_words),
                      ARGUMENT(run->unit_words), ARGUMENT(run->groups_per_unit), LOCAL(items * 16));
    return LAUNCH(run, slot, KERNEL_SUM_RANGE, global, items, ARGUMENT(slot->words.buffer),
                  ARGUMENT(slot->sums.buffer), ARGUMENT(slot->first_word), ARGUMENT(slot->n_words),
                  ARGUMENT(run->unit_words), ARGUMENT(run->groups_per_unit), LOCAL(items * 16));
}

static pp_status launch_flags(struct run *run, struct slot *slot) {
    uint64_t n = slot->n_numbers;
    pp_status status = run->job->method == PP_METHOD_SIEVE   ? launch_lookup(run, slot, n)
                       : run->job->method == PP_METHOD_TRIAL ? launch_trial(run, slot, n)
                                                             : launch_mr(run, slot, n);
    if (status != PP_OK)
        return status;
    return LAUNCH(run, slot, KERNEL_PACK, round_up(slot->n_words, run->group_items),
                  run->group_items, ARGUMENT(slot->flags), ARGUMENT(slot->words.buffer),
                  ARGUMENT(n));
}

/* The sums that a batch brings back. */
static cl_ulong n_sums(const struct run *run, const struct slot *slot) {
    return slot->n_units * run->groups_per_unit;
}

/* A guarded buffer as the kernels of checks.cl want it; where there are fewer, the first. */
static const struct guarded *guarded(const struct slot *slot, unsigned i) {
    return &slot->guarded[i < slot->n_guarded ? i : 0];
}
#define GUARDED(i) ARGUMENT(guarded(slot, i)->whole), ARGUMENT(guarded(slot, i)->end)
#define ALL_GUARDED GUARDED(0), GUARDED(1), GUARDED(2), GUARDED(3), GUARDED(4)

/* One mark, which is stored and not added. */
static pp_status launch_open_tally(struct run *run, struct slot *slot) {
    slot->tally = slot->n_marked = 0;
    return launch(run, slot, KERNEL_OPEN_TALLY, false, NULL, 0, 1, 1);
}

static pp_status launch_prepare(struct run *run, struct slot *slot) {
    cl_ulong n = n_sums(run, slot), front = run->front_bytes / sizeof(cl_uint) - GUARD_WORDS;
    cl_uint n_buffers = slot->n_guarded;
    size_t items = (size_t)n + 2 * GUARD_WORDS * n_buffers;
    return LAUNCH(run, slot, KERNEL_PREPARE, round_up(items, run->group_items), run->group_items,
                  ARGUMENT(n), ARGUMENT(front), ARGUMENT(n_buffers), ALL_GUARDED);
}

static pp_status launch_seal(struct run *run, struct slot *slot) {
    cl_ulong n = n_sums(run, slot), front = run->front_bytes / sizeof(cl_uint) - GUARD_WORDS;
    cl_uint n_buffers = slot->n_guarded;
    size_t items = (size_t)n + GUARD_WORDS * n_buffers;
    return LAUNCH_LAST(run, slot, KERNEL_SEAL, round_up(items, run->group_items), run->group_items,
                       ARGUMENT(slot->report.buffer), ARGUMENT(n), ARGUMENT(slot->nonce),
                       ARGUMENT(front), ARGUMENT(n_buffers), ALL_GUARDED);
}

static pp_status launch_answers(struct run *run, struct slot *slot) {
    pp_status status = !run->is_bitmap            ? launch_flags(run, slot)
                       : run->opencl->cpu_variant ? launch_segments(run, slot)
                                                  : launch_tiles(run, slot);
    if (status == PP_OK && run->is_bitmap && run->sieving.large)
        status = run->opencl->cpu_variant ? launch_noted(run, slot) : launch_large(run, slot);
    return status == PP_OK && run->sums_words ? launch_sums(run, slot) : status;
}

pp_status launch_batch(struct run *run, struct slot *slot) {
    pp_status status = launch_open_tally(run, slot);
    if (status == PP_OK)
        status = launch_prepare(run, slot);
    if (status == PP_OK)
        status = launch_answers(run, slot);
    return status == PP_OK ? launch_seal(run, slot) : status;
}
