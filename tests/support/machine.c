#include "support/machine.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

const struct file *machine;

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);

FILE *__wrap_fopen(const char *path, const char *mode) {
    if (!machine)
        return __real_fopen(path, mode);
    for (const struct file *file = machine; file->path; file++)
        if (strcmp(file->path, path) == 0)
            return fmemopen((void *)(uintptr_t)file->text, strlen(file->text), "r");
    return NULL;
}
