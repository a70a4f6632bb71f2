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

/* ---- where calls come from: places in the program, as distances from its beginning ---- */

extern const char __executable_start[]; /* the linker's */
enum { MOST_PLACES = 4096 };
static atomic_uintptr_t places[MOST_PLACES];
static atomic_uintptr_t failing_place;
static bool noting_places;

/* Each once, in the order in which they come first. */
static void note_place(uintptr_t place) {
    for (size_t i = 0; i < MOST_PLACES; i++) {
        uintptr_t there = atomic_load(&places[i]);
        if (there == place ||
            (there == 0 && atomic_compare_exchange_strong(&places[i], &there, place)))
            return;
        if (there == place) /* another thread has just noted it */
            return;
    }
}

/* The caller's place is the one that is to fail: its first call, or that and all calls after it. */
static bool place_fails(uintptr_t place) {
    if (place != atomic_load(&failing_place))
        return false;
    atomic_store(&failing_place, 0);
    if (failing_for_good)
        atomic_store(&failing, 1);
    errno = ENOMEM;
    return true;
}

static bool fails(const void *caller) {
    uintptr_t place = (uintptr_t)caller - (uintptr_t)__executable_start;
    if (noting_places)
        note_place(place);
    if (place_fails(place))
        return true;
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
    return fails(__builtin_return_address(0)) ? NULL : add(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size) {
    return fails(__builtin_return_address(0)) ? NULL : add(__real_calloc(n, size));
}

void *__wrap_realloc(void *block, size_t size) {
    if (fails(__builtin_return_address(0)))
        return NULL;
    /* Taken out first: once it is free, another thread may be given the same address. */
    take_out(block);
    void *moved = __real_realloc(block, size);
    return add(moved ? moved : block) == moved ? moved : NULL;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    return fails(__builtin_return_address(0)) ? NULL : add(__real_aligned_alloc(alignment, size));
}

char *__wrap_strdup(const char *text) {
    return fails(__builtin_return_address(0)) ? NULL : add(__real_strdup(text));
}

int __wrap_vasprintf(char **out, const char *format, va_list arguments) {
    if (fails(__builtin_return_address(0))) {
        *out = (char *)(uintptr_t)16; /* its content is undefined then, says the manual */
        return -1;
    }
    int length = __real_vasprintf(out, format, arguments);
    if (length >= 0)
        add(*out);
    return length;
}

char *__wrap_realpath(const char *path, char *resolved) {
    if (fails(__builtin_return_address(0)))
        return NULL;
    char *found = __real_realpath(path, resolved);
    return resolved ? found : add(found);
}

FILE *__wrap_open_memstream(char **text, size_t *size) {
    return fails(__builtin_return_address(0)) ? NULL : __real_open_memstream(text, size);
}

FILE *__wrap_fopen(const char *path, const char *mode) {
    return fails(__builtin_return_address(0)) ? NULL : __real_fopen(path, mode);
}

void *__wrap_dlopen(const char *name, int flags) {
    return fails(__builtin_return_address(0)) ? NULL : __real_dlopen(name, flags);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument) {
    return fails(__builtin_return_address(0))
               ? EAGAIN
               : __real_pthread_create(thread, attributes, start, argument);
}

void __wrap_free(void *block) {
    take_out(block);
    __real_free(block);
}

/* ---- the end ---- */

void __real__exit(int code) __attribute__((noreturn));
void __wrap__exit(int code) __attribute__((noreturn));

#ifdef PARPRIME_COVERAGE
void __gcov_dump(void);
#endif

/* What ends the program at once does not lose which branches it has taken. */
void __wrap__exit(int code) {
#ifdef PARPRIME_COVERAGE
    fault_arm(0, false);
    __gcov_dump();
#endif
    __real__exit(code);
}

/* ---- told by the environment, for a whole program ---- */

static FILE *report_to(const char *name) {
    const char *path = getenv(name);
    return path ? __real_fopen(path, "w") : NULL;
}

/* What runs at the very end, as what counts branches does, is not the program, and may allocate. */
static void report(void) {
    unsigned long n = fault_calls();
    fault_arm(0, false);
    noting_places = false;
    FILE *file = report_to("FAULT_ALLOCATION_REPORT"), *list = report_to("FAULT_ALLOCATION_PLACES");
    if (file) {
        fprintf(file, "%lu\n", n);
        fclose(file);
    }
    for (size_t i = 0; list && i < MOST_PLACES && places[i]; i++)
        fprintf(list, "%llx\n", (unsigned long long)places[i]);
    if (list)
        fclose(list);
}

/*
 * FAULT_ALLOCATION    the number of the call that fails, 0: none
 * FAULT_ALLOCATION_AT  the place whose first call fails
 * FAULT_ALLOCATION_FOR_GOOD  all after it, too
 * FAULT_ALLOCATION_REPORT, _PLACES  files that at the end get how many calls there were, and from
 *                      which places
 */
__attribute__((constructor)) static void listen_to_environment(void) {
    const char *k = getenv("FAULT_ALLOCATION"), *place = getenv("FAULT_ALLOCATION_AT");
    if (!k && !place)
        return;
    atexit(report);
    fault_arm(k ? strtoul(k, NULL, 10) : 0, getenv("FAULT_ALLOCATION_FOR_GOOD") != NULL);
    atomic_store(&failing_place, place ? strtoul(place, NULL, 16) : 0);
    noting_places = getenv("FAULT_ALLOCATION_PLACES") != NULL;
}
