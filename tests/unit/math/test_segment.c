/*
 * The CPU's segmented sieve, on every level: walks against the plain sieve and Miller-Rabin; the
 * vector code against the portable one; large primes against the definition.
 */
#include "math/segment.h"

#include "base/cpu.h"
#include "math/primality.h"
#include "math/trial.h"
#include "math/wheel.h"
#include "support/support.h"
#include "work/partial.h"

static const struct sieve_kernel *levels[3];
static size_t n_levels;

static struct sieve_base *make_base(uint32_t limit) {
    struct sieve_base *base = calloc(1, sizeof *base);
    assert_non_null(base);
    size_t n_words = sieve_base_words(limit);
    base->limit = limit;
    base->words = malloc(n_words * sizeof *base->words);
    assert_non_null(base->words);
    sieve_plain(base->words, n_words);
    wheel_trim(base->words, 0, n_words, 0, limit);
    return base;
}

static void free_base(struct sieve_base *base) {
    free(base->words);
    free(base);
}

/* A walk with its memory, of exactly the sizes asked for, for sanitizers to watch. */
struct walker {
    struct walk walk;
    struct pre_sieve pre_sieve;
    void *tables, *memory;
};

static void walker_open(struct walker *walker, const struct sieve_kernel *kernel,
                        const struct sieve_base *base, size_t segment_words, bool all_tables) {
    walker->tables = malloc(pre_sieve_size(all_tables));
    size_t size = walk_size(base, base->limit, segment_words);
    walker->memory = aligned_alloc(64, size);
    assert_true(walker->tables && walker->memory && size % 64 == 0);
    memset(walker->memory, 0xa5, size);
    pre_sieve_make(&walker->pre_sieve, all_tables, walker->tables);
    walk_init(&walker->walk, kernel, &walker->pre_sieve, base, base->limit, segment_words,
              walker->memory);
}

static void walker_close(struct walker *walker) {
    free(walker->tables);
    free(walker->memory);
}

/* ---- walks ------------------------------------------------------------------------------- */

static uint64_t expected_word(uint64_t word, const uint8_t *prime) {
    uint64_t bits = 0;
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t n = word * WHEEL_WORD + wheel_offsets[bit];
        if (prime ? prime[n] : mr_is_prime(n))
            bits |= UINT64_C(1) << bit;
    }
    return bits;
}

static void check_segment(struct walker *walker, uint64_t first_word, size_t n_words,
                          const uint8_t *prime) {
    const uint64_t *words = walk_segment(&walker->walk, first_word, n_words);
    for (size_t i = 0; i < n_words; i++) {
        uint64_t expected = expected_word(first_word + i, prime);
        if (words[i] != expected)
            fail_msg("%s, %u tables, words [%llu, +%zu): word %zu is %016llx, not %016llx",
                     walker->walk.kernel->simd, walker->pre_sieve.n_tables, ULL(first_word),
                     n_words, i, ULL(words[i]), ULL(expected));
    }
}

/* From 0 on, in segments of every size, one after the other and with jumps in between. */
static void test_low(void **state) {
    (void)state;
    const size_t n_words = 20000;
    const uint32_t limit = n_words * WHEEL_WORD;
    uint8_t *prime = naive_sieve(limit);
    struct sieve_base *base = make_base(2300); /* its square is above limit */
    static const size_t sizes[] = {1, 2, 7, 100, 4095, 4096, 4097, 8191, 8193, 20000};
    for (size_t level = 0; level < n_levels; level++)
        for (size_t s = 0; s < COUNT_OF(sizes); s++) {
            struct walker walker;
            walker_open(&walker, levels[level], base, sizes[s], s % 2);
            for (size_t first = 0; first < n_words && (s > 1 || first < 3000); first += sizes[s])
                check_segment(&walker, first,
                              first + sizes[s] < n_words ? sizes[s] : n_words - first, prime);
            uint64_t random = s;
            for (int i = 0; i < 20; i++) {
                size_t size = 1 + random_below(&random, sizes[s]);
                check_segment(&walker, random_below(&random, n_words - size + 1), size, prime);
            }
            walker_close(&walker);
        }
    free_base(base);
    free(prime);
}

/* Where primes begin to matter, in the middle of a walk: around the squares of those at the limits.
 */
