#include "measure/picture_gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* A picture takes some 20 ms. One that has not come after this many seconds never will. */
enum { PATIENCE = 60 };

static const char MISSING[] = "pictures are drawn by gnuplot, which is not here: install the "
                              "package gnuplot-nox";

void gnuplot_quoted(FILE *to, const char *text) {
    fputc('\'', to);
    for (; *text; text++)
        if (*text == '\'')
            fputs("’", to);
        else
            fputc((unsigned char)*text < ' ' || *text == 127 ? ' ' : *text, to);
    fputc('\'', to);
}

/* ---- the child ---- */

/* The child's standard input, output and error: files in memory without a name. */
struct streams {
    int fd[3];
};

static bool open_streams(struct streams *streams) {
    bool good = true;
    for (size_t i = 0; i < 3; i++) {
        streams->fd[i] = memfd_create("gnuplot", MFD_CLOEXEC);
        good = good && streams->fd[i] >= 0;
    }
    return good;
}

static void close_streams(struct streams *streams) {
    for (size_t i = 0; i < 3; i++)
        if (streams->fd[i] >= 0)
            close(streams->fd[i]);
}

static bool write_script(int fd, const char *script) {
    for (size_t n = strlen(script); n;) {
        ssize_t written = write(fd, script, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        script += written;
        n -= (size_t)written;
    }
    return lseek(fd, 0, SEEK_SET) == 0;
}

/* All that a child wrote, with a NUL behind it; NULL without memory. */
static char *read_back(int fd) {
    struct stat what;
    if (fstat(fd, &what) != 0)
        return NULL;
    size_t size = (size_t)what.st_size, n = 0;
    char *text = malloc(size + 1);
    while (text && n < size) {
        ssize_t got = pread(fd, text + n, size - n, (off_t)n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    if (text)
        text[n] = '\0';
    return text;
}

/* Starts gnuplot with signals as they are by default, whatever this program does with them. */
static int start(const struct streams *streams, char *const *arguments, pid_t *pid) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigemptyset(&all);
    static const int reset[] = {SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGQUIT, SIGALRM};
    for (size_t i = 0; i < sizeof reset / sizeof *reset; i++)
        sigaddset(&all, reset[i]);
    if (posix_spawn_file_actions_init(&actions) != 0)
        return ENOMEM;
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return ENOMEM;
    }
    int error = 0;
    for (int i = 0; i < 3 && !error; i++)
        error = posix_spawn_file_actions_adddup2(&actions, streams->fd[i], i);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (!error)
        error = posix_spawnp(pid, "gnuplot", &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* Waits for the child, and ends it when it takes for ever. False: its end is not known. */
static bool await(pid_t pid, int *status) {
    const struct timespec pause = {0, 2000000};
    for (long turns = PATIENCE * 500L;; turns--) {
        pid_t done = waitpid(pid, status, WNOHANG);
        if (done == pid)
            return true;
        if (done < 0 && errno != EINTR)
            return false;
        if (turns == 0)
            kill(pid, SIGKILL);
        nanosleep(&pause, NULL);
    }
}

static void first_line(char *text) {
    while (*text == '\n' || *text == ' ')
        memmove(text, text + 1, strlen(text));
    text[strcspn(text, "\n")] = '\0';
}

/* What a child's end means. Its last words are in why, if they say more. */
static pp_status judge(int status, const char *last_words, char *why, size_t size) {
    if (WIFSIGNALED(status)) {
        snprintf(why, size, "gnuplot was ended by signal %d", WTERMSIG(status));
        return WTERMSIG(status) == SIGINT || WTERMSIG(status) == SIGTERM ? PP_ERR_CANCELLED
                                                                         : PP_ERR_INTERNAL;
    }
    /* What posix_spawnp says where it cannot tell the caller. */
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        snprintf(why, size, "%s", MISSING);
        return PP_ERR_UNAVAILABLE;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        snprintf(why, size, "gnuplot failed: %.160s", last_words);
        return PP_ERR_INTERNAL;
    }
    return PP_OK;
}

static pp_status run(char *const *arguments, const char *script, char **out, char *why,
                     size_t size) {
    struct streams streams;
    pid_t pid;
    pp_status status = PP_ERR_MEMORY;
    char *written = NULL, *said = NULL;
    snprintf(why, size, "%s", pp_strerror(PP_ERR_MEMORY));
    if (!open_streams(&streams) || !write_script(streams.fd[0], script))
        goto cleanup;
    int error = start(&streams, arguments, &pid), ended = 0;
    if (error) {
        bool memory = error == ENOMEM || error == EAGAIN;
        status = memory ? PP_ERR_MEMORY : PP_ERR_UNAVAILABLE;
        snprintf(why, size, "%s", memory ? pp_strerror(status) : MISSING);
        goto cleanup;
    }
    if (!await(pid, &ended)) {
        snprintf(why, size, "gnuplot's end was not seen");
        status = PP_ERR_INTERNAL;
        goto cleanup;
    }
    written = read_back(streams.fd[1]);
    said = read_back(streams.fd[2]);
    if (!written || !said)
        goto cleanup;
    first_line(said);
    status = judge(ended, said, why, size);
cleanup:
    close_streams(&streams);
    free(said);
    if (status == PP_OK && out) {
        *out = written;
        return status;
    }
    free(written);
    return status;
}

pp_status gnuplot_there(char *why, size_t size) {
    char *arguments[] = {"gnuplot", "--version", NULL};
    return run(arguments, "", NULL, why, size);
}

pp_status gnuplot_run(const char *script, char **out, char *why, size_t size) {
    /* -d: the user's own settings are not for these pictures. */
    char *arguments[] = {"gnuplot", "-d", "-", NULL};
    return run(arguments, script, out, why, size);
}
