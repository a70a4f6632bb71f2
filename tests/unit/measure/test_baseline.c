/* Earlier records: what is taken from them, what is refused, and that nothing in them does harm. */
#include "measure/baseline.h"

#include "support/support.h"

#include <math.h>
#include <unistd.h>

/* A record of one job by two alternatives, and a further job by one. */
static const char good[] =
    "{\"schema_version\": 1, \"version\": \"0.1.0\",\n"
    " \"job\": {\"command\": \"count\", \"words\": \"count 1e5\", \"lo\": \"0\", \"hi\": "
    "\"100000\"},\n"
    " \"environment\": {\"time\": \"2026-01-01T00:00:00Z\", \"cpu\": \"Old CPU\", \"load\": 0.25,"
    "  \"cores_allowed\": 4, \"compiler\": \"gcc 12.2.0\", \"opencl_devices\": [{\"id\": \"0:0\", "
    "\"name\": \"A GPU\", \"driver\": \"1.0\"}]},\n"
    " \"results\": [\n"
    "  {\"backend\": \"serial\", \"method\": \"sieve\", \"threads\": 1, \"simd\": \"avx2\", "
    "\"device\": "
    "\"CPU\", \"count\": \"9592\", \"digest\": \"e4a309735db41ff5\", \"runs\": [6, 2, 3, 4, 5, "
    "1]},\n"
    "  {\"backend\": \"opencl\", \"method\": \"sieve\", \"threads\": 8, \"simd\": \"scalar\", "
    "\"device\": \"A GPU\", \"count\": \"9592\", \"digest\": null, \"runs\": [0.5]}],\n"
    " \"runs\": [], \"verdict\": {\"agree\": true},\n"
    " \"further\": [{\"job\": {\"command\": \"list\", \"words\": \"list 10\", \"lo\": \"0\", "
    "\"hi\": "
    "\"10\", \"output_format\": \"text\"}, \"results\": [{\"backend\": \"openmp\", \"method\": "
    "\"mr\", "
    "\"threads\": 2, \"simd\": \"none\", \"device\": \"CPU\", \"order\": \"completion\", "
    "\"count\": "
    "\"4\", \"digest\": \"0000000000000001\", \"runs\": [1, 2]}], \"runs\": [], \"verdict\": "
    "{\"agree\": true}}]}\n";

static pp_status parse(const char *text, struct baseline **out, char why[200]) {
    why[0] = '\0';
    return baseline_parse(text, strlen(text), out, why, 200);
}

static void test_good(void **state) {
    (void)state;
    struct baseline *baseline;
    char why[200];
    assert_int_equal(parse(good, &baseline, why), PP_OK);
    assert_int_equal(baseline->n_jobs, 2);
    assert_string_equal(baseline->time, "2026-01-01T00:00:00Z");
    const struct baseline_result *serial = &baseline->jobs[0].results[0];
    assert_int_equal(serial->count, 9592);
    assert_true(serial->has_digest && serial->digest == 0xe4a309735db41ff5);
    /* From the raw times: of six the smallest and the largest. */
    assert_true(serial->time.median == 3.5 && serial->time.has_interval);
    assert_true(serial->time.interval.lo == 1 && serial->time.interval.hi == 6);
    assert_true(!baseline->jobs[0].results[1].has_digest);
    assert_true(!baseline->jobs[0].results[1].time.has_interval);
    assert_string_equal(baseline->jobs[1].results[0].order, "completion");

    /* The same job in other words; another range; another command. */
    json_t *job = json_pack("{s:s, s:s, s:s, s:s}", "words", "count 10^5", "hi", "100000", "lo",
                            "0", "command", "count");
    assert_ptr_equal(baseline_find(baseline, job), &baseline->jobs[0]);
    json_object_set_new(job, "hi", json_string("100001"));
    assert_null(baseline_find(baseline, job));
    json_object_set_new(job, "hi", json_string("100000"));
    json_object_set_new(job, "command", json_string("list"));
    assert_null(baseline_find(baseline, job));
    json_decref(job);

    pp_result answer = {.count = 9592, .digest = 0xe4a309735db41ff5, .has_digest = true};
    const struct baseline_result *differs;
    assert_true(baseline_agrees(&baseline->jobs[0], &answer, &differs));
    answer.digest++;
    assert_false(baseline_agrees(&baseline->jobs[0], &answer, &differs));
    assert_ptr_equal(differs, serial);
    answer.has_digest = false; /* by method pi: then the counts must do */
    assert_true(baseline_agrees(&baseline->jobs[0], &answer, &differs));
    answer.count++;
    assert_false(baseline_agrees(&baseline->jobs[0], &answer, &differs));
    baseline_free(baseline);
}

