#include "cli/known.h"

#include "cli/decimal.h"

#include <stdlib.h>
#include <string.h>

#define N(digits) UINT64_C(digits)

/* Methods that are quick enough to take part. */
enum { TRIAL = 1, MR = 2, SIEVE = 4, HYBRID = 8, ALL = TRIAL | MR | SIEVE | HYBRID };

/* Primes in [lo, hi]. */
static const struct {
    uint64_t lo, hi, count;
    const char *what;
    unsigned methods;
    bool slow;
} ranges[] = {
    {0, 10, 4, "pi(10), OEIS A006880", ALL, false},
    {0, 100, 25, "pi(10^2), OEIS A006880", ALL, false},
    {0, 1000, 168, "pi(10^3), OEIS A006880", ALL, false},
    {0, 10000, 1229, "pi(10^4), OEIS A006880", ALL, false},
    {0, 100000, 9592, "pi(10^5), OEIS A006880", ALL, false},
    {0, 1000000, 78498, "pi(10^6), OEIS A006880", ALL, false},
    {0, 10000000, 664579, "pi(10^7), OEIS A006880", SIEVE | HYBRID, false},
    {0, 100000000, 5761455, "pi(10^8), OEIS A006880", SIEVE, false},
    {0, 1000000000, 50847534, "pi(10^9), OEIS A006880", SIEVE, true},
    {0, N(4294967296), 203280221, "pi(2^32)", SIEVE, true},
    {N(10000000000000), N(10000000000500), 16, "the book's range", ALL, false},
    {N(1000000000000), N(1000001000000), 36249, "10^12 and 10^6 more", MR | SIEVE | HYBRID, false},
    {N(1000000000000), N(1000100000000), 3618282, "10^12 and 10^8 more", SIEVE, false},
    {N(10000000000000), N(10000100000000), 3342093, "10^13 and 10^8 more", SIEVE, false},
    {N(100000000000000), N(100000100000000), 3102679, "10^14 and 10^8 more", SIEVE, true},
    {N(1000000000000000), N(1000000100000000), 2893937, "10^15 and 10^8 more", SIEVE, true},
    {N(10000000000000000), N(10000000100000000), 2714904, "10^16 and 10^8 more", SIEVE, true},
    {N(100000000000000000), N(100000000100000000), 2555873, "10^17 and 10^8 more", SIEVE, true},
    {N(1000000000000), N(1001000000000), 36190991, "10^12 and 10^9 more", SIEVE, true},
    {65536 - 500, 65536 + 500, 94, "around 2^16", ALL, false},
    {N(4294967292), N(4294967311), 1, "around 2^32, 4294967311 alone", ALL, false},
    {N(4294967296) - 500, N(4294967296) + 500, 46, "around 2^32", ALL, false},
    {N(9223372036854775808) - 300, N(9223372036854775808) + 300, 10, "around 2^63", MR | HYBRID,
     false},
    /* Maximal gaps, with the primes at both ends: OEIS A002386. */
    {113, 127, 2, "a gap of 14, OEIS A002386", ALL, false},
    {31397, 31469, 2, "a gap of 72, OEIS A002386", ALL, false},
    {20831323, 20831533, 2, "a gap of 210, OEIS A002386", ALL, false},
    {N(1346294310749), N(1346294311331), 2, "a gap of 582, OEIS A002386", MR | SIEVE | HYBRID,
     false},
    {N(1693182318746371), N(1693182318747503), 2, "a gap of 1132, OEIS A002386",
     MR | SIEVE | HYBRID, false},
    {N(18361375334787046697), N(18361375334787048247), 2, "a gap of 1550, OEIS A002386",
     MR | HYBRID, false},
    {N(18446744073709551557), UINT64_MAX, 1, "the last prime below 2^64", MR | HYBRID, false},
};
enum { N_RANGES = sizeof ranges / sizeof *ranges };

/* Numbers that fool weaker tests, and primes beside them. */
static const struct {
    uint64_t number;
    bool prime;
} numbers[] = {
    {0, false},
    {1, false},
    {2, true},
    {3, true},
    {4, false},
    {341, false}, /* the least pseudoprime to base 2 */
    {561, false}, /* Carmichael numbers, OEIS A002997 */
    {1105, false},
    {1729, false},
    {2047, false}, /* strong pseudoprimes to the first bases, OEIS A014233 */
    {8911, false},
    {65537, true},
    {825265, false},
    {1194649, false}, /* 1093^2, and below 3511^2: squares of the Wieferich primes */
    {1373653, false},
    {12327121, false},
    {25326001, false},
    {2147483647, true},
    {3215031751u, false},
    {N(4293001441), false}, /* 65521^2 and 65537^2, the primes next to 2^16 */
    {4294967291u, true},
    {4295098369u, false},
    {N(2152302898747), false},
    {N(3474749660383), false},
    {N(9746347772161), false},
    {N(341550071728321), false},
    {N(3825123056546413051), false},
    {N(2305843009213693951), true},
    {N(18446744030759878681), false}, /* (2^32 - 5)^2 */
    {N(18446744066047760377), false}, /* the last base-2 pseudoprime below 2^64 */
    {N(18446744073709551557), true},
    {UINT64_MAX, false},
};
enum { N_NUMBERS = sizeof numbers / sizeof *numbers };

/* Above this, only mr tests single numbers quickly. */
static const uint64_t SLOW_NUMBER = 10000000000;

static void note(struct known_checks *checks, const char *what, uint64_t got, uint64_t expected) {
    if (got == expected) {
        checks->passed++;
        return;
    }
    checks->failed++;
    checks->tell(checks->user, what, got, expected);
}

