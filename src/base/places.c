#include "base/places.h"

#include <stdbool.h>
#include <stddef.h>

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
    *places = (struct places){.threads = 0};
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

void places_leave(const struct places *places, unsigned number) {
    if (number < places->threads)
        sched_setaffinity(0, sizeof places->allowed, &places->allowed);
}
