/*
 * A backend that lies: what is linked with partials.c and --wrap=backend_named gets, for a name
 * that was given to fault_lie, the real backend with one partial of a job spoilt on its way to
 * the sink. So the fault is planted between a backend and the engine, and in no release code.
 */
#ifndef PARPRIME_FAULT_PARTIALS_H
#define PARPRIME_FAULT_PARTIALS_H

#include <stdbool.h>
#include <stdint.h>

enum fault_field {
    FAULT_COUNT,        /* a bit of the count */
    FAULT_DIGEST,       /* a bit of the digest */
    FAULT_WORD,         /* a bit of the bitmap, behind the sums' backs */
    FAULT_WORD_SUMMED,  /* a bit of the bitmap, with sums that are true of it: computed wrongly */
    FAULT_SMALL_PRIMES, /* whether 2, 3 or 5 is among them; count and digest as they were */
    FAULT_FIRST_WORD,   /* a bit of where the bitmap begins */
    FAULT_N_WORDS,      /* one word less than there are */
    N_FAULT_FIELDS
};

extern const char *const fault_field_names[N_FAULT_FIELDS];

/* NULL: nobody lies. A field that a partial does not have stays as it is. */
void fault_lie(const char *backend, uint64_t unit, enum fault_field field, unsigned bit);

/*
 * From now on all units from that one on are spoilt, until the next fault_lie, and the backend puts
 * them all: as those that are under way when the first is refused.
 */
void fault_lie_on(void);

/* Has a partial been spoilt since fault_lie? */
bool fault_lied(void);

#endif
