/* AVX2: the offsets of a byte's bits come from a table, to be widened and added to. */
#include "math/decode.h"
#include "math/wheel.h"

#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

/* Puts one bit's offset before those of the higher bits, if the byte has that bit. */
#define BEFORE(byte, bit, offset, higher)                                                          \
    ((uint64_t)(higher) << 8 * ((byte) >> (bit)&1) | ((byte) >> (bit)&1) * UINT64_C(offset))
/* The offsets of a byte's bits, ascending, the first in the lowest eight bits. */
#define OFFSETS(byte)                                                                              \
    BEFORE(byte, 0, 1,                                                                             \
           BEFORE(byte, 1, 7,                                                                      \
                  BEFORE(byte, 2, 11,                                                              \
                         BEFORE(byte, 3, 13,                                                       \
                                BEFORE(byte, 4, 17,                                                \
                                       BEFORE(byte, 5, 19,                                         \
                                              BEFORE(byte, 6, 23, BEFORE(byte, 7, 29, 0))))))))
#define FOUR(byte) OFFSETS(byte), OFFSETS(byte + 1), OFFSETS(byte + 2), OFFSETS(byte + 3)
#define SIXTEEN(byte) FOUR(byte), FOUR(byte + 4), FOUR(byte + 8), FOUR(byte + 12)
#define SIXTY_FOUR(byte) SIXTEEN(byte), SIXTEEN(byte + 16), SIXTEEN(byte + 32), SIXTEEN(byte + 48)
static const uint64_t byte_offsets[256] = {SIXTY_FOUR(0u), SIXTY_FOUR(64u), SIXTY_FOUR(128u),
                                           SIXTY_FOUR(192u)};

/* Numbers written for a byte without asking whether it has so many. */
enum { AT_ONCE = 4 };

static const uint64_t EVERY_BYTE = 0x0101010101010101;

/* How many bits each byte has. */
static inline uint64_t count_bytes(uint64_t word) {
    word -= word >> 1 & 0x5555555555555555;
    word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
    return (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f;
}

size_t decode_avx2(const uint64_t *words, size_t n_words, uint64_t first_word, uint64_t *out,
                   size_t room, size_t *n) {
    __m256i number = _mm256_set1_epi64x((long long)(first_word * WHEEL_WORD));
    const __m256i next_byte = _mm256_set1_epi64x(WHEEL_BYTE);
    size_t taken = 0, written = 0;
    for (; taken < n_words && room - written >= DECODE_WORD; taken++) {
        uint64_t word = words[taken], counts = count_bytes(word);
        uint64_t ends = counts * EVERY_BYTE; /* each byte's, as a place in `to` */
        bool crowded = ((counts + (127 - AT_ONCE) * EVERY_BYTE) & (128 * EVERY_BYTE)) != 0;
        if (__builtin_expect(crowded, 0)) {
            size_t some;
            decode_portable(&word, 1, first_word + taken, out + written, DECODE_WORD, &some);
            number = _mm256_add_epi64(number, _mm256_set1_epi64x(WHEEL_WORD));
        } else {
            /* At most 32 numbers, so that each place has room for four. */
            uint64_t starts = ends << 8, *to = out + written;
            for (int i = 0; i < 8; i++) {
                int32_t offsets;
                memcpy(&offsets, &byte_offsets[word >> 8 * i & 0xff], sizeof offsets);
                __m256i numbers = _mm256_cvtepu8_epi64(_mm_cvtsi32_si128(offsets));
                _mm256_storeu_si256((__m256i *)(to + (starts >> 8 * i & 0xff)),
                                    _mm256_add_epi64(numbers, number));
                number = _mm256_add_epi64(number, next_byte);
            }
        }
        written += ends >> 56;
    }
    *n = written;
    return taken;
}
