/*
 * Expressions that are right by construction. The input's bytes choose a tree; the harness writes
 * it as text, in any of the forms that people may use, and works it out with GMP while it writes.
 * The parser must come to the same value, or to the same refusal at the same place.
 */
#include "fuzz/fuzz.h"

#include <gmp.h>
#include <parprime.h>
#include <stdbool.h>
#include <string.h>

/* Values stay below, so that many inputs can be tried in a second. */
#define MOST_BITS 4096
#define MOST_TEXT 4000

struct writer {
    const uint8_t *data; /* what chooses */
    size_t left;
    char text[MOST_TEXT + 200];
    size_t size;
    bool divided_by_zero; /* at_fault: where the first divisor of 0 begins */
    size_t at_fault;
    bool gave_up; /* too large or too long for this harness */
};

/* The next choice in [0, bound); 0 when the input has ended, which ends the tree. */
static unsigned choose(struct writer *w, unsigned bound) {
    if (w->left == 0)
        return 0;
    w->left--;
    return *w->data++ % bound;
}

static void put(struct writer *w, const char *text) {
    size_t n = strlen(text);
    if (w->size + n > MOST_TEXT) {
        w->gave_up = true;
        return;
    }
    memcpy(w->text + w->size, text, n);
    w->size += n;
}

static void spaces(struct writer *w) {
    static const char *const some[] = {"", "", "", " ", "\t", " \t "};
    put(w, some[choose(w, 6)]);
}

/* Writes digits with '_' between some of them. */
static void put_digits(struct writer *w, const char *digits, bool underscores) {
    for (size_t i = 0; digits[i]; i++) {
        put(w, (char[]){digits[i], '\0'});
        if (underscores && digits[i + 1] && choose(w, 3) == 1)
            put(w, "_");
    }
}

static void number(struct writer *w, mpz_t value) {
    char digits[200];
    unsigned form = choose(w, 5), n_bytes = choose(w, 12);
    mpz_set_ui(value, 0);
    for (unsigned i = 0; i < n_bytes; i++) {
        mpz_mul_ui(value, value, 256);
        mpz_add_ui(value, value, choose(w, 256));
    }
    if (form == 3) { /* hexadecimal, in either case */
        bool upper = choose(w, 2);
        gmp_snprintf(digits, sizeof digits, upper ? "%ZX" : "%Zx", value);
        put(w, upper ? "0X" : "0x");
        put_digits(w, digits, choose(w, 2));
        return;
    }
    gmp_snprintf(digits, sizeof digits, "%Zd", value);
    if (form == 4)
        put(w, "00");
    put_digits(w, digits, form == 1);
    if (form == 2) { /* with an exponent */
        unsigned exponent = choose(w, 40);
        char tail[24];
        snprintf(tail, sizeof tail, "%s%s%u", choose(w, 2) ? "e" : "E", choose(w, 2) ? "+" : "",
                 exponent);
        put(w, tail);
        mpz_t scale;
        mpz_init(scale);
        mpz_ui_pow_ui(scale, 10, exponent);
        mpz_mul(value, value, scale);
        mpz_clear(scale);
    }
}

static void give_up_if_large(struct writer *w, const mpz_t value) {
    if (mpz_sizeinbase(value, 2) > MOST_BITS)
        w->gave_up = true;
}

static void sum(struct writer *w, unsigned depth, mpz_t value);

static void atom(struct writer *w, unsigned depth, mpz_t value) {
    spaces(w);
    if (depth == 0 || choose(w, 3) != 1) {
        number(w, value);
    } else {
        put(w, "(");
        sum(w, depth - 1, value);
        put(w, ")");
    }
    spaces(w);
}

static void unary(struct writer *w, unsigned depth, mpz_t value);

