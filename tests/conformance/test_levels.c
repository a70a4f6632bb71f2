/*
 * Known counts by every method on every SIMD level: the case table, the ranges of 10^8 and 10^9
 * numbers further up, and pi(10^k) as far as counting without a sieve goes. All give the same
 * count, and all that have a digest the same digest. Each method does what it can within a time
 * that is estimated, a little or, with PARPRIME_TEST_ALL=1, the long ones too; the test says how
 * many cases that were.
 */
#include "conformance/cases.h"
#include "support/support.h"

#include <math.h>

#define N(digits) UINT64_C(digits)

/* OEIS A006880, and what TRUST has of ranges further up, counted by other people's programs. */
static const struct known_case more_cases[] = {
    {"16 primes in the book's range", N(10000000000000), N(10000000000500), 16, EVERY, EVERY,
     EVERY},
    {"pi(10^11)", 0, N(100000000000), N(4118054813), NEVER, NEVER, LONG},
    {"pi(10^12)", 0, N(1000000000000), N(37607912018), NEVER, NEVER, NEVER},
    {"pi(10^13)", 0, N(10000000000000), N(346065536839), NEVER, NEVER, NEVER},
    {"pi(10^14)", 0, N(100000000000000), N(3204941750802), NEVER, NEVER, NEVER},
    {"pi(10^15)", 0, N(1000000000000000), N(29844570422669), NEVER, NEVER, NEVER},
    {"pi(10^16)", 0, N(10000000000000000), N(279238341033925), NEVER, NEVER, NEVER},
    {"the last prime below 2^64", UINT64_MAX - 58, UINT64_MAX, 1, NEVER, EVERY, LONG},
};

/* Seconds on one core, about, by the code of the level: slow code is not that much slower. */
static double seconds_of(pp_method method, const struct known_case *known) {
    double n = (double)(known->hi - known->lo) + 1, hi = (double)known->hi + 2, root = sqrt(hi);
    double mr = 1e-6 + 50e-9 * n, sieve = 20e-6 + 2e-9 * root + 0.5e-9 * n;
    switch (method) {
    case PP_METHOD_TRIAL:
        return n * (10e-9 + 2e-9 * root / log(hi));
    case PP_METHOD_MR:
        return mr;
    case PP_METHOD_SIEVE:
        return sieve;
    case PP_METHOD_HYBRID:
        return 50e-6 + 10e-9 * n;
    case PP_METHOD_PI:
        return 1e-9 * pow(hi, 2.0 / 3);
    default:
        return fmin(mr, sieve);
    }
}

struct reference {
    bool has_digest;
    uint64_t digest;
};

static void check(const struct known_case *known, pp_session *session, const char *name,
                  struct reference *reference) {
    pp_result result;
    if (pp_count(session, known->lo, known->hi, &result) != PP_OK)
        fail_msg("%s: %s: %s", name, known->what, pp_session_error(session)->message);
    if (result.count != known->count)
        fail_msg("%s: %s [%llu, %llu]: %llu primes, not %llu", name, known->what, ULL(known->lo),
                 ULL(known->hi), ULL(result.count), ULL(known->count));
    if (!result.has_digest)
        return;
    if (reference->has_digest && reference->digest != result.digest)
        fail_msg("%s: %s: the count is right, and the digest another", name, known->what);
    *reference = (struct reference){true, result.digest};
}

/* One method on one level; how many cases it has done. */
static unsigned check_all(const char *level, pp_method method, struct reference *references) {
    pp_session_options options = {.simd = level, .method = method};
    pp_session *session = NULL;
    pp_error error = {PP_OK, 0, ""};
    char name[64];
    snprintf(name, sizeof name, "%s, simd %s", pp_method_name(method), level);
    pp_status status = pp_session_open(&options, &session, &error);
    if (status == PP_OK && method == PP_METHOD_PI) { /* its library is looked for at a count */
        status = pp_count(session, 0, 10, NULL);
        error = *pp_session_error(session);
    }
    if (status == PP_ERR_UNAVAILABLE && method >= PP_METHOD_HYBRID) {
        printf("%s: %s\n", name, error.message);
        pp_session_close(session);
        return 0;
    }
    if (status != PP_OK)
        fail_msg("%s: %s", name, error.message);
    double most = test_all() ? 5 : 0.12;
    unsigned done = 0;
    for (size_t i = 0; i < n_known_cases + COUNT_OF(more_cases); i++) {
        const struct known_case *known =
            i < n_known_cases ? &known_cases[i] : &more_cases[i - n_known_cases];
        if (seconds_of(method, known) > most)
            continue;
        check(known, session, name, &references[i]);
        const pp_result *result = pp_session_result(session);
        if (method != PP_METHOD_AUTO)
            assert_int_equal(result->method, method);
        /* Never code of a higher level: pp_build names them in ascending order. */
        const char *all = pp_build()->simd, *allowed = strstr(all, level);
        assert_true(strstr(all, result->simd) <= allowed);
        done++;
    }
    printf("%s: %u known cases\n", name, done);
    pp_session_close(session);
    return done;
}

