/* Which worker did which unit when, in one run: for pictures. */
#ifndef PARPRIME_MEASURE_TIMELINE_H
#define PARPRIME_MEASURE_TIMELINE_H

#include <parprime.h>
#include <pthread.h>

enum {
    TIMELINE_SHOWN = 2000, /* spans that a finished timeline has, at most */
    TIMELINE_KEPT = 1 << 15
};

/* Units of one worker that follow each other. */
struct timeline_span {
    unsigned worker;
    double begin, end;
};

struct timeline {
    pthread_mutex_t lock;
    size_t n;
    struct timeline_span *spans;
    double merged; /* gaps up to this many seconds between units were closed */
    double seconds;
};

/* PP_ERR_MEMORY, or an empty timeline, which is to be freed. */
pp_status timeline_init(struct timeline *timeline);

/* A pp_unit_fn, with a timeline as its user. */
void timeline_unit(void *timeline, const pp_unit *unit);

/*
 * Sorts by worker and time; neighbours are merged where they overlap, and where more than
 * TIMELINE_SHOWN are left also over gaps, the shorter ones first.
 */
void timeline_finish(struct timeline *timeline, double seconds);
void timeline_free(struct timeline *timeline);

#endif
