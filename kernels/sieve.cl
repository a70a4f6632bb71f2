/* The segmented sieve: the base primes are a bitmap, shared by all segments of a job. */

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
 * For CPU devices: one work-item a segment of segment_words, in the order a cache likes. scratch
 * holds S30_SMALL_PRIMES for each work-item.
 */
__kernel void pp_sieve_serial(__global ulong *words, ulong first_word, ulong n_words,
                              ulong segment_words, __global const ulong *base_words,
                              ulong n_base_words, __global const uchar *pattern_a,
                              __global const uchar *pattern_b, __global s30_small *scratch,
                              ulong lo, ulong hi) {
    ulong segment = get_global_id(0), begin = segment * segment_words;
    if (begin >= n_words)
        return;
    ulong size = min(segment_words, n_words - begin);
    s30_sieve(words + begin, first_word + begin, size, base_words, n_base_words, pattern_a,
              pattern_b, scratch + segment * S30_SMALL_PRIMES);
    words[begin] = pp_trim_word(words[begin], first_word + begin, lo, hi);
    words[begin + size - 1] =
        pp_trim_word(words[begin + size - 1], first_word + begin + size - 1, lo, hi);
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

/* Clears the bits of prime·q, q from the first multiple on, below byte `end` of local memory. */
static inline void pp_clear_local(__local uint *tile, uint end, uint prime, ulong start) {
    s30_position at;
    if (!s30_first_multiple(prime, start, (ulong)end * 30, &at))
        return;
    uint k = prime / 30, r = prime % 30, byte = (uint)at.byte, wheel = at.wheel;
    while (byte < end) {
        uint residue = s30_residues[wheel];
        uint bit = s30_wheel_index[r * residue % 30];
        atomic_and(&tile[byte / 4], ~((uint)1 << (byte % 4 * 8 + bit)));
        uint next = wheel == 7 ? 31 : s30_residues[wheel + 1];
        byte += k * (next - residue) + r * next / 30 - r * residue / 30;
        wheel = (wheel + 1) & 7;
    }
}

/*
 * For GPUs, first pass: a work-group sieves a tile of tile_words in local memory by the base
 * primes up to small_limit, its items sharing them out.
 */
__kernel void pp_sieve_tiles(__global ulong *words, ulong first_word, ulong n_words,
                             ulong tile_words, __global const ulong *base_words,
                             ulong n_base_words, uint small_limit, ulong lo, ulong hi,
                             __local uint *tile) {
    ulong begin = get_group_id(0) * tile_words;
    ulong size = min(tile_words, n_words - begin);
    uint n_cells = (uint)size * 2, items = (uint)get_local_size(0), item = (uint)get_local_id(0);
    ulong k = first_word + begin, start = k * 240;
    ulong last = s30_last(start, size * 240);
    for (uint i = item; i < n_cells; i += items)
        tile[i] = 0xffffffff;
    barrier(CLK_LOCAL_MEM_FENCE);
    ulong small_words = min(n_base_words, (ulong)small_limit / 240 + 1);
    for (ulong w = item; w < small_words; w += items)
        for (ulong bits = base_words[w]; bits; bits &= bits - 1) {
            ulong prime = s30_number(w, A64_CTZ(bits));
            if (prime > small_limit || prime * prime > last)
                break;
            pp_clear_local(tile, n_cells * 4, (uint)prime, start);
        }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint i = item; i < size; i += items) {
        ulong word = (ulong)tile[2 * i] | (ulong)tile[2 * i + 1] << 32;
        if (k + i == 0)
            word &= ~(ulong)1; /* 1 is not prime */
        words[begin + i] = pp_trim_word(word, k + i, lo, hi);
    }
}

/*
 * For GPUs, second pass: a work-item takes the base primes of one word above small_limit and
 * clears their multiples in global memory.
 */
__kernel void pp_sieve_large(__global uint *cells, ulong first_word, ulong n_words,
                             __global const ulong *base_words, ulong n_base_words,
                             uint small_limit) {
    ulong w = (ulong)small_limit / 240 + get_global_id(0);
    if (w >= n_base_words)
        return;
    ulong start = first_word * 240, span = n_words * 240, end = n_words * 8;
    ulong last = s30_last(start, span);
    for (ulong bits = base_words[w]; bits; bits &= bits - 1) {
        ulong prime = s30_number(w, A64_CTZ(bits));
        s30_position at;
        if (prime <= small_limit)
            continue;
        if (prime * prime > last)
            break;
        if (!s30_first_multiple((uint)prime, start, span, &at))
            continue;
        uint k = (uint)prime / 30, r = (uint)prime % 30, wheel = at.wheel;
        for (ulong byte = at.byte; byte < end;) {
            uint residue = s30_residues[wheel];
            uint bit = s30_wheel_index[r * residue % 30];
            atomic_and(&cells[byte / 4], ~((uint)1 << ((uint)(byte % 4) * 8 + bit)));
            uint next = wheel == 7 ? 31 : s30_residues[wheel + 1];
            byte += k * (next - residue) + r * next / 30 - r * residue / 30;
            wheel = (wheel + 1) & 7;
        }
    }
}
