#include "differential/draw.h"

#include <math.h>

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
        n = random_prime(random, most < 16 ? 2 : (64 - (unsigned)__builtin_clzll(most)) / 2);
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
    case 6: /* a power of two, or a whole number of segments of 2^k bytes */
        n = (UINT64_C(1) << random_below(random, 64)) + random_below(random, 5) - 2;
        if (random_below(random, 2)) {
            uint64_t segment = UINT64_C(30) << (10 + random_below(random, 12));
            n = random_sized(random, 64) / segment * segment + random_below(random, 5) - 2;
        }
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

/* ---- sessions ------------------------------------------------------------------------------- */

enum { N_METHODS = PP_METHOD_PI + 1, MOST_DEVICES = 64, N_LEVELS = 4 };

/* What has been drawn, so that a method which is not there any more is not passed over in silence.
 */
static unsigned drawn[MOST_DEVICES][N_METHODS][N_LEVELS];

static const pp_device *all_devices(size_t *n) {
    static pp_device devices[MOST_DEVICES];
    static size_t n_devices;
    if (!n_devices) {
        assert_int_equal(pp_devices(devices, COUNT_OF(devices), &n_devices), PP_OK);
        if (n_devices > COUNT_OF(devices))
            n_devices = COUNT_OF(devices);
    }
    *n = n_devices;
    return devices;
}

/* The levels this machine can run, after NULL, which is auto. */
static size_t all_levels(const char *levels[N_LEVELS]) {
    static char text[100];
    size_t n = 1;
    snprintf(text, sizeof text, "%s", pp_build()->simd);
    levels[0] = NULL;
    char *rest = text, *word;
    while (n < N_LEVELS && (word = strsep(&rest, " ")))
        if (*word)
            levels[n++] = word;
    return n;
}

/*
 * Seconds that a count and a list of the range take about, by slow code: enough to tell who would
 * hold up the tests. Only where a method is hopeless does it matter.
 */
static double seconds_of(pp_method method, struct drawn_range range, uint64_t unit_size) {
    double n = (double)(range.hi - range.lo) + 1, hi = (double)range.hi + 2, root = sqrt(hi);
    double units = unit_size ? n / (double)unit_size + 1 : 1;
    switch (method) {
    case PP_METHOD_TRIAL:
        return n * (20e-9 + 2e-9 * root / log(hi)) + 1e-6 * units;
    case PP_METHOD_MR:
        return 100e-9 * n + 1e-6 * units;
    case PP_METHOD_SIEVE: /* every unit sets up every base prime */
        return 3e-9 * root + 3e-9 * n + units * (10e-6 + 20e-9 * root / log(hi));
    case PP_METHOD_HYBRID:
        return 20e-9 * n + units * 100e-6;
    case PP_METHOD_PI:
        return 10e-9 * pow(hi, 2.0 / 3);
    default:
        return fmin(seconds_of(PP_METHOD_MR, range, unit_size),
                    seconds_of(PP_METHOD_SIEVE, range, unit_size));
    }
}

/* pi finds out at its first count whether its library is here. */
static pp_status try_open(const pp_session_options *options, pp_session **session,
                          pp_error *error) {
    pp_status status = pp_session_open(options, session, error);
    if (status == PP_OK && options->method == PP_METHOD_PI)
        status = pp_count(*session, 0, 10, NULL);
    if (status != PP_OK) {
        pp_session_close(*session);
        *session = NULL;
    }
    return status;
}

