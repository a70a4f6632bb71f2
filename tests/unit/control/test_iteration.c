/*
 * The iteration x -> x^2 - x + 1: known terms, every kind of modulus against 128-bit arithmetic
 * or against the exact value, the edges of the start, and refusals that change nothing.
 */
#include "support/support.h"

static pp_integer *integer(const char *text) {
    pp_integer *made = NULL;
    pp_error error;
    if (pp_integer_parse(text, strlen(text), &made, &error) != PP_OK)
        fail_msg("%s: %s", text, error.message);
    return made;
}

static void assert_decimal(const pp_integer *value, const char *expected) {
    char *digits = pp_integer_to_decimal(value);
    assert_non_null(digits);
    assert_string_equal(digits, expected);
    free(digits);
}

/* f^steps(start), modulo modulus unless that is NULL. */
static pp_integer *iterate(const char *start, uint64_t steps, const char *modulus) {
    pp_integer *from = integer(start), *by = modulus ? integer(modulus) : NULL, *value = NULL;
    pp_error error;
    if (pp_iterate(from, steps, by, 0, &value, &error) != PP_OK)
        fail_msg("%s, %llu steps: %s", start, ULL(steps), error.message);
    pp_integer_free(from);
    pp_integer_free(by);
    return value;
}

static void check(const char *start, uint64_t steps, const char *modulus, const char *expected) {
    pp_integer *value = iterate(start, steps, modulus);
    assert_decimal(value, expected);
    pp_integer_free(value);
}

/* OEIS A000058, from 2; from 3 and from 7 it is the same sequence, begun later. */
static const char *const sylvester[] = {
    "2",
    "3",
    "7",
    "43",
    "1807",
    "3263443",
    "10650056950807",
    "113423713055421844361000443",
    "12864938683278671740537145998360961546653259485195807",
};

static void test_sylvester(void **state) {
    (void)state;
    for (size_t from = 0; from < COUNT_OF(sylvester); from++)
        for (size_t to = from; to < COUNT_OF(sylvester); to++)
            check(sylvester[from], to - from, NULL, sylvester[to]);
}

/* The control's known last digits, by modulus; 20 steps exactly too: some 400,000 digits. */
static void test_last_digits(void **state) {
    (void)state;
    check("3", 20, "100000", "35443");
    check("3", 1000, "100000", "85443");
    check("3", 0, "100000", "3");
    pp_integer *exact = iterate("3", 20, NULL), *modular = iterate("3", 20, "10^40");
    char *all = pp_integer_to_decimal(exact), *last = pp_integer_to_decimal(modular);
    assert_non_null(all);
    assert_non_null(last);
    assert_true(strlen(all) > 400000 && strlen(last) <= 40);
    const char *tail = all + strlen(all) - 40;
    assert_string_equal(tail + strspn(tail, "0"), last);
    free(all);
    free(last);
    pp_integer_free(exact);
    pp_integer_free(modular);
}

static void test_small_starts(void **state) {
    (void)state;
    /* 0 goes to 1, which stays; 2 is the first that grows. Steps beyond all memory are nothing. */
    check("0", 0, NULL, "0");
    check("0", 1, NULL, "1");
    check("0", 1000000000000, NULL, "1");
    check("1", 0, NULL, "1");
    check("1", 1, NULL, "1");
    check("1", UINT64_MAX, NULL, "1");
    check("2", 0, NULL, "2");
    check("2", 1, NULL, "3");
}

/* ---- moduli -------------------------------------------------------------------------------- */

static uint64_t naive_steps(uint64_t x, unsigned steps, uint64_t modulus) {
    for (x %= modulus; steps; steps--) {
        unsigned __int128 square = (unsigned __int128)x * x % modulus;
        x = (uint64_t)((square + modulus - x + 1) % modulus);
    }
    return x;
}

static void check_u64(uint64_t start, unsigned steps, uint64_t modulus) {
    pp_integer *from = NULL, *by = NULL, *value = NULL;
    assert_int_equal(pp_integer_from_u64(start, &from), PP_OK);
    assert_int_equal(pp_integer_from_u64(modulus, &by), PP_OK);
    assert_int_equal(pp_iterate(from, steps, by, 0, &value, NULL), PP_OK);
    uint64_t got = UINT64_MAX, expected = naive_steps(start, steps, modulus);
    if (!pp_integer_to_u64(value, &got) || got != expected)
        fail_msg("%llu, %u steps mod %llu: %llu, not %llu", ULL(start), steps, ULL(modulus),
                 ULL(got), ULL(expected));
    pp_integer_free(from);
    pp_integer_free(by);
    pp_integer_free(value);
}

