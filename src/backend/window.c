#include "backend/window.h"

#include "math/trial.h"
#include "math/wheel.h"
#include "work/digest.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    REGION_SHIFT = 15,         /* 256 KiB: what a thread crosses off in at a time */
    GATHERED_BYTES = 16 << 20, /* of hits, a thread: they stay in an L2 cache */
    GATHERED_LEAST = 256,      /* hits of a region */
    PIECE_WORDS = (256 << 10) / 8,
    PIECE_LEAST_WORDS = (32 << 10) / 8,
    SHARES = 8, /* pieces and groups a thread, so that all end together */
    HUGE_PAGE = 2 << 20
};

static uint64_t smaller(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

/* Memory that is visited at random: with small pages, most visits would miss the TLB too. */
static void *allocate_large(size_t size) {
    if (size < HUGE_PAGE)
        return cpu_allocate(size);
    size_t whole = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    void *memory = aligned_alloc(HUGE_PAGE, whole);
    if (memory)
        madvise(memory, whole, MADV_HUGEPAGE); /* and if not, slower */
    return memory;
}

/* Units of the span that fit a window: those before `end`. */
static uint64_t window_end(const struct window *window, uint64_t unit, uint64_t end) {
    const struct job *job = window->run->job;
    uint64_t most = window->capacity / 8, per_unit = job->unit_size / WHEEL_WORD;
    return end - unit <= most / per_unit ? end : unit + larger(most / per_unit, 1);
}

pp_status window_init(struct window *window, const struct cpu_run *run, uint64_t first, uint64_t n,
                      unsigned threads) {
    *window = (struct window){.run = run, .threads = threads, .unit = first, .end_unit = first + n};
    if (n == 0)
        return PP_OK;
    const struct job *job = run->job;
    uint64_t lo = job_span(job, first).lo / WHEEL_WORD,
             hi = job_span(job, first + n - 1).hi / WHEEL_WORD;
    uint64_t least = job->unit_size / WHEEL_WORD * 8; /* a unit is never split */
    window->capacity = (size_t)smaller(larger(run->window_bytes, least), (hi - lo + 1) * 8);
    window->n_regions = (window->capacity >> REGION_SHIFT) + 1;
    pthread_mutex_t *locks = malloc(window->n_regions * sizeof *locks);
    window->bytes = allocate_large(window->capacity);
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
    window->first_unit = window->unit;
    window->unit = window_end(window, window->unit, window->end_unit);
    window->n_units = window->unit - window->first_unit;
    uint64_t last = job_span(job, window->unit - 1).hi;
    window->first_word = job_span(job, window->first_unit).lo / WHEEL_WORD;
    window->n_words = (size_t)(last / WHEEL_WORD - window->first_word) + 1;

    uint64_t share = window->n_words / (SHARES * (uint64_t)window->threads) + 1,
             segment = window->run->segment_words;
    window->group_words = share < segment ? share : share / segment * segment;
    window->n_groups = (window->n_words + window->group_words - 1) / window->group_words;

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

pp_status window_worker_init(struct window_worker *worker, struct window *window) {
    *worker = (struct window_worker){.window = window};
    const struct sieve_base *base = window->run->job->base;
    worker->most_hits = larger(GATHERED_BYTES / 4 / window->n_regions, GATHERED_LEAST);
    worker->hits = allocate_large(window->n_regions * worker->most_hits * sizeof *worker->hits);
    worker->n_hits = calloc(window->n_regions, sizeof *worker->n_hits);
    uint32_t root = isqrt64(isqrt64(window->run->job->hi)); /* of the largest base prime */
    worker->base_memory = cpu_allocate(walk_size(base, root, PIECE_WORDS));
    pp_status status = cpu_worker_init(&worker->small, window->run);
    if (status != PP_OK || !worker->hits || !worker->n_hits || !worker->base_memory) {
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
    free(worker->n_hits);
    free(worker->base_memory);
    *worker = (struct window_worker){.window = worker->window};
}

void window_sieve(struct window_worker *worker, uint64_t group) {
    const struct window *window = worker->window;
    uint64_t from = group * window->group_words,
             to = smaller(from + window->group_words, window->n_words);
    while (from < to) {
        size_t n = (size_t)smaller(to - from, window->run->segment_words);
        const uint64_t *words = walk_segment(&worker->small.walk, window->first_word + from, n);
        memcpy(window->bytes + from * 8, words, n * 8);
        from += n;
    }
}

static void flush_region(struct window_worker *worker, size_t region) {
    struct window *window = worker->window;
    const uint32_t *hits = worker->hits + region * worker->most_hits;
    uint32_t n = worker->n_hits[region];
    uint8_t *bytes = window->bytes;
    pthread_mutex_lock(&window->locks[region]);
    for (uint32_t i = 0; i < n; i++)
        bytes[hits[i] & (HIT_MOST_BYTES - 1)] &= (uint8_t) ~(1u << (hits[i] >> HIT_BITS));
    pthread_mutex_unlock(&window->locks[region]);
    worker->n_hits[region] = 0;
}

static void take_hits(void *user, const uint32_t *hits, size_t n) {
    struct window_worker *worker = user;
    const size_t most = worker->most_hits;
    uint32_t *restrict n_hits = worker->n_hits;
    for (size_t i = 0; i < n; i++) {
        size_t region = (hits[i] & (HIT_MOST_BYTES - 1)) >> REGION_SHIFT;
        uint32_t place = n_hits[region]++;
        worker->hits[region * most + place] = hits[i];
        if (place + 1 == most)
            flush_region(worker, region);
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
    for (size_t region = 0; region < worker->window->n_regions; region++)
        if (worker->n_hits[region])
            flush_region(worker, region);
}

pp_status window_put(struct window_worker *worker, uint64_t unit, struct sink *sink) {
    const struct window *window = worker->window;
    const struct job *job = window->run->job;
    unit += window->first_unit;
    struct span span = job_span(job, unit);
    struct partial partial = {.has_digest = true,
                              .first_word = span.lo / WHEEL_WORD,
                              .small_primes = wheel_small_primes(span.lo, span.hi)};
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
        status = window_worker_init(&worker, &window);
    for (; status == PP_OK;) {
        window_next(&window, sink);
        if (window.n_units == 0)
            break;
        for (uint64_t i = 0; i < window.n_groups && !sink_stopped(sink); i++)
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
