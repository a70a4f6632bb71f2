/*
 * The sieve as GPUs run it: a work-group sieves a tile of the bitmap in local memory, and what a
 * count needs never leaves it. No 64-bit division, and no division by a prime: every sieving prime
 * p comes with floor(2^32 / p), and with where the batch begins modulo p.
 *
 * The multiples p·q of one residue q = w modulo 30 lie p bytes apart and have the same bit. The
 * first one is in byte floor(p·w / 30), which is below p. So each of the eight residues is an
 * arithmetic progression that starts anywhere at the cost of a subtraction, and each lane can have
 * its own.
 */
#if !PP_CPU

/* Primes from 7 to 113, which are laid over a tile as patterns: cell i modulo p of 120 numbers. */
#define PP_MASKED 27

/* Of what fits a tile, cells that an item holds in registers while it lays the patterns. */
#define PP_CELLS 8

/* x mod p, for x < 2^32. The quotient is right or one short. */
static inline uint pp_mod(uint x, uint2 prime) {
    uint rest = x - mul_hi(x, prime.y) * prime.x;
    return min(rest, rest - prime.x);
}

/*
 * Where a batch that begins at word first_word begins modulo each prime: in bytes, for the masked
 * ones in cells of four.
 */
__kernel void pp_tile_starts(__global const uint2 *primes, __global uint *starts, ulong first_word,
                             uint n, PP_TALLY) {
    uint i = (uint)get_global_id(0);
    if (i < n)
        starts[i] = (uint)(first_word * (i < PP_MASKED ? 2 : 8) % primes[i].x);
    pp_mark(PP_THIS_TALLY);
}

/*
 * The multiples by residue w in bytes [0, end), which begin at `begun` modulo p. Where they are
 * often, every fourth lies p words on and has the same place in its word.
 */
PP_INLINE void pp_strike_residue(__local uint *tile, uint end, uint p, uint begun, uint w,
                                 int often) {
    uint product = p * w, first = product / 30, bit = (product - first * 30) * 17 >> 6;
    uint byte = first < begun ? first + p - begun : first - begun;
    if (often) {
        uint at[4], keep[4];
        for (uint i = 0; i < 4; i++) {
            at[i] = (byte + i * p) >> 2;
            keep[i] = ~((uint)1 << (((byte + i * p) & 3) * 8 + bit));
        }
        for (; byte + 3 * p < end; byte += 4 * p)
            for (uint i = 0; i < 4; i++) {
                atomic_and(&tile[at[i]], keep[i]);
                at[i] += p;
            }
    }
    for (; byte < end; byte += p)
        pp_strike(tile, byte, bit);
}

/* The multiples of a large prime p in bytes [0, end): few or none. */
PP_INLINE void pp_strike_few(__local uint *tile, uint end, uint2 prime, uint begun) {
    const uint coprime = 0x208a2882; /* the residues of 30 that are */
    ulong residues = coprime | (ulong)coprime << 30 | (ulong)coprime << 60;
    /* The least q with floor(p·q / 30) >= begun: 30·begun / p, rounded up. */
    uint p = prime.x, scaled = 30 * begun, q = mul_hi(scaled, prime.y), rest = scaled - q * p;
    q += (uint)(rest > 0) + (uint)(rest > p);
    for (;; q++) {
        uint next = (uint)(residues >> q);
        q += 31 - clz(next & (0 - next));
        uint product = p * q, byte = product / 30;
        if (byte - begun >= end)
            return;
        pp_strike(tile, byte - begun, (product - byte * 30) * 17 >> 6);
    }
}

/* What a tile is sieved by: primes [0, PP_MASKED) by patterns, then in three ways by size. */
typedef struct pp_sieving {
    __global const uint2 *primes;
    __global const uint *starts;
    __global const uint *patterns;
    uint n_by_eight; /* up to here eight items share a prime, one for each residue */
    uint n_by_one;   /* up to here an item has a prime, and all its residues */
    uint n_primes;   /* from here on an item goes from multiple to multiple */
} pp_sieving;

