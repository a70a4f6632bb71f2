/* Pages: what is refused, and what a page must have in it. */
#include "measure/page.h"

#include "measure/picture_gnuplot.h"
#include "support/support.h"

#include <unistd.h>

static const char PAGE[] = "unit_measure_page.html";

static json_t *document_with(const char *further) {
    json_error_t error;
    char text[600];
    snprintf(text, sizeof text,
             "{\"job\":{\"words\":\"count 9\"},\"results\":[{\"backend\":\"serial\",\"threads\":1,"
             "\"count\":\"4\",\"seconds\":1.0,\"interval\":null,\"speedup\":1.0,"
             "\"speedup_interval\":null}],\"verdict\":{\"agree\":true,\"sentences\":[\"one <b>\"]}"
             "%s}",
             further);
    json_t *document = json_loads(text, 0, &error);
    if (!document)
        fail_msg("%s", error.text);
    return document;
}

/* Answers that disagree, wherever in the document that is said, have no page. */
static void test_disagreeing(void **state) {
    (void)state;
    static const char *const cases[] = {
        ",\"further\":[{\"verdict\":{\"agree\":true}},{\"verdict\":{\"agree\":false}}]",
        ",\"output_bound\":{\"verdict\":{\"agree\":false}}"};
    for (size_t i = 0; i < COUNT_OF(cases) + 1; i++) {
        json_t *document = document_with(i < COUNT_OF(cases) ? cases[i] : "");
        if (i == COUNT_OF(cases))
            json_object_set_new(json_object_get(document, "verdict"), "agree", json_false());
        char why[200] = "";
        assert_int_equal(page_write(PAGE, document, why, sizeof why), PP_ERR_DISAGREE);
        assert_non_null(strstr(why, "disagree"));
        assert_int_equal(access(PAGE, F_OK), -1);
        json_decref(document);
    }
}

static void test_small(void **state) {
    (void)state;
    char why[200] = "", text[65536];
    if (gnuplot_there(why, sizeof why) == PP_ERR_UNAVAILABLE)
        skip();
    json_t *document = document_with("");
    assert_int_equal(page_write(PAGE, document, why, sizeof why), PP_OK);
    FILE *file = fopen(PAGE, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    unlink(PAGE);
    static const char *const parts[] = {"<!DOCTYPE html>",
                                        "default-src 'none'",
                                        "<h1>count 9</h1>",
                                        "<li>one &lt;b&gt;.</li>",
                                        "<figure id=\"job-bars\">",
                                        "id=\"record\">{",
                                        "one \\u003cb\\u003e",
                                        "needs 6 runs",
                                        "</html>\n"};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (!strstr(text, parts[i]))
            fail_msg("the page has no %s", parts[i]);
    assert_null(strstr(text, "<b>"));
    json_decref(document);
}

static void test_possible(void **state) {
    (void)state;
    char why[200] = "", *path = strdup(getenv("PATH"));
    assert_int_equal(page_possible("none/a.html", why, sizeof why), PP_ERR_IO);
    setenv("PATH", "/nowhere", 1);
    assert_int_equal(page_possible(PAGE, why, sizeof why), PP_ERR_UNAVAILABLE);
    json_t *document = document_with("");
    assert_int_equal(page_write(PAGE, document, why, sizeof why), PP_ERR_UNAVAILABLE);
    assert_non_null(strstr(why, "gnuplot-nox"));
    assert_int_equal(access(PAGE, F_OK), -1);
    json_decref(document);
    setenv("PATH", path, 1);
    free(path);
}

/* Documents as runs make them, and what a reader must find of each on its page. */
static const struct {
    const char *name;
    const char *parts[12];
} documents[] = {
    {"compare",
     {"<section id=\"further-1\"", "id=\"further-1-timeline-3\"", "id=\"output-phases\"",
      "id=\"control-bars\"", "openmp with 2 threads (sieve) takes 0.49 times as long as then",
      "<li>opencl with 2 compute units (sieve) is in this run only.</li>",
      "<td class=\"words\">An older &amp; slower &lt;CPU&gt;</td>",
      "From the file old &lt;1&gt;.json"}},
    {"scale",
     {"id=\"strong-efficiency\"", "id=\"weak-speedup\"", "id=\"job-timeline-2\"",
      "Amdahl&#39;s law fits with a serial fraction of 3.5% (residual 0.013)",
      "Gustafson&#39;s law fits with a serial fraction of 3% (residual 0.02)", "<td>6.43×</td>",
      "<td>10000249999999</td>", "opencl:0 pays from between 10^6 and 10^8 numbers on."}},
    {"scale-two",
     {"No law is fitted: insufficient data: 2 counts of threads, and a fit needs 4.",
      "<td>1.92×</td>", "<td>not distinguishable</td>"}},
    {"scale-many",
     {"<td>28.15×</td>", "no number of threads can do better than 50 times", "<td>2.02%</td>",
      "id=\"control-bars\""}}};

static void test_documents(void **state) {
    (void)state;
    char why[200] = "";
    if (gnuplot_there(why, sizeof why) == PP_ERR_UNAVAILABLE)
        skip();
    for (size_t i = 0; i < COUNT_OF(documents); i++) {
        char path[300];
        json_error_t error;
        snprintf(path, sizeof path, "%s/%s.json", PARPRIME_TEST_DATA, documents[i].name);
        json_t *document = json_load_file(path, 0, &error);
        assert_non_null(document);
        if (page_write(PAGE, document, why, sizeof why) != PP_OK)
            fail_msg("%s: %s", path, why);
        json_decref(document);
        enum { MOST = 1 << 20 };
        char *text = malloc(MOST);
        FILE *file = fopen(PAGE, "r");
        assert_true(text && file);
        size_t n = fread(text, 1, MOST - 1, file);
        assert_true(n < MOST - 1);
        text[n] = '\0';
        fclose(file);
        unlink(PAGE);
        for (size_t part = 0; part < COUNT_OF(documents[i].parts); part++)
            if (documents[i].parts[part] && !strstr(text, documents[i].parts[part]))
                fail_msg("the page of %s has no %s", documents[i].name, documents[i].parts[part]);
        free(text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disagreeing),
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_possible),
        cmocka_unit_test(test_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
