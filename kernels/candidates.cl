/*
 * Primality tests as GPUs run them. A work-group has candidates, as the bits of a bitmap in local
 * memory, and clears those of composites. Few bits are set, so candidates are packed densely before
 * anything is raised to a power, and what passes base 2 is packed again for the longer second test:
 * all lanes of a group work.
 */
#if !PP_CPU

/* Queues of candidates, as places in the bitmap: a byte's for each item and more, and two each. */
#define PP_QUEUE 9
#define PP_PASSED 2

/* Bits that an item gives its group's bitmap: one byte. */
#define PP_ITEM_BITS 8

static inline void pp_strike(__local uint *bits, uint byte, uint bit) {
    atomic_and(&bits[byte >> 2], ~((uint)1 << ((byte & 3) * 8 + bit)));
}

/*
 * The Euler-Jacobi test to base 2 of any odd n, with a negative exponent: see src/math/primality.c.
 * No division but where 2^64 is many times n.
 */
static inline int pp_base2(ulong n) {
    a64_modulus m;
    m.n = n;
    m.inverse = a64_inverse(n);
    m.one = 0; /* not needed */
    ulong rounded = n >> 1, exponent = 0 - rounded;
    int length = 64 - (int)clz(rounded), bits = length > 6 ? length - 6 : 0;
    ulong x = (ulong)1 << (64 + (int)(as_long(exponent) >> bits));
    if (x >= n)
        x %= n;
    while (bits--) {
        x = a64_mul(x, x, m);
        ulong gap = n - x, twice = x >= gap ? x - gap : x + x;
        x = exponent >> bits & 1 ? twice : x;
    }
    return a64_mul(x, 1, m) == ((n ^ (n >> 1)) & 2 ? n - 1 : 1);
}

/* Base 2, and what decides after it; both for odd n from 103² up. */
static inline int pp_passes_base2(ulong n) {
    return n < L32_END ? l32_base2(n) : pp_base2(n);
}

static inline int pp_passes_lucas(ulong n) {
    return n < L32_END ? l32_extra_strong(n) : l64_extra_strong(n);
}

/* The number that a bit stands for: one of a list, or of the wheel from byte first_byte on. */
static inline ulong pp_candidate(uint place, __global const ulong *numbers, ulong first_byte) {
    return numbers ? numbers[place] : (first_byte + place / 8) * 30 + pp_residue(place % 8);
}

/*
 * Clears the bits of composites. All numbers from 103² up are odd. queue has room for PP_QUEUE +
 * PP_PASSED places an item. All items of a group call this with the same arguments, behind a
 * barrier, and may read the bits behind another.
 */
PP_INLINE void pp_test_bits(__local uint *bits, uint n_bytes, __global const ulong *numbers,
                            ulong first_byte, __local uint *queue, __local uint *lengths) {
    uint items = (uint)get_local_size(0), item = (uint)get_local_id(0), next = 0;
    __local uint *passed = queue + PP_QUEUE * items;
    if (item == 0)
        lengths[0] = lengths[1] = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (;;) {
        uint n = lengths[0];
        while (n < items && next < n_bytes) {
            barrier(CLK_LOCAL_MEM_FENCE); /* all have read the length */
            uint byte = next + item;
            if (byte < n_bytes) {
                uint set = bits[byte / 4] >> (byte % 4 * 8) & 0xff;
                uint at = set ? atomic_add(&lengths[0], popcount(set)) : 0;
                for (; set; set &= set - 1)
                    queue[at++] = byte * 8 + 31 - clz(set & (0 - set));
            }
            next += items;
            barrier(CLK_LOCAL_MEM_FENCE);
            n = lengths[0];
        }
        uint taken = min(n, items);
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < taken) {
            uint place = queue[n - taken + item];
            ulong number = pp_candidate(place, numbers, first_byte);
            if (number < 103 * 103 ? pp_small_prime((uint)number)
                                   : pp_passes_base2(number))
                passed[atomic_add(&lengths[1], 1)] = place;
            else
                pp_strike(bits, place / 8, place % 8);
        }
        if (item == 0)
            lengths[0] = n - taken;
        barrier(CLK_LOCAL_MEM_FENCE);
        uint n_passed = lengths[1];
        int last = n == taken && next >= n_bytes;
        if (n_passed >= items || last) {
            barrier(CLK_LOCAL_MEM_FENCE); /* all have read the length */
            for (uint taken2 = min(n_passed, items); taken2;
                 taken2 = last ? min(n_passed, items) : 0) {
                if (item < taken2) {
                    uint place = passed[n_passed - taken2 + item];
                    ulong number = pp_candidate(place, numbers, first_byte);
                    if (number >= 103 * 103 && !pp_passes_lucas(number))
                        pp_strike(bits, place / 8, place % 8);
                }
                n_passed -= taken2;
            }
            if (item == 0)
                lengths[1] = n_passed;
            barrier(CLK_LOCAL_MEM_FENCE);
        }
        if (last)
            return;
    }
}