static struct alternative like(const char *backend, pp_method method, unsigned threads,
                               const char *simd, const char *device) {
    return (struct alternative){.result = {.backend = backend,
                                           .method = method,
                                           .threads = threads,
                                           .simd = simd,
                                           .device = device,
                                           .device_kind = "CPU"}};
}

static void test_match(void **state) {
    (void)state;
    struct baseline *baseline;
    char why[200];
    assert_int_equal(parse(good, &baseline, why), PP_OK);
    struct baseline_job *count = &baseline->jobs[0], *list = &baseline->jobs[1];
    struct comparison counting = {.subject = {.question = SUBJECT_COUNT}};
    struct alternative other[] = {like("serial", PP_METHOD_SIEVE, 2, "avx2", "CPU"),
                                  like("serial", PP_METHOD_MR, 1, "avx2", "CPU"),
                                  like("openmp", PP_METHOD_SIEVE, 1, "avx2", "CPU")};
    for (size_t i = 0; i < COUNT_OF(other); i++)
        assert_null(baseline_match(count, &counting, &other[i]));
    /* Another SIMD level or device will do where there is no better; each is taken once. */
    struct alternative serial = like("serial", PP_METHOD_SIEVE, 1, "avx512", "New CPU");
    struct alternative gpu = like("opencl", PP_METHOD_SIEVE, 8, "scalar", "Another GPU");
    assert_ptr_equal(baseline_match(count, &counting, &serial), &count->results[0]);
    assert_null(baseline_match(count, &counting, &serial));
    assert_ptr_equal(baseline_match(count, &counting, &gpu), &count->results[1]);
    /* A list in order is no counterpart of one that is not. */
    struct comparison listing = {
        .subject = {.question = SUBJECT_LIST, .listing = {.order = PP_ORDER_COMPLETION}}};
    struct alternative openmp = like("openmp", PP_METHOD_MR, 2, "none", "CPU");
    openmp.in_order = true;
    assert_null(baseline_match(list, &listing, &openmp));
    openmp.in_order = false;
    openmp.to = OUTLET_PIPE;
    assert_null(baseline_match(list, &listing, &openmp));
    openmp.to = OUTLET_ASKED;
    assert_ptr_equal(baseline_match(list, &listing, &openmp), &list->results[0]);
    baseline_free(baseline);
}

static void test_changes(void **state) {
    (void)state;
    struct baseline *baseline;
    char why[200];
    assert_int_equal(parse(good, &baseline, why), PP_OK);
    json_t *now = json_pack(
        "{s:s, s:f, s:i, s:s, s:s, s:[{s:s, s:s, s:s}, {s:s, s:s, s:s}]}", "cpu", "New CPU", "load",
        0.6, "cores_allowed", 4, "compiler", "clang 14", "governor", "powersave", "opencl_devices",
        "id", "0:0", "name", "A GPU", "driver", "2.0", "id", "1:0", "name", "B", "driver", "3");
    json_t *changes = baseline_changes(baseline, now);
    static const char *const expected[][3] = {
        {"CPU", "Old CPU", "New CPU"},
        {"compiler", "gcc 12.2.0", "clang 14"},
        {"OpenCL device 0:0", "A GPU, driver 1.0", "A GPU, driver 2.0"},
        {"OpenCL device 1:0", "not recorded", "B, driver 3"}};
    assert_int_equal(json_array_size(changes), COUNT_OF(expected));
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        const json_t *change = json_array_get(changes, i);
        assert_string_equal(json_string_value(json_object_get(change, "what")), expected[i][0]);
        assert_string_equal(json_string_value(json_object_get(change, "before")), expected[i][1]);
        assert_string_equal(json_string_value(json_object_get(change, "now")), expected[i][2]);
    }
    json_decref(changes);
    json_object_set_new(now, "load", json_real(0.75)); /* half a process more is worth telling */
    changes = baseline_changes(baseline, now);
    assert_int_equal(json_array_size(changes), COUNT_OF(expected) + 1);
    json_decref(changes);
    json_decref(now);
    baseline_free(baseline);
}

