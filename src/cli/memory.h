/* What the program does about memory that is not there, where no status can tell of it. */
#ifndef PARPRIME_CLI_MEMORY_H
#define PARPRIME_CLI_MEMORY_H

#include <stddef.h>

/*
 * From now on GMP's and Jansson's allocations end the program as out_of_memory does when they fail.
 * By itself GMP would abort; Jansson says that it has failed, but not always (release 2.14 writes a
 * document without one of its keys and calls it done), and a document that lacks something reads
 * like one that never had it. Before anything uses either.
 */
void memory_take_charge(void);

/* Says so and ends the program with exit code 6, at once: from any thread, whatever is open. */
_Noreturn void out_of_memory(void);

/* calloc, or out_of_memory: where a failure would be taken for wrong words or an absent device. */
void *allocate_zeroed(size_t n, size_t size);

#endif
