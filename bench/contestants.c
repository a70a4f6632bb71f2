#include "contestants.h"

#include "peers.h"

#include <dlfcn.h>
#include <glob.h>
#include <gmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

double bench_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- other people's libraries ---------------------------------------------------------------- */

/*
 * Symbols stay local to each library, so that two FLINTs can be loaded: each finds its own
 * functions first, since this program is linked with neither.
 */
static void *load(struct contestant *out, const char *file) {
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        snprintf(out->reason, sizeof out->reason, "%s", dlerror());
    return library;
}

static void take_function(struct contestant *out, void *library, const char *symbol) {
    void *address = library ? dlsym(library, symbol) : NULL;
    Dl_info info;
    out->kind = EACH_FUNCTION;
    out->missing = !address;
    if (!library)
        return;
    if (!address) {
        snprintf(out->reason, sizeof out->reason, "there is no function %s in it", symbol);
        return;
    }
    memcpy(&out->function, &address, sizeof address);
    if (dladdr(address, &info) && info.dli_fname) {
        char *real = realpath(info.dli_fname, NULL);
        snprintf(out->origin, sizeof out->origin, "%s", real ? real : info.dli_fname);
        free(real);
    }
}

/* The first of several names that can be loaded; an empty name is passed over. */
static void *load_one_of(struct contestant *out, const char *const *files) {
    void *library = NULL;
    for (; *files && !library; files++)
        if ((*files)[0])
            library = load(out, *files);
    return library;
}

static void take_flint(struct contestant *out, void *library) {
    take_function(out, library, "n_is_prime");
    const char *version = library ? dlsym(library, "flint_version") : NULL;
    snprintf(out->label, sizeof out->label, "FLINT %.20s, n_is_prime", version ? version : "");
}

void contestant_flint(struct contestant *out) {
    static const char *const files[] = {PEER_FLINT, "libflint.so.17", "libflint.so", NULL};
    *out = (struct contestant){.name = "flint"};
    take_flint(out, load_one_of(out, files));
}

void contestant_flint_at(struct contestant *out, const char *place) {
    /* Beside the usual name, what a Python wheel or an uninstalled build calls it. */
    static const char *const patterns[] = {"%s/libflint.so", "%s/lib/libflint.so",
                                           "%s/.libs/libflint.so", "%s/libflint*.so*", "%s"};
    *out = (struct contestant){.name = "flint-other"};
    void *library = NULL;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns && !library; i++) {
        char pattern[4096];
        glob_t found;
        int length = snprintf(pattern, sizeof pattern, patterns[i], place);
        if (length < 0 || (size_t)length >= sizeof pattern)
            continue;
        if (glob(pattern, 0, NULL, &found) == 0) {
            library = load(out, found.gl_pathv[0]);
            globfree(&found);
        }
    }
    if (!library && !out->reason[0])
        snprintf(out->reason, sizeof out->reason, "there is no libflint.so in %.150s", place);
    take_flint(out, library);
    const char *version = library ? dlsym(library, "flint_version") : NULL;
    if (version)
        snprintf(out->name, sizeof out->name, "flint-%.20s", version);
}

void contestant_pari(struct contestant *out) {
    static const char *const files[] = {PEER_PARI, "libpari-gmp-tls.so.8", "libpari.so", NULL};
    *out = (struct contestant){.name = "pari"};
    void *library = load_one_of(out, files);
    /* uisprime uses no stack and no table that pari_init makes. */
    take_function(out, library, "uisprime");
    const char *const *version = library ? dlsym(library, "paricfg_version") : NULL;
    /* "GP/PARI CALCULATOR Version 2.15.2 (released)" */
    const char *number = version ? strpbrk(*version, "0123456789") : NULL;
    size_t length = number ? strcspn(number, " ") : 0;
    snprintf(out->label, sizeof out->label, "PARI %.*s, uisprime", (int)length,
             number ? number : "");
}

void contestant_gmp(struct contestant *out) {
    *out = (struct contestant){.name = "gmp", .kind = EACH_GMP, .slow = true};
    snprintf(out->label, sizeof out->label, "GMP %.20s, mpz_probab_prime_p, 25", gmp_version);
    void *address = dlsym(RTLD_DEFAULT, "__gmpz_probab_prime_p");
    Dl_info info;
    if (address && dladdr(address, &info) && info.dli_fname)
        snprintf(out->origin, sizeof out->origin, "%s", info.dli_fname);
}

bool contestant_peer(struct contestant *out, const char *words) {
    const char *first = strchr(words, ':'), *last = strrchr(words, ':');
    *out = (struct contestant){0};
    if (!first || first == last || first == words || last == first + 1 || !last[1] ||
        (size_t)(first - words) >= sizeof out->name)
        return false;
    char *file = strndup(first + 1, (size_t)(last - first - 1));
    if (!file)
        exit(6);
    snprintf(out->name, sizeof out->name, "%.*s", (int)(first - words), words);
    snprintf(out->label, sizeof out->label, "%s, %.80s", out->name, last + 1);
    take_function(out, load(out, file), last + 1);
    free(file);
    return true;
}

/* ---- this library ---------------------------------------------------------------------------- */

void contestant_own_each(struct contestant *out) {
    *out = (struct contestant){.name = "one", .kind = EACH_OWN};
    snprintf(out->label, sizeof out->label, "parprime, pp_is_prime");
}

