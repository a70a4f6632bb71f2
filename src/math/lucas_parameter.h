/*
 * The parameter P of the extra strong Lucas test: the first of 3, 4, 5, … for which
 * D = P² - 4 = (P-2)(P+2) has Jacobi symbol (D|n) = -1 (Q = 1; R. Baillie's method C).
 *
 * A prime q first divides some D at P = q - 2 (3 at P = 4, 2 at P = 6), where the other factors
 * are smaller primes. So P belongs to the first q in the order 5, 3, 7, 2, 11, 13, 17, … with
 * (q|n) = -1.
 */
#ifndef PARPRIME_MATH_LUCAS_PARAMETER_H
#define PARPRIME_MATH_LUCAS_PARAMETER_H

#include <stddef.h>
#include <stdint.h>

/*
 * By n mod 8 and n mod 105 = 3·5·7, for n prime to 840: P if 5, 3, 7 or 2 decides, else 0.
 * (21|n) = (n|21) stands for (7|n), which it is where (3|n) = 1.
 */
#define LUCAS_BY_5(r) ((r) % 5 == 2 || (r) % 5 == 3)
#define LUCAS_BY_3(m8, r) ((m8) % 4 == 1 ? (r) % 3 == 2 : (r) % 3 == 1)
#define LUCAS_BY_21(r) (0x82d04 >> (r) % 21 & 1)
#define LUCAS_BY_2(m8) ((m8) == 3 || (m8) == 5)
#define LUCAS_1(m8, r)                                                                             \
    (LUCAS_BY_5(r) ? 3 : LUCAS_BY_3(m8, r) ? 4 : LUCAS_BY_21(r) ? 5 : LUCAS_BY_2(m8) ? 6 : 0)
#define LUCAS_5(m8, r)                                                                             \
    LUCAS_1(m8, r), LUCAS_1(m8, r + 1), LUCAS_1(m8, r + 2), LUCAS_1(m8, r + 3), LUCAS_1(m8, r + 4)
#define LUCAS_35(m8, r)                                                                            \
    LUCAS_5(m8, r), LUCAS_5(m8, r + 5), LUCAS_5(m8, r + 10), LUCAS_5(m8, r + 15),                  \
        LUCAS_5(m8, r + 20), LUCAS_5(m8, r + 25), LUCAS_5(m8, r + 30)
#define LUCAS_105(m8) LUCAS_35(m8, 0), LUCAS_35(m8, 35), LUCAS_35(m8, 70)
/* At (n / 2 mod 4)·105 + n mod 105. Words are read at any byte: hence three more. */
static const uint8_t lucas_by_residue[4 * 105 + 3] = {LUCAS_105(1), LUCAS_105(3), LUCAS_105(5),
                                                      LUCAS_105(7)};

/* Further primes q, with bit x set where x is a square modulo q other than 0. */
static const struct {
    uint64_t prime, squares;
} lucas_primes[] = {{11, 0x23a},
                    {13, 0x161a},
                    {17, 0x1a316},
                    {19, 0x30af2},
                    {23, 0x5335e},
                    {29, 0x13d122f2},
                    {31, 0x121d47b6},
                    {37, 0x165e211e9a},
                    {41, 0x1b382b50736},
                    {43, 0x35883a3ee52},
                    {47, 0x4351b2753de},
                    {53, 0x12dd703303aed2},
                    {59, 0x22b62183e7b92ba},
                    {61, 0x1713e6940a59f23a}};

/*
 * P for odd n without prime factors up to 61, or 0 when it is above 59: once in 2^18 times, and
 * for squares.
 */
static inline unsigned lucas_parameter(uint64_t n) {
    unsigned parameter = lucas_by_residue[(n >> 1 & 3) * 105 + n % 105];
    for (size_t i = 0; !parameter && i < sizeof lucas_primes / sizeof *lucas_primes; i++) {
        uint64_t q = lucas_primes[i].prime;
        unsigned square = lucas_primes[i].squares >> n % q & 1;
        /* Quadratic reciprocity: (q|n) = (n|q), or -(n|q) when both are 3 mod 4. */
        unsigned flipped = (q & n & 3) == 3;
        if (square == flipped)
            parameter = (unsigned)q - 2;
    }
    return parameter;
}

#endif
