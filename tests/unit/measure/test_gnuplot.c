/*
 * gnuplot as a child: whatever it does, and whatever of what is needed to start it fails, is told.
 * A shell script of that name stands in for it.
 */
#include "measure/picture_gnuplot.h"

#include "support/support.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- calls that fail, through the linker's --wrap ---- */

static const char *failing; /* its name; NULL: none */
static int failing_nth, failing_with;

static bool fails(const char *call) {
    if (!failing || strcmp(failing, call) != 0 || --failing_nth != 0)
        return false;
    errno = failing_with;
    return true;
}

int __real_memfd_create(const char *name, unsigned flags);
ssize_t __real_write(int fd, const void *bytes, size_t n);
ssize_t __real_pread(int fd, void *bytes, size_t n, off_t at);
int __real_fstat(int fd, struct stat *out);
int __real_posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions);
int __real_posix_spawnattr_init(posix_spawnattr_t *attributes);
int __real_posix_spawnp(pid_t *pid, const char *name, const posix_spawn_file_actions_t *actions,
                        const posix_spawnattr_t *attributes, char *const words[],
                        char *const environment[]);
int __wrap_memfd_create(const char *name, unsigned flags);
ssize_t __wrap_write(int fd, const void *bytes, size_t n);
ssize_t __wrap_pread(int fd, void *bytes, size_t n, off_t at);
int __wrap_fstat(int fd, struct stat *out);
int __wrap_posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions);
int __wrap_posix_spawnattr_init(posix_spawnattr_t *attributes);
int __wrap_posix_spawnp(pid_t *pid, const char *name, const posix_spawn_file_actions_t *actions,
                        const posix_spawnattr_t *attributes, char *const words[],
                        char *const environment[]);

int __wrap_memfd_create(const char *name, unsigned flags) {
    return fails("memfd_create") ? -1 : __real_memfd_create(name, flags);
}

/* 0: a byte only. */
ssize_t __wrap_write(int fd, const void *bytes, size_t n) {
    if (!fails("write"))
        return __real_write(fd, bytes, n);
    return failing_with ? -1 : __real_write(fd, bytes, 1);
}

ssize_t __wrap_pread(int fd, void *bytes, size_t n, off_t at) {
    if (!fails("pread"))
        return __real_pread(fd, bytes, n, at);
    return failing_with ? -1 : __real_pread(fd, bytes, 1, at);
}

int __wrap_fstat(int fd, struct stat *out) {
    return fails("fstat") ? -1 : __real_fstat(fd, out);
}

int __wrap_posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions) {
    return fails("posix_spawn_file_actions_init") ? failing_with
                                                  : __real_posix_spawn_file_actions_init(actions);
}

int __wrap_posix_spawnattr_init(posix_spawnattr_t *attributes) {
    return fails("posix_spawnattr_init") ? failing_with : __real_posix_spawnattr_init(attributes);
}

int __wrap_posix_spawnp(pid_t *pid, const char *name, const posix_spawn_file_actions_t *actions,
                        const posix_spawnattr_t *attributes, char *const words[],
                        char *const environment[]) {
    return fails("posix_spawnp")
               ? failing_with
               : __real_posix_spawnp(pid, name, actions, attributes, words, environment);
}

/* ---- the stand-in ---- */

static char folder[] = "/tmp/unit_measure_gnuplot.XXXXXX", program[80];

static int make_folder(void **state) {
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(program, sizeof program, "%s/gnuplot", folder);
    char path[1000];
    snprintf(path, sizeof path, "%s:/usr/bin:/bin", folder);
    return setenv("PATH", path, 1);
}

static int remove_folder(void **state) {
    (void)state;
    unlink(program);
    return rmdir(folder);
}

static void stand_in(const char *script) {
    FILE *file = fopen(program, "w");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\n%s\n", script);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(program, 0755), 0);
}

