#include "math/segment.h"

#include "base/cpu.h"
#include "base/round.h"
#include "digest64.h"
#include "math/pre_sieve.h"
#include "math/trial.h"
#include "math/wheel.h"

#include <string.h>

enum {
    /* Bytes before and behind a segment, for turns that reach out of it. */
    PADDING = SEGMENT_TURN_LIMIT,
    /* An L1 data cache; and the primes below which crossing off goes block by block. */
    BLOCK_BYTES = 32 << 10,
    BLOCK_LIMIT = 1 << 14
};

/* ---- pre-sieving ------------------------------------------------------------------------- */

/*
 * Tables of about 5 to 17 KB, together 145 KB, so that they stay in an L2 cache: a large prime
 * with a small one each. And two short ones for short jobs.
 */
struct group {
    uint8_t primes[4]; /* ends with 0 where there are fewer */
};
static const struct group all_groups[PRE_SIEVE_TABLES] = {
    {{7, 11, 13, 17}}, {{19, 23, 29}}, {{31, 163}}, {{37, 157}}, {{41, 151}}, {{43, 149}},
    {{47, 139}},       {{53, 137}},    {{59, 131}}, {{61, 127}}, {{67, 113}}, {{71, 109}},
    {{73, 107}},       {{79, 103}},    {{83, 101}}, {{89, 97}}};
static const struct group few_groups[] = {{{7, 11, 13}}, {{17, 19}}};
enum { FEW_TABLES = 2, AFTER_ALL = 167, AFTER_FEW = 23 };

static uint32_t group_period(const struct group *group) {
    uint32_t period = 1;
    for (int i = 0; i < 4 && group->primes[i]; i++)
        period *= group->primes[i];
    return period;
}

size_t pre_sieve_size(bool all) {
    size_t size = 0;
    for (unsigned t = 0; t < (all ? PRE_SIEVE_TABLES : FEW_TABLES); t++)
        size += group_period(&(all ? all_groups : few_groups)[t]) + PRE_SIEVE_RUN;
    return size;
}

void pre_sieve_make(struct pre_sieve *pre_sieve, bool all, void *memory) {
    pre_sieve->n_tables = all ? PRE_SIEVE_TABLES : FEW_TABLES;
    pre_sieve->first_prime = all ? AFTER_ALL : AFTER_FEW;
    uint8_t *table = memory;
    for (unsigned t = 0; t < pre_sieve->n_tables; t++) {
        const struct group *group = &(all ? all_groups : few_groups)[t];
        uint32_t period = group_period(group);
        memset(table, 0xff, period);
        /* From 1·p on: the primes themselves too, which walk_segment puts back. */
        for (int i = 0; i < 4 && group->primes[i]; i++) {
            uint32_t prime = group->primes[i];
            s30_cross_off(table, period, prime, s30_at(prime / 30, 0));
        }
        for (size_t done = period, size = period + PRE_SIEVE_RUN; done < size;) {
            size_t n = done < size - done ? done / period * period : size - done;
            memcpy(table + done, table, n);
            done += n;
        }
        pre_sieve->periods[t] = period;
        pre_sieve->tables[t] = table;
        table += period + PRE_SIEVE_RUN;
    }
}

/* Bits of the primes that pre-sieving, or their own first turn, crosses off: all in one word. */
static void put_back_primes(uint64_t *word, uint32_t first_prime) {
    static const uint8_t primes[] = {7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,  47,
                                     53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103,
                                     107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163};
    uint8_t *bytes = (uint8_t *)word;
    for (size_t i = 0; i < sizeof primes && (primes[i] < first_prime || primes[i] < 30); i++)
        bytes[primes[i] / WHEEL_BYTE] |= (uint8_t)(1u << wheel_bits[primes[i] % WHEEL_BYTE]);
}

static void pre_sieve_run(const struct walk *walk, size_t from, size_t to, uint64_t first_byte) {
    const struct pre_sieve *pre = walk->pre_sieve;
    while (from < to) {
        size_t n = to - from < PRE_SIEVE_RUN ? to - from : PRE_SIEVE_RUN;
        const uint8_t *tables[PRE_SIEVE_TABLES];
        for (unsigned t = 0; t < pre->n_tables; t++)
            tables[t] = pre->tables[t] + (first_byte + from) % pre->periods[t];
        walk->kernel->pre_sieve(walk->bytes + from, n, tables, pre->n_tables);
        from += n;
    }
}

