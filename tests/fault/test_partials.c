/*
 * A bit of a partial flips on its way from the backend to the engine. --verify finds every one,
 * whatever the field; what does not fit itself is found without it.
 */
#include "fault/partials.h"
#include "support/support.h"

struct asked {
    const char *name, *backend;
    pp_method method;
    uint64_t lo, hi, unit_size; /* of a test, numbers lo, lo + 1, … */
    char question;              /* 'c', 'l', 't' or 'w', a walk of one window */
};

static const struct asked asked[] = {
    {"count, sieve", "serial", PP_METHOD_SIEVE, 0, 1000000, 240000, 'c'},
    {"count, hybrid", "openmp", PP_METHOD_HYBRID, UINT64_C(1) << 60, (UINT64_C(1) << 60) + 100000,
     24000, 'c'},
    {"count, mr", "openmp", PP_METHOD_MR, 0, 100000, 24000, 'c'},
    {"count, trial", "serial", PP_METHOD_TRIAL, 0, 20000, 4800, 'c'},
    {"count, sieve, opencl", "opencl", PP_METHOD_SIEVE, 0, 1000000, 240000, 'c'},
    {"count, hybrid, opencl", "opencl", PP_METHOD_HYBRID, UINT64_C(1) << 60,
     (UINT64_C(1) << 60) + 100000, 24000, 'c'},
    {"list, sieve", "openmp", PP_METHOD_SIEVE, 0, 1000000, 240000, 'l'},
    {"list, mr", "serial", PP_METHOD_MR, 0, 100000, 24000, 'l'},
    {"list, sieve, opencl", "opencl", PP_METHOD_SIEVE, 0, 1000000, 240000, 'l'},
    {"walk, sieve", "openmp", PP_METHOD_SIEVE, 0, 16000, 2400, 'w'},
    {"walk, mr", "serial", PP_METHOD_MR, 0, 16000, 2500, 'w'},
    {"walk, sieve, opencl", "opencl", PP_METHOD_SIEVE, 0, 16000, 2400, 'w'},
    {"test, mr", "openmp", PP_METHOD_MR, UINT64_C(1) << 50, 3000, 640, 't'},
    {"test, sieve", "serial", PP_METHOD_SIEVE, 1000000, 3000, 640, 't'},
    {"test, mr, opencl", "opencl", PP_METHOD_MR, UINT64_C(1) << 50, 3000, 640, 't'},
};

static pp_status ignore(void *user, const void *bytes, size_t n) {
    (void)user, (void)bytes, (void)n;
    return PP_OK;
}

/* Runs a job on a session that verifies this share; *n_units gets how many units it had. */
static pp_status ask(const struct asked *what, double verify, uint64_t *n_units, char *message,
                     size_t size) {
    pp_session_options options = PP_SESSION_OPTIONS_INIT;
    options.backend = what->backend;
    options.method = what->method;
    options.unit_size = what->unit_size;
    options.verify = verify;
    pp_session *session;
    pp_error error = {.status = PP_OK};
    pp_status status = pp_session_open(&options, &session, &error);
    if (status != PP_OK)
        return status;
    if (what->question == 'c') {
        status = pp_count(session, what->lo, what->hi, NULL);
    } else if (what->question == 'l') {
        pp_list_callback callback = {.emit = ignore};
        status = pp_list(session, what->lo, what->hi, &callback);
    } else if (what->question == 'w') {
        pp_iterator *iterator;
        uint64_t prime;
        status = pp_iterator_open(session, what->lo, what->hi, &iterator);
        while (status == PP_OK)
            status = pp_iterator_next(iterator, &prime);
        pp_iterator_close(iterator);
        status = status == PP_END ? PP_OK : status;
    } else {
        uint64_t *numbers = calloc(what->hi, sizeof *numbers), *bitmap = calloc(what->hi, 1);
        for (uint64_t i = 0; i < what->hi; i++)
            numbers[i] = what->lo + i;
        status = pp_test(session, numbers, what->hi, bitmap);
        free(numbers);
        free(bitmap);
    }
    if (status == PP_OK)
        *n_units = pp_session_result(session)->units;
    snprintf(message, size, "%s", pp_session_error(session)->message);
    pp_session_close(session);
    return status;
}

/* Bits of a field that are tried: all of a byte's worth, and the ends. */
static const unsigned bits[] = {0, 1, 2, 7, 31, 32, 40, 63};

