/*
 * `iterate --exact` against GMP's own time for the same: the iteration and the conversion to
 * decimal, in one process, taking turns. Prints medians and the ratio; exits 3 when digits differ.
 *
 * Usage: bench_iterate [STEPS [ROUNDS]]     (default: 25 steps, 5 rounds)
 */
#include <gmp.h>
#include <parprime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static char *with_gmp(uint64_t steps) {
    mpz_t x, square;
    mpz_init_set_ui(x, 3);
    mpz_init(square);
    for (; steps; steps--) {
        mpz_mul(square, x, x);
        mpz_sub(square, square, x);
        mpz_add_ui(x, square, 1);
    }
    char *digits = mpz_get_str(NULL, 10, x);
    mpz_clears(x, square, NULL);
    return digits;
}

static char *with_parprime(uint64_t steps) {
    pp_integer *start, *value;
    pp_error error;
    if (pp_integer_from_u64(3, &start) != PP_OK)
        exit(6);
    if (pp_iterate(start, steps, NULL, 0, &value, &error) != PP_OK) {
        fprintf(stderr, "%s\n", error.message);
        exit(pp_exit_code(error.status));
    }
    char *digits = pp_integer_to_decimal(value);
    pp_integer_free(value);
    pp_integer_free(start);
    return digits;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    uint64_t steps = argc > 1 ? strtoull(argv[1], NULL, 10) : 25;
    size_t rounds = argc > 2 ? strtoull(argv[2], NULL, 10) : 5;
    double *gmp = calloc(rounds, sizeof *gmp), *own = calloc(rounds, sizeof *own);
    if (rounds == 0 || !gmp || !own)
        return 2;
    size_t length = 0;
    for (size_t i = 0; i < rounds; i++) {
        double begin = now();
        char *theirs = with_gmp(steps);
        gmp[i] = now() - begin;
        begin = now();
        char *ours = with_parprime(steps);
        own[i] = now() - begin;
        if (!ours || strcmp(theirs, ours) != 0) {
            fputs("the digits differ\n", stderr);
            return 3;
        }
        length = strlen(ours);
        free(theirs);
        free(ours);
    }
    qsort(gmp, rounds, sizeof *gmp, ascending);
    qsort(own, rounds, sizeof *own, ascending);
    printf("%llu steps from 3, %zu digits, %zu rounds\n"
           "  GMP %s      %.3f s\n  parprime %s  %.3f s, %.3f of GMP's time\n",
           (unsigned long long)steps, length, rounds, gmp_version, gmp[rounds / 2], pp_version(),
           own[rounds / 2], own[rounds / 2] / gmp[rounds / 2]);
    free(gmp);
    free(own);
    return 0;
}
