/*
 * Random windows of numbers, each counted in two ways that have as little in common as there is:
 * what `selftest --long` does until it is stopped.
 */
#ifndef PARPRIME_CLI_WINDOWS_H
#define PARPRIME_CLI_WINDOWS_H

#include <parprime.h>

/* One way of counting: a session's options, as far as they matter. */
struct way {
    const char *backend, *device;
    const char *simd, *kernels; /* one of them; the other is NULL */
    pp_method method;
};

struct windows {
    const struct way *ways;
    size_t n_ways;
    uint64_t seed;
    uint64_t most_windows; /* 0: no limit, as for the seconds */
    double most_seconds;
    /* Counts the primes in [lo, hi] in that way; a cancelled one ends it all. */
    pp_status (*count)(void *user, const struct way *way, uint64_t lo, uint64_t hi,
                       pp_result *result);
    void *user;

    /* What was done: windows that agreed, and what was in them. */
    uint64_t done, numbers, primes;
    double seconds;
    /* The last window, with what its two ways found. */
    uint64_t lo, hi;
    const struct way *pair[2];
    pp_result results[2];
};

/*
 * PP_OK: the limit was reached. PP_ERR_DISAGREE: the last window's results differ. Else what
 * `count` came to. Without two ways that differ in their method PP_ERR_UNAVAILABLE.
 */
pp_status windows_run(struct windows *windows);

#endif