/* Is n small, or odd and without a factor up to 29? One division by a constant of 32 bits. */
static inline uint pp_undivided_number(ulong n) {
    uint rest = (uint)(n % 3234846615u); /* 3·5·7·11·13·17·19·23·29 */
    uint undivided = (rest % 3 != 0) & (rest % 5 != 0) & (rest % 7 != 0) & (rest % 11 != 0) &
                     (rest % 13 != 0) & (rest % 17 != 0) & (rest % 19 != 0) & (rest % 23 != 0) &
                     (rest % 29 != 0) & (uint)(n & 1);
    return n < 103 * 103 ? 1 : undivided;
}

/* Flags of the group's numbers, which are n from `first` on, by what is left of their bits. */
static inline void pp_store_flags(__local const uint *bits, __global uchar *flags, ulong first,
                                  ulong n) {
    uint items = (uint)get_local_size(0), item = (uint)get_local_id(0);
    for (uint place = item; place < items * PP_ITEM_BITS; place += items)
        if (first + place < n)
            flags[first + place] = (uchar)(bits[place / 32] >> place % 32 & 1);
}

/*
 * flags[i] = numbers[i] is prime. A group has PP_ITEM_BITS numbers an item, a bitmap of them, and
 * the queues behind it.
 */
__kernel void pp_mr_test(__global const ulong *numbers, __global uchar *flags, ulong n,
                         __local uint *bits, __local uint *queue, PP_TALLY) {
    __local uint lengths[2];
    uint items = (uint)get_local_size(0), item = (uint)get_local_id(0), set = 0;
    ulong first = get_group_id(0) * (items * PP_ITEM_BITS), mine = first + item * PP_ITEM_BITS;
    for (uint bit = 0; bit < PP_ITEM_BITS; bit++)
        if (mine + bit < n)
            set |= pp_undivided_number(numbers[mine + bit]) << bit;
    ((__local uchar *)bits)[item] = (uchar)set;
    barrier(CLK_LOCAL_MEM_FENCE);
    pp_test_bits(bits, items, numbers + first, 0, queue, lengths);
    barrier(CLK_LOCAL_MEM_FENCE);
    pp_store_flags(bits, flags, first, n);
    pp_mark(PP_THIS_TALLY);
}

/* flags[i] = the number of bit i % 64 of word first_word + i / 64 is in [lo, hi] and prime. */
__kernel void pp_mr_range(__global uchar *flags, ulong first_word, ulong lo, ulong hi, ulong n,
                          __local uint *bits, __local uint *queue, PP_TALLY) {
    __local uint lengths[2];
    uint items = (uint)get_local_size(0), item = (uint)get_local_id(0), set = 0;
    ulong first = get_group_id(0) * (items * PP_ITEM_BITS), mine = first + item * PP_ITEM_BITS;
    for (uint bit = 0; bit < PP_ITEM_BITS; bit++) {
        ulong number = s30_number(first_word + mine / 64, (int)(mine % 64 + bit));
        if (mine + bit < n && number >= lo && number <= hi)
            set |= pp_undivided_number(number) << bit;
    }
    ((__local uchar *)bits)[item] = (uchar)set;
    barrier(CLK_LOCAL_MEM_FENCE);
    pp_test_bits(bits, items, 0, first_word * 8 + first / 8, queue, lengths);
    barrier(CLK_LOCAL_MEM_FENCE);
    pp_store_flags(bits, flags, first, n);
    pp_mark(PP_THIS_TALLY);
}

#endif
