#include "engine/session.h"

#include <stdlib.h>
#include <string.h>

struct pp_iterator {
    pp_session *session;
    uint64_t next, hi; /* the window to come: [next, …], when `more` */
    bool more;
    uint64_t window; /* numbers in it */
    pp_buffer primes;
    size_t position;
};

/* Windows grow, so that a short walk costs little and a long one sieves efficiently. */
static const uint64_t FIRST_WINDOW = 1 << 14, LAST_WINDOW = 1 << 25;

static pp_status keep(void *user, const void *bytes, size_t n_bytes) {
    pp_buffer *primes = user;
    char *room = pp_buffer_reserve(primes, n_bytes);
    if (!room)
        return PP_ERR_MEMORY;
    memcpy(room, bytes, n_bytes);
    primes->size += n_bytes;
    return PP_OK;
}

pp_status pp_iterator_open(pp_session *session, uint64_t lo, uint64_t hi, pp_iterator **out) {
    if (!session || !out || lo > hi)
        return PP_ERR_USAGE;
    *out = calloc(1, sizeof **out);
    if (!*out)
        return PP_ERR_MEMORY;
    **out = (pp_iterator){
        .session = session, .next = lo, .hi = hi, .more = true, .window = FIRST_WINDOW};
    return PP_OK;
}

pp_status pp_iterator_next(pp_iterator *iterator, uint64_t *prime) {
    while (iterator->position == iterator->primes.size) {
        if (!iterator->more)
            return PP_END;
        uint64_t lo = iterator->next, left = iterator->hi - lo;
        uint64_t hi = left < iterator->window ? iterator->hi : lo + iterator->window - 1;
        pp_list_callback callback = {.user = &iterator->primes, .emit = keep};
        iterator->primes.size = iterator->position = 0;
        pp_status status = pp_list(iterator->session, lo, hi, &callback);
        if (status != PP_OK) {
            iterator->primes.size = 0; /* a later call tries the same window again */
            return status;
        }
        iterator->more = hi < iterator->hi;
        iterator->next = hi + 1;
        if (iterator->window < LAST_WINDOW)
            iterator->window *= 2;
    }
    memcpy(prime, iterator->primes.data + iterator->position, sizeof *prime);
    iterator->position += sizeof *prime;
    return PP_OK;
}

void pp_iterator_close(pp_iterator *iterator) {
    if (!iterator)
        return;
    free(iterator->primes.data);
    free(iterator);
}
