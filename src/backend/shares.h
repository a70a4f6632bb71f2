/*
 * How threads share out items, units or segments, of which each costs less behind the one before:
 * a sieve carries its primes' positions on, and finding them anew takes up to a million searches.
 * Every thread has an equal share of consecutive items and goes through it; who has none left takes
 * over the rear half of the largest share there is (affinity scheduling: Markatos and LeBlanc, IEEE
 * TPDS 5 (4), 1994). So threads that are equally fast jump once each, and others end together too.
 */
#ifndef PARPRIME_BACKEND_SHARES_H
#define PARPRIME_BACKEND_SHARES_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct shares {
    pthread_mutex_t lock; /* guards the shares: taken once an item, which take a ms or so */
    unsigned threads;
    uint64_t least; /* left in a share that is divided */
    struct share {
        uint64_t next, end;
    } * of;
};

/* Room for so many threads. False without memory; ended by shares_free also then. */
bool shares_init(struct shares *shares, unsigned most_threads);
void shares_free(struct shares *shares);

/*
 * Deals items [0, n) out to `threads` threads, each of which must then call shares_take until it
 * has no more: one that does not may leave its last few to nobody. A share with fewer than `least`
 * items left, at least 1, is its owner's alone. While nobody takes.
 */
void shares_deal(struct shares *shares, uint64_t n, unsigned threads, uint64_t least);

/* The thread's next item; false when there is none left for it. Thread-safe. */
bool shares_take(struct shares *shares, unsigned thread, uint64_t *item);

#endif
