/*
 * The sieve on AVX-512: patterns, count and digest, and all that has to do with positions of many
 * primes at a time. What vectors cannot do is cross off: they make lists of multiples, packed by
 * compress, and a plain loop takes those from the L1 cache.
 */
#include "math/segment.h"
#include "math/wheel.h"

#include <immintrin.h>
#include <math.h>

/* A mask of the first n lanes, of as many as there are. */
static inline unsigned first_lanes(size_t n, unsigned lanes) {
    return n < lanes ? (1u << n) - 1 : (1u << lanes) - 1;
}

static void pre_sieve(uint8_t *bytes, size_t n, const uint8_t *const *from, unsigned n_tables) {
    for (size_t i = 0; i < n; i += 64) {
        __mmask64 lanes = n - i < 64 ? _cvtu64_mask64((UINT64_C(1) << (n - i)) - 1) : ~(__mmask64)0;
        __m512i x =
            _mm512_and_si512(_mm512_loadu_si512(from[0] + i), _mm512_loadu_si512(from[1] + i));
        if (n_tables == PRE_SIEVE_TABLES)
            for (unsigned t = 2; t < PRE_SIEVE_TABLES; t += 2)
                x = _mm512_ternarylogic_epi64(x, _mm512_loadu_si512(from[t] + i),
                                              _mm512_loadu_si512(from[t + 1] + i), 0x80);
        _mm512_mask_storeu_epi8(bytes + i, lanes, x);
    }
}

/* ---- primes of a class ------------------------------------------------------------------- */

static size_t take_class(const uint64_t *words, uint64_t first_word, size_t n, unsigned class,
                         uint32_t *out) {
    const __m512i bit = _mm512_set1_epi8((char)(1u << class));
    /* 0, 1, … 63 */
    const __m512i places =
        _mm512_add_epi64(_mm512_set1_epi64(0x0706050403020100),
                         _mm512_mullo_epi64(_mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7),
                                            _mm512_set1_epi64(0x0808080808080808)));
    size_t taken = 0;
    for (size_t i = 0; i < n; i += 8) {
        __m512i bytes = _mm512_maskz_loadu_epi64((__mmask8)first_lanes(n - i, 8), words + i);
        __mmask64 has = _mm512_test_epi8_mask(bytes, bit);
        __m512i packed = _mm512_maskz_compress_epi8(has, places),
                first = _mm512_set1_epi32((int)(8 * (first_word + i)));
        size_t found = (size_t)__builtin_popcountll(_cvtmask64_u64(has));
        for (size_t done = 0; done < found; done += 16) {
            __m512i a = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(packed));
            _mm512_storeu_si512(out + taken + done, _mm512_add_epi32(a, first));
            packed = _mm512_shuffle_i64x2(packed, packed, 0x39); /* the next quarter */
        }
        taken += found;
    }
    return taken;
}

/* ---- count and digest -------------------------------------------------------------------- */

/* splitmix64 of a state to which its constant has been added, made odd. */
static __m512i mix(__m512i x) {
    x = _mm512_mullo_epi64(_mm512_xor_si512(x, _mm512_srli_epi64(x, 30)),
                           _mm512_set1_epi64((int64_t)0xbf58476d1ce4e5b9));
    x = _mm512_mullo_epi64(_mm512_xor_si512(x, _mm512_srli_epi64(x, 27)),
                           _mm512_set1_epi64((int64_t)0x94d049bb133111eb));
    x = _mm512_xor_si512(x, _mm512_srli_epi64(x, 31));
    return _mm512_or_si512(x, _mm512_set1_epi64(1));
}

/* Modulo 2^64, which _mm512_reduce_add_epi64 does not promise: its addition is signed. */
static uint64_t add_up(__m512i x) {
    uint64_t parts[8], total = 0;
    _mm512_storeu_si512(parts, x);
    for (int i = 0; i < 8; i++)
        total += parts[i];
    return total;
}

