/*
 * The sieve of Eratosthenes on wheel-30 bitmaps, valid C11 and valid OpenCL C 1.2: what kernels and
 * host share of it, and behind that the plain sieve of a segment, which is the host's. Byte m of a
 * bitmap holds 30m + {1, 7, 11, 13, 17, 19, 23, 29}, lowest bit first. Include arith64.h first.
 */
#ifndef PARPRIME_SIEVE30_H
#define PARPRIME_SIEVE30_H

#if defined(__OPENCL_C_VERSION__)
typedef uchar a64_u8;
typedef ushort a64_u16;
#else
typedef uint8_t a64_u8;
typedef uint16_t a64_u16;
#endif

#define S30_PATTERN_A (7 * 11 * 13 * 17) /* bytes after which their pattern repeats */
#define S30_PATTERN_B (19 * 23 * 29)

/*
 * Bytes sieved at a time by the small primes: the L1 data cache that every x86-64 and AArch64
 * core of interest has. Sieving [0, 1e9] in units of 1 MiB on one core with 48 KiB of it took 0.18,
 * 0.15, 0.12, 0.11 and 0.13 s with 16, 24, 32, 48 and 64 KiB.
 */
#define S30_BLOCK_BYTES 32768u

/* Primes from here on pass once over the whole bitmap, which is meant to fit the L2 cache. */
#define S30_SMALL_LIMIT 32768u
#define S30_SMALL_PRIMES 3512u /* primes below it */

/* The first prime that the pre-sieve patterns leave to be crossed off. */
#define S30_FIRST_PRIME 31u

/*
 * Crossing off. A sieving prime p = 30k + r meets the multiples p·q, q coprime to 30. When q
 * passes from residue w_j to the next one, the byte grows by k·gap_j and a constant of (r, j), and
 * the bit is a constant of (r, j). So each of the eight classes r has its own loop, in which
 * all of these are constants.
 */
#define S30_RESIDUE(w) S30_RESIDUE_##w
#define S30_RESIDUE_0 1u
#define S30_RESIDUE_1 7u
#define S30_RESIDUE_2 11u
#define S30_RESIDUE_3 13u
#define S30_RESIDUE_4 17u
#define S30_RESIDUE_5 19u
#define S30_RESIDUE_6 23u
#define S30_RESIDUE_7 29u
/* And the one after it. */
#define S30_AFTER(w) S30_AFTER_##w
#define S30_AFTER_0 7u
#define S30_AFTER_1 11u
#define S30_AFTER_2 13u
#define S30_AFTER_3 17u
#define S30_AFTER_4 19u
#define S30_AFTER_5 23u
#define S30_AFTER_6 29u
#define S30_AFTER_7 31u
/* The eight residues lie so that each has an eighth of the thirty. */
#define S30_BIT_OF(residue) ((residue)*8 / 30)
#define S30_KEEP(r, w) ((a64_u8) ~(1u << S30_BIT_OF((r)*S30_RESIDUE(w) % 30)))
#define S30_CARRY(r, w) ((r)*S30_RESIDUE(w) / 30)
/* From w to the next residue: bytes for each k, and bytes beside them. */
#define S30_GAP(w) (S30_AFTER(w) - S30_RESIDUE(w))
#define S30_CARRY_ON(r, w) ((r)*S30_AFTER(w) / 30 - S30_CARRY(r, w))

/* Where a sieving prime stands: the byte of its next multiple, and the wheel index of q. */
typedef struct s30_position {
    a64_u64 byte;
    a64_u32 wheel;
} s30_position;

static inline s30_position s30_at(a64_u64 byte, a64_u32 wheel) {
    s30_position position;
    position.byte = byte;
    position.wheel = wheel;
    return position;
}

/* From a residue of 30 to the next one coprime to 30 (or itself), and its wheel index. */
A64_CONSTANT a64_u8 s30_to_coprime[30] = {1, 0, 5, 4, 3, 2, 1, 0, 3, 2, 1, 0, 1, 0, 3,
                                          2, 1, 0, 1, 0, 3, 2, 1, 0, 5, 4, 3, 2, 1, 0};
A64_CONSTANT a64_u8 s30_wheel_index[30] = {0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4,
                                           4, 4, 4, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7};
A64_CONSTANT a64_u8 s30_residues[8] = {1, 7, 11, 13, 17, 19, 23, 29};