static void test_squares(void **state) {
    (void)state;
    static const uint64_t around[] = {31,    163,   167,   16381,  16411,   32749,
                                      65521, 65537, 65539, 200003, 16777199};
    struct sieve_base *base = make_base(SEGMENT_STEP_LIMIT);
    for (size_t level = 0; level < n_levels; level++)
        for (size_t i = 0; i < COUNT_OF(around); i++) {
            struct walker walker;
            walker_open(&walker, levels[level], base, 64, i % 2);
            uint64_t word = around[i] * around[i] / WHEEL_WORD;
            check_segment(&walker, word < 3 ? 0 : word - 3, 2, NULL);
            check_segment(&walker, word < 3 ? 2 : word - 1, 1, NULL);
            check_segment(&walker, word < 3 ? 3 : word, 1, NULL);
            check_segment(&walker, word < 3 ? 4 : word + 1, 40, NULL);
            walker_close(&walker);
        }
    free_base(base);
}

/* Further up, as far as steps reach: carried from segment to segment, and after a jump. */
static void test_windows(void **state) {
    (void)state;
    static const uint64_t from[] = {UINT64_C(4294967296), UINT64_C(1000000000000),
                                    UINT64_C(10000000000000), UINT64_C(281474900000000)};
    for (size_t i = 0; i < COUNT_OF(from); i++) {
        struct sieve_base *base = make_base(isqrt64(from[i] + 100000000));
        for (size_t level = 0; level < n_levels; level++) {
            struct walker walker;
            walker_open(&walker, levels[level], base, 300, true);
            uint64_t word = from[i] / WHEEL_WORD, random = i;
            for (int n = 0; n < 6; n++) {
                size_t size = 1 + random_below(&random, 300);
                check_segment(&walker, word, size, NULL);
                word += size;
            }
            check_segment(&walker, word + 777, 100, NULL);
            check_segment(&walker, from[i] / WHEEL_WORD - 5, 100, NULL);
            walker_close(&walker);
        }
        free_base(base);
    }
}

/* Whole blocks and more, against the levels' common ground: all must leave the same. */
static void test_levels_agree(void **state) {
    (void)state;
    enum { WORDS = 40000 };
    static const uint64_t from[] = {0, UINT64_C(4295098369), UINT64_C(123456789012345),
                                    UINT64_MAX - UINT64_C(240) * 3 * WORDS};
    struct sieve_base *base = make_base(SEGMENT_STEP_LIMIT);
    for (size_t i = 0; i < COUNT_OF(from); i++) {
        struct walker reference, walker;
        walker_open(&reference, levels[0], base, WORDS, true);
        for (size_t level = 0; level < n_levels; level++) {
            walker_open(&walker, levels[level], base, WORDS, level != 1);
            for (size_t n = 0; n < 3; n++) {
                uint64_t word = from[i] / WHEEL_WORD + n * WORDS;
                size_t size = WORDS - n * 333;
                const uint64_t *expected = walk_segment(&reference.walk, word, size);
                assert_memory_equal(walk_segment(&walker.walk, word, size), expected, size * 8);
            }
            walker_close(&walker);
        }
        walker_close(&reference);
    }
    free_base(base);
}

/* ---- parts ------------------------------------------------------------------------------- */

static void test_wheel_tables(void **state) {
    (void)state;
    static const unsigned prime_divisors[] = {2, 3, 5, 7};
    unsigned coprime[WHEEL_STEPS + 1], n = 0;
    for (unsigned k = 1; k < 210; k++) {
        bool is = true;
        for (int i = 0; i < 4; i++)
            is &= k % prime_divisors[i] != 0;
        if (is)
            coprime[n++] = k;
    }
    assert_int_equal(n, WHEEL_STEPS);
    coprime[n] = 211;
    for (unsigned odd = 0; odd < 105; odd++) {
        unsigned w = 0;
        while (coprime[w] < 2 * odd + 1)
            w++;
        assert_int_equal(to_wheel210[odd], coprime[w] - (2 * odd + 1));
        assert_int_equal(wheel210_index[odd], w % WHEEL_STEPS);
    }
    for (unsigned c = 0; c < 8; c++)
        for (unsigned w = 0; w < WHEEL_STEPS; w++) {
            unsigned r = wheel_residues[c], k = coprime[w], next = coprime[w + 1];
            assert_int_equal(step_tables[c].keep[w], 0xff ^ 1 << wheel_bits[r * k % 30]);
            assert_int_equal(step_tables[c].gap[w], next - k);
            assert_int_equal(step_tables[c].carry[w], r * next / 30 - r * k / 30);
        }
}

