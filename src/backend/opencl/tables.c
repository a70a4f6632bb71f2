/*
 * What sieving kernels are given: the sieving primes in the order in which they want them, and the
 * patterns of the smallest.
 */
#include "backend/opencl/run.h"

#include "base/round.h"
#include "math/decode.h"
#include "math/sieve.h"
#include "math/trial.h"
#include "math/wheel.h"

#include <stdlib.h>
#include <string.h>

/*
 * For CPU devices: with PoCL 3.1 on one Zen 4 core (1 MiB of L2),
 * `parprime count 1e13 1e13+1e9 --backend opencl --method sieve -t 1` took 0.31, 0.30, 0.31 and
 * 0.31 s with pieces of 384, 512, 768 and 1024 KiB, and with turns up to 2^17, 2^18 and 2^19 0.40,
 * 0.30 and 0.31 s. In turn with each other, 512 and 1024 KiB took 0.29 to 0.40 and 0.28 s there,
 * 0.52 and 0.47 s from 10^14, and 0.27 s both for [0, 3e9]. Above SEGMENT_LIMIT the states alone
 * outgrow what a core's share of memory should be.
 */
enum {
    SEGMENT_BYTES = 512 << 10,
    LONG_SEGMENT_BYTES = 1 << 20, /* where many primes have few multiples in a piece: */
    LONG_SEGMENT_FROM = 1 << 20,  /* base primes beyond this */
    TURN_LIMIT = 1 << 18,
    SEGMENT_LIMIT = 1 << 24,
    TESTED_BYTES = 64 << 10, /* of a piece whose bits are tested, which takes long */
    ITEMS_PER_UNIT = 1,      /* of the device */
    BLOCK_LIMIT = 32768,     /* primes below go over a block at a time: PP_BLOCK_BYTES */
    PATTERNS = 18,           /* of two primes each: PP_PATTERNS */
    LARGEST_PATTERN = 167,
    CHUNK = 128 /* PP_CHUNK */
};

/*
 * For GPUs, reckoned and not yet measured on one: 32 KiB are what lets 48 KiB of local memory hold
 * a tile and the queues; a prime up to 2^20 costs a tile some 30 instructions, and beyond that less
 * in global memory.
 */
enum {
    TILE_BYTES = 32 << 10, /* halved until it fits */
    EIGHT_LIMIT = 1 << 10, /* primes below have an item for each residue, */
    ONE_TILES = 2,         /* and below two tiles' bytes one goes through the residues */
    TILE_LIMIT = 1 << 20,
    MASKED = 27, /* PP_MASKED */
    SUMMED = 16  /* bytes of local memory for an item's sums, beside a tile */
};

/* Primes up to here are always crossed off in pieces. */
static const uint32_t LEAST_LIMIT = 1 << 15;

static const uint32_t pattern_primes[PATTERNS][2] = {
    {7, 163},  {11, 157}, {13, 151}, {17, 149}, {19, 139}, {23, 137},
    {29, 131}, {31, 127}, {37, 113}, {41, 109}, {43, 107}, {47, 103},
    {53, 101}, {59, 97},  {61, 89},  {67, 83},  {71, 79},  {73, 167}};

static const uint32_t masked_primes[MASKED] = {7,  11, 13, 17, 19,  23,  29,  31,  37,
                                               41, 43, 47, 53, 59,  61,  67,  71,  73,
                                               79, 83, 89, 97, 101, 103, 107, 109, 113};

/* Clears the bits of the multiples of p in a bitmap that begins at a multiple of it. */
static void cross_off(uint8_t *bytes, size_t n, uint32_t p) {
    for (int w = 0; w < 8 && p > 1; w++) {
        uint32_t product = p * wheel_residues[w];
        uint8_t keep = (uint8_t) ~(1u << wheel_bits[product % WHEEL_BYTE]);
        for (size_t i = product / WHEEL_BYTE; i < n; i += p)
            bytes[i] &= keep;
    }
}

/* ---- the lists of primes ---- */

typedef void (*visit_prime)(void *user, uint32_t prime);

/* Visits the base primes in (above, limit], in order. */
static void each_prime(const struct sieve_base *base, uint32_t above, uint32_t limit,
                       visit_prime visit, void *user) {
    uint64_t n_words = sieve_base_words(limit < base->limit ? limit : base->limit), found[512];
    size_t n;
    for (uint64_t word = above / WHEEL_WORD; word < n_words;) {
        word += decode_portable(base->words + word, (size_t)(n_words - word), word, found, 512, &n);
        for (size_t i = 0; i < n; i++)
            if (found[i] > above && found[i] <= limit)
                visit(user, (uint32_t)found[i]);
    }
}

