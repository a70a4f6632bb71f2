/*
 * AND-ing patterns, as plain C that compilers turn into vectors of whatever level the file that
 * includes this is compiled for.
 */
#ifndef PARPRIME_MATH_PRE_SIEVE_H
#define PARPRIME_MATH_PRE_SIEVE_H

#include <stddef.h>
#include <stdint.h>

_Static_assert(PRE_SIEVE_TABLES == 16, "all tables are two rounds of eight");

static inline void pre_sieve_plain(uint8_t *restrict bytes, size_t n, const uint8_t *const *from,
                                   unsigned n_tables) {
    const uint8_t *restrict a = from[0], *restrict b = from[1];
    if (n_tables == PRE_SIEVE_TABLES) {
        const uint8_t *restrict c = from[2], *restrict d = from[3], *restrict e = from[4],
                                *restrict f = from[5], *restrict g = from[6], *restrict h = from[7];
        for (size_t i = 0; i < n; i++)
            bytes[i] = a[i] & b[i] & c[i] & d[i] & e[i] & f[i] & g[i] & h[i];
        a = from[8], b = from[9], c = from[10], d = from[11], e = from[12], f = from[13],
        g = from[14], h = from[15];
        for (size_t i = 0; i < n; i++)
            bytes[i] &= a[i] & b[i] & c[i] & d[i] & e[i] & f[i] & g[i] & h[i];
    } else {
        for (size_t i = 0; i < n; i++)
            bytes[i] = a[i] & b[i];
    }
}

#endif
