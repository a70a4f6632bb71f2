#include "math/batch.h"

#include "math/primality.h"

#include <string.h>

void batch_test_portable(const uint64_t *numbers, size_t n, uint64_t *bitmap) {
    memset(bitmap, 0, (n / 64 + (n % 64 != 0)) * sizeof *bitmap);
    for (size_t i = 0; i < n; i++)
        if (mr_is_prime(numbers[i]))
            bitmap[i / 64] |= UINT64_C(1) << i % 64;
}