/* Twenty-four lists one behind the other: three kinds by size, and in each eight classes. */
struct class_lists {
    uint32_t ends[24];
    uint32_t *primes;
    uint32_t largest_turn;
};

static unsigned list_of(uint32_t prime) {
    unsigned kind = prime < BLOCK_LIMIT ? 0 : prime < TURN_LIMIT ? 1 : 2;
    return kind * 8 + wheel_bits[prime % WHEEL_BYTE];
}

static void count_by_class(void *user, uint32_t prime) {
    struct class_lists *lists = user;
    lists->ends[list_of(prime)]++;
    if (prime < TURN_LIMIT)
        lists->largest_turn = prime;
}

static void add_by_class(void *user, uint32_t prime) {
    struct class_lists *lists = user;
    lists->primes[lists->ends[list_of(prime)]++] = prime;
}

/* For tiles, a pair each: the prime and floor(2^32 / prime). */
struct pairs {
    uint32_t *at;
    uint32_t n, n_by_eight, n_by_one, tile_bytes;
};

static void count_pair(void *user, uint32_t prime) {
    struct pairs *pairs = user;
    pairs->n++;
    if (prime < EIGHT_LIMIT && prime < pairs->tile_bytes)
        pairs->n_by_eight = pairs->n;
    if (prime < ONE_TILES * pairs->tile_bytes)
        pairs->n_by_one = pairs->n;
}

static void add_pair(void *user, uint32_t prime) {
    struct pairs *pairs = user;
    pairs->at[2 * pairs->n] = prime;
    pairs->at[2 * pairs->n++ + 1] = (uint32_t)((UINT64_C(1) << 32) / prime);
}

/* ---- for segments.cl ---- */

static pp_status make_segment_patterns(struct run *run) {
    struct sieving *sieving = &run->sieving;
    uint32_t periods[PATTERNS];
    size_t bytes = 0;
    for (int i = 0; i < PATTERNS; i++) {
        periods[i] = pattern_primes[i][0] * pattern_primes[i][1];
        bytes += periods[i] + CHUNK;
    }
    uint8_t *patterns = malloc(bytes);
    if (!patterns)
        return PP_ERR_MEMORY;
    memset(patterns, 0xff, bytes);
    uint8_t *pattern = patterns;
    for (int i = 0; i < PATTERNS; i++) {
        cross_off(pattern, periods[i] + CHUNK, pattern_primes[i][0]);
        cross_off(pattern, periods[i] + CHUNK, pattern_primes[i][1]);
        pattern += periods[i] + CHUNK;
    }
    pp_status status = make_table(run, patterns, bytes, &sieving->patterns);
    free(patterns);
    return status == PP_OK ? make_table(run, periods, sizeof periods, &sieving->periods) : status;
}

static pp_status make_segments(struct run *run) {
    struct sieving *sieving = &run->sieving;
    const struct opencl *opencl = run->opencl;
    const struct sieve_base *base = run->job->base;
    struct class_lists lists = {.primes = NULL};
    each_prime(base, LARGEST_PATTERN, sieving->limit, count_by_class, &lists);
    for (int i = 0; i < 24; i++) {
        uint32_t n = lists.ends[i];
        lists.ends[i] = sieving->n_primes; /* its beginning, for now */
        sieving->n_primes += n;
    }
    lists.primes = malloc((sieving->n_primes + 1) * sizeof *lists.primes);
    if (!lists.primes)
        return PP_ERR_MEMORY;
    each_prime(base, LARGEST_PATTERN, sieving->limit, add_by_class, &lists);
    pp_status status = make_table(run, lists.primes, sieving->n_primes * 4, &sieving->primes);
    free(lists.primes);
    if (status == PP_OK)
        status = make_table(run, lists.ends, sizeof lists.ends, &sieving->ends);
    if (status == PP_OK)
        status = make_segment_patterns(run);

    uint64_t bytes = sieving->tests                       ? TESTED_BYTES
                     : sieving->limit > LONG_SEGMENT_FROM ? LONG_SEGMENT_BYTES
                                                          : SEGMENT_BYTES;
    sieving->piece_words = bytes / 8;
    if (sieving->piece_words > run->unit_words)
        sieving->piece_words = run->unit_words;
    sieving->pad = (uint32_t)round_up(lists.largest_turn + 1, CHUNK);
    /* States, the front, a piece, what waits behind it, and the chunk that each may run over. */
    sieving->scratch_bytes = round_up(sieving->n_primes * 4, 64) + 2 * sieving->pad +
                             round_up(sieving->piece_words * 8, CHUNK) + 2 * CHUNK;
    sieving->n_items = (uint64_t)opencl->units * ITEMS_PER_UNIT;
    while (sieving->n_items > 1 &&
           sieving->n_items * sieving->scratch_bytes > opencl->max_allocation / 4)
        sieving->n_items /= 2;
    return status;
}

