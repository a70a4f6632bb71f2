/*
 * Number expressions by recursive descent, a function for each line of the grammar:
 *
 *   sum     := product (('+' | '-') product)*
 *   product := unary (('*' | '/' | '%') unary)*
 *   unary   := '-' unary | power
 *   power   := atom (('^' | '**') unary)?
 *   atom    := number | '(' sum ')'
 *   number  := '0x' hexadecimal digits | digits ('e' '+'? digits)?
 *
 * No value beyond 2^(2^25) is kept, and none that is sure to be beyond is begun: its size is
 * estimated first, because a few bytes of text can ask for more memory than there is, and GMP
 * ends the process when its allocator fails.
 */
#include "base/error.h"
#include "base/integer.h"

#include <stdlib.h>

/*
 * Values up to 2^BITS_MAX are allowed: 4 MiB, and some 10 million decimal digits. Less for a
 * fuzzer, which then tries a hundred times as many texts a second, and comes to the limits from
 * short ones. Decimal digits of 2^BITS_MAX: floor(BITS_MAX log10(2)) + 1.
 */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define BITS_MAX ((size_t)1 << 14)
#define DECIMAL_DIGITS_MAX ((size_t)4933)
#else
#define BITS_MAX ((size_t)1 << 25)
#define DECIMAL_DIGITS_MAX ((size_t)10100891)
#endif
#define HEX_DIGITS_MAX (BITS_MAX / 4 + 1)
/* Deeper than people write, and a few tens of kilobytes of stack. */
#define DEPTH_MAX 200

struct parser {
    const char *text;
    size_t length, at;
    unsigned depth;
    pp_error *error;
};

enum { END = -1 };

/* Digits in the text, from the first that is not 0; '_' may stand among them. */
struct digits {
    size_t start, end, count;
};

static int byte_at(const struct parser *p, size_t at) {
    return at < p->length ? (unsigned char)p->text[at] : END;
}

/* The first byte of the next token, where p->at then is. */
static int peek(struct parser *p) {
    while (byte_at(p, p->at) == ' ' || byte_at(p, p->at) == '\t')
        p->at++;
    return byte_at(p, p->at);
}

/* Not isxdigit(): that asks the locale. What is no digit has a value above every base. */
static int digit_value(int c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 99;
}

static bool is_digit(int c) {
    return c >= '0' && c <= '9';
}

/* ---- failing ------------------------------------------------------------------------- */

static pp_status syntax(struct parser *p, size_t at, const char *message) {
    return pp_fail_at(p->error, PP_ERR_SYNTAX, at, "%s", message);
}

/* Says why the token at p->at cannot stand where an expression ends. */
static pp_status unexpected(struct parser *p) {
    int c = peek(p);
    if (c == '_')
        return syntax(p, p->at, "'_' must stand between two digits");
    if (c == ')')
        return syntax(p, p->at, "')' without '('");
    if (is_digit(c) || c == '(')
        return syntax(p, p->at, "expected an operator");
    bool visible = c > ' ' && c <= '~';
    return pp_fail_at(p->error, PP_ERR_SYNTAX, p->at,
                      visible ? "unexpected character '%c'" : "unexpected character '\\x%02x'",
                      (unsigned)c);
}

static pp_status expected_number(struct parser *p) {
    switch (peek(p)) {
    case END:
        return syntax(p, p->at, "expected a number");
    case '+':
    case '*':
    case '/':
    case '%':
    case '^':
    case ')':
        return pp_fail_at(p->error, PP_ERR_SYNTAX, p->at, "expected a number, not '%c'",
                          p->text[p->at]);
    default:
        return unexpected(p);
    }
}

static pp_status too_large(struct parser *p, size_t at) {
    return pp_fail_at(p->error, PP_ERR_TOO_LARGE, at, "too large: numbers go up to 2^(2^25)");
}

/* The exact check, after the estimate that kept the value from growing far beyond. */
static pp_status check_size(struct parser *p, size_t at, const mpz_t value) {
    size_t bits = mpz_sizeinbase(value, 2);
    bool above = bits > BITS_MAX + 1 || (bits == BITS_MAX + 1 && mpz_scan1(value, 0) < BITS_MAX);
    return above ? too_large(p, at) : PP_OK;
}

