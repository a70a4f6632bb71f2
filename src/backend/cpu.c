#include "backend/cpu.h"

#include "backend/pi.h"
#include "backend/window.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/round.h"
#include "math/trial.h"
#include "math/wheel.h"
#include "work/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Words sieved at once when single numbers are looked up: 32 KiB, one L1 data cache. */
enum { LOOKUP_WORDS = 4096 };

/* Numbers of a range tested at once: 16 KiB of them. */
enum { RANGE_BATCH = 2048 };

/* Bitmap sieved at a time: half of an L2 cache, of which positions of primes want a share too. */
enum { SEGMENT_WORDS = (512 << 10) / 8 };

/* From so many numbers on, all tables of pre-sieving are worth making. */
static const uint64_t ALL_TABLES = 4000000;

struct keyed {
    uint64_t number;
    size_t index; /* in the unit */
};

bool cpu_supports(enum question question, pp_method method) {
    if (method == PP_METHOD_PI)
        return question == QUESTION_COUNT && pi_built();
    return method == PP_METHOD_TRIAL || method == PP_METHOD_MR || method == PP_METHOD_SIEVE ||
           method == PP_METHOD_HYBRID;
}

struct cpu_code cpu_code(const char *simd) {
    return (struct cpu_code){batch_kernel(simd), sieve_kernel(simd), decoder(simd)};
}

/* Lookups of single numbers go by the old way of all base primes at once. */
static uint32_t base_limit(const struct job *job, unsigned threads) {
    if (job->method == PP_METHOD_HYBRID)
        return hybrid_limit((double)job_size(job) / threads);
    return job_sieves(job) ? SEGMENT_STEP_LIMIT : UINT32_MAX;
}

void cpu_shape(const struct job *job, unsigned threads, struct cpu_code code, struct shape *out) {
    *out = (struct shape){.workers = threads,
                          .align = job_sieves(job) ? WHEEL_WORD : 1,
                          .unit_most = job_sieves(job) ? WINDOW_UNIT_MOST : 0,
                          .speed = job->method == PP_METHOD_MR ? code.batch->speed : 1,
                          .base_limit = base_limit(job, threads)};
}

void cpu_describe(pp_device *device, const char *backend, unsigned units) {
    *device = (pp_device){
        .backend = backend, .kind = "CPU", .units = units, .fp64 = true, .usable = true};
    snprintf(device->id, sizeof device->id, "%s:0", backend);
    cpu_name(device->name, sizeof device->name);
}

const char *cpu_simd_of(struct cpu_code code, const struct job *job) {
    if (job_sieves(job))
        return code.sieve->simd;
    return job->method == PP_METHOD_MR || job->method == PP_METHOD_HYBRID ? code.batch->simd
                                                                          : "none";
}

void *cpu_allocate(size_t size) {
    enum { LINE = 64, HUGE_PAGE = 2 << 20 };
    size_t unit = size < HUGE_PAGE ? LINE : HUGE_PAGE;
    size_t whole = round_up(size, unit);
    void *memory = aligned_alloc(unit, whole);
    if (memory && unit == HUGE_PAGE)
        madvise(memory, whole, MADV_HUGEPAGE); /* and if not, slower */
    return memory;
}

/* ---- a call of run ----------------------------------------------------------------------- */

static uint64_t unit_words(const struct job *job) {
    uint64_t words = (job->hi - job->lo) / WHEEL_WORD + 2, unit = job->unit_size / WHEEL_WORD;
    return unit < words ? unit : words;
}

pp_status cpu_run_init(struct cpu_run *run, struct cpu_code code, const struct job *job) {
    *run = (struct cpu_run){.code = code, .job = job};
    if (!job_sieves(job))
        return PP_OK;
    /* The base may have more: it may be another backend's, whose units are verified here. */
    run->reach = job->base->limit < SEGMENT_STEP_LIMIT ? job->base->limit : SEGMENT_STEP_LIMIT;
    run->by_windows = job->method == PP_METHOD_SIEVE && run->reach < isqrt64(job->hi);
    run->window_bytes = window_usual_bytes(job);
    uint64_t words = run->by_windows ? SEGMENT_WORDS : unit_words(job);
    run->segment_words = words < SEGMENT_WORDS ? (size_t)words : SEGMENT_WORDS;
    bool all = job_size(job) >= ALL_TABLES;
    run->tables = malloc(pre_sieve_size(all));
    if (!run->tables)
        return PP_ERR_MEMORY;
    pre_sieve_make(&run->pre_sieve, all, run->tables);
    return PP_OK;
}

