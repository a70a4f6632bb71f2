/*
 * The sieve as CPU devices run it: a work-item takes consecutive pieces of the bitmap, one after
 * the other in a scratch area of its own that its caches hold, and keeps where every sieving prime
 * stands from piece to piece. Only what was asked for leaves the scratch area.
 */
#if PP_CPU

/* Bytes that the smallest primes go over at a time: see S30_BLOCK_BYTES. */
#define PP_BLOCK_BYTES 32768u

/*
 * Turns. A sieving prime p = 30a + r passes thirty numbers q, a turn, on p bytes of the bitmap, and
 * clears eight bits in them, at offsets and under masks that are constants of its class r. A turn
 * that has begun below `end` is done whole, past `end`: what lies there waits for the next piece.
 * So a piece needs no way in or out, and the first turn may begin before it, in front of the bytes.
 */
#define PP_CLEAR(r, w) byte[a * S30_RESIDUE(w) + S30_CARRY(r, w)] &= S30_KEEP(r, w);
#define PP_TURNS(r)                                                                                \
    static void pp_turns_##r(__global uchar *bytes, int end, int passed,                           \
                             __global const uint *primes, __global int *turns, uint begin,         \
                             uint stop) {                                                          \
        for (uint i = begin; i < stop; i++) {                                                      \
            long p = primes[i], a = p / 30;                                                        \
            __global uchar *byte = bytes + turns[i], *last = bytes + end;                          \
            for (; byte < last; byte += p) {                                                       \
                PP_CLEAR(r, 0)                                                                     \
                PP_CLEAR(r, 1)                                                                     \
                PP_CLEAR(r, 2)                                                                     \
                PP_CLEAR(r, 3)                                                                     \
                PP_CLEAR(r, 4)                                                                     \
                PP_CLEAR(r, 5)                                                                     \
                PP_CLEAR(r, 6)                                                                     \
                PP_CLEAR(r, 7)                                                                     \
            }                                                                                      \
            turns[i] = (int)(byte - bytes) - passed;                                               \
        }                                                                                          \
    }

/*
 * Primes that need few turns or none in a piece go from multiple to multiple; the low three bits of
 * a position are the wheel's index. A step's mask, and how far it goes, are one word.
 */
#define PP_STEP(r, w) (uint) S30_KEEP(r, w) | (uint)S30_GAP(w) << 8 | (uint)S30_CARRY_ON(r, w) << 16
#define PP_STEPS(r)                                                                                \
    static void pp_steps_##r(__global uchar *bytes, uint end, __global const uint *primes,         \
                             __global uint *positions, uint begin, uint stop) {                    \
        const uint steps[8] = {PP_STEP(r, 0), PP_STEP(r, 1), PP_STEP(r, 2), PP_STEP(r, 3),         \
                               PP_STEP(r, 4), PP_STEP(r, 5), PP_STEP(r, 6), PP_STEP(r, 7)};        \
        for (uint i = begin; i < stop; i++) {                                                      \
            uint byte = positions[i] >> 3, wheel = positions[i] & 7, a = primes[i] / 30;           \
            while (byte < end) {                                                                   \
                uint step = steps[wheel];                                                          \
                bytes[byte] &= (uchar)step;                                                        \
                byte += a * (step >> 8 & 0xff) + (step >> 16);                                     \
                wheel = (wheel + 1) & 7;                                                           \
            }                                                                                      \
            positions[i] = (byte - end) << 3 | wheel;                                              \
        }                                                                                          \
    }

#define PP_CLASS(r) PP_TURNS(r) PP_STEPS(r)
PP_CLASS(1)
PP_CLASS(7)
PP_CLASS(11)
PP_CLASS(13)
PP_CLASS(17)
PP_CLASS(19)
PP_CLASS(23)
PP_CLASS(29)

#define PP_EACH_CLASS(call)                                                                        \
    call(1, 0) call(7, 1) call(11, 2) call(13, 3) call(17, 4) call(19, 5) call(23, 6) call(29, 7)

/* By class: primes [ends[c - 1], ends[c]), from `begin` on for the first. */
static void pp_turns(__global uchar *bytes, int end, int passed, __global const uint *primes,
                     __global int *turns, uint begin, __global const uint *ends) {
#define PP_CALL(r, c)                                                                              \
    pp_turns_##r(bytes, end, passed, primes, turns, (c) ? ends[(c) ? (c)-1 : 0] : begin, ends[c]);
    PP_EACH_CLASS(PP_CALL)
#undef PP_CALL
}

static void pp_steps(__global uchar *bytes, uint end, __global const uint *primes,
                     __global uint *positions, uint begin, __global const uint *ends) {
#define PP_CALL(r, c)                                                                              \
    pp_steps_##r(bytes, end, primes, positions, (c) ? ends[(c) ? (c)-1 : 0] : begin, ends[c]);
    PP_EACH_CLASS(PP_CALL)
#undef PP_CALL
}

