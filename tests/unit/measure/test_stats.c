/* Medians, the ranks of their intervals, and ratios of two: against exact arithmetic and by hand.
 */
#include "measure/stats.h"
#include "support/support.h"

#include <float.h>
#include <math.h>

static void assert_near(double found, double wanted, double within) {
    if (!(fabs(found - wanted) <= within))
        fail_msg("%.17g is not within %g of %.17g", found, within, wanted);
}

/* The published table of such ranks (n = 6 … 50), which is binomial(n, 1/2) summed up. */
static void test_ranks_of_the_table(void **state) {
    (void)state;
    static const unsigned char table[] = {0,  0,  0,  0,  0,  0,  1,  1,  1,  2,  2,  2,  3,
                                          3,  3,  4,  4,  5,  5,  5,  6,  6,  6,  7,  7,  8,
                                          8,  8,  9,  9,  10, 10, 10, 11, 11, 12, 12, 13, 13,
                                          13, 14, 14, 15, 15, 16, 16, 16, 17, 17, 18, 18};
    assert_int_equal(COUNT_OF(table), 51);
    for (size_t n = 1; n < COUNT_OF(table); n++)
        if (median_rank(n) != table[n])
            fail_msg("n = %zu: rank %zu, not %u", n, median_rank(n), table[n]);
}

/*
 * By exact integers: rank l is right when 2 P(X < l) <= 1/20 < 2 P(X < l + 1), that is, when
 * 40 times the sum of the first l binomial coefficients is at most 2^n, but not of the first l + 1.
 */
static void test_ranks_exactly(void **state) {
    (void)state;
    for (unsigned n = 1; n <= 57; n++) { /* 40 · 2^57 is below 2^63 */
        uint64_t coefficient = 1, sum = 0;
        size_t rank = 0;
        for (unsigned l = 1; l <= n / 2; l++) {
            sum += coefficient;
            if (40 * sum > UINT64_C(1) << n)
                break;
            rank = l;
            coefficient = coefficient * (n - l + 1) / l;
        }
        if (median_rank(n) != rank)
            fail_msg("n = %u: rank %zu, not %zu", n, median_rank(n), rank);
    }
}

/* From Python's integers: the largest l with 40 * sum(comb(n, i) for i in range(l)) <= 2**n. */
static void test_ranks_of_many(void **state) {
    (void)state;
    static const size_t table[][2] = {{100, 40},   {101, 41},    {250, 110},
                                      {1000, 469}, {9999, 4902}, {10000, 4902}};
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (median_rank(table[i][0]) != table[i][1])
            fail_msg("n = %zu: rank %zu, not %zu", table[i][0], median_rank(table[i][0]),
                     table[i][1]);
}

static void test_summaries(void **state) {
    (void)state;
    static const double nine[] = {9, 1, 8, 2, 7, 3, 6, 4, 5};
    struct summary summary = summarise(nine, 9);
    assert_int_equal(summary.n, 9);
    assert_near(summary.median, 5, 0);
    assert_near(summary.least, 1, 0);
    assert_near(summary.most, 9, 0);
    assert_true(summary.has_interval);
    assert_near(summary.interval.lo, 2, 0);
    assert_near(summary.interval.hi, 8, 0);
    assert_near(nine[0], 9, 0); /* left as they were */

    static const double six[] = {0.5, 30, 2, 10, 1, 4};
    summary = summarise(six, 6);
    assert_near(summary.median, 3, 0);
    assert_true(summary.has_interval);
    assert_near(summary.interval.lo, 0.5, 0);
    assert_near(summary.interval.hi, 30, 0);

    summary = summarise(six, 5); /* without the 4 */
    assert_near(summary.median, 2, 0);
    assert_false(summary.has_interval);

    summary = summarise(six, 1);
    assert_near(summary.median, 0.5, 0);
    assert_near(summary.least, 0.5, 0);
    assert_near(summary.most, 0.5, 0);
    assert_false(summary.has_interval);

    static const double equal[] = {3, 3, 3, 3, 3, 3, 3};
    summary = summarise(equal, 7);
    assert_near(summary.median, 3, 0);
    assert_near(summary.interval.lo, 3, 0);
    assert_near(summary.interval.hi, 3, 0);
}

