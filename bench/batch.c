/*
 * Testing batches against FLINT, PARI and GMP, in one process: the same numbers from memory,
 * contestants taking turns, all answers compared. Prints medians of the time a number and the
 * ratio of FLINT's to each, as a Markdown table; exits 3 when answers differ.
 *
 * Usage: bench_batch [--runs N] [--scale K] [--sets i,iv] [--peer NAME:LIBRARY.so:SYMBOL]...
 *                    [--library-file FILE]
 *
 *   --runs N     timed runs of each contestant, after one that is not timed (5)
 *   --scale K    a Kth of the numbers, to try it out (1)
 *   --sets LIST  of i, ii, iii, iv, v (all)
 *   --peer       one more contestant: int SYMBOL(uint64_t), nonzero for primes; a newer FLINT is
 *                --peer flint-3:FOLDER/libflint.so:n_is_prime
 *   --library-file  only the time of pp_test on the 64-bit words of a file, on all cores
 *
 * The sets: 2·10^7 numbers, of those that are all primes 2·10^6. One thread is pinned to a core;
 * what is said of several threads is not. PARI, GMP and --peer get the first 2·10^6 numbers.
 */
#include "measure/environment.h"
#include "measure/stats.h"

#include <dlfcn.h>
#include <flint/flint.h>
#include <flint/ulong_extras.h>
#include <gmp.h>
#include <pari/pari.h>
#include <parprime.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#undef min
#undef max