/* Sieves a tile of n_cells, which begins so many bytes behind where `starts` count from. */
PP_INLINE void pp_sieve_tile(__local uint *tile, uint n_cells, uint offset, const pp_sieving *by) {
    uint items = (uint)get_local_size(0), item = (uint)get_local_id(0), end = n_cells * 4;
    for (uint first = item; first < n_cells; first += items * PP_CELLS) {
        uint cells[PP_CELLS];
        for (int i = 0; i < PP_CELLS; i++)
            cells[i] = 0xffffffff;
        __global const uint *pattern = by->patterns;
        for (uint m = 0; m < PP_MASKED; m++) {
            uint2 prime = by->primes[m];
            uint at = pp_mod(by->starts[m] + offset / 4 + first, prime);
            uint step = pp_mod(items, prime);
            for (int i = 0; i < PP_CELLS; i++) {
                cells[i] &= pattern[at];
                at += step;
                at = min(at, at - prime.x);
            }
            pattern += prime.x;
        }
        for (uint i = 0; i < PP_CELLS; i++)
            if (first + i * items < n_cells)
                tile[first + i * items] = cells[i];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    uint n_shared = (by->n_by_eight - PP_MASKED) * 8;
    for (uint i = item; i < n_shared; i += items) {
        uint2 prime = by->primes[PP_MASKED + i / 8];
        uint begun = pp_mod(by->starts[PP_MASKED + i / 8] + offset, prime);
        pp_strike_residue(tile, end, prime.x, begun, pp_residue(i % 8), 1);
    }
    for (uint i = by->n_by_eight + item; i < by->n_by_one; i += items) {
        uint2 prime = by->primes[i];
        uint begun = pp_mod(by->starts[i] + offset, prime);
        pp_strike_residue(tile, end, prime.x, begun, 1, 0);
        pp_strike_residue(tile, end, prime.x, begun, 7, 0);
        pp_strike_residue(tile, end, prime.x, begun, 11, 0);
        pp_strike_residue(tile, end, prime.x, begun, 13, 0);
        pp_strike_residue(tile, end, prime.x, begun, 17, 0);
        pp_strike_residue(tile, end, prime.x, begun, 19, 0);
        pp_strike_residue(tile, end, prime.x, begun, 23, 0);
        pp_strike_residue(tile, end, prime.x, begun, 29, 0);
    }
    for (uint i = by->n_by_one + item; i < by->n_primes; i += items) {
        uint2 prime = by->primes[i];
        pp_strike_few(tile, end, prime, pp_mod(by->starts[i] + offset, prime));
    }
    barrier(CLK_LOCAL_MEM_FENCE);
}

/* A tile's word as it counts: primes are crossed off as multiples of themselves, and put back. */
PP_INLINE ulong pp_tile_word(__local const uint *tile, uint i, ulong first_word,
                             __global const ulong *restored, ulong n_restored, ulong lo, ulong hi) {
    ulong word = (ulong)tile[2 * i] | (ulong)tile[2 * i + 1] << 32, k = first_word + i;
    if (k < n_restored)
        word |= restored[k];
    if (k == 0)
        word &= ~(ulong)1; /* 1 is not prime */
    return pp_trim_word(word, k, lo, hi);
}

/*
 * Work-group g has tile g % tiles_per_unit of unit g / tiles_per_unit, which has tile_words or what
 * is left of its unit_words. It stores the words if asked to, and their count and digest in
 * partials[g]. offset: where the batch is behind what `starts` count from.
 */
PP_INLINE void pp_do_tile(__global ulong *words, __global ulong2 *partials, ulong first_word,
                          ulong n_words, ulong unit_words, ulong tile_words, ulong tiles_per_unit,
                          int stores, int tests, const pp_sieving *by,
                          __global const ulong *restored, ulong n_restored, ulong lo, ulong hi,
                          __local uint *tile, __local ulong2 *work, __local uint *lengths) {
    ulong unit = get_group_id(0) / tiles_per_unit, share = get_group_id(0) % tiles_per_unit;
    ulong stop = min((unit + 1) * unit_words, n_words);
    ulong begin = unit * unit_words + share * tile_words;
    uint items = (uint)get_local_size(0), item = (uint)get_local_id(0);
    uint size = begin < stop ? (uint)min(tile_words, stop - begin) : 0;
    ulong first = first_word + begin;
    if (size)
        pp_sieve_tile(tile, size * 2, (uint)begin * 8, by);
    if (tests && size) {
        for (uint i = item; i < size; i += items) {
            ulong word = pp_tile_word(tile, i, first, restored, n_restored, lo, hi);
            tile[2 * i] = (uint)word;
            tile[2 * i + 1] = (uint)(word >> 32);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        pp_test_bits(tile, size * 8, 0, first * 8, (__local uint *)work, lengths);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    ulong count = 0, digest = 0;
    for (uint i = item; i < size; i += items) {
        ulong word = tests ? (ulong)tile[2 * i] | (ulong)tile[2 * i + 1] << 32
                           : pp_tile_word(tile, i, first, restored, n_restored, lo, hi);
        if (stores)
            words[begin + i] = word;
        count += popcount(word);
        digest += d64_word(word, first + i);
    }
    barrier(CLK_LOCAL_MEM_FENCE); /* the queues are done with */
    pp_store_sums(count, digest, work, partials);
}

#define PP_TILES_KERNEL(name, tests)                                                               \
    __kernel void name(__global ulong *words, __global ulong2 *partials, ulong first_word,         \
                       ulong n_words, ulong unit_words, ulong tile_words, ulong tiles_per_unit,    \
                       int stores, __global const uint2 *primes, __global const uint *starts,      \
                       __global const uint *patterns, uint n_by_eight, uint n_by_one,              \
                       uint n_primes, __global const ulong *restored, ulong n_restored, ulong lo,  \
                       ulong hi, __local uint *tile, __local ulong2 *work, PP_TALLY) {             \
        __local uint lengths[2];                                                                   \
        pp_sieving by;                                                                             \
        by.primes = primes;                                                                        \
        by.starts = starts;                                                                        \
        by.patterns = patterns;                                                                    \
        by.n_by_eight = n_by_eight;                                                                \
        by.n_by_one = n_by_one;                                                                    \
        by.n_primes = n_primes;                                                                    \
        pp_do_tile(words, partials, first_word, n_words, unit_words, tile_words, tiles_per_unit,   \
                   stores, tests, &by, restored, n_restored, lo, hi, tile, work, lengths);         \
        pp_mark(PP_THIS_TALLY);                                                                    \
    }
PP_TILES_KERNEL(pp_sieve_tiles, 0)
PP_TILES_KERNEL(pp_hybrid_tiles, 1)

#endif
