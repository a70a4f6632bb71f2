#include "measure/outlet.h"

#include "measure/control.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *outlet_name(enum outlet_kind kind) {
    static const char *const names[] = {NULL, "discard", "file", "pipe"};
    return names[kind];
}

static pp_status fail(pp_error *error, pp_status status, const char *what) {
    error->status = status;
    snprintf(error->message, sizeof error->message, "%s: %s", what, strerror(errno));
    return status;
}

/* The program's own pipes are made that large too: see cli/output.c. */
enum { PIPE_BYTES = 1 << 20, READ_BYTES = 1 << 17 };

static void *read_all(void *user) {
    struct outlet *outlet = user;
    char bytes[READ_BYTES]; /* on a stack of its own: nothing that could fail */
    for (;;) {
        ssize_t n = read(outlet->from, bytes, READ_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        outlet->drained = n == 0;
        if (n <= 0)
            break;
        outlet->read += (uint64_t)n;
    }
    close(outlet->from); /* early, a writer is told */
    return NULL;
}

static pp_status open_pipe(struct outlet *outlet, pp_error *error) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return fail(error, PP_ERR_IO, "a pipe");
    fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES); /* refused, it stays as it is */
    outlet->from = ends[0];
    outlet->to = ends[1];
    errno = pthread_create(&outlet->reader, NULL, read_all, outlet);
    if (errno == 0)
        return PP_OK;
    close(ends[0]);
    close(ends[1]);
    outlet->kind = OUTLET_ASKED;
    return fail(error, PP_ERR_INTERNAL, "a thread that reads a pipe");
}

static pp_status open_file(struct outlet *outlet, pp_error *error) {
    const char *folder = getenv("TMPDIR");
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/parprime.XXXXXX", folder && *folder ? folder : "/tmp");
    if (n < 0 || (size_t)n >= sizeof path)
        errno = ENAMETOOLONG;
    else
        outlet->to = mkostemp(path, O_CLOEXEC);
    if (outlet->to < 0) {
        outlet->kind = OUTLET_ASKED;
        return fail(error, PP_ERR_IO, "a temporary file");
    }
    unlink(path); /* whatever becomes of this process, it leaves nothing */
    outlet->from = fcntl(outlet->to, F_DUPFD_CLOEXEC, 0);
    return PP_OK;
}

pp_status outlet_open(struct outlet *outlet, enum outlet_kind kind, pp_error *error) {
    *outlet = (struct outlet){.kind = kind, .to = -1, .from = -1};
    return kind == OUTLET_PIPE   ? open_pipe(outlet, error)
           : kind == OUTLET_FILE ? open_file(outlet, error)
                                 : PP_OK;
}

/*
 * A pipe whose reader has failed is an error, and no reason to end the program: the signal that
 * comes with it is for this thread, which waits for it and lets nobody see it.
 */
static ssize_t write_without_signal(int fd, const void *bytes, size_t n) {
    sigset_t broken_pipe, kept;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, &kept);
    ssize_t done = write(fd, bytes, n);
    int failure = errno;
    static const struct timespec now = {0, 0};
    /* It comes also with a write that was cut short when the reader went. */
    if (done != (ssize_t)n && !sigismember(&kept, SIGPIPE))
        sigtimedwait(&broken_pipe, NULL, &now);
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    errno = failure;
    return done;
}

pp_status outlet_write(struct outlet *outlet, const void *bytes, size_t n) {
    outlet->written += n;
    for (const char *at = bytes; n && outlet->to >= 0;) {
        ssize_t done = write_without_signal(outlet->to, at, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return PP_ERR_IO;
        at += done;
        n -= (size_t)done;
    }
    return PP_OK;
}

pp_status outlet_close(struct outlet *outlet, pp_error *error) {
    pp_status status = PP_OK;
    struct stat what;
    if (outlet->kind == OUTLET_FILE &&
        (fstat(outlet->to, &what) != 0 || (uint64_t)what.st_size != outlet->written))
        status = fail(error, PP_ERR_IO, "a temporary file that is shorter than what was written");
    if (outlet->to >= 0 && close(outlet->to) != 0)
        status = fail(error, PP_ERR_IO, "closing what a list was written to");
    if (outlet->kind != OUTLET_PIPE)
        return status;
    pthread_join(outlet->reader, NULL);
    if (status == PP_OK && (!outlet->drained || outlet->read != outlet->written))
        status = fail(error, PP_ERR_IO, "a pipe whose reader did not get everything");
    return status;
}

void outlet_release(struct outlet *outlet) {
    if (outlet->kind == OUTLET_FILE && outlet->from >= 0)
        close(outlet->from);
    outlet->from = -1;
}

/* A list's blocks: see src/engine/ordered.c. */
enum { BLOCK_BYTES = 1 << 18 };

pp_status outlet_alone(enum outlet_kind kind, uint64_t n, double *seconds, pp_error *error) {
    static const char block[BLOCK_BYTES];
    struct outlet outlet;
    double begin = measure_clock();
    pp_status status = outlet_open(&outlet, kind, error);
    if (status != PP_OK)
        return status;
    for (uint64_t left = n; status == PP_OK && left;) {
        size_t now = left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES;
        status = outlet_write(&outlet, block, now);
        left -= now;
    }
    pp_status closed = outlet_close(&outlet, error);
    *seconds = measure_clock() - begin;
    outlet_release(&outlet);
    return status == PP_OK ? closed : status;
}
