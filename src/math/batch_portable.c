#include "math/batch.h"

#include "math/primality.h"

#include <string.h>

/* Candidates that have met the small primes, and where they stand. */
struct waiting {
    uint64_t number[BASE2_TOGETHER];
    size_t place[BASE2_TOGETHER], n;
};

static void answer(uint64_t *bitmap, struct waiting *waiting) {
    bool passed[BASE2_TOGETHER];
    for (size_t i = waiting->n; i < BASE2_TOGETHER; i++)
        waiting->number[i] = waiting->number[0];
    base2_test(waiting->number, passed);
    for (size_t i = 0; i < waiting->n; i++)
        if (passed[i] && is_prime_after_base2(waiting->number[i]))
            bitmap[waiting->place[i] / 64] |= UINT64_C(1) << waiting->place[i] % 64;
    waiting->n = 0;
}

void batch_test_portable(const uint64_t *numbers, size_t n, uint64_t *bitmap) {
    memset(bitmap, 0, (n / 64 + (n % 64 != 0)) * sizeof *bitmap);
    struct waiting waiting = {.n = 0};
    for (size_t i = 0; i < n; i++) {
        enum divided divided = divide_small(numbers[i]);
        if (divided == IS_PRIME)
            bitmap[i / 64] |= UINT64_C(1) << i % 64;
        if (divided != NOT_DIVIDED)
            continue;
        waiting.number[waiting.n] = numbers[i];
        waiting.place[waiting.n++] = i;
        if (waiting.n == BASE2_TOGETHER)
            answer(bitmap, &waiting);
    }
    if (waiting.n)
        answer(bitmap, &waiting);
}
