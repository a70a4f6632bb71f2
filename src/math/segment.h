/*
 * The CPU's segmented sieve: what one thread does, segment after segment of a range. It carries
 * every sieving prime's position from one segment to the next, so that only the first segment
 * after a jump pays for finding it.
 *
 * Sieving primes fall into four kinds, each with a loop of its own:
 *
 * pre-sieved: up to 163, or 19, as periodic patterns that are AND-ed.
 *
 * Turns: below SEGMENT_TURN_LIMIT a prime p = 30a + r crosses off whole turns of the wheel, 8
 * multiples in p bytes, from constants of its class r. Turns may reach out of the segment on both
 * sides, into padding, so that no turn needs a beginning or an end.
 *
 * Steps: below SEGMENT_STEP_LIMIT multiples are found one by one, on a wheel of 210, many primes at
 * a time, put into a list and then crossed off.
 *
 * Large: the rest, which hit a segment seldom, are not part of a walk. They are made when they are
 * needed, by a walk over the base primes themselves, and each finds its multiples in a long stretch
 * of memory at once (large_hits).
 *
 * Pure functions but for what `struct walk` says; the caller brings all memory.
 */
#ifndef PARPRIME_MATH_SEGMENT_H
#define PARPRIME_MATH_SEGMENT_H

#include "math/sieve.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SEGMENT_TURN_LIMIT = 1 << 16,
    SEGMENT_STEP_LIMIT = 1 << 24,
    /* Where a multiple of a large prime is: its byte, and its bit above. */
    HIT_BITS = 27,
    HIT_MOST_BYTES = 1 << HIT_BITS,
    STEP_VECTOR = 16, /* primes for steps are worked on in vectors of so many */
    HIT_FREE = 61     /* multiples of primes up to this may be left out: they are half of all */
};

/* ---- shared by all threads, read only ---- */

enum { PRE_SIEVE_TABLES = 16, PRE_SIEVE_RUN = 4096 };

/* The patterns of the smallest primes, each PRE_SIEVE_RUN longer than its period. */
struct pre_sieve {
    unsigned n_tables;    /* 2, or all of them */
    uint32_t first_prime; /* the least that they leave to be crossed off */
    uint32_t periods[PRE_SIEVE_TABLES];
    uint8_t *tables[PRE_SIEVE_TABLES];
};

/*
 * All tables take 0.1 ms to make and are worth it for many a segment; the two that there are else,
 * a microsecond. They lie in `memory`, of pre_sieve_size bytes.
 */
size_t pre_sieve_size(bool all);
void pre_sieve_make(struct pre_sieve *pre_sieve, bool all, void *memory);

/* ---- a level's code ---- */

/* A prime 30a + r that crosses off in turns: where its turn begins. */
struct turn {
    uint32_t a;
    int32_t at; /* byte of the segment, up to a turn before it */
};

struct sieve_kernel {
    const char *simd;
    /* bytes[i] = the AND of from[t][i] over n_tables tables. */
    void (*pre_sieve)(uint8_t *bytes, size_t n, const uint8_t *const *from, unsigned n_tables);
    /*
     * The a of each prime 30a + r, r of index `class`, in base words [first_word, first_word + n),
     * ascending. Returns how many; what is in the STEP_VECTOR - 1 places behind is undefined.
     */
    size_t (*take_class)(const uint64_t *words, uint64_t first_word, size_t n, unsigned class,
                         uint32_t *out);
    /*
     * Positions of primes 30a + r for a segment that begins at byte first_byte of the wheel: the
     * turn before it, or the one that the prime's square is in.
     */
    void (*seek_turns)(struct turn *turns, size_t n, uint32_t r, uint64_t first_byte);
    /*
     * The same for steps: the byte of the first multiple p·k, k >= p coprime to 210, and in
     * steps[i] above the prime's a the index of k on the wheel of 210. The square of p is not
     * above the segment's end.
     */
    void (*seek_steps)(uint32_t *bytes, uint32_t *steps, size_t n, uint32_t r, uint64_t first_byte);
    /*
     * Crosses off the multiples that primes 30a + r, r of index `class`, have in bytes [0,
     * n_bytes), and moves their positions on to the next segment.
     */
    void (*cross_steps)(uint8_t *bytes, uint32_t n_bytes, uint32_t *positions, uint32_t *steps,
                        size_t n, unsigned class);
    /* Adds to count and digest those of words [first_word, first_word + n). */
    void (*sum)(const uint64_t *words, uint64_t first_word, size_t n, uint64_t *count,
                uint64_t *digest);
    /*
     * For each prime of base words [first_word, first_word + n): the multiples p·k, k >= p, that
     * have a bit in the stretch of n_bytes from first_byte on. Gives them to `take` in pieces, in
     * no order. n_bytes <= HIT_MOST_BYTES. What has a factor from 7 to HIT_FREE may be left out: a
     * walk crosses it off. (Nor need the words' numbers be primes; composite ones only cost time.)
     */
    void (*large_hits)(const uint64_t *words, uint64_t first_word, size_t n, uint64_t first_byte,
                       uint32_t n_bytes, void (*take)(void *user, const uint32_t *hits, size_t n),
                       void *user);
};