enum { MOST_CONTESTANTS = 24, MOST_RUNS = 100, NUMBERS = 20000000, FEW = 2000000 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void die(const char *what) {
    fprintf(stderr, "bench_batch: %s\n", what);
    exit(6);
}

/* ---- the sets ------------------------------------------------------------------------------- */

/* splitmix64 (G. L. Steele, D. Lea and C. H. Flood, OOPSLA 2014). */
static uint64_t random_state;
static uint64_t random_u64(void) {
    uint64_t z = random_state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static uint64_t odd_64(void) {
    return ((UINT64_C(1) << 62) + random_u64() % (UINT64_C(3) << 62)) | 1;
}
static uint64_t odd_44(void) {
    return (UINT64_C(10000000000000) + random_u64() % UINT64_C(10000000000)) | 1;
}
static uint64_t prime_63(void) {
    uint64_t n = ((UINT64_C(1) << 63) - (UINT64_C(1) << 40) + (random_u64() >> 23)) | 1;
    while (!pp_is_prime(n))
        n += 2;
    return n;
}
static uint64_t prime_44(void) {
    uint64_t n = odd_44();
    while (!pp_is_prime(n))
        n = odd_44();
    return n;
}
static uint64_t any_32(void) {
    return random_u64() >> 32;
}

static const struct set {
    const char *name, *what;
    uint64_t (*draw)(void);
    size_t n;
} sets[] = {{"i", "random odd numbers in 2^62…2^64", odd_64, NUMBERS},
            {"ii", "random odd numbers in 10^13…10^13+10^10", odd_44, NUMBERS},
            {"iii", "random primes within 2^40 of 2^63", prime_63, FEW},
            {"iv", "random primes in 10^13…10^13+10^10", prime_44, FEW},
            {"v", "random numbers below 2^32, even ones too", any_32, NUMBERS}};

/* ---- the contestants ------------------------------------------------------------------------ */

struct contestant {
    char name[64];
    pp_session *session;    /* ours */
    bool (*test)(uint64_t); /* or one number at a time */
    int (*peer)(uint64_t);  /* or of a library loaded */
    bool pinned;
    size_t most; /* numbers it gets */
    double seconds[MOST_RUNS];
};
static struct contestant contestants[MOST_CONTESTANTS];
static size_t n_contestants;

static bool by_flint(uint64_t n) {
    return n_is_prime(n);
}
static bool by_pari(uint64_t n) {
    return uisprime(n);
}
static bool by_gmp(uint64_t n) {
    static mpz_t z;
    static bool made;
    if (!made)
        mpz_init(z);
    made = true;
    mpz_set_ui(z, n);
    return mpz_probab_prime_p(z, 25) != 0;
}

static struct contestant *contestant(const char *name, size_t most, bool pinned) {
    if (n_contestants == MOST_CONTESTANTS)
        die("too many contestants");
    struct contestant *c = &contestants[n_contestants++];
    *c = (struct contestant){.most = most, .pinned = pinned};
    snprintf(c->name, sizeof c->name, "%s", name);
    return c;
}

static void ours(const char *name, pp_session_options options, bool pinned) {
    options.method = PP_METHOD_MR;
    pp_session *session;
    pp_error error;
    if (pp_session_open(&options, &session, &error) != PP_OK) {
        fprintf(stderr, "%s: %s\n", name, error.message);
        return;
    }
    uint64_t one = 1, bit;
    if (options.simd && (pp_test(session, &one, 1, &bit) != PP_OK ||
                         strcmp(pp_session_result(session)->simd, options.simd) != 0)) {
        fprintf(stderr, "%s: there is no such code yet\n", name);
        pp_session_close(session);
        return;
    }
    contestant(name, NUMBERS, pinned)->session = session;
}

static void add_ours(void) {
    ours("parprime, portable C", (pp_session_options){.backend = "serial", .simd = "none"}, true);
    ours("parprime, AVX2", (pp_session_options){.backend = "serial", .simd = "avx2"}, true);
    ours("parprime, AVX-512", (pp_session_options){.backend = "serial", .simd = "avx512"}, true);
    ours("parprime, 2 threads", (pp_session_options){.backend = "openmp", .threads = 2}, false);
    pp_device devices[16];
    size_t n = 0;
    pp_devices(devices, 16, &n);
    for (size_t i = 0; i < n && i < 16; i++)
        if (devices[i].usable && strcmp(devices[i].backend, "opencl") == 0) {
            char name[64];
            snprintf(name, sizeof name, "parprime, OpenCL %s, %.30s", devices[i].kind,
                     devices[i].name);
            ours(name, (pp_session_options){.backend = "opencl", .device = devices[i].id}, false);
        }
    contestant("parprime, pp_is_prime", FEW, true)->test = pp_is_prime;
}

static void add_peer(char *words) {
    char *library = strchr(words, ':'), *symbol = library ? strchr(library + 1, ':') : NULL;
    if (!symbol)
        die("--peer takes NAME:LIBRARY.so:SYMBOL");
    *library++ = *symbol++ = '\0';
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    void *function = handle ? dlsym(handle, symbol) : NULL;
    if (!function)
        die(dlerror());
    struct contestant *c = contestant(words, FEW, true);
    memcpy(&c->peer, &function, sizeof function);
}

/* ---- running -------------------------------------------------------------------------------- */

static cpu_set_t all_cores, one_core;

static void choose_core(void) {
    sched_getaffinity(0, sizeof all_cores, &all_cores);
    CPU_ZERO(&one_core);
    for (size_t i = CPU_SETSIZE; i-- > 0 && CPU_COUNT(&one_core) == 0;)
        if (CPU_ISSET(i, &all_cores))
            CPU_SET(i, &one_core);
}

static double run(const struct contestant *c, const uint64_t *numbers, size_t n, uint64_t *bitmap) {
    sched_setaffinity(0, sizeof(cpu_set_t), c->pinned ? &one_core : &all_cores);
    memset(bitmap, 0, (n / 64 + 1) * sizeof *bitmap);
    double begin = now();
    if (c->session) {
        if (pp_test(c->session, numbers, n, bitmap) != PP_OK)
            die(pp_session_error(c->session)->message);
    } else {
        for (size_t i = 0; i < n; i++)
            if (c->test ? c->test(numbers[i]) : c->peer(numbers[i]) != 0)
                bitmap[i / 64] |= UINT64_C(1) << i % 64;
    }
    return now() - begin;
}

static void compare_answers(const struct contestant *c, const uint64_t *numbers, size_t n,
                            const uint64_t *bitmap, const uint64_t *expected) {
    for (size_t i = 0; i < n; i++)
        if ((bitmap[i / 64] ^ expected[i / 64]) >> i % 64 & 1) {
            fprintf(stderr, "%s and %s differ about %llu\n", c->name, contestants[0].name,
                    (unsigned long long)numbers[i]);
            exit(3);
        }
}

static void bench_set(const struct set *set, size_t scale, size_t runs) {
    size_t n = set->n / scale;
    uint64_t *numbers = malloc(n * sizeof *numbers), sum = 0;
    uint64_t *bitmap = malloc((n / 64 + 1) * sizeof *bitmap);
    uint64_t *expected = malloc((n / 64 + 1) * sizeof *expected);
    if (!numbers || !bitmap || !expected)
        die("no memory");
    random_state = 20261124;
    for (size_t i = 0; i < n; i++)
        sum = sum * 31 + (numbers[i] = set->draw());
    /* Round 0 is not timed; the first contestant's answers are what all others are held against. */
    for (size_t r = 0; r <= runs; r++)
        for (size_t k = 0; k < n_contestants; k++) {
            struct contestant *c = &contestants[r ? (k + r) % n_contestants : k];
            size_t its = c->most / scale < n ? c->most / scale : n;
            double seconds = run(c, numbers, its, bitmap);
            if (r)
                c->seconds[r - 1] = seconds * 1e9 / (double)its;
            else if (k == 0)
                memcpy(expected, bitmap, (n / 64 + 1) * sizeof *bitmap);
            if (r == 0)
                compare_answers(c, numbers, its, bitmap, expected);
        }
    printf("\n(%s) %s, checksum %016llx\n\n", set->name, set->what, (unsigned long long)sum);
    printf("| | numbers | ns a number, median | least … most | FLINT / this "
           "|\n|---|--:|--:|--:|--:|\n");
    struct summary flint = summarise(contestants[0].seconds, runs);
    for (size_t k = 0; k < n_contestants; k++) {
        struct contestant *c = &contestants[k];
        struct summary s = summarise(c->seconds, runs);
        printf("| %s | %zu | %.2f | %.2f … %.2f | %.2f |\n", c->name,
               c->most / scale < n ? c->most / scale : n, s.median, s.least, s.most,
               flint.median / s.median);
    }
    fflush(stdout);
    free(numbers);
    free(bitmap);
    free(expected);
}

/* The slowest single number: the same one again and again, the least of several timings. */
static void bench_worst(size_t scale) {
    enum { TRIES = 5, CALLS = 16 };
    double worst = 0;
    uint64_t slowest = 0;
    sched_setaffinity(0, sizeof(cpu_set_t), &one_core);
    random_state = 20261124;
    for (size_t i = 0; i < 20000 / scale + 10; i++) {
        uint64_t n = i % 2 ? prime_63() : odd_64();
        double least = 1;
        for (int t = 0; t < TRIES; t++) {
            volatile bool kept;
            double begin = now();
            for (int c = 0; c < CALLS; c++)
                kept = pp_is_prime(n);
            (void)kept;
            double seconds = (now() - begin) / CALLS;
            least = seconds < least ? seconds : least;
        }
        if (least > worst) {
            worst = least;
            slowest = n;
        }
    }
    printf("\nThe slowest of single numbers for pp_is_prime: %.0f ns (%llu)\n", worst * 1e9,
           (unsigned long long)slowest);
}

static int bench_file(const char *path, size_t runs) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        die("the file cannot be read");
    size_t n = (size_t)ftell(file) / sizeof(uint64_t);
    rewind(file);
    uint64_t *numbers = malloc(n * sizeof *numbers + 1), *bitmap = malloc((n / 64 + 1) * 8);
    if (!numbers || !bitmap || fread(numbers, sizeof *numbers, n, file) != n)
        die("the file cannot be read");
    fclose(file);
    pp_session *session;
    double seconds[MOST_RUNS];
    if (pp_session_open(NULL, &session, NULL) != PP_OK)
        die("no session");
    for (size_t r = 0; r <= runs; r++) {
        double begin = now();
        if (pp_test(session, numbers, n, bitmap) != PP_OK)
            die("pp_test failed");
        seconds[r ? r - 1 : 0] = now() - begin;
    }
    printf("%.4f\n", summarise(seconds, runs).median);
    pp_session_close(session);
    free(numbers);
    free(bitmap);
    return 0;
}

static bool is_listed(const char *list, const char *name) {
    size_t length = strlen(name);
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == '\0'))
            return true;
    return false;
}

