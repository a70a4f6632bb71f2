/* What the process may use of the machine, held against what the system says. */
#include "base/cpu.h"
#include "support/machine.h"
#include "support/support.h"

#include <sched.h>
#include <stdio.h>
#include <unistd.h>

static void test_allowed_follows_affinity(void **state) {
    (void)state;
    cpu_set_t all;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    assert_in_range(cpu_allowed(), 1, (unsigned)CPU_COUNT(&all));
    size_t one = 0;
    while (!CPU_ISSET(one, &all))
        one++;
    cpu_set_t narrow;
    CPU_ZERO(&narrow);
    CPU_SET(one, &narrow);
    assert_int_equal(sched_setaffinity(0, sizeof narrow, &narrow), 0);
    assert_int_equal(cpu_allowed(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
}

static void test_name_fits(void **state) {
    (void)state;
    char whole[128];
    cpu_name(whole, sizeof whole);
    assert_true(whole[0] != '\0');
    assert_null(strpbrk(whole, "\n\t"));
    for (size_t size = 1; size < 20; size++) {
        char guarded[21];
        memset(guarded, '#', sizeof guarded);
        cpu_name(guarded, size);
        assert_true(strlen(guarded) < size);
        assert_int_equal(strncmp(guarded, whole, strlen(guarded)), 0);
        for (size_t i = size; i < sizeof guarded; i++)
            assert_int_equal(guarded[i], '#');
    }
}

static void test_simd_levels(void **state) {
    (void)state;
    const char *levels = cpu_simd_levels();
    assert_true(strcmp(levels, "none") == 0 || strcmp(levels, "none avx2") == 0 ||
                strcmp(levels, "none avx2 avx512") == 0);
#if defined(__x86_64__)
    __builtin_cpu_init();
    assert_int_equal(strstr(levels, "avx2") != NULL, __builtin_cpu_supports("avx2") != 0);
#else
    assert_string_equal(levels, "none");
#endif
}

static void test_memory(void **state) {
    (void)state;
    unsigned long long bytes = memory_available();
    unsigned long long physical =
        (unsigned long long)sysconf(_SC_PHYS_PAGES) * (unsigned long long)sysconf(_SC_PAGESIZE);
    assert_true(bytes > 0 && bytes <= physical);
}

/* ---- other machines ---- */

/* The least quota of a cgroup and those above it counts, in whole cores, at least one. */
static void test_quotas(void **state) {
    (void)state;
    static const struct {
        struct file files[6];
        unsigned cores; /* 0: as many as the affinity has */
    } machines[] = {
        {{{NULL, NULL}}, 0},
        {{{TREE "/cpu.max", "max 100000\n"}}, 0},
        {{{TREE "/cpu.max", "100000 100000\n"}}, 1},
        {{{TREE "/cpu.max", "10000 100000\n"}}, 1},
        {{{TREE "/cpu.max", "100000 0\n"}}, 0},
        {{{TREE "/cpu.max", ""}}, 0},
        {{{TREE "/cpu.max", "99900000 100000\n"}}, 0},
        {{{TREE "/cpu.max", "0 100000\n"}}, 1},
        {{{"/proc/self/cgroup", "1:cpu:/old\n"}, {TREE "/cpu.max", "100000 100000\n"}}, 1},
        {{{"/proc/self/cgroup", "1:name=x:/y\n0::/job/step\n"},
          {TREE "/job/step/cpu.max", "max 100000\n"},
          {TREE "/job/cpu.max", "50000 100000\n"},
          {TREE "/cpu.max", "max 100000\n"}},
         1},
        {{{"/proc/self/cgroup", "0::/job\n"},
          {TREE "/other/cpu.max", "50000 100000\n"},
          {TREE "/job/cpu.max", "max 100000\n"}},
         0}};
    cpu_set_t all;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    for (size_t i = 0; i < COUNT_OF(machines); i++) {
        machine = machines[i].files;
        unsigned cores = cpu_allowed();
        machine = NULL;
        if (cores != (machines[i].cores ? machines[i].cores : (unsigned)CPU_COUNT(&all)))
            fail_msg("machine %zu: %u cores", i, cores);
    }
}

/* What is available to the machine, and what cgroups leave of it. */
static void test_memory_limits(void **state) {
    (void)state;
    enum { KIB = 1024 };
    static const struct {
        struct file files[6];
        unsigned long long bytes;
    } machines[] = {
        {{{NULL, NULL}}, 0},
        {{{"/proc/meminfo", "MemTotal: 900 kB\nMemAvailable:   800 kB\n"}}, 800 * KIB},
        {{{"/proc/meminfo", "MemTotal: 900 kB\n"}}, 0},
        {{{"/proc/meminfo", "MemAvailable: 800 kB\n"}, {TREE "/memory.max", "max\n"}}, 800 * KIB},
        {{{"/proc/meminfo", "MemAvailable: 800 kB\n"},
          {TREE "/memory.max", "512000\n"},
          {TREE "/memory.current", "102400\n"}},
         400 * KIB},
        {{{"/proc/meminfo", "MemAvailable: 800 kB\n"}, {TREE "/memory.max", "512000\n"}},
         500 * KIB},
        {{{"/proc/meminfo", "MemAvailable: 800 kB\n"},
          {TREE "/memory.max", "1024000\n"},
          {TREE "/memory.current", "102400\n"}},
         800 * KIB},
        {{{"/proc/meminfo", "MemAvailable: 800 kB\n"},
          {TREE "/memory.max", "102400\n"},
          {TREE "/memory.current", "204800\n"}},
         0},
        {{{"/proc/meminfo", "MemAvailable: 800 kB\n"},
          {"/proc/self/cgroup", "0::/job/step\n"},
          {TREE "/job/step/memory.max", "max\n"},
          {TREE "/job/memory.max", "204800\n"},
          {TREE "/job/memory.current", "102400\n"}},
         100 * KIB}};
    for (size_t i = 0; i < COUNT_OF(machines); i++) {
        machine = machines[i].files;
        unsigned long long bytes = memory_available();
        machine = NULL;
        if (bytes != machines[i].bytes)
            fail_msg("machine %zu: %llu bytes", i, bytes);
    }
}

#if defined(__x86_64__)
/* As the kernel, which trims it too, shows it. */
static void test_names(void **state) {
    (void)state;
    char name[128], line[512], model[512] = "";
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && !model[0] && fgets(line, sizeof line, file))
        if (sscanf(line, "model name : %500[^\n]", model) != 1)
            model[0] = '\0';
    if (file)
        fclose(file);
    if (!model[0])
        skip();
    cpu_name(name, sizeof name);
    assert_string_equal(name, model);
}
#else
static void test_names(void **state) {
    (void)state;
    static const struct {
        struct file files[2];
        const char *name;
    } machines[] = {
        {{{NULL, NULL}}, "CPU"},
        {{{"/proc/cpuinfo", "processor: 0\nflags : fpu\n"}}, "CPU"},
        {{{"/proc/cpuinfo", "model name\nmodel name\t: \tA  B-1\nmodel name: C\n"}}, "A  B-1"}};
    for (size_t i = 0; i < COUNT_OF(machines); i++) {
        char name[40];
        machine = machines[i].files;
        cpu_name(name, sizeof name);
        machine = NULL;
        assert_string_equal(name, machines[i].name);
    }
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allowed_follows_affinity),
        cmocka_unit_test(test_name_fits),
        cmocka_unit_test(test_simd_levels),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_quotas),
        cmocka_unit_test(test_memory_limits),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