/* The value for a message, briefly. To convert a huge number for it would take seconds. */
static void describe(const mpz_t value, char *out, size_t size) {
    size_t digits = mpz_sizeinbase(value, 10); /* exact or 1 too big */
    if (digits <= 24) {
        gmp_snprintf(out, size, "%Zd", value);
        return;
    }
    mpz_t leading; /* 13 digits, or 12 when there is one digit less */
    mpz_init(leading);
    mpz_ui_pow_ui(leading, 10, digits - 13);
    mpz_tdiv_q(leading, value, leading);
    if (mpz_cmpabs_ui(leading, 1000000000000) >= 0)
        mpz_tdiv_q_ui(leading, leading, 10);
    else
        digits--;
    gmp_snprintf(out, size, "%Zd... (%zu digits)", leading, digits);
    mpz_clear(leading);
}

/* ---- numbers ------------------------------------------------------------------------- */

/* Steps over the digits at p->at; with none there, `expected` is what is wrong. */
static pp_status read_digits(struct parser *p, int base, const char *expected,
                             struct digits *digits) {
    size_t first = p->at;
    *digits = (struct digits){.start = first};
    for (;; p->at++) {
        int c = byte_at(p, p->at);
        if (digit_value(c) < base) {
            if (digits->count == 0)
                digits->start = p->at;
            if (digits->count > 0 || c != '0')
                digits->count++;
        } else if (c != '_' || p->at == first || digit_value(byte_at(p, p->at + 1)) >= base) {
            break;
        }
    }
    digits->end = p->at;
    if (byte_at(p, p->at) == '_')
        return unexpected(p);
    return p->at == first ? syntax(p, first, expected) : PP_OK;
}

static pp_status set_digits(struct parser *p, const struct digits *digits, int base, mpz_t value) {
    char *copy = malloc(digits->count + 1);
    if (!copy)
        return pp_fail_at(p->error, PP_ERR_MEMORY, digits->start, "no memory for a long number");
    size_t n = 0;
    for (size_t i = digits->start; n < digits->count; i++) {
        if (p->text[i] != '_')
            copy[n++] = p->text[i];
    }
    copy[n] = '\0';
    mpz_set_str(value, n > 0 ? copy : "0", base);
    free(copy);
    return PP_OK;
}

/* What follows the 'e' of 1e13, or DECIMAL_DIGITS_MAX + 1 when it is more than that. */
static pp_status read_exponent(struct parser *p, size_t *exponent) {
    if (byte_at(p, p->at) == '-')
        return syntax(p, p->at, "the exponent must not be negative");
    if (byte_at(p, p->at) == '+')
        p->at++;
    struct digits digits;
    pp_status status = read_digits(p, 10, "expected digits after 'e'", &digits);
    if (status != PP_OK)
        return status;
    *exponent = 0;
    for (size_t i = digits.start; i < digits.end && *exponent <= DECIMAL_DIGITS_MAX; i++) {
        if (p->text[i] != '_')
            *exponent = *exponent * 10 + (size_t)digit_value(p->text[i]);
    }
    if (*exponent > DECIMAL_DIGITS_MAX)
        *exponent = DECIMAL_DIGITS_MAX + 1;
    return PP_OK;
}

static pp_status number(struct parser *p, mpz_t value) {
    size_t start = p->at, exponent = 0;
    bool hex = byte_at(p, start) == '0' && (byte_at(p, start + 1) | 0x20) == 'x';
    int base = hex ? 16 : 10;
    if (hex)
        p->at += 2;
    struct digits digits;
    pp_status status = read_digits(
        p, base, hex ? "expected hexadecimal digits after '0x'" : "expected a number", &digits);
    if (status == PP_OK && !hex && (byte_at(p, p->at) | 0x20) == 'e') {
        p->at++;
        status = read_exponent(p, &exponent);
    }
    if (status != PP_OK)
        return status;
    if (digits.count == 0) /* 0, whatever the exponent */
        exponent = 0;
    if (digits.count + exponent > (hex ? HEX_DIGITS_MAX : DECIMAL_DIGITS_MAX))
        return too_large(p, start);
    status = set_digits(p, &digits, base, value);
    if (status != PP_OK)
        return status;
    if (exponent > 0) {
        mpz_t scale;
        mpz_init(scale);
        mpz_ui_pow_ui(scale, 10, exponent);
        mpz_mul(value, value, scale);
        mpz_clear(scale);
    }
    return check_size(p, start, value);
}