static void test_levels(void **state) {
    (void)state;
    static struct reference references[200];
    assert_true(n_known_cases + COUNT_OF(more_cases) <= COUNT_OF(references));
    char levels[100];
    snprintf(levels, sizeof levels, "%s", pp_build()->simd);
    char *rest = levels, *level;
    while ((level = strsep(&rest, " ")))
        for (pp_method method = PP_METHOD_AUTO; method <= PP_METHOD_PI; method++) {
            unsigned done = check_all(level, method, references);
            if (method < PP_METHOD_HYBRID)
                assert_true(done >= 30);
        }
}

/* ---- products of two large primes ------------------------------------------------------------ */

/*
 * Only one sieving prime crosses them off, the smaller of the two, so that each of its steps
 * counts: p², where it begins, and p·q in the first and the last byte of a word of 240 numbers,
 * which is where segments begin and end.
 */
static void check_product(pp_session *session, const char *name, uint64_t p, uint64_t q) {
    uint64_t n = p * q;
    const struct known_case ranges[] = {
        {"alone", n, n, 0, ONCE, ONCE, ONCE},
        {"at the end", n - 60, n, 0, ONCE, ONCE, ONCE},
        {"at the beginning", n, n + 60, 0, ONCE, ONCE, ONCE},
        {"in the middle", n - 500, n + 500, 0, ONCE, ONCE, ONCE},
    };
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        uint64_t count = 0;
        for (uint64_t m = ranges[i].lo; m <= ranges[i].hi; m++)
            count += m % 2 && naive_is_prime(m);
        pp_result result;
        assert_int_equal(pp_count(session, ranges[i].lo, ranges[i].hi, &result), PP_OK);
        if (result.count != count)
            fail_msg("%s: %llu*%llu %s of [%llu, %llu]: %llu primes, not %llu", name, ULL(p),
                     ULL(q), ranges[i].what, ULL(ranges[i].lo), ULL(ranges[i].hi),
                     ULL(result.count), ULL(count));
    }
}

/* The least prime q >= p for which p·q lies in that byte (of 30 numbers) of its word; 0: any. */
static uint64_t partner(uint64_t p, unsigned byte) {
    for (uint64_t q = p;; q = naive_next_prime(q))
        if (byte == 0 || p * q % 240 / 30 + 1 == byte)
            return q;
}

static void test_products(void **state) {
    (void)state;
    static const unsigned logarithms[] = {8, 12, 16, 18, 20, 23, 24, 25, 28, 31};
    char levels[100];
    snprintf(levels, sizeof levels, "%s", pp_build()->simd);
    char *rest = levels, *level;
    while ((level = strsep(&rest, " ")))
        for (pp_method method = PP_METHOD_MR; method <= PP_METHOD_HYBRID; method++) {
            pp_session_options options = {.simd = level, .method = method};
            pp_session *session = NULL;
            pp_status status = pp_session_open(&options, &session, NULL);
            if (status == PP_ERR_UNAVAILABLE && method == PP_METHOD_HYBRID)
                continue;
            assert_int_equal(status, PP_OK);
            char name[64];
            snprintf(name, sizeof name, "%s, simd %s", pp_method_name(method), level);
            for (size_t i = 0; i < COUNT_OF(logarithms); i++) {
                uint64_t p = naive_next_prime(UINT64_C(1) << logarithms[i]);
                /* Above, every count by the sieve takes long. */
                if (method == PP_METHOD_SIEVE && logarithms[i] > (test_all() ? 31 : 25))
                    continue;
                for (unsigned byte = 0; byte <= 8; byte += byte ? 7 : 1)
                    check_product(session, name, p, partner(p, byte));
            }
            pp_session_close(session);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_products),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