/* The highest level that this machine can run and that is not above `simd`; as batch_kernel. */
const struct sieve_kernel *sieve_kernel(const char *simd);

/* ---- one thread's walk ---- */

struct walk {
    const struct sieve_kernel *kernel;
    const struct pre_sieve *pre_sieve;
    uint8_t *bytes; /* the segment, with padding on both sides */
    struct walk_class {
        struct turn *turns;
        uint32_t *positions, *steps;
        size_t n_turns, n_steps;
        /* Those whose squares have been reached, from the least on: the others wait. */
        size_t turns_begun, steps_begun;
        size_t block_turns; /* crossed off block by block */
    } classes[8];
    uint64_t next; /* the word that the next segment begins at, if nobody jumps */
};

/*
 * Bytes of memory (aligned to 64) for a walk of segments of at most segment_words words by the
 * base's primes up to `limit`, of which those from SEGMENT_STEP_LIMIT on are left out.
 */
size_t walk_size(const struct sieve_base *base, uint32_t limit, size_t segment_words);

void walk_init(struct walk *walk, const struct sieve_kernel *kernel,
               const struct pre_sieve *pre_sieve, const struct sieve_base *base, uint32_t limit,
               size_t segment_words, void *memory);

/*
 * Sieves words [first_word, first_word + n_words): clears the bits of 1 and of all that has a
 * factor among the walk's primes, except these themselves. Returns the words, which hold until
 * the next call; the caller may change them. Cheapest where the last call ended.
 */
uint64_t *walk_segment(struct walk *walk, uint64_t first_word, size_t n_words);

/*
 * Up to which prime to cross off, when what is left of so many numbers is then tested one by one. A
 * prime more is worth it while its position, some 5 ns, costs less than the tests that it saves:
 * with the density of what is left, up to about a third of the numbers.
 */
uint32_t hybrid_limit(double numbers);

/* The portable kernel's functions, for levels that have nothing better. */
size_t take_class_portable(const uint64_t *words, uint64_t first_word, size_t n, unsigned class,
                           uint32_t *out);
void seek_turns_portable(struct turn *turns, size_t n, uint32_t r, uint64_t first_byte);
void seek_steps_portable(uint32_t *bytes, uint32_t *steps, size_t n, uint32_t r,
                         uint64_t first_byte);
void cross_steps_portable(uint8_t *bytes, uint32_t n_bytes, uint32_t *positions, uint32_t *steps,
                          size_t n, unsigned class);
void large_hits_portable(const uint64_t *words, uint64_t first_word, size_t n, uint64_t first_byte,
                         uint32_t n_bytes, void (*take)(void *user, const uint32_t *hits, size_t n),
                         void *user);

extern const struct sieve_kernel sieve_kernel_avx2, sieve_kernel_avx512;

/* The wheel of 210, for one class of primes: what a step does from index w on. */
enum { WHEEL_STEPS = 48, STEP_SHIFT = 24 };
struct step_table {
    uint8_t keep[64];  /* all bits but the multiple's */
    uint8_t gap[64];   /* to the next k */
    uint8_t carry[64]; /* bytes that the multiple moves on besides a·gap */
};
extern const struct step_table step_tables[8];

/* From an odd k to the next one coprime to 210: by k mod 210 / 2, the distance and the index. */
extern const uint8_t to_wheel210[128], wheel210_index[128];

#endif
