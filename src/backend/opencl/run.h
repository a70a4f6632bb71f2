/* A span of units on its way through a device: what run.c, launch.c and tables.c share. */
#ifndef PARPRIME_BACKEND_OPENCL_RUN_H
#define PARPRIME_BACKEND_OPENCL_RUN_H

#include "backend/opencl/opencl.h"

#include <stdatomic.h>

/* A slot's share of the pipeline. */
struct slot {
    cl_command_queue queue;
    cl_mem numbers, flags, words, partials;
    cl_mem scratch;              /* CPU kernels: of sieving work-items, */
    cl_mem noted, noted_lengths; /* and what large base primes are to clear */
    cl_mem starts;               /* GPU kernels: where the batch begins modulo each sieving prime */
    /* GPU kernels: memory of the host that the device copies to and from, mapped all the time. */
    cl_mem pinned_numbers, pinned_words, pinned_partials;
    uint64_t *to_numbers, *from_words, *from_partials;
    cl_event first, last; /* the first and last kernel: what a batch took */
    cl_event read_partials, read_words;
    uint64_t *host_partials, *host_words; /* readable while the batch is being put */
    uint64_t unit, n_units;               /* the batch in flight; n_units 0: none */
    double begun;                         /* when it was sent off, by clock.h */
    uint64_t first_word, n_words, n_numbers;
};

/* How a range is sieved: see tables.c, and segments.cl or tiles.cl. */
struct sieving {
    uint32_t limit; /* base primes up to here are crossed off in pieces, */
    bool large;     /* and there are others, for global memory, */
    bool tests;     /* or what they leave is tested */
    uint64_t piece_words, pieces_per_unit;
    uint32_t n_primes;
    cl_mem primes, patterns, restored;
    uint64_t n_restored; /* words */
    /* CPU kernels: */
    cl_mem ends, periods;
    uint64_t scratch_bytes, n_items;
    uint32_t n_slices; /* of a batch's bitmap, see pp_note_large */
    uint32_t pad;
    /* GPU kernels: */
    uint32_t n_by_eight, n_by_one;
    size_t work_bytes; /* of local memory, beside a tile */
};

struct run {
    struct opencl *opencl;
    const struct job *job;
    struct sink *sink;
    pp_result *result;
    pp_error *error;
    bool is_test, wants_words;
    bool is_bitmap;  /* sieved as words; else tested one by one into flags */
    bool sums_words; /* count and digest are a kernel of their own */
    uint64_t unit_words, units_most, batch_units;
    uint64_t groups_per_unit; /* that store sums */
    size_t group_items;
    unsigned n_putters;
    atomic_bool disputed; /* error already tells of a wrong read-back */
    cl_ulong computed_to; /* device clock: kernels up to here are in the phases */
    cl_mem base_words;
    struct sieving sieving;
    struct slot slots[N_SLOTS];
};

/* Every call is checked. */
#define CHECK(run, call_name, expression)                                                          \
    do {                                                                                           \
        cl_int code_ = (expression);                                                               \
        if (code_ != CL_SUCCESS)                                                                   \
            return cl_failed((run)->error, call_name, code_);                                      \
    } while (0)

enum {
    SLICE_BYTES = 1 << 18, /* PP_SLICE_BITS in sieve.cl */
    SLICES = 128,          /* PP_SLICES there */
    SLICE_ROOM = 4096      /* PP_SLICE_ROOM there */
};

/* run.c */
pp_status make_buffer(struct run *run, cl_mem_flags flags, uint64_t bytes, cl_mem *out);
/* A buffer of what the kernels only read. All are there when the first batch begins. */
pp_status make_table(struct run *run, const void *from, uint64_t bytes, cl_mem *out);
void release_buffer(cl_mem *buffer);

/* tables.c: everything of run->sieving but what a slot has. unit_words must be set. */
pp_status make_sieving(struct run *run);
void release_sieving(struct sieving *sieving);

/* launch.c: enqueues a batch's kernels; `last` gets the event of the one that ends it. */
pp_status launch_batch(struct run *run, struct slot *slot);
/* Groups of a reduction that share a unit. */
uint64_t reduction_groups(const struct run *run);

#endif
