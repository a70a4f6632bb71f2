#include "math/batch.h"

#include "base/cpu.h"
#include "math/primality.h"

static const struct batch_kernel kernels[] = {
    {"none", 1, batch_test_portable, is_prime_portable},
#if defined(__x86_64__)
    {"avx2", 4, batch_test_avx2, is_prime_avx2},
    {"avx512", 5, batch_test_avx512, is_prime_avx512},
#endif
};

const struct batch_kernel *batch_kernel(const char *simd) {
    int level = cpu_simd_level(simd);
    return level < 0 ? NULL : &kernels[level];
}
