/*
 * From the bits of a wheel-30 bitmap to the numbers they stand for (see wheel.h), many at a time:
 * one decoder per instruction-set level, all with the same answers. The portable one is the
 * reference; the others are there only for speed.
 */
#ifndef PARPRIME_MATH_DECODE_H
#define PARPRIME_MATH_DECODE_H

#include <stddef.h>
#include <stdint.h>

/* Numbers that a word can hold. */
enum { DECODE_WORD = 64 };

/*
 * Writes the numbers of words [0, n_words), ascending, to `out`, word after word while DECODE_WORD
 * numbers more have room; words[0] is the wheel's word first_word. Returns how many words were
 * taken and sets *n to the numbers they hold. What is in out[*n..room) afterwards is undefined.
 */
typedef size_t decode_fn(const uint64_t *words, size_t n_words, uint64_t first_word, uint64_t *out,
                         size_t room, size_t *n);

struct decoder {
    const char *simd; /* the level: "none", "avx2", "avx512" */
    decode_fn *decode;
};

/*
 * The decoder of the highest level that this machine can run and that is not above `simd`. NULL and
 * "auto" stand for the highest there is. A level this machine does not have: NULL.
 */
const struct decoder *decoder(const char *simd);

/* The decoders by level; those of other processors are in src/math/x86/. */
decode_fn decode_portable, decode_avx2, decode_avx512;

#endif
