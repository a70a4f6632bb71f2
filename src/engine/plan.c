/*
 * The cost rule: what each method would take, by counting what it does and what that costs. The
 * constants are fixed, so that the same command does the same everywhere; other machines scale all
 * of them alike, and the rule only compares them. `build/bench/bench_constants` measures them, and
 * `build/bench/bench_map` shows where the rule is off.
 */
#include "engine/plan.h"

#include "backend/window.h"
#include "base/cpu.h"
#include "math/psp_filter.h"
#include "math/segment.h"
#include "math/wheel.h"

#include <math.h>

/*
 * Seconds on one core of a Zen 4 at 3.7 GHz. `narrow`, and what is above 2^44, are fitted to
 * counts: `build/bench/bench_map --methods mr,hybrid --lengths 1e4,1e5,1e6 --simd LEVEL`.
 */
struct pace {
    /*
     * Testing one by one: a number and its small divisors; base 2 below 2^44, a number and each of
     * its bits; base 2 above and the Lucas test, a bit; and which share of both is left below 2^48,
     * where vectors work in double arithmetic.
     */
    double divided, narrow, narrow_bit, bit, lucas_bit, in_double;
    /* The sieve: a number, whatever the primes; crossing off once, by the three kinds of primes. */
    double sieved, turn, step, hit;
    /*
     * A sieving prime's position found in a thread, of the two smaller kinds, and a large prime
     * made and looked through.
     */
    double turn_seek, seek, large;
    /* Making base primes, a number; whether that is done once and not for each window. */
    double base;
    bool keeps_base;
};

/* By level: none, avx2, avx512. */
static const struct pace paces[] = {
    {.divided = 1.6e-9,
     .narrow_bit = 2.4e-9,
     .bit = 1.5e-9,
     .lucas_bit = 6.8e-9,
     .in_double = 1,
     .sieved = 0.021e-9,
     .turn = 0.3e-9,
     .step = 3.3e-9,
     .hit = 5e-9,
     .turn_seek = 7e-9,
     .seek = 9.5e-9,
     .large = 2.4e-9,
     .base = 0.073e-9},
    {.divided = 1.4e-9,
     .narrow = 6e-9,
     .narrow_bit = 0.3e-9,
     .bit = 0.9e-9,
     .lucas_bit = 2e-9,
     .in_double = 0.52,
     .sieved = 0.011e-9,
     .turn = 0.3e-9,
     .step = 3.3e-9,
     .hit = 5e-9,
     .turn_seek = 7e-9,
     .seek = 8.5e-9,
     .large = 2.4e-9,
     .base = 0.063e-9},
    {.divided = 0.9e-9,
     .narrow = 9e-9,
     .narrow_bit = 0.25e-9,
     .bit = 0.6e-9,
     .lucas_bit = 1.3e-9,
     .in_double = 0.58,
     .sieved = 0.008e-9,
     .turn = 0.3e-9,
     .step = 1.3e-9,
     .hit = 6e-9,
     .turn_seek = 6e-9,
     .seek = 3e-9,
     .large = 1.1e-9,
     .base = 0.061e-9},
};

/*
 * Devices. A CPU's, by PoCL 3.1 on two cores of the same Zen 4, fitted to what
 * `build/bench/bench_map --backend opencl --threads 2` measures: 10^9 numbers take 0.039, 0.087,
 * 0.28, 0.48, 1.09 and 2.2 s from 10^3, 10^12, 10^14, 10^16, 10^18 and up to 2^64 by sieve; 1.8 and
 * 4 s from 10^14 and 10^16 by hybrid, 3.1 and 7.2 s by mr. A GPU's are reckoned, not measured: from
 * the instructions that `bench/kernels.py` counts, on 132 multiprocessors at 1.98 GHz whose 128
 * lanes do six in ten clocks; two bits cleared in local memory in a clock, and thirty billion in
 * global memory in a second, as long as a second-level cache holds the 32 MiB that a batch has.
 */
static const struct pace pace_cpu_device = {.divided = 8e-9,
                                            .narrow_bit = 1e-9,
                                            .bit = 1.3e-9,
                                            .lucas_bit = 3.6e-9,
                                            .in_double = 0.45,
                                            .sieved = 0.02e-9,
                                            .turn = 0.3e-9,
                                            .step = 4.5e-9,
                                            .hit = 13e-9,
                                            .turn_seek = 40e-9,
                                            .seek = 40e-9,
                                            .large = 4.4e-9,
                                            .base = 0.1e-9,
                                            .keeps_base = true};