/*
 * The first multiple prime·q >= start with q >= prime and coprime to 30; start is a multiple of
 * 30 and the position counts from there. 0 when it is not below start + span. The product may
 * pass 2^64, so only its distance from start is worked out, which fits as long as prime^2 is not
 * above 2^64 and start + span is not, by more than a word.
 */
static inline int s30_first_multiple(a64_u32 prime, a64_u64 start, a64_u64 span,
                                     s30_position *out) {
    a64_u64 q = start / prime;
    q += q * prime != start;
    if (q < prime)
        q = prime;
    a64_u32 residue = (a64_u32)(q % 30);
    a64_u64 distance = (q + s30_to_coprime[residue]) * prime - start;
    if (distance >= span)
        return 0;
    *out = s30_at(distance / 30, s30_wheel_index[residue]);
    return 1;
}

/* The last number of a span, or 2^64 - 1 when it reaches past that, by less than itself. */
static inline a64_u64 s30_last(a64_u64 start, a64_u64 span) {
    a64_u64 end = start + span;
    return end < start ? ~(a64_u64)0 : end - 1;
}

/* The number that a bit of a word stands for. */
static inline a64_u64 s30_number(a64_u64 word, int bit) {
    return word * 240 + (a64_u64)(30 * (bit >> 3) + s30_residues[bit & 7]);
}

#if !defined(__OPENCL_C_VERSION__)

/* The plain sieve. Devices have others, and their compilers need not read it. */

#define S30_TURN(r, w) bytes[i + k * (S30_RESIDUE(w) - 1) + S30_CARRY(r, w)] &= S30_KEEP(r, w);

/* Whole turns of the wheel, from its beginning on. */
#define S30_TURNS(r)                                                                               \
    for (; i + k * 28 + S30_CARRY(r, 7) < end; i += 30 * k + (r)) {                                \
        S30_TURN(r, 0)                                                                             \
        S30_TURN(r, 1)                                                                             \
        S30_TURN(r, 2)                                                                             \
        S30_TURN(r, 3)                                                                             \
        S30_TURN(r, 4)                                                                             \
        S30_TURN(r, 5)                                                                             \
        S30_TURN(r, 6)                                                                             \
        S30_TURN(r, 7)                                                                             \
    }

#define S30_STEP(r, w)                                                                             \
    if (i >= end)                                                                                  \
        return s30_at(i, w);                                                                       \
    bytes[i] &= S30_KEEP(r, w);                                                                    \
    i += k * S30_GAP(w) + S30_CARRY_ON(r, w);

#define S30_NEXT(r, w)                                                                             \
    __attribute__((fallthrough));                                                                  \
    case w:                                                                                        \
        S30_STEP(r, w)

#define S30_CLASS(r)                                                                               \
    static s30_position s30_class_##r(a64_u8 *bytes, a64_u64 end, a64_u64 k, s30_position from) {  \
        a64_u64 i = from.byte;                                                                     \
        switch (from.wheel) {                                                                      \
            for (;;) {                                                                             \
            case 0:                                                                                \
                S30_TURNS(r)                                                                       \
                S30_STEP(r, 0)                                                                     \
                S30_NEXT(r, 1)                                                                     \
                S30_NEXT(r, 2)                                                                     \
                S30_NEXT(r, 3)                                                                     \
                S30_NEXT(r, 4)                                                                     \
                S30_NEXT(r, 5)                                                                     \
                S30_NEXT(r, 6)                                                                     \
                S30_NEXT(r, 7)                                                                     \
            }                                                                                      \
        }                                                                                          \
        return s30_at(i, 0);                                                                       \
    }

S30_CLASS(1)
S30_CLASS(7)
S30_CLASS(11)
S30_CLASS(13)
S30_CLASS(17)
S30_CLASS(19)
S30_CLASS(23)
S30_CLASS(29)

/* Crosses off in bytes [0, end); returns the first position at or past end. */
static inline s30_position s30_cross_off(a64_u8 *bytes, a64_u64 end, a64_u32 prime,
                                         s30_position from) {
    a64_u64 k = prime / 30;
    switch (prime % 30) {
    case 1:
        return s30_class_1(bytes, end, k, from);
    case 7:
        return s30_class_7(bytes, end, k, from);
    case 11:
        return s30_class_11(bytes, end, k, from);
    case 13:
        return s30_class_13(bytes, end, k, from);
    case 17:
        return s30_class_17(bytes, end, k, from);
    case 19:
        return s30_class_19(bytes, end, k, from);
    case 23:
        return s30_class_23(bytes, end, k, from);
    default:
        return s30_class_29(bytes, end, k, from);
    }
}

