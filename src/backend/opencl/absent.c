#include "backend/absent.h"

extern const struct backend backend_opencl;
ABSENT_BACKEND(backend_opencl, "opencl", "this version has no OpenCL kernels yet")