static void sum(const uint64_t *words, uint64_t first_word, size_t n, uint64_t *count,
                uint64_t *digest) {
    const uint64_t golden = 0x9e3779b97f4a7c15;
    __m512i state = _mm512_add_epi64(_mm512_set1_epi64((int64_t)(2 * first_word + golden)),
                                     _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14));
    const __m512i next = _mm512_set1_epi64(16), one = _mm512_set1_epi64(1),
                  low = _mm512_set1_epi64(0xffffffff);
    __m512i counts = _mm512_setzero_si512(), digests = counts;
    for (size_t i = 0; i < n; i += 8) {
        const __mmask8 lanes = (__mmask8)first_lanes(n - i, 8);
        __m512i word = _mm512_maskz_loadu_epi64(lanes, words + i);
        counts = _mm512_add_epi64(counts, _mm512_popcnt_epi64(word));
        digests =
            _mm512_add_epi64(digests, _mm512_mullo_epi64(_mm512_and_si512(word, low), mix(state)));
        digests = _mm512_add_epi64(digests, _mm512_mullo_epi64(_mm512_srli_epi64(word, 32),
                                                               mix(_mm512_add_epi64(state, one))));
        state = _mm512_add_epi64(state, next);
    }
    *count += add_up(counts);
    *digest += add_up(digests);
}

/* ---- first multiples --------------------------------------------------------------------- */

/* Eight quotients and remainders. */
struct division {
    __m512i quotient, remainder;
};

/*
 * n / p in doubles, put right by one: quotients below 2^48 are off by less than 2^-3, and p is
 * exact.
 */
static inline struct division divide(__m512i n, __m512i p) {
    __m512i q = _mm512_cvttpd_epu64(_mm512_div_pd(_mm512_cvtepu64_pd(n), _mm512_cvtepu64_pd(p)));
    __m512i r = _mm512_sub_epi64(n, _mm512_mullo_epi64(q, p));
    __mmask8 low = _mm512_movepi64_mask(r);
    q = _mm512_mask_sub_epi64(q, low, q, _mm512_set1_epi64(1));
    r = _mm512_mask_add_epi64(r, low, r, p);
    __mmask8 high = _mm512_cmpge_epu64_mask(r, p);
    q = _mm512_mask_add_epi64(q, high, q, _mm512_set1_epi64(1));
    r = _mm512_mask_sub_epi64(r, high, r, p);
    return (struct division){q, r};
}

