/* AVX-512 with VBMI2: a word's offsets compressed to those of its bits, then widened and added to.
 */
#include "math/decode.h"
#include "math/wheel.h"

#include <immintrin.h>

/* Writes eight of a word's numbers, from their offsets in the low half of a vector. */
static inline void write_eight(uint64_t *to, __m128i offsets, __m512i number) {
    _mm512_storeu_si512(to, _mm512_add_epi64(_mm512_cvtepu8_epi64(offsets), number));
}

size_t decode_avx512(const uint64_t *words, size_t n_words, uint64_t first_word, uint64_t *out,
                     size_t room, size_t *n) {
    const __m512i all_offsets = _mm512_loadu_si512(wheel_offsets);
    __m512i number = _mm512_set1_epi64((long long)(first_word * WHEEL_WORD));
    size_t taken = 0, written = 0;
    for (; taken < n_words && room - written >= DECODE_WORD; taken++) {
        uint64_t word = words[taken];
        __m512i offsets = _mm512_maskz_compress_epi8(word, all_offsets);
        /*
         * Sixteen without asking whether there are so many: of the words around 10^9, where eleven
         * are the average, one in twenty has more. Others write over those that are not there.
         */
        uint64_t *to = out + written;
        __m128i low = _mm512_castsi512_si128(offsets);
        write_eight(to, low, number);
        write_eight(to + 8, _mm_unpackhi_epi64(low, low), number);
        size_t bits = (size_t)_mm_popcnt_u64(word);
        if (bits > 16) {
            uint8_t rest[64];
            _mm512_storeu_si512(rest, offsets);
            for (size_t i = 16; i < bits; i += 8)
                write_eight(to + i, _mm_loadl_epi64((const __m128i *)(rest + i)), number);
        }
        written += bits;
        number = _mm512_add_epi64(number, _mm512_set1_epi64(WHEEL_WORD));
    }
    *n = written;
    return taken;
}
