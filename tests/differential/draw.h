/*
 * Random numbers and ranges, drawn more often where programs fail: next to 0, at squares of
 * primes, near 2^32 and 2^64, at the borders of words and cache blocks.
 */
#ifndef PARPRIME_TESTS_DRAW_H
#define PARPRIME_TESTS_DRAW_H

#include "support/support.h"

/* A number up to most. */
uint64_t draw_number(uint64_t *random, uint64_t most);

/* A range with about up to `length` numbers and hi <= most. */
struct drawn_range {
    uint64_t lo, hi;
};
struct drawn_range draw_range(uint64_t *random, uint64_t most, uint64_t length);

/* A composite made to fool a test: few and close factors, or a form of strong pseudoprimes. */
uint64_t draw_adversary(uint64_t *random);

/*
 * A session of a usable backend, with a method, threads, a SIMD level and a unit size by chance;
 * *name says which, until the next is drawn. Only methods that answer every question, with a
 * digest, and quickly up to 10^9 or so.
 */
pp_session *draw_session(uint64_t *random, const char **name);

/*
 * The same for counting and listing this range: by any method that does not take too long there.
 * pi counts only, without a digest. What the build does not have is not drawn.
 */
pp_session *draw_session_for(uint64_t *random, struct drawn_range range, const char **name);

/* Prints what has been drawn how often; fails if a way that can be opened never was. */
void draw_everything(void);

/* Factor by which tests do more with PARPRIME_TEST_ALL=1. */
unsigned draw_effort(void);

#endif
