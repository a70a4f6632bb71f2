/* What this process may use of the machine. Reads files only where it says so. */
#ifndef PARPRIME_BASE_CPU_H
#define PARPRIME_BASE_CPU_H

#include <stddef.h>

/* Cores that affinity and the cgroup's CPU quota (rounded up) leave to this process; >= 1. */
unsigned cpu_allowed(void);

/* The processor's name for itself from /proc/cpuinfo, or "CPU". */
void cpu_name(char *out, size_t size);

/* The instruction-set levels that this machine can run, best last: "none", "none avx2", … */
const char *cpu_simd_levels(void);

/* Bytes of memory that could be used now: MemAvailable, bounded by the cgroup; 0 if unknown. */
unsigned long long memory_available(void);

#endif
