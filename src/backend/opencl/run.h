/* A span of units on its way through a device: what run.c, launch.c and tables.c share. */
#ifndef PARPRIME_BACKEND_OPENCL_RUN_H
#define PARPRIME_BACKEND_OPENCL_RUN_H

#include "backend/opencl/opencl.h"

#include <stdatomic.h>

enum {
    GUARD_WORDS = 32, /* of 32 bits, before a buffer and behind it: PP_GUARD_WORDS in checks.cl */
    TALLY_WORDS = 1,  /* of a report, in front of all else */
    MOST_GUARDED = 5  /* buffers of a slot: the kernels of checks.cl take so many */
};

/* A buffer with guards: what the kernels get is the part inside. */
struct guarded {
    cl_mem whole;
    cl_ulong end;     /* where the guard behind begins, in words */
    const char *name; /* for messages */
};

/* A buffer that is brought to where the host can read it. */
struct returned {
    cl_mem buffer;
    cl_mem pinned_buffer; /* GPU kernels: memory of the host, mapped all the time, */
    uint64_t *pinned;     /* that the device copies to */
    uint64_t *host;       /* readable while the batch is being put */
    cl_event event;
};

/* A slot's share of the pipeline. */
struct slot {
    cl_command_queue queue;
    cl_mem numbers, flags;
    struct returned words, sums, report;  /* see tally.cl and checks.cl for the last */
    struct guarded guarded[MOST_GUARDED]; /* of them those that kernels write to; first the sums */
    unsigned n_guarded;
    cl_mem scratch;              /* CPU kernels: of sieving work-items, */
    cl_mem noted, noted_lengths; /* and what large base primes are to clear */
    cl_mem starts;               /* GPU kernels: where the batch begins modulo each sieving prime */
    cl_mem pinned_numbers;       /* GPU kernels: memory of the host that the device copies from */
    uint64_t *to_numbers;
    cl_event first, last;   /* the first and last kernel: what a batch took */
    uint64_t unit, n_units; /* the batch in flight; n_units 0: none */
    double begun;           /* when it was sent off, by clock.h */
    uint64_t first_word, n_words, n_numbers;
    cl_ulong nonce;     /* of the batch, as it was launched last */
    cl_ulong tally;     /* what the marks of all its work-groups come to, */
    cl_ulong n_marked;  /* and how many launches these were */
    pp_status launched; /* what sending it off came to */
    unsigned tries;     /* how often it has been sent off */
    uint64_t *drawn;    /* a bit for each of its units: to be recomputed on the host */
    bool is_drawn;      /* they have been drawn for this batch */
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

/* Bytes of local memory for what waits to be tested, see candidates.cl: of an item, of a group. */
enum { QUEUED = 44, LENGTHS = 64 };

enum {
    MOST_PUTTERS = 16, /* threads that render what a device found */
    MOST_TRIES = 3     /* of a batch */
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
    cl_ulong front_bytes; /* of a guarded buffer, before what the kernels get */
    cl_ulong nonce;       /* of the last batch */
    cl_ulong computed_to; /* device clock: kernels up to here are in the phases */
    cl_mem base_words;
    /*
     * What tables are copied through, to the device and back. A device that hangs may use it yet,
     * so then it stays, whatever becomes of the table.
     */
    char *piece;
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

/* ---- transfer.c ---- */

pp_status make_buffer(struct run *run, cl_mem_flags flags, uint64_t bytes, cl_mem *out);
void release_buffer(cl_mem *buffer);

/* A buffer of what the kernels only read. All are there when the first batch begins. */
pp_status make_table(struct run *run, const void *from, uint64_t bytes, cl_mem *out);

/* A buffer that the kernels write to, with guards round it. bytes is a multiple of 4. */
pp_status make_guarded(struct run *run, struct slot *slot, const char *name, cl_mem_flags flags,
                       uint64_t bytes, cl_mem *out);
/* All of a slot, after the parts inside them. */
void release_guarded(struct slot *slot);

/* Memory of the host that a GPU copies to and from at full speed; and what was made of it. */
pp_status make_pinned(struct run *run, struct slot *slot, uint64_t bytes, cl_mem *out,
                      uint64_t **mapped);
void release_pinned(struct run *run, struct slot *slot, cl_mem *buffer, uint64_t **mapped);

/*
 * Gives the device a batch's numbers: through pinned memory, or where kernels share the host's
 * memory through a mapping.
 */
pp_status upload(struct run *run, struct slot *slot, const void *from, uint64_t bytes);

/* Begins to bring a buffer to the host, in the same two ways; and ends that, complete or not. */
pp_status read_back(struct run *run, struct slot *slot, struct returned *returned, uint64_t bytes);
pp_status give_back(struct run *run, struct slot *slot, struct returned *returned);

/* Waits until a slot's queue is empty. */
pp_status drain(struct run *run, struct slot *slot);

/* ---- answers.c ---- */

/*
 * Of a batch that has been read back: is it what the device computed, and do the units that are
 * drawn agree with the host? If so, all units are put. PP_ERR_DISAGREE, and *wrong says how, if
 * not: then nothing has been put. Any other status is the sink's.
 */
pp_status put_batch(struct run *run, struct slot *slot, pp_error *wrong);

/* tables.c: everything of run->sieving but what a slot has. unit_words must be set. */
pp_status make_sieving(struct run *run);
void release_sieving(struct sieving *sieving);

/*
 * launch.c: enqueues a batch's kernels, between those of checks.cl; `last` gets the event of the
 * one that ends it.
 */
pp_status launch_batch(struct run *run, struct slot *slot);
/* Groups of a reduction that share a unit. */
uint64_t reduction_groups(const struct run *run);

#endif
