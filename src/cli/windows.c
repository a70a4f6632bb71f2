#include "cli/windows.h"

#include <time.h>

/* splitmix64 (G. L. Steele, D. Lea, C. H. Flood, OOPSLA 2014): any seed will do. */
static uint64_t draw(uint64_t *state) {
    uint64_t x = *state += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

/* In [0, bound); the bias of the modulus does not matter here. */
static uint64_t below(uint64_t *state, uint64_t bound) {
    return draw(state) % bound;
}

enum { MOST_BITS = 20 }; /* of a window's length: a fraction of a second by any method */

/* Numbers of all sizes, and one window in eight round a place where the code changes its ways. */
static void draw_window(struct windows *windows, uint64_t *state) {
    static const uint64_t edges[] = {
        0,           1u << 16,    UINT64_C(1) << 32, UINT64_C(1) << 44, UINT64_C(1) << 48,
        1ull << 52,  1ull << 62,  UINT64_C(1) << 63, UINT64_MAX,        UINT64_C(65521) * 65521,
        4295098369u, 1000000000u, 10000000000000u};
    uint64_t length = draw(state) >> (64 - 1 - below(state, MOST_BITS));
    windows->lo = draw(state) >> below(state, 64);
    if (below(state, 8) == 0) {
        uint64_t edge = edges[below(state, sizeof edges / sizeof *edges)],
                 before = below(state, length + 1);
        windows->lo = edge > before ? edge - before : 0;
    }
    windows->hi = length > UINT64_MAX - windows->lo ? UINT64_MAX : windows->lo + length;
}

/* Is that method quick there? A sieve up to 2^64 takes seconds, so only one window in 64 has it. */
static bool suits(const struct way *way, const struct windows *windows) {
    uint64_t length = windows->hi - windows->lo;
    bool sieves_far = windows->done % 64 == 63 && !way->kernels;
    switch (way->method) {
    case PP_METHOD_TRIAL:
        return windows->hi < UINT64_C(1) << 34 && length < 1 << 12;
    case PP_METHOD_SIEVE:
        return windows->hi < UINT64_C(1) << 50 || sieves_far;
    default:
        return true;
    }
}

/* By divisors, or by powers? */
static bool divides(const struct way *way) {
    return way->method == PP_METHOD_TRIAL || way->method == PP_METHOD_SIEVE;
}

/* How little two ways have in common; 0: not enough. */
static int distance(const struct way *a, const struct way *b) {
    if (a->method == b->method)
        return 0;
    return divides(a) != divides(b) ? 2 : 1;
}

/* A way that suits the window, and among those that have least in common with it another one. */
static bool draw_pair(struct windows *windows, uint64_t *state) {
    const struct way **pair = windows->pair;
    uint64_t begin = below(state, windows->n_ways), second = below(state, windows->n_ways);
    for (size_t i = 0; i < windows->n_ways; i++) {
        pair[0] = &windows->ways[(begin + i) % windows->n_ways];
        pair[1] = NULL;
        if (!suits(pair[0], windows))
            continue;
        int best = 0;
        for (size_t k = 0; k < windows->n_ways; k++) {
            const struct way *other = &windows->ways[(second + k) % windows->n_ways];
            if (suits(other, windows) && distance(pair[0], other) > best) {
                best = distance(pair[0], other);
                pair[1] = other;
            }
        }
        if (pair[1])
            return true;
    }
    return false;
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static bool limit_reached(struct windows *windows, double begin) {
    windows->seconds = seconds_now() - begin;
    return (windows->most_windows && windows->done >= windows->most_windows) ||
           (windows->most_seconds > 0 && windows->seconds >= windows->most_seconds);
}

pp_status windows_run(struct windows *windows) {
    uint64_t state = windows->seed;
    double begin = seconds_now();
    windows->done = windows->numbers = windows->primes = 0;
    while (!limit_reached(windows, begin)) {
        draw_window(windows, &state);
        if (windows->n_ways == 0 || !draw_pair(windows, &state))
            return PP_ERR_UNAVAILABLE;
        for (int i = 0; i < 2; i++) {
            pp_status status = windows->count(windows->user, windows->pair[i], windows->lo,
                                              windows->hi, &windows->results[i]);
            if (status != PP_OK) {
                windows->seconds = seconds_now() - begin;
                return status;
            }
        }
        if (windows->results[0].count != windows->results[1].count ||
            windows->results[0].digest != windows->results[1].digest) {
            windows->seconds = seconds_now() - begin;
            return PP_ERR_DISAGREE;
        }
        windows->done++;
        windows->numbers += windows->hi - windows->lo + 1;
        windows->primes += windows->results[0].count;
    }
    return PP_OK;
}
