#include "backend/absent.h"

extern const struct backend backend_opencl;
ABSENT_BACKEND(backend_opencl, "opencl",
               "this build has no OpenCL; install ocl-icd-opencl-dev and "
               "opencl-headers and configure with -DPARPRIME_OPENCL=ON")
