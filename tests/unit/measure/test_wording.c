/*
 * What a comparison says, of comparisons made up for it: a GPU that this machine need not have,
 * intervals that overlap or do not, and figures that do not carry the lesson.
 */
#include "measure/environment.h"
#include "measure/lessons.h"
#include "measure/report.h"
#include "measure/wording.h"

#include "support/support.h"

enum { RUNS = 6 };

/* Made-up runs: RUNS times around a median, one part in a hundred to either side. */
static struct alternative made(const char *backend, const char *kind, unsigned threads,
                               double median) {
    struct alternative one = {.result = {.backend = backend,
                                         .device = kind,
                                         .device_kind = kind,
                                         .simd = strcmp(backend, "opencl") == 0 ? "scalar" : "avx2",
                                         .method = PP_METHOD_SIEVE,
                                         .threads = threads,
                                         .count = 1000,
                                         .has_digest = true},
                              .seconds = calloc(RUNS, sizeof(double)),
                              .out_of_place = calloc(RUNS, sizeof(double)),
                              .alone = calloc(RUNS, sizeof(double))};
    for (int i = 0; i < RUNS; i++)
        one.seconds[i] = median * (1 + 0.004 * (i - 2.5));
    one.time = summarise(one.seconds, RUNS);
    one.options.backend = backend;
    return one;
}

static struct comparison compared(struct alternative *alternatives, size_t n) {
    return (struct comparison){.subject = {.question = SUBJECT_COUNT, .words = "count 1e5"},
                               .alternatives = alternatives,
                               .n_alternatives = n,
                               .n_runs = RUNS,
                               .n_records = n * RUNS,
                               .finished = true,
                               .agree = true};
}

static void free_made(struct alternative *alternatives, size_t n) {
    for (size_t i = 0; i < n; i++) {
        free(alternatives[i].seconds);
        free(alternatives[i].out_of_place);
        free(alternatives[i].alone);
    }
}

static char said[8000];

static void say(void *user, const char *text) {
    (void)user;
    strcat(strcat(said, text), "\n");
}

static const char *sentences(const struct comparison *comparison) {
    said[0] = '\0';
    each_sentence(comparison, say, NULL);
    return said;
}

static void has(const char *text, const char *part) {
    if (!strstr(text, part))
        fail_msg("'%s' is not in: %s", part, text);
}

static void has_not(const char *text, const char *part) {
    if (strstr(text, part))
        fail_msg("'%s' is in: %s", part, text);
}

static unsigned cores(void) {
    struct environment here;
    environment_read(&here);
    return here.cores_allowed;
}

static void test_ratio(void **state) {
    (void)state;
    struct alternative all[] = {made("serial", "CPU", 1, 1), made("openmp", "CPU", 1, 1.005),
                                made("openmp", "CPU", 2, 0.5), made("opencl", "CPU", 2, 2)};
    struct comparison comparison = compared(all, COUNT_OF(all));
    const char *text = sentences(&comparison);
    has(text, "openmp with 1 thread (sieve) is not distinguishable from serial\n");
    has(text, "openmp with 2 threads (sieve) is 2.00 times as fast as serial [1.96, 2.04]; ");
    has(text, "opencl on a CPU with 2 compute units (sieve) is 0.50 times as fast as serial [");
    has_not(text, "GPU");
    has_not(text, "cores with their best code");
    for (size_t i = 0; i < COUNT_OF(all); i++)
        all[i].time = summarise(all[i].seconds, 5);
    text = sentences(&comparison);
    has(text, "openmp with 2 threads (sieve) is 2.0");
    has(text, " times as fast as serial, from too few runs to say how sure that is; ");
    free_made(all, COUNT_OF(all));
}

/* A GPU is held against the fastest of what has all cores, not against one of them. */
static void test_gpu(void **state) {
    (void)state;
    unsigned n = cores();
    struct alternative all[] = {made("serial", "CPU", 1, 10), made("openmp", "CPU", n, 2),
                                made("openmp", "CPU", n, 1), made("opencl", "CPU", n, 3),
                                made("opencl", "GPU", 64, 0.25)};
    all[1].result.method = PP_METHOD_MR;
    struct comparison comparison = compared(all, COUNT_OF(all));
    char expected[200];
    snprintf(
        expected, sizeof expected,
        "opencl on a GPU with 64 compute units (sieve, GPU) is 4.00 times as fast as all %u CPU "
        "cores with their best code here, openmp with %u thread%s (sieve) [",
        n, n, n == 1 ? "" : "s");
    has(sentences(&comparison), expected);
    /* As fast as they: that is said, too. */
    for (int i = 0; i < RUNS; i++)
        all[4].seconds[i] *= 4;
    all[4].time = summarise(all[4].seconds, RUNS);
    has(sentences(&comparison), "(sieve, GPU) is not distinguishable from all ");
    /* Nothing with all cores: no silence about it. */
    all[1].left_out = all[2].left_out = all[3].left_out = true;
    if (n > 1)
        has(sentences(&comparison), " was not held against all ");
    free_made(all, COUNT_OF(all));
}

