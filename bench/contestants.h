/* Who can take part in bench/batch: other people's functions, and the ways this library offers. */
#ifndef PARPRIME_BENCH_CONTESTANTS_H
#define PARPRIME_BENCH_CONTESTANTS_H

#include "measure/stats.h"

#include <parprime.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int (*is_prime_fn)(uint64_t);

enum { MOST_CONTESTANTS = 48 };

struct contestant {
    char name[64];    /* a word, "flint" */
    char label[160];  /* for people, "FLINT 2.9.0, n_is_prime" */
    char origin[320]; /* the file that the function is in */
    enum {
        EACH_FUNCTION, /* one number after the other through `function` */
        EACH_OWN,      /* the same through pp_is_prime */
        EACH_GMP,      /* the same through mpz_probab_prime_p(…, 25) */
        WHOLE_ARRAY    /* pp_test through `session` */
    } kind;
    is_prime_fn function;
    pp_session *session;
    unsigned threads; /* of WHOLE_ARRAY, when a number was asked for */
    bool all_cores;   /* runs on all cores that the process may use, not pinned to one */
    bool slow;        /* takes a hundredth of the numbers only */
    bool asked;       /* by --flint or --peer, whatever --contestants says */
    bool missing;
    char reason[240]; /* why */

    /* Of the present set. */
    size_t n;                      /* numbers: the first n of the set */
    double *ns, *first_ns, *cpu_s; /* for each run: per number, per number of the first `first` */
    size_t first;
    struct summary time, first_time;
    double worst_ns; /* the slowest call, 0: not measured */
    uint64_t worst_number;
    pp_result result; /* WHOLE_ARRAY: the last run's */
};

/* Debian's FLINT and PARI, or what the loader finds by these names; linked GMP. */
void contestant_flint(struct contestant *out);
void contestant_pari(struct contestant *out);
void contestant_gmp(struct contestant *out);

/* FLINT's shared library in a folder, or that file itself. */
void contestant_flint_at(struct contestant *out, const char *place);

/* "NAME:LIBRARY:SYMBOL", the symbol a function int f(uint64_t). False: not of this form. */
bool contestant_peer(struct contestant *out, const char *words);

void contestant_own_each(struct contestant *out);

/* pp_test through a session; opens it. A level, a device may be NULL. */
void contestant_session(struct contestant *out, const char *backend, const char *simd,
                        unsigned threads, const pp_device *device);

/*
 * Decides numbers[0..n) into bitmap. `first` (a multiple of 64) numbers are done, *first_done is
 * the clock's time then; of WHOLE_ARRAY it is not touched.
 */
pp_status contestant_run(struct contestant *contestant, const uint64_t *numbers, size_t n,
                         uint64_t *bitmap, double *first_done);

/*
 * The slowest call for one number: of each number's calls the fastest counts, of the numbers the
 * slowest. Sets worst_ns and worst_number, or leaves worst_ns 0 where there is no cycle counter.
 */
void contestant_worst(struct contestant *contestant, const uint64_t *numbers, size_t n);

double bench_clock(void);

#endif