static unsigned bit_of(pp_method method) {
    switch (method) {
    case PP_METHOD_TRIAL:
        return TRIAL;
    case PP_METHOD_MR:
        return MR;
    case PP_METHOD_SIEVE:
        return SIEVE;
    default:
        return HYBRID;
    }
}

/* The digest that a range had first. */
static struct {
    bool known;
    uint64_t digest;
} digests[N_RANGES];

static pp_status check_ranges(struct known_checks *checks, pp_session *session, pp_method method,
                              bool slow) {
    for (int i = 0; i < N_RANGES; i++) {
        if (!(ranges[i].methods & bit_of(method)) || ranges[i].slow != slow)
            continue;
        pp_result result;
        pp_status status = pp_count(session, ranges[i].lo, ranges[i].hi, &result);
        if (status != PP_OK)
            return status;
        checks->ranges++;
        note(checks, ranges[i].what, result.count, ranges[i].count);
        if (!result.has_digest)
            continue;
        if (digests[i].known) {
            char what[80] = "the digest of ";
            strncat(what, ranges[i].what, sizeof what - strlen(what) - 1);
            note(checks, what, result.digest, digests[i].digest);
        }
        digests[i].known = true;
        digests[i].digest = result.digest;
    }
    return PP_OK;
}

static pp_status check_numbers(struct known_checks *checks, pp_session *session, pp_method method) {
    uint64_t input[N_NUMBERS], bitmap[N_NUMBERS / 64 + 1];
    bool expected[N_NUMBERS];
    size_t n = 0;
    for (size_t i = 0; i < N_NUMBERS; i++)
        if (method == PP_METHOD_MR || numbers[i].number < SLOW_NUMBER) {
            input[n] = numbers[i].number;
            expected[n++] = numbers[i].prime;
        }
    pp_status status = pp_test(session, input, n, bitmap);
    if (status == PP_ERR_UNAVAILABLE) /* not every method answers every question on a device */
        return PP_OK;
    for (size_t i = 0; status == PP_OK && i < n; i++) {
        char what[24];
        *write_decimal(what, input[i]) = '\0';
        checks->numbers++;
        note(checks, what, bitmap[i / 64] >> i % 64 & 1, expected[i]);
    }
    return status;
}

/* The book's range as a list. */
static const uint64_t book[] = {10000000000037, 10000000000051, 10000000000099, 10000000000129,
                                10000000000183, 10000000000259, 10000000000267, 10000000000273,
                                10000000000279, 10000000000283, 10000000000313, 10000000000343,
                                10000000000391, 10000000000411, 10000000000433, 10000000000453};
enum { N_BOOK = sizeof book / sizeof *book };

struct listed {
    uint64_t primes[2 * N_BOOK];
    size_t n;
};

static pp_status keep(void *user, const void *bytes, size_t n_bytes) {
    struct listed *listed = user;
    size_t n = n_bytes / sizeof *listed->primes, room = 2 * N_BOOK - listed->n;
    memcpy(listed->primes + listed->n, bytes, (n < room ? n : room) * sizeof *listed->primes);
    listed->n += n < room ? n : room;
    return PP_OK;
}

static pp_status check_list(struct known_checks *checks, pp_session *session) {
    struct listed listed = {.n = 0};
    const pp_list_callback callback = {.user = &listed, .emit = keep};
    pp_status status = pp_list(session, 10000000000000, 10000000000500, &callback);
    if (status == PP_ERR_UNAVAILABLE)
        return PP_OK;
    if (status != PP_OK)
        return status;
    checks->lists++;
    note(checks, "the length of the book's list", listed.n, N_BOOK);
    for (size_t i = 0; i < N_BOOK && i < listed.n; i++)
        note(checks, "a prime of the book's list", listed.primes[i], book[i]);
    return PP_OK;
}

pp_status known_check(struct known_checks *checks, pp_session *session, pp_method method,
                      bool slow) {
    pp_status status = check_ranges(checks, session, method, slow);
    if (status == PP_OK && !slow)
        status = check_numbers(checks, session, method);
    if (status == PP_OK && !slow)
        status = check_list(checks, session);
    return status;
}

/* f applied `steps` times to `start`, all digits or modulo `modulus` (0: all). */
static pp_status check_value(struct known_checks *checks, const char *what, uint64_t start,
                             uint64_t steps, uint64_t modulus, uint64_t expected) {
    pp_integer *from = NULL, *by = NULL, *result = NULL;
    pp_status status = pp_integer_from_u64(start, &from);
    if (status == PP_OK && modulus)
        status = pp_integer_from_u64(modulus, &by);
    if (status == PP_OK)
        status = pp_iterate(from, steps, by, 0, &result, NULL);
    uint64_t got = 0;
    if (status == PP_OK) {
        checks->numbers++;
        note(checks, what, pp_integer_to_u64(result, &got) ? got : UINT64_MAX, expected);
    }
    pp_integer_free(from);
    pp_integer_free(by);
    pp_integer_free(result);
    return status;
}

pp_status known_check_iteration(struct known_checks *checks) {
    /* Sylvester's sequence, OEIS A000058. */
    static const uint64_t sylvester[] = {2, 3, 7, 43, 1807, 3263443, 10650056950807};
    pp_status status =
        check_value(checks, "the last digits of f^20(3), the book's", 3, 20, 100000, 35443);
    for (unsigned i = 0; status == PP_OK && i < sizeof sylvester / sizeof *sylvester; i++)
        status = check_value(checks, "Sylvester's sequence, OEIS A000058", 2, i, 0, sylvester[i]);
    return status;
}
