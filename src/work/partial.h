/* The answer for one unit. */
#ifndef PARPRIME_WORK_PARTIAL_H
#define PARPRIME_WORK_PARTIAL_H

#include "math/decode.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct partial {
    uint64_t count;  /* primes found */
    uint64_t digest; /* of them, see digest.h; for a test the sum of splitmix64(prime) */
    bool has_digest;
    /*
     * Which they are, when the job asks: for ranges the wheel-30 words from first_word on,
     * trimmed to the unit; for tests a bit per number, from the unit's first on. Belongs to the
     * backend and holds only during sink->put.
     */
    const uint64_t *words;
    uint64_t first_word;
    size_t n_words;
    unsigned small_primes; /* of ranges: 2, 3, 5 as bits 0, 1, 2 */
    /* For a sink that is traced: who made it, from 0, and when the work on it began (clock.h). */
    unsigned worker;
    double begin;
    /* The backend has asked the sink whether to check this unit, and has found the host to agree.
     */
    bool drawn, verified;
};

/* Set bits in words[0..n). */
uint64_t count_bits(const uint64_t *words, size_t n);

/* Primes in a range's bitmap and small_primes. */
uint64_t partial_primes(const struct partial *partial);

/* Sets count and digest of a range's partial from its words and small_primes. */
void partial_sum(struct partial *partial);

/* Numbers in a run: 8 KiB, which stay in an L1 data cache beside what is made of them. */
enum { PARTIAL_RUN = 1024 };

/*
 * Decodes small_primes and as many of a range's words as a run has room for, and takes them out of
 * the partial: stores the primes, ascending, in run[0..n) and returns n. All is out when n_words
 * is 0.
 */
size_t partial_take_run(struct partial *left, const struct decoder *decoder, uint64_t *run);

/*
 * Decodes a range's partial into ascending primes, run by run, calling visit for each that is not
 * empty; stops early when it returns nonzero, and returns that.
 */
int partial_decode(const struct partial *partial, const struct decoder *decoder,
                   int (*visit)(void *, const uint64_t *, size_t), void *user);

#endif
