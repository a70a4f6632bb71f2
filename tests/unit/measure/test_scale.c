/* What scale makes of timings: on timings of known medians, intervals and serial fractions. */
#include "measure/scale_report.h"
#include "support/support.h"

#include <math.h>

static void assert_near(double found, double wanted, double within) {
    if (!(fabs(found - wanted) <= within))
        fail_msg("%.17g is not within %g of %.17g", found, within, wanted);
}

static void test_counts(void **state) {
    (void)state;
    static const struct {
        unsigned cores, n, counts[10];
    } cases[] = {
        {1, 1, {1}},
        {2, 2, {1, 2}},
        {3, 3, {1, 2, 3}},
        {8, 8, {1, 2, 3, 4, 5, 6, 7, 8}},
        {9, 5, {1, 2, 4, 8, 9}},
        {16, 5, {1, 2, 4, 8, 16}},
        {48, 7, {1, 2, 4, 8, 16, 32, 48}},
        {512, 10, {1, 2, 4, 8, 16, 32, 64, 128, 256, 512}},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        unsigned counts[SCALE_MOST_COUNTS];
        size_t n = scale_counts(cases[i].cores, counts);
        assert_int_equal(n, cases[i].n);
        for (size_t j = 0; j < n; j++)
            assert_int_equal(counts[j], cases[i].counts[j]);
    }
    unsigned counts[SCALE_MOST_COUNTS];
    assert_true(scale_counts(UINT32_MAX / 2, counts) <= SCALE_MOST_COUNTS);
}

static void test_shares(void **state) {
    (void)state;
    assert_int_equal(scale_share(0, 99, 1), 100);
    assert_int_equal(scale_share(0, 99, 2), 50);
    assert_int_equal(scale_share(0, 98, 2), 49);
    assert_int_equal(scale_share(7, 7, 1), 1);
    assert_int_equal(scale_share(7, 7, 2), 0);
    assert_int_equal(scale_share(0, UINT64_MAX, 2), UINT64_C(1) << 63);
    assert_int_equal(scale_share(0, UINT64_MAX, 4), UINT64_C(1) << 62);
    assert_int_equal(scale_share(0, UINT64_MAX, 3), UINT64_MAX / 3);
    assert_int_equal(scale_share(1, UINT64_MAX, 1), UINT64_MAX);
    for (uint64_t length = 1; length < 50; length++)
        for (unsigned most = 1; most < 10; most++) {
            uint64_t share = scale_share(1000, 1000 + length - 1, most);
            assert_true(share * most <= length);
            assert_true((share + 1) * most > length);
        }
}

/* ---- a comparison that nobody ran ---- */

enum { RUNS = 9 };
/* Of nine runs the median is the fifth, and its interval the second to the eighth. */
static const double SPREAD[RUNS] = {1.3, 0.8, 1.01, 0.99, 1.0, 0.98, 1.02, 0.97, 1.03};
static const double LOW = 0.97, HIGH = 1.03;

static struct comparison made(size_t n, const unsigned *threads, const double *medians) {
    struct comparison comparison = {
        .subject = {.question = SUBJECT_COUNT, .lo = 100, .hi = 1099, .words = "count 100 1099"},
        .n_alternatives = n,
        .n_runs = RUNS,
        .n_warmup = 1,
        .n_records = n * RUNS,
        .finished = true,
        .agree = true};
    comparison.alternatives = calloc(n, sizeof *comparison.alternatives);
    comparison.records = calloc(n * RUNS, sizeof *comparison.records);
    assert_non_null(comparison.alternatives);
    for (size_t i = 0; i < n; i++) {
        struct alternative *alternative = &comparison.alternatives[i];
        alternative->result = (pp_result){.count = 168,
                                          .digest = UINT64_C(0x123456789abcdef0),
                                          .has_digest = true,
                                          .backend = threads[i] ? "openmp" : "serial",
                                          .device = "CPU",
                                          .device_kind = "CPU",
                                          .simd = "none",
                                          .method = PP_METHOD_SIEVE,
                                          .threads = threads[i] ? threads[i] : 1,
                                          .units = 1};
        alternative->seconds = calloc(RUNS, sizeof(double));
        alternative->cpu_seconds = calloc(RUNS, sizeof(double));
        for (size_t run = 0; run < RUNS; run++)
            alternative->seconds[run] = medians[i] * SPREAD[run];
        alternative->time = summarise(alternative->seconds, RUNS);
    }
    return comparison;
}