/* A class's primes, from words of every density and in runs of every length. */
static void test_take_class(void **state) {
    (void)state;
    enum { WORDS = 37 };
    uint64_t random = 5;
    for (int round = 0; round < 300; round++) {
        uint64_t words[WORDS], first = random_below(&random, SEGMENT_STEP_LIMIT / WHEEL_WORD);
        size_t n = random_below(&random, WORDS + 1);
        for (size_t i = 0; i < WORDS; i++) {
            words[i] = round == 0 ? UINT64_MAX : random_u64(&random);
            for (int thinner = round % 5; thinner > 0; thinner--)
                words[i] &= random_u64(&random);
        }
        for (unsigned c = 0; c < 8; c++) {
            uint32_t expected[8 * WORDS];
            size_t n_expected = 0;
            for (size_t byte = 0; byte < 8 * n; byte++)
                if (((const uint8_t *)words)[byte] >> c & 1)
                    expected[n_expected++] = (uint32_t)(8 * first + byte);
            for (size_t level = 0; level < n_levels; level++) {
                uint32_t *got = malloc((n_expected + STEP_VECTOR - 1) * sizeof *got);
                assert_int_equal(levels[level]->take_class(words, first, n, c, got), n_expected);
                assert_memory_equal(got, expected, n_expected * sizeof *got);
                free(got);
            }
        }
    }
}

/* Positions by their definition, for random primes and places up to 2^64. */
static void test_seek(void **state) {
    (void)state;
    enum { N = 37 };
    uint64_t random = 11;
    for (int round = 0; round < 400; round++) {
        uint64_t first_byte = random_sized(&random, 64) / 240 * 8;
        unsigned r = wheel_residues[random_below(&random, 8)];
        struct turn turns[N], got[N];
        uint32_t steps[N], bytes[N];
        for (size_t i = 0; i < N; i++) {
            turns[i].a = 1 + (uint32_t)random_below(&random, SEGMENT_TURN_LIMIT / 30 - 2);
            steps[i] = SEGMENT_TURN_LIMIT / 30 + 1 +
                       (uint32_t)random_below(&random, (SEGMENT_STEP_LIMIT - 70000) / 30);
        }
        for (size_t level = 0; level < n_levels; level++) {
            memcpy(got, turns, sizeof got);
            levels[level]->seek_turns(got, N, r, first_byte);
            uint32_t now[N];
            memcpy(now, steps, sizeof now);
            levels[level]->seek_steps(bytes, now, N, r, first_byte);
            for (size_t i = 0; i < N; i++) {
                uint64_t p = 30 * (uint64_t)turns[i].a + r, square = p * turns[i].a;
                assert_int_equal(got[i].a, turns[i].a);
                if (square > first_byte)
                    assert_int_equal(got[i].at, (int32_t)(square - first_byte));
                else
                    assert_int_equal(got[i].at, -(int32_t)(first_byte % p));

                uint64_t q = 30 * (uint64_t)steps[i] + r, k = first_byte * 30 / q;
                if (q * q / 30 > first_byte + (SEGMENT_STEP_LIMIT << 2))
                    continue; /* its square is beyond any segment: it would not have begun */
                k += k * q < first_byte * 30;
                if (k < q)
                    k = q;
                while (k % 2 == 0 || k % 3 == 0 || k % 5 == 0 || k % 7 == 0)
                    k++;
                assert_int_equal(now[i] & 0xffffff, steps[i]);
                assert_int_equal(now[i] >> STEP_SHIFT, wheel210_index[k % 210 / 2]);
                assert_int_equal(bytes[i], (k * q - first_byte * 30) / 30);
            }
        }
    }
}

