/*
 * Measures the constants of the cost rule in src/engine/plan.c, on one core: a line a level, in the
 * order that they have there, in nanoseconds. Each is the least of several rounds, since the rule
 * speaks of what the code takes and not of what disturbs it.
 */
#include "base/clock.h"
#include "base/cpu.h"
#include "engine/plan.h"
#include "math/batch.h"
#include "math/primality.h"
#include "math/segment.h"
#include "math/trial.h"
#include "math/wheel.h"

#include <math.h>
#include <parprime.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 7, NUMBERS = 1 << 14, SEGMENT_WORDS = (512 << 10) / 8 };

/* The least time of some rounds. */
#define LEAST(seconds, ...)                                                                        \
    double seconds = INFINITY;                                                                     \
    for (int round_ = 0; round_ < ROUNDS; round_++) {                                              \
        double begin_ = clock_seconds();                                                           \
        __VA_ARGS__;                                                                               \
        seconds = fmin(seconds, clock_seconds() - begin_);                                         \
    }

/* ---- testing ----------------------------------------------------------------------------------
 */

static double test(const struct batch_kernel *kernel, const uint64_t *numbers) {
    static uint64_t bitmap[NUMBERS / 64];
    LEAST(seconds, kernel->test(numbers, NUMBERS, bitmap));
    return seconds / NUMBERS;
}

static uint64_t next_prime(uint64_t n) {
    do
        n += 2;
    while (!pp_is_prime(n));
    return n;
}

static void measure_tests(const struct batch_kernel *kernel) {
    static uint64_t thirds[NUMBERS], narrow[NUMBERS], products[NUMBERS], wide[NUMBERS];
    uint64_t random = 1, p = (UINT64_C(1) << 43) + 1, q = (UINT64_C(1) << 31) + 1,
             r = (UINT64_C(1) << 63) + 1;
    for (size_t i = 0; i < NUMBERS; i++) {
        random = random * 6364136223846793005 + 1442695040888963407;
        thirds[i] = (random >> 1) / 6 * 6 + 3;
        narrow[i] = p = next_prime(p);
        uint64_t next = next_prime(q);
        products[i] = q * next;
        q = next;
        wide[i] = r = next_prime(r);
    }
    double divided = test(kernel, thirds), power = test(kernel, products) - divided;
    printf("  divided %.2f, narrow_bit %.2f, bit %.2f, lucas_bit %.2f\n", 1e9 * divided,
           1e9 * (test(kernel, narrow) - divided) / 43, 1e9 * power / 63,
           1e9 * (test(kernel, wide) - divided - power) / 63);
}

/* ---- sieving ----------------------------------------------------------------------------------
 */

static struct sieve_base *make_base(uint32_t limit) {
    struct sieve_base *base = calloc(1, sizeof *base);
    size_t n_words = sieve_base_words(limit);
    base->limit = limit;
    base->words = malloc(n_words * sizeof *base->words);
    sieve_plain(base->words, n_words);
    wheel_trim(base->words, 0, n_words, 0, limit);
    return base;
}

/* Seconds a segment takes, count and digest included, and those that the first one needs besides.
 */
struct walked {
    double segment, seek;
};

static struct walked walk(const struct sieve_kernel *kernel, const struct sieve_base *base,
                          uint32_t limit) {
    const uint64_t first = UINT64_C(10000000000000000) / WHEEL_WORD;
    struct pre_sieve pre_sieve;
    void *tables = malloc(pre_sieve_size(true));
    pre_sieve_make(&pre_sieve, true, tables);
    void *memory = aligned_alloc(64, walk_size(base, limit, SEGMENT_WORDS));
    struct walk walk;
    uint64_t count = 0, digest = 0, word = first;
    double begin = clock_seconds();
    walk_init(&walk, kernel, &pre_sieve, base, limit, SEGMENT_WORDS, memory);
    walk_segment(&walk, word, SEGMENT_WORDS);
    struct walked walked = {.seek = clock_seconds() - begin};
    LEAST(seconds, {
        word += SEGMENT_WORDS;
        kernel->sum(walk_segment(&walk, word, SEGMENT_WORDS), word, SEGMENT_WORDS, &count, &digest);
    });
    walked.segment = seconds;
    walked.seek -= seconds;
    free(memory);
    free(tables);
    return walked;
}

