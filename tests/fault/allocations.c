#include "fault/allocations.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
int __real_vasprintf(char **out, const char *format, va_list arguments);
char *__real_realpath(const char *path, char *resolved);
FILE *__real_open_memstream(char **text, size_t *size);
FILE *__real_fopen(const char *path, const char *mode);
void *__real_dlopen(const char *name, int flags);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);
void __real_free(void *block);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
int __wrap_vasprintf(char **out, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
char *__wrap_realpath(const char *path, char *resolved);
FILE *__wrap_open_memstream(char **text, size_t *size);
FILE *__wrap_fopen(const char *path, const char *mode);
void *__wrap_dlopen(const char *name, int flags);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);
void __wrap_free(void *block);

/* ---- which call fails ---- */

static atomic_ulong calls, failing;
static atomic_bool failing_for_good;

void fault_arm(unsigned long k, bool for_good) {
    atomic_store(&failing_for_good, for_good);
    atomic_store(&failing, k);
    atomic_store(&calls, 0);
}

unsigned long fault_calls(void) {
    return atomic_load(&calls);
}

static bool fails(void) {
    unsigned long call = atomic_fetch_add(&calls, 1) + 1, k = atomic_load(&failing);
    if (k == 0 || call < k || (call > k && !atomic_load(&failing_for_good)))
        return false;
    errno = ENOMEM;
    return true;
}

/* ---- which blocks live: a table of their addresses, since free also gets others' ---- */

enum { TABLE = 1 << 17 };

static void *blocks[TABLE];
static size_t n_blocks;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static size_t place_of(const void *block) {
    return (size_t)((uintptr_t)block >> 4) * 0x9e3779b1u % TABLE;
}

static void *add(void *block) {
    if (!block)
        return NULL;
    pthread_mutex_lock(&lock);
    if (n_blocks == TABLE / 2) {
        fputs("tests/fault: too many blocks\n", stderr);
        abort();
    }
    size_t place = place_of(block);
    while (blocks[place])
        place = (place + 1) % TABLE;
    blocks[place] = block;
    n_blocks++;
    pthread_mutex_unlock(&lock);
    return block;
}

/* What lies behind the gap in the same run moves up, unless its own place is behind the gap. */
static void close_gap(size_t gap) {
    for (size_t at = (gap + 1) % TABLE; blocks[at]; at = (at + 1) % TABLE) {
        size_t distance = (at + TABLE - place_of(blocks[at])) % TABLE;
        if (distance >= (at + TABLE - gap) % TABLE) {
            blocks[gap] = blocks[at];
            blocks[at] = NULL;
            gap = at;
        }
    }
}

static void take_out(const void *block) {
    if (!block)
        return;
    pthread_mutex_lock(&lock);
    size_t place = place_of(block);
    while (blocks[place] && blocks[place] != block)
        place = (place + 1) % TABLE;
    if (blocks[place]) {
        blocks[place] = NULL;
        n_blocks--;
        close_gap(place);
    }
    pthread_mutex_unlock(&lock);
}

size_t fault_live_blocks(void) {
    pthread_mutex_lock(&lock);
    size_t n = n_blocks;
    pthread_mutex_unlock(&lock);
    return n;
}

/* ---- the calls ---- */

void *__wrap_malloc(size_t size) {
    return fails() ? NULL : add(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size) {
    return fails() ? NULL : add(__real_calloc(n, size));
}

void *__wrap_realloc(void *block, size_t size) {
    if (fails())
        return NULL;
    /* Taken out first: once it is free, another thread may be given the same address. */
    take_out(block);
    void *moved = __real_realloc(block, size);
    return add(moved ? moved : block) == moved ? moved : NULL;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    return fails() ? NULL : add(__real_aligned_alloc(alignment, size));
}

char *__wrap_strdup(const char *text) {
    return fails() ? NULL : add(__real_strdup(text));
}

int __wrap_vasprintf(char **out, const char *format, va_list arguments) {
    if (fails()) {
        *out = (char *)(uintptr_t)16; /* its content is undefined then, says the manual */
        return -1;
    }
    int length = __real_vasprintf(out, format, arguments);
    if (length >= 0)
        add(*out);
    return length;
}

char *__wrap_realpath(const char *path, char *resolved) {
    if (fails())
        return NULL;
    char *found = __real_realpath(path, resolved);
    return resolved ? found : add(found);
}

FILE *__wrap_open_memstream(char **text, size_t *size) {
    return fails() ? NULL : __real_open_memstream(text, size);
}

FILE *__wrap_fopen(const char *path, const char *mode) {
    return fails() ? NULL : __real_fopen(path, mode);
}

void *__wrap_dlopen(const char *name, int flags) {
    return fails() ? NULL : __real_dlopen(name, flags);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument) {
    return fails() ? EAGAIN : __real_pthread_create(thread, attributes, start, argument);
}

void __wrap_free(void *block) {
    take_out(block);
    __real_free(block);
}

/* ---- told by the environment, for a whole program ---- */

/* What runs at the very end, as what counts branches does, is not the program, and may allocate. */
static void report(void) {
    unsigned long n = fault_calls();
    fault_arm(0, false);
    const char *path = getenv("FAULT_ALLOCATION_REPORT");
    FILE *file = path ? __real_fopen(path, "w") : NULL;
    if (file) {
        fprintf(file, "%lu\n", n);
        fclose(file);
    }
}

__attribute__((constructor)) static void listen_to_environment(void) {
    const char *k = getenv("FAULT_ALLOCATION");
    if (!k)
        return;
    atexit(report);
    fault_arm(strtoul(k, NULL, 10), getenv("FAULT_ALLOCATION_FOR_GOOD") != NULL);
}