/* Scaling of a law on so many cores; the fractions are those of a strong and a weak curve. */
static void make(struct scale *scale, unsigned cores, size_t n, const unsigned *counts,
                 double strong, double weak) {
    *scale = (struct scale){.noun = "thread", .cores = cores, .n_counts = n, .share = 100};
    unsigned threads[SCALE_MOST_COUNTS] = {0};
    double medians[SCALE_MOST_COUNTS], grown[SCALE_MOST_COUNTS];
    for (size_t i = 0; i < n; i++) {
        scale->counts[i] = threads[i] = counts[i];
        medians[i] = 2 / amdahl_speedup(strong, counts[i]);
        grown[i] = 0.5 * counts[i] / gustafson_speedup(weak, counts[i]);
        scale->shares[i] = (struct subject){
            .question = SUBJECT_COUNT, .lo = 100, .hi = 100 + 100 * counts[i] - 1, .words = "part"};
    }
    threads[n] = 0;
    medians[n] = 1.9;
    scale->strong = made(n + 1, threads, medians);
    scale->weak = made(n, threads, grown);
    for (size_t i = 0; i < n; i++)
        scale->weak.alternatives[i].own = &scale->shares[i];
    scale_sum_up(scale, &scale->strong, false, &scale->strong_curve);
    scale_sum_up(scale, &scale->weak, true, &scale->weak_curve);
}

static void test_sums(void **state) {
    (void)state;
    static const unsigned counts[] = {1, 2, 3, 4, 6};
    struct scale scale;
    make(&scale, 4, 5, counts, 0.1, 0.2);
    assert_int_equal(scale.strong_curve.n, 5);
    for (size_t i = 0; i < 5; i++) {
        double p = counts[i];
        const struct scale_point *strong = &scale.strong_curve.points[i],
                                 *weak = &scale.weak_curve.points[i];
        assert_int_equal(strong->threads, counts[i]);
        assert_int_equal(strong->crowded, p > 4);
        double s = amdahl_speedup(0.1, p), g = gustafson_speedup(0.2, p);
        assert_near(strong->speedup.value, s, 1e-12);
        assert_near(strong->speedup.interval.lo, s * LOW / HIGH, 1e-12);
        assert_near(strong->speedup.interval.hi, s * HIGH / LOW, 1e-12);
        assert_near(strong->efficiency, s / p, 1e-12);
        assert_near(weak->speedup.value, g, 1e-12);
        assert_near(weak->speedup.interval.lo, g * LOW / HIGH, 1e-12);
        assert_near(weak->speedup.interval.hi, g * HIGH / LOW, 1e-12);
        assert_near(weak->efficiency, g / p, 1e-12);
        assert_true(isnan(weak->serial_fraction));
        if (p > 1) {
            assert_near(strong->serial_fraction, 0.1, 1e-12);
            assert_near(strong->serial_between.lo, karp_flatt(s * HIGH / LOW, p), 1e-12);
            assert_near(strong->serial_between.hi, karp_flatt(s * LOW / HIGH, p), 1e-12);
            assert_true(strong->serial_between.lo < 0.1 && 0.1 < strong->serial_between.hi);
        } else {
            assert_true(isnan(strong->serial_fraction));
        }
    }
    assert_int_equal(scale_widest(&scale.strong_curve)->threads, 4);
    assert_true(scale.strong_curve.fit.fitted);
    assert_int_equal(scale.strong_curve.fit.n_counts, 4);
    assert_near(scale.strong_curve.fit.serial_fraction, 0.1, 1e-9);
    assert_near(scale.weak_curve.fit.serial_fraction, 0.2, 1e-9);
    assert_string_equal(scale.strong_curve.insufficient, "");
    scale_free(&scale);
}

