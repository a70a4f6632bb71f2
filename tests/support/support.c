#include "support/support.h"

bool test_all(void) {
    const char *wish = getenv("PARPRIME_TEST_ALL");
    return wish && strcmp(wish, "1") == 0;
}

uint64_t test_seed(uint64_t usual) {
    const char *wish = getenv("PARPRIME_SEED");
    uint64_t seed = wish && *wish ? strtoull(wish, NULL, 0) : usual;
    printf("seed: PARPRIME_SEED=%llu\n", ULL(seed));
    return seed ? seed : 1;
}

uint64_t random_u64(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

uint64_t random_below(uint64_t *state, uint64_t bound) {
    return (random_u64(state) >> 1) % bound;
}

uint64_t random_sized(uint64_t *state, unsigned bits) {
    unsigned drop = 64 - bits + (unsigned)random_below(state, bits);
    return random_u64(state) >> drop;
}

uint8_t *naive_sieve(uint32_t limit) {
    uint8_t *prime = malloc((size_t)limit + 1);
    assert_non_null(prime);
    memset(prime, 1, (size_t)limit + 1);
    for (uint32_t n = 0; n <= limit && n < 2; n++)
        prime[n] = 0;
    for (uint64_t p = 2; p * p <= limit; p++)
        for (uint64_t m = p * p; prime[p] && m <= limit; m += p)
            prime[m] = 0;
    return prime;
}

uint64_t naive_mul(uint64_t a, uint64_t b, uint64_t n) {
    return (uint64_t)((unsigned __int128)a * b % n);
}

uint64_t naive_pow(uint64_t a, uint64_t e, uint64_t n) {
    uint64_t power = 1 % n;
    for (a %= n; e; e >>= 1) {
        if (e & 1)
            power = naive_mul(power, a, n);
        a = naive_mul(a, a, n);
    }
    return power;
}

bool naive_strong(uint64_t n, uint64_t a) {
    uint64_t odd = n - 1;
    unsigned twos = 0;
    for (; odd % 2 == 0; odd /= 2)
        twos++;
    uint64_t power = naive_pow(a, odd, n);
    if (power == 1)
        return true;
    for (; twos; twos--) {
        if (power == n - 1)
            return true;
        power = naive_mul(power, power, n);
    }
    return false;
}

bool naive_is_prime(uint64_t n) {
    static const uint64_t bases[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};
    for (size_t i = 0; i < COUNT_OF(bases); i++)
        if (n % bases[i] == 0)
            return n == bases[i];
    if (n < 2)
        return false;
    for (size_t i = 0; i < COUNT_OF(bases); i++)
        if (!naive_strong(n, bases[i]))
            return false;
    return true;
}

uint64_t naive_next_prime(uint64_t n) {
    do
        n++;
    while (!naive_is_prime(n));
    return n;
}

uint64_t naive_previous_prime(uint64_t n) {
    do
        n--;
    while (!naive_is_prime(n));
    return n;
}

pp_session *open_session(const char *backend, unsigned threads, pp_method method,
                         uint64_t unit_size) {
    pp_session_options options = PP_SESSION_OPTIONS_INIT;
    options.backend = backend;
    options.threads = threads;
    options.method = method;
    options.unit_size = unit_size;
    pp_session *session = NULL;
    pp_error error = {PP_OK, 0, ""};
    if (pp_session_open(&options, &session, &error) != PP_OK)
        fail_msg("open %s, %u threads: %s", backend ? backend : "auto", threads, error.message);
    return session;
}

bool backend_usable(const char *backend) {
    pp_device devices[64];
    size_t n = 0;
    assert_int_equal(pp_devices(devices, COUNT_OF(devices), &n), PP_OK);
    for (size_t i = 0; i < n && i < COUNT_OF(devices); i++)
        if (strcmp(devices[i].backend, backend) == 0 && devices[i].usable)
            return true;
    return false;
}
