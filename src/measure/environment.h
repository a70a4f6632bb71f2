/* The machine and build that a figure belongs to. */
#ifndef PARPRIME_MEASURE_ENVIRONMENT_H
#define PARPRIME_MEASURE_ENVIRONMENT_H

#include <jansson.h>

struct environment {
    char cpu[128], kernel[128], governor[32], smt[32], time[32];
    unsigned cores_allowed, cores_online;
    unsigned cores_affinity; /* hardware threads that the process may be scheduled on */
    double cores_quota;      /* of CPU time a second that its control group gives it; 0: no limit */
    double load;             /* over the last minute; below 0 when unknown */
};

void environment_read(struct environment *out);

/* The "environment" member of every document: the above and the build. A new reference. */
json_t *environment_json(void);

/*
 * Adds "opencl_devices", each with its driver, usable or not and why: of documents whose figures
 * may be OpenCL's. It starts OpenCL's platforms.
 */
void environment_add_devices(json_t *environment);

#endif
