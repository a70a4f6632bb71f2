/*
 * Rendering on the workers, emitting in order, without sorting and in bounded memory: a ring of
 * slots, one for each unit in flight. A worker whose unit is further ahead than the ring is
 * long waits; since units are begun in ascending order, the one that everybody waits for is
 * always in somebody's hands.
 */
#ifndef PARPRIME_ENGINE_ORDERED_H
#define PARPRIME_ENGINE_ORDERED_H

#include "engine/run.h"

#include <pthread.h>

struct ordered_slot {
    pp_buffer buffer;
    bool ready; /* rendered, waiting for its turn */
    bool taken; /* completion order: in somebody's hands */
};

struct ordered {
    struct consumer consumer;
    const pp_list_callback *callback;
    pthread_mutex_t lock; /* guards all below, except a buffer while its slot is rendered */
    pthread_cond_t room;  /* a slot has become free, or the job stops */
    struct ordered_slot *slots;
    size_t n_slots;
    uint64_t next; /* the unit to emit next */
    bool emitting; /* a thread is inside callback->emit */
    bool stopped;
    double emit_seconds;
};

/* The slots come when the job begins. callback must outlive it. */
void ordered_init(struct ordered *ordered, const pp_list_callback *callback);
void ordered_free(struct ordered *ordered);

#endif
