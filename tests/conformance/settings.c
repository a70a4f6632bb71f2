#include "conformance/settings.h"

#include "work/digest.h"

static const pp_method methods[] = {PP_METHOD_TRIAL, PP_METHOD_MR, PP_METHOD_SIEVE,
                                    PP_METHOD_HYBRID};
static const char *const kernel_kinds[] = {"cpu", "gpu"};
static const unsigned thread_counts[] = {1, 2, 3, 7};

enum { MOST = 512 };

static pp_status try_open(const struct setting *setting, uint64_t unit_size, pp_session **session,
                          pp_error *error) {
    pp_session_options options = PP_SESSION_OPTIONS_INIT;
    options.backend = setting->device.backend;
    options.device = setting->device.id;
    options.kernels = setting->kernels;
    options.method = setting->method;
    options.threads = setting->threads;
    options.unit_size = unit_size;
    return pp_session_open(&options, session, error);
}

pp_session *setting_open(const struct setting *setting, uint64_t unit_size) {
    pp_session *session = NULL;
    pp_error error = {PP_OK, 0, ""};
    if (try_open(setting, unit_size, &session, &error) != PP_OK)
        fail_msg("%s: %s", setting_name(setting, unit_size), error.message);
    return session;
}

/* A method that a device lacks, or threads that it cannot have, are said at opening. */
static bool opens(const struct setting *setting) {
    pp_session *session = NULL;
    pp_error error = {PP_OK, 0, ""};
    pp_status status = try_open(setting, 0, &session, &error);
    pp_session_close(session);
    if (status != PP_OK && status != PP_ERR_UNAVAILABLE && status != PP_ERR_USAGE)
        fail_msg("%s: %s", setting_name(setting, 0), error.message);
    return status == PP_OK;
}

/* What a session of the setting calls its code. */
static const char *code_name(struct setting setting, const char *kernels) {
    setting.kernels = kernels;
    pp_session *session = setting_open(&setting, 0);
    assert_int_equal(pp_count(session, 0, 100, NULL), PP_OK);
    const char *name = pp_session_result(session)->simd;
    pp_session_close(session);
    return name;
}

/* Does asking for other kernels give other code? */
static bool has_kernel_kinds(const struct setting *setting) {
    return strcmp(code_name(*setting, kernel_kinds[0]), code_name(*setting, kernel_kinds[1])) != 0;
}

/* Adds the setting with every number of threads that it may have. Returns the new length. */
static size_t add_threads(struct setting setting, bool threads, struct setting *out, size_t n) {
    size_t before = n;
    for (size_t t = 0; t < COUNT_OF(thread_counts) && threads; t++) {
        setting.threads = thread_counts[t];
        assert_true(n < MOST);
        if (opens(&setting))
            out[n++] = setting;
    }
    setting.threads = 0;
    if (n == before) /* a device whose threads are not ours to choose */
        out[n++] = setting;
    return n;
}

/* Without threads: threads 0 only. Needs every method on at least one device. */
static size_t find_settings(struct setting *out, bool threads) {
    static pp_device devices[64];
    size_t n_devices = 0, n = 0;
    assert_int_equal(pp_devices(devices, COUNT_OF(devices), &n_devices), PP_OK);
    unsigned methods_seen = 0;
    for (size_t d = 0; d < n_devices && d < COUNT_OF(devices); d++)
        for (size_t m = 0; m < COUNT_OF(methods) && devices[d].usable; m++) {
            struct setting setting = {devices[d], NULL, methods[m], 0, false};
            if (!opens(&setting))
                continue;
            methods_seen |= 1u << m;
            bool kinds = has_kernel_kinds(&setting);
            for (size_t k = 0; k < (kinds ? COUNT_OF(kernel_kinds) : 1); k++) {
                setting.kernels = kinds ? kernel_kinds[k] : NULL;
                setting.foreign = kinds && strcmp(code_name(setting, setting.kernels),
                                                  code_name(setting, NULL)) != 0;
                if (!setting.foreign || !threads)
                    n = add_threads(setting, threads, out, n);
            }
        }
    assert_int_equal(methods_seen, (1u << COUNT_OF(methods)) - 1);
    return n;
}

const struct setting *all_settings(size_t *n) {
    static struct setting settings[MOST];
    static size_t found;
    if (!found)
        found = find_settings(settings, true);
    *n = found;
    return settings;
}

const struct setting *usual_settings(size_t *n) {
    static struct setting settings[MOST];
    static size_t found;
    if (!found)
        found = find_settings(settings, false);
    *n = found;
    return settings;
}

