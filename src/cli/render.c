#include "cli/render.h"

#include "cli/decimal.h"

#include <endian.h>
#include <string.h>

/* What comes before and after each prime. */
struct shape {
    const char *before;
    unsigned char after;
    size_t head_width; /* of the store that writes what comes before and up to 16 digits */
};
static const struct shape LINES = {"", '\n', 16};
static const struct shape JSON_ELEMENTS = {",\n    \"", '"', 32};

/*
 * Primes that differ in their last four digits only have all before those in common: a head, which
 * is made once for all of them (480 around 10^9). A line is then two stores of a fixed width, the
 * head's and one with the last digits from a table, each written over where the line ends earlier.
 */
enum {
    MOST_DIGITS = 20,
    LOW = 10000,
    LOW_DIGITS = 4,
    HEAD_MOST = 32,
    TAIL = 8, /* bytes stored for the last digits, and what comes after them */
    LINE_MOST = HEAD_MOST + TAIL
};

/* 0000 to 9999. */
#define ONE(a, b, c, d)                                                                            \
    { a, b, c, d }
#define TEN(a, b, c)                                                                               \
    ONE(a, b, c, '0'), ONE(a, b, c, '1'), ONE(a, b, c, '2'), ONE(a, b, c, '3'), ONE(a, b, c, '4'), \
        ONE(a, b, c, '5'), ONE(a, b, c, '6'), ONE(a, b, c, '7'), ONE(a, b, c, '8'),                \
        ONE(a, b, c, '9')
#define HUNDRED(a, b)                                                                              \
    TEN(a, b, '0'), TEN(a, b, '1'), TEN(a, b, '2'), TEN(a, b, '3'), TEN(a, b, '4'),                \
        TEN(a, b, '5'), TEN(a, b, '6'), TEN(a, b, '7'), TEN(a, b, '8'), TEN(a, b, '9')
#define THOUSAND(a)                                                                                \
    HUNDRED(a, '0'), HUNDRED(a, '1'), HUNDRED(a, '2'), HUNDRED(a, '3'), HUNDRED(a, '4'),           \
        HUNDRED(a, '5'), HUNDRED(a, '6'), HUNDRED(a, '7'), HUNDRED(a, '8'), HUNDRED(a, '9')
static const char four_digits[LOW][LOW_DIGITS] = {
    THOUSAND('0'), THOUSAND('1'), THOUSAND('2'), THOUSAND('3'), THOUSAND('4'),
    THOUSAND('5'), THOUSAND('6'), THOUSAND('7'), THOUSAND('8'), THOUSAND('9')};

/* For each shape a copy of its own, in which all widths but a head's length are constants. */
static inline __attribute__((always_inline)) pp_status
render_shape(struct shape shape, const uint64_t *primes, size_t n, pp_buffer *out) {
    size_t before = strlen(shape.before);
    char *begin = pp_buffer_reserve(out, n * (before + MOST_DIGITS + 1) + LINE_MOST), *to = begin;
    if (!to)
        return PP_ERR_MEMORY;
    char head[HEAD_MOST] = "";
    memcpy(head, shape.before, before);
    size_t i = 0;
    for (; i < n && primes[i] < LOW; i++) { /* without leading zeros */
        memcpy(to, head, shape.head_width);
        to = write_decimal(to + before, primes[i]);
        *to++ = (char)shape.after;
    }
    while (i < n) {
        uint64_t high = primes[i] / LOW, first = high * LOW;
        size_t length = (size_t)(write_decimal(head + before, high) - head);
        /* By subtraction, since the block of the highest numbers ends beyond 2^64. */
        for (; i < n && primes[i] - first < LOW; i++) {
            uint32_t digits;
            memcpy(&digits, four_digits[primes[i] - first], LOW_DIGITS);
            memcpy(to, head, shape.head_width);
            uint64_t tail = htole64(le32toh(digits) | (uint64_t)shape.after << 32);
            memcpy(to + length, &tail, TAIL);
            to += length + LOW_DIGITS + 1;
        }
    }
    out->size += (size_t)(to - begin);
    return PP_OK;
}

pp_status render_lines(void *user, const uint64_t *primes, size_t n, pp_buffer *out) {
    (void)user;
    return render_shape(LINES, primes, n, out);
}

pp_status render_json(void *user, const uint64_t *primes, size_t n, pp_buffer *out) {
    (void)user;
    return render_shape(JSON_ELEMENTS, primes, n, out);
}

pp_status render_u64(void *user, const uint64_t *primes, size_t n, pp_buffer *out) {
    (void)user;
    char *to = pp_buffer_reserve(out, n * sizeof *primes);
    if (!to)
        return PP_ERR_MEMORY;
    for (size_t i = 0; i < n; i++) {
        uint64_t little = htole64(primes[i]);
        memcpy(to + i * sizeof little, &little, sizeof little);
    }
    out->size += n * sizeof *primes;
    return PP_OK;
}
