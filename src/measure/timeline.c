#include "measure/timeline.h"

#include <stdlib.h>

pp_status timeline_init(struct timeline *timeline) {
    *timeline = (struct timeline){.lock = PTHREAD_MUTEX_INITIALIZER,
                                  .spans = malloc(TIMELINE_KEPT * sizeof *timeline->spans)};
    return timeline->spans ? PP_OK : PP_ERR_MEMORY;
}

static int by_worker_and_time(const void *a, const void *b) {
    const struct timeline_span *x = a, *y = b;
    if (x->worker != y->worker)
        return x->worker < y->worker ? -1 : 1;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

/* Merges neighbours of one worker with no more than `gap` seconds between them. */
static void merge(struct timeline *timeline, double gap) {
    size_t kept = 0;
    for (size_t i = 1; i < timeline->n; i++) {
        struct timeline_span *last = &timeline->spans[kept], *next = &timeline->spans[i];
        if (next->worker == last->worker && next->begin - last->end <= gap) {
            if (next->end > last->end)
                last->end = next->end;
        } else {
            timeline->spans[++kept] = *next;
        }
    }
    timeline->n = timeline->n ? kept + 1 : 0;
}

/*
 * Makes do with `most` spans. Units that touch stay apart as long as there is room: they show how
 * the work was shared out. So nothing is merged at first, then what overlaps or touches, then over
 * gaps of a microsecond, of two, …
 */
static void thin(struct timeline *timeline, size_t most) {
    qsort(timeline->spans, timeline->n, sizeof *timeline->spans, by_worker_and_time);
    for (double gap = 0; timeline->n > most; gap = gap > 0 ? 2 * gap : 1e-6) {
        merge(timeline, gap);
        if (gap > timeline->merged)
            timeline->merged = gap;
    }
}

void timeline_unit(void *user, const pp_unit *unit) {
    struct timeline *timeline = user;
    pthread_mutex_lock(&timeline->lock);
    if (timeline->n == TIMELINE_KEPT)
        thin(timeline, TIMELINE_KEPT / 2);
    timeline->spans[timeline->n++] = (struct timeline_span){unit->worker, unit->begin, unit->end};
    pthread_mutex_unlock(&timeline->lock);
}

void timeline_finish(struct timeline *timeline, double seconds) {
    timeline->seconds = seconds;
    thin(timeline, TIMELINE_SHOWN);
}

void timeline_free(struct timeline *timeline) {
    free(timeline->spans);
    timeline->spans = NULL;
    timeline->n = 0;
}
