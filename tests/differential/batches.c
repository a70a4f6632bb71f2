#include "differential/batches.h"

#include "base/cpu.h"
#include "math/batch.h"

enum { BATCH = 1 << 16 };

static uint64_t draw(uint64_t *random, size_t i) {
    switch (i % 4) {
    case 0:
        return random_u64(random) | UINT64_C(1) << 62 | 1;
    case 1:
        return (UINT64_C(10000000000000) + random_below(random, UINT64_C(10000000000))) | 1;
    default:
        return random_sized(random, 64) | (i % 8 > 2);
    }
}

void check_random_batches(uint64_t seed, bool (*is_prime)(uint64_t n), const char *oracle) {
    static const char *const levels[] = {"none", "avx2", "avx512"};
    static uint64_t numbers[BATCH], bitmap[BATCH / 64], expected[BATCH / 64];
    const char *wish = getenv("PARPRIME_TEST_NUMBERS");
    uint64_t wanted = wish ? strtoull(wish, NULL, 10) : test_all() ? 10000000 : 200000;
    uint64_t random = seed ^ 0x5bd1e995, primes = 0;
    for (uint64_t done = 0; done < wanted; done += BATCH) {
        memset(expected, 0, sizeof expected);
        for (size_t i = 0; i < BATCH; i++) {
            numbers[i] = draw(&random, i);
            expected[i / 64] |= (uint64_t)is_prime(numbers[i]) << i % 64;
        }
        for (size_t i = 0; i < BATCH / 64; i++)
            primes += (uint64_t)__builtin_popcountll(expected[i]);
        for (size_t level = 0; level < COUNT_OF(levels); level++) {
            if (!cpu_has_simd(levels[level]))
                continue;
            const struct batch_kernel *kernel = batch_kernel(levels[level]);
            kernel->test(numbers, BATCH, bitmap);
            for (size_t i = 0; i < BATCH; i++) {
                bool prime = expected[i / 64] >> i % 64 & 1;
                if ((bitmap[i / 64] >> i % 64 & 1) != prime)
                    fail_msg("%s: %llu, %s says otherwise", levels[level], ULL(numbers[i]), oracle);
                if (kernel->is_prime(numbers[i]) != prime)
                    fail_msg("%s, one number: %llu, %s says otherwise", levels[level],
                             ULL(numbers[i]), oracle);
            }
        }
    }
    assert_true(primes > wanted / 50);
    print_message("%llu random numbers, %llu of them prime\n", ULL(wanted), ULL(primes));
}
