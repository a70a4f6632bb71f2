#include "backend/cpu.h"

#include "base/clock.h"
#include "base/cpu.h"
#include "base/error.h"
#include "math/trial.h"
#include "math/wheel.h"
#include "work/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Words sieved at once when single numbers are looked up: 32 KiB, one L1 data cache. */
enum { LOOKUP_WORDS = 4096 };

/* Numbers of a range tested at once: 16 KiB of them. */
enum { RANGE_BATCH = 2048 };

/* Hybrid: base primes up to here are crossed off. */
enum { HYBRID_LIMIT = 1 << 16 };

struct keyed {
    uint64_t number;
    size_t index; /* in the unit */
};

bool cpu_supports(enum question question, pp_method method) {
    (void)question;
    return method == PP_METHOD_TRIAL || method == PP_METHOD_MR || method == PP_METHOD_SIEVE ||
           method == PP_METHOD_HYBRID;
}

void cpu_shape(const struct job *job, unsigned threads, const struct batch_kernel *kernel,
               struct shape *out) {
    *out =
        (struct shape){.workers = threads,
                       .align = job_sieves(job) ? WHEEL_WORD : 1,
                       .speed = job->method == PP_METHOD_MR ? kernel->speed : 1,
                       .base_limit = job->method == PP_METHOD_HYBRID ? HYBRID_LIMIT : UINT32_MAX};
}

void cpu_describe(pp_device *device, const char *backend, unsigned units) {
    *device = (pp_device){
        .backend = backend, .kind = "CPU", .units = units, .fp64 = true, .usable = true};
    snprintf(device->id, sizeof device->id, "%s:0", backend);
    cpu_name(device->name, sizeof device->name);
}

const char *cpu_simd_of(const struct batch_kernel *kernel, const struct job *job) {
    return job->method == PP_METHOD_MR || job->method == PP_METHOD_HYBRID ? kernel->simd : "none";
}

/* Words that any unit's bitmap can take. */
static size_t bitmap_words(const struct job *job) {
    if (job->question == QUESTION_TEST) {
        size_t bits = job->unit_size < job->n_numbers ? (size_t)job->unit_size : job->n_numbers;
        return bits / 64 + 1;
    }
    if (job->question == QUESTION_COUNT && !job_sieves(job))
        return 0;
    uint64_t numbers = job->hi - job->lo < job->unit_size ? job->hi - job->lo : job->unit_size;
    return (size_t)(numbers / WHEEL_WORD) + 2;
}

pp_status cpu_worker_init(struct cpu_worker *worker, const struct job *job,
                          const struct batch_kernel *kernel) {
    *worker = (struct cpu_worker){.kernel = kernel};
    size_t n_words = bitmap_words(job);
    bool lookup = job->method == PP_METHOD_SIEVE && job->question == QUESTION_TEST,
         sieve = lookup || job_sieves(job);
    if (lookup)
        n_words += LOOKUP_WORDS;
    worker->words = malloc((n_words + 1) * sizeof *worker->words);
    if (sieve)
        worker->scratch = malloc(sieve_scratch_size());
    if (lookup)
        worker->keys = calloc(job->unit_size < job->n_numbers ? job->unit_size : job->n_numbers,
                              sizeof *worker->keys);
    if (!worker->words || (sieve && !worker->scratch) || (lookup && !worker->keys)) {
        cpu_worker_free(worker);
        return PP_ERR_MEMORY;
    }
    return PP_OK;
}

void cpu_worker_free(struct cpu_worker *worker) {
    free(worker->words);
    free(worker->scratch);
    free(worker->keys);
    *worker = (struct cpu_worker){0};
}

/* Records that the unit's number `index` is prime. */
static void found(struct partial *partial, uint64_t *words, size_t index, uint64_t prime) {
    words[index / 64] |= UINT64_C(1) << index % 64;
    partial->count++;
    partial->digest += splitmix64(prime);
}

static void test_by_trial(struct partial *partial, uint64_t *words, const uint64_t *numbers,
                          size_t n) {
    memset(words, 0, partial->n_words * sizeof *words);
    for (size_t i = 0; i < n; i++)
        if (trial_is_prime(numbers[i]))
            found(partial, words, i, numbers[i]);
}