/* ---- for tiles.cl ---- */

static pp_status make_tile_patterns(struct run *run) {
    size_t bytes = 0;
    for (int i = 0; i < MASKED; i++)
        bytes += 4 * masked_primes[i];
    uint8_t *patterns = malloc(bytes);
    if (!patterns)
        return PP_ERR_MEMORY;
    memset(patterns, 0xff, bytes);
    uint8_t *pattern = patterns;
    for (int i = 0; i < MASKED; i++) {
        cross_off(pattern, 4 * masked_primes[i], masked_primes[i]);
        pattern += 4 * masked_primes[i];
    }
    pp_status status = make_table(run, patterns, bytes, &run->sieving.patterns);
    free(patterns);
    return status;
}

static pp_status make_tiles(struct run *run) {
    struct sieving *sieving = &run->sieving;
    const struct opencl *opencl = run->opencl;
    const struct sieve_base *base = run->job->base;
    sieving->work_bytes = (sieving->tests ? QUEUED : SUMMED) * opencl->group_size;
    uint64_t tile_bytes = TILE_BYTES;
    while (tile_bytes + sieving->work_bytes + LENGTHS > opencl->local_bytes && tile_bytes > 64)
        tile_bytes /= 2;
    sieving->piece_words = tile_bytes / 8;

    struct pairs pairs = {
        .n = MASKED, .n_by_eight = MASKED, .n_by_one = MASKED, .tile_bytes = (uint32_t)tile_bytes};
    each_prime(base, masked_primes[MASKED - 1], sieving->limit, count_pair, &pairs);
    sieving->n_primes = pairs.n;
    sieving->n_by_eight = pairs.n_by_eight;
    sieving->n_by_one = pairs.n_by_one;
    pairs.at = malloc(pairs.n * 2 * sizeof *pairs.at);
    if (!pairs.at)
        return PP_ERR_MEMORY;
    pairs.n = 0;
    for (int i = 0; i < MASKED; i++)
        add_pair(&pairs, masked_primes[i]);
    each_prime(base, masked_primes[MASKED - 1], sieving->limit, add_pair, &pairs);
    pp_status status = make_table(run, pairs.at, (uint64_t)pairs.n * 8, &sieving->primes);
    free(pairs.at);
    return status == PP_OK ? make_tile_patterns(run) : status;
}

/* ---- both ---- */

/*
 * What was crossed off as its own multiple: the primes of the patterns and of the lists. The base
 * may end inside the first word, whose primes are all needed.
 */
static pp_status make_restored(struct run *run) {
    struct sieving *sieving = &run->sieving;
    const struct sieve_base *base = run->job->base;
    sieving->n_restored = sieve_base_words(sieving->limit);
    uint64_t *words = malloc(sieving->n_restored * sizeof *words);
    if (!words)
        return PP_ERR_MEMORY;
    memcpy(words, base->words, sieving->n_restored * sizeof *words);
    sieve_plain(words, 1);
    pp_status status =
        make_table(run, words, sieving->n_restored * sizeof *words, &sieving->restored);
    free(words);
    return status;
}

pp_status make_sieving(struct run *run) {
    struct sieving *sieving = &run->sieving;
    const struct job *job = run->job;
    uint32_t base = job->base->limit, root = isqrt64(job->hi);
    uint32_t most = run->opencl->cpu_variant ? SEGMENT_LIMIT : TILE_LIMIT;
    /* Primes beyond the length of the job meet it once or not at all: a place to start is all. */
    uint64_t length = job_size(job) > LEAST_LIMIT ? job_size(job) : LEAST_LIMIT;
    sieving->limit = base < most ? base : most;
    if (sieving->limit > length)
        sieving->limit = (uint32_t)length;
    sieving->tests = job->method == PP_METHOD_HYBRID && base < root;
    sieving->large = !sieving->tests && base > sieving->limit;
    pp_status status = run->opencl->cpu_variant ? make_segments(run) : make_tiles(run);
    if (status != PP_OK)
        return status; /* before pieces have a size */
    sieving->pieces_per_unit = (run->unit_words + sieving->piece_words - 1) / sieving->piece_words;
    return make_restored(run);
}

void release_sieving(struct sieving *sieving) {
    release_buffer(&sieving->primes);
    release_buffer(&sieving->patterns);
    release_buffer(&sieving->restored);
    release_buffer(&sieving->ends);
    release_buffer(&sieving->periods);
}