/* x mod m for x < 2^52. */
static inline __m512i modulo(__m512i x, double m) {
    __m512d value = _mm512_cvtepu64_pd(x);
    __m512d q = _mm512_roundscale_pd(_mm512_mul_pd(value, _mm512_set1_pd(1 / m)),
                                     _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    __m512d r = _mm512_fnmadd_pd(q, _mm512_set1_pd(m), value);
    /* 1 / m is rounded, and a quotient near a whole number may fall to either side of it. */
    r = _mm512_mask_add_pd(r, _mm512_cmp_pd_mask(r, _mm512_setzero_pd(), _CMP_LT_OQ), r,
                           _mm512_set1_pd(m));
    r = _mm512_mask_sub_pd(r, _mm512_cmp_pd_mask(r, _mm512_set1_pd(m), _CMP_GE_OQ), r,
                           _mm512_set1_pd(m));
    return _mm512_cvttpd_epu64(r);
}

/* x / 30 for x < 2^32. */
static inline __m512i divide_by_30(__m512i x) {
    return _mm512_srli_epi64(_mm512_mul_epu32(x, _mm512_set1_epi64(0x88888889)), 36);
}

/* first_multiple() of segment.c, of eight primes. */
struct multiples {
    __m512i distance, k;
};

static inline struct multiples first_multiples(__m512i p, uint64_t start) {
    struct division at = divide(_mm512_set1_epi64((int64_t)start), p);
    const __m512i one = _mm512_set1_epi64(1);
    __mmask8 later = _mm512_test_epi64_mask(at.remainder, at.remainder);
    __m512i k = _mm512_mask_add_epi64(at.quotient, later, at.quotient, one);
    __m512i distance = _mm512_maskz_sub_epi64(later, p, at.remainder);
    /* Squares that lie further on; then an odd k. */
    __mmask8 below = _mm512_cmplt_epu64_mask(k, p);
    k = _mm512_mask_mov_epi64(k, below, p);
    distance = _mm512_mask_sub_epi64(distance, below, _mm512_mullo_epi64(p, p),
                                     _mm512_set1_epi64((int64_t)start));
    __mmask8 even = _mm512_testn_epi64_mask(k, one);
    k = _mm512_or_si512(k, one);
    return (struct multiples){_mm512_mask_add_epi64(distance, even, distance, p), k};
}

static void seek_turns(struct turn *turns, size_t n, uint32_t r, uint64_t first_byte) {
    const __m512i begin = _mm512_set1_epi64((int64_t)first_byte),
                  high = _mm512_srli_epi64(begin, 32), low = _mm512_set1_epi64(UINT32_MAX);
    for (size_t i = 0; i < n; i += 8) {
        const __mmask8 lanes = (__mmask8)first_lanes(n - i, 8);
        /* Idle lanes divide by 31, not by 0. */
        __m512i a =
            _mm512_and_si512(_mm512_mask_loadu_epi64(_mm512_set1_epi64(1), lanes, turns + i), low);
        __m512i p =
            _mm512_add_epi64(_mm512_mul_epu32(a, _mm512_set1_epi64(30)), _mm512_set1_epi64(r));
        __m512i square = _mm512_mul_epu32(p, a);
        /* In two parts, since these primes are small and quotients would be large. */
        __m512i rest = divide(high, p).remainder;
        rest = divide(_mm512_or_si512(_mm512_slli_epi64(rest, 32), _mm512_and_si512(begin, low)), p)
                   .remainder;
        __m512i at = _mm512_sub_epi64(_mm512_setzero_si512(), rest);
        at = _mm512_mask_sub_epi64(at, _mm512_cmpgt_epu64_mask(square, begin), square, begin);
        _mm512_mask_storeu_epi64(turns + i, lanes, _mm512_or_si512(a, _mm512_slli_epi64(at, 32)));
    }
}

static void seek_steps(uint32_t *bytes, uint32_t *steps, size_t n, uint32_t r,
                       uint64_t first_byte) {
    const __m512i to_low = _mm512_loadu_si512(to_wheel210),
                  to_high = _mm512_loadu_si512(to_wheel210 + 64),
                  index_low = _mm512_loadu_si512(wheel210_index),
                  index_high = _mm512_loadu_si512(wheel210_index + 64);
    const __mmask64 lowest_bytes = 0x0101010101010101;
    for (size_t i = 0; i < n; i += 8) {
        const __mmask8 lanes = (__mmask8)first_lanes(n - i, 8);
        __m256i a32 =
            _mm256_and_si256(_mm256_mask_loadu_epi32(_mm256_set1_epi32(1), lanes, steps + i),
                             _mm256_set1_epi32((1 << STEP_SHIFT) - 1));
        __m512i p =
            _mm512_add_epi64(_mm512_mul_epu32(_mm512_cvtepu32_epi64(a32), _mm512_set1_epi64(30)),
                             _mm512_set1_epi64(r));
        struct multiples first = first_multiples(p, 30 * first_byte);
        __m512i odd = _mm512_srli_epi64(modulo(first.k, 210), 1);
        __m512i to = _mm512_maskz_permutex2var_epi8(lowest_bytes, to_low, odd, to_high);
        __m512i index = _mm512_maskz_permutex2var_epi8(lowest_bytes, index_low, odd, index_high);
        __m512i distance = _mm512_add_epi64(first.distance, _mm512_mul_epu32(p, to));
        _mm256_mask_storeu_epi32(bytes + i, lanes, _mm512_cvtepi64_epi32(divide_by_30(distance)));
        _mm256_mask_storeu_epi32(
            steps + i, lanes,
            _mm256_or_si256(a32, _mm256_slli_epi32(_mm512_cvtepi64_epi32(index), STEP_SHIFT)));
    }
}

/* ---- steps ------------------------------------------------------------------------------- */

enum {
    /* Multiples gathered before they are crossed off: 16 KiB of them, half an L1 cache. */
    GATHERED = 4096,
    /*
     * Times sixteen primes that are stepped together. How often they must step is a guess that the
     * processor gets wrong, and loses by it what it has begun. `parprime count 1e16 -d1e9 -t 1`
     * takes 0.63 s with 2 to 4, the least of 9 runs on a busy Zen 4, 0.71 with 1.
     */
    TOGETHER = 3
};

/* Each is a byte below 2^24 and, above it, the bits to keep there. */
static inline void cross_gathered(uint8_t *bytes, const uint32_t *gathered, size_t n) {
    for (size_t i = 0; i < n; i++)
        bytes[gathered[i] & 0xffffff] &= (uint8_t)(gathered[i] >> 24);
}

/* The tables of a class, and what else a step needs. */
struct stepping {
    __m512i keep, gap, carry, end, turn, step;
};

/* Sixteen primes: where their next multiples are, and which of them are in the segment. */
struct sixteen {
    __m512i a, at, now;
    __mmask16 in;
};

static inline struct sixteen load_sixteen(const struct stepping *stepping,
                                          const uint32_t *positions, const uint32_t *steps,
                                          size_t n) {
    struct sixteen s = {.at = _mm512_load_si512(positions), .now = _mm512_load_si512(steps)};
    s.a = _mm512_and_si512(s.now, _mm512_set1_epi32((1 << STEP_SHIFT) - 1));
    s.in = _mm512_mask_cmplt_epu32_mask((__mmask16)first_lanes(n, 16), s.at, stepping->end);
    return s;
}

/* Appends a multiple of each that is in, and goes on to the next; returns how many there are. */
static inline size_t step_sixteen(const struct stepping *stepping, struct sixteen *s,
                                  uint32_t *gathered, size_t n) {
    const __mmask64 lowest_bytes = 0x1111111111111111, highest_bytes = 0x8888888888888888;
    __m512i hit = _mm512_mask_permutexvar_epi8(s->at, highest_bytes, s->now, stepping->keep);
    _mm512_storeu_si512(gathered + n, _mm512_maskz_compress_epi32(s->in, hit));
    n += (size_t)__builtin_popcount(s->in);
    __m512i w = _mm512_srli_epi32(s->now, STEP_SHIFT);
    __m512i on = _mm512_add_epi32(
        _mm512_mullo_epi32(s->a, _mm512_maskz_permutexvar_epi8(lowest_bytes, w, stepping->gap)),
        _mm512_maskz_permutexvar_epi8(lowest_bytes, w, stepping->carry));
    s->at = _mm512_mask_add_epi32(s->at, s->in, s->at, on);
    __m512i then = _mm512_add_epi32(s->now, stepping->step);
    s->now = _mm512_mask_min_epu32(s->now, s->in, then, _mm512_sub_epi32(then, stepping->turn));
    s->in = _mm512_mask_cmplt_epu32_mask(s->in, s->at, stepping->end);
    return n;
}

static inline void store_sixteen(const struct stepping *stepping, const struct sixteen *s,
                                 uint32_t *positions, uint32_t *steps) {
    _mm512_store_si512(positions, _mm512_sub_epi32(s->at, stepping->end));
    _mm512_store_si512(steps, s->now);
}

static void cross_steps(uint8_t *bytes, uint32_t n_bytes, uint32_t *positions, uint32_t *steps,
                        size_t n, unsigned class) {
    const struct step_table *table = &step_tables[class];
    const struct stepping stepping = {.keep = _mm512_loadu_si512(table->keep),
                                      .gap = _mm512_loadu_si512(table->gap),
                                      .carry = _mm512_loadu_si512(table->carry),
                                      .end = _mm512_set1_epi32((int32_t)n_bytes),
                                      .turn = _mm512_set1_epi32(WHEEL_STEPS << STEP_SHIFT),
                                      .step = _mm512_set1_epi32(1 << STEP_SHIFT)};
    const __m512i zero = _mm512_setzero_si512();
    const struct sixteen none = {.a = zero, .at = zero, .now = zero};
    uint32_t gathered[GATHERED + 16 * TOGETHER + 16];
    size_t n_gathered = 0;
    for (size_t i = 0; i < n; i += 16 * TOGETHER) {
        struct sixteen s[TOGETHER];
        unsigned in = 0;
#pragma GCC unroll 8
        for (size_t j = i, k = 0; k < TOGETHER; j += 16, k++) {
            s[k] = j < n ? load_sixteen(&stepping, positions + j, steps + j, n - j) : none;
            in |= s[k].in;
        }
        while (in) {
            in = 0;
#pragma GCC unroll 8
            for (int k = 0; k < TOGETHER; k++) {
                n_gathered = step_sixteen(&stepping, &s[k], gathered, n_gathered);
                in |= s[k].in;
            }
            if (n_gathered > GATHERED) {
                cross_gathered(bytes, gathered, n_gathered);
                n_gathered = 0;
            }
        }
#pragma GCC unroll 8
        for (size_t j = i, k = 0; k < TOGETHER; j += 16, k++)
            if (j < n)
                store_sixteen(&stepping, &s[k], positions + j, steps + j);
    }
    cross_gathered(bytes, gathered, n_gathered);
}

/* ---- large primes ------------------------------------------------------------------------ */

/* Primes found together have at most as many first multiples as there is room for. */
enum { PRIMES = 1024, HITS = 2048 };

/* The primes of words from *i on, until `primes` is full; returns how many. */
static size_t decode(const uint64_t *words, uint64_t first_word, size_t n, size_t *i,
                     uint32_t *primes) {
    const __m512i offsets = _mm512_setr_epi64(
        0x1d1713110d0b0701, 0x3b35312f2b29251f, 0x59534f4d4947433d, 0x77716d6b6765615b,
        (int64_t)0x958f8b8985837f79, (int64_t)0xb3ada9a7a3a19d97, (int64_t)0xd1cbc7c5c1bfbbb5,
        (int64_t)0xefe9e5e3dfddd9d3);
    size_t n_primes = 0;
    for (; *i < n && n_primes < PRIMES; ++*i) {
        uint64_t word = words[*i];
        __m512i packed = _mm512_maskz_compress_epi8(_cvtu64_mask64(word), offsets);
        __m512i base = _mm512_set1_epi32((int32_t)((first_word + *i) * WHEEL_WORD));
        size_t bits = (size_t)__builtin_popcountll(word);
        __m128i parts[4] = {_mm512_castsi512_si128(packed), _mm512_extracti32x4_epi32(packed, 1),
                            _mm512_extracti32x4_epi32(packed, 2),
                            _mm512_extracti32x4_epi32(packed, 3)};
        for (size_t part = 0; part * 16 < bits; part++)
            _mm512_storeu_si512(primes + n_primes + part * 16,
                                _mm512_add_epi32(base, _mm512_cvtepu8_epi32(parts[part])));
        n_primes += bits;
    }
    return n_primes;
}

/*
 * What finding multiples of large primes needs besides them; passed by value, so that all of it can
 * stay in registers.
 */
struct search {
    __m512d start_high, start_low; /* the stretch's first number, in two doubles */
    __m512d below;                 /* the same, a little less */
    __m512d end;                   /* numbers in the stretch */
    __m512i to, index;             /* by k mod 30: the way to a k coprime to 30, and its place */
    __m512i gap;                   /* by place on the wheel: to the next */
};

/* The first multiples of eight primes, as distances from start; and the places of their k. */
struct first {
    __m512d p, distance;
    __m512i place;
};

/*
 * The multiples p·k, k coprime to 30, of primes above 2^23 whose squares are not above start.
 */
static inline struct first search_primes(struct search search, __m256i p32) {
    const __mmask64 lowest_bytes = 0x0101010101010101;
    enum { DOWN = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC };
    const __m512d one = _mm512_set1_pd(1);
    __m512d p = _mm512_cvtepu32_pd(p32);
    /*
     * k - 1 is start / p or one less: quotients below 2^41 are off by less than 1, and `below` is
     * less than start. p·k - start is below 2^34, so each of its two steps is exact.
     */
    __m512d q = _mm512_roundscale_pd(_mm512_div_pd(search.below, p), DOWN);
    __m512d k = _mm512_add_pd(q, one);
    __m512d distance = _mm512_sub_pd(_mm512_fmsub_pd(k, p, search.start_high), search.start_low);
    __mmask8 early = _mm512_cmp_pd_mask(distance, _mm512_setzero_pd(), _CMP_LT_OQ);
    distance = _mm512_mask_add_pd(distance, early, distance, p);
    k = _mm512_mask_add_pd(k, early, k, one);
    /* k mod 30: a half added keeps k / 30 away from whole numbers. */
    __m512d turns = _mm512_roundscale_pd(
        _mm512_fmadd_pd(k, _mm512_set1_pd(1 / 30.0), _mm512_set1_pd(1 / 60.0)), DOWN);
    __m512d residue = _mm512_fnmadd_pd(turns, _mm512_set1_pd(30), k);
    /* Its lowest byte, once the fraction's last bit stands for 1. */
    __m512i place = _mm512_castpd_si512(_mm512_add_pd(residue, _mm512_set1_pd(0x1p52)));
    __m512i to = _mm512_maskz_permutexvar_epi8(lowest_bytes, place, search.to);
    return (struct first){p, _mm512_fmadd_pd(p, _mm512_cvtepu64_pd(to), distance), place};
}

/*
 * The primes from 7 to HIT_FREE. Half of all multiples of large primes have a factor among them,
 * and a walk has crossed those off: to see that costs less than a visit to memory that is in no
 * cache. (Up to 31 or up to 97 is within 5%, by `parprime count 1e16 -d1e9 -t 1` and the same near
 * 2^64 on a busy Zen 4.)
 */
static const uint32_t filter_primes[] = {7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61};
enum { FILTERS = sizeof filter_primes / sizeof *filter_primes };

/* Distances found, on their way to becoming hits. */
struct found {
    uint32_t distances[HITS + 16];
    void (*take)(void *user, const uint32_t *hits, size_t n);
    void *user;
    /*
     * q divides start + distance if and only if distance·inverse + offset, modulo 2^32, is not
     * above most = ⌊(2^32 - 1) / q⌋.
     */
    uint32_t inverse[FILTERS], offset[FILTERS], most[FILTERS];
};

static void found_init(struct found *found, uint64_t start,
                       void (*take)(void *user, const uint32_t *hits, size_t n), void *user) {
    found->take = take;
    found->user = user;
    for (unsigned i = 0; i < FILTERS; i++) {
        uint32_t q = filter_primes[i];
        found->inverse[i] = (uint32_t)a64_inverse(q);
        found->offset[i] = (uint32_t)(start % q) * found->inverse[i];
        found->most[i] = UINT32_MAX / q;
    }
}

/* Leaves out multiples of the filter's primes; returns how many are left. */
static size_t filter(struct found *found, size_t n) {
    size_t kept = 0;
    for (size_t i = 0; i < n; i += 16) {
        __m512i distance = _mm512_loadu_si512(found->distances + i);
        __mmask16 keep = (__mmask16)first_lanes(n - i, 16);
        for (unsigned j = 0; j < FILTERS; j++) {
            __m512i product =
                _mm512_mullo_epi32(distance, _mm512_set1_epi32((int)found->inverse[j]));
            product = _mm512_add_epi32(product, _mm512_set1_epi32((int)found->offset[j]));
            keep =
                _mm512_mask_cmpgt_epu32_mask(keep, product, _mm512_set1_epi32((int)found->most[j]));
        }
        _mm512_storeu_si512(found->distances + kept, _mm512_maskz_compress_epi32(keep, distance));
        kept += (size_t)__builtin_popcount(keep);
    }
    return kept;
}

static void give(struct found *found, size_t n) {
    n = filter(found, n);
    const __m512i magic = _mm512_set1_epi64(0x88888889);
    const __mmask16 odd_lanes = 0xaaaa;
    uint8_t bits[64] = {0};
    for (unsigned i = 0; i < 30; i++)
        bits[i] = wheel_bits[i] & 7;
    const __m512i bit_of = _mm512_loadu_si512(bits);
    for (size_t i = 0; i < n; i += 16) {
        __m512i distance = _mm512_loadu_si512(found->distances + i);
        /* Divided by 30, even lanes and odd ones apart. */
        __m512i even = _mm512_srli_epi64(_mm512_mul_epu32(distance, magic), 36);
        __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(distance, 32), magic);
        __m512i byte = _mm512_mask_mov_epi32(even, odd_lanes, _mm512_srli_epi64(odd, 4));
        __m512i rest = _mm512_sub_epi32(distance, _mm512_mullo_epi32(byte, _mm512_set1_epi32(30)));
        __m512i bit = _mm512_maskz_permutexvar_epi8(0x1111111111111111, rest, bit_of);
        _mm512_storeu_si512(found->distances + i,
                            _mm512_or_si512(byte, _mm512_slli_epi32(bit, HIT_BITS)));
    }
    found->take(found->user, found->distances, n);
}