/* A crowded point is left out of the fit, however far from the law it lies. */
static void test_crowded(void **state) {
    (void)state;
    static const unsigned counts[] = {1, 2, 3, 4, 8};
    struct scale scale;
    make(&scale, 4, 5, counts, 0.1, 0.2);
    struct alternative *crowded = &scale.strong.alternatives[4];
    for (size_t run = 0; run < RUNS; run++)
        crowded->seconds[run] *= 7;
    crowded->time = summarise(crowded->seconds, RUNS);
    scale_sum_up(&scale, &scale.strong, false, &scale.strong_curve);
    assert_near(scale.strong_curve.fit.serial_fraction, 0.1, 1e-9);
    assert_near(scale.strong_curve.fit.residual, 0, 1e-9);
    scale_free(&scale);
    /* Three cores leave three counts: too few, and the reason says which. */
    make(&scale, 3, 5, counts, 0.1, 0.2);
    assert_false(scale.strong_curve.fit.fitted);
    assert_false(scale.weak_curve.fit.fitted);
    assert_string_equal(scale.strong_curve.insufficient,
                        "insufficient data: 3 counts of threads up to the 3 cores allowed, and a "
                        "fit needs 4");
    scale_free(&scale);
    make(&scale, 4, 4, counts, 0.1, 0.2);
    scale.strong.alternatives[2].result.method = PP_METHOD_MR;
    scale_sum_up(&scale, &scale.strong, false, &scale.strong_curve);
    assert_false(scale.strong_curve.fit.fitted);
    assert_non_null(strstr(scale.strong_curve.insufficient, "one method"));
    scale_free(&scale);
}

/* ---- answers that add up ---- */

static void test_pieces(void **state) {
    (void)state;
    static const unsigned counts[] = {1, 2, 4};
    static const double medians[] = {1, 1, 1};
    struct scale scale;
    make(&scale, 4, 3, counts, 0, 0);
    struct comparison pieces = made(3, counts, medians);
    static const uint64_t count[] = {5, 4, 7}, sums[] = {5, 9, 16};
    static const uint64_t digest[] = {UINT64_MAX - 1, 5, UINT64_C(1) << 63},
                          digests[] = {UINT64_MAX - 1, 3, (UINT64_C(1) << 63) + 3};
    for (size_t i = 0; i < 3; i++) {
        pieces.alternatives[i].result.count = count[i];
        pieces.alternatives[i].result.digest = digest[i];
        scale.weak.alternatives[i].result.count = sums[i];
        scale.weak.alternatives[i].result.digest = digests[i];
    }
    pieces.alternatives[0].cpu_seconds[0] = 1;
    pieces.alternatives[2].cpu_seconds[0] = 3; /* two shares */
    assert_true(scale_check_pieces(&scale, &pieces));
    assert_true(scale.weak.agree);
    assert_near(scale.uneven, 1.5, 1e-15);
    scale.weak.alternatives[2].result.count++;
    assert_false(scale_check_pieces(&scale, &pieces));
    assert_false(scale.weak.agree);
    assert_non_null(strstr(scale.weak.dispute, "4 threads says 17"));
    assert_non_null(strstr(scale.weak.dispute, "add up to 16"));
    scale.weak.alternatives[2].result.count--;
    scale.weak.alternatives[1].result.digest ^= 1;
    assert_false(scale_check_pieces(&scale, &pieces));
    /* A method without a digest is held against the count alone. */
    pieces.alternatives[0].result.has_digest = false;
    assert_true(scale_check_pieces(&scale, &pieces));
    pieces.alternatives[0].cpu_seconds[0] = 1e-4;
    scale.uneven = 0;
    assert_true(scale_check_pieces(&scale, &pieces));
    assert_near(scale.uneven, 0, 0); /* too short to tell */
    compare_free(&pieces);
    scale_free(&scale);
}

static void test_repeats(void **state) {
    (void)state;
    static const unsigned counts[] = {1, 2, 3};
    struct scale scale;
    make(&scale, 4, 3, counts, 0, 0);
    for (size_t i = 0; i < 3; i++) {
        scale.weak.alternatives[i].result.count = 168 * counts[i];
        uint64_t digest = 0;
        for (unsigned j = 0; j < counts[i]; j++)
            __builtin_add_overflow(digest, scale.strong.alternatives[0].result.digest, &digest);
        scale.weak.alternatives[i].result.digest = digest;
    }
    assert_true(scale_check_repeats(&scale));
    scale.weak.alternatives[2].result.count = 168;
    assert_false(scale_check_repeats(&scale));
    assert_false(scale.weak.agree);
    scale_free(&scale);
}

/* ---- words ---- */

static void gather(void *user, const char *text) {
    char *all = user;
    snprintf(all + strlen(all), 4000 - strlen(all), "%s\n", text);
}

