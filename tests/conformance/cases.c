#include "conformance/cases.h"

#define N(digits) UINT64_C(digits)

/*
 * A maximal gap: no prime strictly between `prime` and the next one, `gap` further on. OEIS
 * A002386 and A005250.
 */
#define GAP(prime, gap, trial, mr, sieve)                                                          \
    {"maximal gap", N(prime), N(prime) + (gap), 2, trial, mr, sieve}, {                            \
        "inside a maximal gap", N(prime) + 1, N(prime) + (gap)-1, 0, trial, mr, sieve              \
    }

const struct known_case known_cases[] = {
    /* The book's example: 16 primes, 10000000000037 to 10000000000453. */
    {"the book's range", N(10000000000000), N(10000000000500), 16, EVERY, EVERY, EVERY},
    {"from its first prime to its last", N(10000000000037), N(10000000000453), 16, ONCE, EVERY,
     ONCE},
    {"before its first prime", N(10000000000000), N(10000000000036), 0, ONCE, EVERY, ONCE},
    {"its first prime", N(10000000000037), N(10000000000037), 1, EVERY, EVERY, EVERY},

    /* pi(10^k): OEIS A006880. */
    {"pi(10)", 0, 10, 4, EVERY, EVERY, EVERY},
    {"pi(10^2)", 0, 100, 25, EVERY, EVERY, EVERY},
    {"pi(10^3)", 0, 1000, 168, EVERY, EVERY, EVERY},
    {"pi(10^4)", 0, 10000, 1229, EVERY, EVERY, EVERY},
    {"pi(10^5)", 0, 100000, 9592, EVERY, EVERY, EVERY},
    {"pi(10^6)", 0, 1000000, 78498, ONCE, ONCE, EVERY},
    {"pi(10^7)", 0, 10000000, 664579, LONG, ONCE, EVERY},
    {"pi(10^8)", 0, 100000000, 5761455, NEVER, LONG, ONCE},
    {"pi(10^9)", 0, 1000000000, 50847534, NEVER, NEVER, ONCE},
    {"pi(10^10)", 0, N(10000000000), 455052511, NEVER, NEVER, LONG},
    {"pi(2^32)", 0, N(4294967296), 203280221, NEVER, NEVER, LONG},

    /* Further up. */
    {"10^12 and 10^9 more", N(1000000000000), N(1001000000000), 36190991, NEVER, NEVER, LONG},
    {"10^12 and 10^8 more", N(1000000000000), N(1000100000000), 3618282, NEVER, LONG, ONCE},
    {"10^13 and 10^8 more", N(10000000000000), N(10000100000000), 3342093, NEVER, NEVER, ONCE},
    {"10^14 and 10^8 more", N(100000000000000), N(100000100000000), 3102679, NEVER, NEVER, LONG},
    {"10^15 and 10^8 more", N(1000000000000000), N(1000000100000000), 2893937, NEVER, NEVER, LONG},
    {"10^16 and 10^8 more", N(10000000000000000), N(10000000100000000), 2714904, NEVER, NEVER,
     LONG},
    {"10^17 and 10^8 more", N(100000000000000000), N(100000000100000000), 2555873, NEVER, NEVER,
     LONG},

    /* Across the borders of 16, 32, 52 and 64 bits. */
    {"around 2^16", 65536 - 500, 65536 + 500, 94, EVERY, EVERY, EVERY},
    {"around 2^32", N(4294967296) - 500, N(4294967296) + 500, 46, EVERY, EVERY, EVERY},
    {"around 2^52", N(4503599627370496) - 300, N(4503599627370496) + 100, 12, ONCE, EVERY, ONCE},
    {"around 2^63", N(9223372036854775808) - 300, N(9223372036854775808) + 300, 10, NEVER, EVERY,
     LONG},
    {"up to 2^64 - 1", UINT64_MAX - 400, UINT64_MAX, 10, NEVER, EVERY, ONCE},
    {"2^64 - 1", UINT64_MAX, UINT64_MAX, 0, EVERY, EVERY, LONG},
    {"2^64 - 59, the greatest prime", UINT64_MAX - 58, UINT64_MAX - 58, 1, LONG, EVERY, LONG},
    {"above the greatest prime", UINT64_MAX - 57, UINT64_MAX, 0, LONG, EVERY, LONG},

    /* Single numbers that are hard for one method or the other. */
    {"a Mersenne prime", N(2147483647), N(2147483647), 1, EVERY, EVERY, EVERY},
    {"a Mersenne prime", N(2305843009213693951), N(2305843009213693951), 1, LONG, EVERY, LONG},
    {"the square of a prime", N(4294967291) * N(4294967291), N(4294967291) * N(4294967291), 0, LONG,
     EVERY, LONG},
    {"the square of a prime", N(65537) * N(65537), N(65537) * N(65537), 0, EVERY, EVERY, EVERY},
    {"the square of a prime", N(67108859) * N(67108859), N(67108859) * N(67108859), 0, ONCE, EVERY,
     ONCE},
    {"psi_7", N(341550071728321), N(341550071728321), 0, EVERY, EVERY, EVERY},
    {"psi_11", N(3825123056546413051), N(3825123056546413051), 0, EVERY, EVERY, LONG},
    {"the last base-2 pseudoprime", N(18446744066047760377), N(18446744066047760377), 0, LONG,
     EVERY, LONG},
    {"a Carmichael number", N(9746347772161), N(9746347772161), 0, EVERY, EVERY, EVERY},

    GAP(113, 14, EVERY, EVERY, EVERY),
    GAP(1327, 34, EVERY, EVERY, EVERY),
    GAP(31397, 72, EVERY, EVERY, EVERY),
    GAP(492113, 114, EVERY, EVERY, EVERY),
    GAP(4652353, 154, EVERY, EVERY, EVERY),
    GAP(20831323, 210, EVERY, EVERY, EVERY),
    GAP(387096133, 250, EVERY, EVERY, EVERY),
    GAP(1294268491, 288, ONCE, EVERY, EVERY),
    GAP(4302407359, 354, ONCE, EVERY, EVERY),
    GAP(25056082087, 456, ONCE, EVERY, EVERY),
    GAP(304599508537, 514, ONCE, EVERY, ONCE),
    GAP(1346294310749, 582, ONCE, EVERY, ONCE),
    GAP(19581334192423, 766, ONCE, EVERY, ONCE),
    GAP(218209405436543, 906, LONG, EVERY, ONCE),
    GAP(1693182318746371, 1132, LONG, EVERY, ONCE),
    GAP(80873624627234849, 1220, LONG, EVERY, LONG),
    GAP(804212830686677669, 1442, NEVER, EVERY, LONG),
    GAP(5733241593241196731, 1488, NEVER, EVERY, LONG),
    GAP(18361375334787046697, 1550, NEVER, EVERY, LONG),
};

const size_t n_known_cases = sizeof known_cases / sizeof *known_cases;
