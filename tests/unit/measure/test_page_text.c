/* What keeps text from being markup: HTML, JSON in a script, gnuplot's strings, gnuplot's SVG. */
#include "measure/page_text.h"
#include "measure/picture_gnuplot.h"

#include "support/support.h"

struct text {
    FILE *to;
    char *bytes;
    size_t n;
};

static FILE *begin(struct text *text) {
    *text = (struct text){0};
    text->to = open_memstream(&text->bytes, &text->n);
    return text->to;
}

static void wrote(struct text *text, const char *expected) {
    fclose(text->to);
    assert_string_equal(text->bytes, expected);
    free(text->bytes);
}

static void test_html(void **state) {
    (void)state;
    struct text text;
    html_text(begin(&text), "a<b> & \"c\" 'd' ≈\n\t\x01\x1b[0m\x7f");
    wrote(&text, "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39; ≈\n\t\xef\xbf\xbd\xef\xbf\xbd[0m"
                 "\xef\xbf\xbd");
    html_format(begin(&text), "<%s> %d%%", "</script>", 7);
    wrote(&text, "&lt;&lt;/script&gt;&gt; 7%");
}

static void test_json(void **state) {
    (void)state;
    json_t *document =
        json_pack("{s:s, s:f}", "<!--", "</script><b a='&amp;'>\n\xe2\x80\xa8", "x", 0.25);
    struct text text;
    assert_true(html_json(begin(&text), document));
    fclose(text.to);
    assert_null(strpbrk(text.bytes, "<>&"));
    for (size_t i = 0; i < text.n; i++)
        assert_true((unsigned char)text.bytes[i] < 128);
    json_t *back = json_loads(text.bytes, 0, NULL);
    assert_true(json_equal(document, back));
    json_decref(back);
    json_decref(document);
    free(text.bytes);
}

static void test_quoted(void **state) {
    (void)state;
    struct text text;
    gnuplot_quoted(begin(&text), "it's `ls` \"x\" \\n $y @z\nquit\x7f€");
    wrote(&text, "'it’s `ls` \"x\" \\n $y @z quit €'");
    gnuplot_quoted(begin(&text), "");
    wrote(&text, "''");
}

/* What a quoted text says is drawn, and nothing in it is done. */
static void test_quoted_in_gnuplot(void **state) {
    (void)state;
    char why[200], *out = NULL;
    if (gnuplot_there(why, sizeof why) == PP_ERR_UNAVAILABLE)
        skip();
    static const char nasty[] = "'; system('exit 3'); print `echo done` \\ @a $b\nexit status 9";
    struct text text;
    FILE *to = begin(&text);
    fputs("set print '-'\na = ", to);
    gnuplot_quoted(to, nasty);
    fputs("\nprint a\n", to);
    fclose(to);
    assert_int_equal(gnuplot_run(text.bytes, &out, why, sizeof why), PP_OK);
    assert_string_equal(out, "’; system(’exit 3’); print `echo done` \\ @a $b exit status 9\n");
    free(out);
    free(text.bytes);
}

static void test_gnuplot_fails(void **state) {
    (void)state;
    char why[200], *out = NULL;
    if (gnuplot_there(why, sizeof why) == PP_ERR_UNAVAILABLE)
        skip();
    assert_int_equal(gnuplot_run("nonsense\n", &out, why, sizeof why), PP_ERR_INTERNAL);
    assert_null(out);
    assert_non_null(strstr(why, "gnuplot failed: "));
    /* More than a pipe holds, both ways. */
    struct text text;
    FILE *to = begin(&text);
    fputs("set print '-'\n", to);
    for (unsigned i = 0; i < 20000; i++)
        fprintf(to, "print 'line %u'\n", i);
    fclose(to);
    assert_int_equal(gnuplot_run(text.bytes, &out, why, sizeof why), PP_OK);
    assert_non_null(strstr(out, "line 0\nline 1\n"));
    assert_non_null(strstr(out, "\nline 19999\n"));
    free(out);
    free(text.bytes);
}

static void test_gnuplot_missing(void **state) {
    (void)state;
    char why[200], *out = NULL, *path = strdup(getenv("PATH"));
    setenv("PATH", "/nowhere", 1);
    assert_int_equal(gnuplot_there(why, sizeof why), PP_ERR_UNAVAILABLE);
    assert_non_null(strstr(why, "gnuplot-nox"));
    assert_int_equal(gnuplot_run("exit\n", &out, why, sizeof why), PP_ERR_UNAVAILABLE);
    assert_null(out);
    setenv("PATH", path, 1);
    free(path);
}

static void test_svg(void **state) {
    (void)state;
    static const char written[] =
        "<?xml version=\"1.0\"?>\n<svg \n width=\"4\" xmlns=\"http://www.w3.org/2000/svg\"\n"
        " xmlns:xlink=\"http://www.w3.org/1999/xlink\"\n>\n\n<title>Gnuplot</title>\n"
        "<desc>by < nobody</desc>\n<filter id='f'><feFlood x='1'/></filter>"
        "<g fill=\"none\" color='rgb(  0, 114, 178)' stroke=\"currentColor\">\n"
        "<circle id='gpDot' r='0.5'/><use xlink:href='#gpDot' fill = '#D55E00'/>\n"
        "<g font-family=\"sans\" fill=\"black\" style=\"x\"><text> 1 &lt; 2</text></g></g>\n"
        "</svg>\n\ntail";
    char *svg = svg_for_page(written, "p1-", "a < b");
    assert_string_equal(svg,
                        "<svg role=\"img\" width=\"4\" xmlns=\"http://www.w3.org/2000/svg\">"
                        "<title>a &lt; b</title>\n\n\n<g fill=\"none\" color=\"#0072b2\" "
                        "stroke=\"currentColor\">\n<circle id=\"p1-gpDot\" r=\"0.5\"/>"
                        "<use href=\"#p1-gpDot\" fill=\"#d55e00\"/>\n"
                        "<g fill=\"#1f2328\" style=\"x\"><text> 1 &lt; 2</text></g></g>\n</svg>");
    free(svg);
    assert_null(svg_for_page("nothing", "p", "t"));
    assert_null(svg_for_page("<svg a='1'>", "p", "t"));
    assert_null(svg_for_page("<svg a='1></svg>", "p", "t"));
    assert_null(svg_for_page("<svg><title>x</svg>", "p", "t"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_html),          cmocka_unit_test(test_json),
        cmocka_unit_test(test_quoted),        cmocka_unit_test(test_quoted_in_gnuplot),
        cmocka_unit_test(test_gnuplot_fails), cmocka_unit_test(test_gnuplot_missing),
        cmocka_unit_test(test_svg),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