void contestant_session(struct contestant *out, const char *backend, const char *simd,
                        unsigned threads, const pp_device *device) {
    pp_session_options options = {
        .backend = backend, .simd = simd, .threads = threads, .device = device ? device->id : NULL};
    *out = (struct contestant){
        .kind = WHOLE_ARRAY, .threads = threads, .all_cores = device || threads > 1};
    if (device) {
        snprintf(out->name, sizeof out->name, "%s-%s", backend, device->id);
        snprintf(out->label, sizeof out->label, "parprime, %s on a %s", backend, device->kind);
        snprintf(out->origin, sizeof out->origin, "%s, %s, %s", device->name, device->platform,
                 device->driver);
    } else if (threads) {
        snprintf(out->name, sizeof out->name, "%s-%u", backend, threads);
        snprintf(out->label, sizeof out->label, "parprime, %s, %u thread%s", backend, threads,
                 threads == 1 ? "" : "s");
    } else {
        snprintf(out->name, sizeof out->name, "%s%s%s", backend, simd ? "-" : "", simd ? simd : "");
        snprintf(out->label, sizeof out->label, "parprime, %s, simd %s", backend,
                 simd ? simd : "auto");
    }
    pp_error error;
    if (pp_session_open(&options, &out->session, &error) != PP_OK) {
        out->missing = true;
        snprintf(out->reason, sizeof out->reason, "%s", error.message);
    }
}

/* ---- running --------------------------------------------------------------------------------- */

/* bitmap of numbers[from..to), `is_prime` an expression in `number`; from is a multiple of 64. */
#define EACH(is_prime)                                                                             \
    for (size_t i = from; i < to;) {                                                               \
        uint64_t word = 0;                                                                         \
        size_t end = i + 64 < to ? i + 64 : to;                                                    \
        for (size_t bit = 0; i < end; i++, bit++) {                                                \
            uint64_t number = numbers[i];                                                          \
            word |= (uint64_t)((is_prime) != 0) << bit;                                            \
        }                                                                                          \
        bitmap[(i - 1) / 64] = word;                                                               \
    }

static void run_each(const struct contestant *contestant, const uint64_t *numbers, size_t from,
                     size_t to, uint64_t *bitmap) {
    is_prime_fn function = contestant->function;
    mpz_t big;
    switch (contestant->kind) {
    case EACH_FUNCTION:
        EACH(function(number))
        break;
    case EACH_OWN:
        EACH(pp_is_prime(number))
        break;
    case EACH_GMP:
        mpz_init2(big, 64);
        EACH((mpz_set_ui(big, number), mpz_probab_prime_p(big, 25)))
        mpz_clear(big);
        break;
    case WHOLE_ARRAY:
        break;
    }
}

pp_status contestant_run(struct contestant *contestant, const uint64_t *numbers, size_t n,
                         uint64_t *bitmap, double *first_done) {
    if (contestant->kind == WHOLE_ARRAY) {
        pp_status status = pp_test(contestant->session, numbers, n, bitmap);
        if (status == PP_OK)
            contestant->result = *pp_session_result(contestant->session);
        return status;
    }
    size_t first = contestant->first < n ? contestant->first : n;
    run_each(contestant, numbers, 0, first, bitmap);
    *first_done = bench_clock();
    run_each(contestant, numbers, first, n, bitmap);
    return PP_OK;
}

#if defined(__x86_64__)

/* Between the two fences nothing else is under way. */
static inline uint64_t cycles(void) {
    _mm_lfence();
    uint64_t now = __rdtsc();
    _mm_lfence();
    return now;
}

static volatile int kept; /* answers, so that no call is optimised away */

static inline uint64_t time_call(const struct contestant *contestant, uint64_t number, mpz_t big) {
    uint64_t begin = 0;
    switch (contestant->kind) {
    case EACH_FUNCTION:
        begin = cycles();
        kept = contestant->function(number);
        break;
    case EACH_OWN:
        begin = cycles();
        kept = pp_is_prime(number);
        break;
    case EACH_GMP:
        begin = cycles();
        mpz_set_ui(big, number);
        kept = mpz_probab_prime_p(big, 25);
        break;
    case WHOLE_ARRAY:
        return 0;
    }
    return cycles() - begin;
}

void contestant_worst(struct contestant *contestant, const uint64_t *numbers, size_t n) {
    enum { PASSES = 15, EMPTY = 10000 };
    uint64_t *least = malloc(n * sizeof *least), empty = UINT64_MAX;
    contestant->worst_ns = 0;
    if (!least || contestant->kind == WHOLE_ARRAY) {
        free(least);
        return;
    }
    mpz_t big;
    mpz_init2(big, 64);
    memset(least, 0xff, n * sizeof *least);
    double begin = bench_clock();
    uint64_t begin_cycles = cycles();
    /* What reading the counter takes is not the call's. */
    for (int i = 0; i < EMPTY; i++) {
        uint64_t here = cycles(), length = cycles() - here;
        empty = length < empty ? length : empty;
    }
    /* Whole passes, so that a number's calls are not one after the other and so foreseen. */
    for (int pass = 0; pass < PASSES; pass++)
        for (size_t i = 0; i < n; i++) {
            uint64_t length = time_call(contestant, numbers[i], big);
            least[i] = length < least[i] ? length : least[i];
        }
    double ns_per_cycle = 1e9 * (bench_clock() - begin) / (double)(cycles() - begin_cycles);
    mpz_clear(big);
    size_t worst = 0;
    for (size_t i = 1; i < n; i++)
        if (least[i] > least[worst])
            worst = i;
    contestant->worst_ns = ns_per_cycle * (double)(least[worst] > empty ? least[worst] - empty : 0);
    contestant->worst_number = numbers[worst];
    free(least);
}

#else

void contestant_worst(struct contestant *contestant, const uint64_t *numbers, size_t n) {
    (void)numbers;
    (void)n;
    contestant->worst_ns = 0;
}

#endif
