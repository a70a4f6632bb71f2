/* Pictures of characters: a small document exactly, and what must hold for every document. */
#include "measure/plot.h"

#include "support/support.h"

#include <dirent.h>

static char *plotted(const json_t *document, unsigned width, bool unicode, bool colour) {
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    assert_true(plot_text(to, document, (struct plot_style){width, unicode, colour}));
    fclose(to);
    return text;
}

static const char SMALL[] =
    "{\"job\":{\"words\":\"count 9\"},\"results\":["
    "{\"backend\":\"serial\",\"threads\":1,\"seconds\":0.04,\"interval\":[0.03,0.05],"
    " \"speedup\":1.0,\"speedup_interval\":[0.6,1.7]},"
    "{\"backend\":\"openmp\",\"threads\":2,\"seconds\":0.02,\"interval\":null,\"speedup\":2.0,"
    " \"speedup_interval\":null}],"
    "\"timelines\":[{\"backend\":\"openmp\",\"threads\":2,\"seconds\":1.0,"
    " \"units\":[[0,0.0,0.5],[1,0.5,1.0]]}],"
    "\"scaling\":{\"strong\":{\"points\":[{\"threads\":1,\"speedup\":1.0,\"speedup_interval\":null}"
    ","
    "{\"threads\":2,\"speedup\":1.9,\"speedup_interval\":null}],\"amdahl\":null}}}";

static const char CURVE[] = "speedup: the same job on more threads\n"
                            "      2x |                       .*       \n"
                            "         |                     ..         \n"
                            "         |                    .           \n"
                            "    1.5x |                  ..            \n"
                            "         |                ..              \n"
                            "         |              ..                \n"
                            "      1x |            *.                  \n"
                            "         |                                \n"
                            "         |                                \n"
                            "         |                                \n"
                            "    0.5x |                                \n"
                            "         |                                \n"
                            "         |                                \n"
                            "      0x |                                \n"
                            "         +--------------------------------\n"
                            "                      1           2  threads\n"
                            "          * measured, : its 95% interval, . ideal\n";

static void has(const char *text, const char *lines) {
    if (!strstr(text, lines))
        fail_msg("not in it:\n%s\nit is:\n%s", lines, text);
}

static void test_small(void **state) {
    (void)state;
    json_t *document = json_loads(SMALL, 0, NULL);
    assert_non_null(document);
    char *text = plotted(document, 60, false, false);
    has(text, "count 9\n"
              "  serial             =============####---|    40.00 ms, base\n"
              "  openmp, 2 threads  ========                20.00 ms, 2.00x\n"
              "                     0 ------------- 50 ms\n"
              "                     = to the median; #-| its 95% interval\n");
    has(text, "who was busy when: count 9\n"
              "  openmp, 2 threads\n"
              "  worker 1   ####################-                      50%\n"
              "  worker 2                       -####################  50%\n"
              "             0 ----------------------------------- 1 s\n");
    free(text);
    text = plotted(document, 60, true, false);
    has(text, "  serial             █████████████▓▓▓▓───┤   40.00 ms · base\n");
    has(text, "  worker 1   ████████████████████▒                      50%\n");
    free(text);
    text = plotted(document, 60, true, true);
    has(text, "  serial             \x1b[90m█████████████▓▓▓▓\x1b[0m───┤ ");
    free(text);
    text = plotted(document, 52, false, false);
    has(text, CURVE);
    free(text);
    json_decref(document);
}

static size_t columns_of(const char *line, size_t bytes) {
    size_t n = 0;
    for (size_t i = 0; i < bytes; i++)
        n += (line[i] & 0xc0) != 0x80;
    return n;
}

/* Legends may be longer than the narrowest line; nothing else is. */
static bool is_legend(const char *line, size_t bytes) {
    return memmem(line, bytes, "95%", 3) != NULL;
}

static void check_document(const char *name, const json_t *document) {
    for (unsigned width = 40; width <= 160; width += 24)
        for (int unicode = 0; unicode < 2; unicode++) {
            char *text = plotted(document, width, unicode, false);
            assert_true(strlen(text) > 100);
            assert_null(strchr(text, '\x1b'));
            for (const char *line = text; *line;) {
                size_t bytes = strcspn(line, "\n");
                if (!is_legend(line, bytes) && columns_of(line, bytes) > width + 9) /* " threads" */
                    fail_msg("%s, %u columns: %.*s", name, width, (int)bytes, line);
                line += bytes + 1;
            }
            for (const char *c = text; *c && !unicode; c++)
                if ((unsigned char)*c >= 128)
                    fail_msg("%s: not ASCII: %.20s", name, c);
            free(text);
        }
}

static void test_every_document(void **state) {
    (void)state;
    DIR *folder = opendir(PARPRIME_TEST_DATA);
    assert_non_null(folder);
    size_t n = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        char path[512];
        if (!strstr(entry->d_name, ".json"))
            continue;
        snprintf(path, sizeof path, "%s/%s", PARPRIME_TEST_DATA, entry->d_name);
        json_t *document = json_load_file(path, 0, NULL);
        assert_non_null(document);
        check_document(entry->d_name, document);
        json_decref(document);
        n++;
    }
    closedir(folder);
    assert_true(n >= 3);
}

static void test_nothing(void **state) {
    (void)state;
    json_t *document = json_object();
    char *text = plotted(document, 80, true, true);
    assert_string_equal(text, "");
    free(text);
    json_decref(document);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_every_document),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
