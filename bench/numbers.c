#include "numbers.h"

#include <parprime.h>
#include <stdbool.h>

#define TERA10 UINT64_C(10000000000000)

const struct number_set number_sets[N_SETS] = {
    {"i", "random odd numbers in 2^62 … 2^64", 20000000, 0, UINT64_C(1) << 62, 0, 1},
    {"ii", "random odd numbers in 1e13 … 1e13+1e10", 20000000, 0, TERA10, 10000000000, 1},
    {"iii", "primes in 2^63-2^40 … 2^63+2^40", 20000000, 2000000,
     (UINT64_C(1) << 63) - (UINT64_C(1) << 40), UINT64_C(1) << 41, 1},
    {"iv", "primes in 1e13 … 1e13+1e10", 20000000, 2000000, TERA10, 10000000000, 1},
    {"v", "random 32-bit numbers", 20000000, 0, 0, UINT64_C(1) << 32, 0},
};

uint64_t splitmix64(uint64_t x) {
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

uint64_t random_next(uint64_t *state) {
    uint64_t x = splitmix64(*state);
    *state += 0x9e3779b97f4a7c15;
    return x;
}

uint64_t random_below(uint64_t *state, uint64_t bound) {
    return (uint64_t)((unsigned __int128)random_next(state) * bound >> 64);
}

static uint64_t draw(const struct number_set *set, uint64_t *random) {
    if (set->width)
        return (set->from + random_below(random, set->width)) | set->odd;
    uint64_t number;
    do
        number = random_next(random);
    while (number < set->from);
    return number | set->odd;
}

/*
 * The window is cut into as many slices as there are to be primes, and each gives one: the first
 * prime from a random odd number on. So all are distinct. Then they are shuffled.
 */
static void fill_primes(const struct number_set *set, uint64_t *random, uint64_t *primes,
                        size_t n) {
    uint64_t slice = set->width / n;
    for (size_t i = 0; i < n; i++) {
        uint64_t lo = set->from + i * slice, number;
        bool prime = false;
        do {
            number = (lo + random_below(random, slice)) | 1;
            while (number < lo + slice && !(prime = pp_is_prime(number)))
                number += 2;
        } while (!prime);
        primes[i] = number;
    }
    for (size_t i = n; i > 1; i--) {
        size_t j = random_below(random, i);
        uint64_t other = primes[j];
        primes[j] = primes[i - 1];
        primes[i - 1] = other;
    }
}

void number_set_fill(const struct number_set *set, uint64_t seed, uint64_t *numbers, size_t n,
                     size_t cycle) {
    uint64_t random = splitmix64(seed + (uint64_t)(set - number_sets));
    if (cycle) {
        fill_primes(set, &random, numbers, cycle);
        for (size_t i = cycle; i < n; i++)
            numbers[i] = numbers[i - cycle];
    } else {
        for (size_t i = 0; i < n; i++)
            numbers[i] = draw(set, &random);
    }
}

uint64_t number_set_checksum(const uint64_t *numbers, size_t n) {
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += splitmix64(numbers[i]);
    return sum;
}
