#include "engine/ordered.h"

#include "base/clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Memory. Slots: at least two a worker, so that a slow unit holds nobody up at once; and where
 * units are small, as many as hold about RING_BYTES of text, since one number may take a thousand
 * times as long as its neighbours. Units that are whole are parked up to RING_BYTES, since that
 * lets their workers go on. Of units that are not, the one after next may bring what is parked to
 * WORKER_BYTES for each worker, those behind it to half, a quarter and an eighth of that: for many
 * workers enough to have rendered what is next when its turn comes, for few of them little enough
 * to stay in their caches. (`list 1e9 | cat` on two threads: 0.30 s of processor time with 1 MiB
 * parked, 0.33 with 4, 0.36 with 16.) Each worker has one block more in hand.
 */
static const double RING_BYTES = 16 << 20;
enum { RING_MOST = 4096, WORKER_BYTES = 512 << 10, LINE_BYTES = 21 };

/* From here on a block is full. */
enum { BLOCK_BYTES = 256 << 10 };

/* Room for the run that overfills it. */
enum { BLOCK_MARGIN = 32 << 10 };

/* A unit being rendered. */
struct rendering {
    struct ordered *ordered;
    uint64_t unit;
    struct ordered_block *block;
    uint64_t n_primes; /* rendered so far */
    bool stopped;      /* by somebody else, who has given the reason */
};

/* Blocks are taken and given back with the lock held. */
static struct ordered_block *take_block(struct ordered *ordered) {
    struct ordered_block *block = ordered->unused;
    if (block) {
        ordered->unused = block->next;
        block->next = NULL;
        return block;
    }
    block = calloc(1, sizeof *block);
    if (block && !pp_buffer_reserve(&block->buffer, ordered->usual_bytes + BLOCK_MARGIN)) {
        free(block);
        return NULL;
    }
    return block;
}

static void give_back(struct ordered *ordered, struct ordered_block *block) {
    if (!block)
        return;
    block->buffer.size = 0;
    block->next = ordered->unused;
    ordered->unused = block;
}

static void free_blocks(struct ordered_block *block) {
    while (block) {
        struct ordered_block *next = block->next;
        free(block->buffer.data);
        free(block);
        block = next;
    }
}

/* Emits a block. Called and returns with the lock held, which it lets go meanwhile. */
static pp_status emit(struct ordered *ordered, struct ordered_block *block) {
    if (block->buffer.size == 0 || ordered->stopped)
        return PP_OK;
    ordered->emitting = true;
    pthread_mutex_unlock(&ordered->lock);
    double begin = clock_seconds();
    pp_status status =
        ordered->callback->emit(ordered->callback->user, block->buffer.data, block->buffer.size);
    double seconds = clock_seconds() - begin;
    block->buffer.size = 0;
    pthread_mutex_lock(&ordered->lock);
    ordered->emit_seconds += seconds;
    ordered->emitting = false;
    ordered->stopped |= status != PP_OK;
    return status;
}

/*
 * Emits what is parked in a slot whose turn it is. The caller wakes who waits for room: once, not
 * for every block, since there may be many to wake.
 */
static pp_status emit_parked(struct ordered *ordered, struct ordered_slot *slot) {
    pp_status status = PP_OK;
    while (slot->first && !ordered->stopped) {
        struct ordered_block *block = slot->first;
        slot->first = block->next;
        ordered->parked -= block->buffer.size;
        status = emit(ordered, block);
        give_back(ordered, block);
    }
    return status;
}

/* What may be parked in all when a block of that unit is, the last one or not. */
static size_t parked_most(const struct ordered *ordered, uint64_t unit, bool last) {
    uint64_t ahead = unit - ordered->next;
    size_t part = ordered->parked_most >> (ahead < 4 ? ahead - 1 : 3);
    return last && part < (size_t)RING_BYTES ? (size_t)RING_BYTES : part;
}

/*
 * Emits the block in hand, or parks it until its unit's turn comes; there is an empty one in hand
 * afterwards. Called and returns with the lock held.
 */
