/* How many results arrive after a larger one: against a count one by one, over random blocks. */
#include "measure/arrivals.h"

#include "support/support.h"

enum { MOST = 400 };

/* Cuts ascending numbers into blocks, and hands the blocks over in a random order. */
static void check_random(uint64_t *state, bool binary, uint64_t most) {
    uint64_t numbers[MOST], number = random_below(state, most / 2);
    size_t n = 1 + random_below(state, MOST), begin[MOST + 1], n_blocks = 0;
    for (size_t i = 0; i < n; i++)
        numbers[i] = number += 1 + random_below(state, most / 2 / MOST + 1);
    for (size_t i = 0; i < n; i += 1 + random_below(state, 20))
        begin[n_blocks++] = i;
    begin[n_blocks] = n;
    size_t order[MOST];
    for (size_t i = 0; i < n_blocks; i++)
        order[i] = i;
    for (size_t i = n_blocks; i > 1; i--) {
        size_t j = random_below(state, i), kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
    struct arrivals arrivals = {.binary = binary};
    uint64_t expected = 0, largest = 0;
    for (size_t i = 0; i < n_blocks; i++) {
        char block[MOST * 21];
        size_t size = 0;
        for (size_t k = begin[order[i]]; k < begin[order[i] + 1]; k++) {
            expected += numbers[k] < largest;
            if (numbers[k] > largest)
                largest = numbers[k];
            if (binary)
                for (int byte = 0; byte < 8; byte++)
                    block[size++] = (char)(numbers[k] >> 8 * byte);
            else
                size += (size_t)sprintf(block + size, "%llu\n", ULL(numbers[k]));
        }
        arrivals_add(&arrivals, block, size);
    }
    assert_int_equal(arrivals.seen, n);
    assert_int_equal(arrivals.out_of_place, expected);
}

static void test_random(void **state) {
    (void)state;
    uint64_t random = test_seed(11);
    for (int i = 0; i < 500; i++) {
        check_random(&random, i & 1, 2000); /* lines of one to four digits */
        check_random(&random, i & 1, UINT64_MAX);
    }
}

/* A block may interleave with what came before: then it is looked at number by number. */
static void test_interleaved(void **state) {
    (void)state;
    struct arrivals text = {0}, binary = {.binary = true};
    arrivals_add(&text, "2\n50\n", 5);
    arrivals_add(&text, "3\n7\n101\n", 8);
    assert_int_equal(text.seen, 5);
    assert_int_equal(text.out_of_place, 2);
    arrivals_add(&text, "97\n", 3);
    assert_int_equal(text.out_of_place, 3);
    arrivals_add(&text, "103\n", 4);
    assert_int_equal(text.out_of_place, 3);
    assert_int_equal(text.largest, 103);
    static const unsigned char first[] = {0, 1, 0, 0, 0, 0, 0, 0}; /* 256 */
    static const unsigned char second[] = {255, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0};
    arrivals_add(&binary, first, 8);
    arrivals_add(&binary, second, 16);
    assert_int_equal(binary.seen, 3);
    assert_int_equal(binary.out_of_place, 1);
    assert_int_equal(binary.largest, 257);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random),
                                       cmocka_unit_test(test_interleaved)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
