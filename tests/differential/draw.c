#include "differential/draw.h"

static uint64_t random_prime(uint64_t *random, unsigned bits) {
    return naive_next_prime(random_sized(random, bits));
}

uint64_t draw_number(uint64_t *random, uint64_t most) {
    uint64_t n, spread = random_sized(random, 10);
    switch (random_below(random, 8)) {
    case 0:
        n = random_below(random, 40);
        break;
    case 1: /* the square of a prime, or close to it */
        n = random_prime(random, 32);
        n = n * n + random_below(random, 3) - 1;
        break;
    case 2:
        n = (UINT64_C(1) << 32) + spread - 512;
        break;
    case 3:
        n = UINT64_MAX - spread;
        break;
    case 4: /* a word's border, or a block's */
        n = random_sized(random, 56) / 240 * 240 + random_below(random, 3) - 1;
        break;
    case 5:
        n = random_sized(random, 40) / 983040 * 983040 + random_below(random, 3) - 1;
        break;
    case 6: /* a power of two */
        n = (UINT64_C(1) << random_below(random, 64)) + random_below(random, 5) - 2;
        break;
    default:
        n = random_sized(random, 64);
    }
    if (n > most)
        n = random_below(random, 4) ? n % (most + 1) : most - n % (most / 1000 + 1);
    return n;
}

struct drawn_range draw_range(uint64_t *random, uint64_t most, uint64_t length) {
    uint64_t a = draw_number(random, most), size = random_below(random, length);
    if (random_below(random, 3) == 0)
        size = random_below(random, 3);
    if (random_below(random, 2)) /* the drawn number is the end as often as the beginning */
        return (struct drawn_range){a < size ? 0 : a - size, a};
    return (struct drawn_range){a, most - a < size ? most : a + size};
}

uint64_t draw_adversary(uint64_t *random) {
    for (;;) {
        unsigned bits = 3 + (unsigned)random_below(random, 29);
        uint64_t p = random_prime(random, bits), q, r = 1;
        switch (random_below(random, 5)) {
        case 0: /* two close primes */
            q = p;
            for (uint64_t i = random_below(random, 4); i; i--)
                q = naive_next_prime(q);
            break;
        case 1: /* (k+1)(2k+1) */
            q = 2 * p - 1;
            break;
        case 2: /* (k+1)(rk+1) */
            q = (p - 1) * (3 + random_below(random, 6)) + 1;
            break;
        case 3: /* Carmichael numbers (6k+1)(12k+1)(18k+1) */
            p = 6 * random_sized(random, 17) + 1;
            q = 2 * p - 1;
            r = 3 * p - 2;
            break;
        default: /* one very small factor */
            q = naive_next_prime(random_below(random, 1000));
        }
        if (p < 3 || !naive_is_prime(p) || !naive_is_prime(q) || (r > 1 && !naive_is_prime(r)))
            continue;
        if ((unsigned __int128)p * q * r <= UINT64_MAX)
            return p * q * r;
    }
}

pp_session *draw_session(uint64_t *random, const char **name) {
    static const pp_method methods[] = {PP_METHOD_MR, PP_METHOD_SIEVE, PP_METHOD_SIEVE,
                                        PP_METHOD_AUTO};
    static pp_device devices[64];
    static char text[200];
    size_t n = 0;
    assert_int_equal(pp_devices(devices, COUNT_OF(devices), &n), PP_OK);
    const pp_device *device;
    do
        device = &devices[random_below(random, n < COUNT_OF(devices) ? n : COUNT_OF(devices))];
    while (!device->usable);
    pp_method method = methods[random_below(random, COUNT_OF(methods))];
    unsigned threads = (unsigned)random_below(random, 8);
    uint64_t unit_size = random_below(random, 2) ? 0 : 1000 + random_sized(random, 18);
    pp_session_options options = {.backend = device->backend,
                                  .device = device->id,
                                  .method = method,
                                  .threads = threads,
                                  .unit_size = unit_size};
    pp_session *session = NULL;
    if (pp_session_open(&options, &session, NULL) != PP_OK) {
        options.threads = threads = 0; /* a device whose threads are not ours to choose */
        pp_error error = {PP_OK, 0, ""};
        if (pp_session_open(&options, &session, &error) != PP_OK)
            fail_msg("%s: %s", device->id, error.message);
    }
    snprintf(text, sizeof text, "%s, %s, %u threads, units of %llu", device->id,
             pp_method_name(method), threads, ULL(unit_size));
    *name = text;
    return session;
}

unsigned draw_effort(void) {
    return test_all() ? 30 : 1;
}