/* Where the sieving primes stand at byte `start` of the wheel; turns count from it, backwards. */
static void pp_enter(ulong start, __global const uint *primes, __global int *state, uint n_turns,
                     uint n_primes) {
    for (uint i = 0; i < n_turns; i++)
        state[i] = -(int)(start % primes[i]);
    for (uint i = n_turns; i < n_primes; i++) {
        uint p = primes[i], begun = (uint)(start % p), wheel = 0;
        while (wheel < 8 &&
               p / 30 * s30_residues[wheel] + p % 30 * s30_residues[wheel] / 30 < begun)
            wheel++;
        uint byte = wheel < 8 ? p / 30 * s30_residues[wheel] + p % 30 * s30_residues[wheel] / 30
                              : p + p / 30; /* the next turn's first */
        state[i] = (int)((byte - begun) << 3 | (wheel & 7));
    }
}

/*
 * Lays the patterns of the smallest primes over bytes [0, end), up to a chunk more: on what waits
 * in the first `waiting` bytes, over what is there behind. Every pattern is stored with a chunk
 * behind its period, so that a chunk never wraps.
 */
#define PP_CHUNK 128
#define PP_PATTERNS 18
#define PP_LOAD_CHUNK(from)                                                                        \
    v0 &= vload16(0, from);                                                                        \
    v1 &= vload16(1, from);                                                                        \
    v2 &= vload16(2, from);                                                                        \
    v3 &= vload16(3, from);                                                                        \
    v4 &= vload16(4, from);                                                                        \
    v5 &= vload16(5, from);                                                                        \
    v6 &= vload16(6, from);                                                                        \
    v7 &= vload16(7, from);

static void pp_pre_sieve(__global uchar *bytes, ulong start, uint end, uint waiting,
                         __global const uchar *patterns, __global const uint *pattern_periods) {
    uint at[PP_PATTERNS];
    for (int i = 0; i < PP_PATTERNS; i++)
        at[i] = (uint)(start % pattern_periods[i]);
    for (uint chunk = 0; chunk < end; chunk += PP_CHUNK) {
        __global uchar *here = bytes + chunk;
        uchar16 v0 = 0xff, v1 = 0xff, v2 = 0xff, v3 = 0xff, v4 = 0xff, v5 = 0xff, v6 = 0xff,
                v7 = 0xff;
        if (chunk < waiting) {
            PP_LOAD_CHUNK(here)
        }
        __global const uchar *pattern = patterns;
        for (int i = 0; i < PP_PATTERNS; i++) {
            PP_LOAD_CHUNK(pattern + at[i])
            uint period = pattern_periods[i];
            pattern += period + PP_CHUNK;
            at[i] += PP_CHUNK; /* below every period */
            at[i] = min(at[i], at[i] - period);
        }
        vstore16(v0, 0, here);
        vstore16(v1, 1, here);
        vstore16(v2, 2, here);
        vstore16(v3, 3, here);
        vstore16(v4, 4, here);
        vstore16(v5, 5, here);
        vstore16(v6, 6, here);
        vstore16(v7, 7, here);
    }
}

static inline ulong8 pp_splitmix8(ulong8 x) {
    x += (ulong)0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * (ulong)0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * (ulong)0x94d049bb133111eb;
    return x ^ (x >> 31);
}

/* Count and digest of words, which are words first_word on of the wheel. */
static ulong2 pp_sum_words(__global const ulong *words, ulong first_word, ulong n_words) {
    ulong8 counts = 0, digests = 0;
    ulong i = 0;
    for (; i + 8 <= n_words; i += 8) {
        ulong8 word = vload8(0, words + i), k = first_word + i + (ulong8)(0, 1, 2, 3, 4, 5, 6, 7);
        counts += popcount(word);
        digests += (word & (ulong)0xffffffff) * (pp_splitmix8(2 * k) | 1) +
                   (word >> 32) * (pp_splitmix8(2 * k + 1) | 1);
    }
    ulong count = 0, digest = 0;
    for (; i < n_words; i++) {
        count += popcount(words[i]);
        digest += d64_word(words[i], first_word + i);
    }
    ulong4 count4 = counts.lo + counts.hi, digest4 = digests.lo + digests.hi;
    return (ulong2)(count + count4.x + count4.y + count4.z + count4.w,
                    digest + digest4.x + digest4.y + digest4.z + digest4.w);
}

/*
 * Work-item i does pieces [i·pieces_per_item, (i+1)·pieces_per_item) of n_pieces; unit u has
 * pieces_per_unit of them, of piece_words or what is left of its unit_words. `primes` come by ends:
 * those that a block of PP_BLOCK_BYTES sees at a time, those that have turns in a whole piece,
 * those that go by steps; within each of the three by class. Its scratch area has a state for each
 * of them, then `pad` bytes, a piece, and as much again as waits for the next.
 */