/* The good record with the first `what` in it replaced. */
static char *spoiled(const char *what, const char *with) {
    const char *at = strstr(good, what);
    assert_non_null(at);
    char *text = malloc(sizeof good + strlen(with));
    int before = (int)(at - good);
    sprintf(text, "%.*s%s%s", before, good, with, at + strlen(what));
    return text;
}

static void test_refused(void **state) {
    (void)state;
    static const char *const cases[][3] = {
        {"\"schema_version\": 1", "\"schema_version\": 2", "schema"},
        {"\"schema_version\": 1", "\"schema_version\": \"1\"", "no document"},
        {"\"version\": \"0.1.0\"", "\"version\": 0.1", "no document"},
        {"\"version\": \"0.1.0\",", "", "no document"},
        {"\"further\": [", "\"further\": 1, \"other\": [", "record of compare"},
        {"\"further\": [", "\"other\": [", "record of compare"},
        {"\"job\": {", "\"work\": {", "no job"},
        {"\"words\": \"count 1e5\"", "\"words\": 5", "no job"},
        {"\"verdict\"", "\"opinion\"", "not finished"},
        {"\"agree\": true", "\"agree\": false", "disagreed"},
        {"\"agree\": true", "\"agree\": 1", "disagreed"},
        {"\"time\": \"2026-01-01T00:00:00Z\",", "", "when it was made"},
        {"\"runs\": [6,", "\"runs\": [-6,", "result 0"},
        {"\"runs\": [6,", "\"runs\": [0,", "result 0"},
        {"\"runs\": [6,", "\"runs\": [\"6\",", "result 0"},
        {"\"runs\": [6,", "\"runs\": [1e300,", "result 0"},
        {"\"runs\": [6,", "\"runs\": [null,", "result 0"},
        {"\"runs\": [6, 2, 3, 4, 5, 1]", "\"runs\": []", "result 0"},
        {"\"runs\": [0.5]", "\"runs\": {}", "result 1"},
        {"\"threads\": 1", "\"threads\": 0", "result 0"},
        {"\"threads\": 1", "\"threads\": 1.0", "result 0"},
        {"\"threads\": 1", "\"threads\": 99999999999", "result 0"},
        {"\"count\": \"9592\"", "\"count\": 9592", "result 0"},
        {"\"count\": \"9592\"", "\"count\": \"-9592\"", "result 0"},
        {"\"count\": \"9592\"", "\"count\": \"\"", "result 0"},
        {"\"count\": \"9592\"", "\"count\": \"18446744073709551616\"", "result 0"},
        {"\"digest\": \"e4a309735db41ff5\"", "\"digest\": \"e4a309735db41ff\"", "result 0"},
        {"\"digest\": \"e4a309735db41ff5\"", "\"digest\": \"g4a309735db41ff5\"", "result 0"},
        {"\"digest\": \"e4a309735db41ff5\",", "", "result 0"},
        {"\"method\": \"sieve\"", "\"method\": \"magic\"", "result 0"},
        {"\"backend\": \"serial\",", "", "result 0"},
        {"\"order\": \"completion\"", "\"order\": 1", "result 0"},
        {"\"device\": \"CPU\"", "\"device\": \"C\\u0000U\"", "no JSON"},
        {"\"runs\": [],", "\"runs\": [], \"interrupted\": {},", "interrupted"},
        {"\"runs\": [],", "\"runs\": [], \"runs\": [],", "no JSON"},
        {"{\"schema_version\"", "[{\"schema_version\"", "no JSON"},
        {"\"further\": [", "\"further\": [5, ", "no job"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct baseline *baseline;
        char why[200], *text = spoiled(cases[i][0], cases[i][1]);
        if (parse(text, &baseline, why) != PP_ERR_USAGE)
            fail_msg("%s is taken", cases[i][1]);
        if (!strstr(why, cases[i][2]))
            fail_msg("%s: '%s' does not say %s", cases[i][1], why, cases[i][2]);
        assert_null(baseline);
        free(text);
    }
    static const char *const texts[] = {"",     " ",  "5",    "[]",          "{}",
                                        "null", "\"", "\xff", "{\"a\": NaN}"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct baseline *baseline;
        char why[200];
        assert_int_equal(parse(texts[i], &baseline, why), PP_ERR_USAGE);
        assert_true(why[0] != '\0');
    }
}

/* Nothing from a record reaches a terminal that could steer it. */
static void test_steering(void **state) {
    (void)state;
    struct baseline *baseline;
    char why[200], *text = spoiled("count 1e5", "\\u001b[2J\\u0007\\u009b1m\\u007f \xc3\xa9");
    assert_int_equal(parse(text, &baseline, why), PP_OK);
    assert_string_equal(baseline->jobs[0].words, "?[2J??1m? \xc3\xa9");
    baseline_free(baseline);
    free(text);
    /* Cut between characters: 100 of two bytes, and of 200 bytes one is for the end. */
    char many[201] = "", *long_text;
    for (int i = 0; i < 100; i++)
        strcat(many, "\xc3\xa9");
    long_text = spoiled("count 1e5", many);
    assert_int_equal(parse(long_text, &baseline, why), PP_OK);
    assert_int_equal(strlen(baseline->jobs[0].words), 198);
    baseline_free(baseline);
    free(long_text);
}

/* Bytes flipped, cut out and doubled at random: refused in words, or taken and usable. */
static void test_random(void **state) {
    (void)state;
    uint64_t random = test_seed(5);
    unsigned taken = 0;
    for (int round = 0; round < (test_all() ? 300000 : 5000); round++) {
        char text[2 * sizeof good];
        size_t n = sizeof good - 1;
        memcpy(text, good, n);
        for (uint64_t i = 0, changes = 1 + random_below(&random, 3); i < changes; i++) {
            size_t at = random_below(&random, n);
            size_t length = random_below(&random, n - at < 30 ? n - at : 30);
            switch (random_below(&random, 3)) {
            case 0:
                text[at] = (char)(text[at] ^ (1 << random_below(&random, 8)));
                break;
            case 1:
                memmove(text + at, text + at + length, n - at - length);
                n -= length;
                break;
            default:
                if (n + length < sizeof text) {
                    memmove(text + at + length, text + at, n - at);
                    n += length;
                }
            }
        }
        struct baseline *baseline;
        char why[200] = "";
        pp_status status = baseline_parse(text, n, &baseline, why, sizeof why);
        if (status != PP_OK) {
            assert_int_equal(status, PP_ERR_USAGE);
            assert_true(why[0] != '\0');
            continue;
        }
        taken++;
        const pp_result answer = {.count = 9592};
        const struct baseline_result *differs;
        for (size_t i = 0; i < baseline->n_jobs; i++) {
            baseline_agrees(&baseline->jobs[i], &answer, &differs);
            assert_non_null(baseline_find(baseline, baseline->jobs[i].job));
        }
        json_t *environment = json_object(), *changes = baseline_changes(baseline, environment);
        assert_non_null(changes);
        json_decref(changes);
        json_decref(environment);
        baseline_free(baseline);
    }
    assert_true(taken > 0); /* or the rest of the loop was not tried */
}

static void test_files(void **state) {
    (void)state;
    struct baseline *baseline;
    char why[200], path[] = "/tmp/parprime-test-XXXXXX";
    assert_int_equal(baseline_read("/no/such/file", &baseline, why, sizeof why), PP_ERR_IO);
    assert_non_null(strstr(why, "No such file"));
    assert_int_equal(baseline_read("/", &baseline, why, sizeof why), PP_ERR_IO);
    assert_non_null(strstr(why, "directory"));
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(baseline_read(path, &baseline, why, sizeof why), PP_ERR_USAGE);
    assert_int_equal(write(fd, good, sizeof good - 1), sizeof good - 1);
    assert_int_equal(baseline_read(path, &baseline, why, sizeof why), PP_OK);
    baseline_free(baseline);
    /* Larger than any record: read no further than that. */
    assert_int_equal(ftruncate(fd, 100l << 20), 0);
    assert_int_equal(baseline_read(path, &baseline, why, sizeof why), PP_ERR_USAGE);
    assert_non_null(strstr(why, "larger"));
    close(fd);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),     cmocka_unit_test(test_match),
        cmocka_unit_test(test_changes),  cmocka_unit_test(test_refused),
        cmocka_unit_test(test_steering), cmocka_unit_test(test_random),
        cmocka_unit_test(test_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
