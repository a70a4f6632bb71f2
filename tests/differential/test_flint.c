/* Single numbers and arrays against FLINT's n_is_prime, which is proved for 64 bits. */
#include "differential/batches.h"
#include "differential/draw.h"

#include <flint/flint.h>
#include <flint/ulong_extras.h>

static uint64_t seed;

static void check(uint64_t n) {
    bool expected = n_is_prime(n);
    if (pp_is_prime(n) != expected)
        fail_msg("%llu: FLINT says %d", ULL(n), expected);
}

static void test_random_numbers(void **state) {
    (void)state;
    uint64_t random = seed;
    for (unsigned i = 0; i < 300000 * draw_effort(); i++)
        check(draw_number(&random, UINT64_MAX));
    for (unsigned i = 0; i < 300000 * draw_effort(); i++)
        check(random_u64(&random) | 1);
}

static void test_adversaries(void **state) {
    (void)state;
    uint64_t random = seed ^ 1;
    for (unsigned i = 0; i < 10000 * draw_effort(); i++) {
        uint64_t n = draw_adversary(&random);
        assert_false(n_is_prime(n));
        check(n);
    }
}

/* Windows, in which no number is left out. */
static void test_windows(void **state) {
    (void)state;
    uint64_t random = seed ^ 2;
    for (unsigned i = 0; i < 100 * draw_effort(); i++) {
        uint64_t n = draw_number(&random, UINT64_MAX - 1000);
        for (unsigned j = 0; j < 1000; j++)
            check(n + j);
    }
}

static void check_array(pp_session *session, const char *name, const uint64_t *numbers, size_t n) {
    uint64_t bitmap[32];
    assert_int_equal(pp_test(session, numbers, n, bitmap), PP_OK);
    for (size_t i = 0; i < n; i++)
        if ((bitmap[i / 64] >> i % 64 & 1) != (n_is_prime(numbers[i]) != 0))
            fail_msg("%s: %llu at place %zu of %zu: FLINT says %d", name, ULL(numbers[i]), i, n,
                     n_is_prime(numbers[i]));
}

/* Wide numbers for auto, which takes Miller-Rabin; narrow ones, so that the sieve is quick too. */
static void test_arrays(void **state) {
    (void)state;
    uint64_t random = seed ^ 3, numbers[2000];
    for (unsigned i = 0; i < 60 * draw_effort(); i++) {
        const char *name;
        pp_session *session =
            i % 2 ? draw_session(&random, &name) : open_session(NULL, 0, PP_METHOD_AUTO, 0);
        uint64_t most = i % 2 ? 100000000 : UINT64_MAX;
        size_t n = 1 + random_below(&random, i % 2 ? 300 : COUNT_OF(numbers));
        for (size_t j = 0; j < n; j++)
            numbers[j] = most == UINT64_MAX && random_below(&random, 20) == 0
                             ? draw_adversary(&random)
                             : draw_number(&random, most);
        check_array(session, i % 2 ? name : "auto", numbers, n);
        pp_session_close(session);
    }
}

static bool by_flint(uint64_t n) {
    return n_is_prime(n) != 0;
}

static void test_random_batches(void **state) {
    (void)state;
    check_random_batches(seed, by_flint, "FLINT");
}

int main(void) {
    seed = test_seed(20240510);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_numbers), cmocka_unit_test(test_adversaries),
        cmocka_unit_test(test_windows),        cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_random_batches),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    flint_cleanup();
    return failed;
}
