/* Counting, summing and decoding the bitmap of a unit. */
#include "work/partial.h"

#include "math/wheel.h"
#include "support/support.h"
#include "work/digest.h"

static void test_count_bits(void **state) {
    (void)state;
    uint64_t random = 37, words[100];
    for (int trial = 0; trial < 200; trial++) {
        uint64_t expected = 0;
        for (size_t i = 0; i < COUNT_OF(words); i++) {
            words[i] = trial == 0   ? UINT64_MAX
                       : trial == 1 ? UINT64_C(1) << i % 64
                                    : random_u64(&random) & random_u64(&random);
            for (unsigned bit = 0; bit < 64; bit++)
                expected += words[i] >> bit & 1;
        }
        assert_int_equal(count_bits(words, COUNT_OF(words)), expected);
    }
    assert_int_equal(count_bits(words, 0), 0);
}

/* ---- decoding ----------------------------------------------------------------------------- */

enum { MOST = 20000 };

struct collected {
    uint64_t numbers[MOST];
    size_t n, runs, stop_after; /* stop_after 0: never */
};

static int collect(void *user, const uint64_t *numbers, size_t n) {
    struct collected *collected = user;
    assert_in_range(n, 1, PARTIAL_RUN);
    assert_true(collected->n + n <= MOST);
    memcpy(collected->numbers + collected->n, numbers, n * sizeof *numbers);
    collected->n += n;
    collected->runs++;
    return collected->runs == collected->stop_after ? 17 : 0;
}

/* Decodes and compares with the bits looked at one by one. */
static void check_decode(const uint64_t *words, size_t n_words, uint64_t first_word,
                         unsigned small_primes) {
    static struct collected got;
    static unsigned turn;
    static const char *const levels[] = {"none", "avx2", "avx512"};
    const struct decoder *by_turns = decoder(levels[turn++ % COUNT_OF(levels)]);
    got.n = got.runs = got.stop_after = 0;
    struct partial partial = {
        .words = words, .first_word = first_word, .n_words = n_words, .small_primes = small_primes};
    assert_int_equal(partial_decode(&partial, by_turns ? by_turns : decoder(NULL), collect, &got),
                     0);
    size_t at = 0;
    static const uint64_t small[] = {2, 3, 5};
    for (unsigned i = 0; i < 3; i++)
        if (small_primes >> i & 1)
            assert_true(at < got.n && got.numbers[at++] == small[i]);
    for (size_t i = 0; i < n_words; i++)
        for (unsigned bit = 0; bit < 64; bit++)
            if (words[i] >> bit & 1)
                assert_true(at < got.n && got.numbers[at++] ==
                                              (first_word + i) * WHEEL_WORD + wheel_offsets[bit]);
    assert_int_equal(got.n, at);
}

/* Full words fill a run to the last place, with 0 to 3 small primes before them. */
static void test_runs_across_the_border(void **state) {
    (void)state;
    static uint64_t words[300];
    uint64_t random = 43;
    for (unsigned small = 0; small < 8; small++)
        for (size_t n_words = 0; n_words < 200; n_words++) {
            for (size_t i = 0; i < n_words; i++)
                words[i] = UINT64_MAX;
            check_decode(words, n_words, 1000, small);
        }
    for (int trial = 0; trial < 300; trial++) {
        for (size_t i = 0; i < COUNT_OF(words); i++)
            words[i] = random_below(&random, 4) ? random_u64(&random) : 0;
        check_decode(words, COUNT_OF(words), UINT64_MAX / WHEEL_WORD - COUNT_OF(words),
                     (unsigned)random_below(&random, 8));
    }
}

static void test_nothing_to_decode(void **state) {
    (void)state;
    static const uint64_t words[50] = {0};
    check_decode(words, COUNT_OF(words), 0, 0);
    check_decode(words, 0, 0, 7);
}

static void test_stops_early(void **state) {
    (void)state;
    static struct collected got;
    static uint64_t words[200];
    for (size_t i = 0; i < COUNT_OF(words); i++)
        words[i] = UINT64_MAX;
    struct partial partial = {.words = words, .n_words = COUNT_OF(words)};
    for (size_t stop = 1; stop <= 4; stop++) {
        got.n = got.runs = 0;
        got.stop_after = stop;
        assert_int_equal(partial_decode(&partial, decoder(NULL), collect, &got),
                         stop <= 4 ? 17 : 0);
        assert_int_equal(got.runs, stop);
    }
}

/* ---- the sum ------------------------------------------------------------------------------ */

static void test_sum(void **state) {
    (void)state;
    uint64_t random = 47, words[40];
    for (unsigned small = 0; small < 8; small++) {
        uint64_t count = (uint64_t)__builtin_popcount(small), digest = digest_small(small);
        const uint64_t first_word = random_below(&random, 1000000);
        for (size_t i = 0; i < COUNT_OF(words); i++) {
            words[i] = random_u64(&random);
            for (unsigned bit = 0; bit < 64; bit++)
                if (words[i] >> bit & 1) {
                    count++;
                    digest += digest_prime((first_word + i) * WHEEL_WORD + wheel_offsets[bit]);
                }
        }
        struct partial partial = {.words = words,
                                  .first_word = first_word,
                                  .n_words = COUNT_OF(words),
                                  .small_primes = small};
        partial_sum(&partial);
        assert_true(partial.count == count && partial.digest == digest && partial.has_digest);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count_bits),
        cmocka_unit_test(test_runs_across_the_border),
        cmocka_unit_test(test_nothing_to_decode),
        cmocka_unit_test(test_stops_early),
        cmocka_unit_test(test_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
