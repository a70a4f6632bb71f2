#include "cli/memory.h"

#include "cli/words.h"

#include <gmp.h>
#include <jansson.h>
#include <parprime.h>
#include <stdlib.h>
#include <unistd.h>

_Noreturn void out_of_memory(void) {
    complain("%s", pp_strerror(PP_ERR_MEMORY));
    /* Other threads may be at work, which exit handlers of libraries do not expect. */
    _exit(pp_exit_code(PP_ERR_MEMORY));
}

void *allocate_zeroed(size_t n, size_t size) {
    void *block = calloc(n, size);
    if (!block)
        out_of_memory();
    return block;
}

static void *allocate(size_t size) {
    void *block = malloc(size);
    if (!block && size)
        out_of_memory();
    return block;
}

static void *reallocate(void *block, size_t old_size, size_t size) {
    (void)old_size;
    void *moved = realloc(block, size);
    if (!moved)
        out_of_memory();
    return moved;
}

static void release(void *block, size_t size) {
    (void)size;
    free(block);
}

void memory_take_charge(void) {
    mp_set_memory_functions(allocate, reallocate, release);
    json_set_alloc_funcs(allocate, free);
}
