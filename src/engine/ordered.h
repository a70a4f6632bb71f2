/*
 * Rendering on the workers, emitting in order, without sorting and in bounded memory. A unit's text
 * is made block by block. The worker whose unit is next emits each block as soon as it is rendered,
 * while it is in a cache; the others park theirs in a ring of slots, one for each unit in flight,
 * and whoever completes the next unit emits those that have waited behind it. A worker that has
 * parked too much, or whose unit is further ahead than the ring is long, waits; since units are
 * begun in ascending order, the one that everybody waits for is always in the hands of a worker
 * that does not wait. In completion order whoever has a block waits for his turn to emit it.
 */
#ifndef PARPRIME_ENGINE_ORDERED_H
#define PARPRIME_ENGINE_ORDERED_H

#include "engine/run.h"

#include <pthread.h>

/* Text on its way. */
struct ordered_block {
    pp_buffer buffer;
    struct ordered_block *next;
};

struct ordered_slot {
    struct ordered_block *first, *last; /* rendered and parked, in ascending order */
    bool ready;                         /* the unit is whole, waiting for its turn */
    uint64_t hi, count, digest;         /* of the unit, once it is ready */
};

struct ordered {
    struct consumer consumer;
    const pp_list_callback *callback;
    const struct decoder *decoder;
    const struct job *job;
    size_t usual_bytes;   /* a unit's text, or a block if that is less */
    size_t parked_most;   /* bytes; see ordered.c */
    pthread_mutex_t lock; /* guards all below; not held while a block is rendered or emitted */
    pthread_cond_t room;  /* something has been emitted, or the job stops */
    struct ordered_slot *slots;
    size_t n_slots;
    struct ordered_block *unused; /* last in, first out: what is still in a cache is used first */
    size_t parked;                /* bytes in slots */
    uint64_t next;                /* the unit to emit next */
    bool emitting;                /* a thread is inside callback->emit */
    bool stopped;
    double emit_seconds;
};

/* The slots come when the job begins. callback must outlive it. */
void ordered_init(struct ordered *ordered, const pp_list_callback *callback,
                  const struct decoder *decoder);
void ordered_free(struct ordered *ordered);

#endif
