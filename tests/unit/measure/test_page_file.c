/* A file is there as a whole or not at all. */
#include "measure/page_file.h"

#include "support/support.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/parprime-page-XXXXXX";

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static size_t files_here(void) {
    size_t n = 0;
    DIR *here = opendir(".");
    for (struct dirent *entry; (entry = readdir(here));)
        n += entry->d_name[0] != '.';
    closedir(here);
    return n;
}

static void has(const char *path, const char *expected) {
    char text[64];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, expected);
}

static void test_written(void **state) {
    (void)state;
    char why[200];
    umask(027);
    assert_int_equal(whole_file_possible("a.html", why, sizeof why), PP_OK);
    assert_int_equal(files_here(), 0);
    assert_int_equal(whole_file("a.html", "one", 3, why, sizeof why), PP_OK);
    has("a.html", "one");
    struct stat what;
    assert_int_equal(stat("a.html", &what), 0);
    assert_int_equal(what.st_mode & 0777, 0640);
    assert_int_equal(symlink("a.html", "link.html"), 0);
    assert_int_equal(whole_file_possible("link.html", why, sizeof why), PP_OK);
    assert_int_equal(whole_file("link.html", "two", 3, why, sizeof why), PP_OK);
    has("a.html", "two");
    assert_int_equal(lstat("link.html", &what), 0);
    assert_true(S_ISLNK(what.st_mode));
    assert_int_equal(whole_file("/dev/null", "x", 1, why, sizeof why), PP_OK);
    assert_int_equal(files_here(), 2);
    unlink("a.html");
    unlink("link.html");
}

static void refuses(const char *path, const char *reason) {
    char why[200] = "";
    assert_int_equal(whole_file_possible(path, why, sizeof why), PP_ERR_IO);
    assert_non_null(strstr(why, reason));
    why[0] = '\0';
    assert_int_equal(whole_file(path, "x", 1, why, sizeof why), PP_ERR_IO);
    assert_non_null(strstr(why, reason));
}

static void test_refused(void **state) {
    (void)state;
    refuses("none/a.html", "none/a.html: No such file");
    refuses("", "No such file");
    refuses(".", "Is a directory");
    char longest[6000];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    refuses(longest, "too long");
    assert_int_equal(files_here(), 0);
}

/* What was there stays when the new file does not get whole, and no piece is left. */
static void test_not_whole(void **state) {
    (void)state;
    char why[200], big[8192] = {0};
    assert_int_equal(whole_file("a.html", "old", 3, why, sizeof why), PP_OK);
    struct rlimit before, small;
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 4096;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    pp_status status = whole_file("a.html", big, sizeof big, why, sizeof why);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(status, PP_ERR_IO);
    assert_non_null(strstr(why, "a.html: File too large"));
    has("a.html", "old");
    assert_int_equal(files_here(), 1);
    unlink("a.html");
    status = whole_file("/dev/full", big, sizeof big, why, sizeof why);
    assert_int_equal(status, PP_ERR_IO);
    assert_non_null(strstr(why, "/dev/full: No space"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_not_whole),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
