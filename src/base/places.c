#include "base/places.h"

#include "base/clock.h"

#include <sched.h>
#include <stddef.h>

static const double PATIENCE = 1e-4; /* seconds */

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
    cpu_set_t allowed;
    int cpu = sched_getcpu();
    if (threads < 2 || cpu < 0 || sched_getaffinity(0, sizeof allowed, &allowed) != 0 ||
        (unsigned)CPU_COUNT(&allowed) != threads)
        return;
    places->threads = threads;
    places->first = place_of(&allowed, (size_t)cpu);
}

/* To that CPU, and then free to go wherever this thread might before. */
static void move_to_place(const struct places *places, unsigned number) {
    cpu_set_t allowed, one;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return;
    size_t cpu = cpu_at(&allowed, (places->first + number) % places->threads);
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    if ((int)cpu != sched_getcpu() && sched_setaffinity(0, sizeof one, &one) == 0)
        sched_setaffinity(0, sizeof allowed, &allowed);
}

void places_take(struct places *places, unsigned number) {
    if (!places->threads)
        return;
    if (number > 0) {
        move_to_place(places, number);
        atomic_fetch_add(&places->taken, 1);
        return;
    }
    double begin = clock_seconds();
    while (atomic_load(&places->taken) + 1 < places->threads && clock_seconds() - begin < PATIENCE)
        sched_yield();
}