static char *said(struct scale *scale, void (*say)(const struct scale *, say_fn, void *)) {
    static char all[4000];
    all[0] = '\0';
    say(scale, gather, all);
    return all;
}

static void assert_says(const char *text, const char *part) {
    if (!strstr(text, part))
        fail_msg("'%s' is not in:\n%s", part, text);
}

static void test_words(void **state) {
    (void)state;
    static const unsigned counts[] = {1, 2, 3, 4};
    struct scale scale;
    make(&scale, 4, 4, counts, 0.05, 0.2);
    const char *all = said(&scale, scale_say_strong);
    assert_says(all, "4 threads do the same job 3.48 times as fast as one [3.28, 3.69]: 87% of 4");
    assert_says(all, "fits best with a serial fraction of 0.0500, 0.0% off");
    assert_says(all, "no number of threads gains more than 20.0-fold");
    assert_says(all, "is not distinguishable from openmp with one"); /* 1.9 s against 2 s */
    assert_null(strstr(all, "superlinear"));
    all = said(&scale, scale_say_weak);
    assert_says(all, "4 threads do 4 times as much in 1.18 times the time of one: a scaled speedup "
                     "of 3.40 [3.20, 3.61], 85% of 4");
    assert_says(all, "Gustafson's law fits best with a serial fraction of 0.2000, 0.0% off");
    scale_free(&scale);

    make(&scale, 4, 4, counts, 0, 0); /* ideal, and a bit more */
    all = said(&scale, scale_say_strong);
    assert_says(all, "no serial part");
    assert_null(strstr(all, "gains more than"));
    scale_free(&scale);
    make(&scale, 4, 4, counts, -0.01, -0.01);
    all = said(&scale, scale_say_strong);
    assert_says(all,
                "4 threads seem to gain more than 4-fold (superlinear), but these runs cannot");
    assert_says(said(&scale, scale_say_weak), "seem to gain more than 4-fold (superlinear)");
    scale_free(&scale);
    make(&scale, 4, 4, counts, -0.1, -0.3);
    all = said(&scale, scale_say_strong);
    assert_says(all, "4 threads gain more than 4-fold (superlinear)");
    assert_says(all, "least squares alone would choose -0.1000");
    assert_says(said(&scale, scale_say_weak), "4 threads gain more than 4-fold (superlinear)");
    scale_free(&scale);
    make(&scale, 2, 2, counts, 1, 1); /* of no use */
    all = said(&scale, scale_say_strong);
    assert_says(all, "2 threads are not distinguishable from one");
    assert_says(all, "Amdahl's law: insufficient data: 2 counts of threads up to the 2 cores");
    assert_says(said(&scale, scale_say_weak), "Gustafson's law: insufficient data: 2 counts");
    scale_free(&scale);
}

static struct summary exactly(double seconds) {
    double values[RUNS];
    for (size_t i = 0; i < RUNS; i++)
        values[i] = seconds;
    return summarise(values, RUNS);
}

static void test_device_words(void **state) {
    (void)state;
    struct size_point points[] = {{1000, exactly(1), exactly(9)},
                                  {2000, exactly(2), exactly(10)},
                                  {90000, exactly(90), exactly(20)}};
    struct device_curve curve = {
        .id = "0:1", .name = "Card", .kind = "GPU", .cores = 8, .points = points, .n = 3};
    char text[SCALE_SENTENCE];
    scale_say_device(&curve, text);
    assert_string_equal(text,
                        "OpenCL on a GPU (0:1, Card) pays from somewhere between 2000 and "
                        "90000 numbers on: at 2000 the CPU (up to 8 threads) is still faster, "
                        "from 90000 on the device is");
    curve.n = 2;
    scale_say_device(&curve, text);
    assert_says(text, "never pays within what was measured, 1000 to 2000 numbers");
    curve.points = points + 2, curve.n = 1;
    scale_say_device(&curve, text);
    assert_says(text, "pays at every size that was measured, 90000 to 90000 numbers");
    curve.points = points, curve.n = 3;
    points[0].device = points[0].cpu;
    points[1].device = points[1].cpu;
    scale_say_device(&curve, text);
    assert_says(text, "pays from 90000 numbers on at the latest; at smaller sizes, down to 1000");
    points[0].device = exactly(0.5);
    scale_say_device(&curve, text);
    assert_says(text, "there is no break-even size");
    snprintf(curve.failure, sizeof curve.failure, "it burns");
    scale_say_device(&curve, text);
    assert_says(text, "was not measured: it burns");
}

