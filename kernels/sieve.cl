/*
 * What both kinds of kernels share of the sieve. A bitmap is sieved piece by piece, by the base
 * primes up to some limit, in fast memory: segments.cl on CPU devices, tiles.cl on GPUs. Larger
 * ones then clear their few multiples in global memory.
 */

/* For what two kernels share, one with tests and one without: neither pays for the other. */
#define PP_INLINE __attribute__((always_inline)) static inline

/* The i-th residue coprime to 30, without a table: lanes that differ would read it in turn. */
static inline uint pp_residue(uint i) {
    return (uint)((ulong)0x1d1713110d0b0701 >> (i * 8)) & 0xff;
}

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

/* Has a number no proper divisor among the primes of words [begin, end) of the base? */
static inline int pp_undivided(ulong number, __global const ulong *base_words, ulong begin,
                               ulong end) {
    for (ulong w = begin; w < end; w++)
        for (ulong bits = base_words[w]; bits; bits &= bits - 1) {
            ulong prime = s30_number(w, A64_CTZ(bits));
            if (prime * prime > number)
                return 1;
            if (number % prime == 0)
                return 0;
        }
    return 1;
}

/*
 * Single numbers by the sieve's base primes: is numbers[i] a proper multiple of one in words
 * [begin, end) of the base? Long bases come in many windows, so that no launch is long; the first
 * one, which begins at 0, starts from the wheel, the others from the flags.
 */
__kernel void pp_sieve_test(__global const ulong *numbers, __global uchar *flags,
                            __global const ulong *base_words, ulong begin, ulong end, ulong n,
                            PP_TALLY) {
    ulong i = get_global_id(0);
    if (i < n) {
        ulong number = numbers[i];
        int still = begin == 0 ? number == 2 || number == 3 || number == 5 ||
                                     (number > 5 && number % 2 && number % 3 && number % 5)
                               : flags[i];
        flags[i] = (uchar)(still && pp_undivided(number, base_words, begin, end));
    }
    pp_mark(PP_THIS_TALLY);
}

/* A multiple p·q: its byte and bit, and where q stands. p = 30·turn + rest. */
typedef struct pp_multiple {
    ulong byte;
    uint bit, turn, rest, residue, carry; /* of q modulo 30; floor(rest·residue / 30) */
} pp_multiple;

static inline pp_multiple pp_multiple_at(ulong byte, uint prime, uint residue) {
    pp_multiple m;
    m.byte = byte;
    m.turn = prime / 30;
    m.rest = prime % 30;
    m.residue = residue;
    uint product = m.rest * residue;
    m.carry = product / 30;
    m.bit = (product - m.carry * 30) * 17 >> 6;
    return m;
}

static inline void pp_next_multiple(pp_multiple *m) {
    /* The gap behind residue w is in the four bits from w / 2·4 on. */
    uint gap = (uint)((ulong)0x0200604204204006 >> (m->residue / 2 * 4)) & 15;
    uint product = m->rest * (m->residue + gap), carry = product / 30;
    m->byte += m->turn * gap + carry - m->carry;
    m->bit = (product - carry * 30) * 17 >> 6;
    uint turned = m->residue + gap > 30;
    m->residue = m->residue + gap - (turned ? 30 : 0);
    m->carry = carry - (turned ? m->rest : 0);
}

static inline void pp_clear_cell(__global uint *cells, ulong byte, uint bit) {
    atomic_and(&cells[byte / 4], ~((uint)1 << ((uint)(byte % 4) * 8 + bit)));
}

#if PP_CPU

/* Has a prime no multiple in a span? Most large ones, told by one division. */
static inline int pp_misses(ulong prime, ulong start, ulong span) {
    ulong rest = start % prime;
    return rest && prime - rest >= span;
}

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
                            __global uint *lengths, uint n_slices, PP_TALLY) {
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
            for (pp_multiple m =
                     pp_multiple_at(at.byte, (uint)prime, s30_residues[at.wheel]);
                 m.byte < end; pp_next_multiple(&m)) {
                ulong slice = m.byte >> PP_SLICE_BITS;
                if (slice < n_slices && length[slice] < PP_SLICE_ROOM)
                    lists[slice * PP_SLICE_ROOM + length[slice]++] = (uint)m.byte << 3 | m.bit;
                else
                    pp_clear_cell(cells, m.byte, m.bit);
            }
        }
    for (uint i = 0; i < n_slices; i++)
        lengths[i] = length[i];
    pp_mark(PP_THIS_TALLY);
}

/*
 * A work-item clears what n_items have noted down for its slice, and nothing else: where the other
 * kernel did not run, which the host finds out, lists and lengths may be anything.
 */
__kernel void pp_clear_large(__global uchar *bytes, ulong n_words, __global const uint *lists,
                             __global const uint *lengths, uint n_slices, ulong n_items,
                             PP_TALLY) {
    ulong slice = get_global_id(0), end = n_words * 8 - min(n_words * 8, slice << PP_SLICE_BITS);
    bytes += slice << PP_SLICE_BITS;
    for (ulong item = 0; item < n_items; item++) {
        ulong list = item * n_slices + slice;
        uint length = min(lengths[list], (uint)PP_SLICE_ROOM);
        for (uint i = 0; i < length; i++) {
            uint place = lists[list * PP_SLICE_ROOM + i];
            uint byte = place >> 3 & ((1u << PP_SLICE_BITS) - 1);
            if (byte < end)
                bytes[byte] &= (uchar) ~(1u << (place & 7));
        }
    }
    pp_mark(PP_THIS_TALLY);
}

#else

/* Clears, in global memory, the multiples of the base primes above `limit` in word w of the base. */
static inline void pp_clear_multiples(__global uint *cells, ulong first_word, ulong n_words,
                                      ulong bits, ulong w, uint limit) {
    ulong start = first_word * 240, span = n_words * 240, end = n_words * 8;
    ulong last = s30_last(start, span);
    for (; bits; bits &= bits - 1) {
        ulong prime = s30_number(w, A64_CTZ(bits));
        if (prime <= limit || prime * prime > last)
            continue;
        uint residue;
        ulong distance =
            m64_first_multiple((uint)prime, 1.0f / (float)prime, start, &residue);
        if (distance >= span)
            continue;
        for (pp_multiple m = pp_multiple_at((uint)distance / 30, (uint)prime, residue);
             m.byte < end; pp_next_multiple(&m))
            pp_clear_cell(cells, m.byte, m.bit);
    }
}

/* A work-item has a word of the words [first_base, end_base) of the base. */
__kernel void pp_sieve_large(__global uint *cells, ulong first_word, ulong n_words,
                             __global const ulong *base_words, ulong first_base, ulong end_base,
                             uint limit, PP_TALLY) {
    ulong w = first_base + get_global_id(0);
    if (w < end_base)
        pp_clear_multiples(cells, first_word, n_words, base_words[w], w, limit);
    pp_mark(PP_THIS_TALLY);
}

#endif
