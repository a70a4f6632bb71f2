#include "engine/ordered.h"

#include "base/clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What decoding hands to the caller's render function. */
struct rendering {
    const pp_list_callback *callback;
    pp_buffer *buffer;
};

static int render_run(void *user, const uint64_t *primes, size_t n) {
    struct rendering *rendering = user;
    if (rendering->callback->render)
        return (int)rendering->callback->render(rendering->callback->user, primes, n,
                                                rendering->buffer);
    char *room = pp_buffer_reserve(rendering->buffer, n * sizeof *primes);
    if (!room)
        return PP_ERR_MEMORY;
    memcpy(room, primes, n * sizeof *primes);
    rendering->buffer->size += n * sizeof *primes;
    return PP_OK;
}

static pp_status render(const struct ordered *ordered, const struct partial *partial,
                        pp_buffer *buffer) {
    struct rendering rendering = {ordered->callback, buffer};
    buffer->size = 0;
    return (pp_status)partial_decode(partial, render_run, &rendering);
}

/* Emits one slot's buffer. Called and returns with the lock held, which it lets go meanwhile. */
static pp_status emit(struct ordered *ordered, struct ordered_slot *slot) {
    if (slot->buffer.size == 0)
        return PP_OK;
    ordered->emitting = true;
    pthread_mutex_unlock(&ordered->lock);
    double begin = clock_seconds();
    pp_status status =
        ordered->callback->emit(ordered->callback->user, slot->buffer.data, slot->buffer.size);
    double seconds = clock_seconds() - begin;
    pthread_mutex_lock(&ordered->lock);
    ordered->emit_seconds += seconds;
    ordered->emitting = false;
    return status;
}

static void ordered_stop(struct consumer *consumer) {
    struct ordered *ordered = (struct ordered *)consumer;
    pthread_mutex_lock(&ordered->lock);
    ordered->stopped = true;
    pthread_cond_broadcast(&ordered->room);
    pthread_mutex_unlock(&ordered->lock);
}

static pp_status put_ascending(struct consumer *consumer, uint64_t unit,
                               const struct partial *partial) {
    struct ordered *ordered = (struct ordered *)consumer;
    pthread_mutex_lock(&ordered->lock);
    while (unit - ordered->next >= ordered->n_slots && !ordered->stopped)
        pthread_cond_wait(&ordered->room, &ordered->lock);
    bool stopped = ordered->stopped;
    pthread_mutex_unlock(&ordered->lock);
    if (stopped)
        return PP_OK; /* whoever stopped the job has given the reason */

    struct ordered_slot *slot = &ordered->slots[unit % ordered->n_slots];
    pp_status status = render(ordered, partial, &slot->buffer);
    pthread_mutex_lock(&ordered->lock);
    slot->ready = status == PP_OK;
    /* Whoever completes the next unit in order emits it and all that wait behind it. */
    while (status == PP_OK && !ordered->emitting && !ordered->stopped) {
        struct ordered_slot *head = &ordered->slots[ordered->next % ordered->n_slots];
        if (!head->ready)
            break;
        status = emit(ordered, head);
        if (status == PP_OK) {
            head->ready = false;
            ordered->next++;
            pthread_cond_broadcast(&ordered->room);
        }
    }
    ordered->stopped |= status != PP_OK;
    pthread_mutex_unlock(&ordered->lock);
    return status;
}

static pp_status put_completion(struct consumer *consumer, uint64_t unit,
                                const struct partial *partial) {
    (void)unit;
    struct ordered *ordered = (struct ordered *)consumer;
    pthread_mutex_lock(&ordered->lock);
    struct ordered_slot *slot = NULL;
    while (!slot && !ordered->stopped) {
        for (size_t i = 0; i < ordered->n_slots && !slot; i++)
            if (!ordered->slots[i].taken)
                slot = &ordered->slots[i];
        if (!slot)
            pthread_cond_wait(&ordered->room, &ordered->lock);
    }
    pp_status status = PP_OK;
    if (slot) {
        slot->taken = true;
        pthread_mutex_unlock(&ordered->lock);
        status = render(ordered, partial, &slot->buffer);
        pthread_mutex_lock(&ordered->lock);
        while (ordered->emitting && !ordered->stopped)
            pthread_cond_wait(&ordered->room, &ordered->lock);
        if (status == PP_OK && !ordered->stopped)
            status = emit(ordered, slot);
        slot->taken = false;
        ordered->stopped |= status != PP_OK;
        pthread_cond_broadcast(&ordered->room);
    }
    pthread_mutex_unlock(&ordered->lock);
    return status;
}

/*
 * Slots: at least two a worker, so that a slow unit holds nobody up at once; and where units are
 * small, as many as hold about this much text, since one number may take a thousand times as
 * long as its neighbours.
 */
static const double RING_BYTES = 16 << 20;
enum { RING_MOST = 4096, LINE_BYTES = 21 };

static pp_status ordered_begin(struct consumer *consumer, const struct job *job, unsigned workers) {
    struct ordered *ordered = (struct ordered *)consumer;
    double primes = (double)job->unit_size / fmax(log((double)job->hi + 2), 1);
    double slots = fmin(RING_BYTES / (LINE_BYTES * (primes + 1)), RING_MOST);
    ordered->n_slots = (size_t)fmax(slots, 2.0 * workers);
    if (job->n_units < ordered->n_slots)
        ordered->n_slots = (size_t)job->n_units;
    ordered->slots = calloc(ordered->n_slots, sizeof *ordered->slots);
    return ordered->slots ? PP_OK : PP_ERR_MEMORY;
}

void ordered_init(struct ordered *ordered, const pp_list_callback *callback) {
    *ordered = (struct ordered){
        .consumer = {ordered_begin,
                     callback->order == PP_ORDER_COMPLETION ? put_completion : put_ascending,
                     ordered_stop},
        .callback = callback};
    pthread_mutex_init(&ordered->lock, NULL);
    pthread_cond_init(&ordered->room, NULL);
}

void ordered_free(struct ordered *ordered) {
    for (size_t i = 0; i < ordered->n_slots; i++)
        free(ordered->slots[i].buffer.data);
    free(ordered->slots);
    pthread_cond_destroy(&ordered->room);
    pthread_mutex_destroy(&ordered->lock);
}
