/*
 * For LD_PRELOAD: close fails for a file named answers, as it does where a quota or a server has
 * the last word only then.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

int close(int fd) {
    char path[64], name[4096] = "";
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(path, name, sizeof name - 1);
    const char *last = n > 0 ? strrchr(name, '/') : NULL;
    int (*real)(int);
    void *found = dlsym(RTLD_NEXT, "close");
    memcpy(&real, &found, sizeof found);
    int result = real(fd);
    if (last && strcmp(last, "/answers") == 0) {
        errno = EDQUOT;
        return -1;
    }
    return result;
}