static void ignore(void *user, const uint32_t *hits, size_t n) {
    (void)hits;
    *(size_t *)user += n;
}

static double crossings(double from, double to) {
    return log(log(to)) - log(log(from));
}

static double count_seconds(const char *simd, uint64_t lo, uint64_t hi) {
    pp_session_options options = {.backend = "serial", .method = PP_METHOD_SIEVE, .simd = simd};
    pp_session *session;
    if (pp_session_open(&options, &session, NULL) != PP_OK)
        exit(4);
    LEAST(seconds, pp_count(session, lo, hi, NULL));
    pp_session_close(session);
    return seconds;
}

static void measure_sieve(const struct sieve_kernel *kernel) {
    const double numbers = (double)SEGMENT_WORDS * WHEEL_WORD, steps = 1078000; /* to 2^24 */
    struct sieve_base *base = make_base(SEGMENT_STEP_LIMIT);
    struct walked bare = walk(kernel, base, 166), turns = walk(kernel, base, SEGMENT_TURN_LIMIT),
                  all = walk(kernel, base, SEGMENT_STEP_LIMIT);
    double sieved = bare.segment / numbers;
    double turn = (turns.segment - bare.segment) / numbers / crossings(163, SEGMENT_TURN_LIMIT);
    double step =
        (all.segment - turns.segment) / numbers / crossings(SEGMENT_TURN_LIMIT, SEGMENT_STEP_LIMIT);
    free(base->words);
    free(base);

    /* Large primes: looked through without hits, and made besides. */
    base = make_base(1 << 28);
    size_t from = (1 << 27) / WHEEL_WORD, n = sieve_base_words(base->limit) - from, hits = 0;
    double primes = 0;
    for (size_t i = 0; i < n; i++)
        primes += __builtin_popcountll(base->words[from + i]);
    LEAST(search,
          kernel->large_hits(base->words + from, from, n, UINT64_C(1) << 59, 8, ignore, &hits));
    free(base->words);
    free(base);
    double made = count_seconds(kernel->simd, 0, UINT64_C(1) << 30) / 0x1p30;

    /* What is left of a whole count, where a tenth of all crossing off is by large primes. */
    const double lo = 1e16, size = 1e9, root = 1e8;
    double count = count_seconds(kernel->simd, (uint64_t)lo, (uint64_t)(lo + size));
    double large = search / primes, n_large = root / (log(root) - 1) - steps;
    double hit = (count - size * all.segment / numbers - n_large * large - root * made) / size /
                 (8 / 30.0 * crossings(SEGMENT_STEP_LIMIT, root));
    printf("  sieved %.3f, turn %.3f, step %.2f, hit %.1f\n  seek %.1f, large %.2f, base %.3f\n",
           1e9 * sieved, 1e9 * turn / (8 / 30.0), 1e9 * step / (48 / 210.0), 1e9 * hit,
           1e9 * all.seek / steps, 1e9 * large, 1e9 * made);
}

static volatile bool kept; /* answers, so that no work is optimised away */

int main(void) {
    static const char *const levels[] = {"none", "avx2", "avx512"};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (cpu_has_simd(levels[i])) {
            printf("%s, ns:\n", levels[i]);
            measure_tests(batch_kernel(levels[i]));
            measure_sieve(sieve_kernel(levels[i]));
        }
    LEAST(narrow, kept = trial_is_prime(1125899906842597)); /* the greatest prime below 2^50 */
    LEAST(wide, kept = trial_is_prime(18014398509481951));  /* below 2^54 */
    printf("trial division, ns: divisor %.2f, wide divisor %.2f\n", 1e9 * narrow / (0x1p25 / 2),
           1e9 * wide / (0x1p27 / 2));
    return 0;
}
