/*
 * The control case: f(x) = x^2 - x + 1, over and over. Each step needs the one before, so this is
 * serial by nature, and no backend, unit or sink has anything to do with it.
 */
#include "base/cpu.h"
#include "base/error.h"
#include "base/integer.h"

#include <math.h>
#include <stdlib.h>

struct pp_iteration {
    mpz_t x, next, modulus; /* next is scratch; modulus 0: exact */
    uint64_t small;         /* the modulus when it is below 2^64, else 0 */
};

/*
 * Bytes that an exact value of one byte costs at the peak of its last squaring and of its
 * conversion to decimal: GMP's transforms and tables of powers. Measured as peak resident memory
 * of `/usr/bin/time -f %M parprime iterate --exact --steps N` for N = 24 to 28: 7.0 to 8.9.
 */
static const double PEAK_FACTOR = 10;

/* An mpz_t holds at most 2^31 - 1 limbs. */
static const double MOST_BITS = 0x1p37 - 64;

pp_status pp_iteration_new(const pp_integer *start, const pp_integer *modulus, pp_iteration **out) {
    if (!start || !out || (modulus && mpz_sgn(integer_mpz(modulus)) == 0))
        return PP_ERR_USAGE;
    pp_iteration *iteration = *out = malloc(sizeof *iteration);
    if (!iteration)
        return PP_ERR_MEMORY;
    mpz_init_set(iteration->x, integer_mpz(start));
    mpz_init(iteration->next);
    mpz_init(iteration->modulus);
    iteration->small = 0;
    if (modulus) {
        mpz_set(iteration->modulus, integer_mpz(modulus));
        mpz_mod(iteration->x, iteration->x, iteration->modulus);
        if (!pp_integer_to_u64(modulus, &iteration->small))
            iteration->small = 0;
    }
    return PP_OK;
}

void pp_iteration_free(pp_iteration *iteration) {
    if (!iteration)
        return;
    mpz_clears(iteration->x, iteration->next, iteration->modulus, NULL);
    free(iteration);
}

/* log2 of the value after `steps` steps: f nearly squares, so the logarithm nearly doubles. */
static double log2_after(const mpz_t x, uint64_t steps) {
    if (mpz_cmp_ui(x, 2) < 0)
        return 0; /* 0 and 1 go to 1, which stays */
    long exponent;
    double mantissa = mpz_get_d_2exp(&exponent, x);
    double log2_x = (double)exponent + log2(mantissa);
    /* The first steps from a small start fall short of squaring; follow them. */
    for (; steps && log2_x < 40; steps--) {
        double value = exp2(log2_x);
        log2_x = log2(value * value - value + 1);
    }
    return steps > 64 ? INFINITY : ldexp(log2_x, (int)steps);
}

static pp_status check_fits(const pp_iteration *iteration, uint64_t steps, uint64_t max_bytes,
                            pp_error *error) {
    double bits = log2_after(iteration->x, steps);
    double memory = bits / 8 * PEAK_FACTOR;
    uint64_t bound = max_bytes ? max_bytes : memory_available();
    if (bits <= MOST_BITS && (bound == 0 || memory <= (double)bound))
        return PP_OK;
    double digits = bits * 0.30102999566398120;
    if (!isfinite(digits))
        return pp_fail(error, PP_ERR_TOO_LARGE,
                       "all digits after %llu steps cannot fit in any memory: their number "
                       "doubles with each step",
                       (unsigned long long)steps);
    return pp_fail(error, PP_ERR_TOO_LARGE,
                   "about %.4g digits need about %.3g GiB of memory, and %.3g GiB can be used",
                   digits, memory / 0x1p30,
                   (bits > MOST_BITS ? MOST_BITS / 8 * PEAK_FACTOR : (double)bound) / 0x1p30);
}

static void advance_exact(pp_iteration *iteration, uint64_t steps) {
    if (mpz_cmp_ui(iteration->x, 1) <= 0 && steps) {
        mpz_set_ui(iteration->x, 1); /* 0 and 1 go to 1, which stays */
        return;
    }
    for (; steps; steps--) {
        mpz_mul(iteration->next, iteration->x, iteration->x);
        mpz_sub(iteration->next, iteration->next, iteration->x);
        mpz_add_ui(iteration->next, iteration->next, 1);
        mpz_swap(iteration->next, iteration->x);
    }
}

static void advance_modular(pp_iteration *iteration, uint64_t steps) {
    for (; steps; steps--) {
        mpz_mul(iteration->next, iteration->x, iteration->x);
        mpz_sub(iteration->next, iteration->next, iteration->x);
        mpz_add_ui(iteration->next, iteration->next, 1);
        mpz_mod(iteration->x, iteration->next, iteration->modulus);
    }
}

static void advance_small(pp_iteration *iteration, uint64_t steps) {
    uint64_t x = mpz_get_ui(iteration->x), modulus = iteration->small;
    for (; steps; steps--)
        x = (uint64_t)(((unsigned __int128)x * (x - 1) + 1) % modulus);
    mpz_set_ui(iteration->x, x);
}

pp_status pp_iteration_advance(pp_iteration *iteration, uint64_t steps, uint64_t max_bytes,
                               pp_error *error) {
    if (!iteration)
        return pp_fail(error, PP_ERR_USAGE, "no iteration");
    if (iteration->small) {
        advance_small(iteration, steps);
    } else if (mpz_sgn(iteration->modulus)) {
        advance_modular(iteration, steps);
    } else {
        pp_status status = check_fits(iteration, steps, max_bytes, error);
        if (status != PP_OK)
            return status;
        advance_exact(iteration, steps);
    }
    return PP_OK;
}

pp_status pp_iteration_value(const pp_iteration *iteration, pp_integer **out) {
    if (!iteration || !out)
        return PP_ERR_USAGE;
    return integer_from_mpz(iteration->x, out);
}

pp_status pp_iterate(const pp_integer *start, uint64_t steps, const pp_integer *modulus,
                     uint64_t max_bytes, pp_integer **out, pp_error *error) {
    if (!out)
        return pp_fail(error, PP_ERR_USAGE, "no place for the result");
    *out = NULL;
    pp_iteration *iteration;
    pp_status status = pp_iteration_new(start, modulus, &iteration);
    if (status != PP_OK)
        return pp_fail(error, status, "%s",
                       status == PP_ERR_USAGE ? "no start, or a modulus below 1"
                                              : pp_strerror(status));
    status = pp_iteration_advance(iteration, steps, max_bytes, error);
    if (status == PP_OK) {
        status = pp_iteration_value(iteration, out);
        if (status != PP_OK)
            pp_fail(error, status, "%s", pp_strerror(status));
    }
    pp_iteration_free(iteration);
    return status;
}
