#include "base/places.h"

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* How long others may take to arrive: seconds awake, then so many of the shortest sleeps. */
static const double PATIENCE = 40e-6;
enum { PATIENCE_SLEEPS = 2 };

/* The place of a CPU among those allowed; and the CPU of a place. */
static unsigned place_of(const cpu_set_t *allowed, size_t cpu) {
    unsigned place = 0;
    for (size_t i = 0; i < cpu; i++)
        place += CPU_ISSET(i, allowed) != 0;
    return place;
}

static size_t cpu_at(const cpu_set_t *allowed, unsigned place) {
    size_t cpu = 0;
    while (cpu < CPU_SETSIZE - 1 && (!CPU_ISSET(cpu, allowed) || place-- > 0))
        cpu++;
    return cpu;
}

void places_init(struct places *places, unsigned threads) {
    places->threads = 0;
    atomic_init(&places->arrived, 0);
    int cpu = sched_getcpu();
    if (threads < 2 || cpu < 0 ||
        sched_getaffinity(0, sizeof places->allowed, &places->allowed) != 0 ||
        (unsigned)CPU_COUNT(&places->allowed) != threads)
        return;
    places->threads = threads;
    places->first = place_of(&places->allowed, (size_t)cpu);
}

void places_take(const struct places *places, unsigned number) {
    if (number >= places->threads)
        return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu_at(&places->allowed, (places->first + number) % places->threads), &one);
    sched_setaffinity(0, sizeof one, &one);
}

static bool all_arrived(const struct places *places) {
    return atomic_load(&places->arrived) + 1 == places->threads;
}

void places_gather(struct places *places, unsigned number) {
    if (number >= places->threads)
        return;
    if (number > 0) {
        atomic_fetch_add(&places->arrived, 1);
        return;
    }
    /*
     * Whoever waits for this thread's CPU can only run while it sleeps: yielding is no good, since
     * Linux takes it to have had a slice each time, and then lets others go first for as long.
     */
    const struct timespec moment = {0, 1000};
    double begin = clock_seconds();
    for (int sleeps = 0; sleeps < PATIENCE_SLEEPS && !all_arrived(places);)
        if (clock_seconds() - begin > PATIENCE) {
            nanosleep(&moment, NULL);
            sleeps++;
        }
}

void places_leave(const struct places *places, unsigned number) {
    if (number < places->threads)
        sched_setaffinity(0, sizeof places->allowed, &places->allowed);
}
