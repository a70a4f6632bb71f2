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

struct iterator {
    pp_iterator shown; /* first, so that a pointer to it is one to this */
    pp_session *session;
    uint64_t next, hi; /* the window to come: [next, …], when `more` */
    bool more;
    uint64_t window; /* numbers in it */
    uint64_t *words; /* the present window's bitmap, */
    size_t capacity;
    struct partial left;       /* and what of it is yet to be decoded */
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
    iterator->words = NULL;
    iterator->capacity = 0;
    iterator->left = (struct partial){.n_words = 0};
    *out = &iterator->shown;
    return PP_OK;
}

/* Works the next window. After a failure a later call tries the same one again. */
static pp_status fill_window(struct iterator *iterator) {
    uint64_t lo = iterator->next, left = iterator->hi - lo;
    uint64_t hi = left < iterator->window ? iterator->hi : lo + iterator->window - 1;
    uint64_t first_word = lo / WHEEL_WORD;
    size_t n_words = (size_t)(hi / WHEEL_WORD - first_word + 1);
    if (n_words > iterator->capacity) {
        free(iterator->words);
        iterator->capacity = 0;
        iterator->words = malloc(n_words * sizeof *iterator->words);
        if (!iterator->words)
            return engine_fail(iterator->session, PP_ERR_MEMORY, pp_strerror(PP_ERR_MEMORY));
        iterator->capacity = n_words;
    }
    struct bitmap_consumer bitmap = bitmap_consumer(iterator->words, first_word, n_words);
    struct job job = {.question = QUESTION_LIST, .lo = lo, .hi = hi};
    pp_status status = engine_run(iterator->session, &job, &bitmap.consumer);
    if (status != PP_OK)
        return status;
    iterator->left = (struct partial){.words = iterator->words,
                                      .first_word = first_word,
                                      .n_words = n_words,
                                      .small_primes = wheel_small_primes(lo, hi)};
    iterator->more = hi < iterator->hi;
    iterator->next = hi + 1;
    uint64_t longest = longest_window(iterator);
    iterator->window = iterator->window < longest / GROWTH ? GROWTH * iterator->window : longest;
    return PP_OK;
}

extern inline pp_status pp_iterator_next(pp_iterator *iterator, uint64_t *prime);

pp_status pp_iterator_fetch(pp_iterator *shown, uint64_t *prime) {
    struct iterator *iterator = (struct iterator *)shown;
    size_t n = 0;
    while (n == 0) {
        if (iterator->left.n_words == 0) {
            if (!iterator->more)
                return PP_END;
            pp_status status = fill_window(iterator);
            if (status != PP_OK)
                return status;
        }
        n = partial_take_run(&iterator->left, iterator->session->decoder, iterator->run);
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
    free(iterator->words);
    free(iterator);
}
