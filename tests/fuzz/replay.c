/*
 * A main() for harnesses without libFuzzer: every file named, and every file in a folder named, is
 * an input. Ends with 1 if there was none, so that a corpus that has gone missing is noticed.
 */
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

static size_t n_inputs;

static void replay_file(const char *path) {
    FILE *file = fopen(path, "rb");
    size_t size = 0, capacity = 0;
    uint8_t *data = NULL;
    HOLDS(file);
    for (;;) {
        if (size == capacity) {
            capacity = capacity ? 2 * capacity : 4096;
            uint8_t *more = realloc(data, capacity);
            HOLDS(more);
            data = more;
        }
        size_t n = fread(data + size, 1, capacity - size, file);
        if (n == 0)
            break;
        size += n;
    }
    HOLDS(!ferror(file));
    fclose(file);
    /* A copy of the exact size, so that a step beyond its end is noticed. */
    uint8_t *exact = malloc(size ? size : 1);
    HOLDS(exact);
    memcpy(exact, data, size);
    free(data);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    n_inputs++;
}

static void replay(const char *path) {
    DIR *folder = opendir(path);
    if (!folder) {
        HOLDS(errno == ENOTDIR);
        replay_file(path);
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(folder))) {
        char inner[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        replay(inner);
    }
    closedir(folder);
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    printf("%zu inputs replayed\n", n_inputs);
    return n_inputs == 0;
}
