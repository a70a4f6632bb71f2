#include "measure/page_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pp_status say(const char *path, char *why, size_t size) {
    snprintf(why, size, "%.150s: %s", path, strerror(errno));
    return PP_ERR_IO;
}

/* Something of that name that is neither a file nor a folder. */
static bool is_special(const char *path) {
    struct stat what;
    return stat(path, &what) == 0 && !S_ISREG(what.st_mode) && !S_ISDIR(what.st_mode);
}

/* The folder of a path. */
static void folder_of(const char *path, char out[PATH_MAX]) {
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    snprintf(out, PATH_MAX, "%s", dirname(copy));
}

/* Where a path leads, links followed as far as there is something. */
static bool resolve(const char *path, char out[PATH_MAX]) {
    if (strlen(path) >= PATH_MAX - 32) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (!realpath(path, out))
        snprintf(out, PATH_MAX, "%s", path);
    return true;
}

pp_status whole_file_possible(const char *path, char *why, size_t size) {
    char real[PATH_MAX], folder[PATH_MAX];
    struct stat what;
    if (!resolve(path, real))
        return say(path, why, size);
    if (is_special(real))
        return access(real, W_OK) == 0 ? PP_OK : say(path, why, size);
    if (!*path || (stat(real, &what) == 0 && S_ISDIR(what.st_mode))) {
        errno = *path ? EISDIR : ENOENT;
        return say(path, why, size);
    }
    folder_of(real, folder);
    if (stat(folder, &what) == 0 && !S_ISDIR(what.st_mode)) {
        errno = ENOTDIR; /* to root access would say that it is not allowed */
        return say(path, why, size);
    }
    return access(folder, W_OK | X_OK) == 0 ? PP_OK : say(path, why, size);
}

static bool write_all(int fd, const char *bytes, size_t n) {
    while (n) {
        ssize_t written = write(fd, bytes, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        n -= (size_t)written;
    }
    return true;
}

/* A new file of a name that nobody has. */
static int open_beside(const char *path, char name[PATH_MAX]) {
    int fd = -1;
    for (unsigned i = 0; i < 100 && fd < 0; i++) {
        snprintf(name, PATH_MAX, "%.*s.%ld.%u", PATH_MAX - 32, path, (long)getpid(), i);
        fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

pp_status whole_file(const char *path, const char *bytes, size_t n, char *why, size_t size) {
    char real[PATH_MAX], name[PATH_MAX];
    if (!resolve(path, real))
        return say(path, why, size);
    bool special = is_special(real);
    int fd = special ? open(real, O_WRONLY | O_CLOEXEC) : open_beside(real, name);
    if (fd < 0)
        return say(path, why, size);
    bool good = write_all(fd, bytes, n) && (special || fsync(fd) == 0);
    int error = errno;
    /* Some file systems say only here that there was no room. */
    if (close(fd) != 0 && good) {
        good = false;
        error = errno;
    }
    if (good && !special && rename(name, real) != 0) {
        good = false;
        error = errno;
    }
    if (good)
        return PP_OK;
    if (!special)
        unlink(name);
    errno = error;
    return say(path, why, size);
}