static void try_all(double verify, bool must_find[N_FAULT_FIELDS]) {
    unsigned planted = 0, found = 0;
    for (size_t i = 0; i < COUNT_OF(asked); i++) {
        char message[sizeof(((pp_error *)0)->message)];
        uint64_t n_units = 0;
        fault_lie(NULL, 0, FAULT_COUNT, 0);
        pp_status status = ask(&asked[i], verify, &n_units, message, sizeof message);
        if (status == PP_ERR_UNAVAILABLE) {
            print_message("%s: not available here\n", asked[i].name);
            continue;
        }
        assert_int_equal(status, PP_OK);
        assert_true(n_units >= 4);
        for (int field = 0; field < N_FAULT_FIELDS; field++)
            for (size_t b = 0; b < COUNT_OF(bits); b++) {
                /* Of a tested bitmap the last bits belong to no number. */
                fault_lie(asked[i].backend, b % (n_units - 1), (enum fault_field)field, bits[b]);
                status = ask(&asked[i], verify, &n_units, message, sizeof message);
                bool lied = fault_lied();
                fault_lie(NULL, 0, FAULT_COUNT, 0);
                if (!lied) {
                    assert_int_equal(status, PP_OK);
                    continue;
                }
                planted++;
                found += status == PP_ERR_DISAGREE;
                if (status == PP_ERR_DISAGREE && !strstr(message, "unit"))
                    fail_msg("%s, %s: the message does not say which unit: %s", asked[i].name,
                             fault_field_names[field], message);
                if (status != PP_ERR_DISAGREE && (status != PP_OK || must_find[field]))
                    fail_msg("%s, %s, bit %u, verify %g: %s", asked[i].name,
                             fault_field_names[field], bits[b], verify, pp_status_name(status));
            }
    }
    print_message("%s verified: %u bits flipped in partials, %u found\n",
                  verify > 0 ? "all" : "none", planted, found);
    assert_true(planted > 100);
}

static void test_verified(void **state) {
    (void)state;
    bool must_find[N_FAULT_FIELDS];
    for (int i = 0; i < N_FAULT_FIELDS; i++)
        must_find[i] = true;
    try_all(100, must_find);
}

/* What a partial says of itself must fit: a bitmap, its count, and where it lies. */
static void test_unverified(void **state) {
    (void)state;
    bool must_find[N_FAULT_FIELDS] = {[FAULT_WORD] = true,
                                      [FAULT_SMALL_PRIMES] = true,
                                      [FAULT_FIRST_WORD] = true,
                                      [FAULT_N_WORDS] = true};
    try_all(-1, must_find);
}

/* Base primes that are a job of their own: a bitmap that is not what was counted ends it, too. */
static void test_base_primes(void **state) {
    (void)state;
    const struct asked count = {
        "count", "serial", PP_METHOD_SIEVE, UINT64_C(1) << 43, (UINT64_C(1) << 43) + 100000,
        24000,   'c'};
    char message[sizeof(((pp_error *)0)->message)];
    uint64_t n_units;
    fault_lie(NULL, 0, FAULT_COUNT, 0);
    assert_int_equal(ask(&count, -1, &n_units, message, sizeof message), PP_OK);
    for (unsigned bit = 0; bit < 64; bit += 9) {
        fault_lie("serial", 0, FAULT_WORD, bit); /* the count itself has no bitmap */
        assert_int_equal(ask(&count, -1, &n_units, message, sizeof message), PP_ERR_DISAGREE);
        assert_true(fault_lied());
        assert_non_null(strstr(message, "unit 0, [0, "));
    }
    fault_lie(NULL, 0, FAULT_COUNT, 0);
}

/* What is wrong first is what is told, whatever else is found before all have stopped. */
static void test_first_of_many(void **state) {
    (void)state;
    const struct asked list = {"list", "serial", PP_METHOD_SIEVE, 0, 1000000, 240000, 'l'};
    char message[sizeof(((pp_error *)0)->message)];
    uint64_t n_units;
    fault_lie("serial", 1, FAULT_FIRST_WORD, 0);
    fault_lie_on();
    assert_int_equal(ask(&list, -1, &n_units, message, sizeof message), PP_ERR_DISAGREE);
    fault_lie(NULL, 0, FAULT_COUNT, 0);
    assert_non_null(strstr(message, "unit 1, [240000, 479999], came as "));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verified), cmocka_unit_test(test_unverified),
        cmocka_unit_test(test_base_primes), cmocka_unit_test(test_first_of_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
