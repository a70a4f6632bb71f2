#include "base/cpu.h"
#include "commit.h"
#include "config.h"

#include <gmp.h>
#include <parprime.h>

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#define OPENMP_RUNTIME "libomp"
#else
#define COMPILER "gcc " __VERSION__
#define OPENMP_RUNTIME "libgomp"
#endif

#if defined(PARPRIME_HAVE_OPENMP)
#define OPENMP OPENMP_RUNTIME
#else
#define OPENMP "not built"
#endif

#if defined(PARPRIME_HAVE_OPENCL) && defined(PARPRIME_KERNEL_FOLDER)
#define OPENCL "ICD loader, OpenCL C 1.2 kernels read from " PARPRIME_KERNEL_FOLDER
#elif defined(PARPRIME_HAVE_OPENCL)
#define OPENCL "ICD loader, OpenCL C 1.2 kernels"
#else
#define OPENCL "not built"
#endif

const char *pp_version(void) {
    return PARPRIME_VERSION;
}

const pp_build_info *pp_build(void) {
    static _Thread_local pp_build_info info;
    info = (pp_build_info){.version = PARPRIME_VERSION,
                           .commit = PARPRIME_COMMIT,
                           .compiler = COMPILER,
                           .flags = PARPRIME_BUILD_FLAGS,
                           .openmp = OPENMP,
                           .opencl = OPENCL,
                           .gmp = gmp_version,
                           .simd = cpu_simd_levels()};
    return &info;
}
