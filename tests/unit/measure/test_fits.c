/* Laws of scaling, held against data of known parameters. */
#include "measure/fits.h"
#include "support/support.h"

#include <math.h>

static void assert_near(double found, double wanted, double within) {
    if (!(fabs(found - wanted) <= within))
        fail_msg("%.17g is not within %g of %.17g", found, within, wanted);
}

/* Worked by hand. */
static void test_karp_flatt(void **state) {
    (void)state;
    assert_near(karp_flatt(1.6, 2), 0.25, 1e-15); /* (5/8 - 4/8) / (1/2) */
    assert_near(karp_flatt(2.5, 4), 0.2, 1e-15);  /* (2/5 - 1/4) / (3/4) */
    assert_near(karp_flatt(4, 16), 0.2, 1e-15);   /* (3/16) / (15/16) */
    assert_near(karp_flatt(2, 2), 0, 1e-15);      /* ideal */
    assert_near(karp_flatt(1, 8), 1, 1e-15);      /* of no use */
    assert_near(karp_flatt(0.5, 2), 3, 1e-15);    /* slower than one thread */
    assert_near(karp_flatt(2.5, 2), -0.2, 1e-15); /* superlinear */
    assert_true(isnan(karp_flatt(1, 1)));         /* one thread says nothing */
    assert_true(isnan(karp_flatt(0.9, 1)));
    /* It reads Amdahl's fraction off his law, whatever the threads. */
    for (double threads = 2; threads < 3000; threads *= 1.7)
        for (double f = 0; f <= 1; f += 0.0625)
            assert_near(karp_flatt(amdahl_speedup(f, threads), threads), f, 1e-12);
}

static void test_laws(void **state) {
    (void)state;
    assert_near(amdahl_speedup(0.1, 10), 1 / 0.19, 1e-14);
    assert_near(amdahl_speedup(0, 48), 48, 1e-13);
    assert_near(amdahl_speedup(1, 48), 1, 1e-15);
    assert_near(amdahl_speedup(0.3, 1), 1, 1e-15);
    assert_near(amdahl_limit(0.05), 20, 1e-14);
    assert_true(isinf(amdahl_limit(0)));
    assert_near(gustafson_speedup(0.1, 11), 10, 1e-14);
    assert_near(gustafson_speedup(0, 7), 7, 0);
    assert_near(gustafson_speedup(1, 7), 1, 0);
    /* Gustafson's own figures for 1024 processors: 0.8 percent serial makes 1016. */
    assert_near(gustafson_speedup(0.008, 1024), 1015.816, 1e-9);
}

enum { N = 8 };

static void sample(struct scaling_point points[N], double f, double (*law)(double, double)) {
    static const double counts[N] = {1, 2, 3, 4, 8, 16, 48, 128};
    for (size_t i = 0; i < N; i++)
        points[i] = (struct scaling_point){counts[i], law(f, counts[i])};
}

static void assert_fit(struct fit fit, double f, double residual, double within) {
    assert_true(fit.fitted);
    assert_near(fit.serial_fraction, f, within);
    assert_near(fit.residual, residual, within);
}

static void test_exact_data(void **state) {
    (void)state;
    struct scaling_point points[N];
    for (double f = 0; f <= 1; f += 1 / 128.0) {
        sample(points, f, amdahl_speedup);
        assert_fit(fit_amdahl(points, N), f, 0, 1e-12);
        assert_fit(fit_amdahl(points, 4), f, 0, 1e-12);
        sample(points, f, gustafson_speedup);
        assert_fit(fit_gustafson(points, N), f, 0, 1e-12);
        assert_fit(fit_gustafson(points, 4), f, 0, 1e-12);
    }
    sample(points, 1e-6, amdahl_speedup);
    assert_fit(fit_amdahl(points, N), 1e-6, 0, 1e-12);
    assert_int_equal(fit_amdahl(points, N).n_counts, N);
    /* Each law fits the other's data badly, and says so. */
    sample(points, 0.1, gustafson_speedup);
    assert_true(fit_amdahl(points, N).residual > 0.05);
    sample(points, 0.1, amdahl_speedup);
    assert_true(fit_gustafson(points, N).residual > 0.05);
}