static void pre_sieve_portable(uint8_t *bytes, size_t n, const uint8_t *const *from,
                               unsigned n_tables) {
    pre_sieve_plain(bytes, n, from, n_tables);
}

/* ---- turns ------------------------------------------------------------------------------- */

#define TURN_CROSS(r, w) at[a * (S30_RESIDUE(w) - 1) + S30_CARRY(r, w)] &= S30_KEEP(r, w);

/* Crosses off whole turns of primes 30a + r that begin before byte `end`. */
#define TURN_CLASS(r)                                                                              \
    static void cross_turns_##r(uint8_t *bytes, ptrdiff_t end, struct turn *turns, size_t n) {     \
        for (size_t i = 0; i < n; i++) {                                                           \
            size_t a = turns[i].a, turn = 30 * a + (r);                                            \
            uint8_t *at = bytes + turns[i].at + a, *stop = bytes + end + a;                        \
            while (at < stop) {                                                                    \
                TURN_CROSS(r, 0)                                                                   \
                TURN_CROSS(r, 1)                                                                   \
                TURN_CROSS(r, 2)                                                                   \
                TURN_CROSS(r, 3)                                                                   \
                TURN_CROSS(r, 4)                                                                   \
                TURN_CROSS(r, 5)                                                                   \
                TURN_CROSS(r, 6)                                                                   \
                TURN_CROSS(r, 7)                                                                   \
                at += turn;                                                                        \
            }                                                                                      \
            turns[i].at = (int32_t)(at - bytes - (ptrdiff_t)a);                                    \
        }                                                                                          \
    }

TURN_CLASS(1)
TURN_CLASS(7)
TURN_CLASS(11)
TURN_CLASS(13)
TURN_CLASS(17)
TURN_CLASS(19)
TURN_CLASS(23)
TURN_CLASS(29)

static void (*const cross_turns[8])(uint8_t *, ptrdiff_t, struct turn *, size_t) = {
    cross_turns_1,  cross_turns_7,  cross_turns_11, cross_turns_13,
    cross_turns_17, cross_turns_19, cross_turns_23, cross_turns_29};

void seek_turns_portable(struct turn *turns, size_t n, uint32_t r, uint64_t first_byte) {
    for (size_t i = 0; i < n; i++) {
        uint64_t p = 30 * (uint64_t)turns[i].a + r, square = p * turns[i].a;
        /* A turn begins where 30j·p is, byte j·p; the one of p² has j = a. */
        turns[i].at =
            square > first_byte ? (int32_t)(square - first_byte) : -(int32_t)(first_byte % p);
    }
}

/* ---- steps ------------------------------------------------------------------------------- */

/* clang-format off */
/* The 48 residues coprime to 210, each with the next. */
#define WHEEL_210(X, r) \
    X(r, 1, 11) X(r, 11, 13) X(r, 13, 17) X(r, 17, 19) X(r, 19, 23) X(r, 23, 29) \
    X(r, 29, 31) X(r, 31, 37) X(r, 37, 41) X(r, 41, 43) X(r, 43, 47) X(r, 47, 53) \
    X(r, 53, 59) X(r, 59, 61) X(r, 61, 67) X(r, 67, 71) X(r, 71, 73) X(r, 73, 79) \
    X(r, 79, 83) X(r, 83, 89) X(r, 89, 97) X(r, 97, 101) X(r, 101, 103) X(r, 103, 107) \
    X(r, 107, 109) X(r, 109, 113) X(r, 113, 121) X(r, 121, 127) X(r, 127, 131) X(r, 131, 137) \
    X(r, 137, 139) X(r, 139, 143) X(r, 143, 149) X(r, 149, 151) X(r, 151, 157) X(r, 157, 163) \
    X(r, 163, 167) X(r, 167, 169) X(r, 169, 173) X(r, 173, 179) X(r, 179, 181) X(r, 181, 187) \
    X(r, 187, 191) X(r, 191, 193) X(r, 193, 197) X(r, 197, 199) X(r, 199, 209) X(r, 209, 211)
/* clang-format on */

#define STEP_KEEP(r, k, next) (uint8_t) ~(1u << S30_BIT_OF((r) * (k) % 30)),
#define STEP_GAP(r, k, next) (next) - (k),
#define STEP_CARRY(r, k, next) (r) * (next) / 30 - (r) * (k) / 30,
#define STEP_TABLE(r)                                                                              \
    {                                                                                              \
        {WHEEL_210(STEP_KEEP, r)}, {WHEEL_210(STEP_GAP, r)}, {                                     \
            WHEEL_210(STEP_CARRY, r)                                                               \
        }                                                                                          \
    }

