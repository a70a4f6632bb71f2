/*
 * The sieve on AVX2: patterns, count and digest in vectors. Crossing off is a byte at a time on any
 * level, and without a compress instruction lists of multiples are as quick made one by one.
 */
#include "math/segment.h"

#include "digest64.h"
#include "math/pre_sieve.h"

#include <immintrin.h>

static void pre_sieve(uint8_t *bytes, size_t n, const uint8_t *const *from, unsigned n_tables) {
    pre_sieve_plain(bytes, n, from, n_tables);
}

static __m256i multiply(__m256i x, uint64_t constant) {
    __m256i y = _mm256_set1_epi64x((int64_t)constant),
            y_high = _mm256_set1_epi64x((int64_t)(constant >> 32));
    __m256i middle = _mm256_add_epi64(_mm256_mul_epu32(_mm256_srli_epi64(x, 32), y),
                                      _mm256_mul_epu32(x, y_high));
    return _mm256_add_epi64(_mm256_mul_epu32(x, y), _mm256_slli_epi64(middle, 32));
}

/* splitmix64 of a state to which its constant has been added. */
static __m256i mix(__m256i x) {
    x = multiply(_mm256_xor_si256(x, _mm256_srli_epi64(x, 30)), 0xbf58476d1ce4e5b9);
    x = multiply(_mm256_xor_si256(x, _mm256_srli_epi64(x, 27)), 0x94d049bb133111eb);
    x = _mm256_xor_si256(x, _mm256_srli_epi64(x, 31));
    return _mm256_or_si256(x, _mm256_set1_epi64x(1));
}

/* half·weight for halves below 2^32. */
static __m256i weigh(__m256i half, __m256i weight) {
    __m256i high = _mm256_mul_epu32(half, _mm256_srli_epi64(weight, 32));
    return _mm256_add_epi64(_mm256_mul_epu32(half, weight), _mm256_slli_epi64(high, 32));
}

/* Bits set in each of 32 bytes, by halves of a byte. */
static __m256i count_bytes(__m256i x) {
    const __m256i bits = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1,
                                          2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4),
                  low = _mm256_set1_epi8(15);
    return _mm256_add_epi8(
        _mm256_shuffle_epi8(bits, _mm256_and_si256(x, low)),
        _mm256_shuffle_epi8(bits, _mm256_and_si256(_mm256_srli_epi16(x, 4), low)));
}

static uint64_t add_up(__m256i x) {
    return (uint64_t)_mm256_extract_epi64(x, 0) + (uint64_t)_mm256_extract_epi64(x, 1) +
           (uint64_t)_mm256_extract_epi64(x, 2) + (uint64_t)_mm256_extract_epi64(x, 3);
}

static void sum(const uint64_t *words, uint64_t first_word, size_t n, uint64_t *count,
                uint64_t *digest) {
    const uint64_t golden = 0x9e3779b97f4a7c15;
    __m256i state = _mm256_add_epi64(_mm256_set1_epi64x((int64_t)(2 * first_word + golden)),
                                     _mm256_setr_epi64x(0, 2, 4, 6));
    const __m256i next = _mm256_set1_epi64x(8), one = _mm256_set1_epi64x(1);
    __m256i counts = _mm256_setzero_si256(), digests = counts;
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        __m256i word = _mm256_loadu_si256((const __m256i *)(words + i));
        counts =
            _mm256_add_epi64(counts, _mm256_sad_epu8(count_bytes(word), _mm256_setzero_si256()));
        digests = _mm256_add_epi64(digests, weigh(word, mix(state)));
        digests = _mm256_add_epi64(
            digests, weigh(_mm256_srli_epi64(word, 32), mix(_mm256_add_epi64(state, one))));
        state = _mm256_add_epi64(state, next);
    }
    uint64_t bits = add_up(counts), total = add_up(digests);
    for (; i < n; i++) {
        bits += (uint64_t)__builtin_popcountll(words[i]);
        total += d64_word(words[i], first_word + i);
    }
    *count += bits;
    *digest += total;
}

const struct sieve_kernel sieve_kernel_avx2 = {
    "avx2",
    pre_sieve,
    take_class_portable,
    seek_turns_portable,
    seek_steps_portable,
    cross_steps_portable,
    sum,
    large_hits_portable,
};