static const struct pace pace_gpu = {.divided = 0.003e-9,
                                     .narrow_bit = 0.0016e-9,
                                     .bit = 0.0016e-9,
                                     .lucas_bit = 0.0035e-9,
                                     .in_double = 1,
                                     .sieved = 0.0002e-9,
                                     .turn = 0.002e-9,
                                     .step = 0.005e-9,
                                     .hit = 0.03e-9,
                                     .turn_seek = 0.001e-9,
                                     .seek = 0.001e-9,
                                     .large = 0.015e-9,
                                     .base = 0.015e-9,
                                     .keeps_base = true};

/* Trial division: an odd divisor, below 2^52 in double arithmetic and above it by division. */
static const double COST_DIVISOR = 0.55e-9, COST_WIDE_DIVISOR = 2.6e-9;

/* Units of methods that test one by one: short enough to share out evenly, long enough to claim. */
static const double UNIT_SECONDS = 100e-6, UNIT_LEAST_SECONDS = 5e-6;
/* Below this, waking threads costs more than they bring. */
static const double PARALLEL_SECONDS = 200e-6;

enum {
    UNIT_MOST = 1 << 22,     /* numbers, for methods that test one by one */
    SIEVE_LEAST = 32 << 10,  /* bytes of bitmap: an L1 data cache */
    SIEVE_USUAL = 512 << 10, /* half an L2 cache: what is sieved at a time */
    SIEVE_LIST_MOST =
        128
        << 10, /* of bitmap: a listed unit becomes fifteen times as much text, for an L2 cache */
    HYBRID_LEAST = 2 << 10,
    HYBRID_MOST = 64 << 10,
    UNITS_EACH = 16,       /* a worker, at least, where a job is long enough */
    LOOKUP_UNIT = 1 << 16, /* numbers looked up together in sieved segments */
    TEST_UNIT_MOST = 1 << 14,
    TEST_ALIGN = 64
};

const struct pace *plan_pace(enum engine_kind kind, const char *simd) {
    if (kind != ENGINE_CPU)
        return kind == ENGINE_GPU ? &pace_gpu : &pace_cpu_device;
    const char *level = sieve_kernel(simd)->simd;
    return &paces[cpu_simd_rank(level)];
}

/* libprimecount 7.6: 54 ms for the primes up to 1e13. */
static const double COST_PI = 1.2e-10;

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

/* The share of numbers that have no factor up to x (Mertens), where that is not below 1 / log n. */
static double left_by(double x, double n) {
    double log_n = log(fmax(n, 8));
    return fmax(0.5615 / log(fmax(x, 8)), 1 / log_n);
}

/* Up to about here, vectors work in double arithmetic: 2^48 or 2^49, depending on the level. */
static const double DOUBLE_BOUND = 0x1p48;

/* What deciding costs, of numbers that small divisors leave: so many, so many of them prime. */
static double cost_tests(const struct pace *pace, double n, double left, double primes) {
    double bits = log2(fmax(n, 8));
    if (n < (double)PSP_FILTER_BOUND)
        return left * (pace->narrow + bits * pace->narrow_bit);
    double share = n < DOUBLE_BOUND ? pace->in_double : 1;
    return share * bits * (left * pace->bit + primes * pace->lucas_bit);
}

/* Of a sieve, whatever its length: `build/bench/bench_map --lengths 1000 --offsets 1e3,1e9`. */
static const double SIEVE_START = 2e-6;

/* Numbers that vectors leave over, each: `bench_map --methods mr --lengths 1000 --offsets 1e4`. */
static const double SMALL_NUMBERS = 0x1p16, COST_SMALL = 20e-9;

/* Small divisors reach about this far. */
static const double SMALL_DIVISORS = 300;

/* Average cost of testing one number of size n. */
static double cost_each(const struct pace *pace, double n, pp_method method) {
    double density = n < 8 ? 1 : 1 / log(n);
    if (method == PP_METHOD_TRIAL) {
        double divisor = n < 0x1p52 ? COST_DIVISOR : COST_WIDE_DIVISOR;
        /* A prime meets every odd divisor; composites together about as many as primes do. */
        return 5e-9 + density * sqrt(n) * divisor;
    }
    return pace->divided + cost_tests(pace, n, left_by(SMALL_DIVISORS, n), density);
}

/* How often a number is crossed off by primes in [from, to] (Mertens). */
static double crossings(double from, double to) {
    return to > from ? log(log(to)) - log(log(from)) : 0;
}

