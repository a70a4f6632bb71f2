/* Integers of any size: conversions at the edge of 64 bits, and primality on both sides of it. */
#include "base/integer.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static pp_integer *integer(const char *decimal) {
    mpz_t value;
    assert_int_equal(mpz_init_set_str(value, decimal, 10), 0);
    pp_integer *made = NULL;
    assert_int_equal(integer_from_mpz(value, &made), PP_OK);
    mpz_clear(value);
    return made;
}

static void assert_decimal(const pp_integer *number, const char *expected) {
    char *digits = pp_integer_to_decimal(number);
    assert_non_null(digits);
    assert_string_equal(digits, expected);
    free(digits);
}

static void test_u64_round_trip(void **state) {
    (void)state;
    static const struct {
        uint64_t value;
        size_t bits;
        const char *decimal;
    } cases[] = {
        {0, 0, "0"},
        {1, 1, "1"},
        {2, 2, "2"},
        {255, 8, "255"},
        {256, 9, "256"},
        {UINT64_C(10000000000000), 44, "10000000000000"},
        {INT64_MAX, 63, "9223372036854775807"},
        {UINT64_C(1) << 63, 64, "9223372036854775808"},
        {UINT64_MAX, 64, "18446744073709551615"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pp_integer *number = NULL;
        assert_int_equal(pp_integer_from_u64(cases[i].value, &number), PP_OK);
        uint64_t back = ~cases[i].value;
        assert_true(pp_integer_to_u64(number, &back));
        assert_true(back == cases[i].value);
        assert_int_equal(pp_integer_bits(number), cases[i].bits);
        assert_decimal(number, cases[i].decimal);
        pp_integer_free(number);
    }
}

static void test_beyond_u64(void **state) {
    (void)state;
    static const struct {
        const char *decimal;
        size_t bits;
    } cases[] = {
        {"18446744073709551616", 65},
        {"18446744073709551617", 65},
        {"36893488147419103231", 65},
        {"340282366920938463463374607431768211455", 128},
        {"340282366920938463463374607431768211456", 129},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pp_integer *number = integer(cases[i].decimal);
        uint64_t untouched = 42;
        assert_false(pp_integer_to_u64(number, &untouched));
        assert_true(untouched == 42);
        assert_int_equal(pp_integer_bits(number), cases[i].bits);
        assert_decimal(number, cases[i].decimal);
        pp_integer_free(number);
    }
}

/* The digits of 10^5000, whose decimal length GMP's estimate may overshoot. */
static void test_long_decimal(void **state) {
    (void)state;
    enum { ZEROS = 5000 };
    char *expected = malloc(ZEROS + 2);
    assert_non_null(expected);
    expected[0] = '1';
    memset(expected + 1, '0', ZEROS);
    expected[ZEROS + 1] = '\0';
    pp_integer *number = integer(expected);
    assert_decimal(number, expected);
    pp_integer_free(number);
    free(expected);
}

static void test_is_a_copy(void **state) {
    (void)state;
    mpz_t value;
    mpz_init_set_ui(value, 35443);
    pp_integer *number = NULL;
    assert_int_equal(integer_from_mpz(value, &number), PP_OK);
    mpz_set_ui(value, 1);
    mpz_clear(value);
    assert_int_equal(mpz_cmp_ui(integer_mpz(number), 35443), 0);
    pp_integer_free(number);
}

static void test_free_accepts_null(void **state) {
    (void)state;
    pp_integer_free(NULL);
}

static void test_primality(void **state) {
    (void)state;
    static const struct {
        const char *decimal;
        pp_primality expected;
    } cases[] = {
        {"0", PP_NEITHER},
        {"1", PP_NEITHER},
        {"2", PP_PRIME},
        {"3", PP_PRIME},
        {"4", PP_COMPOSITE},
        {"561", PP_COMPOSITE},
        {"10000000000037", PP_PRIME},
        /* The largest prime below 2^64, and 2^64-1 itself. */
        {"18446744073709551557", PP_PRIME},
        {"18446744073709551615", PP_COMPOSITE},
        /* From 2^64 on a prime is only probable; 2^64+13 is the first. */
        {"18446744073709551616", PP_COMPOSITE},
        {"18446744073709551617", PP_COMPOSITE},
        {"18446744073709551629", PP_PROBABLE_PRIME},
        /* The square of the prime 2^32+15. */
        {"18446744202558570721", PP_COMPOSITE},
        /* OEIS A014233, terms 12 and 13: strong pseudoprimes to the first 12 and 13 primes. */
        {"318665857834031151167461", PP_COMPOSITE},
        {"3317044064679887385961981", PP_COMPOSITE},
        /* 2^67-1 = 193707721 * 761838257287, and the Mersenne primes to 89 and 127. */
        {"147573952589676412927", PP_COMPOSITE},
        {"618970019642690137449562111", PP_PROBABLE_PRIME},
        {"170141183460469231731687303715884105727", PP_PROBABLE_PRIME},
        /* The product of those two. */
        {"105312291668557186697918027513529248857806893649219117400977309697", PP_COMPOSITE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pp_integer *number = integer(cases[i].decimal);
        if (pp_integer_primality(number) != cases[i].expected)
            fail_msg("%s: %s, expected %s", cases[i].decimal,
                     pp_primality_name(pp_integer_primality(number)),
                     pp_primality_name(cases[i].expected));
        pp_integer_free(number);
    }
}

static void test_primality_names(void **state) {
    (void)state;
    assert_string_equal(pp_primality_name(PP_NEITHER), "neither");
    assert_string_equal(pp_primality_name(PP_COMPOSITE), "composite");
    assert_string_equal(pp_primality_name(PP_PRIME), "prime");
    assert_string_equal(pp_primality_name(PP_PROBABLE_PRIME), "probable-prime");
    assert_non_null(pp_primality_name((pp_primality)4));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_u64_round_trip),    cmocka_unit_test(test_beyond_u64),
        cmocka_unit_test(test_long_decimal),      cmocka_unit_test(test_is_a_copy),
        cmocka_unit_test(test_free_accepts_null), cmocka_unit_test(test_primality),
        cmocka_unit_test(test_primality_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
