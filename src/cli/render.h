/* Turning primes into text, on the workers. */
#ifndef PARPRIME_CLI_RENDER_H
#define PARPRIME_CLI_RENDER_H

#include <parprime.h>

/* For pp_list_callback.render: a decimal line each, a JSON string each, 8 little-endian bytes. */
pp_status render_lines(void *user, const uint64_t *primes, size_t n, pp_buffer *out);
pp_status render_json(void *user, const uint64_t *primes, size_t n, pp_buffer *out);
pp_status render_u64(void *user, const uint64_t *primes, size_t n, pp_buffer *out);

#endif