/* Appends the distances of `in` to the n that there are; returns how many there are then. */
static inline size_t note(struct found *found, size_t n, __mmask8 in, __m512d distance) {
    _mm256_storeu_si256((__m256i *)(found->distances + n),
                        _mm256_maskz_compress_epi32(in, _mm512_cvttpd_epu32(distance)));
    return n + (size_t)__builtin_popcount(in);
}

/*
 * Of primes that have at most one multiple in the stretch. There is no branch on whether they do:
 * it is as good as random, and nothing is as slow as guessing wrong at the end of so long a chain.
 */
/* What keep_near allows for rounding: its turns are below 2^40, and right to a part in 2^50. */
static const double SLACK = 0x1p-9;

static void search_once(struct search search, const uint32_t *primes, size_t n,
                        struct found *found) {
    size_t n_found = 0;
    for (size_t i = 0; i < n; i += 8) {
        const __mmask8 lanes = (__mmask8)first_lanes(n - i, 8);
        struct first first =
            search_primes(search, _mm256_loadu_si256((const __m256i *)(primes + i)));
        __mmask8 in = _mm512_mask_cmp_pd_mask(lanes, first.distance, search.end, _CMP_LT_OQ);
        n_found = note(found, n_found, in, first.distance);
    }
    give(found, n_found);
}

