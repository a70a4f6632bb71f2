#include "cli/progress_text.h"

#include <stdio.h>
#include <string.h>

void progress_si(char out[16], double value) {
    static const char prefixes[] = " kMGTPE";
    size_t prefix = 0;
    while (value >= 999.5 && prefixes[prefix + 1]) {
        value /= 1000;
        prefix++;
    }
    if (prefix == 0)
        snprintf(out, 16, value < 0.995 ? "%.2g" : "%.3g", value);
    else
        snprintf(out, 16, "%.*f %c",
                 value < 9.995   ? 2
                 : value < 99.95 ? 1
                                 : 0,
                 value, prefixes[prefix]);
}

void progress_duration(char out[32], double seconds) {
    static const struct {
        double size;
        const char *name, *small;
        double small_size;
    } units[] = {{86400, "d", "h", 3600}, {3600, "h", "min", 60}, {60, "min", "s", 1}};
    static const double MOST = 1000 * 365.25 * 86400;
    if (!(seconds < MOST)) {
        snprintf(out, 32, "centuries");
        return;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        /* Rounded to what is shown, so that there are never 60 seconds. */
        uint64_t small = (uint64_t)(seconds / units[i].small_size + 0.5),
                 per_unit = (uint64_t)(units[i].size / units[i].small_size);
        if (small >= per_unit) {
            snprintf(out, 32, "%llu %s %llu %s", (unsigned long long)(small / per_unit),
                     units[i].name, (unsigned long long)(small % per_unit), units[i].small);
            return;
        }
    }
    snprintf(out, 32, "%.0f s", seconds);
}

/* Columns: every character here is one wide. */
static size_t width(const char *text) {
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80; /* bytes that go on with a character */
    return n;
}

/* A bar of n columns; with unicode to an eighth of a column. */
static void draw_bar(char *out, double share, size_t n, bool unicode) {
    static const char *const eighths[] = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
    *out = '\0';
    for (size_t i = 0; i < n; i++) {
        double rest = (share * (double)n - (double)i) * 8;
        int filled = rest >= 8 ? 8 : rest <= 0 ? 0 : (int)rest;
        strcat(out, unicode ? eighths[filled] : filled == 8 ? "#" : ".");
    }
}

enum { BAR_LEAST = 10, BAR_MOST = 40 };

size_t progress_text(char *out, const struct progress_state *state, size_t columns, bool unicode) {
    const char *dot = unicode ? " · " : ", ";
    char rate[96] = "", left[96] = "", share[16] = "", number[16], bar[BAR_MOST * 3 + 4] = "";
    bool known = state->total != 0;
    if (state->rate > 0) {
        progress_si(number, state->rate);
        snprintf(rate, sizeof rate, "%s%s %.32s/s", dot, number, state->things);
    }
    uint64_t done = known && state->done > state->total ? state->total : state->done;
    char duration[32];
    if (known) {
        double of_all = (double)done / (double)state->total;
        /* Cut off, not rounded: 100% is all. */
        snprintf(share, sizeof share, "%5.1f%%", (double)(uint64_t)(of_all * 1000) / 10);
        if (state->rate > 0) {
            progress_duration(duration, (double)(state->total - done) / state->rate);
            snprintf(left, sizeof left, "%s%s left", dot, duration);
        } else {
            progress_duration(duration, state->seconds);
            snprintf(left, sizeof left, "%spreparing for %s", dot, duration);
        }
        size_t taken = width(share) + width(rate) + width(left) + 3;
        if (taken + BAR_LEAST <= columns) {
            size_t n = columns - taken;
            bar[0] = ' ';
            bar[1] = unicode ? '\0' : '[';
            bar[2] = '\0';
            n = n < BAR_MOST ? n : BAR_MOST;
            draw_bar(bar + strlen(bar), of_all, n - !unicode, unicode);
            strcat(bar, unicode ? "" : "]");
        }
    } else {
        progress_si(number, (double)done);
        progress_duration(duration, state->seconds);
        snprintf(share, sizeof share, "%s", number);
        snprintf(left, sizeof left, " %.32s%s%s", state->things, dot, duration);
    }
    /* What matters most is left when there is no room. */
    if (known)
        snprintf(out, PROGRESS_TEXT_BYTES, "%s%s%s%s", share, bar, rate, left);
    else
        snprintf(out, PROGRESS_TEXT_BYTES, "%s%s%s", share, left, rate);
    if (width(out) > columns)
        snprintf(out, PROGRESS_TEXT_BYTES, "%s%s", share, left);
    if (width(out) > columns)
        snprintf(out, PROGRESS_TEXT_BYTES, "%s", share);
    if (width(out) > columns)
        *out = '\0';
    return width(out);
}
