/*
 * The digest against its definition, worked anew here from the words of wheel.h and digest.h:
 * numbers are stored in ledgers and compared between versions, so it may never change.
 */
#include "work/digest.h"

#include "math/wheel.h"
#include "support/support.h"

/* splitmix64 as published: advance by the golden gamma, then mix. */
static uint64_t naive_splitmix(uint64_t x) {
    uint64_t z = x + UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* What one prime adds: 2^(bit mod 32) times the weight of its half word; 2, 3, 5 are their own. */
static uint64_t naive_term(uint64_t prime) {
    if (prime == 2 || prime == 3 || prime == 5)
        return naive_splitmix(UINT64_MAX - prime + 1) | 1;
    static const unsigned residues[] = {1, 7, 11, 13, 17, 19, 23, 29};
    uint64_t byte = prime / 30;
    unsigned bit = 0;
    while (residues[bit] != prime % 30)
        bit++;
    bit += (unsigned)(byte % 8) * 8;
    uint64_t word = byte / 8;
    uint64_t weight = naive_splitmix(2 * word + (bit >= 32)) | 1;
    return weight << bit % 32;
}

static void test_splitmix(void **state) {
    (void)state;
    /* The generator's first outputs from seed 0, as every implementation gives them. */
    const uint64_t gamma = UINT64_C(0x9e3779b97f4a7c15);
    assert_true(splitmix64(0) == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(splitmix64(gamma) == UINT64_C(0x6e789e6aa1b965f4));
    assert_true(splitmix64(2 * gamma) == UINT64_C(0x06c45d188009454f));
}

/* Pinned, so that the definition cannot change here and there alike. */
static void test_pinned(void **state) {
    (void)state;
    static const struct {
        uint64_t prime, digest;
    } cases[] = {
        {UINT64_C(2), UINT64_C(0xf3203e9039f4a821)},
        {UINT64_C(3), UINT64_C(0xf75f04cbb5a1a1dd)},
        {UINT64_C(5), UINT64_C(0x16b1cba95fc60263)},
        {UINT64_C(7), UINT64_C(0xc4415072f63b9b5e)},
        {UINT64_C(239), UINT64_C(0x44812e6080000000)},
        {UINT64_C(241), UINT64_C(0x975835de1c9756cf)},
        {UINT64_C(1009), UINT64_C(0xca361df2a6c6e000)},
        {UINT64_C(10000000000037), UINT64_C(0x95c928b705300000)},
        {UINT64_C(18446744073709551557), UINT64_C(0x9aa6166924d00000)},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (digest_prime(cases[i].prime) != cases[i].digest)
            fail_msg("%llu: %016llx", ULL(cases[i].prime), ULL(digest_prime(cases[i].prime)));
}

static void test_each_number(void **state) {
    (void)state;
    for (uint64_t n = 2; n < 5000; n++)
        if (n < 6 ? n != 4 : n % 2 && n % 3 && n % 5)
            assert_true(digest_prime(n) == naive_term(n));
    for (uint64_t n = UINT64_MAX - 5000; n < UINT64_MAX; n++)
        if (n % 2 && n % 3 && n % 5)
            assert_true(digest_prime(n) == naive_term(n));
}

static void test_small(void **state) {
    (void)state;
    static const uint64_t primes[] = {2, 3, 5};
    for (unsigned mask = 0; mask < 8; mask++) {
        uint64_t expected = 0;
        for (unsigned i = 0; i < 3; i++)
            expected += mask >> i & 1 ? naive_term(primes[i]) : 0;
        assert_true(digest_small(mask) == expected);
    }
}

/* All primes of [0, 240·N), from a table, by words and one by one. */
static void test_words_and_primes_agree(void **state) {
    (void)state;
    enum { WORDS = 500 };
    uint8_t *prime = naive_sieve(WORDS * WHEEL_WORD);
    uint64_t words[WORDS] = {0}, naive = 0, one_by_one = 0;
    for (uint32_t n = 7; n < WORDS * WHEEL_WORD; n++) {
        if (!prime[n])
            continue;
        unsigned place = n % WHEEL_WORD;
        words[n / WHEEL_WORD] |= UINT64_C(1) << (place / 30 * 8 + wheel_bits[place % 30]);
        naive += naive_term(n);
        one_by_one += digest_prime(n);
    }
    assert_true(digest_words(words, 0, WORDS) == naive);
    assert_true(one_by_one == naive);
    free(prime);
}

/* Any split of the words, and any order of the parts, adds up to the same. */
static void test_linear(void **state) {
    (void)state;
    enum { WORDS = 300 };
    uint64_t random = 23, words[WORDS];
    for (size_t i = 0; i < WORDS; i++)
        words[i] = random_u64(&random);
    for (int trial = 0; trial < 200; trial++) {
        uint64_t first = random_below(&random, UINT64_MAX / WHEEL_WORD - WORDS);
        uint64_t whole = digest_words(words, first, WORDS), sum = 0;
        for (size_t from = 0; from < WORDS;) {
            size_t n = 1 + random_below(&random, WORDS - from);
            sum += digest_words(words + from, first + from, n);
            from += n;
        }
        assert_true(sum == whole);
    }
    assert_true(digest_words(words, 5, 0) == 0);
}

/* Set or cleared, in either half, low or high in the wheel: it always shows. */
static void test_a_flipped_bit_shows(void **state) {
    (void)state;
    uint64_t random = 29;
    for (int i = 0; i < 5000; i++) {
        uint64_t k = i < 100 ? (uint64_t)i : random_sized(&random, 57) % (UINT64_MAX / WHEEL_WORD);
        uint64_t word = random_u64(&random), before = digest_words(&word, k, 1);
        for (unsigned bit = 0; bit < 64; bit++) {
            uint64_t flipped = word ^ UINT64_C(1) << bit;
            if (digest_words(&flipped, k, 1) == before)
                fail_msg("bit %u of word %llu does not show", bit, ULL(k));
        }
    }
    for (unsigned mask = 0; mask < 8; mask++)
        for (unsigned bit = 0; bit < 3; bit++)
            assert_true(digest_small(mask) != digest_small(mask ^ 1u << bit));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_splitmix),
        cmocka_unit_test(test_pinned),
        cmocka_unit_test(test_each_number),
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_words_and_primes_agree),
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_a_flipped_bit_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
