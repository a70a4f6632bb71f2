/*
 * What the tests share: cmocka with the headers it needs, a random generator that repeats, and
 * references for primality that owe nothing to the library.
 */
#ifndef PARPRIME_TESTS_SUPPORT_H
#define PARPRIME_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <parprime.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* For messages: fail_msg("%llu", ULL(n)). */
#define ULL(n) ((unsigned long long)(n))

/* Is PARPRIME_TEST_ALL=1 in the environment? Then tests also do what takes minutes. */
bool test_all(void);

/* PARPRIME_SEED from the environment, else `usual`; prints which. */
uint64_t test_seed(uint64_t usual);

/* xorshift64*: the next number of a sequence; *state must not be 0. */
uint64_t random_u64(uint64_t *state);

/* In [0, bound), bound >= 1; the bias of the modulus does not matter here. */
uint64_t random_below(uint64_t *state, uint64_t bound);

/* Of a random number of binary digits, so that all sizes come up; at most `bits`. */
uint64_t random_sized(uint64_t *state, unsigned bits);

/* A table of limit + 1 bytes, 1 at the primes; the caller frees it. */
uint8_t *naive_sieve(uint32_t limit);

/* a^e mod n and a·b mod n by 128-bit division. */
uint64_t naive_mul(uint64_t a, uint64_t b, uint64_t n);
uint64_t naive_pow(uint64_t a, uint64_t e, uint64_t n);

/* Is odd n > 2 a strong probable prime to base a, by the definition? */
bool naive_strong(uint64_t n, uint64_t a);

/*
 * Miller-Rabin to the first twelve primes, which is proved for all n < 3.18e23 (A014233): other
 * bases and other arithmetic than the library's.
 */
bool naive_is_prime(uint64_t n);

/* The least prime above n and the greatest below n; n must leave one below 2^64. */
uint64_t naive_next_prime(uint64_t n);
uint64_t naive_previous_prime(uint64_t n);

/* Opens a session that must open. */
pp_session *open_session(const char *backend, unsigned threads, pp_method method,
                         uint64_t unit_size);

/* Can the backend be used in this build, on this machine? */
bool backend_usable(const char *backend);

#endif