static pp_session *open_drawn(uint64_t *random, const pp_method *methods, size_t n_methods,
                              const struct drawn_range *range, const char **name) {
    static char text[200];
    const char *levels[N_LEVELS];
    size_t n, n_levels = all_levels(levels);
    const pp_device *devices = all_devices(&n);
    /* Three times what the best can do, or so little that it does not matter. */
    double most = range ? fmax(0.1, 3 * seconds_of(PP_METHOD_AUTO, *range, 0)) : 0;
    for (;;) {
        size_t d = random_below(random, n), level = random_below(random, n_levels);
        pp_method method = methods[random_below(random, n_methods)];
        uint64_t unit_size = random_below(random, 2) ? 0 : 1000 + random_sized(random, 18);
        if (range && random_below(random, 4) == 0) /* a few units, of any size */
            unit_size = 1 + (range->hi - range->lo) / (1 + random_below(random, 40));
        unsigned threads = (unsigned)random_below(random, 8);
        bool opencl = strcmp(devices[d].backend, "opencl") == 0;
        /* Kernels for another type of device are right here too, but slow. */
        bool other = opencl && random_below(random, 8) == 0;
        if (!devices[d].usable || (opencl && level))
            continue;
        if (other && (!range || range->hi - range->lo > 20000))
            continue;
        if (range && seconds_of(method, *range, unit_size) > most)
            continue;
        pp_session_options options = {.backend = devices[d].backend,
                                      .device = devices[d].id,
                                      .method = method,
                                      .simd = levels[level],
                                      .kernels = other ? "gpu" : NULL,
                                      .threads = threads,
                                      .unit_size = unit_size};
        pp_session *session = NULL;
        pp_error error = {PP_OK, 0, ""};
        pp_status status = try_open(&options, &session, &error);
        if (status == PP_ERR_USAGE) { /* a device whose threads are not ours to choose */
            options.threads = threads = 0;
            status = try_open(&options, &session, &error);
        }
        if (status == PP_ERR_UNAVAILABLE && method != PP_METHOD_AUTO)
            continue; /* draw_everything says whether that can be */
        if (status != PP_OK)
            fail_msg("%s: %s", devices[d].id, error.message);
        snprintf(text, sizeof text, "%s, %s, simd %s, %s%u threads, units of %llu", devices[d].id,
                 pp_method_name(method), levels[level] ? levels[level] : "auto",
                 other ? "kernels gpu, " : "", threads, ULL(unit_size));
        drawn[d][method][level]++;
        *name = text;
        return session;
    }
}

pp_session *draw_session(uint64_t *random, const char **name) {
    static const pp_method methods[] = {PP_METHOD_MR, PP_METHOD_SIEVE, PP_METHOD_SIEVE,
                                        PP_METHOD_HYBRID, PP_METHOD_AUTO};
    return open_drawn(random, methods, COUNT_OF(methods), NULL, name);
}

pp_session *draw_session_for(uint64_t *random, struct drawn_range range, const char **name) {
    static const pp_method methods[] = {PP_METHOD_MR,     PP_METHOD_SIEVE, PP_METHOD_SIEVE,
                                        PP_METHOD_HYBRID, PP_METHOD_AUTO,  PP_METHOD_TRIAL,
                                        PP_METHOD_PI};
    return open_drawn(random, methods, COUNT_OF(methods), &range, name);
}

void draw_everything(void) {
    const char *levels[N_LEVELS];
    size_t n, n_levels = all_levels(levels);
    const pp_device *devices = all_devices(&n);
    for (size_t d = 0; d < n; d++)
        for (pp_method method = PP_METHOD_AUTO; method <= PP_METHOD_PI && devices[d].usable;
             method++) {
            pp_session_options options = {
                .backend = devices[d].backend, .device = devices[d].id, .method = method};
            pp_session *session = NULL;
            pp_error error;
            pp_status status = try_open(&options, &session, &error);
            pp_session_close(session);
            printf("%-11s %-7s", devices[d].id, pp_method_name(method));
            if (status == PP_ERR_UNAVAILABLE) {
                printf(" not in this build\n");
                /* Every device has these, in every build. */
                assert_true(method != PP_METHOD_AUTO && method != PP_METHOD_MR &&
                            method != PP_METHOD_SIEVE && method != PP_METHOD_TRIAL);
                continue;
            }
            assert_int_equal(status, PP_OK);
            for (size_t level = 0; level < n_levels; level++) {
                bool opencl = strcmp(devices[d].backend, "opencl") == 0;
                printf(" %s %u", levels[level] ? levels[level] : "auto", drawn[d][method][level]);
                if (!drawn[d][method][level] && !(opencl && level))
                    fail_msg("%s, %s, simd %s was never drawn", devices[d].id,
                             pp_method_name(method), levels[level] ? levels[level] : "auto");
            }
            printf("\n");
        }
}

unsigned draw_effort(void) {
    return test_all() ? 30 : 1;
}
