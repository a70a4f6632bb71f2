/* What is said of the machine, on machines that say less, or allow less, than this one. */
#include "measure/environment.h"

#include "support/machine.h"
#include "support/support.h"

#include <sched.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* Does the system tell nothing? */
static bool silent;

int __real_uname(struct utsname *out);
int __real_getloadavg(double *loads, int n);
int __real_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set);
struct tm *__real_gmtime_r(const time_t *time, struct tm *out);
int __wrap_uname(struct utsname *out);
int __wrap_getloadavg(double *loads, int n);
int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set);
struct tm *__wrap_gmtime_r(const time_t *time, struct tm *out);

int __wrap_uname(struct utsname *out) {
    return silent ? -1 : __real_uname(out);
}

int __wrap_getloadavg(double *loads, int n) {
    return silent ? -1 : __real_getloadavg(loads, n);
}

int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set) {
    return silent ? -1 : __real_sched_getaffinity(pid, size, set);
}

struct tm *__wrap_gmtime_r(const time_t *time, struct tm *out) {
    return silent ? NULL : __real_gmtime_r(time, out);
}

/* Of the process's control group and those above it the least counts. */
static void test_quotas(void **state) {
    (void)state;
    static const struct {
        struct file files[5];
        double cores;
    } machines[] = {
        {{{NULL, NULL}}, 0},
        {{{TREE "/cpu.max", "max 100000\n"}}, 0},
        {{{TREE "/cpu.max", "150000 100000\n"}}, 1.5},
        {{{TREE "/cpu.max", "150000 0\n"}}, 0},
        {{{TREE "/cpu.max", "150000\n"}}, 0},
        {{{"/proc/self/cgroup", "1:cpu:/job\n0::/job\n"}, {TREE "/job/cpu.max", "50000 100000\n"}},
         0},
        {{{"/proc/self/cgroup", "0::/job/step\n"},
          {TREE "/job/step/cpu.max", "300000 100000\n"},
          {TREE "/job/cpu.max", "200000 100000\n"},
          {TREE "/cpu.max", "400000 100000\n"}},
         2},
        {{{"/proc/self/cgroup", "0::/job/step\n"}, {TREE "/job/step/cpu.max", "50000 100000\n"}},
         0.5}};
    for (size_t i = 0; i < COUNT_OF(machines); i++) {
        struct environment here;
        machine = machines[i].files;
        environment_read(&here);
        machine = NULL;
        assert_float_equal(here.cores_quota, machines[i].cores, 1e-9);
    }
}

static void test_quota_in_json(void **state) {
    (void)state;
    static const struct file limited[] = {{TREE "/cpu.max", "150000 100000\n"}, {NULL, NULL}},
                             missing[] = {{NULL, NULL}};
    machine = limited;
    json_t *json = environment_json();
    machine = NULL;
    assert_float_equal(json_real_value(json_object_get(json, "cores_quota")), 1.5, 1e-9);
    json_decref(json);
    machine = missing;
    json = environment_json();
    machine = NULL;
    assert_true(json_is_null(json_object_get(json, "cores_quota")));
    json_decref(json);
}

static void test_files(void **state) {
    (void)state;
    static const char governor[] = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
    static const struct file some[] = {{governor, "powersave\nmore\n"}, {NULL, NULL}},
                             empty[] = {{governor, ""}, {NULL, NULL}};
    struct environment here;
    machine = some;
    environment_read(&here);
    assert_string_equal(here.governor, "powersave");
    assert_string_equal(here.smt, "unknown");
    machine = empty;
    environment_read(&here);
    machine = NULL;
    assert_string_equal(here.governor, "unknown");
}

/* What is not known is left open, not made up. */
static void test_silent_system(void **state) {
    (void)state;
    struct environment here;
    environment_read(&here);
    assert_true(here.load >= 0 && here.kernel[0] && strlen(here.time) == 20);
    assert_in_range(here.cores_affinity, 1, here.cores_online);
    silent = true;
    environment_read(&here);
    silent = false;
    assert_true(here.load < 0);
    assert_string_equal(here.kernel, "");
    assert_string_equal(here.time, "");
    assert_int_equal(here.cores_affinity, here.cores_online);
    assert_true(here.cores_allowed >= 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quotas), cmocka_unit_test(test_quota_in_json),
        cmocka_unit_test(test_files), cmocka_unit_test(test_silent_system)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
