#include "cli/render.h"

#include "cli/output.h"

#include <endian.h>
#include <string.h>

/* What comes before and after each prime. */
struct shape {
    const char *before, *after;
};
static const struct shape LINES = {"", "\n"};
static const struct shape JSON_ELEMENTS = {",\n    \"", "\""};

enum { MOST_DIGITS = 20 };

static pp_status render_shape(struct shape shape, const uint64_t *primes, size_t n,
                              pp_buffer *out) {
    size_t before = strlen(shape.before), after = strlen(shape.after);
    char *begin = pp_buffer_reserve(out, n * (before + MOST_DIGITS + after)), *to = begin;
    if (!to)
        return PP_ERR_MEMORY;
    for (size_t i = 0; i < n; i++) {
        memcpy(to, shape.before, before);
        to = write_decimal(to + before, primes[i]);
        memcpy(to, shape.after, after);
        to += after;
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
