#include "measure/break_even.h"

#include <math.h>

enum winner winner_at(const struct size_point *point) {
    struct ratio ratio = ratio_of(&point->cpu, &point->device);
    if (ratio.has_interval && !ratio.distinguishable)
        return WINNER_NEITHER;
    return ratio.value > 1 ? WINNER_DEVICE : ratio.value < 1 ? WINNER_CPU : WINNER_NEITHER;
}

struct break_even break_even_of(const struct size_point *points, size_t n) {
    size_t first_device = n, last_not = n, last_cpu = n; /* indices, n for none */
    for (size_t i = 0; i < n; i++) {
        enum winner winner = winner_at(&points[i]);
        if (winner == WINNER_DEVICE && first_device == n)
            first_device = i;
        if (winner != WINNER_DEVICE)
            last_not = i;
        if (winner == WINNER_CPU)
            last_cpu = i;
    }
    struct break_even found = {.outcome = BREAK_EVEN_MIXED};
    if (first_device == n)
        found.outcome = BREAK_EVEN_NEVER;
    else if (last_not == n)
        found.outcome = BREAK_EVEN_ALWAYS;
    else if (last_not < first_device) {
        found.outcome = BREAK_EVEN_CROSSING;
        found.cpu_wins_at = last_cpu < n ? points[last_cpu].size : 0;
        found.device_wins_at = points[first_device].size;
    }
    return found;
}

/* The geometric mean, 0 where the larger is at most twice the smaller. */
static uint64_t between(uint64_t below, uint64_t above) {
    if (above - below <= below)
        return 0;
    uint64_t middle = (uint64_t)sqrt((double)below * (double)above);
    return middle > below && middle < above ? middle : 0;
}

uint64_t break_even_next(const struct size_point *points, size_t n) {
    struct break_even found = break_even_of(points, n);
    if (found.outcome != BREAK_EVEN_CROSSING)
        return 0;
    size_t first_device = 0;
    while (points[first_device].size < found.device_wins_at)
        first_device++;
    /* A crossing has a point below. First the device's side of what may be a stretch of ties. */
    uint64_t next = between(points[first_device - 1].size, found.device_wins_at);
    for (size_t i = 0; next == 0 && i < first_device; i++)
        if (points[i].size == found.cpu_wins_at)
            next = between(found.cpu_wins_at, points[i + 1].size);
    return next;
}
