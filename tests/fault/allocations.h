/*
 * Allocations that fail when told to. Whatever is linked with allocations.c and the linker's --wrap
 * for each name in tests/fault/CMakeLists.txt has its own calls of malloc and its like counted;
 * those that a library makes for itself are left alone (libgomp and GMP end the process without
 * memory, and a driver's memory is not ours to answer for). In the program, which gives Jansson and
 * GMP functions of its own, theirs are counted too.
 */
#ifndef PARPRIME_FAULT_ALLOCATIONS_H
#define PARPRIME_FAULT_ALLOCATIONS_H

#include <stdbool.h>
#include <stddef.h>

/* From now on the k-th call fails (k from 1; 0: none), alone or with all after it. Counts anew. */
void fault_arm(unsigned long k, bool for_good);

/* Calls since fault_arm. */
unsigned long fault_calls(void);

/* Blocks that were given out and have not come back. */
size_t fault_live_blocks(void);

#endif
