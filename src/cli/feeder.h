/*
 * Reads ahead: a thread fills the next batch of a stream while the last one is tested and its
 * answers are written.
 */
#ifndef PARPRIME_CLI_FEEDER_H
#define PARPRIME_CLI_FEEDER_H

#include "cli/reader.h"

#include <pthread.h>

struct feeder {
    struct reader *reader;
    struct batch batches[2];
    pp_status status[2]; /* of reader_next for each */
    unsigned n_filled, n_taken;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
};

/* The reader is the thread's until feeder_stop. On failure nothing is left behind. */
pp_status feeder_start(struct feeder *feeder, struct reader *reader);

/*
 * Waits for the next batch, which stays as it is until the next call, and returns what
 * reader_next said of it. Not to be called again after anything but PP_OK.
 */
pp_status feeder_next(struct feeder *feeder, const struct batch **batch);

/* Ends the thread wherever it is, also where it waits for input. */
void feeder_stop(struct feeder *feeder);

#endif
