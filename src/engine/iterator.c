/*
 * Walking primes one by one. The range is worked window by window; a window stays a bitmap, which
 * is a thirtieth of its numbers, and is decoded a run at a time, so that what is walked lies in an
 * L1 data cache whatever the window's length.
 */
#include "engine/run.h"
#include "math/trial.h"
#include "math/wheel.h"
#include "work/partial.h"

#include <stdlib.h>
#include <string.h>

/* Takes a window's units, in any order, to where its bitmap wants them. */
struct window_consumer {
    struct consumer consumer;
    uint64_t *words, first_word;
    size_t n_words;
    bool shared; /* units may share a word */
};

struct iterator {
    pp_iterator shown; /* first, so that a pointer to it is one to this */
    pp_session *session;
    uint64_t next, hi; /* the window to come: [next, …], when `more` */
    bool more;
    uint64_t window; /* numbers in it */
    /* The present window: words from `word` on are yet to be decoded. */
    struct window_consumer bitmap;
    size_t word, capacity;
    unsigned small_primes;     /* of the window, not yet in the run; as in a partial */
    uint64_t run[PARTIAL_RUN]; /* decoded: what shown.next and shown.end point into */
};

/*
 * Windows grow, so that a short walk costs little and a long one sieves efficiently: up to
 * LAST_WINDOW numbers, whose bitmap a second-level cache nearly holds, and where base primes are
 * many to WINDOW_ROOTS times the root of the last number, as long as that is no more than
 * MOST_WINDOW, 36 MB of bitmap. `bench/ranges.py --sections walks` on a Zen 4: 10^18 + 10^9 takes
 * 0.80 s, and 1.06, 0.78 and 0.64 when windows grow by 2, 8 and 16, which a walk that stops early
 * pays for; 10^12 + 10^9 0.163 s, and 0.176 by 16 or 32 roots; [0, 10^9] 0.11 s by any LAST_WINDOW.
 */
static const uint64_t FIRST_WINDOW = 1 << 14, LAST_WINDOW = 1 << 25, MOST_WINDOW = 1 << 30;
enum { WINDOW_ROOTS = 64, GROWTH = 4 };

static uint64_t longest_window(const struct iterator *iterator) {
    uint64_t wanted = WINDOW_ROOTS * (uint64_t)isqrt64(iterator->next);
    return wanted < LAST_WINDOW ? LAST_WINDOW : wanted < MOST_WINDOW ? wanted : MOST_WINDOW;
}

static pp_status begin(struct consumer *consumer, const struct job *job, unsigned workers) {
    struct window_consumer *window = (struct window_consumer *)consumer;
    (void)workers;
    window->shared = job->align % WHEEL_WORD != 0;
    if (window->shared)
        memset(window->words, 0, window->n_words * sizeof *window->words);
    return PP_OK;
}

static pp_status keep(struct consumer *consumer, uint64_t unit, const struct partial *partial) {
    struct window_consumer *window = (struct window_consumer *)consumer;
    uint64_t *to = window->words + (partial->first_word - window->first_word);
    (void)unit;
    if (count_bits(partial->words, partial->n_words) +
            (uint64_t)__builtin_popcount(partial->small_primes) !=
        partial->count)
        return PP_ERR_DISAGREE;
    if (!window->shared)
        memcpy(to, partial->words, partial->n_words * sizeof *to);
    for (size_t i = 0; window->shared && i < partial->n_words; i++)
        __atomic_fetch_or(to + i, partial->words[i], __ATOMIC_RELAXED);
    return PP_OK;
}

pp_status pp_iterator_open(pp_session *session, uint64_t lo, uint64_t hi, pp_iterator **out) {
    if (!session || !out || lo > hi)
        return PP_ERR_USAGE;
    *out = NULL;
    struct iterator *iterator = malloc(sizeof *iterator);
    if (!iterator)
        return PP_ERR_MEMORY;
    iterator->shown.next = iterator->shown.end = iterator->run;
    iterator->session = session;
    iterator->next = lo;
    iterator->hi = hi;
    iterator->more = true;
    iterator->window = FIRST_WINDOW;
    iterator->bitmap = (struct window_consumer){.consumer = {begin, keep, NULL}};
    iterator->word = iterator->capacity = 0;
    iterator->small_primes = 0;
    *out = &iterator->shown;
    return PP_OK;
}

/* Works the next window. After a failure a later call tries the same one again. */
static pp_status fill_window(struct iterator *iterator) {
    struct window_consumer *bitmap = &iterator->bitmap;
    uint64_t lo = iterator->next, left = iterator->hi - lo;
    uint64_t hi = left < iterator->window ? iterator->hi : lo + iterator->window - 1;
    size_t n_words = (size_t)(hi / WHEEL_WORD - lo / WHEEL_WORD + 1);
    bitmap->n_words = iterator->word = 0;
    if (n_words > iterator->capacity) {
        free(bitmap->words);
        iterator->capacity = 0;
        bitmap->words = malloc(n_words * sizeof *bitmap->words);
        if (!bitmap->words)
            return engine_fail(iterator->session, PP_ERR_MEMORY, pp_strerror(PP_ERR_MEMORY));
        iterator->capacity = n_words;
    }
    bitmap->first_word = lo / WHEEL_WORD;
    bitmap->n_words = n_words;
    struct job job = {.question = QUESTION_LIST, .lo = lo, .hi = hi};
    pp_status status = engine_run(iterator->session, &job, &bitmap->consumer);
    if (status != PP_OK) {
        bitmap->n_words = 0;
        return status;
    }
    iterator->small_primes = wheel_small_primes(lo, hi);
    iterator->more = hi < iterator->hi;
    iterator->next = hi + 1;
    uint64_t longest = longest_window(iterator);
    iterator->window = iterator->window < longest / GROWTH ? GROWTH * iterator->window : longest;
    return PP_OK;
}

extern inline pp_status pp_iterator_next(pp_iterator *iterator, uint64_t *prime);

pp_status pp_iterator_fetch(pp_iterator *shown, uint64_t *prime) {
    struct iterator *iterator = (struct iterator *)shown;
    struct window_consumer *bitmap = &iterator->bitmap;
    size_t n = 0;
    while (n == 0) {
        if (iterator->word == bitmap->n_words) {
            if (!iterator->more)
                return PP_END;
            pp_status status = fill_window(iterator);
            if (status != PP_OK)
                return status;
        }
        const struct partial left = {.words = bitmap->words + iterator->word,
                                     .first_word = bitmap->first_word + iterator->word,
                                     .n_words = bitmap->n_words - iterator->word,
                                     .small_primes = iterator->small_primes};
        iterator->word += partial_decode_run(&left, iterator->session->decoder, iterator->run, &n);
        iterator->small_primes = 0;
    }
    *prime = iterator->run[0];
    shown->next = iterator->run + 1;
    shown->end = iterator->run + n;
    return PP_OK;
}

void pp_iterator_close(pp_iterator *shown) {
    struct iterator *iterator = (struct iterator *)shown;
    if (!iterator)
        return;
    free(iterator->bitmap.words);
    free(iterator);
}
