/* The wheel of 30 against its definition, and trimming at every border of small windows. */
#include "math/wheel.h"
#include "support/support.h"

/* The number of bit `bit` of word `word`, as wheel.h words it: byte by byte, eight numbers each. */
static unsigned __int128 number_of(uint64_t word, unsigned bit) {
    static const unsigned residues[] = {1, 7, 11, 13, 17, 19, 23, 29};
    return ((unsigned __int128)word * 8 + bit / 8) * 30 + residues[bit % 8];
}

static void test_tables(void **state) {
    (void)state;
    unsigned residues = 0;
    for (unsigned r = 0; r < 30; r++) {
        if (r % 2 == 0 || r % 3 == 0 || r % 5 == 0) {
            assert_int_equal(wheel_bits[r], 0xff);
            continue;
        }
        assert_int_equal(wheel_bits[r], residues);
        assert_int_equal(wheel_residues[residues], r);
        unsigned gap = residues < 7 ? wheel_residues[residues + 1] - r : 31 - r;
        assert_int_equal(wheel_gaps[residues], gap);
        residues++;
    }
    assert_int_equal(residues, 8);
    for (unsigned bit = 0; bit < 64; bit++)
        assert_true(wheel_offsets[bit] == number_of(0, bit));
}

enum { WINDOW = 3 };

static void check_trim(uint64_t first_word, size_t n_words, uint64_t lo, uint64_t hi) {
    const uint64_t canary = 0x5555aaaa5555aaaa;
    uint64_t words[WINDOW + 2];
    for (size_t i = 0; i < COUNT_OF(words); i++)
        words[i] = canary;
    for (size_t i = 0; i < n_words; i++)
        words[1 + i] = UINT64_MAX;
    wheel_trim(words + 1, first_word, n_words, lo, hi);
    assert_true(words[0] == canary && words[n_words + 1] == canary);
    for (size_t i = 0; i < n_words; i++) {
        uint64_t expected = 0;
        for (unsigned bit = 0; bit < 64; bit++) {
            unsigned __int128 n = number_of(first_word + i, bit);
            if (n >= lo && n <= hi && n != 1)
                expected |= UINT64_C(1) << bit;
        }
        if (words[1 + i] != expected)
            fail_msg("words [%llu, +%zu), word %zu, trimmed to [%llu, %llu]: %llx, not %llx",
                     ULL(first_word), n_words, i, ULL(lo), ULL(hi), ULL(words[1 + i]),
                     ULL(expected));
    }
}

/* Every lo and hi around a word border and one number apart; steps elsewhere. */
static void test_trim_small(void **state) {
    (void)state;
    static const uint64_t firsts[] = {0, 1, 7, UINT64_C(41666666666)};
    for (size_t f = 0; f < COUNT_OF(firsts); f++)
        for (size_t n_words = 1; n_words <= WINDOW; n_words++) {
            uint64_t begin = firsts[f] * WHEEL_WORD, end = begin + n_words * WHEEL_WORD + 8;
            begin = begin < 8 ? 0 : begin - 8;
            uint64_t step = n_words == 1 ? 1 : 7;
            for (uint64_t lo = begin; lo < end; lo += step)
                for (uint64_t hi = lo; hi < end; hi += step)
                    check_trim(firsts[f], n_words, lo, hi);
        }
}

/* Clearing keeps what was clear, and bits inside are not touched. */
static void test_trim_keeps(void **state) {
    (void)state;
    uint64_t words[WINDOW] = {0x123456789abcdef0, 0, 0xfedcba9876543210};
    const uint64_t before[WINDOW] = {0x123456789abcdef0, 0, 0xfedcba9876543210};
    wheel_trim(words, 5, WINDOW, 0, UINT64_MAX);
    assert_memory_equal(words, before, sizeof words);
    wheel_trim(words, 5, WINDOW, 6 * WHEEL_WORD, 7 * WHEEL_WORD - 1);
    assert_true(words[0] == 0 && words[1] == 0 && words[2] == 0);
}

/* The last word reaches past 2^64: of its numbers only those up to 2^64 - 1 can be meant. */
static void test_trim_top(void **state) {
    (void)state;
    const uint64_t last = UINT64_MAX / WHEEL_WORD;
    for (uint64_t back = 0; back < WINDOW; back++)
        for (uint64_t down = 0; down < 2 * WHEEL_WORD; down++) {
            check_trim(last - back, (size_t)back + 1, UINT64_MAX - down, UINT64_MAX);
            check_trim(last - back, (size_t)back + 1, UINT64_MAX - 2 * WHEEL_WORD,
                       UINT64_MAX - down);
            check_trim(last - back, (size_t)back + 1, UINT64_MAX - down, UINT64_MAX - down);
        }
}

static void test_small_primes(void **state) {
    (void)state;
    for (uint64_t lo = 0; lo < 10; lo++)
        for (uint64_t hi = lo; hi < 10; hi++) {
            unsigned expected = 0;
            for (uint64_t n = lo; n <= hi; n++)
                expected |= n == 2 ? 1u : n == 3 ? 2u : n == 5 ? 4u : 0u;
            assert_int_equal(wheel_small_primes(lo, hi), expected);
        }
    assert_int_equal(wheel_small_primes(0, UINT64_MAX), 7);
    assert_int_equal(wheel_small_primes(6, UINT64_MAX), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),       cmocka_unit_test(test_trim_small),
        cmocka_unit_test(test_trim_keeps),   cmocka_unit_test(test_trim_top),
        cmocka_unit_test(test_small_primes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