/* ---- operations ---------------------------------------------------------------------- */

/* value ^ exponent; `at` and `exponent_at` are where the operator and the exponent stand. */
static pp_status raise_to(struct parser *p, size_t at, size_t exponent_at, mpz_t value,
                          const mpz_t exponent) {
    if (mpz_sgn(exponent) < 0)
        return syntax(p, exponent_at, "the exponent must not be negative");
    if (mpz_cmpabs_ui(value, 1) <= 0) { /* 0, 1 and -1 have every power */
        bool even = mpz_even_p(exponent) != 0;
        if (mpz_sgn(exponent) == 0 || (mpz_sgn(value) < 0 && even))
            mpz_set_ui(value, 1);
        return PP_OK;
    }
    /* b bits to the power e give more than (b - 1) e bits, and at most twice as many. */
    size_t bits = mpz_sizeinbase(value, 2);
    if (mpz_cmp_ui(exponent, BITS_MAX) > 0 || (bits - 1) * mpz_get_ui(exponent) > BITS_MAX)
        return too_large(p, at);
    mpz_pow_ui(value, value, mpz_get_ui(exponent));
    return check_size(p, at, value);
}

/* One of * / % applied to left, in place. */
static pp_status multiply(struct parser *p, int op, size_t at, size_t right_at, mpz_t left,
                          const mpz_t right) {
    if (op != '*' && mpz_sgn(right) == 0)
        return syntax(p, right_at, "division by zero");
    if (op == '/') {
        mpz_tdiv_q(left, left, right);
    } else if (op == '%') {
        mpz_tdiv_r(left, left, right);
    } else {
        /* a bits by b bits give a + b - 1 or a + b bits; 0 counts as one bit. */
        if (mpz_sizeinbase(left, 2) + mpz_sizeinbase(right, 2) - 1 > BITS_MAX + 1)
            return too_large(p, at);
        mpz_mul(left, left, right);
    }
    return check_size(p, at, left);
}

/* ---- the grammar --------------------------------------------------------------------- */

static pp_status sum(struct parser *p, mpz_t value);
static pp_status unary(struct parser *p, mpz_t value);

static pp_status atom(struct parser *p, mpz_t value) {
    int c = peek(p);
    if (is_digit(c))
        return number(p, value);
    if (c != '(')
        return expected_number(p);
    p->at++;
    pp_status status = sum(p, value);
    if (status != PP_OK)
        return status;
    c = peek(p);
    if (c != ')')
        return c == END ? syntax(p, p->at, "')' is missing") : unexpected(p);
    p->at++;
    return PP_OK;
}

static pp_status power(struct parser *p, mpz_t value) {
    pp_status status = atom(p, value);
    if (status != PP_OK)
        return status;
    int c = peek(p);
    size_t at = p->at;
    if (c == '^')
        p->at += 1;
    else if (c == '*' && byte_at(p, at + 1) == '*')
        p->at += 2;
    else
        return PP_OK;
    peek(p);
    size_t exponent_at = p->at;
    mpz_t exponent;
    mpz_init(exponent);
    status = unary(p, exponent);
    if (status == PP_OK)
        status = raise_to(p, at, exponent_at, value, exponent);
    mpz_clear(exponent);
    return status;
}

/* Every way back into the grammar leads through here, so here is where depth is counted. */
static pp_status unary(struct parser *p, mpz_t value) {
    pp_status status;
    int c = peek(p);
    if (p->depth > DEPTH_MAX)
        return pp_fail_at(p->error, PP_ERR_SYNTAX, p->at, "more than %d levels of nesting",
                          DEPTH_MAX);
    p->depth++;
    if (c == '-') {
        p->at++;
        status = unary(p, value);
        mpz_neg(value, value);
    } else {
        status = power(p, value);
    }
    p->depth--;
    return status;
}

static pp_status product(struct parser *p, mpz_t value) {
    mpz_t right;
    mpz_init(right);
    pp_status status = unary(p, value);
    while (status == PP_OK) {
        int op = peek(p);
        size_t at = p->at;
        if (op != '*' && op != '/' && op != '%')
            break;
        p->at++;
        peek(p);
        size_t right_at = p->at;
        status = unary(p, right);
        if (status == PP_OK)
            status = multiply(p, op, at, right_at, value, right);
    }
    mpz_clear(right);
    return status;
}

