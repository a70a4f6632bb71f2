/*
 * Every way of computing that this machine has: each usable device of each backend, by each
 * method it has, on several numbers of threads. No backend is named here.
 */
#ifndef PARPRIME_TESTS_SETTINGS_H
#define PARPRIME_TESTS_SETTINGS_H

#include "support/support.h"

struct setting {
    pp_device device;
    const char *kernels; /* of a device that has several kinds, else NULL */
    pp_method method;
    unsigned threads; /* 0: as the device likes */
    bool foreign;     /* kernels for another type of device: right here too, but slow */
};

/* All settings, without foreign kernels; *n says how many. Fails the test when there are
 * suspiciously few. */
const struct setting *all_settings(size_t *n);

/* The same without regard to threads: one for each device, kind of kernels
 * and method, with threads 0. */
const struct setting *usual_settings(size_t *n);

/* Opens a session for the setting. */
pp_session *setting_open(const struct setting *setting, uint64_t unit_size);

/* For messages. Static storage, overwritten by the next call. */
const char *setting_name(const struct setting *setting, uint64_t unit_size);

/* What a range's primes are: the answer that all settings must give. */
struct answer {
    uint64_t count, digest;
};

/*
 * Each computes [lo, hi] in the session and fails the test if the answer differs. list also
 * compares the primes with `primes` unless that is NULL, and test takes all numbers of the
 * range as an array, which must therefore be short.
 */
void check_count(pp_session *session, const char *name, uint64_t lo, uint64_t hi,
                 struct answer expected);
void check_list(pp_session *session, const char *name, uint64_t lo, uint64_t hi,
                struct answer expected, const uint64_t *primes);
void check_test(pp_session *session, const char *name, uint64_t lo, uint64_t hi,
                struct answer expected, const uint64_t *primes);

#endif
