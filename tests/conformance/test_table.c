/*
 * The case table on every usable device, by every method, on several numbers of threads and in
 * units of several sizes: the same count and digest everywhere, lists and tests that agree.
 *
 * The digest that all must give is serial's by Miller-Rabin, or by the sieve where that would
 * take minutes. PARPRIME_TEST_ALL=1 adds the cases marked LONG, which take some minutes.
 */
#include "conformance/cases.h"
#include "conformance/settings.h"
#include "work/digest.h"

/* Numbers up to which a range is also given as an array, and its list compared prime by prime. */
enum { SHORT = 2000 };

/*
 * From here on every single job by the sieve or by trial division takes seconds, so what they do
 * ONCE is to count.
 */
static const uint64_t WIDE = UINT64_C(1) << 60;

/* Ranges longer than this are left to the kernels that a device is meant to have. */
static const uint64_t SLOW_LENGTH = 20000;

/* A case with everything that is known of its primes. */
struct reference {
    const struct known_case *known;
    struct answer answer;
    uint64_t primes[SHORT]; /* of a short range */
    bool is_short;
};

static void make_reference(struct reference *reference, const struct known_case *known) {
    *reference = (struct reference){.known = known, .is_short = known->hi - known->lo < SHORT};
    pp_method method = known->mr == EVERY || known->mr == ONCE ? PP_METHOD_MR : PP_METHOD_SIEVE;
    pp_session *session = open_session("serial", 1, method, 0);
    pp_result result;
    assert_int_equal(pp_count(session, known->lo, known->hi, &result), PP_OK);
    pp_session_close(session);
    if (result.count != known->count)
        fail_msg("%s [%llu, %llu]: %llu primes, not %llu", known->what, ULL(known->lo),
                 ULL(known->hi), ULL(result.count), ULL(known->count));
    reference->answer = (struct answer){result.count, result.digest};
    if (!reference->is_short)
        return;
    struct answer naive = {0, 0};
    for (uint64_t n = known->lo;; n++) {
        if (naive_is_prime(n)) {
            reference->primes[naive.count++] = n;
            naive.digest += digest_prime(n);
        }
        if (n == known->hi)
            break;
    }
    assert_true(naive.count == result.count && naive.digest == result.digest);
}

static enum effort effort_of(const struct known_case *known, pp_method method) {
    return method == PP_METHOD_TRIAL ? known->trial
           : method == PP_METHOD_MR  ? known->mr
                                     : known->sieve;
}

static void check(const struct reference *reference, const struct setting *setting,
                  uint64_t unit_size, bool only_count) {
    const struct known_case *known = reference->known;
    char name[300];
    snprintf(name, sizeof name, "%s: %s", known->what, setting_name(setting, unit_size));
    pp_session *session = setting_open(setting, unit_size);
    check_count(session, name, known->lo, known->hi, reference->answer);
    assert_string_equal(pp_session_result(session)->backend, setting->device.backend);
    assert_int_equal(pp_session_result(session)->method, setting->method);
    if (setting->threads)
        assert_in_range(pp_session_result(session)->threads, 1, setting->threads);
    if (!only_count) {
        check_list(session, name, known->lo, known->hi, reference->answer,
                   reference->is_short ? reference->primes : NULL);
        if (reference->is_short)
            check_test(session, name, known->lo, known->hi, reference->answer, reference->primes);
    }
    pp_session_close(session);
}

/* Units so small that there are about two thousand, and about a dozen of an odd size. */
static void check_every(const struct reference *reference, const struct setting *setting) {
    uint64_t size = reference->known->hi - reference->known->lo;
    check(reference, setting, 0, false);
    check(reference, setting, size / 2000 + 1, false);
    check(reference, setting, size / 13 | 1, false);
}

static void test_known_cases(void **state) {
    (void)state;
    size_t n_all, n_usual;
    const struct setting *all = all_settings(&n_all), *usual = usual_settings(&n_usual);
    for (size_t i = 0; i < n_known_cases; i++) {
        const struct known_case *known = &known_cases[i];
        enum effort least = test_all() ? LONG : ONCE;
        if (known->trial < least && known->mr < least && known->sieve < least)
            continue;
        static struct reference reference;
        make_reference(&reference, known);
        for (size_t s = 0; s < n_all; s++)
            if (effort_of(known, all[s].method) == EVERY)
                check_every(&reference, &all[s]);
        for (size_t s = 0; s < n_usual; s++) {
            enum effort effort = effort_of(known, usual[s].method);
            bool long_way = known->hi - known->lo > SLOW_LENGTH && !test_all();
            if (usual[s].foreign ? effort >= ONCE && !long_way : effort != EVERY && effort >= least)
                check(&reference, &usual[s], 0, effort == LONG || known->hi >= WIDE);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
