#include "measure/environment.h"

#include <parprime.h>
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
    return json_pack("{s:s, s:i, s:i, s:s, s:s, s:s, s:f, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
                     "cpu", here.cpu, "cores_allowed", (int)here.cores_allowed, "cores_online",
                     (int)here.cores_online, "kernel", here.kernel, "governor", here.governor,
                     "smt", here.smt, "load", here.load, "time", here.time, "commit", build->commit,
                     "compiler", build->compiler, "flags", build->flags, "openmp", build->openmp,
                     "opencl", build->opencl, "gmp", build->gmp, "simd", build->simd);
}