static void test_by_batch(struct partial *partial, const struct cpu_worker *worker,
                          const uint64_t *numbers, size_t n) {
    worker->kernel->test(numbers, n, worker->words);
    for (size_t i = 0; i < partial->n_words; i++) {
        uint64_t bits = worker->words[i];
        partial->count += (uint64_t)__builtin_popcountll(bits);
        for (; bits; bits &= bits - 1)
            partial->digest += splitmix64(numbers[i * 64 + (size_t)__builtin_ctzll(bits)]);
    }
}

static int by_number(const void *a, const void *b) {
    uint64_t x = ((const struct keyed *)a)->number, y = ((const struct keyed *)b)->number;
    return (x > y) - (x < y);
}

/* Numbers that lie near each other share a sieved segment, so they are taken in order. */
static void test_by_sieve(struct partial *partial, const struct cpu_worker *worker,
                          uint64_t *segment, const uint64_t *numbers, size_t n,
                          const struct sieve_base *base) {
    memset(worker->words, 0, partial->n_words * sizeof *worker->words);
    for (size_t i = 0; i < n; i++)
        worker->keys[i] = (struct keyed){numbers[i], i};
    qsort(worker->keys, n, sizeof *worker->keys, by_number);
    for (size_t i = 0; i < n;) {
        uint64_t first = worker->keys[i].number / WHEEL_WORD;
        size_t end = i;
        while (end < n && worker->keys[end].number / WHEEL_WORD - first < LOOKUP_WORDS)
            end++;
        size_t n_words = (size_t)(worker->keys[end - 1].number / WHEEL_WORD - first) + 1;
        sieve_words(segment, first, n_words, base, worker->scratch);
        const uint8_t *bytes = (const uint8_t *)segment;
        for (; i < end; i++) {
            uint64_t number = worker->keys[i].number;
            uint8_t bit = wheel_bits[number % WHEEL_BYTE];
            bool prime = bit < 8 ? bytes[number / WHEEL_BYTE - first * 8] >> bit & 1
                                 : number == 2 || number == 3 || number == 5;
            if (prime)
                found(partial, worker->words, worker->keys[i].index, number);
        }
    }
}

static void run_test(struct partial *partial, const struct cpu_worker *worker,
                     const struct job *job, struct span span) {
    const uint64_t *numbers = job->numbers + span.lo;
    size_t n = (size_t)(span.hi - span.lo) + 1;
    partial->n_words = (n + 63) / 64;
    if (job->method == PP_METHOD_SIEVE)
        test_by_sieve(partial, worker, worker->words + partial->n_words, numbers, n, job->base);
    else if (job->method == PP_METHOD_TRIAL)
        test_by_trial(partial, worker->words, numbers, n);
    else
        test_by_batch(partial, worker, numbers, n);
    partial->has_digest = true;
}

/* Clears the bits of composites. No number above hi matters, but 2^64 may be passed there. */
static void test_survivors(const struct batch_kernel *kernel, uint64_t *words, uint64_t first_word,
                           size_t n_words) {
    uint64_t numbers[RANGE_BATCH], prime[RANGE_BATCH / 64];
    for (size_t from = 0, to; from < n_words; from = to) {
        size_t n = 0;
        for (to = from; to < n_words && n <= RANGE_BATCH - 64; to++)
            n += wheel_decode(words[to], first_word + to, numbers + n);
        kernel->test(numbers, n, prime);
        size_t i = 0;
        for (; from < to; from++)
            for (uint64_t bits = words[from]; bits; bits &= bits - 1, i++)
                if (!(prime[i / 64] >> i % 64 & 1))
                    words[from] &= ~(bits & -bits);
    }
}

static void range_by_sieve(struct partial *partial, const struct cpu_worker *worker,
                           const struct job *job, struct span span) {
    partial->n_words = (size_t)(span.hi / WHEEL_WORD - partial->first_word) + 1;
    sieve_words(worker->words, partial->first_word, partial->n_words, job->base, worker->scratch);
    wheel_trim(worker->words, partial->first_word, partial->n_words, span.lo, span.hi);
    if (job->method == PP_METHOD_HYBRID && job->base->limit < isqrt64(span.hi))
        test_survivors(worker->kernel, worker->words, partial->first_word, partial->n_words);
    partial_sum(partial);
}

