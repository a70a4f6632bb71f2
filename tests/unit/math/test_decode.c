/*
 * One case table, held against the decoder of every instruction-set level: every byte at every
 * place, random words of every density, the ends of the wheel, and every amount of room.
 */
#include "math/decode.h"

#include "base/cpu.h"
#include "math/wheel.h"
#include "support/support.h"

static const char *const levels[] = {"none", "avx2", "avx512"};

enum { MOST_WORDS = 40 };
static const uint64_t CANARY = 0x5555aaaa5555aaaa;

/* The words' numbers as wheel.h words it: byte by byte, eight numbers each. Returns how many. */
static size_t naive_decode(const uint64_t *words, size_t n_words, uint64_t first_word,
                           uint64_t *out) {
    static const unsigned residues[] = {1, 7, 11, 13, 17, 19, 23, 29};
    size_t n = 0;
    for (size_t word = 0; word < n_words; word++)
        for (unsigned bit = 0; bit < 64; bit++)
            if (words[word] >> bit & 1)
                out[n++] = ((first_word + word) * 8 + bit / 8) * 30 + residues[bit % 8];
    return n;
}

/* With that much room: takes the words that surely fit, and leaves what is behind it alone. */
static void check_room(const uint64_t *words, size_t n_words, uint64_t first_word, size_t room) {
    static uint64_t expected[MOST_WORDS * DECODE_WORD], got[MOST_WORDS * DECODE_WORD + 1];
    size_t fit = 0, n_expected = 0;
    while (fit < n_words && room - n_expected >= DECODE_WORD)
        n_expected += naive_decode(words + fit, 1, first_word + fit, expected + n_expected), fit++;
    for (size_t level = 0; level < COUNT_OF(levels); level++) {
        if (!cpu_has_simd(levels[level]))
            continue;
        size_t n = 0;
        /* What the level before wrote must not stand in for what this one does not. */
        memset(got, 0xa5, room * sizeof *got);
        got[room] = CANARY;
        size_t taken = decoder(levels[level])->decode(words, n_words, first_word, got, room, &n);
        if (taken != fit || n != n_expected || got[room] != CANARY)
            fail_msg("%s: %zu of %zu words, room for %zu: %zu taken, %zu numbers, not %zu and %zu",
                     levels[level], fit, n_words, room, taken, n, fit, n_expected);
        for (size_t i = 0; i < n; i++)
            if (got[i] != expected[i])
                fail_msg("%s: words from %llu, place %zu: %llu, not %llu", levels[level],
                         ULL(first_word), i, ULL(got[i]), ULL(expected[i]));
    }
}

static void check(const uint64_t *words, size_t n_words, uint64_t first_word) {
    check_room(words, n_words, first_word, MOST_WORDS * DECODE_WORD);
}

static void test_every_byte(void **state) {
    (void)state;
    for (unsigned place = 0; place < 8; place++)
        for (uint64_t byte = 0; byte < 256; byte++)
            for (unsigned others = 0; others < 3; others++) {
                /* Alone, among single bits and among full bytes. */
                uint64_t rest = others == 0 ? 0 : others == 1 ? 0x1001200440108002 : UINT64_MAX;
                uint64_t word = (rest & ~(UINT64_C(0xff) << 8 * place)) | byte << 8 * place;
                uint64_t words[] = {word, 1, word};
                check(words, COUNT_OF(words), 1000 * byte);
            }
}

static void test_random_words(void **state) {
    (void)state;
    uint64_t random = 23, words[MOST_WORDS];
    for (unsigned trial = 0; trial < 4000; trial++) {
        unsigned sixteenths = (unsigned)random_below(&random, 17);
        for (size_t i = 0; i < MOST_WORDS; i++) {
            words[i] = 0;
            for (unsigned bit = 0; bit < 64; bit++)
                words[i] |= (uint64_t)(random_below(&random, 16) < sixteenths) << bit;
        }
        uint64_t first = random_sized(&random, 56);
        check(words, MOST_WORDS, first);
        check_room(words, MOST_WORDS, first, random_below(&random, MOST_WORDS * DECODE_WORD));
    }
}

/* The first words, where 1 is a bit like others, and the last, whose bits may pass 2^64. */
static void test_ends_of_the_wheel(void **state) {
    (void)state;
    const uint64_t last = UINT64_MAX / WHEEL_WORD;
    uint64_t words[MOST_WORDS];
    memset(words, 0xff, sizeof words);
    for (size_t n = 0; n <= MOST_WORDS; n++) {
        check(words, n, 0);
        if (n)
            check(words, n, last - (n - 1));
        /* Around 2^32, where a product of 32 bits would overflow. */
        check(words, n, (UINT64_C(1) << 32) / WHEEL_WORD - n / 2);
    }
    uint64_t random = 29;
    for (unsigned trial = 0; trial < 200; trial++) {
        for (size_t i = 0; i < MOST_WORDS; i++)
            words[i] = random_u64(&random) & random_u64(&random);
        check(words, MOST_WORDS, last - (MOST_WORDS - 1));
    }
}

static void test_every_room(void **state) {
    (void)state;
    uint64_t random = 31, words[5];
    for (unsigned trial = 0; trial < 3; trial++)
        for (size_t room = 0; room <= 5 * DECODE_WORD; room++) {
            for (size_t i = 0; i < COUNT_OF(words); i++)
                words[i] = trial == 0   ? UINT64_MAX
                           : trial == 1 ? 0
                                        : random_u64(&random) & random_u64(&random);
            check_room(words, COUNT_OF(words), 7, room);
        }
}

static void test_choice(void **state) {
    (void)state;
    assert_string_equal(decoder("none")->simd, "none");
    assert_null(decoder("avx1024"));
    assert_ptr_equal(decoder(NULL), decoder("auto"));
    for (size_t level = 0; level < COUNT_OF(levels); level++) {
        const struct decoder *chosen = decoder(levels[level]);
        assert_int_equal(chosen != NULL, cpu_has_simd(levels[level]));
        if (chosen)
            assert_true(cpu_simd_rank(chosen->simd) <= cpu_simd_rank(levels[level]));
#if defined(__x86_64__)
        if (chosen && strcmp(levels[level], "avx2") == 0)
            assert_string_equal(chosen->simd, "avx2");
        if (chosen && strcmp(levels[level], "avx512") == 0)
            assert_int_equal(strcmp(chosen->simd, "avx512") == 0,
                             __builtin_cpu_supports("avx512vbmi2") != 0);
#endif
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_random_words),
        cmocka_unit_test(test_ends_of_the_wheel),
        cmocka_unit_test(test_every_room),
        cmocka_unit_test(test_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
