/* pi(x) against libprimecount, which counts without looking at a single prime. */
#include "support/support.h"

#include <primecount.h>

static void check_pi(pp_session *session, uint64_t x) {
    pp_result result;
    assert_int_equal(pp_count(session, 0, x, &result), PP_OK);
    uint64_t expected = (uint64_t)primecount_pi((int64_t)x);
    if (result.count != expected)
        fail_msg("pi(%llu) is %llu, primecount %llu", ULL(x), ULL(result.count), ULL(expected));
}

static void test_pi(void **state) {
    (void)state;
    uint64_t random = test_seed(20240508);
    pp_session *session = open_session(NULL, 0, PP_METHOD_SIEVE, 0);
    for (uint64_t x = 0; x < 300; x++)
        check_pi(session, x);
    for (int i = 0; i < 100; i++)
        check_pi(session, random_sized(&random, 24));
    for (int i = 0; i < (test_all() ? 20 : 3); i++)
        check_pi(session, random_below(&random, test_all() ? 10000000000 : 300000000));
    pp_session_close(session);
}

/* A range anywhere is the difference of two. */
static void test_differences(void **state) {
    (void)state;
    uint64_t random = test_seed(20240509);
    pp_session *session = open_session(NULL, 0, PP_METHOD_AUTO, 0);
    for (int i = 0; i < (test_all() ? 200 : 20); i++) {
        uint64_t lo = 1 + random_sized(&random, 43), hi = lo + random_sized(&random, 23);
        pp_result result;
        assert_int_equal(pp_count(session, lo, hi, &result), PP_OK);
        int64_t expected = primecount_pi((int64_t)hi) - primecount_pi((int64_t)(lo - 1));
        if (result.count != (uint64_t)expected)
            fail_msg("[%llu, %llu]: %llu, primecount %lld", ULL(lo), ULL(hi), ULL(result.count),
                     (long long)expected);
    }
    pp_session_close(session);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pi),
        cmocka_unit_test(test_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