static void test_order(void **state) {
    (void)state;
    struct alternative all[] = {made("serial", "CPU", 1, 1), made("openmp", "CPU", 2, 0.5),
                                made("openmp", "CPU", 2, 0.6)};
    all[2].in_order = true;
    static const double displaced[RUNS] = {0, 10, 20, 30, 40, 1000};
    memcpy(all[1].out_of_place, displaced, sizeof displaced);
    struct comparison comparison = compared(all, COUNT_OF(all));
    comparison.subject.question = SUBJECT_LIST;
    comparison.subject.listing.order = PP_ORDER_COMPLETION;
    const char *text = sentences(&comparison);
    has(text, "openmp with 2 threads (sieve, as workers finish): 25 of 1000 results (2.5%) arrived "
              "after a larger one (from 0 to 1000 in 6 runs); in order it takes 1.20 times as long "
              "[1.18, 1.22]\n");
    has(text, "serial with 1 thread (sieve, as workers finish): 0 of 1000 results");
    all[2].time = all[1].time;
    has(sentences(&comparison), "what order costs is not distinguishable from nothing");
    free_made(all, COUNT_OF(all));
}

static void test_warnings(void **state) {
    (void)state;
    struct alternative all[] = {made("serial", "CPU", 1, 1e-5), made("openmp", "CPU", 2, 1),
                                made("openmp", "CPU", 2, 1), made("openmp", "CPU", 4096, 1),
                                made("openmp", "CPU", 3, 1)};
    all[1].seconds[0] = 1.6;
    all[1].time = summarise(all[1].seconds, RUNS);
    all[4].seconds[3] = 1.6;
    all[4].time = summarise(all[4].seconds, RUNS);
    struct comparison comparison = compared(all, COUNT_OF(all));
    said[0] = '\0';
    int n = report_warnings(&comparison, say, NULL);
    assert_int_equal(n, 5 + (cores() < 3) + 2 * (cores() < 2));
    has(said, "serial with 1 thread (sieve): runs of 10.0 µs are too short to be timed");
    has(said, "openmp with 2 threads (sieve): the first run took 1.6 times the median");
    has(said, "openmp with 2 threads (sieve) stands there twice");
    has(said, "4096 threads share ");
    has(said, "openmp with 3 threads (sieve): the slowest run took 1.6 times the median");
    free_made(all, COUNT_OF(all));
}

static const char *lesson(const struct comparison *job, const struct control *control,
                          const struct comparison *output, enum lesson_kind kind) {
    static struct lesson lessons[N_LESSONS];
    size_t n = lessons_make(job, control, output, lessons);
    for (size_t i = 0; i < n; i++)
        if (lessons[i].kind == kind)
            return lessons[i].text;
    return NULL;
}

static void test_parallel(void **state) {
    (void)state;
    struct alternative all[] = {made("serial", "CPU", 1, 1), made("openmp", "CPU", 2, 0.5),
                                made("opencl", "CPU", 8, 0.1)};
    struct comparison job = compared(all, COUNT_OF(all));
    has(lesson(&job, NULL, NULL, LESSON_PARALLEL),
        "beside one thread (serial), 2 threads are 2.00 times as fast [1.96, 2.04].");
    all[1].time = all[0].time;
    has(lesson(&job, NULL, NULL, LESSON_PARALLEL), "2 threads are not distinguishable from it");
    all[1].time = summarise(all[1].seconds, 5);
    has(lesson(&job, NULL, NULL, LESSON_PARALLEL), "too few runs to say");
    all[1].result.simd = "none"; /* other code: no longer the threads alone */
    has(lesson(&job, NULL, NULL, LESSON_PARALLEL), "does not show what that brings");
    job.finished = false;
    assert_null(lesson(&job, NULL, NULL, LESSON_PARALLEL));
    free_made(all, COUNT_OF(all));
}

static void test_sequential(void **state) {
    (void)state;
    struct control_form forms[2] = {{0}, {.workers = 20}};
    struct control control = {.steps = 20, .n_runs = RUNS, .n_forms = 2, .forms = forms};
    for (int i = 0; i < RUNS; i++) {
        forms[0].seconds[i] = 1 + 0.001 * i;
        forms[1].seconds[i] = 2 + 0.001 * i;
    }
    const char *text = lesson(NULL, &control, NULL, LESSON_SEQUENTIAL);
    has(text, "20 workers in turn are 0.50 times as fast [0.50, 0.50] (the multiplication");
    has(text, "could be parallel, the chain cannot; it stays serial here).");
    for (int i = 0; i < RUNS; i++)
        forms[1].seconds[i] = 0.5;
    has(lesson(NULL, &control, NULL, LESSON_SEQUENTIAL), "only a disturbed measurement can say");
    for (int i = 0; i < RUNS; i++)
        forms[1].seconds[i] = 1.002;
    text = lesson(NULL, &control, NULL, LESSON_SEQUENTIAL);
    has(text, "are not distinguishable from it in this run (the");
}