PP_INLINE void pp_sieve_pieces(__global ulong *words, __global ulong2 *partials, ulong first_word,
                               ulong n_words, ulong unit_words, ulong piece_words,
                               ulong pieces_per_unit, ulong n_pieces, ulong pieces_per_item,
                               int stores, int tests, __global const uint *primes,
                               __global const uint *ends, __global const uchar *patterns,
                               __global const uint *pattern_periods, __global const ulong *restored,
                               ulong n_restored, __global uchar *scratch, ulong scratch_bytes,
                               uint pad, ulong lo, ulong hi) {
    ulong item = get_global_id(0), piece = item * pieces_per_item;
    ulong end_piece = min(piece + pieces_per_item, n_pieces);
    scratch += item * scratch_bytes;
    __global int *state = (__global int *)scratch;
    uint n_primes = ends[23], n_turns = ends[15];
    __global uchar *bytes = scratch + (n_primes * sizeof(int) + 63) / 64 * 64 + pad;
    __global ulong *here = (__global ulong *)bytes;
    int entered = 0;
    uint size = 0; /* of the last piece */
    for (; piece < end_piece; piece++) {
        ulong unit = piece / pieces_per_unit, share = piece % pieces_per_unit;
        ulong end = min((unit + 1) * unit_words, n_words);
        ulong begin = unit * unit_words + share * piece_words;
        if (begin >= end) { /* of the last unit, which is short */
            partials[piece] = (ulong2)0;
            continue;
        }
        ulong n_here = min(piece_words, end - begin), first = first_word + begin;
        if (entered) /* what waits behind the last piece */
            for (uint i = 0; i < pad; i += 64)
                vstore16(vload16(0, (__global uint *)(bytes + size + i)), 0,
                         (__global uint *)(bytes + i));
        uint waiting = entered ? pad : 0;
        size = (uint)n_here * 8;
        pp_pre_sieve(bytes, first * 8, size, waiting, patterns, pattern_periods);
        uint laid = max((size + PP_CHUNK - 1) / PP_CHUNK * PP_CHUNK, waiting);
        for (uint i = laid; i < size + pad; i += 64)
            vstore16((uint16)0xffffffff, 0, (__global uint *)(bytes + i));
        if (!entered) {
            pp_enter(first * 8, primes, state, n_turns, n_primes);
            for (uint i = 64; i <= pad; i += 64)
                vstore16((uint16)0xffffffff, 0, (__global uint *)(bytes - i));
        }
        entered = 1;

        for (uint block = 0; block < size; block += PP_BLOCK_BYTES) {
            uint stop = min(block + PP_BLOCK_BYTES, size);
            pp_turns(bytes, (int)stop, stop == size ? (int)size : 0, primes, state, 0, ends);
        }
        pp_turns(bytes, (int)size, (int)size, primes, state, ends[7], ends + 8);
        pp_steps(bytes, size, primes, (__global uint *)state, n_turns, ends + 16);

        /* Primes were crossed off as multiples of themselves. */
        for (ulong i = 0; i < n_here && first + i < n_restored; i++)
            here[i] |= restored[first + i];
        if (first == 0)
            here[0] &= ~(ulong)1; /* 1 is not prime */
        if (lo / 240 - first < n_here)
            here[lo / 240 - first] = pp_trim_word(here[lo / 240 - first], lo / 240, lo, hi);
        if (hi / 240 - first < n_here)
            here[hi / 240 - first] = pp_trim_word(here[hi / 240 - first], hi / 240, lo, hi);
        if (tests)
            pp_test_words(here, first, n_here);
        if (stores)
            for (ulong i = 0; i < n_here; i++)
                words[begin + i] = here[i];
        partials[piece] = pp_sum_words(here, first, n_here);
    }
}

#define PP_PIECES_KERNEL(name, tests)                                                              \
    __kernel void name(__global ulong *words, __global ulong2 *partials, ulong first_word,         \
                       ulong n_words, ulong unit_words, ulong piece_words, ulong pieces_per_unit,  \
                       ulong n_pieces, ulong pieces_per_item, int stores,                          \
                       __global const uint *primes, __global const uint *ends,                     \
                       __global const uchar *patterns, __global const uint *pattern_periods,       \
                       __global const ulong *restored, ulong n_restored, __global uchar *scratch,  \
                       ulong scratch_bytes, uint pad, ulong lo, ulong hi, PP_TALLY) {              \
        pp_sieve_pieces(words, partials, first_word, n_words, unit_words, piece_words,             \
                        pieces_per_unit, n_pieces, pieces_per_item, stores, tests, primes, ends,   \
                        patterns, pattern_periods, restored, n_restored, scratch, scratch_bytes,   \
                        pad, lo, hi);                                                              \
        pp_mark(PP_THIS_TALLY);                                                                    \
    }
PP_PIECES_KERNEL(pp_sieve_segments, 0)
PP_PIECES_KERNEL(pp_hybrid_segments, 1)

#endif
