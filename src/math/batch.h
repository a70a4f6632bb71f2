/*
 * Which numbers of an array are prime, many at a time: one kernel per instruction-set level, all
 * with the same exact answers for every n < 2^64. The portable kernel is the reference; the others
 * are there only for speed. Methods are described in docs/PRIMALITY.md.
 */
#ifndef PARPRIME_MATH_BATCH_H
#define PARPRIME_MATH_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch_kernel {
    const char *simd; /* the level: "none", "avx2", "avx512" */
    double speed;     /* very roughly, in portable kernels */
    /*
     * Sets bit i of `bitmap` (⌈n/64⌉ words, overwritten, no bits set from n on) where numbers[i]
     * is prime. Allocates nothing; safe on any number of threads at once.
     */
    void (*test)(const uint64_t *numbers, size_t n, uint64_t *bitmap);
    bool (*is_prime)(uint64_t n); /* one number */
};

/*
 * The kernel of the highest level that this machine can run and that is not above `simd`. NULL and
 * "auto" stand for the highest there is. A level this machine does not have: NULL.
 */
const struct batch_kernel *batch_kernel(const char *simd);

/* The kernels by level; those of other processors are in src/math/x86/. */
void batch_test_portable(const uint64_t *numbers, size_t n, uint64_t *bitmap);
void batch_test_avx2(const uint64_t *numbers, size_t n, uint64_t *bitmap);
void batch_test_avx512(const uint64_t *numbers, size_t n, uint64_t *bitmap);

#endif