static void test_output(void **state) {
    (void)state;
    struct alternative all[] = {made("serial", "CPU", 1, 1),   made("openmp", "CPU", 2, 0.5),
                                made("serial", "CPU", 1, 2),   made("openmp", "CPU", 2, 2.005),
                                made("serial", "CPU", 1, 1.5), made("openmp", "CPU", 2, 1.5)};
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        all[i].to = (enum outlet_kind)(OUTLET_DISCARD + i / 2);
        all[i].bytes = 25000000;
    }
    all[3].result.phases.output = 1.8;
    for (int i = 0; i < RUNS; i++)
        all[3].alone[i] = 1.5;
    all[3].bound = BOUND_OUTPUT;
    all[5].result.phases.output = 1;
    struct comparison output = compared(all, COUNT_OF(all));
    output.subject.question = SUBJECT_LIST;
    const char *text = lesson(NULL, NULL, &output, LESSON_OUTPUT);
    has(text,
        "Written to a file, the 25.0 MB of \"count 1e5\" take 2.005 s with 2 threads, 90% of it "
        "in writing, so that run is bound by output (ready made, the bytes alone take 1.500 s): "
        "beside one thread, 2 are not "
        "distinguishable from it in this run; without the writing they are 2.00 times as fast");
    all[5].result.phases.output = 1.4; /* then the pipe tells more */
    all[5].bound = BOUND_COMPUTE;
    has(lesson(NULL, NULL, &output, LESSON_OUTPUT), "Written to a pipe, ");
    has(lesson(NULL, NULL, &output, LESSON_OUTPUT), "so that run is bound by compute");
    for (size_t i = 2; i < COUNT_OF(all); i++)
        all[i].left_out = true;
    has(lesson(NULL, NULL, &output, LESSON_OUTPUT), "shows nothing of that");
    free_made(all, COUNT_OF(all));
}

/* ---- whole reports ---- */

static char *report(const struct comparison *comparison,
                    void (*write)(FILE *, const struct comparison *)) {
    char *text;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    write(to, comparison);
    fclose(to);
    return text;
}

static void write_text(FILE *to, const struct comparison *comparison) {
    report_text(to, comparison, true);
}

/* Devices that are told apart, what was left out, and text that could break a table. */
static void test_tables(void **state) {
    (void)state;
    struct alternative all[] = {made("serial", "CPU", 1, 1), made("opencl", "CPU", 2, 0.5),
                                made("opencl", "GPU", 64, 0.1), made("openmp", "CPU", 2, 0.5)};
    all[1].options.device = "0:0";
    all[2].options.device = "a|\"b,`c";
    all[3].left_out = true;
    strcpy(all[3].reason, "no \"cores\", | they say");
    struct comparison comparison = compared(all, COUNT_OF(all));
    char *text = report(&comparison, write_text);
    has(text, "device");
    has(text, " 0:0 ");
    has(text, "opencl/GPU");
    has(text, "left out: no \"cores\", | they say\n");
    free(text);

    text = report(&comparison, report_csv);
    size_t fields = 1, rows = 0;
    bool quoted = false;
    for (const char *c = text; *c; c++) {
        quoted ^= *c == '"';
        fields += !quoted && *c == ',';
        if (!quoted && *c == '\n') {
            assert_int_equal(fields, 33);
            fields = 1;
            rows++;
        }
    }
    assert_int_equal(rows, 4);
    has(text, ",\"no \"\"cores\"\", | they say\"\n");
    has(text, ",\"a|\"\"b,`c\",GPU,");
    free(text);

    text = report(&comparison, report_markdown);
    size_t columns = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (line[0] != '|')
            continue;
        size_t bars = 0;
        for (const char *c = line; *c; c++)
            bars += *c == '|' && (c == line || c[-1] != '\\');
        assert_true(columns == 0 || bars == columns);
        columns = bars;
    }
    assert_int_equal(columns, 11);
    free(text);

    comparison.agree = false;
    strcpy(comparison.dispute, "one says 1, another 2");
    void (*const writers[])(FILE *, const struct comparison *) = {write_text, report_markdown,
                                                                  report_csv};
    for (size_t i = 0; i < COUNT_OF(writers); i++) {
        text = report(&comparison, writers[i]);
        has_not(text, "×");
        has_not(text, "times as");
        has_not(text, "0.5");
        if (writers[i] != report_csv)
            has(text, "one says 1, another 2");
        free(text);
    }
    free_made(all, COUNT_OF(all));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ratio),    cmocka_unit_test(test_gpu),
        cmocka_unit_test(test_order),    cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_parallel), cmocka_unit_test(test_sequential),
        cmocka_unit_test(test_output),   cmocka_unit_test(test_tables)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
