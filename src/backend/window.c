#include "backend/window.h"

#include "base/clock.h"
#include "base/round.h"
#include "math/trial.h"
#include "math/wheel.h"
#include "work/digest.h"

#include <stdlib.h>
#include <string.h>

/*
 * Hits are gathered by parts of the window, few enough for an L1 cache to hold the line that each
 * is written to next. When a part has its share, its hits are sorted by regions that fit an L1
 * cache, and then crossed off there, several to a line.
 */
enum {
    REGION_SHIFT = 15, /* 32 KiB */
    PART_SHIFT = 20,   /* 1 MiB */
    PART_REGIONS = 1 << (PART_SHIFT - REGION_SHIFT),
    GATHERED_BYTES = 16 << 20, /* of hits, a thread */
    PART_LEAST = 1 << 12,      /* hits of a part */
    PART_MOST = 1 << 17,
    PIECE_WORDS = (512 << 10) / 8,
    PIECE_LEAST_WORDS = (32 << 10) / 8,
    SHARES = 8, /* pieces and stretches a thread, so that all end together */
    LINE = 64
};

static uint64_t smaller(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

/*
 * A long window lets each large prime search once for more multiples; a short one stays nearer to
 * the caches, and is memory that a short job need not have from the system. The more large primes,
 * the longer: root / 16 bytes at least. `parprime count 1e16 -d8e9` on a Zen 4 with 32 MiB of L3
 * takes, by windows of 9, 17, 34, 68, 96 MiB: 2.60 2.47 2.38 2.51 2.53 s on one thread, 1.75 1.49
 * 1.34 1.32 1.35 on two; `1e18 -d8e9` 6.11 4.84 4.27 4.21 4.22 and 3.62 2.80 2.29 2.21 2.21
 * (medians of 3); `2^64-12e9 -d12e9`, by 48, 64, 96, 128 MiB: 9.88 9.83 9.07 9.05 and 5.21 4.85
 * 4.68 4.73.
 */
enum { WINDOW_LEAST_BYTES = 32 << 20, WINDOW_ROOT_SHARE = 16 };

uint64_t window_usual_number(uint64_t bytes, uint64_t root) {
    uint64_t least =
        smaller(larger(root / WINDOW_ROOT_SHARE, WINDOW_LEAST_BYTES), WINDOW_MOST_BYTES);
    return larger(bytes / least, bytes / WINDOW_MOST_BYTES + (bytes % WINDOW_MOST_BYTES != 0));
}

size_t window_usual_bytes(const struct job *job) {
    uint64_t unit = larger(job->unit_size / WHEEL_BYTE, 1),
             bytes = (job->hi - job->lo) / WHEEL_BYTE + 1;
    /* All windows of a job alike, since a last one that is short costs as much searching. */
    uint64_t windows = window_usual_number(bytes, isqrt64(job->hi)),
             units = (job->n_units + windows - 1) / windows;
    return (size_t)(smaller(units, larger(WINDOW_MOST_BYTES / unit, 1)) * unit);
}

pp_status window_init(struct window *window, const struct cpu_run *run, uint64_t first, uint64_t n,
                      unsigned threads) {
    *window = (struct window){.run = run, .threads = threads, .unit = first, .end_unit = first + n};
    if (n == 0)
        return PP_OK;
    const struct job *job = run->job;
    uint64_t lo = job_span(job, first).lo / WHEEL_WORD,
             hi = job_span(job, first + n - 1).hi / WHEEL_WORD;
    uint64_t unit_bytes = job->unit_size / WHEEL_WORD * 8; /* a unit is never split */
    window->most_units = larger(run->window_bytes / unit_bytes, 1);
    window->capacity = (size_t)smaller(window->most_units * unit_bytes, (hi - lo + 1) * 8);
    window->n_parts = (window->capacity >> PART_SHIFT) + 1;
    window->n_regions = window->n_parts * PART_REGIONS;
    pthread_mutex_t *locks = malloc(window->n_regions * sizeof *locks);
    window->bytes = cpu_allocate(window->capacity);
    if (!locks || !window->bytes) {
        free(locks);
        return PP_ERR_MEMORY;
    }
    for (size_t i = 0; i < window->n_regions; i++)
        pthread_mutex_init(&locks[i], NULL);
    window->locks = locks;
    return PP_OK;
}

void window_free(struct window *window) {
    for (size_t i = 0; window->locks && i < window->n_regions; i++)
        pthread_mutex_destroy(&window->locks[i]);
    free(window->locks);
    free(window->bytes);
    *window = (struct window){.run = NULL};
}

void window_next(struct window *window, struct sink *sink) {
    const struct job *job = window->run->job;
    window->n_units = 0;
    if (window->unit == window->end_unit || sink_stopped(sink))
        return;
    window->begun = sink->traced ? clock_seconds() : 0;
    window->first_unit = window->unit;
    window->n_units = smaller(window->end_unit - window->unit, window->most_units);
    window->unit += window->n_units;
    uint64_t last = job_span(job, window->unit - 1).hi;
    window->first_word = job_span(job, window->first_unit).lo / WHEEL_WORD;
    window->n_words = (size_t)(last / WHEEL_WORD - window->first_word) + 1;

    uint64_t share = window->n_words / (SHARES * (uint64_t)window->threads) + 1,
             segment = window->run->segment_words;
    window->stretch_words = smaller(share, segment);
    window->n_stretches = (window->n_words + window->stretch_words - 1) / window->stretch_words;

    window->root = isqrt64(last);
    window->n_pieces = 0;
    if (window->root <= window->run->reach)
        return;
    window->first_base_word = window->run->reach / WHEEL_WORD;
    uint64_t base_words = window->root / WHEEL_WORD - window->first_base_word + 1;
    share = base_words / (SHARES * (uint64_t)window->threads) + 1;
    window->piece_words = larger(smaller(share, PIECE_WORDS), PIECE_LEAST_WORDS);
    window->n_pieces = (base_words + window->piece_words - 1) / window->piece_words;
}

/*
 * Up to which primes the large ones are sieved. A composite that is left among them does no harm,
 * since its multiples are composite too; by 2^16 an eighth fewer would be searched for, which is
 * less than that half of the sieve's work costs (1.65 s instead of 1.48, the least of 7 runs of
 * `parprime count 2^64-1e9-1 2^64-1 -t 1` on a busy Zen 4; 1.65 by 2^14).
 */
enum { BASE_REACH = 1 << 15 };

static uint32_t base_reach(uint64_t largest) {
    return (uint32_t)smaller(isqrt64(isqrt64(largest)), BASE_REACH);
}

pp_status window_worker_init(struct window_worker *worker, struct window *window, unsigned number) {
    *worker = (struct window_worker){.window = window};
    const struct sieve_base *base = window->run->job->base;
    worker->most_hits =
        smaller(larger(GATHERED_BYTES / 4 / window->n_parts, PART_LEAST), PART_MOST);
    worker->hits = cpu_allocate(window->n_parts * worker->most_hits * sizeof *worker->hits);
    worker->sorted = cpu_allocate(worker->most_hits * sizeof *worker->sorted);
    worker->n_hits = calloc(window->n_parts, sizeof *worker->n_hits);
    uint32_t root = base_reach(window->run->job->hi);
    worker->base_memory = cpu_allocate(walk_size(base, root, PIECE_WORDS));
    pp_status status = cpu_worker_init(&worker->small, window->run, number);
    if (status != PP_OK || !worker->hits || !worker->sorted || !worker->n_hits ||
        !worker->base_memory) {
        window_worker_free(worker);
        return PP_ERR_MEMORY;
    }
    walk_init(&worker->base, window->run->code.sieve, &window->run->pre_sieve, base, root,
              PIECE_WORDS, worker->base_memory);
    return PP_OK;
}

void window_worker_free(struct window_worker *worker) {
    cpu_worker_free(&worker->small);
    free(worker->hits);
    free(worker->sorted);
    free(worker->n_hits);
    free(worker->base_memory);
    *worker = (struct window_worker){.window = worker->window};
}

void window_sieve(struct window_worker *worker, uint64_t stretch) {
    const struct window *window = worker->window;
    uint64_t from = stretch * window->stretch_words;
    size_t n = (size_t)smaller(window->n_words - from, window->stretch_words);
    const uint64_t *words = walk_segment(&worker->small.walk, window->first_word + from, n);
    memcpy(window->bytes + from * 8, words, n * 8);
}

static size_t hit_byte(uint32_t hit) {
    return hit & (HIT_MOST_BYTES - 1);
}

static size_t hit_region(uint32_t hit) {
    return hit_byte(hit) >> REGION_SHIFT & (PART_REGIONS - 1);
}

/* Asks for a region's lines, all of which are about to be written to. */
static void prefetch_region(const struct window *window, size_t region) {
    size_t begin = region << REGION_SHIFT,
           end = smaller(begin + (1 << REGION_SHIFT), window->capacity);
    for (size_t at = begin; at < end; at += LINE)
        __builtin_prefetch(window->bytes + at, 1);
}

static void flush_part(struct window_worker *worker, size_t part) {
    struct window *window = worker->window;
    const uint32_t *hits = worker->hits + part * worker->most_hits, n = worker->n_hits[part];
    uint32_t *sorted = worker->sorted, ends[PART_REGIONS + 1] = {0};
    for (uint32_t i = 0; i < n; i++)
        ends[hit_region(hits[i]) + 1]++;
    for (size_t region = 0; region < PART_REGIONS; region++)
        ends[region + 1] += ends[region]; /* where the region begins, until it is filled */
    for (uint32_t i = 0; i < n; i++)
        sorted[ends[hit_region(hits[i])]++] = hits[i];
    worker->n_hits[part] = 0;
    uint8_t *bytes = window->bytes;
    prefetch_region(window, part * PART_REGIONS);
    for (uint32_t region = 0, i = 0; region < PART_REGIONS; region++) {
        prefetch_region(window, part * PART_REGIONS + region + 1);
        if (i == ends[region])
            continue;
        pthread_mutex_lock(&window->locks[part * PART_REGIONS + region]);
        for (; i < ends[region]; i++)
            bytes[hit_byte(sorted[i])] &= (uint8_t) ~(1u << (sorted[i] >> HIT_BITS));
        pthread_mutex_unlock(&window->locks[part * PART_REGIONS + region]);
    }
}

static void take_hits(void *user, const uint32_t *hits, size_t n) {
    struct window_worker *worker = user;
    const size_t most = worker->most_hits;
    uint32_t *restrict n_hits = worker->n_hits, *restrict gathered = worker->hits;
    for (size_t i = 0; i < n; i++) {
        size_t part = hit_byte(hits[i]) >> PART_SHIFT;
        uint32_t place = n_hits[part]++;
        gathered[part * most + place] = hits[i];
        __builtin_prefetch(&gathered[part * most + place] + 2 * LINE / sizeof *hits, 1);
        if (place + 1 == most)
            flush_part(worker, part);
    }
}

void window_cross_large(struct window_worker *worker, uint64_t piece) {
    const struct window *window = worker->window;
    const struct cpu_run *run = window->run;
    uint64_t first_word = window->first_base_word + piece * window->piece_words,
             last_word = window->root / WHEEL_WORD;
    size_t n = (size_t)smaller(window->piece_words, last_word - first_word + 1);
    uint64_t *words = walk_segment(&worker->base, first_word, n);
    wheel_trim(words, first_word, n, (uint64_t)run->reach + 1, window->root);
    run->code.sieve->large_hits(words, first_word, n, window->first_word * 8,
                                (uint32_t)(window->n_words * 8), take_hits, worker);
}

void window_flush(struct window_worker *worker) {
    for (size_t part = 0; part < worker->window->n_parts; part++)
        if (worker->n_hits[part])
            flush_part(worker, part);
}

pp_status window_put(struct window_worker *worker, uint64_t unit, struct sink *sink) {
    const struct window *window = worker->window;
    const struct job *job = window->run->job;
    unit += window->first_unit;
    struct span span = job_span(job, unit);
    struct partial partial = {.has_digest = true,
                              .first_word = span.lo / WHEEL_WORD,
                              .small_primes = wheel_small_primes(span.lo, span.hi),
                              .worker = worker->small.number,
                              .begin = window->begun};
    uint64_t *words = (uint64_t *)(window->bytes + (partial.first_word - window->first_word) * 8);
    size_t n_words = (size_t)(span.hi / WHEEL_WORD - partial.first_word) + 1;
    wheel_trim(words, partial.first_word, n_words, span.lo, span.hi);
    partial.count = (uint64_t)__builtin_popcount(partial.small_primes);
    partial.digest = digest_small(partial.small_primes);
    window->run->code.sieve->sum(words, partial.first_word, n_words, &partial.count,
                                 &partial.digest);
    if (job->question == QUESTION_LIST) {
        partial.words = words;
        partial.n_words = n_words;
    }
    return sink->put(sink, unit, &partial);
}

pp_status windows_run_serially(const struct cpu_run *run, uint64_t first, uint64_t n,
                               struct sink *sink) {
    struct window window;
    struct window_worker worker = {.window = NULL};
    pp_status status = window_init(&window, run, first, n, 1);
    if (status == PP_OK && n)
        status = window_worker_init(&worker, &window, 0);
    for (; status == PP_OK;) {
        window_next(&window, sink);
        if (window.n_units == 0)
            break;
        for (uint64_t i = 0; i < window.n_stretches && !sink_stopped(sink); i++)
            window_sieve(&worker, i);
        for (uint64_t i = 0; i < window.n_pieces && !sink_stopped(sink); i++)
            window_cross_large(&worker, i);
        window_flush(&worker);
        for (uint64_t i = 0; status == PP_OK && i < window.n_units && !sink_stopped(sink); i++)
            status = window_put(&worker, i, sink);
    }
    if (worker.window)
        window_worker_free(&worker);
    window_free(&window);
    return status;
}
