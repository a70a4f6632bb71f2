/* The kernels' source, in the order in which it is compiled. Written at build time. */
#ifndef PARPRIME_BACKEND_OPENCL_KERNELS_H
#define PARPRIME_BACKEND_OPENCL_KERNELS_H

#include <stddef.h>

struct kernel_file {
    const char *name;
    const unsigned char *text; /* not NUL-terminated */
    size_t size;
};

extern const struct kernel_file kernel_files[];
extern const size_t n_kernel_files;

#endif
