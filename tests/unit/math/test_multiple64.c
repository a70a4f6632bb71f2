/* Where GPUs begin with a large sieving prime, against 128-bit division. */
#include "arith64.h"

#include "multiple64.h"
#include "support/support.h"

#include <math.h>

/* The same, as it is said. */
static unsigned __int128 first_multiple(uint64_t p, uint64_t start, uint32_t *residue) {
    uint64_t q = start / p + (start % p != 0);
    q = q < p ? p : q;
    while (q % 2 == 0 || q % 3 == 0 || q % 5 == 0)
        q++;
    *residue = (uint32_t)(q % 30);
    return (unsigned __int128)p * q - start;
}

static void check(uint32_t p, uint64_t start) {
    start -= start % 30;
    float inverse = 1.0f / (float)p;
    /* As devices may divide: one, two or three floats off. */
    for (int ulp = -3; ulp <= 3; ulp++) {
        float given = inverse;
        for (int i = 0; i < abs(ulp); i++)
            given = nextafterf(given, ulp < 0 ? 0 : 1);
        uint32_t right, residue = 0;
        unsigned __int128 expected = first_multiple(p, start, &right);
        uint64_t distance = m64_first_multiple(p, given, start, &residue);
        if (distance != expected || residue != right)
            fail_msg("%u from %llu: %llu behind, residue %u and not %u", p, ULL(start),
                     ULL(distance), residue, right);
    }
}

/* Any prime, though few are: only that it is coprime to 30 matters. From its square on, or near. */
static uint32_t random_prime(uint64_t *random) {
    for (;;) {
        uint32_t p = (uint32_t)random_sized(random, 32);
        if (p > 1 << 15 && p % 2 && p % 3 && p % 5)
            return p;
    }
}

static void test_anywhere(void **state) {
    (void)state;
    uint64_t random = 71;
    for (unsigned i = 0; i < 1000000; i++)
        check(random_prime(&random), random_u64(&random));
    for (unsigned i = 0; i < 100000; i++)
        check(random_prime(&random), random_sized(&random, 64));
}

/* At multiples, and next to them. */
static void test_multiples(void **state) {
    (void)state;
    uint64_t random = 73;
    for (unsigned i = 0; i < 300000; i++) {
        uint32_t p = random_prime(&random);
        uint64_t multiple = UINT64_MAX / p - random_sized(&random, 30) % (UINT64_MAX / p);
        check(p, multiple * p);
        check(p, multiple * p + 30);
        check(p, (uint64_t)p * p);
        check(p, (uint64_t)p * p - 30);
        check(p, (uint64_t)p * p + random_below(&random, 1 << 30));
    }
    for (uint32_t p = UINT32_MAX - 4; p > UINT32_MAX - 3000; p -= 2)
        if (p % 3 && p % 5)
            check(p, UINT64_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_anywhere),
        cmocka_unit_test(test_multiples),
    };
    return cmocka_run_group_tests_name("multiple64", tests, NULL, NULL);
}
