/* The case table: ranges whose number of primes is known from elsewhere. */
#ifndef PARPRIME_TESTS_CASES_H
#define PARPRIME_TESTS_CASES_H

#include <stddef.h>
#include <stdint.h>

/* How far a method goes with a case, by what it costs there. */
enum effort {
    NEVER, /* hours */
    LONG,  /* counts once on each device, and only with PARPRIME_TEST_ALL=1 */
    ONCE,  /* on each device, as the device likes */
    EVERY  /* on every number of threads, in units of several sizes */
};

struct known_case {
    const char *what;
    uint64_t lo, hi, count;
    enum effort trial, mr, sieve;
};

extern const struct known_case known_cases[];
extern const size_t n_known_cases;

#endif
