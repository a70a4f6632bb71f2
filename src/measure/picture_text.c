#include "measure/picture_text.h"

#include <math.h>
#include <string.h>

static const struct {
    double seconds;
    const char *name;
} units[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}, {1e-9, "ns"}};
enum { N_UNITS = sizeof units / sizeof *units };

/* The largest unit of which there is one, else the smallest. */
static size_t unit_of(double seconds) {
    size_t i = 0;
    while (i + 1 < N_UNITS && seconds < units[i].seconds)
        i++;
    return i;
}

/* The least step of 1, 2 or 5 times a power of ten by which `ticks` reach `most`. */
static double step_for(double most, unsigned ticks) {
    static const double factors[] = {1, 2, 5, 10};
    double least = most / (ticks ? ticks : 1), power = pow(10, floor(log10(least)));
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++)
        if (factors[i] * power >= least * (1 - 1e-9))
            return factors[i] * power;
    return 10 * power;
}

static struct axis axis_in(double most, unsigned ticks, double unit, const char *name) {
    double step = step_for(most / unit, ticks);
    return (struct axis){unit, step, step * ceil(most / unit / step * (1 - 1e-9)), name};
}

struct axis axis_of_seconds(double most, unsigned ticks) {
    if (!(most > 0) || !isfinite(most))
        most = 1;
    size_t i = unit_of(most);
    return axis_in(most, ticks, units[i].seconds, units[i].name);
}

struct axis axis_of_ones(double most, unsigned ticks) {
    if (!(most > 0) || !isfinite(most))
        most = 1;
    return axis_in(most, ticks, 1, "");
}

/* Does a byte go on with the character before it? */
static int continues(char byte) {
    return (byte & 0xc0) == 0x80;
}

size_t text_length(const char *text) {
    size_t n = 0;
    for (; *text; text++)
        n += !continues(*text);
    return n;
}

void text_cut(char *out, size_t size, const char *text, size_t most) {
    static const char ellipsis[] = "…";
    size_t room = size - 1, kept = 0, characters = 0, bytes = strlen(text);
    if (text_length(text) <= most && bytes <= room) {
        memcpy(out, text, bytes + 1);
        return;
    }
    if (room < sizeof ellipsis - 1 || most == 0) {
        *out = '\0';
        return;
    }
    room -= sizeof ellipsis - 1;
    while (characters + 1 < most) {
        size_t next = kept + 1;
        while (continues(text[next]))
            next++;
        if (!text[kept] || next > room)
            break;
        kept = next;
        characters++;
    }
    memcpy(out, text, kept);
    memcpy(out + kept, ellipsis, sizeof ellipsis);
}
