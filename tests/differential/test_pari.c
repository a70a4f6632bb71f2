/* Single numbers against PARI's uisprime, and integers of any size against its BPSW. */
#include "differential/batches.h"
#include "differential/draw.h"

#include <pari/pari.h>

static uint64_t seed;

static void check(uint64_t n) {
    bool expected = uisprime(n);
    if (pp_is_prime(n) != expected)
        fail_msg("%llu: PARI says %d", ULL(n), expected);
}

static void test_random_numbers(void **state) {
    (void)state;
    uint64_t random = seed;
    for (unsigned i = 0; i < 200000 * draw_effort(); i++)
        check(draw_number(&random, UINT64_MAX));
    for (unsigned i = 0; i < 200000 * draw_effort(); i++)
        check(random_sized(&random, 64) | 1);
}

static void test_adversaries(void **state) {
    (void)state;
    uint64_t random = seed ^ 1;
    for (unsigned i = 0; i < 10000 * draw_effort(); i++)
        check(draw_adversary(&random));
}

/* Decimal text is the bridge, so parsing and printing are held together too. */
static void check_integer(GEN n) {
    char *text = GENtostr(n);
    pp_integer *integer = NULL;
    assert_int_equal(pp_integer_parse(text, strlen(text), &integer, NULL), PP_OK);
    char *back = pp_integer_to_decimal(integer);
    assert_non_null(back);
    assert_string_equal(back, text);
    uint64_t narrow;
    bool prime = BPSW_psp(n);
    pp_primality expected = !prime                                ? PP_COMPOSITE
                            : pp_integer_to_u64(integer, &narrow) ? PP_PRIME
                                                                  : PP_PROBABLE_PRIME;
    if (pp_integer_primality(integer) != expected)
        fail_msg("%s: %s, PARI says %d", text, pp_primality_name(pp_integer_primality(integer)),
                 prime);
    free(back);
    pp_integer_free(integer);
    pari_free(text);
}

static void test_integers(void **state) {
    (void)state;
    uint64_t random = seed ^ 2;
    for (unsigned i = 0; i < 400 * draw_effort(); i++) {
        pari_sp before = avma;
        long bits = 3 + (long)random_below(&random, 300);
        GEN n = gen_2;
        for (long have = 0; have < bits; have += 32)
            n = addui(random_below(&random, UINT64_C(1) << 32), shifti(n, 32));
        n = shifti(n, bits - expi(n));
        GEN p = nextprime(n);
        check_integer(addiu(n, 2));
        check_integer(p);
        check_integer(mulii(p, nextprime(addiu(p, 1)))); /* two close primes */
        check_integer(sqri(p));
        set_avma(before);
    }
}

static bool by_pari(uint64_t n) {
    return uisprime(n) != 0;
}

static void test_random_batches(void **state) {
    (void)state;
    check_random_batches(seed, by_pari, "PARI");
}

int main(void) {
    seed = test_seed(20240511);
    pari_init(64 << 20, 1000);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_numbers),
        cmocka_unit_test(test_adversaries),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_random_batches),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pari_close();
    return failed;
}