static void test_moduli_of_64_bits(void **state) {
    (void)state;
    static const uint64_t moduli[] = {1,
                                      2,
                                      3,
                                      10,
                                      100000,
                                      UINT32_MAX,
                                      (UINT64_C(1) << 32) + 1,
                                      UINT64_C(1) << 63,
                                      (UINT64_C(1) << 63) + 1,
                                      UINT64_MAX - 58,
                                      UINT64_MAX};
    static const uint64_t starts[] = {0, 1, 2, 3, UINT32_MAX, UINT64_MAX - 1, UINT64_MAX};
    for (size_t m = 0; m < COUNT_OF(moduli); m++)
        for (size_t s = 0; s < COUNT_OF(starts); s++)
            for (unsigned steps = 0; steps < 40; steps++)
                check_u64(starts[s], steps, moduli[m]);
    uint64_t random = 97;
    for (int i = 0; i < 3000; i++)
        check_u64(random_sized(&random, 64), (unsigned)random_below(&random, 50),
                  random_sized(&random, 64) | 1);
}

/* Around 2^64 the arithmetic changes; the exact value, reduced, says what is right. */
static void test_moduli_around_two_words(void **state) {
    (void)state;
    static const char *const moduli[] = {"2^64-1", "2^64",      "2^64+1", "2^128-1",
                                         "2^128",  "10^60 + 7", "2^4000"};
    for (size_t m = 0; m < COUNT_OF(moduli); m++)
        for (unsigned steps = 0; steps < 10; steps++) {
            char text[2000], *exact;
            pp_integer *value = iterate("3", steps, NULL);
            exact = pp_integer_to_decimal(value);
            pp_integer_free(value);
            snprintf(text, sizeof text, "%s %% (%s)", exact, moduli[m]);
            pp_integer *reduced = integer(text);
            free(exact);
            exact = pp_integer_to_decimal(reduced);
            check("3", steps, moduli[m], exact);
            free(exact);
            pp_integer_free(reduced);
        }
    /* A start above the modulus is reduced, even with no step to take. */
    check("10^100 + 5", 0, "100", "5");
    check("2^64 + 3", 0, "2^64", "3");
    check("2^64 + 3", 1, "2^64", "7");
    check("5", 0, "1", "0");
    check("10^50", 1000, "1", "0");
}

/* ---- in parts ------------------------------------------------------------------------------ */

static void check_parts(const char *modulus) {
    pp_integer *start = integer("3"), *by = modulus ? integer(modulus) : NULL;
    pp_iteration *iteration = NULL;
    assert_int_equal(pp_iteration_new(start, by, &iteration), PP_OK);
    pp_integer_free(start); /* both are copied */
    pp_integer_free(by);
    for (unsigned done = 0, step = 0; done <= 12; done += step, step = step % 3 + 1) {
        if (step)
            assert_int_equal(pp_iteration_advance(iteration, step, 0, NULL), PP_OK);
        pp_integer *value = NULL, *whole = iterate("3", done + step, modulus);
        assert_int_equal(pp_iteration_value(iteration, &value), PP_OK);
        char *expected = pp_integer_to_decimal(whole);
        assert_decimal(value, expected);
        free(expected);
        pp_integer_free(value);
        pp_integer_free(whole);
    }
    pp_iteration_free(iteration);
}

static void test_in_parts(void **state) {
    (void)state;
    check_parts(NULL);
    check_parts("10^9+7");
    check_parts("10^30");
}

/* ---- refusals ------------------------------------------------------------------------------ */