const struct step_table step_tables[8] = {STEP_TABLE(1),  STEP_TABLE(7),  STEP_TABLE(11),
                                          STEP_TABLE(13), STEP_TABLE(17), STEP_TABLE(19),
                                          STEP_TABLE(23), STEP_TABLE(29)};

const uint8_t to_wheel210[128] = {0, 8, 6, 4, 2, 0, 0, 2, 0, 0, 2, 0, 4, 2, 0, 0, 4, 2, 0, 2, 0,
                                  0, 2, 0, 4, 2, 0, 4, 2, 0, 0, 4, 2, 0, 2, 0, 0, 4, 2, 0, 2, 0,
                                  4, 2, 0, 6, 4, 2, 0, 2, 0, 0, 2, 0, 0, 2, 0, 6, 4, 2, 0, 4, 2,
                                  0, 2, 0, 4, 2, 0, 0, 2, 0, 4, 2, 0, 0, 4, 2, 0, 4, 2, 0, 2, 0,
                                  0, 2, 0, 4, 2, 0, 0, 4, 2, 0, 2, 0, 0, 2, 0, 0, 8, 6, 4, 2, 0};
const uint8_t wheel210_index[128] = {
    0,  1,  1,  1,  1,  1,  2,  3,  3,  4,  5,  5,  6,  6,  6,  7,  8,  8,  8,  9,  9,
    10, 11, 11, 12, 12, 12, 13, 13, 13, 14, 15, 15, 15, 16, 16, 17, 18, 18, 18, 19, 19,
    20, 20, 20, 21, 21, 21, 21, 22, 22, 23, 24, 24, 25, 26, 26, 27, 27, 27, 27, 28, 28,
    28, 29, 29, 30, 30, 30, 31, 32, 32, 33, 33, 33, 34, 35, 35, 35, 36, 36, 36, 37, 37,
    38, 39, 39, 40, 40, 40, 41, 42, 42, 42, 43, 43, 44, 45, 45, 46, 47, 47, 47, 47, 47};

/* A multiple of a prime: its distance from the segment's first number, and its k. */
struct multiple {
    uint64_t distance, k;
};

/* The first p·k >= 30·first_byte with an odd k >= p. Products may pass 2^64, distances do not. */
static struct multiple first_multiple(uint64_t p, uint64_t first_byte) {
    uint64_t start = 30 * first_byte, k = start / p;
    k += k * p != start;
    if (k < p)
        k = p;
    k |= 1;
    return (struct multiple){k * p - start, k};
}

void seek_steps_portable(uint32_t *bytes, uint32_t *steps, size_t n, uint32_t r,
                         uint64_t first_byte) {
    for (size_t i = 0; i < n; i++) {
        uint32_t a = steps[i] & ((1u << STEP_SHIFT) - 1);
        uint64_t p = 30 * (uint64_t)a + r;
        struct multiple first = first_multiple(p, first_byte);
        unsigned odd = (unsigned)(first.k % 210) / 2;
        bytes[i] = (uint32_t)((first.distance + p * to_wheel210[odd]) / 30);
        steps[i] = a | (uint32_t)wheel210_index[odd] << STEP_SHIFT;
    }
}

void cross_steps_portable(uint8_t *bytes, uint32_t n_bytes, uint32_t *positions, uint32_t *steps,
                          size_t n, unsigned class) {
    const struct step_table *table = &step_tables[class];
    for (size_t i = 0; i < n; i++) {
        uint32_t at = positions[i];
        if (at < n_bytes) {
            uint32_t a = steps[i] & ((1u << STEP_SHIFT) - 1), w = steps[i] >> STEP_SHIFT;
            do {
                bytes[at] &= table->keep[w];
                at += a * table->gap[w] + table->carry[w];
                w = w == WHEEL_STEPS - 1 ? 0 : w + 1;
            } while (at < n_bytes);
            steps[i] = a | w << STEP_SHIFT;
        }
        positions[i] = at - n_bytes;
    }
}

/* ---- large primes ------------------------------------------------------------------------ */

enum { HITS = 2048 };

