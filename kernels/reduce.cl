/* From flags to words, and from words to counts and digests. */

/* Packs 64 flags a work-item into a word; flags at n and above count as 0. */
__kernel void pp_pack(__global const uchar *flags, __global ulong *words, ulong n, PP_TALLY) {
    ulong word = get_global_id(0);
    if (word * 64 < n) {
        ulong bits = 0, end = n - word * 64 < 64 ? n - word * 64 : 64;
        for (ulong i = 0; i < end; i++)
            bits |= (ulong)flags[word * 64 + i] << i;
        words[word] = bits;
    }
    pp_mark(PP_THIS_TALLY);
}

/* Sums count and digest over the work-group; its first item stores them in partials[group]. */
static inline void pp_store_sums(ulong count, ulong digest, __local ulong2 *sums,
                                 __global ulong2 *partials) {
    size_t local_id = get_local_id(0);
    sums[local_id] = (ulong2)(count, digest);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (size_t step = get_local_size(0) / 2; step; step /= 2) { /* a power of two */
        if (local_id < step)
            sums[local_id] += sums[local_id + step];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (local_id == 0)
        partials[get_group_id(0)] = sums[0];
}

/*
 * Count and digest of the words of units. Unit u has words [u·unit_words, (u+1)·unit_words) of
 * the n_words here; groups_per_unit work-groups share it, and each stores its own sums.
 */
__kernel void pp_sum_range(__global const ulong *words, __global ulong2 *partials,
                           ulong first_word, ulong n_words, ulong unit_words,
                           ulong groups_per_unit, __local ulong2 *sums, PP_TALLY) {
    ulong unit = get_group_id(0) / groups_per_unit, share = get_group_id(0) % groups_per_unit;
    ulong end = min((unit + 1) * unit_words, n_words);
    ulong count = 0, digest = 0;
    for (ulong i = unit * unit_words + share * get_local_size(0) + get_local_id(0); i < end;
         i += groups_per_unit * get_local_size(0)) {
        ulong word = words[i];
        count += popcount(word);
        digest += d64_word(word, first_word + i);
    }
    pp_store_sums(count, digest, sums, partials);
    pp_mark(PP_THIS_TALLY);
}

/* The same for tests: bit i of the words is numbers[i], which adds splitmix64 of itself. */
__kernel void pp_sum_test(__global const ulong *words, __global const ulong *numbers,
                          __global ulong2 *partials, ulong n_words, ulong unit_words,
                          ulong groups_per_unit, __local ulong2 *sums, PP_TALLY) {
    ulong unit = get_group_id(0) / groups_per_unit, share = get_group_id(0) % groups_per_unit;
    ulong end = min((unit + 1) * unit_words, n_words);
    ulong count = 0, digest = 0;
    for (ulong i = unit * unit_words + share * get_local_size(0) + get_local_id(0); i < end;
         i += groups_per_unit * get_local_size(0)) {
        ulong word = words[i];
        count += popcount(word);
        for (; word; word &= word - 1)
            digest += splitmix64(numbers[i * 64 + (ulong)A64_CTZ(word)]);
    }
    pp_store_sums(count, digest, sums, partials);
    pp_mark(PP_THIS_TALLY);
}
