/* Items shared out to threads: each is done once, whoever is slow, and few threads jump. */
#include "backend/shares.h"

#include "support/support.h"

#include <pthread.h>
#include <stdatomic.h>

enum { MOST = 64 };

/* One thread takes them all, where others have had their shares dealt and do not come. */
static void test_alone(void **state) {
    (void)state;
    struct shares shares;
    assert_true(shares_init(&shares, MOST));
    for (uint64_t n = 0; n < 200; n++)
        for (unsigned threads = 1; threads <= MOST; threads += 7) {
            shares_deal(&shares, n, threads, 1);
            uint8_t done[200] = {0};
            uint64_t item, taken = 0;
            for (; shares_take(&shares, threads - 1, &item); taken++) {
                assert_true(item < n && !done[item]);
                done[item] = 1;
            }
            assert_int_equal(taken, n);
            assert_false(shares_take(&shares, 0, &item));
        }
    shares_free(&shares);
}

/* In turns: nobody jumps but those whose share was smaller, at the end. */
static void test_in_turns(void **state) {
    (void)state;
    struct shares shares;
    assert_true(shares_init(&shares, MOST));
    uint64_t random = 1;
    for (unsigned round = 0; round < 500; round++) {
        unsigned threads = 1 + (unsigned)random_below(&random, MOST);
        uint64_t n = random_sized(&random, 1 + round % 12), item, taken = 0, jumps = 0, last[MOST];
        shares_deal(&shares, n, threads, 2);
        for (unsigned i = 0; i < threads; i++)
            last[i] = UINT64_MAX;
        for (uint64_t before = UINT64_MAX; before != taken;) {
            before = taken;
            for (unsigned i = 0; i < threads; i++)
                if (shares_take(&shares, i, &item)) {
                    assert_true(item < n);
                    jumps += last[i] != UINT64_MAX && item != last[i] + 1;
                    last[i] = item;
                    taken++;
                }
        }
        assert_int_equal(taken, n);
        assert_int_equal(jumps, 0);
    }
    shares_free(&shares);
}

/* Enormous jobs: to the very end of 64 bits, from which only a few are taken. */
static void test_many(void **state) {
    (void)state;
    struct shares shares;
    assert_true(shares_init(&shares, 3));
    shares_deal(&shares, UINT64_MAX, 3, 1);
    uint64_t item, third = UINT64_MAX / 3;
    assert_true(shares_take(&shares, 0, &item) && item == 0);
    assert_true(shares_take(&shares, 1, &item) && item == third);
    assert_true(shares_take(&shares, 2, &item) && item == 2 * third);
    shares_free(&shares);
}

/* What threads have in common. */
static struct shares common;
static atomic_uchar done[100000];
static atomic_uint doubled;

static void *work(void *number) {
    unsigned thread = (unsigned)(uintptr_t)number;
    uint64_t item, sum = 0;
    while (shares_take(&common, thread, &item)) {
        doubled += atomic_fetch_add(&done[item], 1) != 0;
        for (unsigned i = 0; i < 200 * (thread % 3); i++) /* some are slow */
            sum += i ^ item;
    }
    atomic_fetch_add(&doubled, sum == 1);
    return NULL;
}

static void test_threads(void **state) {
    (void)state;
    enum { THREADS = 7 };
    assert_true(shares_init(&common, THREADS));
    for (uint64_t least = 1; least <= 4; least++) {
        memset(done, 0, sizeof done);
        shares_deal(&common, COUNT_OF(done), THREADS, least);
        pthread_t threads[THREADS];
        for (uintptr_t i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)i), 0);
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        assert_int_equal(doubled, 0);
        for (size_t i = 0; i < COUNT_OF(done); i++)
            assert_int_equal(done[i], 1);
    }
    shares_free(&common);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_in_turns),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