/* Two parts of distance that least squares can be worked out for by hand. */
static void test_residual_by_hand(void **state) {
    (void)state;
    /* With S = 1 at p = 2 and 4, distances are f/2 - 1/2 and 3f/4 - 3/4: zero at f = 1. With
     * S = 2 at p = 2, the distance is f - 0; at p = 4 with S = 2, 3f/2 - 1/2. So the best f of
     * these two is (3/4) / (1 + 9/4) = 3/13, and the distances 3/13 and -2/13. */
    const struct scaling_point points[] = {{1, 1}, {1, 1}, {2, 2}, {4, 2}, {8, 2}};
    /* At p = 8 with S = 2: 7f/4 - 3/4. f = (3/4 + 21/16) / (1 + 9/4 + 49/16) = 33/101. */
    double f = 33 / 101.0, a = f, b = 1.5 * f - 0.5, c = 1.75 * f - 0.75;
    assert_fit(fit_amdahl(points, 5), f, sqrt((a * a + b * b + c * c) / 5), 1e-14);
    assert_int_equal(fit_amdahl(points, 5).n_counts, 4);
    /* Gustafson: (p - f (p - 1)) / S - 1 is -f/2, 1 - 3f/2 and 3 - 7f/2:
     * f = (3/2 + 21/2) / (1/4 + 9/4 + 49/4) = 48/59. */
    f = 48 / 59.0, a = f / 2, b = 1 - 1.5 * f, c = 3 - 3.5 * f;
    assert_fit(fit_gustafson(points, 5), f, sqrt((a * a + b * b + c * c) / 5), 1e-14);
}

/* A standard normal variable, by Box and Muller. */
static double normal(uint64_t *random) {
    double u = ((double)(random_u64(random) >> 11) + 0.5) * 0x1p-53;
    double v = (double)(random_u64(random) >> 11) * 0x1p-53;
    return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * v);
}

/*
 * Times that scatter by a share of themselves. Theory: the estimate of a line through the origin
 * has the standard deviation noise / sqrt(sum of squared slopes), and the residual is noise times
 * sqrt((n - 1) / n) for the n that scatter. Means of many samples must lie within 5 standard
 * deviations of their own, plus what is quadratic in the noise.
 */
static void check_noisy(double f, double noise, double (*law)(double, double),
                        struct fit (*fit)(const struct scaling_point *, size_t), bool amdahl,
                        uint64_t random) {
    enum { SAMPLES = 4000 };
    double slopes = 0, sum = 0, squares = 0, residuals = 0;
    struct scaling_point exact[N], noisy[N];
    sample(exact, f, law);
    for (size_t i = 0; i < N; i++) {
        double slope = amdahl ? exact[i].speedup * (1 - 1 / exact[i].threads)
                              : (exact[i].threads - 1) / exact[i].speedup;
        slopes += slope * slope;
    }
    for (size_t s = 0; s < SAMPLES; s++) {
        noisy[0] = exact[0];
        for (size_t i = 1; i < N; i++)
            noisy[i] = (struct scaling_point){exact[i].threads,
                                              exact[i].speedup / (1 + noise * normal(&random))};
        struct fit found = fit(noisy, N);
        assert_true(found.fitted);
        sum += found.unbounded;
        squares += (found.unbounded - f) * (found.unbounded - f);
        residuals += found.residual * found.residual;
    }
    double deviation = noise / sqrt(slopes);
    assert_near(sum / SAMPLES, f, 5 * deviation / sqrt(SAMPLES) + 10 * noise * noise);
    assert_near(sqrt(squares / SAMPLES) / deviation, 1, 0.1);
    assert_near(sqrt(residuals / SAMPLES), noise * sqrt((N - 2) / (double)N), 0.05 * noise);
}