/* ---- reports ---- */

static char *printed(const struct scale *scale, void (*print)(FILE *, const struct scale *)) {
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    print(to, scale);
    fclose(to);
    return text;
}

/* Answers that disagree leave no figure in any form. */
static void test_dispute(void **state) {
    (void)state;
    static const unsigned counts[] = {1, 2, 3, 4};
    struct scale scale;
    make(&scale, 4, 4, counts, 0.05, 0.2);
    scale.strong.agree = false;
    snprintf(scale.strong.dispute, sizeof scale.strong.dispute, "one says so, one so");
    char *text = printed(&scale, scale_report_text);
    assert_says(text, "THE ANSWERS DISAGREE: one says so, one so");
    assert_null(strstr(text, "×"));
    free(text);
    text = printed(&scale, scale_report_csv);
    assert_null(strstr(text, "0.05"));
    assert_string_equal(strchr(text, '\n'), "\n");
    free(text);
    json_t *json = scale_json(&scale), *strong = json_object_get(json, "strong");
    assert_int_equal(json_array_size(json_object_get(strong, "points")), 0);
    assert_true(json_is_null(json_object_get(strong, "amdahl")));
    assert_true(json_is_null(json_object_get(json, "serial")));
    json_decref(json);
    json = scale_json_verdict(&scale);
    assert_true(json_is_false(json_object_get(json, "agree")));
    assert_int_equal(json_array_size(json_object_get(json, "sentences")), 0);
    json_decref(json);
    scale_free(&scale);
}

static void test_reports(void **state) {
    (void)state;
    static const unsigned counts[] = {1, 2, 3, 4};
    struct scale scale;
    make(&scale, 4, 4, counts, 0.25, 0.2);
    char *text = printed(&scale, scale_report_text);
    assert_says(text, "168 primes, digest 123456789abcdef0");
    assert_says(text, "1.60× [1.51, 1.70]"); /* 1 / (1/4 + 3/8) */
    assert_says(text, "80%");
    assert_says(text, "0.2500");
    assert_says(text, "serial");
    free(text);
    text = printed(&scale, scale_report_csv);
    assert_says(text, "\nstrong,\"count 100 1099\",openmp,sieve,2,1000,168,123456789abcdef0,"
                      "1.250000000,1.212500000,1.287500000,1.6000,0.8000,0.2500,");
    assert_says(text, "\nserial,\"count 100 1099\",serial,sieve,1,1000,168,123456789abcdef0,"
                      "1.900000000,1.843000000,1.957000000,,,,");
    assert_says(text, "\nweak,\"count 100 1099\",openmp,sieve,4,400,168,123456789abcdef0,"
                      "0.588235294,");
    free(text);
    text = printed(&scale, scale_report_markdown);
    assert_says(text, "| 2 | 1.250 s | 1.212 s … 1.288 s | 1.60× [1.51, 1.70] | 80% | 0.2500 |");
    free(text);
    json_t *json = scale_json(&scale), *strong = json_object_get(json, "strong");
    json_t *amdahl = json_object_get(strong, "amdahl");
    assert_near(json_real_value(json_object_get(amdahl, "serial_fraction")), 0.25, 1e-9);
    assert_near(json_real_value(json_object_get(amdahl, "limit")), 4, 1e-4);
    json_t *point = json_array_get(json_object_get(strong, "points"), 1);
    assert_near(json_real_value(json_object_get(point, "karp_flatt")), 0.25, 1e-9);
    assert_near(json_real_value(json_object_get(point, "efficiency")), 0.8, 1e-9);
    point = json_array_get(json_object_get(json_object_get(json, "weak"), "points"), 3);
    assert_string_equal(json_string_value(json_object_get(point, "hi")), "499");
    assert_near(json_real_value(json_object_get(point, "scaled_speedup")), 3.4, 1e-9);
    json_decref(json);
    scale_free(&scale);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),  cmocka_unit_test(test_shares),
        cmocka_unit_test(test_sums),    cmocka_unit_test(test_crowded),
        cmocka_unit_test(test_pieces),  cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_words),   cmocka_unit_test(test_device_words),
        cmocka_unit_test(test_dispute), cmocka_unit_test(test_reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
