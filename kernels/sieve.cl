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
        if (prime <= limit)
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