/* Sieving `size` numbers by primes up to `limit`. */
static double cost_sieve(const struct pace *pace, double size, double limit) {
    const double turns = fmin(limit, SEGMENT_TURN_LIMIT), steps = fmin(limit, SEGMENT_STEP_LIMIT);
    double each = pace->sieved + 8 / 30.0 * pace->turn * crossings(163, turns) +
                  48 / 210.0 * pace->step * crossings(SEGMENT_TURN_LIMIT, steps) +
                  8 / 30.0 * pace->hit * crossings(SEGMENT_STEP_LIMIT, limit);
    double seeks = primes_below(turns) * pace->turn_seek +
                   (primes_below(steps) - primes_below(turns)) * pace->seek;
    double cost = size * each + seeks + steps * pace->base;
    if (limit > SEGMENT_STEP_LIMIT) {
        double windows =
            (double)window_usual_number((uint64_t)(size / WHEEL_BYTE) + 1, (uint64_t)limit);
        cost += windows * primes_below(limit) * pace->large +
                (pace->keeps_base ? 1 : windows) * limit * pace->base;
    }
    return cost;
}

double plan_cost(const struct pace *pace, const struct job *job, pp_method method) {
    double n = largest(job), size = (double)job_size(job), root = sqrt(n);
    if (method ==
        PP_METHOD_PI) /* counting from 0 takes n^(2/3), and a range begins somewhere else */
        return COST_PI * 2 * pow(n, 2 / 3.0);
    if (job->question == QUESTION_TEST) {
        if (method != PP_METHOD_SIEVE)
            return size * cost_each(pace, n, method);
        /* The base is sieved, and then around each number. */
        return root * pace->base + size * primes_below(root) * fmax(pace->turn_seek, pace->seek);
    }
    if (method == PP_METHOD_SIEVE)
        return SIEVE_START + cost_sieve(pace, size, root);
    if (method == PP_METHOD_HYBRID) {
        double limit = fmin(hybrid_limit(size), root), left = left_by(limit, n);
        double density = 1 / log(fmax(n, 8));
        return SIEVE_START + cost_sieve(pace, size, limit) +
               (limit < root ? size * cost_tests(pace, n, left, density) : 0);
    }
    /* One by one only what is coprime to 30. */
    if (method == PP_METHOD_MR) {
        double small = fmin(fmax(SMALL_NUMBERS - (double)job->lo, 0), size);
        return small * 8 / 30.0 * COST_SMALL +
               (size - small) *
                   (8 / 30.0 * pace->divided +
                    cost_tests(pace, n, left_by(SMALL_DIVISORS, n), 1 / log(fmax(n, 8))));
    }
    return size * cost_each(pace, n, method);
}

pp_method plan_method(const struct pace *pace, const struct job *job) {
    static const pp_method methods[] = {PP_METHOD_MR, PP_METHOD_SIEVE, PP_METHOD_HYBRID};
    pp_method best = PP_METHOD_MR;
    for (size_t i = 1; i < sizeof methods / sizeof *methods; i++)
        if ((job->question != QUESTION_TEST || methods[i] == PP_METHOD_SIEVE) &&
            plan_cost(pace, job, methods[i]) < plan_cost(pace, job, best))
            best = methods[i];
    return best;
}

bool plan_is_parallel(const struct pace *pace, const struct job *job) {
    return plan_cost(pace, job, job->method) > PARALLEL_SECONDS;
}

/* Bytes of bitmap in a unit. */
static double sieve_bytes(const struct job *job, double workers) {
    double least = SIEVE_LEAST,
           most = job->question == QUESTION_LIST ? SIEVE_LIST_MOST : SIEVE_USUAL;
    if (job->method == PP_METHOD_HYBRID) {
        least = HYBRID_LEAST;
        most = HYBRID_MOST;
    }
    double share = (double)job_size(job) / WHEEL_BYTE / (UNITS_EACH * workers);
    return fmax(fmin(share, most), least);
}

uint64_t plan_unit_size(const struct pace *pace, const struct job *job, const struct shape *shape) {
    if (job_sieves(job))
        return (uint64_t)sieve_bytes(job, shape->workers) * WHEEL_BYTE;
    if (job->method == PP_METHOD_SIEVE)
        return LOOKUP_UNIT;
    double cost = cost_each(pace, largest(job), job->method);
    double share = (double)job_size(job) / (8.0 * shape->workers);
    double size = fmax(fmin(UNIT_SECONDS / cost, share), UNIT_LEAST_SECONDS / cost);
    double most = job->question == QUESTION_TEST ? TEST_UNIT_MOST * shape->speed : UNIT_MOST;
    uint64_t whole = (uint64_t)fmax(fmin(size, most), 1);
    /* Units of whole bitmap words are put without a lock. */
    return job->question == QUESTION_TEST && whole > TEST_ALIGN ? whole - whole % TEST_ALIGN
                                                                : whole;
}