static pp_status pass_on_ascending(struct rendering *rendering, bool last) {
    struct ordered *ordered = rendering->ordered;
    struct ordered_slot *slot = &ordered->slots[rendering->unit % ordered->n_slots];
    size_t size = rendering->block->buffer.size;
    while (rendering->unit != ordered->next && !ordered->stopped &&
           ordered->parked + size > parked_most(ordered, rendering->unit, last))
        pthread_cond_wait(&ordered->room, &ordered->lock);
    if (rendering->unit == ordered->next) {
        bool parked = slot->first;
        pp_status status = emit_parked(ordered, slot);
        if (status == PP_OK)
            status = emit(ordered, rendering->block);
        if (parked || status != PP_OK)
            pthread_cond_broadcast(&ordered->room);
        return status;
    }
    if (size == 0 || ordered->stopped)
        return PP_OK;
    if (slot->first)
        slot->last->next = rendering->block;
    else
        slot->first = rendering->block;
    slot->last = rendering->block;
    ordered->parked += size;
    rendering->block = take_block(ordered);
    return rendering->block ? PP_OK : PP_ERR_MEMORY;
}

static pp_status pass_on_completion(struct rendering *rendering) {
    struct ordered *ordered = rendering->ordered;
    while (ordered->emitting && !ordered->stopped)
        pthread_cond_wait(&ordered->room, &ordered->lock);
    pp_status status = emit(ordered, rendering->block);
    pthread_cond_signal(&ordered->room); /* all wait for the same, and one can have it */
    return status;
}

/* The same without the lock held. Is it the last block of its unit? */
static pp_status pass_on(struct rendering *rendering, bool last) {
    struct ordered *ordered = rendering->ordered;
    pthread_mutex_lock(&ordered->lock);
    pp_status status = ordered->callback->order == PP_ORDER_COMPLETION
                           ? pass_on_completion(rendering)
                           : pass_on_ascending(rendering, last);
    rendering->stopped = ordered->stopped && status == PP_OK;
    pthread_mutex_unlock(&ordered->lock);
    return rendering->stopped ? PP_ERR_CANCELLED : status;
}

static int render_run(void *user, const uint64_t *primes, size_t n) {
    struct rendering *rendering = user;
    const pp_list_callback *callback = rendering->ordered->callback;
    pp_buffer *buffer = &rendering->block->buffer;
    pp_status status = PP_OK;
    rendering->n_primes += n;
    if (callback->render) {
        status = callback->render(callback->user, primes, n, buffer);
    } else {
        char *room = pp_buffer_reserve(buffer, n * sizeof *primes);
        if (!room)
            return PP_ERR_MEMORY;
        memcpy(room, primes, n * sizeof *primes);
        buffer->size += n * sizeof *primes;
    }
    if (status == PP_OK && buffer->size >= BLOCK_BYTES)
        status = pass_on(rendering, false);
    return (int)status;
}

/* Renders a unit, passing on full blocks and the last one, and gives the block in hand back. */
static pp_status render(struct rendering *rendering, const struct partial *partial) {
    struct ordered *ordered = rendering->ordered;
    pp_status status = rendering->block ? PP_OK : PP_ERR_MEMORY;
    if (status == PP_OK)
        status = (pp_status)partial_decode(partial, ordered->decoder, render_run, rendering);
    if (status == PP_OK && rendering->n_primes != partial->count)
        status = PP_ERR_DISAGREE;
    if (status == PP_OK)
        status = pass_on(rendering, true);
    return status;
}

/* Tells that a unit's primes are out. Called and returns with the lock held, let go meanwhile. */
static pp_status tell_reached(struct ordered *ordered, const struct ordered_slot *slot) {
    const pp_list_callback *callback = ordered->callback;
    if (!callback->reached || ordered->stopped)
        return PP_OK;
    uint64_t hi = slot->hi, count = slot->count, digest = slot->digest;
    ordered->emitting = true; /* nothing is, and nothing may be */
    pthread_mutex_unlock(&ordered->lock);
    pp_status status = callback->reached(callback->user, hi, count, digest);
    pthread_mutex_lock(&ordered->lock);
    ordered->emitting = false;
    ordered->stopped |= status != PP_OK;
    return status;
}