/* Records a prime above 5 of a range. */
static void found_in_range(struct partial *partial, const struct cpu_worker *worker,
                           const struct job *job, uint64_t prime) {
    partial->count++;
    partial->digest += digest_prime(prime);
    if (job->question == QUESTION_LIST)
        ((uint8_t *)worker->words)[prime / WHEEL_BYTE - partial->first_word * 8] |=
            (uint8_t)(1u << wheel_bits[prime % WHEEL_BYTE]);
}

/* One number after the other, as in the book. */
static void range_by_trial(struct partial *partial, const struct cpu_worker *worker,
                           const struct job *job, struct span span) {
    for (uint64_t offset = 0; offset <= span.hi - span.lo; offset++) {
        uint64_t number = span.lo + offset;
        if (number > 5 && trial_is_prime(number))
            found_in_range(partial, worker, job, number);
    }
}

/* The numbers coprime to 30, from 7 on, many at a time. */
static void range_by_batch(struct partial *partial, const struct cpu_worker *worker,
                           const struct job *job, struct span span) {
    uint64_t numbers[RANGE_BATCH], bitmap[RANGE_BATCH / 64];
    uint64_t number = span.lo > 7 ? span.lo : 7;
    while (number <= span.hi && wheel_bits[number % WHEEL_BYTE] > 7)
        if (number++ == UINT64_MAX)
            return;
    bool more = number <= span.hi;
    unsigned bit = wheel_bits[number % WHEEL_BYTE];
    while (more) {
        size_t n = 0;
        while (more && n < RANGE_BATCH) {
            numbers[n++] = number;
            more = span.hi - number >= wheel_gaps[bit];
            number += wheel_gaps[bit];
            bit = (bit + 1) % 8;
        }
        worker->kernel->test(numbers, n, bitmap);
        for (size_t i = 0; i < n; i++)
            if (bitmap[i / 64] >> i % 64 & 1)
                found_in_range(partial, worker, job, numbers[i]);
    }
}

static void range_one_by_one(struct partial *partial, const struct cpu_worker *worker,
                             const struct job *job, struct span span) {
    if (job->question == QUESTION_LIST) {
        partial->n_words = (size_t)(span.hi / WHEEL_WORD - partial->first_word) + 1;
        memset(worker->words, 0, partial->n_words * sizeof *worker->words);
    }
    partial->count = (uint64_t)__builtin_popcount(partial->small_primes);
    partial->digest = digest_small(partial->small_primes);
    partial->has_digest = true;
    if (job->method == PP_METHOD_TRIAL)
        range_by_trial(partial, worker, job, span);
    else
        range_by_batch(partial, worker, job, span);
}

pp_status cpu_run_unit(const struct cpu_worker *worker, const struct job *job, uint64_t unit,
                       struct sink *sink) {
    struct span span = job_span(job, unit);
    struct partial partial = {.words = worker->words};
    if (job->question == QUESTION_TEST) {
        run_test(&partial, worker, job, span);
    } else {
        partial.first_word = span.lo / WHEEL_WORD;
        partial.small_primes = wheel_small_primes(span.lo, span.hi);
        if (job_sieves(job))
            range_by_sieve(&partial, worker, job, span);
        else
            range_one_by_one(&partial, worker, job, span);
    }
    return sink->put(sink, unit, &partial);
}

pp_status cpu_run_serially(const struct batch_kernel *kernel, const struct job *job, uint64_t first,
                           uint64_t n, struct sink *sink, pp_result *result) {
    double begin = clock_seconds();
    struct cpu_worker worker;
    pp_status status = cpu_worker_init(&worker, job, kernel);
    for (uint64_t i = 0; status == PP_OK && i < n && !sink_stopped(sink); i++)
        status = cpu_run_unit(&worker, job, first + i, sink);
    cpu_worker_free(&worker);
    result->threads = 1;
    result->simd = cpu_simd_of(kernel, job);
    result->phases.compute += clock_seconds() - begin;
    return status;
}