/* base ^ exponent, the exponent at most 255 and written as any unary may be. */
static void power(struct writer *w, unsigned depth, mpz_t value) {
    atom(w, depth, value);
    if (depth == 0 || w->gave_up || choose(w, 4) != 1)
        return;
    put(w, choose(w, 2) ? "^" : "**");
    mpz_t exponent;
    mpz_init(exponent);
    unary(w, depth - 1, exponent);
    if (mpz_sgn(exponent) < 0 || mpz_cmp_ui(exponent, 255) > 0)
        w->gave_up = true;
    else if (mpz_sizeinbase(value, 2) * mpz_get_ui(exponent) > MOST_BITS)
        w->gave_up = true;
    else
        mpz_pow_ui(value, value, mpz_get_ui(exponent));
    mpz_clear(exponent);
}

static void unary(struct writer *w, unsigned depth, mpz_t value) {
    if (depth > 0 && choose(w, 5) == 1) {
        spaces(w);
        put(w, "-");
        unary(w, depth - 1, value);
        mpz_neg(value, value);
    } else {
        power(w, depth, value);
    }
}

static void product(struct writer *w, unsigned depth, mpz_t value) {
    mpz_t right;
    mpz_init(right);
    unary(w, depth, value);
    for (unsigned op; !w->gave_up && !w->divided_by_zero && (op = choose(w, 7)) >= 4;) {
        put(w, op == 4 ? "*" : op == 5 ? "/" : "%");
        spaces(w);
        size_t at = w->size;
        unary(w, depth, right);
        if (op == 4) {
            mpz_mul(value, value, right);
        } else if (w->gave_up || w->divided_by_zero) {
            break;
        } else if (mpz_sgn(right) == 0) {
            w->divided_by_zero = true;
            while (w->text[at] == ' ' || w->text[at] == '\t')
                at++;
            w->at_fault = at;
        } else if (op == 5) {
            mpz_tdiv_q(value, value, right);
        } else {
            mpz_tdiv_r(value, value, right);
        }
        give_up_if_large(w, value);
    }
    mpz_clear(right);
}

static void sum(struct writer *w, unsigned depth, mpz_t value) {
    mpz_t right;
    mpz_init(right);
    product(w, depth, value);
    for (unsigned op; !w->gave_up && !w->divided_by_zero && (op = choose(w, 5)) >= 3;) {
        put(w, op == 3 ? "+" : "-");
        product(w, depth, right);
        if (op == 3)
            mpz_add(value, value, right);
        else
            mpz_sub(value, value, right);
    }
    mpz_clear(right);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct writer w;
    w.data = data;
    w.left = size;
    w.size = w.at_fault = 0;
    w.divided_by_zero = w.gave_up = false;
    mpz_t expected;
    mpz_init(expected);
    sum(&w, 6, expected);
    if (w.gave_up) {
        mpz_clear(expected);
        return 0;
    }
    /* An exact copy, so that a step beyond the end of the text is noticed. */
    char *text = malloc(w.size ? w.size : 1);
    HOLDS(text);
    memcpy(text, w.text, w.size);
    pp_integer *value;
    pp_error error = {0};
    pp_status status = pp_integer_parse(text, w.size, &value, &error);
    if (w.divided_by_zero) {
        HOLDS(status == PP_ERR_SYNTAX && strcmp(error.message, "division by zero") == 0);
        HOLDS(error.offset == w.at_fault);
    } else if (mpz_sgn(expected) < 0) {
        HOLDS(status == PP_ERR_RANGE && strncmp(error.message, "negative: ", 10) == 0);
    } else {
        HOLDS(status == PP_OK);
        char *digits = pp_integer_to_decimal(value), *expected_digits = malloc(MOST_BITS);
        HOLDS(digits && expected_digits);
        HOLDS(mpz_sizeinbase(expected, 10) < MOST_BITS);
        mpz_get_str(expected_digits, 10, expected);
        HOLDS(strcmp(digits, expected_digits) == 0);
        free(digits);
        free(expected_digits);
        uint64_t number = 0;
        status = pp_parse_u64(text, w.size, &number, NULL);
        if (mpz_fits_ulong_p(expected))
            HOLDS(status == PP_OK && number == mpz_get_ui(expected));
        else
            HOLDS(status == PP_ERR_RANGE && number == 0);
    }
    pp_integer_free(value);
    free(text);
    mpz_clear(expected);
    return 0;
}