/* 0 … n-1, shuffled: median and ends of the interval are known for every n. */
static void test_every_size(void **state) {
    (void)state;
    uint64_t random = test_seed(20);
    static double values[STATS_MOST];
    for (size_t n = 1; n <= STATS_MOST; n += n < 200 ? 1 : 977) {
        for (size_t i = 0; i < n; i++)
            values[i] = (double)i;
        for (size_t i = n; i > 1; i--) {
            size_t j = random_below(&random, i);
            double kept = values[i - 1];
            values[i - 1] = values[j];
            values[j] = kept;
        }
        struct summary summary = summarise(values, n);
        size_t rank = median_rank(n);
        assert_near(summary.median, (double)(n - 1) / 2, 0);
        assert_int_equal(summary.has_interval, n >= 6);
        if (summary.has_interval) {
            assert_near(summary.interval.lo, (double)(rank - 1), 0);
            assert_near(summary.interval.hi, (double)(n - rank), 0);
        }
    }
}

/*
 * The interval holds the median of what the values are drawn from as often as it says: of n = 9 in
 * 96.09% of samples. Of 20,000 samples that is 19,219 with a standard deviation of 27.
 */
static void test_coverage(void **state) {
    (void)state;
    uint64_t random = test_seed(21);
    unsigned covered = 0;
    for (unsigned sample = 0; sample < 20000; sample++) {
        double values[9];
        for (size_t i = 0; i < COUNT_OF(values); i++) /* skew, as timings are; median log 2 */
            values[i] = -log((double)(random_u64(&random) >> 11) * 0x1p-53 + 0x1p-54);
        struct summary summary = summarise(values, COUNT_OF(values));
        covered += summary.interval.lo <= log(2) && log(2) <= summary.interval.hi;
    }
    if (covered < 19219 - 5 * 27 || covered > 19219 + 5 * 27)
        fail_msg("%u of 20000 intervals hold the median", covered);
}

static struct summary summary_of(double median, double lo, double hi) {
    return (struct summary){.n = 9,
                            .median = median,
                            .least = lo,
                            .most = hi,
                            .has_interval = true,
                            .interval = {lo, hi}};
}

static void test_ratios(void **state) {
    (void)state;
    struct summary slow = summary_of(10, 9, 12), fast = summary_of(4, 3, 5);
    struct ratio ratio = ratio_of(&slow, &fast);
    assert_near(ratio.value, 2.5, DBL_EPSILON);
    assert_true(ratio.has_interval);
    assert_true(ratio.distinguishable);
    assert_near(ratio.interval.lo, 1.8, 2 * DBL_EPSILON);
    assert_near(ratio.interval.hi, 4, 2 * DBL_EPSILON);
    ratio = ratio_of(&fast, &slow);
    assert_near(ratio.value, 0.4, DBL_EPSILON);
    assert_true(ratio.distinguishable);
    assert_near(ratio.interval.lo, 0.25, DBL_EPSILON);
    assert_near(ratio.interval.hi, 5 / 9.0, DBL_EPSILON);

    /* Overlapping, one within the other, and touching, are all not distinguishable. */
    struct summary wide = summary_of(8, 5, 20), inner = summary_of(11, 10, 11.5),
                   touching = summary_of(14, 12, 15), behind = summary_of(14, 12.001, 15);
    assert_false(ratio_of(&slow, &wide).distinguishable);
    assert_false(ratio_of(&wide, &slow).distinguishable);
    assert_false(ratio_of(&slow, &inner).distinguishable);
    assert_false(ratio_of(&inner, &slow).distinguishable);
    assert_false(ratio_of(&slow, &touching).distinguishable);
    assert_false(ratio_of(&touching, &slow).distinguishable);
    assert_true(ratio_of(&slow, &behind).distinguishable);
    assert_true(ratio_of(&behind, &slow).distinguishable);
    assert_false(ratio_of(&slow, &slow).distinguishable);

    struct summary alone = {.n = 1, .median = 2, .least = 2, .most = 2};
    ratio = ratio_of(&slow, &alone);
    assert_near(ratio.value, 5, 0);
    assert_false(ratio.has_interval);
    assert_false(ratio.distinguishable);
    assert_false(ratio_of(&alone, &slow).has_interval);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks_of_the_table),
        cmocka_unit_test(test_ranks_exactly),
        cmocka_unit_test(test_ranks_of_many),
        cmocka_unit_test(test_summaries),
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_coverage),
        cmocka_unit_test(test_ratios),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