/* Goes through the primes of a bitmap in order. */
typedef struct s30_walk {
    const a64_u64 *words;
    a64_u64 n_words, word;
    a64_u64 bits; /* of the present word, what is still to come */
} s30_walk;

/* The next prime, 0 at the end. */
static inline a64_u64 s30_walk_next(s30_walk *walk) {
    while (!walk->bits) {
        if (++walk->word >= walk->n_words)
            return 0;
        walk->bits = walk->words[walk->word];
    }
    a64_u64 prime = s30_number(walk->word, A64_CTZ(walk->bits));
    walk->bits &= walk->bits - 1;
    return prime;
}

/* A small sieving prime between two blocks. */
typedef struct s30_small {
    a64_u32 byte; /* of its next multiple, from the start of the next block */
    a64_u16 prime;
    a64_u8 wheel, unused;
} s30_small;

/* Lays two patterns over bytes whose first one is byte `at` of the wheel. */
static inline void s30_pre_sieve(a64_u8 *bytes, a64_u64 n_bytes, a64_u64 at,
                                 const a64_u8 *pattern_a, const a64_u8 *pattern_b) {
    a64_u64 a = at % S30_PATTERN_A, b = at % S30_PATTERN_B;
    while (n_bytes) {
        a64_u64 run = n_bytes;
        if (run > S30_PATTERN_A - a)
            run = S30_PATTERN_A - a;
        if (run > S30_PATTERN_B - b)
            run = S30_PATTERN_B - b;
        const a64_u8 *from_a = pattern_a + a, *from_b = pattern_b + b;
        for (a64_u64 i = 0; i < run; i++)
            bytes[i] = from_a[i] & from_b[i];
        bytes += run;
        n_bytes -= run;
        a = a + run == S30_PATTERN_A ? 0 : a + run;
        b = b + run == S30_PATTERN_B ? 0 : b + run;
    }
}

/*
 * Sets exactly the bits of primes in words [first_word, first_word + n_words); see
 * sieve_words in math/sieve.h. base_words hold the base primes; small has room for
 * S30_SMALL_PRIMES.
 */
static inline void s30_sieve(a64_u64 *words, a64_u64 first_word, a64_u64 n_words,
                             const a64_u64 *base_words, a64_u64 n_base_words,
                             const a64_u8 *pattern_a, const a64_u8 *pattern_b, s30_small *small) {
    a64_u8 *bytes = (a64_u8 *)words;
    a64_u64 n_bytes = n_words * 8, start = first_word * 240, span = n_words * 240;
    a64_u64 last = s30_last(start, span);

    a64_u32 n_small = 0;
    s30_walk walk;
    walk.words = base_words;
    walk.n_words = n_base_words;
    walk.word = 0;
    walk.bits = base_words[0];
    a64_u64 prime = s30_walk_next(&walk);
    s30_position at;
    for (; prime && prime < S30_SMALL_LIMIT && prime * prime <= last;
         prime = s30_walk_next(&walk)) {
        if (prime >= S30_FIRST_PRIME && s30_first_multiple((a64_u32)prime, start, span, &at)) {
            small[n_small].byte = (a64_u32)at.byte;
            small[n_small].prime = (a64_u16)prime;
            small[n_small].wheel = (a64_u8)at.wheel;
            n_small++;
        }
    }

    for (a64_u64 block = 0; block < n_bytes; block += S30_BLOCK_BYTES) {
        a64_u64 size = n_bytes - block < S30_BLOCK_BYTES ? n_bytes - block : S30_BLOCK_BYTES;
        s30_pre_sieve(bytes + block, size, first_word * 8 + block, pattern_a, pattern_b);
        for (a64_u32 i = 0; i < n_small; i++) {
            at = s30_cross_off(bytes + block, size, small[i].prime,
                               s30_at(small[i].byte, small[i].wheel));
            small[i].byte = (a64_u32)(at.byte - size);
            small[i].wheel = (a64_u8)at.wheel;
        }
    }
    if (first_word == 0)
        bytes[0] = 0xfe; /* 7 to 29 are prime, though their patterns crossed them off; 1 is not */

    for (; prime && prime * prime <= last; prime = s30_walk_next(&walk))
        if (s30_first_multiple((a64_u32)prime, start, span, &at))
            s30_cross_off(bytes, n_bytes, (a64_u32)prime, at);
}

#endif

#endif
