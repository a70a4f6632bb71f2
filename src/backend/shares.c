#include "backend/shares.h"

#include <stdlib.h>

bool shares_init(struct shares *shares, unsigned most_threads) {
    *shares = (struct shares){.of = calloc(most_threads, sizeof *shares->of)};
    if (shares->of)
        pthread_mutex_init(&shares->lock, NULL);
    return shares->of;
}

void shares_free(struct shares *shares) {
    if (shares->of)
        pthread_mutex_destroy(&shares->lock);
    free(shares->of);
    shares->of = NULL;
}

void shares_deal(struct shares *shares, uint64_t n, unsigned threads, uint64_t least) {
    uint64_t each = n / threads, more = n % threads, at = 0;
    shares->threads = threads;
    shares->least = least;
    for (unsigned i = 0; i < threads; i++) {
        shares->of[i].next = at;
        at += each + (i < more);
        shares->of[i].end = at;
    }
}

static uint64_t left_in(const struct share *share) {
    return share->end - share->next;
}

/* Gives the rear half of the largest share to one that is used up. */
static void divide_largest(struct shares *shares, struct share *own) {
    struct share *largest = own;
    for (unsigned i = 0; i < shares->threads; i++)
        if (left_in(&shares->of[i]) > left_in(largest))
            largest = &shares->of[i];
    if (left_in(largest) < shares->least)
        return;
    own->end = largest->end;
    largest->end -= (left_in(largest) + 1) / 2;
    own->next = largest->end;
}

bool shares_take(struct shares *shares, unsigned thread, uint64_t *item) {
    struct share *own = &shares->of[thread];
    pthread_mutex_lock(&shares->lock);
    if (left_in(own) == 0)
        divide_largest(shares, own);
    bool some = left_in(own) > 0;
    if (some)
        *item = own->next++;
    pthread_mutex_unlock(&shares->lock);
    return some;
}