int main(int argc, char **argv) {
    size_t runs = 5, scale = 1;
    const char *list = NULL, *file = NULL;
    pari_init(100000000, 500000);
    choose_core();
    contestant("FLINT " FLINT_VERSION " n_is_prime", NUMBERS, true)->test = by_flint;
    contestant("PARI uisprime", FEW, true)->test = by_pari;
    contestant("GMP mpz_probab_prime_p, 25", FEW, true)->test = by_gmp;
    for (int i = 1; i < argc; i += 2) {
        char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--runs") == 0)
            runs = strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--scale") == 0)
            scale = strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--sets") == 0)
            list = value;
        else if (strcmp(argv[i], "--library-file") == 0)
            file = value;
        else if (strcmp(argv[i], "--peer") == 0)
            add_peer(value);
        else
            runs = 0;
    }
    if (runs < 1 || runs > MOST_RUNS || scale < 1 || scale > 100000) {
        fprintf(stderr, "usage: see the head of bench/batch.c\n");
        return 2;
    }
    if (file)
        return bench_file(file, runs);
    add_ours();
    struct environment where;
    environment_read(&where);
    printf(
        "%s, %u cores, Linux %s, %s, parprime %s, PARI %s, GMP %s; %zu runs each, taking turns\n",
        where.cpu, where.cores_allowed, where.kernel, where.time, pp_version(), PARIVERSION,
        gmp_version, runs);
    for (size_t s = 0; s < sizeof sets / sizeof *sets; s++)
        if (!list || is_listed(list, sets[s].name))
            bench_set(&sets[s], scale, runs);
    bench_worst(scale);
    for (size_t k = 0; k < n_contestants; k++)
        pp_session_close(contestants[k].session);
    pari_close();
    return 0;
}
