/* What this process may use of the machine. Reads files only where it says so. */
#ifndef PARPRIME_BASE_CPU_H
#define PARPRIME_BASE_CPU_H

#include <stdbool.h>
#include <stddef.h>

/* Cores that affinity and the cgroup's CPU quota (rounded up) leave to this process; >= 1. */
unsigned cpu_allowed(void);

/* The processor's name for itself (cpuid; elsewhere the model of /proc/cpuinfo), or "CPU". */
void cpu_name(char *out, size_t size);

/*
 * The instruction-set levels that this machine can run, best last: "none", "none avx2", … The
 * environment's PARPRIME_SIMD caps them, so that every level can be tested on one machine.
 */
const char *cpu_simd_levels(void);

/* A level's place in "none", "avx2", "avx512": from 0; -1 for a name that is none. */
int cpu_simd_rank(const char *level);

/*
 * The place of the highest level that this machine can run and that is not above `simd`; NULL and
 * "auto" stand for the highest there is. -1 for a level that this machine does not have. Tables of
 * code by level have it as their index.
 */
int cpu_simd_level(const char *simd);

/* Can this machine run the level? */
bool cpu_has_simd(const char *level);

/* Bytes of memory that could be used now: MemAvailable, bounded by the cgroup; 0 if unknown. */
unsigned long long memory_available(void);

#endif