void cpu_run_free(struct cpu_run *run) {
    free(run->tables);
    *run = (struct cpu_run){.tables = NULL};
}

/* Words that a unit's bitmap takes, where it is more than one segment of the walk. */
static size_t bitmap_words(const struct cpu_run *run) {
    const struct job *job = run->job;
    if (job->question == QUESTION_TEST) {
        size_t bits = job->unit_size < job->n_numbers ? (size_t)job->unit_size : job->n_numbers;
        return bits / 64 + 1;
    }
    if (job->question == QUESTION_COUNT || run->by_windows)
        return 0;
    if (!job_sieves(job))
        return (size_t)((job->hi - job->lo < job->unit_size ? job->hi - job->lo : job->unit_size) /
                        WHEEL_WORD) +
               2;
    return unit_words(job) > run->segment_words ? (size_t)unit_words(job) : 0;
}

static pp_status init_walk(struct cpu_worker *worker) {
    const struct cpu_run *run = worker->run;
    const struct sieve_base *base = run->job->base;
    worker->walk_memory = cpu_allocate(walk_size(base, base->limit, run->segment_words));
    if (!worker->walk_memory)
        return PP_ERR_MEMORY;
    walk_init(&worker->walk, run->code.sieve, &run->pre_sieve, base, base->limit,
              run->segment_words, worker->walk_memory);
    return PP_OK;
}

pp_status cpu_worker_init(struct cpu_worker *worker, const struct cpu_run *run, unsigned number) {
    const struct job *job = run->job;
    *worker = (struct cpu_worker){.run = run, .number = number};
    size_t n_words = bitmap_words(run);
    bool lookup = job->method == PP_METHOD_SIEVE && job->question == QUESTION_TEST;
    if (lookup) {
        n_words += LOOKUP_WORDS;
        worker->scratch = malloc(sieve_scratch_size());
        worker->keys = calloc(job->unit_size < job->n_numbers ? job->unit_size : job->n_numbers,
                              sizeof *worker->keys);
    }
    worker->words = malloc((n_words + 1) * sizeof *worker->words);
    if (!worker->words || (lookup && (!worker->scratch || !worker->keys)) ||
        (job_sieves(job) && init_walk(worker) != PP_OK)) {
        cpu_worker_free(worker);
        return PP_ERR_MEMORY;
    }
    return PP_OK;
}

void cpu_worker_free(struct cpu_worker *worker) {
    free(worker->words);
    free(worker->walk_memory);
    free(worker->scratch);
    free(worker->keys);
    *worker = (struct cpu_worker){.run = worker->run};
}

bool cpu_may_jump(const struct job *job) {
    return job->question == QUESTION_COUNT && job_sieves(job);
}

/* ---- numbers ----------------------------------------------------------------------------- */

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
    worker->run->code.batch->test(numbers, n, worker->words);
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

static void run_test(struct partial *partial, const struct cpu_worker *worker, struct span span) {
    const struct job *job = worker->run->job;
    const uint64_t *numbers = job->numbers + span.lo;
    size_t n = (size_t)(span.hi - span.lo) + 1;
    partial->n_words = (n + 63) / 64;
    if (job->method == PP_METHOD_SIEVE)
        test_by_sieve(partial, worker, worker->words + partial->n_words, numbers, n, job->base);
    else if (job->method == PP_METHOD_TRIAL)
        test_by_trial(partial, worker->words, numbers, n);
    else
        test_by_batch(partial, worker, numbers, n);
}

/* ---- ranges ------------------------------------------------------------------------------ */

/* Clears the bits of composites. No number above hi matters, but 2^64 may be passed there. */
static void test_survivors(struct cpu_code code, uint64_t *words, uint64_t first_word,
                           size_t n_words) {
    uint64_t numbers[RANGE_BATCH], prime[RANGE_BATCH / 64];
    for (size_t from = 0; from < n_words;) {
        size_t n, i = 0;
        size_t to = from + code.decoder->decode(words + from, n_words - from, first_word + from,
                                                numbers, RANGE_BATCH, &n);
        code.batch->test(numbers, n, prime);
        for (; from < to; from++)
            for (uint64_t bits = words[from]; bits; bits &= bits - 1, i++)
                if (!(prime[i / 64] >> i % 64 & 1))
                    words[from] &= ~(bits & -bits);
    }
}