static void check_too_large(pp_iteration *iteration, uint64_t steps, uint64_t max_bytes) {
    pp_error error = {PP_OK, 0, ""};
    assert_int_equal(pp_iteration_advance(iteration, steps, max_bytes, &error), PP_ERR_TOO_LARGE);
    assert_int_equal(error.status, PP_ERR_TOO_LARGE);
    assert_true(error.message[0] != '\0');
    assert_int_equal(pp_iteration_advance(iteration, steps, max_bytes, NULL), PP_ERR_TOO_LARGE);
    pp_integer *value = NULL;
    assert_int_equal(pp_iteration_value(iteration, &value), PP_OK);
    assert_decimal(value, sylvester[3]); /* unchanged */
    pp_integer_free(value);
}

/* Refused at once, without trying: the test itself would not end otherwise. */
static void test_too_large(void **state) {
    (void)state;
    pp_integer *start = integer("43"), *value = NULL;
    pp_iteration *iteration = NULL;
    assert_int_equal(pp_iteration_new(start, NULL, &iteration), PP_OK);
    static const uint64_t steps[] = {38, 40, 60, 64, 65, 100, 1000, UINT32_MAX, UINT64_MAX};
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        check_too_large(iteration, steps[i], 0);
        check_too_large(iteration, steps[i], UINT64_MAX);
        check_too_large(iteration, steps[i], 1000);
    }
    /* 2^20 times 5.4 binary digits are 700 KB: a megabyte cannot hold the work, a gigabyte can. */
    check_too_large(iteration, 20, 1 << 20);
    assert_int_equal(pp_iteration_advance(iteration, 10, 1 << 20, NULL), PP_OK);
    pp_iteration_free(iteration);
    pp_error error = {PP_OK, 0, ""};
    assert_int_equal(pp_iterate(start, 20, NULL, 1 << 20, &value, &error), PP_ERR_TOO_LARGE);
    assert_null(value);
    assert_true(error.message[0] != '\0');
    assert_int_equal(pp_iterate(start, 16, NULL, 1 << 30, &value, &error), PP_OK);
    assert_in_range(pp_integer_bits(value), 5 * 65536, 6 * 65536);
    pp_integer_free(value);
    pp_integer_free(start);
}

/* A modulus bounds the memory, however many steps. */
static void test_modulus_is_never_too_large(void **state) {
    (void)state;
    pp_integer *start = integer("3"), *small = integer("10^5"), *large = integer("10^50"),
               *value = NULL;
    assert_int_equal(pp_iterate(start, 1000000, small, 1, &value, NULL), PP_OK);
    pp_integer_free(value);
    assert_int_equal(pp_iterate(start, 10000, large, 1, &value, NULL), PP_OK);
    pp_integer_free(value);
    pp_integer_free(start);
    pp_integer_free(small);
    pp_integer_free(large);
}

static void test_wrong_usage(void **state) {
    (void)state;
    pp_integer *start = integer("3"), *zero = integer("0"), *value = start;
    pp_iteration *iteration = NULL;
    pp_error error = {PP_OK, 0, ""};
    assert_int_equal(pp_iterate(start, 1, zero, 0, &value, &error), PP_ERR_USAGE);
    assert_null(value);
    assert_true(error.status == PP_ERR_USAGE && error.message[0]);
    assert_int_equal(pp_iterate(start, 1, NULL, 0, NULL, &error), PP_ERR_USAGE);
    assert_int_equal(pp_iterate(NULL, 1, NULL, 0, &value, &error), PP_ERR_USAGE);
    assert_int_equal(pp_iteration_new(start, zero, &iteration), PP_ERR_USAGE);
    assert_int_equal(pp_iteration_new(NULL, NULL, &iteration), PP_ERR_USAGE);
    assert_int_equal(pp_iteration_new(start, NULL, NULL), PP_ERR_USAGE);
    assert_int_equal(pp_iteration_advance(NULL, 1, 0, &error), PP_ERR_USAGE);
    assert_int_equal(pp_iteration_value(NULL, &value), PP_ERR_USAGE);
    pp_iteration_free(NULL);
    pp_integer_free(start);
    pp_integer_free(zero);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sylvester),
        cmocka_unit_test(test_last_digits),
        cmocka_unit_test(test_small_starts),
        cmocka_unit_test(test_moduli_of_64_bits),
        cmocka_unit_test(test_moduli_around_two_words),
        cmocka_unit_test(test_in_parts),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_modulus_is_never_too_large),
        cmocka_unit_test(test_wrong_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
