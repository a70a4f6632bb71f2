/*
 * Measures the constants of the cost rule in src/engine/plan.c, on one core: prints each with the
 * name it has there. Medians of several rounds.
 */
#include "base/clock.h"
#include "engine/plan.h"
#include "math/primality.h"
#include "math/sieve.h"
#include "math/trial.h"
#include "math/wheel.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 5 };

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(double (*measure)(void)) {
    double values[ROUNDS];
    for (int i = 0; i < ROUNDS; i++)
        values[i] = measure();
    qsort(values, ROUNDS, sizeof *values, ascending);
    return values[ROUNDS / 2];
}

static volatile uint64_t kept; /* answers, so that no work is optimised away */

/* A prime just below 2^50: about 1.7e7 divisors. */
static double divisor(void) {
    double begin = clock_seconds();
    kept = trial_is_prime(1125899906842597);
    return (clock_seconds() - begin) / (sqrt(1125899906842597.) / 2);
}

static double wide_divisor(void) {
    double begin = clock_seconds();
    kept = trial_is_prime(72057594037927931);
    return (clock_seconds() - begin) / (sqrt(72057594037927931.) / 2);
}

/* Random odd numbers without their powers. */
static double small_divisors(void) {
    enum { N = 1000000 };
    uint64_t number = 0, count = 0;
    double begin = clock_seconds();
    for (size_t i = 0; i < N; i++)
        count += divide_small((number = number * 6364136223846793005 + 1442695040888963407) | 1) ==
                 NOT_DIVIDED;
    kept = count;
    return (clock_seconds() - begin) / N;
}

/* Numbers of 62 bits, as many together as the portable kernel takes. */
static double exponent_bit(void) {
    uint64_t numbers[BASE2_TOGETHER];
    bool passed[BASE2_TOGETHER];
    for (size_t i = 0; i < BASE2_TOGETHER; i++)
        numbers[i] = (UINT64_C(1) << 62) - 57 - 2 * i;
    double begin = clock_seconds();
    for (int i = 0; i < 100000; i++)
        base2_test(numbers, passed);
    kept = passed[0];
    return (clock_seconds() - begin) / 1e5 / (62 * BASE2_TOGETHER);
}

static void make_base(struct sieve_base *base, uint32_t limit) {
    base->limit = limit;
    base->words = malloc(sieve_base_words(limit) * sizeof *base->words);
    if (!base->words)
        exit(6);
    sieve_make_patterns(base);
    sieve_plain(base->words, sieve_base_words(limit));
    wheel_trim(base->words, 0, sieve_base_words(limit), 0, limit);
}

/* Seconds to sieve `n_words` at `number` once. */
static double sieve_once(uint64_t number, size_t n_words) {
    static struct sieve_base base;
    make_base(&base, isqrt64(number + n_words * WHEEL_WORD));
    void *scratch = malloc(sieve_scratch_size());
    uint64_t *words = malloc(n_words * sizeof *words);
    if (!scratch || !words)
        exit(6);
    sieve_words(words, number / WHEEL_WORD, n_words, &base, scratch);
    double begin = clock_seconds();
    sieve_words(words, number / WHEEL_WORD, n_words, &base, scratch);
    double seconds = clock_seconds() - begin;
    kept = words[n_words / 2];
    free(words);
    free(scratch);
    free(base.words);
    return seconds;
}

/* 2 MiB at 1e13, most of whose time is crossing off. */
static double sieved(void) {
    return sieve_once(10000000000000, 262144) / (262144. * WHEEL_WORD);
}

/* 32 KiB at 1e16: little but setting up 5.76 million base primes, as far as that can stay cached.
 */
static double base_prime(void) {
    return sieve_once(10000000000000000, 4096) / 5761455;
}

int main(void) {
    static const struct {
        const char *name;
        double (*measure)(void);
    } constants[] = {{"COST_DIVISOR", divisor},
                     {"COST_WIDE_DIVISOR", wide_divisor},
                     {"COST_SMALL_DIVISORS", small_divisors},
                     {"COST_EXPONENT_BIT", exponent_bit},
                     {"COST_SIEVED", sieved},
                     {"COST_BASE_PRIME", base_prime}};
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        printf("%-20s %8.3f ns\n", constants[i].name, 1e9 * median_of(constants[i].measure));
    return 0;
}
