/* What the process may use of the machine, held against what the system says. */
#include "base/cpu.h"
#include "support/support.h"

#include <sched.h>
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allowed_follows_affinity),
        cmocka_unit_test(test_name_fits),
        cmocka_unit_test(test_simd_levels),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
