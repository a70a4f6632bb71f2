/* What bounds a run: the rule, case by case. */
#include "measure/bound.h"

#include "support/support.h"

static void test_rule(void **state) {
    (void)state;
    static const struct {
        pp_phases phases;
        double seconds;
        bool opencl;
        enum bound bound;
    } cases[] = {
        {{.compute = 9}, 10, false, BOUND_COMPUTE},
        {{.prepare = 6}, 10, false, BOUND_COMPUTE},
        {{.compute = 4}, 10, false, BOUND_LAUNCH},
        /* On a CPU the output is inside the units' time … */
        {{.compute = 9.5, .output = 6}, 10, false, BOUND_OUTPUT},
        {{.compute = 9.5, .output = 4}, 10, false, BOUND_COMPUTE},
        {{.compute = 3, .output = 4}, 4, false, BOUND_OUTPUT}, /* never less than nothing */
        /* … and on a device beside it. */
        {{.compute = 5, .output = 4}, 10, true, BOUND_COMPUTE},
        {{.compute = 4, .output = 5}, 10, true, BOUND_OUTPUT},
        {{.compute = 9, .output = 9}, 10, true, BOUND_COMPUTE}, /* equal: the first */
        {{.upload = 3, .download = 3, .compute = 4}, 10, true, BOUND_TRANSFER},
        {{.upload = 1, .download = 3, .compute = 4.5}, 10, true, BOUND_COMPUTE},
        {{.upload = 1, .download = 1, .compute = 1, .startup = 1}, 10, true, BOUND_LAUNCH},
        {{.startup = 0}, 1, false, BOUND_LAUNCH},
        {{.startup = 0}, 0, false, BOUND_COMPUTE}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum bound bound = bound_of(&cases[i].phases, cases[i].seconds, cases[i].opencl);
        if (bound != cases[i].bound)
            fail_msg("case %zu: %s, not %s", i, bound_name(bound), bound_name(cases[i].bound));
    }
}

/* The parts are what the time is made of, as long as phases do not overlap. */
static void test_parts(void **state) {
    (void)state;
    const pp_phases phases = {
        .prepare = 1, .upload = 2, .compute = 3, .download = 4, .output = 0.5};
    double parts[4];
    bound_parts(&phases, 20, true, parts);
    assert_true(parts[BOUND_COMPUTE] == 4 && parts[BOUND_TRANSFER] == 6);
    assert_true(parts[BOUND_OUTPUT] == 0.5 && parts[BOUND_LAUNCH] == 9.5);
    bound_parts(&phases, 20, false, parts);
    assert_true(parts[BOUND_COMPUTE] == 3.5 && parts[BOUND_LAUNCH] == 10);
    bound_parts(&phases, 5, true, parts);
    assert_true(parts[BOUND_LAUNCH] == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rule), cmocka_unit_test(test_parts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
