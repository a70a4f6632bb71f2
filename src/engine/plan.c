/*
 * The cost rule. Constants are seconds on one core of a 2.6 GHz Sapphire Rapids, portable C,
 * found with
 * `cmake --build build --target bench && build/bench/bench_constants`; other machines scale all of
 * them alike, and the rule only compares them.
 */
#include "engine/plan.h"

#include "math/psp_filter.h"
#include "math/wheel.h"

#include <math.h>

/* Trial division: an odd divisor, below 2^52 in double arithmetic and above it by division. */
static const double COST_DIVISOR = 0.55e-9, COST_WIDE_DIVISOR = 2.6e-9;
/*
 * Testing one by one: small divisors for every number; a bit of the exponent in a power, several
 * numbers interleaved; and what the Lucas test takes in powers.
 */
static const double COST_SMALL_DIVISORS = 16e-9, COST_EXPONENT_BIT = 1.75e-9, LUCAS_POWERS = 4;
/*
 * The sieve: a number crossed off through, and a base prime set up in a unit. The latter is 4.4 ns
 * while all fits a cache; with the memory that large units touch, about twice that.
 */
static const double COST_SIEVED = 0.3e-9, COST_BASE_PRIME = 9e-9;
/* Units of methods that test one by one: short enough to share out evenly, long enough to claim. */
static const double UNIT_SECONDS = 100e-6, UNIT_LEAST_SECONDS = 5e-6;
/* Below this, waking threads costs more than they bring. */
static const double PARALLEL_SECONDS = 200e-6;

enum {
    UNIT_MOST = 1 << 22,       /* numbers, for methods that test one by one */
    SIEVE_LEAST = 32 << 10,    /* bytes of bitmap: an L1 data cache */
    SIEVE_USUAL = 512 << 10,   /* half of a small L2 cache */
    SIEVE_CACHED = 2 << 20,    /* a large L2 cache */
    SIEVE_MOST = 32 << 20,     /* the memory bound of a thread */
    SIEVE_LIST_MOST = 2 << 20, /* a listed unit becomes fifteen times as much text */
    LOOKUP_UNIT = 1 << 16,     /* numbers looked up together in sieved segments */
    TEST_UNIT_MOST = 1 << 14,
    TEST_ALIGN = 64
};

static double largest(const struct job *job) {
    if (job->question != QUESTION_TEST)
        return (double)job->hi;
    /* A sample says enough about an array; all of it is read soon enough. */
    uint64_t largest = 0;
    size_t step = job->n_numbers / 64 + 1;
    for (size_t i = 0; i < job->n_numbers; i += step)
        if (job->numbers[i] > largest)
            largest = job->numbers[i];
    return (double)largest;
}

/* About as many primes as there are up to x. */
static double primes_below(double x) {
    return x < 8 ? 4 : x / (log(x) - 1);
}

/* Average cost of testing one number of size n, of a range or of an array. */
static double cost_each(double n, pp_method method) {
    double density = n < 8 ? 1 : 1 / log(n);
    if (method == PP_METHOD_TRIAL) {
        double divisor = n < 0x1p52 ? COST_DIVISOR : COST_WIDE_DIVISOR;
        /* A prime meets every odd divisor; composites together about as many as primes do. */
        return 5e-9 + density * sqrt(n) * divisor;
    }
    double test = (n < 8 ? 3 : log2(n)) * COST_EXPONENT_BIT;
    /* One number in nine passes the small divisors and meets base 2; the table has no room above.
     */
    double lucas = n < (double)PSP_FILTER_BOUND ? 0 : LUCAS_POWERS;
    return COST_SMALL_DIVISORS + 0.11 * test + density * lucas * test;
}

static double sieve_bytes(const struct job *job, double workers) {
    double root_primes = primes_below(sqrt(largest(job)));
    double bytes = (double)job_size(job) / WHEEL_BYTE / (4 * workers);
    if (bytes > SIEVE_USUAL)
        bytes = SIEVE_USUAL;
    /* Every unit sets up every base prime: worth it for 8 bytes each in cache, 2 beyond it. */
    bytes = fmax(bytes, fmin(8 * root_primes, SIEVE_CACHED));
    bytes = fmax(bytes, 2 * root_primes);
    double most = job->question == QUESTION_LIST ? SIEVE_LIST_MOST : SIEVE_MOST;
    return fmax(fmin(bytes, most), SIEVE_LEAST);
}

double plan_cost(const struct job *job, pp_method method) {
    double n = largest(job), size = (double)job_size(job);
    if (method != PP_METHOD_SIEVE)
        return size * cost_each(n, method);
    double base_primes = primes_below(sqrt(n));
    /* The base itself is sieved too, and a test of scattered numbers sieves around each. */
    double making = sqrt(n) * COST_SIEVED, setup = base_primes * COST_BASE_PRIME;
    if (job->question == QUESTION_TEST)
        return making + size * setup;
    double units = size / WHEEL_BYTE / sieve_bytes(job, 1);
    return 5e-6 + making + (units < 1 ? 1 : units) * setup + size * COST_SIEVED;
}

pp_method plan_method(const struct job *job) {
    double mr = plan_cost(job, PP_METHOD_MR), sieve = plan_cost(job, PP_METHOD_SIEVE);
    return mr <= sieve ? PP_METHOD_MR : PP_METHOD_SIEVE;
}

bool plan_is_parallel(const struct job *job) {
    return plan_cost(job, job->method) > PARALLEL_SECONDS;
}

uint64_t plan_unit_size(const struct job *job, const struct shape *shape) {
    if (job_sieves(job))
        return (uint64_t)sieve_bytes(job, shape->workers) * WHEEL_BYTE;
    if (job->method == PP_METHOD_SIEVE)
        return LOOKUP_UNIT;
    double cost = cost_each(largest(job), job->method) / shape->speed;
    double share = (double)job_size(job) / (8.0 * shape->workers);
    double size = fmax(fmin(UNIT_SECONDS / cost, share), UNIT_LEAST_SECONDS / cost);
    double most = job->question == QUESTION_TEST ? TEST_UNIT_MOST * shape->speed : UNIT_MOST;
    uint64_t whole = (uint64_t)fmax(fmin(size, most), 1);
    /* Units of whole bitmap words are put without a lock. */
    return job->question == QUESTION_TEST && whole > TEST_ALIGN ? whole - whole % TEST_ALIGN
                                                                : whole;
}