static pp_status sum(struct parser *p, mpz_t value) {
    mpz_t right;
    mpz_init(right);
    pp_status status = product(p, value);
    while (status == PP_OK) {
        int op = peek(p);
        size_t at = p->at;
        if (op != '+' && op != '-')
            break;
        p->at++;
        status = product(p, right);
        if (status != PP_OK)
            break;
        if (op == '+')
            mpz_add(value, value, right);
        else
            mpz_sub(value, value, right);
        status = check_size(p, at, value);
    }
    mpz_clear(right);
    return status;
}

/* The whole text as one value >= 0. */
static pp_status parse(const char *text, size_t length, mpz_t value, pp_error *error) {
    struct parser p = {.text = text, .length = length, .error = error};
    if (peek(&p) == END)
        return syntax(&p, 0, "empty: expected a number");
    pp_status status = sum(&p, value);
    if (status != PP_OK)
        return status;
    if (peek(&p) != END)
        return unexpected(&p);
    if (mpz_sgn(value) < 0) {
        char number_text[64];
        describe(value, number_text, sizeof number_text);
        return pp_fail(error, PP_ERR_RANGE, "negative: %s is below 0", number_text);
    }
    return PP_OK;
}

pp_status pp_integer_parse(const char *text, size_t length, pp_integer **out, pp_error *error) {
    *out = NULL;
    mpz_t value;
    mpz_init(value);
    pp_status status = parse(text, length, value, error);
    if (status == PP_OK) {
        status = integer_from_mpz(value, out);
        if (status != PP_OK)
            pp_fail(error, status, "no memory for a number");
    }
    mpz_clear(value);
    return status;
}

/* ---- below 2^64 ---------------------------------------------------------------------- */

static pp_status parse_u64_fully(const char *text, size_t length, uint64_t *out, pp_error *error) {
    mpz_t value;
    mpz_init(value);
    pp_status status = parse(text, length, value, error);
    if (status == PP_OK && mpz_fits_ulong_p(value)) {
        *out = mpz_get_ui(value);
    } else if (status == PP_OK) {
        char number_text[64];
        describe(value, number_text, sizeof number_text);
        status = pp_fail(error, PP_ERR_RANGE, "%s is above 2^64-1", number_text);
    }
    mpz_clear(value);
    return status;
}

/* Multiplies by 10 to the power that is written in the text; false: leave it to the parser. */
static bool scale_u64(const char *text, size_t length, uint64_t *value) {
    unsigned exponent = 0;
    for (size_t i = 0; i < length; i++) {
        if (!is_digit(text[i]) || exponent > 19)
            return false;
        exponent = exponent * 10 + (unsigned)(text[i] - '0');
    }
    bool above = length == 0 || exponent > 19;
    for (unsigned i = 0; i < exponent && !above; i++)
        above = __builtin_mul_overflow(*value, 10, value);
    return !above;
}

/* The plain digits of a number that has left 64 bits; there is no need to know its value. */
static pp_status above_u64(const char *digits, size_t n, pp_error *error) {
    if (n <= 24)
        return pp_fail(error, PP_ERR_RANGE, "%.*s is above 2^64-1", (int)n, digits);
    return pp_fail(error, PP_ERR_RANGE, "%.12s... (%zu digits) is above 2^64-1", digits, n);
}

/* What programs read by the million, 1234 and 1e13, needs no expression and no allocation. */
pp_status pp_parse_u64(const char *text, size_t length, uint64_t *out, pp_error *error) {
    uint64_t value = 0;
    bool above = false;
    size_t at = 0, zeros = 0;
    for (; at < length && is_digit(text[at]); at++) {
        uint64_t digit = (uint64_t)(text[at] - '0');
        above = above || __builtin_mul_overflow(value, 10, &value) ||
                __builtin_add_overflow(value, digit, &value);
        if (value == 0 && !above)
            zeros++;
    }
    if (at == length && above)
        return above_u64(text + zeros, length - zeros, error);
    bool plain = at > 0 && at == length;
    bool scaled = at > 0 && at < length && !above && (text[at] | 0x20) == 'e' &&
                  scale_u64(text + at + 1, length - at - 1, &value);
    if (!plain && !scaled)
        return parse_u64_fully(text, length, out, error);
    *out = value;
    return PP_OK;
}