/* Marks a whole unit, and emits all that is next. With the lock held. */
static pp_status complete(struct ordered *ordered, uint64_t unit, const struct partial *partial) {
    struct ordered_slot *own = &ordered->slots[unit % ordered->n_slots];
    own->ready = true;
    own->hi = job_span(ordered->job, unit).hi;
    own->count = partial->count;
    own->digest = partial->digest;
    pp_status status = PP_OK;
    while (!ordered->emitting && !ordered->stopped) {
        struct ordered_slot *head = &ordered->slots[ordered->next % ordered->n_slots];
        if (!head->ready)
            break;
        status = emit_parked(ordered, head);
        if (status == PP_OK)
            status = tell_reached(ordered, head);
        if (status == PP_OK && !ordered->stopped) {
            head->ready = false;
            ordered->next++;
        }
        pthread_cond_broadcast(&ordered->room);
    }
    return status;
}

static pp_status put(struct consumer *consumer, uint64_t unit, const struct partial *partial) {
    struct ordered *ordered = (struct ordered *)consumer;
    bool ascending = ordered->callback->order == PP_ORDER_ASCENDING;
    struct rendering rendering = {.ordered = ordered, .unit = unit};
    pthread_mutex_lock(&ordered->lock);
    while (ascending && unit - ordered->next >= ordered->n_slots && !ordered->stopped)
        pthread_cond_wait(&ordered->room, &ordered->lock);
    rendering.stopped = ordered->stopped;
    if (!rendering.stopped)
        rendering.block = take_block(ordered);
    pthread_mutex_unlock(&ordered->lock);

    pp_status status = rendering.stopped ? PP_OK : render(&rendering, partial);
    pthread_mutex_lock(&ordered->lock);
    if (rendering.stopped)
        status = PP_OK; /* whoever stopped the job has given the reason */
    else if (status == PP_OK && ascending)
        status = complete(ordered, unit, partial);
    if (status != PP_OK) {
        ordered->stopped = true;
        pthread_cond_broadcast(&ordered->room);
    }
    give_back(ordered, rendering.block);
    pthread_mutex_unlock(&ordered->lock);
    return status;
}

static void ordered_stop(struct consumer *consumer) {
    struct ordered *ordered = (struct ordered *)consumer;
    pthread_mutex_lock(&ordered->lock);
    ordered->stopped = true;
    pthread_cond_broadcast(&ordered->room);
    pthread_mutex_unlock(&ordered->lock);
}

static pp_status ordered_begin(struct consumer *consumer, const struct job *job, unsigned workers) {
    struct ordered *ordered = (struct ordered *)consumer;
    double primes = (double)job->unit_size / fmax(log((double)job->hi + 2), 1);
    double bytes = LINE_BYTES * (primes + 1);
    ordered->job = job;
    ordered->usual_bytes = (size_t)fmin(bytes, BLOCK_BYTES);
    ordered->parked_most = (size_t)workers * WORKER_BYTES;
    ordered->n_slots = (size_t)fmax(fmin(RING_BYTES / bytes, RING_MOST), 2.0 * workers);
    if (job->n_units < ordered->n_slots)
        ordered->n_slots = (size_t)job->n_units;
    ordered->slots = calloc(ordered->n_slots, sizeof *ordered->slots);
    return ordered->slots ? PP_OK : PP_ERR_MEMORY;
}

void ordered_init(struct ordered *ordered, const pp_list_callback *callback,
                  const struct decoder *decoder) {
    *ordered = (struct ordered){
        .consumer = {ordered_begin, put, ordered_stop}, .callback = callback, .decoder = decoder};
    pthread_mutex_init(&ordered->lock, NULL);
    pthread_cond_init(&ordered->room, NULL);
}

void ordered_free(struct ordered *ordered) {
    for (size_t i = 0; ordered->slots && i < ordered->n_slots; i++)
        free_blocks(ordered->slots[i].first);
    free_blocks(ordered->unused);
    free(ordered->slots);
    pthread_cond_destroy(&ordered->room);
    pthread_mutex_destroy(&ordered->lock);
}
