/*
 * What both kinds of kernels share of the sieve. A bitmap is sieved piece by piece, by the base
 * primes up to some limit, in fast memory: segments.cl on CPU devices, tiles.cl on GPUs. Larger
 * ones then clear their few multiples in global memory.
 */

/* For what two kernels share, one with tests and one without: neither pays for the other. */
#define PP_INLINE __attribute__((always_inline)) static inline

/* Clears, in one word, the bits of numbers outside [lo, hi]. */
static inline ulong pp_trim_word(ulong word, ulong k, ulong lo, ulong hi) {
    if (k != lo / 240 && k != hi / 240)
        return word;
    for (int bit = 0; bit < 64; bit++) {
        ulong number = s30_number(k, bit);
        if (number < lo || number > hi || number < k * 240) /* the last word may pass 2^64 */
            word &= ~((ulong)1 << bit);
    }
    return word;
}

/*
 * Single numbers by the sieve's base primes: is numbers[i] a proper multiple of one in words
 * [begin, end) of the base? Long bases come in many windows, so that no launch is long; the first
 * one, which begins at 0, starts from the wheel, the others from the flags.
 */
__kernel void pp_sieve_test(__global const ulong *numbers, __global uchar *flags,
                            __global const ulong *base_words, ulong begin, ulong end, ulong n) {
    ulong i = get_global_id(0);
    if (i >= n)
        return;
    ulong number = numbers[i];
    int still = begin == 0 ? number == 2 || number == 3 || number == 5 ||
                                 (number > 5 && number % 2 && number % 3 && number % 5)
                           : flags[i];
    for (ulong w = begin; still && w < end; w++)
        for (ulong bits = base_words[w]; bits; bits &= bits - 1) {
            ulong prime = s30_number(w, A64_CTZ(bits));
            if (prime * prime > number) {
                w = end;
                break;
            }
            if (number % prime == 0) {
                still = 0;
                break;
            }
        }
    flags[i] = (uchar)still;
}

/* Has a prime no multiple in a span? Most large ones, told by one division. */
static inline int pp_misses(ulong prime, ulong start, ulong span) {
    ulong rest = start % prime;
    return rest && prime - rest >= span;
}

/* From the multiple at byte, wheel to the next one. */
static inline ulong pp_next_multiple(ulong byte, uint *wheel, uint prime) {
    uint residue = s30_residues[*wheel], next = *wheel == 7 ? 31 : s30_residues[*wheel + 1];
    *wheel = (*wheel + 1) & 7;
    return byte + prime / 30 * (next - residue) + prime % 30 * next / 30 -
           prime % 30 * residue / 30;
}

static inline uint pp_bit_of_multiple(uint wheel, uint prime) {
    return s30_wheel_index[prime % 30 * s30_residues[wheel] % 30];
}

static inline void pp_clear_cell(__global uint *cells, ulong byte, uint bit) {
    atomic_and(&cells[byte / 4], ~((uint)1 << ((uint)(byte % 4) * 8 + bit)));
}

#if PP_CPU

/*
 * The base primes above `limit` in words [first_base, end_base) of the base, a share of words_each
 * a work-item. What they are to clear lies all over the bitmap: it is noted down by slices of it,
 * in lists of the item's own, and cleared by pp_clear_large. Where there is no more room, and
 * behind the last slice, it is cleared at once.
 */
#define PP_SLICE_BITS 18
#define PP_SLICES 128
#define PP_SLICE_ROOM 4096
__kernel void pp_note_large(__global uint *cells, ulong first_word, ulong n_words,
                            __global const ulong *base_words, ulong first_base, ulong end_base,
                            ulong words_each, uint limit, __global uint *lists,
                            __global uint *lengths, uint n_slices) {
    ulong item = get_global_id(0), begin = first_base + item * words_each;
    ulong stop = min(begin + words_each, end_base);
    ulong start = first_word * 240, span = n_words * 240, end = n_words * 8;
    ulong last = s30_last(start, span);
    uint length[PP_SLICES];
    for (uint i = 0; i < PP_SLICES; i++)
        length[i] = 0;
    lists += item * n_slices * PP_SLICE_ROOM;
    lengths += item * n_slices;
    for (ulong w = begin; w < stop; w++)
        for (ulong bits = base_words[w]; bits; bits &= bits - 1) {
            ulong prime = s30_number(w, A64_CTZ(bits));
            s30_position at;
            if (prime <= limit || prime * prime > last || pp_misses(prime, start, span) ||
                !s30_first_multiple((uint)prime, start, span, &at))
                continue;
            uint wheel = at.wheel;
            for (ulong byte = at.byte; byte < end;) {
                uint bit = pp_bit_of_multiple(wheel, (uint)prime);
                ulong slice = byte >> PP_SLICE_BITS;
                if (slice < n_slices && length[slice] < PP_SLICE_ROOM)
                    lists[slice * PP_SLICE_ROOM + length[slice]++] = (uint)byte << 3 | bit;
                else
                    pp_clear_cell(cells, byte, bit);
                byte = pp_next_multiple(byte, &wheel, (uint)prime);
            }
        }
    for (uint i = 0; i < n_slices; i++)
        lengths[i] = length[i];
}

/* A work-item clears what n_items have noted down for its slice. */
__kernel void pp_clear_large(__global uchar *bytes, __global const uint *lists,
                             __global const uint *lengths, uint n_slices, ulong n_items) {
    ulong slice = get_global_id(0);
    bytes += slice << PP_SLICE_BITS;
    for (ulong item = 0; item < n_items; item++) {
        ulong list = item * n_slices + slice;
        for (uint i = 0; i < lengths[list]; i++) {
            uint place = lists[list * PP_SLICE_ROOM + i];
            uint byte = place >> 3 & ((1u << PP_SLICE_BITS) - 1);
            bytes[byte] &= (uchar) ~(1u << (place & 7));
        }
    }
}

#else

/*
 * The base primes above `limit` in words [first_base, end_base) of the base: a work-item takes
 * those of one word and clears their multiples in global memory.
 */
__kernel void pp_sieve_large(__global uint *cells, ulong first_word, ulong n_words,
                             __global const ulong *base_words, ulong first_base, ulong end_base,
                             uint limit) {
    ulong w = first_base + get_global_id(0);
    if (w >= end_base)
        return;
    ulong start = first_word * 240, span = n_words * 240, end = n_words * 8;
    ulong last = s30_last(start, span);
    for (ulong bits = base_words[w]; bits; bits &= bits - 1) {
        ulong prime = s30_number(w, A64_CTZ(bits));
        s30_position at;
        if (prime <= limit || prime * prime > last || pp_misses(prime, start, span) ||
            !s30_first_multiple((uint)prime, start, span, &at))
            continue;
        uint wheel = at.wheel;
        for (ulong byte = at.byte; byte < end;) {
            pp_clear_cell(cells, byte, pp_bit_of_multiple(wheel, (uint)prime));
            byte = pp_next_multiple(byte, &wheel, (uint)prime);
        }
    }
}

#endif