static void test_sums(void **state) {
    (void)state;
    uint64_t random = 13, words[200];
    for (size_t i = 0; i < COUNT_OF(words); i++)
        words[i] = random_u64(&random);
    for (size_t n = 0; n <= COUNT_OF(words); n++) {
        struct partial partial = {
            .words = words, .n_words = n, .first_word = random_below(&random, UINT64_MAX / 240)};
        partial_sum(&partial);
        for (size_t level = 0; level < n_levels; level++) {
            uint64_t count = 5, digest = 7;
            levels[level]->sum(words, partial.first_word, n, &count, &digest);
            assert_int_equal(count, partial.count + 5);
            assert_true(digest == partial.digest + 7);
        }
    }
}

/* ---- large primes ------------------------------------------------------------------------ */

/* Bits of a stretch, as hits clear them. */
struct stretch {
    uint8_t *bytes;
    size_t n_bytes, n_hits;
};

static void cross_off(void *user, const uint32_t *hits, size_t n) {
    struct stretch *stretch = user;
    stretch->n_hits += n;
    for (size_t i = 0; i < n; i++) {
        size_t byte = hits[i] & (HIT_MOST_BYTES - 1);
        assert_true(byte < stretch->n_bytes && hits[i] >> HIT_BITS < 8);
        stretch->bytes[byte] &= (uint8_t) ~(1u << (hits[i] >> HIT_BITS));
    }
}

static bool may_be_left_out(uint64_t multiple) {
    for (uint64_t q = 7; q <= HIT_FREE; q += 2)
        if (multiple % q == 0)
            return true;
    return false;
}

/* Are all bits that are 0 in `a` 0 in `b`? */
static bool cleared_too(const uint8_t *a, const uint8_t *b, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (~a[i] & b[i])
            return false;
    return true;
}

/* Base words whose bits are the "primes": any numbers coprime to 30. */
static void check_hits_of(const uint64_t *words, uint64_t first_word, size_t n_words,
                          uint64_t start, uint32_t n_bytes) {
    uint8_t *all = malloc(n_bytes), *due = malloc(n_bytes), *got = malloc(n_bytes);
    assert_true(all && due && got);
    memset(all, 0xff, n_bytes);
    memset(due, 0xff, n_bytes);
    size_t n_all = 0, n_due = 0;
    for (size_t i = 0; i < n_words; i++)
        for (uint64_t left = words[i]; left; left &= left - 1) {
            uint64_t p = (first_word + i) * WHEEL_WORD + wheel_offsets[__builtin_ctzll(left)];
            uint64_t k = start / p + (start % p != 0);
            if (k < p)
                k = p;
            for (; k * p - start < 30 * (uint64_t)n_bytes; k++)
                if (k % 2 && k % 3 && k % 5) {
                    uint64_t distance = k * p - start;
                    uint8_t keep = (uint8_t) ~(1u << wheel_bits[distance % 30]);
                    all[distance / 30] &= keep;
                    n_all++;
                    if (may_be_left_out(k * p))
                        continue;
                    due[distance / 30] &= keep;
                    n_due++;
                }
        }
    for (size_t level = 0; level < n_levels; level++) {
        struct stretch stretch = {got, n_bytes, 0};
        memset(got, 0xff, n_bytes);
        levels[level]->large_hits(words, first_word, n_words, start / 30, n_bytes, cross_off,
                                  &stretch);
        if (stretch.n_hits < n_due || stretch.n_hits > n_all || !cleared_too(due, got, n_bytes) ||
            !cleared_too(got, all, n_bytes))
            fail_msg("%s: base words [%llu, +%zu), [%llu, +%u bytes): %zu hits of %zu to %zu",
                     levels[level]->simd, ULL(first_word), n_words, ULL(start), n_bytes,
                     stretch.n_hits, n_due, n_all);
    }
    free(all);
    free(due);
    free(got);
}

/* Base words with a few of them. */
static void check_hits(uint64_t first_word, size_t n_words, uint64_t start, uint32_t n_bytes,
                       unsigned bits, uint64_t *random) {
    uint64_t *words = calloc(n_words, sizeof *words);
    assert_non_null(words);
    for (unsigned i = 0; i < bits; i++)
        words[random_below(random, n_words)] |= UINT64_C(1) << random_below(random, 64);
    check_hits_of(words, first_word, n_words, start, n_bytes);
    free(words);
}