const char *setting_name(const struct setting *setting, uint64_t unit_size) {
    static char name[200];
    snprintf(name, sizeof name, "%s (%s%s%s), %s, %u threads, units of %llu", setting->device.id,
             setting->device.backend, setting->kernels ? ", kernels " : "",
             setting->kernels ? setting->kernels : "", pp_method_name(setting->method),
             setting->threads, ULL(unit_size));
    return name;
}

static void check_answer(pp_session *session, const char *name, const char *what, uint64_t lo,
                         uint64_t hi, struct answer expected) {
    const pp_result *result = pp_session_result(session);
    assert_non_null(result);
    if (result->count != expected.count || result->digest != expected.digest || !result->has_digest)
        fail_msg("%s: %s [%llu, %llu] gives %llu, digest %016llx, not %llu, %016llx", name, what,
                 ULL(lo), ULL(hi), ULL(result->count), ULL(result->digest), ULL(expected.count),
                 ULL(expected.digest));
}

static void check_status(pp_session *session, const char *name, const char *what, uint64_t lo,
                         uint64_t hi, pp_status status) {
    if (status != PP_OK)
        fail_msg("%s: %s [%llu, %llu]: %s", name, what, ULL(lo), ULL(hi),
                 pp_session_error(session)->message);
}

void check_count(pp_session *session, const char *name, uint64_t lo, uint64_t hi,
                 struct answer expected) {
    pp_result result;
    check_status(session, name, "count", lo, hi, pp_count(session, lo, hi, &result));
    check_answer(session, name, "count", lo, hi, expected);
}

/* What comes out of a list: the primes themselves are only compared, never kept. */
struct listed {
    struct answer answer;
    const uint64_t *expected; /* NULL: only the answer */
    uint64_t n_expected, last;
    bool wrong;
};

static pp_status take(void *user, const void *bytes, size_t n_bytes) {
    struct listed *listed = user;
    for (size_t i = 0; i < n_bytes; i += sizeof listed->last) {
        uint64_t prime;
        memcpy(&prime, (const char *)bytes + i, sizeof prime);
        listed->wrong |= prime <= listed->last;
        if (listed->expected)
            listed->wrong |= listed->answer.count >= listed->n_expected ||
                             listed->expected[listed->answer.count] != prime;
        listed->last = prime;
        listed->answer.count++;
        listed->answer.digest += digest_prime(prime);
    }
    return PP_OK;
}

void check_list(pp_session *session, const char *name, uint64_t lo, uint64_t hi,
                struct answer expected, const uint64_t *primes) {
    struct listed listed = {.expected = primes, .n_expected = expected.count};
    pp_list_callback callback = {.user = &listed, .emit = take};
    check_status(session, name, "list", lo, hi, pp_list(session, lo, hi, &callback));
    check_answer(session, name, "list", lo, hi, expected);
    if (listed.wrong || listed.answer.count != expected.count ||
        listed.answer.digest != expected.digest)
        fail_msg("%s: list [%llu, %llu] says the right sum, but hands out other primes", name,
                 ULL(lo), ULL(hi));
}

void check_test(pp_session *session, const char *name, uint64_t lo, uint64_t hi,
                struct answer expected, const uint64_t *primes) {
    size_t n = (size_t)(hi - lo) + 1, n_words = (n + 63) / 64;
    uint64_t *numbers = malloc(n * sizeof *numbers), *bitmap = malloc(n_words * sizeof *bitmap);
    assert_true(numbers && bitmap);
    memset(bitmap, 0xff, n_words * sizeof *bitmap);
    for (size_t i = 0; i < n; i++)
        numbers[i] = lo + i;
    check_status(session, name, "test", lo, hi, pp_test(session, numbers, n, bitmap));
    /* A test has a digest of its own kind. */
    struct answer answer = {expected.count, 0};
    size_t at = 0;
    for (size_t i = 0; i < n_words * 64; i++) {
        bool is_prime = i < n && at < expected.count && primes[at] == numbers[i];
        if ((bitmap[i / 64] >> i % 64 & 1) != is_prime)
            fail_msg("%s: test [%llu, %llu], place %zu: not %d", name, ULL(lo), ULL(hi), i,
                     is_prime);
        if (is_prime)
            answer.digest += splitmix64(primes[at++]);
    }
    check_answer(session, name, "test", lo, hi, answer);
    free(numbers);
    free(bitmap);
}
