#include "measure/environment.h"

#include <parprime.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* The first line of a file, or `otherwise`. */
static void first_line(const char *path, char *out, size_t size, const char *otherwise) {
    FILE *file = fopen(path, "re");
    if (!file || !fgets(out, (int)size, file))
        snprintf(out, size, "%s", otherwise);
    out[strcspn(out, "\n")] = '\0';
    if (file)
        fclose(file);
}

/* The CPU time a second that one folder of the control groups allows; 0: no limit, or no such file.
 */
static double quota_of(const char *folder) {
    char path[400], line[64];
    unsigned long long quota, period;
    snprintf(path, sizeof path, "%s/cpu.max", folder);
    first_line(path, line, sizeof line, "max");
    return sscanf(line, "%llu %llu", &quota, &period) == 2 && period
               ? (double)quota / (double)period
               : 0;
}

/* The least of the process's own group (version 2) and those around it. */
static double cgroup_quota(void) {
    static const char root[] = "/sys/fs/cgroup";
    char own[300], folder[340];
    first_line("/proc/self/cgroup", own, sizeof own, "");
    /* Its line begins with "0::"; where others come first there is no version 2 to ask. */
    snprintf(folder, sizeof folder, "%s%s", root, strncmp(own, "0::/", 4) == 0 ? own + 3 : "");
    double least = 0;
    for (;;) {
        double quota = quota_of(folder);
        if (quota > 0 && (least <= 0 || quota < least))
            least = quota;
        char *end = strrchr(folder, '/');
        if (strlen(folder) <= strlen(root) || !end)
            return least;
        *end = '\0';
    }
}

void environment_read(struct environment *out) {
    *out = (struct environment){.load = -1, .cores_allowed = 1};
    static const char *const backends[] = {"serial", "openmp"};
    for (size_t i = 0; i < 2; i++) {
        pp_device device;
        size_t n;
        if (pp_backend_devices(backends[i], &device, 1, &n) != PP_OK || !device.usable)
            continue;
        snprintf(out->cpu, sizeof out->cpu, "%s", device.name);
        if (device.units > out->cores_allowed)
            out->cores_allowed = device.units;
    }
    out->cores_online = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    cpu_set_t set;
    out->cores_affinity =
        sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : out->cores_online;
    out->cores_quota = cgroup_quota();
    struct utsname system;
    if (uname(&system) == 0)
        snprintf(out->kernel, sizeof out->kernel, "%.40s %.80s", system.sysname, system.release);
    first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", out->governor,
               sizeof out->governor, "unknown");
    first_line("/sys/devices/system/cpu/smt/control", out->smt, sizeof out->smt, "unknown");
    double load;
    if (getloadavg(&load, 1) == 1)
        out->load = load;
    time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc))
        strftime(out->time, sizeof out->time, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

json_t *environment_json(void) {
    struct environment here;
    environment_read(&here);
    const pp_build_info *build = pp_build();
    return json_pack(
        "{s:s, s:i, s:i, s:i, s:o, s:s, s:s, s:s, s:f, s:s, s:s, s:s, s:s, s:s, s:s, "
        "s:s, s:s}",
        "cpu", here.cpu, "cores_allowed", (int)here.cores_allowed, "cores_online",
        (int)here.cores_online, "cores_affinity", (int)here.cores_affinity, "cores_quota",
        here.cores_quota > 0 ? json_real(here.cores_quota) : json_null(), "kernel", here.kernel,
        "governor", here.governor, "smt", here.smt, "load", here.load, "time", here.time, "commit",
        build->commit, "compiler", build->compiler, "flags", build->flags, "openmp", build->openmp,
        "opencl", build->opencl, "gmp", build->gmp, "simd", build->simd);
}

void environment_add_devices(json_t *environment) {
    enum { MOST = 32 };
    pp_device devices[MOST];
    size_t n;
    json_t *found = json_array();
    if (pp_backend_devices("opencl", devices, MOST, &n) != PP_OK)
        n = 0;
    for (size_t i = 0; i < n && i < MOST; i++) {
        const pp_device *device = &devices[i];
        json_array_append_new(found, json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:b, s:s}", "id",
                                               device->id, "name", device->name, "kind",
                                               device->kind, "platform", device->platform, "driver",
                                               device->driver, "units", (int)device->units,
                                               "usable", device->usable, "reason", device->reason));
    }
    json_object_set_new(environment, "opencl_devices", found);
}