static void range_by_sieve(struct partial *partial, struct cpu_worker *worker, struct span span) {
    const struct cpu_run *run = worker->run;
    const struct job *job = run->job;
    bool listed = job->question == QUESTION_LIST,
         survivors = job->method == PP_METHOD_HYBRID && run->reach < isqrt64(span.hi);
    size_t n_words = (size_t)(span.hi / WHEEL_WORD - partial->first_word) + 1;
    partial->n_words = listed ? n_words : 0;
    for (size_t from = 0; from < n_words; from += run->segment_words) {
        size_t n = n_words - from < run->segment_words ? n_words - from : run->segment_words;
        uint64_t first_word = partial->first_word + from;
        uint64_t *words = walk_segment(&worker->walk, first_word, n);
        wheel_trim(words, first_word, n, span.lo, span.hi);
        if (survivors)
            test_survivors(run->code, words, first_word, n);
        run->code.sieve->sum(words, first_word, n, &partial->count, &partial->digest);
        if (listed && n == n_words)
            partial->words = words;
        else if (listed)
            memcpy(worker->words + from, words, n * sizeof *words);
    }
}

/* Records a prime above 5 of a range. */
static void found_in_range(struct partial *partial, const struct cpu_worker *worker,
                           uint64_t prime) {
    partial->count++;
    partial->digest += digest_prime(prime);
    if (worker->run->job->question == QUESTION_LIST)
        ((uint8_t *)worker->words)[prime / WHEEL_BYTE - partial->first_word * 8] |=
            (uint8_t)(1u << wheel_bits[prime % WHEEL_BYTE]);
}

/* One number after the other, as in the book. */
static void range_by_trial(struct partial *partial, const struct cpu_worker *worker,
                           struct span span) {
    for (uint64_t offset = 0; offset <= span.hi - span.lo; offset++) {
        uint64_t number = span.lo + offset;
        if (number > 5 && trial_is_prime(number))
            found_in_range(partial, worker, number);
    }
}

/* The numbers coprime to 30, from 7 on, many at a time. */
static void range_by_batch(struct partial *partial, const struct cpu_worker *worker,
                           struct span span) {
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
        worker->run->code.batch->test(numbers, n, bitmap);
        for (size_t i = 0; i < n; i++)
            if (bitmap[i / 64] >> i % 64 & 1)
                found_in_range(partial, worker, numbers[i]);
    }
}

static void range_one_by_one(struct partial *partial, const struct cpu_worker *worker,
                             struct span span) {
    const struct job *job = worker->run->job;
    if (job->question == QUESTION_LIST) {
        partial->n_words = (size_t)(span.hi / WHEEL_WORD - partial->first_word) + 1;
        memset(worker->words, 0, partial->n_words * sizeof *worker->words);
    }
    if (job->method == PP_METHOD_TRIAL)
        range_by_trial(partial, worker, span);
    else
        range_by_batch(partial, worker, span);
}

pp_status cpu_run_unit(struct cpu_worker *worker, uint64_t unit, struct sink *sink) {
    const struct job *job = worker->run->job;
    struct span span = job_span(job, unit);
    struct partial partial = {.words = worker->words,
                              .has_digest = true,
                              .worker = worker->number,
                              .begin = sink->traced ? clock_seconds() : 0};
    if (job->question == QUESTION_TEST) {
        run_test(&partial, worker, span);
    } else {
        partial.first_word = span.lo / WHEEL_WORD;
        partial.small_primes = wheel_small_primes(span.lo, span.hi);
        partial.count = (uint64_t)__builtin_popcount(partial.small_primes);
        partial.digest = digest_small(partial.small_primes);
        if (job_sieves(job))
            range_by_sieve(&partial, worker, span);
        else
            range_one_by_one(&partial, worker, span);
    }
    if (partial.n_words == 0)
        partial.words = NULL;
    return sink->put(sink, unit, &partial);
}

static pp_status run_units(const struct cpu_run *run, uint64_t first, uint64_t n,
                           struct sink *sink) {
    struct cpu_worker worker;
    pp_status status = cpu_worker_init(&worker, run, 0);
    for (uint64_t i = 0; status == PP_OK && i < n && !sink_stopped(sink); i++)
        status = cpu_run_unit(&worker, first + i, sink);
    cpu_worker_free(&worker);
    return status;
}

pp_status cpu_run_serially(struct cpu_code code, const struct job *job, uint64_t first, uint64_t n,
                           struct sink *sink, pp_result *result) {
    double begin = clock_seconds();
    result->simd = cpu_simd_of(code, job);
    struct cpu_run run;
    pp_status status = cpu_run_init(&run, code, job);
    if (status == PP_OK)
        status = run.by_windows ? windows_run_serially(&run, first, n, sink)
                                : run_units(&run, first, n, sink);
    cpu_run_free(&run);
    result->threads = 1;
    result->phases.compute += clock_seconds() - begin;
    return status;
}