void large_hits_portable(const uint64_t *words, uint64_t first_word, size_t n, uint64_t first_byte,
                         uint32_t n_bytes, void (*take)(void *user, const uint32_t *hits, size_t n),
                         void *user) {
    uint32_t hits[HITS];
    size_t n_hits = 0;
    uint64_t span = 30 * (uint64_t)n_bytes;
    for (size_t i = 0; i < n; i++)
        for (uint64_t bits = words[i]; bits; bits &= bits - 1) {
            uint64_t p = (first_word + i) * WHEEL_WORD + wheel_offsets[__builtin_ctzll(bits)];
            struct multiple first = first_multiple(p, first_byte);
            if (first.distance >= span)
                continue;
            unsigned residue = (unsigned)(first.k % 30), w = s30_wheel_index[residue];
            uint64_t distance = first.distance + p * s30_to_coprime[residue];
            for (; distance < span; w = (w + 1) % 8) {
                uint32_t byte = (uint32_t)(distance / 30);
                hits[n_hits++] = byte | (uint32_t)wheel_bits[distance - 30 * (uint64_t)byte]
                                            << HIT_BITS;
                distance += p * wheel_gaps[w];
                if (n_hits == HITS) {
                    take(user, hits, n_hits);
                    n_hits = 0;
                }
            }
        }
    take(user, hits, n_hits);
}

/* ---- levels ------------------------------------------------------------------------------ */

static void sum_portable(const uint64_t *words, uint64_t first_word, size_t n, uint64_t *count,
                         uint64_t *digest) {
    uint64_t bits = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        /* Counting in parallel fields, which the vectoriser can do without a popcount unit. */
        uint64_t x = words[i];
        x -= x >> 1 & 0x5555555555555555;
        x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
        x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
        bits += x * 0x0101010101010101 >> 56;
    }
    for (size_t i = 0; i < n; i++)
        sum += d64_word(words[i], first_word + i);
    *count += bits;
    *digest += sum;
}

size_t take_class_portable(const uint64_t *words, uint64_t first_word, size_t n, unsigned class,
                           uint32_t *out) {
    size_t taken = 0;
    for (size_t i = 0; i < n; i++)
        for (uint64_t bits = words[i] >> class & 0x0101010101010101; bits; bits &= bits - 1)
            out[taken++] = (uint32_t)(8 * (first_word + i)) + (uint32_t)__builtin_ctzll(bits) / 8;
    return taken;
}

static const struct sieve_kernel sieve_kernel_portable = {
    "none",
    pre_sieve_portable,
    take_class_portable,
    seek_turns_portable,
    seek_steps_portable,
    cross_steps_portable,
    sum_portable,

    large_hits_portable,
};

static const struct sieve_kernel *const kernels[] = {
    &sieve_kernel_portable,
#if defined(__x86_64__)
    &sieve_kernel_avx2,
    &sieve_kernel_avx512,
#endif
};

const struct sieve_kernel *sieve_kernel(const char *simd) {
    int level = cpu_simd_level(simd);
    return level < 0 ? NULL : kernels[level];
}

/* ---- walking ----------------------------------------------------------------------------- */

/* How many primes of class c are among the base's words [from, to). */
static size_t class_size(const struct sieve_base *base, size_t from, size_t to, unsigned c) {
    const uint64_t ones = UINT64_C(0x0101010101010101);
    size_t n = 0;
    while (from < to) {
        /* Bytes are added side by side, as often as none of them overflows. */
        size_t end = to - from < UINT8_MAX ? to : from + UINT8_MAX;
        uint64_t sums = 0;
        for (; from < end; from++)
            sums += base->words[from] >> c & ones;
        for (; sums; sums >>= 8)
            n += sums & UINT8_MAX;
    }
    return n;
}

/*
 * Words of the base that hold the primes of turns, and after them of steps; more is no harm. And up
 * to where they are.
 */
struct base_parts {
    size_t turns, steps;
    uint32_t limit;
};

static struct base_parts base_parts(const struct sieve_base *base, uint32_t limit) {
    if (limit > base->limit)
        limit = base->limit;
    uint32_t turns = limit < SEGMENT_TURN_LIMIT ? limit : SEGMENT_TURN_LIMIT,
             steps = limit < SEGMENT_STEP_LIMIT ? limit : SEGMENT_STEP_LIMIT;
    return (struct base_parts){sieve_base_words(turns), sieve_base_words(steps), limit};
}