static void test_large(void **state) {
    (void)state;
    uint64_t random = 17;
    for (int i = 0; i < 300; i++) {
        /* Stretches shorter and longer than the primes, all over 2^64. */
        uint64_t p = (UINT64_C(1) << 24) + random_sized(&random, 32);
        if (p > UINT32_MAX - 20000)
            p = UINT32_MAX - 20000;
        uint64_t start = p * p + random_sized(&random, 64) / 2;
        if (start > UINT64_MAX - (UINT64_C(1) << 31) || start < p * p)
            start = UINT64_MAX - (UINT64_C(1) << 31);
        uint32_t n_bytes = 1 + (uint32_t)random_sized(&random, i % 10 ? 20 : 26);
        check_hits(p / WHEEL_WORD, 1 + random_below(&random, 80), start / WHEEL_WORD * WHEEL_WORD,
                   n_bytes, 1 + (unsigned)random_below(&random, 60), &random);
    }
}

/* Full words, more than are found together; and one prime with very many multiples. */
static void test_many_hits(void **state) {
    (void)state;
    uint64_t random = 19;
    check_hits((UINT64_C(1) << 26) / WHEEL_WORD, 500, (UINT64_C(1) << 62) / 240 * 240, 100000,
               20000, &random);
    check_hits((UINT64_C(1) << 24) / WHEEL_WORD + 1, 50, (UINT64_C(1) << 60) / 240 * 240, 40000000,
               900, &random);
    check_hits(3, 2, UINT64_C(240) * 1000000, 100000, 100, &random); /* as small as any base */
}

/* Stretches no longer than the prime that begin or end at its multiple, or just beside it. */
static void test_large_edges(void **state) {
    (void)state;
    uint64_t random = 29;
    for (int i = 0; i < 3000; i++) {
        uint64_t word = (UINT64_C(1) << 24) / WHEEL_WORD + random_sized(&random, 24);
        uint64_t bit = random_below(&random, 64), bits = UINT64_C(1) << bit;
        uint64_t p = word * WHEEL_WORD + wheel_offsets[bit];
        uint64_t k = p + random_below(&random, UINT64_MAX / p - p - 1);
        uint64_t byte = k * p / 30, before = random_below(&random, p / 30 < 5000 ? p / 30 : 5000);
        check_hits_of(&bits, word, 1, byte * 30, 1 + (uint32_t)random_below(&random, 1000));
        check_hits_of(&bits, word, 1, (byte + 1) * 30, 1 + (uint32_t)before);
        check_hits_of(&bits, word, 1, (byte - before) * 30, (uint32_t)before + 1);
        if (before)
            check_hits_of(&bits, word, 1, (byte - before) * 30, (uint32_t)before);
    }
}

/* Squares inside the stretch: only from p² on. */
static void test_large_squares(void **state) {
    (void)state;
    uint64_t random = 23;
    for (int i = 0; i < 50; i++) {
        uint64_t p = (UINT64_C(1) << 24) + random_sized(&random, 31);
        uint64_t start = (p * p - random_sized(&random, 28)) / WHEEL_WORD * WHEEL_WORD;
        check_hits(p / WHEEL_WORD, 3, start, 1 << 22, 100, &random);
    }
}

static void test_levels(void **state) {
    (void)state;
    assert_null(sieve_kernel("sse"));
    assert_string_equal(sieve_kernel("none")->simd, "none");
    assert_ptr_equal(sieve_kernel(NULL), sieve_kernel("auto"));
    for (size_t level = 0; level < n_levels; level++)
        for (size_t other = 0; other < level; other++)
            assert_ptr_not_equal(levels[level], levels[other]);
}

int main(void) {
    static const char *const names[] = {"none", "avx2", "avx512"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (cpu_has_simd(names[i]))
            levels[n_levels++] = sieve_kernel(names[i]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_low),           cmocka_unit_test(test_squares),
        cmocka_unit_test(test_windows),       cmocka_unit_test(test_levels_agree),
        cmocka_unit_test(test_wheel_tables),  cmocka_unit_test(test_take_class),
        cmocka_unit_test(test_seek),          cmocka_unit_test(test_sums),
        cmocka_unit_test(test_large),         cmocka_unit_test(test_many_hits),
        cmocka_unit_test(test_large_squares), cmocka_unit_test(test_large_edges),
        cmocka_unit_test(test_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
