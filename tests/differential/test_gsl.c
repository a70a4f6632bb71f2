/* The statistics against the GNU Scientific Library's: medians, ranks of intervals, and fits. */
#include "measure/fits.h"
#include "measure/stats.h"
#include "support/support.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <gsl/gsl_version.h>
#include <math.h>

static void assert_near(double found, double wanted, double within) {
    if (!(fabs(found - wanted) <= within))
        fail_msg("%.17g is not within %g of GSL's %.17g", found, within, wanted);
}

/* Like a timing: skew, around some milliseconds. */
static double timing(uint64_t *random) {
    return 1e-3 * (1 - log(((double)(random_u64(random) >> 11) + 0.5) * 0x1p-53));
}

static void test_medians(void **state) {
    (void)state;
    uint64_t random = test_seed(30);
    static double values[STATS_MOST], sorted[STATS_MOST];
    for (size_t n = 1; n <= STATS_MOST; n += n < 300 ? 1 : 311) {
        for (size_t i = 0; i < n; i++)
            values[i] = sorted[i] = timing(&random);
        struct summary summary = summarise(values, n);
        gsl_sort(sorted, 1, n);
        assert_near(summary.median, gsl_stats_median_from_sorted_data(sorted, 1, n), 1e-18);
        assert_near(summary.least, gsl_stats_min(values, 1, n), 0);
        assert_near(summary.most, gsl_stats_max(values, 1, n), 0);
        size_t rank = median_rank(n);
        if (summary.has_interval) {
            assert_near(summary.interval.lo, sorted[rank - 1], 0);
            assert_near(summary.interval.hi, sorted[n - rank], 0);
        }
    }
}

/* The rank is the largest l with P(X < l) <= 2.5%, X binomial(n, 1/2). */
static void test_ranks(void **state) {
    (void)state;
    for (unsigned n = 1; n <= STATS_MOST; n += n < 1000 ? 1 : 37) {
        unsigned rank = (unsigned)median_rank(n);
        if (rank && gsl_cdf_binomial_P(rank - 1, 0.5, n) > 0.025)
            fail_msg("n = %u: rank %u holds less than 95%%", n, rank);
        if (gsl_cdf_binomial_P(rank, 0.5, n) <= 0.025)
            fail_msg("n = %u: rank %u is not the shortest", n, rank);
    }
}

/* Weighted lines through the origin: y = f x with weights 1 / measured^2. */
static void test_fits(void **state) {
    (void)state;
    uint64_t random = test_seed(31);
    enum { N = 7 };
    static const double counts[N] = {1, 2, 3, 4, 8, 16, 64};
    for (size_t round = 0; round < 2000; round++) {
        double f = (double)random_below(&random, 1001) / 1000, x[N], y[N], w[N];
        struct scaling_point points[N] = {{1, 1}};
        for (size_t law = 0; law < 2; law++) {
            double (*speedup)(double, double) = law ? gustafson_speedup : amdahl_speedup;
            for (size_t i = 0; i < N; i++) {
                double p = counts[i],
                       noise = 0.9 + 0.2 * (double)random_below(&random, 1000) / 1000;
                points[i] = (struct scaling_point){p, i ? speedup(f, p) * noise : 1};
                double s = points[i].speedup;
                /* Times: 1/S - 1/p = f (1 - 1/p). Scaled speedups: p - S = f (p - 1). */
                x[i] = law ? p - 1 : 1 - 1 / p;
                y[i] = law ? p - s : 1 / s - 1 / p;
                w[i] = law ? 1 / (s * s) : s * s;
            }
            double fraction, covariance, squares;
            gsl_fit_wmul(x, 1, w, 1, y, 1, N, &fraction, &covariance, &squares);
            struct fit fit = law ? fit_gustafson(points, N) : fit_amdahl(points, N);
            assert_true(fit.fitted);
            assert_near(fit.unbounded, fraction, 1e-12 * (1 + fabs(fraction)));
            if (fraction >= 0 && fraction <= 1) {
                assert_near(fit.serial_fraction, fraction, 1e-12);
                assert_near(fit.residual, sqrt(squares / N), 1e-12);
            } else {
                assert_near(fit.serial_fraction, fraction < 0 ? 0 : 1, 0);
                assert_true(fit.residual >= sqrt(squares / N));
            }
        }
    }
}

int main(void) {
    printf("GSL %s\n", gsl_version);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_medians),
        cmocka_unit_test(test_ranks),
        cmocka_unit_test(test_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