static size_t class_bytes(size_t n_turns, size_t n_steps) {
    return round_up(n_turns * sizeof(struct turn), 64) +
           2 * round_up(n_steps * sizeof(uint32_t), 64);
}

size_t walk_size(const struct sieve_base *base, uint32_t limit, size_t segment_words) {
    struct base_parts parts = base_parts(base, limit);
    size_t size = 2 * PADDING + round_up(segment_words * 8, 64);
    for (unsigned c = 0; c < 8; c++)
        size += class_bytes(class_size(base, 0, parts.turns, c),
                            /* the word in which turns end and steps begin is in both */
                            class_size(base, parts.turns - 1, parts.steps, c) + STEP_VECTOR);
    return size;
}

uint32_t hybrid_limit(double numbers) {
    enum { LEAST = 1 << 9 };
    double limit = 0.3 * numbers;
    return limit < LEAST                ? LEAST
           : limit < SEGMENT_STEP_LIMIT ? (uint32_t)limit
                                        : SEGMENT_STEP_LIMIT;
}

/* Those of turns: up to `most`. */
static void take_turns(struct walk *walk, const struct sieve_base *base, uint32_t most,
                       size_t n_words) {
    enum { WORDS = SEGMENT_TURN_LIMIT / WHEEL_WORD + 1 };
    uint64_t words[WORDS];
    uint32_t a[8 * WORDS + STEP_VECTOR];
    memcpy(words, base->words, n_words * sizeof *words);
    wheel_trim(words, 0, n_words, walk->pre_sieve->first_prime, most);
    for (unsigned c = 0; c < 8; c++) {
        struct walk_class *class = &walk->classes[c];
        class->n_turns = walk->kernel->take_class(words, 0, n_words, c, a);
        for (size_t i = 0; i < class->n_turns; i++) {
            class->turns[i].a = a[i];
            class->block_turns += WHEEL_BYTE * a[i] + wheel_residues[c] < BLOCK_LIMIT;
        }
    }
}

/* Those of steps: from SEGMENT_TURN_LIMIT up to `most`, in words up to n_words. */
static void take_steps(struct walk *walk, const struct sieve_base *base, uint32_t most,
                       size_t n_words) {
    const size_t first = SEGMENT_TURN_LIMIT / WHEEL_WORD, last = n_words - 1;
    uint64_t ends[2] = {base->words[first], base->words[last]};
    wheel_trim(&ends[0], first, 1, SEGMENT_TURN_LIMIT, most);
    wheel_trim(&ends[1], last, 1, SEGMENT_TURN_LIMIT, most);
    for (unsigned c = 0; c < 8; c++) {
        struct walk_class *class = &walk->classes[c];
        size_t n = walk->kernel->take_class(&ends[0], first, 1, c, class->steps);
        if (last > first) {
            n += walk->kernel->take_class(base->words + first + 1, first + 1, last - first - 1, c,
                                          class->steps + n);
            n += walk->kernel->take_class(&ends[1], last, 1, c, class->steps + n);
        }
        class->n_steps = n;
    }
}

/* Shares the base's primes out to the classes. */
static void take_primes(struct walk *walk, const struct sieve_base *base, struct base_parts parts) {
    if (parts.limit >= walk->pre_sieve->first_prime)
        take_turns(walk, base,
                   parts.limit < SEGMENT_TURN_LIMIT ? parts.limit : SEGMENT_TURN_LIMIT - 1,
                   parts.turns);
    if (parts.limit >= SEGMENT_TURN_LIMIT)
        take_steps(walk, base,
                   parts.limit < SEGMENT_STEP_LIMIT ? parts.limit : SEGMENT_STEP_LIMIT - 1,
                   parts.steps);
}

void walk_init(struct walk *walk, const struct sieve_kernel *kernel,
               const struct pre_sieve *pre_sieve, const struct sieve_base *base, uint32_t limit,
               size_t segment_words, void *memory) {
    *walk = (struct walk){.kernel = kernel, .pre_sieve = pre_sieve, .next = UINT64_MAX};
    uint8_t *at = memory;
    walk->bytes = at + PADDING;
    at += 2 * PADDING + round_up(segment_words * 8, 64);
    struct base_parts parts = base_parts(base, limit);
    for (unsigned c = 0; c < 8; c++) {
        struct walk_class *class = &walk->classes[c];
        size_t n_turns = class_size(base, 0, parts.turns, c),
               n_steps = class_size(base, parts.turns - 1, parts.steps, c) + STEP_VECTOR;
        class->turns = (struct turn *)at;
        class->positions = (uint32_t *)(at + round_up(n_turns * sizeof(struct turn), 64));
        class->steps = class->positions + round_up(n_steps * sizeof(uint32_t), 64) / 4;
        at += class_bytes(n_turns, n_steps);
    }
    take_primes(walk, base, parts);
}

