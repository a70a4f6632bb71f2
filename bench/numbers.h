/* The five sets of numbers that bench/batch measures, each made from a seed. */
#ifndef PARPRIME_BENCH_NUMBERS_H
#define PARPRIME_BENCH_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

struct number_set {
    const char *name, *title;
    size_t most;   /* numbers in it, unscaled */
    size_t cycle;  /* distinct primes, which are repeated until the set is full; 0: no primes */
    uint64_t from; /* the numbers lie in [from, from + width); width 0: to 2^64 */
    uint64_t width;
    uint64_t odd; /* 1: only odd numbers */
};

enum { N_SETS = 5 };
extern const struct number_set number_sets[N_SETS];

/* The generator's next output and the function it is made of: Steele, Lea, Flood, OOPSLA 2014. */
uint64_t splitmix64(uint64_t x);
uint64_t random_next(uint64_t *state);
/* Below bound, which is at most 2^63. */
uint64_t random_below(uint64_t *state, uint64_t bound);

/*
 * Fills numbers[0..n); cycle is the set's, scaled like n. The same seed, n and cycle give the same
 * numbers everywhere.
 */
void number_set_fill(const struct number_set *set, uint64_t seed, uint64_t *numbers, size_t n,
                     size_t cycle);

/* The sum of splitmix64(number): two machines measured the same numbers if it is the same. */
uint64_t number_set_checksum(const uint64_t *numbers, size_t n);

#endif
