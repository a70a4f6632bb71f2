#include "measure/bound.h"

const char *bound_name(enum bound bound) {
    static const char *const names[] = {"compute", "transfer", "launch", "output"};
    return names[bound];
}

void bound_parts(const pp_phases *phases, double seconds, bool opencl, double parts[4]) {
    double compute = phases->compute, output = phases->output;
    /* On a CPU units render and hand out their answers themselves; on a device the host does. */
    if (!opencl)
        compute = compute > output ? compute - output : 0;
    parts[BOUND_COMPUTE] = phases->prepare + compute;
    parts[BOUND_TRANSFER] = phases->upload + phases->download;
    parts[BOUND_OUTPUT] = output;
    double rest = seconds - parts[BOUND_COMPUTE] - parts[BOUND_TRANSFER] - output;
    parts[BOUND_LAUNCH] = rest > 0 ? rest : 0; /* phases of a device may overlap */
}

enum bound bound_of(const pp_phases *phases, double seconds, bool opencl) {
    double parts[4];
    bound_parts(phases, seconds, opencl, parts);
    enum bound largest = BOUND_COMPUTE;
    for (enum bound i = BOUND_TRANSFER; i <= BOUND_OUTPUT; i++)
        if (parts[i] > parts[largest])
            largest = i;
    return largest;
}