static void check(pp_status status, const char *says, const char *writes) {
    char why[200] = "", *out = NULL;
    assert_int_equal(gnuplot_run("plot", &out, why, sizeof why), status);
    if (status == PP_OK)
        assert_string_equal(out, writes);
    else if (!strstr(why, says))
        fail_msg("'%s' does not say '%s'", why, says);
    if (status != PP_OK)
        assert_null(out);
    free(out);
}

/* ---- tests ---- */

static void test_ends(void **state) {
    (void)state;
    static const struct {
        const char *script;
        pp_status status;
        const char *says;
    } ends[] = {{"cat", PP_OK, "plot"},
                {"exit 0", PP_OK, ""},
                {"cat; echo '' >&2; echo '  line 0: no' >&2; exit 1", PP_ERR_INTERNAL,
                 "gnuplot failed: line 0: no"},
                {"exit 3", PP_ERR_INTERNAL, "gnuplot failed: "},
                {"exit 127", PP_ERR_UNAVAILABLE, "gnuplot-nox"},
                {"kill -KILL $$", PP_ERR_INTERNAL, "gnuplot was ended by signal 9"},
                {"kill -INT $$", PP_ERR_CANCELLED, "gnuplot was ended by signal 2"},
                {"kill -TERM $$", PP_ERR_CANCELLED, "gnuplot was ended by signal 15"}};
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        stand_in(ends[i].script);
        check(ends[i].status, ends[i].says, ends[i].says);
        char why[200] = "";
        assert_int_equal(gnuplot_there(why, sizeof why), ends[i].status);
    }
    unlink(program);
    char *path = strdup(getenv("PATH"));
    setenv("PATH", folder, 1);
    check(PP_ERR_UNAVAILABLE, "gnuplot-nox", NULL);
    setenv("PATH", path, 1);
    free(path);
}

/* Where somebody else has taken the child's end, nothing is known of it. */
static void test_end_unseen(void **state) {
    (void)state;
    stand_in("cat");
    signal(SIGCHLD, SIG_IGN);
    check(PP_ERR_INTERNAL, "gnuplot's end was not seen", NULL);
    signal(SIGCHLD, SIG_DFL);
    check(PP_OK, "", "plot");
}

static void test_what_it_takes(void **state) {
    (void)state;
    static const struct {
        const char *call;
        int nth, with;
        pp_status status;
    } faults[] = {{"memfd_create", 1, EMFILE, PP_ERR_MEMORY},
                  {"memfd_create", 3, EMFILE, PP_ERR_MEMORY},
                  {"write", 1, EINTR, PP_OK},
                  {"write", 1, 0, PP_OK},
                  {"write", 1, ENOSPC, PP_ERR_MEMORY},
                  {"posix_spawn_file_actions_init", 1, ENOMEM, PP_ERR_MEMORY},
                  {"posix_spawnattr_init", 1, ENOMEM, PP_ERR_MEMORY},
                  {"posix_spawnp", 1, ENOMEM, PP_ERR_MEMORY},
                  {"posix_spawnp", 1, EAGAIN, PP_ERR_MEMORY},
                  {"posix_spawnp", 1, EACCES, PP_ERR_UNAVAILABLE},
                  {"fstat", 1, EIO, PP_ERR_MEMORY},
                  {"fstat", 2, EIO, PP_ERR_MEMORY},
                  {"pread", 1, EINTR, PP_OK},
                  {"pread", 1, 0, PP_OK}};
    stand_in("cat");
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        failing = faults[i].call;
        failing_nth = faults[i].nth;
        failing_with = faults[i].with;
        check(faults[i].status, faults[i].status == PP_ERR_UNAVAILABLE ? "gnuplot-nox" : "memory",
              "plot");
        assert_true(failing_nth <= 0); /* it was called so often */
        failing = NULL;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ends),
                                       cmocka_unit_test(test_end_unseen),
                                       cmocka_unit_test(test_what_it_takes)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
