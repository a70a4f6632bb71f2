/*
 * Reading and writing that fails when told to, through the linker's --wrap: the calls of what is
 * linked with this file, not those of libraries. The environment says which:
 *
 *   FAULT_IO_CALL   write, close, open, read, fsync, …
 *   FAULT_IO_NTH    its how-manieth call, from 1; a message on standard error does not count
 *   FAULT_IO_ERRNO  what it fails with; 0: it does no more than a byte
 *   FAULT_IO_FOR_GOOD  all after it too
 *   FAULT_IO_REPORT a file that at the end gets a line "CALL COUNT" for each
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

ssize_t __real_write(int fd, const void *bytes, size_t n);
ssize_t __real_read(int fd, void *bytes, size_t n);
int __real_close(int fd);
int __real_open(const char *path, int flags, ...);
int __real_fsync(int fd);
int __real_pipe2(int fds[2], int flags);

ssize_t __wrap_write(int fd, const void *bytes, size_t n);
ssize_t __wrap_read(int fd, void *bytes, size_t n);
int __wrap_close(int fd);
int __wrap_open(const char *path, int flags, ...);
int __wrap_fsync(int fd);
int __wrap_pipe2(int fds[2], int flags);

enum call { CALL_WRITE, CALL_READ, CALL_CLOSE, CALL_OPEN, CALL_FSYNC, CALL_PIPE2, N_CALLS };
static const char *const names[N_CALLS] = {"write", "read", "close", "open", "fsync", "pipe2"};

static int planned = -1, code;
static unsigned long nth;
static bool for_good;
static atomic_ulong calls[N_CALLS];

enum outcome { GOES_ON, FAILS, SHORT };

static enum outcome outcome(enum call call) {
    unsigned long of_call = atomic_fetch_add(&calls[call], 1) + 1;
    if (planned != (int)call || of_call < nth || (of_call > nth && !for_good))
        return GOES_ON;
    errno = code;
    return code ? FAILS : SHORT;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t n) {
    enum outcome how = fd == STDERR_FILENO ? GOES_ON : outcome(CALL_WRITE);
    return how == FAILS ? -1 : __real_write(fd, bytes, how == SHORT && n ? 1 : n);
}

ssize_t __wrap_read(int fd, void *bytes, size_t n) {
    enum outcome how = outcome(CALL_READ);
    return how == FAILS ? -1 : __real_read(fd, bytes, how == SHORT && n ? 1 : n);
}

int __wrap_close(int fd) {
    enum outcome how = outcome(CALL_CLOSE);
    int closed = __real_close(fd); /* a close that fails has closed all the same */
    if (how == GOES_ON)
        return closed;
    errno = code;
    return -1;
}

int __wrap_open(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    return outcome(CALL_OPEN) == GOES_ON ? __real_open(path, flags, mode) : -1;
}

int __wrap_fsync(int fd) {
    return outcome(CALL_FSYNC) == GOES_ON ? __real_fsync(fd) : -1;
}

int __wrap_pipe2(int fds[2], int flags) {
    return outcome(CALL_PIPE2) == GOES_ON ? __real_pipe2(fds, flags) : -1;
}

/* What runs at the very end, as what counts branches does, is not the program. */
static void report(void) {
    planned = -1;
    const char *path = getenv("FAULT_IO_REPORT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file)
        return;
    for (int i = 0; i < N_CALLS; i++)
        fprintf(file, "%s %lu\n", names[i], atomic_load(&calls[i]));
    fclose(file);
}

__attribute__((constructor)) static void listen_to_environment(void) {
    const char *call = getenv("FAULT_IO_CALL"), *text = getenv("FAULT_IO_NTH"),
               *number = getenv("FAULT_IO_ERRNO");
    for (int i = 0; call && i < N_CALLS; i++)
        if (strcmp(call, names[i]) == 0)
            planned = i;
    nth = text ? strtoul(text, NULL, 10) : 0;
    if (nth == 0)
        planned = -1;
    code = number ? (int)strtol(number, NULL, 10) : EIO;
    for_good = getenv("FAULT_IO_FOR_GOOD") != NULL;
    if (call || getenv("FAULT_IO_REPORT"))
        atexit(report);
}
