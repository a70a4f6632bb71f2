#include "math/batch.h"

#include "base/cpu.h"
#include "math/primality.h"

#include <string.h>

static const struct batch_kernel kernels[] = {
    {"none", 1, batch_test_portable, is_prime_portable},
#if defined(__x86_64__)
    {"avx2", 4, batch_test_avx2, is_prime_avx2},
    {"avx512", 5, batch_test_avx512, is_prime_avx512},
#endif
};

const struct batch_kernel *batch_kernel(const char *simd) {
    bool best = !simd || strcmp(simd, "auto") == 0;
    if (!best && !cpu_has_simd(simd))
        return NULL;
    const struct batch_kernel *chosen = NULL;
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
        if (cpu_has_simd(kernels[i].simd) &&
            (best || cpu_simd_rank(kernels[i].simd) <= cpu_simd_rank(simd)))
            chosen = &kernels[i];
    return chosen;
}
