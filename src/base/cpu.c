#include "base/cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Calls visit on each line of a file until it returns nonzero. */
static int each_line(const char *path, int (*visit)(const char *line, void *user), void *user) {
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    char line[512];
    int found = 0;
    while (!found && fgets(line, sizeof line, file))
        found = visit(line, user);
    fclose(file);
    return found;
}

/* This process's folder in the version 2 cgroup tree, "" when there is none. */
static int own_cgroup(const char *line, void *user) {
    char *folder = user;
    if (strncmp(line, "0::/", 4) != 0)
        return 0;
    snprintf(folder, 256, "/sys/fs/cgroup%.200s", line + 3);
    folder[strcspn(folder, "\n")] = '\0';
    return 1;
}

static int quota_line(const char *line, void *user) {
    double quota, period;
    if (sscanf(line, "%lf %lf", &quota, &period) != 2 || period <= 0)
        return 1; /* "max …" */
    *(double *)user = quota / period;
    return 1;
}

static int bytes_line(const char *line, void *user) {
    unsigned long long bytes;
    if (sscanf(line, "%llu", &bytes) == 1)
        *(unsigned long long *)user = bytes;
    return 1;
}

/* Calls visit on FILE of the process's cgroup and of each folder above it. */
static void each_cgroup(const char *file, void (*visit)(const char *path, void *user), void *user) {
    char folder[256] = "";
    each_line("/proc/self/cgroup", own_cgroup, folder);
    if (!folder[0])
        strcpy(folder, "/sys/fs/cgroup");
    while (strlen(folder) >= strlen("/sys/fs/cgroup")) {
        char path[320];
        snprintf(path, sizeof path, "%s/%s", folder, file);
        visit(path, user);
        *strrchr(folder, '/') = '\0';
    }
}

static void quota_folder(const char *path, void *user) {
    double *least = user, cores = *least;
    each_line(path, quota_line, &cores);
    if (cores < *least)
        *least = cores;
}

unsigned cpu_allowed(void) {
    cpu_set_t set;
    double cores = (double)sysconf(_SC_NPROCESSORS_ONLN);
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        cores = CPU_COUNT(&set);
    each_cgroup("cpu.max", quota_folder, &cores);
    unsigned whole = (unsigned)cores;
    whole += (double)whole < cores;
    return whole ? whole : 1;
}

#if defined(__x86_64__)
/* Asked of the processor itself, which takes no file and no memory. */
static void read_name(char name[128]) {
    unsigned words[13] = {0}, *at = words, a, b, c, d; /* the last one ends the text */
    for (unsigned leaf = 0x80000002; leaf <= 0x80000004; leaf++, at += 4)
        if (__get_cpuid(leaf, &a, &b, &c, &d))
            memcpy(at, (unsigned[]){a, b, c, d}, 4 * sizeof *at);
    snprintf(name, 128, "%.48s", (const char *)words + strspn((const char *)words, " "));
    size_t length = strlen(name);
    while (length && name[length - 1] == ' ')
        name[--length] = '\0';
}
#else
static int model_line(const char *line, void *user) {
    const char *colon = strchr(line, ':');
    if (strncmp(line, "model name", 10) != 0 || !colon)
        return 0;
    snprintf(user, 128, "%.120s", colon + 1 + strspn(colon + 1, " \t"));
    ((char *)user)[strcspn(user, "\n")] = '\0';
    return 1;
}

static void read_name(char name[128]) {
    each_line("/proc/cpuinfo", model_line, name);
}
#endif

void cpu_name(char *out, size_t size) {
    char name[128] = "";
    read_name(name);
    snprintf(out, size, "%s", name[0] ? name : "CPU");
}

static const char *const simd_levels[] = {"none", "avx2", "avx512"};
enum { SIMD_LEVELS = 3 };

int cpu_simd_rank(const char *level) {
    for (int i = 0; i < SIMD_LEVELS; i++)
        if (strcmp(simd_levels[i], level) == 0)
            return i;
    return -1;
}

/* The highest level that the processor and the operating system offer. */
static int best_simd(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512ifma") && __builtin_cpu_supports("avx512vbmi") &&
        __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512vpopcntdq") &&
        __builtin_cpu_supports("bmi2")) /* Ice Lake, Zen 4 and later */
        return 2;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return 1;
#endif
    return 0;
}

static int usable_simd(void) {
    const char *cap = getenv("PARPRIME_SIMD");
    int best = best_simd(), most = cap ? cpu_simd_rank(cap) : -1;
    return most >= 0 && most < best ? most : best;
}

const char *cpu_simd_levels(void) {
    static const char *const names[SIMD_LEVELS] = {"none", "none avx2", "none avx2 avx512"};
    return names[usable_simd()];
}

int cpu_simd_level(const char *simd) {
    if (!simd || strcmp(simd, "auto") == 0)
        return usable_simd();
    return cpu_has_simd(simd) ? cpu_simd_rank(simd) : -1;
}

bool cpu_has_simd(const char *level) {
    int rank = cpu_simd_rank(level);
    return rank >= 0 && rank <= usable_simd();
}

static int available_line(const char *line, void *user) {
    unsigned long long kib;
    if (sscanf(line, "MemAvailable: %llu", &kib) != 1)
        return 0;
    *(unsigned long long *)user = kib << 10;
    return 1;
}

static void memory_folder(const char *path, void *user) {
    unsigned long long *least = user, bound = ~0ull, used = 0;
    each_line(path, bytes_line, &bound);
    char usage[340];
    snprintf(usage, sizeof usage, "%.300s", path);
    strcpy(strrchr(usage, '/'), "/memory.current");
    each_line(usage, bytes_line, &used);
    unsigned long long left = bound > used ? bound - used : 0;
    if (bound != ~0ull && left < *least)
        *least = left;
}

unsigned long long memory_available(void) {
    unsigned long long bytes = 0;
    if (!each_line("/proc/meminfo", available_line, &bytes))
        return 0;
    each_cgroup("memory.max", memory_folder, &bytes);
    return bytes;
}