static void test_noisy_data(void **state) {
    (void)state;
    static const double fractions[] = {0.002, 0.05, 0.3, 0.9};
    const uint64_t seed = test_seed(22);
    for (size_t i = 0; i < COUNT_OF(fractions); i++) {
        check_noisy(fractions[i], 0.001, amdahl_speedup, fit_amdahl, true, seed);
        check_noisy(fractions[i], 0.001, gustafson_speedup, fit_gustafson, false, seed);
    }
    check_noisy(0.05, 0.01, amdahl_speedup, fit_amdahl, true, seed);
    check_noisy(0.05, 0.01, gustafson_speedup, fit_gustafson, false, seed);
}

/* What least squares means: no other fraction in [0, 1] is nearer. */
static void test_least(void **state) {
    (void)state;
    uint64_t random = test_seed(23);
    for (size_t round = 0; round < 300; round++) {
        struct scaling_point points[N];
        for (size_t i = 0; i < N; i++) {
            points[i].threads = (double)(1 + random_below(&random, 64));
            points[i].speedup = 0.1 + (double)random_below(&random, 1000) / 100;
        }
        for (size_t law = 0; law < 2; law++) {
            struct fit fit = law ? fit_gustafson(points, N) : fit_amdahl(points, N);
            if (!fit.fitted)
                continue;
            for (size_t step = 0; step <= 1000; step++) {
                double f = (double)step / 1000, sum = 0;
                for (size_t i = 0; i < N; i++) {
                    double p = points[i].threads, s = points[i].speedup;
                    double distance =
                        law ? gustafson_speedup(f, p) / s - 1 : s / amdahl_speedup(f, p) - 1;
                    sum += distance * distance;
                }
                assert_true(fit.residual <= sqrt(sum / N) + 1e-12);
            }
        }
    }
}

static void test_too_few(void **state) {
    (void)state;
    const struct scaling_point points[] = {{1, 1},   {2, 1.9}, {4, 3.5}, {2, 1.8},
                                           {4, 3.4}, {1, 1},   {3, 2.7}};
    for (size_t n = 0; n <= 6; n++) {
        struct fit fit = fit_amdahl(points, n);
        assert_false(fit.fitted);
        assert_int_equal(fit.n_counts, n < 3 ? n : 3);
        assert_false(fit_gustafson(points, n).fitted);
    }
    assert_true(fit_amdahl(points, 7).fitted);
    assert_true(fit_gustafson(points, 7).fitted);
    const struct scaling_point equal[] = {{4, 3}, {4, 3}, {4, 3}, {4, 3}, {4, 3}};
    assert_false(fit_amdahl(equal, 5).fitted);
    assert_int_equal(fit_amdahl(equal, 5).n_counts, 1);
}

static void test_bounds(void **state) {
    (void)state;
    /* Superlinear throughout: f = 0 is nearest, and how far that is off is said. */
    const struct scaling_point fast[] = {{1, 1}, {2, 2.2}, {3, 3.3}, {4, 4.4}};
    struct fit fit = fit_amdahl(fast, 4);
    assert_true(fit.fitted);
    assert_near(fit.serial_fraction, 0, 0);
    assert_true(fit.unbounded < 0);
    assert_near(fit.residual, 0.1 * sqrt(3 / 4.0), 1e-14);
    fit = fit_gustafson(fast, 4);
    assert_near(fit.serial_fraction, 0, 0);
    assert_true(fit.unbounded < 0);
    assert_near(fit.residual, (1 / 1.1 - 1) * -sqrt(3 / 4.0), 1e-14);
    /* Slower and slower. */
    const struct scaling_point slow[] = {{1, 1}, {2, 0.8}, {3, 0.8}, {4, 0.8}};
    fit = fit_amdahl(slow, 4);
    assert_near(fit.serial_fraction, 1, 0);
    assert_true(fit.unbounded > 1);
    assert_near(fit.residual, 0.2 * sqrt(3 / 4.0), 1e-14);
    fit = fit_gustafson(slow, 4);
    assert_near(fit.serial_fraction, 1, 0);
    assert_near(fit.residual, 0.25 * sqrt(3 / 4.0), 1e-14);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_karp_flatt), cmocka_unit_test(test_laws),
        cmocka_unit_test(test_exact_data), cmocka_unit_test(test_residual_by_hand),
        cmocka_unit_test(test_noisy_data), cmocka_unit_test(test_least),
        cmocka_unit_test(test_too_few),    cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
