/* The machine and build that a figure belongs to. */
#ifndef PARPRIME_MEASURE_ENVIRONMENT_H
#define PARPRIME_MEASURE_ENVIRONMENT_H

#include <jansson.h>

struct environment {
    char cpu[128], kernel[128], governor[32], smt[32], time[32];
    unsigned cores_allowed, cores_online;
    double load; /* over the last minute; below 0 when unknown */
};

void environment_read(struct environment *out);

/* The "environment" member of every document: the above and the build. A new reference. */
json_t *environment_json(void);

#endif
