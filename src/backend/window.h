/*
 * Sieving with large primes. From 2^48 up a range has sieving primes that hit a segment seldom,
 * up to 203 million of them. So a long stretch of the range, a window, lies in memory as a bitmap,
 * and goes through three steps, each of which all threads share out:
 *
 *   1  every segment of it is sieved by the primes that hit segments often
 *   2  the large primes are made, a piece of them at a time, by a sieve of their own; each finds
 * its multiples in the whole window. They are gathered by region, so that crossing them off stays
 *      in a cache; a lock a region keeps threads apart
 *   3  units are counted and put
 *
 * Large primes are made once for each window and by all threads together, and never kept.
 */
#ifndef PARPRIME_BACKEND_WINDOW_H
#define PARPRIME_BACKEND_WINDOW_H

#include "backend/cpu.h"

#include <parprime.h>
#include <pthread.h>

/* Bytes of bitmap in a window at most; and numbers in a unit, so that some fit. */
enum { WINDOW_MOST_BYTES = 96 << 20 };
static const uint64_t WINDOW_UNIT_MOST = (uint64_t)(WINDOW_MOST_BYTES / 4) * 30;

/* How many windows so many bytes of bitmap are cut into, with large primes up to `root`. */
uint64_t window_usual_number(uint64_t bytes, uint64_t root);

/* How long a job's windows are, if nobody asks for another length: whole units. */
size_t window_usual_bytes(const struct job *job);

/* What threads share. They change it only between steps, or under the locks. */
struct window {
    const struct cpu_run *run;
    unsigned threads;
    uint64_t unit, end_unit; /* the next window's first unit, and where all end */
    uint64_t most_units;     /* in a window */
    size_t capacity;         /* bytes */
    uint8_t *bytes;
    pthread_mutex_t *locks; /* of regions */
    size_t n_parts, n_regions;

    uint64_t first_unit, n_units; /* the present window; no units: all is done */
    uint64_t first_word;
    size_t n_words;
    uint64_t n_stretches, stretch_words; /* step 1: of a segment or less, to be shared out */
    uint64_t n_pieces, piece_words;      /* step 2: base primes */
    uint64_t first_base_word;
    uint32_t root; /* the largest base prime */
    double begun;  /* when, if the sink is traced */
};

/* One thread's part. */
struct window_worker {
    struct window *window;
    struct cpu_worker small;
    struct walk base; /* makes base primes */
    void *base_memory;
    uint32_t *hits;   /* gathered, by parts of the window */
    uint32_t *n_hits; /* of each part */
    size_t most_hits; /* of a part */
    uint32_t *sorted; /* those of one part, by region */
};

/* For units [first, first + n). Ends with window_free also after a failure. */
pp_status window_init(struct window *window, const struct cpu_run *run, uint64_t first, uint64_t n,
                      unsigned threads);
void window_free(struct window *window);

pp_status window_worker_init(struct window_worker *worker, struct window *window, unsigned number);
void window_worker_free(struct window_worker *worker);

/* Goes on to the next window; one thread does. None is begun after the sink has stopped. */
void window_next(struct window *window, struct sink *sink);

/*
 * The steps' items: stretches, cheapest one after the other; pieces; units. After its pieces, each
 * thread flushes what it holds.
 */
void window_sieve(struct window_worker *worker, uint64_t stretch);
void window_cross_large(struct window_worker *worker, uint64_t piece);
void window_flush(struct window_worker *worker);
pp_status window_put(struct window_worker *worker, uint64_t unit, struct sink *sink);

/* All of it on the calling thread. */
pp_status windows_run_serially(const struct cpu_run *run, uint64_t first, uint64_t n,
                               struct sink *sink);

#endif