/*
 * Of primes that have at most one multiple in the stretch, since they are not below its length,
 * keeps those that may have an odd one: about one in 2p / length. A quotient's fraction tells, and
 * it need not be exact.
 */
static size_t keep_near(struct search search, uint32_t *primes, size_t n) {
    const __m512d one = _mm512_set1_pd(1), half = _mm512_set1_pd(0.5),
                  near = _mm512_mul_pd(search.end, _mm512_set1_pd(-0.5)),
                  start_half = _mm512_mul_pd(search.below, half), slack = _mm512_set1_pd(SLACK);
    size_t kept = 0;
    for (size_t i = 0; i < n; i += 8) {
        __m256i p32 = _mm256_loadu_si256((const __m256i *)(primes + i));
        __m512d p = _mm512_cvtepu32_pd(p32), r = _mm512_rcp14_pd(p);
        /* 1/p = r / (1 - e) = r + r(e + e² + e³ + ...), where |e| < 2^-14 */
        __m512d e = _mm512_fnmadd_pd(p, r, one);
        __m512d series = _mm512_fmadd_pd(_mm512_fmadd_pd(e, e, e), e, e);
        r = _mm512_fmadd_pd(r, series, r);
        /*
         * Half of start / p plus a half: how far it is below a whole number j is how far start is
         * below the multiple p·(2j - 1), by 2p.
         */
        __m512d turns = _mm512_fmadd_pd(start_half, r, half);
        __m512d apart = _mm512_reduce_pd(turns, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
        __mmask8 in = _mm512_cmp_pd_mask(apart, slack, _CMP_LT_OQ);
        in = _mm512_mask_cmp_pd_mask(in, _mm512_mul_pd(_mm512_add_pd(apart, slack), p), near,
                                     _CMP_GT_OQ);
        in &= (__mmask8)first_lanes(n - i, 8);
        _mm256_storeu_si256((__m256i *)(primes + kept), _mm256_maskz_compress_epi32(in, p32));
        kept += (size_t)__builtin_popcount(in);
    }
    return kept;
}

static void search_all(struct search search, const uint32_t *primes, size_t n,
                       struct found *found) {
    size_t n_found = 0;
    for (size_t i = 0; i < n; i += 8) {
        const __mmask8 lanes = (__mmask8)first_lanes(n - i, 8);
        struct first first =
            search_primes(search, _mm256_loadu_si256((const __m256i *)(primes + i)));
        const __mmask64 lowest_bytes = 0x0101010101010101;
        __m512i w = _mm512_maskz_permutexvar_epi8(lowest_bytes, first.place, search.index);
        __m512d distance = first.distance;
        for (;;) {
            __mmask8 in = _mm512_mask_cmp_pd_mask(lanes, distance, search.end, _CMP_LT_OQ);
            if (!in)
                break;
            n_found = note(found, n_found, in, distance);
            if (n_found > HITS) {
                give(found, n_found);
                n_found = 0;
            }
            __m512i gap = _mm512_maskz_permutexvar_epi8(lowest_bytes, w, search.gap);
            distance = _mm512_fmadd_pd(first.p, _mm512_cvtepu64_pd(gap), distance);
            w = _mm512_add_epi64(w, _mm512_set1_epi64(1)); /* the table goes round by itself */
        }
    }
    give(found, n_found);
}

/* Below this, quotients may be too large for search_primes. */
enum { SEARCH_LEAST = 1 << 23 };

/* The first word that has numbers whose squares are above start; they are few. */
static uint64_t first_square_word(uint64_t start) {
    uint64_t word = (uint64_t)sqrt((double)start) / WHEEL_WORD;
    return word ? word - 1 : 0; /* the root is rounded */
}

static void large_hits(const uint64_t *words, uint64_t first_word, size_t n, uint64_t first_byte,
                       uint32_t n_bytes, void (*take)(void *user, const uint32_t *hits, size_t n),
                       void *user) {
    uint64_t start = 30 * first_byte, squares = first_square_word(start);
    size_t fast = squares <= first_word ? 0 : squares - first_word < n ? squares - first_word : n;
    if (first_word * WHEEL_WORD < SEARCH_LEAST)
        fast = 0;
    if (fast < n)
        large_hits_portable(words + fast, first_word + fast, n - fast, first_byte, n_bytes, take,
                            user);

    uint8_t to[64] = {0}, index[64] = {0}, gap[64];
    for (unsigned i = 0; i < 30; i++) {
        to[i] = s30_to_coprime[i];
        index[i] = s30_wheel_index[i];
    }
    for (unsigned i = 0; i < 64; i++)
        gap[i] = wheel_gaps[i % 8];
    uint32_t primes[PRIMES + 128];
    struct found found;
    found_init(&found, start, take, user);
    const struct search search = {.start_high = _mm512_set1_pd((double)(start & ~UINT64_C(0xfff))),
                                  .start_low = _mm512_set1_pd((double)(start & 0xfff)),
                                  .below = _mm512_set1_pd((double)start * (1 - 0x1p-51)),
                                  .end = _mm512_set1_pd(30 * (double)n_bytes),
                                  .to = _mm512_loadu_si512(to),
                                  .index = _mm512_loadu_si512(index),
                                  .gap = _mm512_loadu_si512(gap)};
    for (size_t i = 0; i < fast;) {
        size_t n_primes = decode(words, first_word, fast, &i, primes);
        if (n_primes && primes[0] >= 30 * (uint64_t)n_bytes)
            n_primes = keep_near(search, primes, n_primes);
        /* Multiples that have a bit are at least 2p apart. */
        if (n_primes && 2 * (uint64_t)primes[0] >= 30 * (uint64_t)n_bytes)
            search_once(search, primes, n_primes, &found);
        else
            search_all(search, primes, n_primes, &found);
    }
}

const struct sieve_kernel sieve_kernel_avx512 = {
    "avx512", pre_sieve, take_class, seek_turns, seek_steps, cross_steps, sum, large_hits,
};
