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

/* A usable backend, a method and a unit size by chance, and a session of them. */
pp_session *draw_session(uint64_t *random, const char **name);

/* Factor by which tests do more with PARPRIME_TEST_ALL=1. */
unsigned draw_effort(void);

#endif
