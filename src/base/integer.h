/*
 * What a pp_integer is inside: one GMP integer, never changed once it has been handed out.
 * Floors that compute with integers of any size use GMP directly and turn only what goes in
 * and out into pp_integers. When GMP's own allocator fails, GMP ends the process; so whoever
 * computes something that may grow estimates its size first.
 */
#ifndef PARPRIME_BASE_INTEGER_H
#define PARPRIME_BASE_INTEGER_H

#include <gmp.h>
#include <parprime.h>

struct pp_integer {
    mpz_t value; /* >= 0 */
};

/* A new integer with a copy of value, which must be >= 0. Without memory *out is NULL. */
pp_status integer_from_mpz(const mpz_t value, pp_integer **out);

/* The value, to read; valid as long as the integer. */
static inline mpz_srcptr integer_mpz(const pp_integer *integer) {
    return integer->value;
}

#endif
