#include "cli/feeder.h"

static void unlock(void *mutex) {
    pthread_mutex_unlock(mutex);
}

static void *feed(void *argument) {
    struct feeder *feeder = argument;
    for (pp_status status = PP_OK; status == PP_OK;) {
        pthread_mutex_lock(&feeder->lock);
        pthread_cleanup_push(unlock, &feeder->lock); /* waiting may be cancelled */
        /* The batch that was taken last is still in use. */
        while (feeder->n_filled - feeder->n_taken >= 1 && feeder->n_filled >= 2)
            pthread_cond_wait(&feeder->changed, &feeder->lock);
        pthread_cleanup_pop(1);
        unsigned slot = feeder->n_filled % 2;
        batch_clear(&feeder->batches[slot]);
        status = reader_next(feeder->reader, &feeder->batches[slot]);
        pthread_mutex_lock(&feeder->lock);
        feeder->status[slot] = status;
        feeder->n_filled++;
        pthread_cond_broadcast(&feeder->changed);
        pthread_mutex_unlock(&feeder->lock);
    }
    return NULL;
}

static void free_batches(struct feeder *feeder) {
    batch_free(&feeder->batches[0]);
    batch_free(&feeder->batches[1]);
}

pp_status feeder_start(struct feeder *feeder, struct reader *reader) {
    *feeder = (struct feeder){.reader = reader};
    pp_status first = batch_init(&feeder->batches[0]), second = batch_init(&feeder->batches[1]);
    pthread_mutex_init(&feeder->lock, NULL);
    pthread_cond_init(&feeder->changed, NULL);
    if (first == PP_OK && second == PP_OK &&
        pthread_create(&feeder->thread, NULL, feed, feeder) == 0)
        return PP_OK;
    free_batches(feeder);
    return first != PP_OK ? first : second != PP_OK ? second : PP_ERR_INTERNAL;
}

pp_status feeder_next(struct feeder *feeder, const struct batch **batch) {
    pthread_mutex_lock(&feeder->lock);
    while (feeder->n_filled == feeder->n_taken)
        pthread_cond_wait(&feeder->changed, &feeder->lock);
    unsigned slot = feeder->n_taken++ % 2;
    *batch = &feeder->batches[slot];
    pp_status status = feeder->status[slot];
    pthread_cond_broadcast(&feeder->changed);
    pthread_mutex_unlock(&feeder->lock);
    return status;
}

void feeder_stop(struct feeder *feeder) {
    pthread_cancel(feeder->thread);
    pthread_join(feeder->thread, NULL);
    pthread_mutex_destroy(&feeder->lock);
    pthread_cond_destroy(&feeder->changed);
    free_batches(feeder);
}