/* Lets primes begin whose squares are not above `last`: those up to its root. */
static void begin_primes(struct walk *walk, uint64_t first_byte, uint64_t last) {
    const uint32_t root = isqrt64(last);
    for (unsigned c = 0; c < 8; c++) {
        struct walk_class *class = &walk->classes[c];
        uint32_t r = wheel_residues[c];
        if (root < r)
            continue;
        uint32_t most_a = (root - r) / WHEEL_BYTE;
        size_t from = class->turns_begun, to = from;
        while (to < class->n_turns && class->turns[to].a <= most_a)
            to++;
        if (to > from)
            walk->kernel->seek_turns(class->turns + from, to - from, r, first_byte);
        class->turns_begun = to;
        from = class->steps_begun;
        to = class->n_steps;
        for (size_t low = from; low < to;) { /* there may be a million */
            size_t middle = low + (to - low) / 2;
            if ((class->steps[middle] & ((1u << STEP_SHIFT) - 1)) > most_a)
                to = middle;
            else
                low = middle + 1;
        }
        if (to > from)
            walk->kernel->seek_steps(class->positions + from, class->steps + from, to - from, r,
                                     first_byte);
        class->steps_begun = to;
    }
}

static void cross_off_turns(struct walk *walk, size_t n_bytes, uint64_t first_byte) {
    size_t pre_sieved = 0;
    for (size_t block = 0; block < n_bytes; block += BLOCK_BYTES) {
        size_t end = n_bytes - block < BLOCK_BYTES ? n_bytes : block + BLOCK_BYTES;
        /* Turns reach past the block's end: what they meet there must have its patterns already. */
        size_t ahead = n_bytes - end < BLOCK_LIMIT ? n_bytes : end + BLOCK_LIMIT;
        pre_sieve_run(walk, pre_sieved, ahead, first_byte);
        pre_sieved = ahead;
        for (unsigned c = 0; c < 8; c++) {
            struct walk_class *class = &walk->classes[c];
            size_t n =
                class->block_turns < class->turns_begun ? class->block_turns : class->turns_begun;
            cross_turns[c](walk->bytes, (ptrdiff_t)end, class->turns, n);
        }
    }
    for (unsigned c = 0; c < 8; c++) {
        struct walk_class *class = &walk->classes[c];
        if (class->turns_begun > class->block_turns)
            cross_turns[c](walk->bytes, (ptrdiff_t)n_bytes, class->turns + class->block_turns,
                           class->turns_begun - class->block_turns);
        /* The turn that reached past the end is done again, for what it meets in the next segment.
         */
        for (size_t i = 0; i < class->turns_begun; i++)
            class->turns[i].at -= (int32_t)(n_bytes + 30 * class->turns[i].a + wheel_residues[c]);
    }
}

uint64_t *walk_segment(struct walk *walk, uint64_t first_word, size_t n_words) {
    size_t n_bytes = n_words * 8;
    uint64_t first_byte = first_word * 8;
    if (first_word != walk->next)
        for (unsigned c = 0; c < 8; c++)
            walk->classes[c].turns_begun = walk->classes[c].steps_begun = 0;
    begin_primes(walk, first_byte,
                 s30_last(first_word * WHEEL_WORD, (uint64_t)n_words * WHEEL_WORD));
    cross_off_turns(walk, n_bytes, first_byte);
    for (unsigned c = 0; c < 8; c++) {
        struct walk_class *class = &walk->classes[c];
        if (class->steps_begun)
            walk->kernel->cross_steps(walk->bytes, (uint32_t)n_bytes, class->positions,
                                      class->steps, class->steps_begun, c);
    }
    uint64_t *words = (uint64_t *)walk->bytes;
    if (first_word == 0) {
        words[0] &= ~UINT64_C(1); /* 1 is not prime */
        put_back_primes(words, walk->pre_sieve->first_prime);
    }
    walk->next = first_word + n_words;
    return words;
}
