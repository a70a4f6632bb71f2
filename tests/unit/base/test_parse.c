/*
 * Number expressions: the grammar, every error with its place, hostile text, and random
 * expressions against arithmetic done here in 128 bits. GMP's memory is watched throughout:
 * nothing may leak on any path, and what cannot fit must fail before memory is asked for.
 */
#include <gmp.h>
#include <parprime.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- GMP's memory ---------------------------------------------------------------------- */

static size_t gmp_live, gmp_largest;

static void *watch_reallocate(void *memory, size_t old_size, size_t new_size) {
    gmp_live += new_size - old_size;
    gmp_largest = new_size > gmp_largest ? new_size : gmp_largest;
    memory = realloc(memory, new_size);
    if (!memory)
        abort();
    return memory;
}

static void *watch_allocate(size_t size) {
    return watch_reallocate(NULL, 0, size);
}

static void watch_free(void *memory, size_t size) {
    gmp_live -= size;
    free(memory);
}

static int check_watch(void **state) {
    (void)state;
    gmp_largest = 0;
    return gmp_live == 0 ? 0 : -1;
}

#define WATCHED(test) cmocka_unit_test_teardown(test, check_watch)

/* ---- reading ------------------------------------------------------------------------------ */

/* What both readers make of a text. */
struct reading {
    pp_integer *number;
    uint64_t value; /* 42 if not set */
    pp_status status, status_u64;
    pp_error error, error_u64;
};

/* From a copy of the exact size, so that a sanitizer notices any step past the end. */
static struct reading read_both(const char *text, size_t length) {
    struct reading got = {.number = (pp_integer *)&got, .value = 42};
    char *copy = malloc(length + (length == 0));
    assert_non_null(copy);
    memcpy(copy, text, length);
    got.status = pp_integer_parse(copy, length, &got.number, &got.error);
    got.status_u64 = pp_parse_u64(copy, length, &got.value, &got.error_u64);
    free(copy);
    return got;
}

static void assert_value(const char *text, size_t length, const char *expected) {
    struct reading got = read_both(text, length);
    if (got.status != PP_OK)
        fail_msg("\"%s\" at %zu: %s", text, got.error.offset, got.error.message);
    char *digits = pp_integer_to_decimal(got.number);
    if (!digits || strcmp(digits, expected) != 0)
        fail_msg("\"%s\" is %s, expected %s", text, digits ? digits : "NULL", expected);
    free(digits);
    uint64_t value;
    if (pp_integer_to_u64(got.number, &value))
        assert_true(got.status_u64 == PP_OK && got.value == value);
    else
        assert_true(got.status_u64 == PP_ERR_RANGE && got.error_u64.offset == 0);
    pp_integer_free(got.number);
}

static void assert_error(const pp_error *error, const char *text, pp_status status, size_t offset,
                         const char *message) {
    if (error->status != status || error->offset != offset || strcmp(error->message, message) != 0)
        fail_msg("\"%s\": %s at %zu, \"%s\"; expected %s at %zu, \"%s\"", text,
                 pp_status_name(error->status), error->offset, error->message,
                 pp_status_name(status), offset, message);
}

/* Both refuse the text, at the place where '@' stands in it; '$' stands for a NUL byte. */
static void assert_refused(const char *marked, pp_status status, const char *message) {
    char text[64];
    size_t offset = strcspn(marked, "@"), length = strlen(marked) - 1;
    assert_true(length < sizeof text);
    memcpy(text, marked, offset);
    memcpy(text + offset, marked + offset + 1, length - offset);
    for (size_t i = 0; i < length; i++)
        text[i] = text[i] == '$' ? '\0' : text[i];
    struct reading got = read_both(text, length);
    assert_true(got.status == status && got.number == NULL);
    assert_error(&got.error, marked, status, offset, message);
    assert_true(got.status_u64 == status && got.value == 42);
    assert_error(&got.error_u64, marked, status, offset, message);
    /* Nobody has to want to know why. */
    assert_int_equal(pp_integer_parse(text, length, &got.number, NULL), status);
    assert_int_equal(pp_parse_u64(text, length, &got.value, NULL), status);
}

static void assert_bits(const char *text, size_t length, size_t bits) {
    pp_integer *number = NULL;
    assert_int_equal(pp_integer_parse(text, length, &number, NULL), PP_OK);
    assert_int_equal(pp_integer_bits(number), bits);
    pp_integer_free(number);
}

/* ---- the grammar ------------------------------------------------------------------------- */

/* "expression = value" */
static void test_values(void **state) {
    (void)state;
    static const char *const cases[] = {
        /* Decimal, up to the edge of 64 bits and beyond. */
        "0 = 0", "7 = 7", "007 = 7", "18446744073709551615 = 18446744073709551615",
        "018446744073709551615 = 18446744073709551615",
        "18446744073709551616 = 18446744073709551616",
        "18446744073709551620 = 18446744073709551620",
        "340282366920938463463374607431768211456 = 340282366920938463463374607431768211456",
        "1_000_000 = 1000000", "1_2_3 = 123", "0_0_1 = 1",
        /* Hexadecimal. */
        "0x0 = 0", "0xff = 255", "0XFf = 255", "0x1e3 = 483", "0x00e = 14",
        "0xdead_BEEF = 3735928559", "0xffffffffffffffff = 18446744073709551615",
        "0x1_0000_0000_0000_0000 = 18446744073709551616",
        /* Exponents. */
        "1e13 = 10000000000000", "1E13 = 10000000000000", "1e+13 = 10000000000000", "1e0 = 1",
        "1e00 = 1", "1e0000000000000000000000000003 = 1000", "12e3 = 12000",
        "1_2e1_0 = 120000000000", "1e19 = 10000000000000000000", "2e19 = 20000000000000000000",
        "18446744073709551617e1 = 184467440737095516170", "1e20 = 100000000000000000000",
        "1844674407370955161e1 = 18446744073709551610",
        "1844674407370955162e1 = 18446744073709551620", "0e20 = 0",
        "0e99999999999999999999999999 = 0",
        /* Operators, from left to right. */
        "1+2 = 3", "10-3-2 = 5", "100/10/5 = 2", "100/10*5 = 50", "17%10%4 = 3", "2*7%5 = 4",
        "2^64-1 = 18446744073709551615", "2^64 = 18446744073709551616",
        "2**64-1 = 18446744073709551615", "10**13 = 10000000000000", "1e13+500 = 10000000000500",
        /* Precedence. */
        "2+3*4 = 14", "(2+3)*4 = 20", "2*3^2 = 18", "(2*3)^2 = 36", "2^3*2 = 16", "20-6/2 = 17",
        "20-6%4 = 18", "2^3^2 = 512", "2**3**2 = 512", "2^3**2 = 512", "(2^3)^2 = 64", "-2^2+5 = 1",
        "(-2)^2+5 = 9", "2*-3+10 = 4", "2--3 = 5", "2---3+2 = 1", "--5 = 5", "-(-5) = 5",
        "-5+6 = 1", "-0 = 0", "2^--3 = 8", "2^-0 = 1", "2^(5-2) = 8", "-2^100+2^100 = 0",
        /* Division truncates toward zero. */
        "7/2 = 3", "(-7)/2+10 = 7", "7/-2+10 = 7", "-7/-2 = 3", "1/2 = 0", "7%3 = 1",
        "(-7)%3+3 = 2", "7%-3 = 1", "-7%-3+3 = 2", "2^100/2^98 = 4", "2^100%7 = 2",
        /* Powers of 0, 1 and -1 never grow. */
        "0^0 = 1", "5^0 = 1", "0^5 = 0", "0^2^200 = 0", "1^2^200 = 1", "(-1)^2^200 = 1",
        "(-1)^(2^200+1)+1 = 0", "(0-1)^0 = 1",
        /* White space. */
        " 7 = 7", "7  = 7", "\t( 1 +\t2 ) * 3 ** 2 - - 1  = 28", "((((7)))) = 7"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *equals = strstr(cases[i], " = ");
        assert_value(cases[i], (size_t)(equals - cases[i]), equals + 3);
    }
}

/* The text goes on after the number, and the number ends where it was said to. */
static void test_length_bounds_the_text(void **state) {
    (void)state;
    assert_value("12345", 3, "123");
    assert_value("1e13", 3, "10");
    assert_value("2^64", 3, "64");
    assert_value("0x10", 3, "1");
    assert_int_equal(pp_parse_u64("1_0", 2, &(uint64_t){0}, NULL), PP_ERR_SYNTAX);
    assert_int_equal(pp_parse_u64(NULL, 0, &(uint64_t){0}, NULL), PP_ERR_SYNTAX);
}

/* ---- errors ------------------------------------------------------------------------------ */

static void test_syntax_errors(void **state) {
    (void)state;
    static const struct {
        const char *message;
        const char *texts[16];
    } cases[] = {
        {"empty: expected a number", {"@", "@ \t "}},
        {"expected a number", {"1+@", "1 + @", "-@", "(@", "2^@", "2**@"}},
        {"expected a number, not '+'", {"@+5", " @+5", "1+@+2", "-@+2", "2^@+2", "(@+5)"}},
        {"expected a number, not '*'", {"@*2", "2* @*3", "2**@*3"}},
        {"expected a number, not '/'", {"@/2", "1/@/2"}},
        {"expected a number, not '%'", {"@%s%n", "5%@%2"}},
        {"expected a number, not '^'", {"@^2", "2^@^3"}},
        {"expected a number, not ')'", {"@)", "(@)", "(1+@)"}},
        {"')' is missing", {"(1@", "((1) @", "(2^(3)@"}},
        {"')' without '('", {"1@)", "(1)@)"}},
        {"expected an operator", {"1 @2", "2@(3)", "(2)@3", "(1 @2)"}},
        {"unexpected character 'x'", {"@x", "12@x", "(1@x)", "2@x10", "00@x1", "1+@x"}},
        {"unexpected character '.'", {"1@.5", "@.5"}},
        {"unexpected character ','", {"1@,000"}},
        {"unexpected character 'b'", {"0@b101"}},
        {"unexpected character 'g'", {"0xf@g"}},
        {"unexpected character 'e'", {"1e5@e5", "@e5"}},
        {"unexpected character '\\x00'", {"@$", "1@$", "1+@$", "(1@$", "1@$2"}},
        {"unexpected character '\\x0d'", {"12@\r"}},
        {"unexpected character '\\x0a'", {"12@\n", "@\n"}},
        {"unexpected character '\\x7f'", {"7@\x7f"}},
        {"unexpected character '\\xe2'", {"@\xe2\x88\x92", "5@\xe2\x88\x92"}},
        {"unexpected character '\\xff'", {"5@\xff", "@\xff"}},
        {"'_' must stand between two digits",
         {"@_1", "1@_", "1@__0", "1 @_0", "1@_+2", "(1)@_2", "1@_e5", "1e@_5", "1e5@_", "0x@_1",
          "0x1@_", "0@_x1"}},
        {"expected hexadecimal digits after '0x'", {"0x@", "0X@", "0x@g", "0x@ 1", "1+0x@"}},
        {"expected digits after 'e'", {"1e@", "1e+@", "1e@ 5", "1e@e5", "1e+@-5", "1e@$"}},
        {"the exponent must not be negative",
         {"1e@-3", "100E@-1", "2^@-1", "2 ^ @-1", "2** @(1-2)", "1^@-1", "2^@-2^2"}},
        {"division by zero", {"1/@0", "1 / @(2-2)", "1%@0", "0/@0", "5+1/@-0", "1/@0^2"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t j = 0; j < 16 && cases[i].texts[j]; j++)
            assert_refused(cases[i].texts[j], PP_ERR_SYNTAX, cases[i].message);
    }
}

/* Errors of range speak of the whole text. */
static void test_negative(void **state) {
    (void)state;
    static const char *const texts[] = {"@-1", "@ 3 - 4", "@-1^2", "@(-1)^3", "@-7%3", "@-0x1"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_refused(texts[i], PP_ERR_RANGE, "negative: -1 is below 0");
    assert_refused("@-1e1000", PP_ERR_RANGE, "negative: -100000000000... (1001 digits) is below 0");
}

static void test_above_u64(void **state) {
    (void)state;
    static const struct {
        const char *text, *number;
    } cases[] = {
        {"18446744073709551616", "18446744073709551616"},
        {"2^64", "18446744073709551616"},
        {"18446744073709551620", "18446744073709551620"},
        {"00184467440737095516160", "184467440737095516160"},
        {"1e20", "100000000000000000000"},
        {"123456789012345678901234", "123456789012345678901234"},
        {"1234567890123456789012345", "123456789012... (25 digits)"},
        {"123456789012345678901234_5", "123456789012... (25 digits)"},
        {"1e1000", "100000000000... (1001 digits)"},
        {"1e1000-1", "999999999999... (1000 digits)"},
        {"2^1000", "107150860718... (302 digits)"},
        {"2^33554432", "330725248817... (10100891 digits)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char message[240];
        snprintf(message, sizeof message, "%s is above 2^64-1", cases[i].number);
        struct reading got = read_both(cases[i].text, strlen(cases[i].text));
        assert_int_equal(got.status, PP_OK);
        pp_integer_free(got.number);
        assert_error(&got.error_u64, cases[i].text, PP_ERR_RANGE, 0, message);
        assert_true(got.value == 42);
    }
}

/* ---- hostile text ------------------------------------------------------------------------ */

#define TOO_LARGE "too large: numbers go up to 2^(2^25)"

static void test_too_large_fails_at_once(void **state) {
    (void)state;
    static const char *const texts[] = {"10@^10^10", "2@^2^64", "2 @** 2 ** 64", "2@^33554433",
                                        "(-2)@^33554433", "3@^22000000^9", "0^(10@^10^10)",
                                        "10@^10^10 % 7", "(2@^2^99)^0", "10@^16777216",
                                        /* Numbers. */
                                        "@1e10100891", "@1e999999999999", "@1e18446744073709551617",
                                        "1 + @1e99999999999999999999999999999999"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_refused(texts[i], PP_ERR_TOO_LARGE, TOO_LARGE);
    assert_true(gmp_largest <= 4096);
}

/* 2^(2^25) itself may be said; anything more may not, however it is said. */
static void test_largest(void **state) {
    (void)state;
    assert_bits("2^33554432", 10, 33554433);
    assert_bits("2^33554431*2", 12, 33554433);
    assert_bits("2^33554432 - 2^33554432 + 1", 27, 1);
    assert_bits("1e10100890", 10, 33554431);
    assert_refused("2^33554432 @+ 2^33554432", PP_ERR_TOO_LARGE, TOO_LARGE);
    assert_refused("2^33554432 @+ 1", PP_ERR_TOO_LARGE, TOO_LARGE);
    assert_refused("-2^33554432 @- 1", PP_ERR_TOO_LARGE, TOO_LARGE);
    assert_refused("2^33554431 @* 2^33554431", PP_ERR_TOO_LARGE, TOO_LARGE);
    assert_true(gmp_largest <= (size_t)6 << 20);
}

/* As deep as is allowed, deeper, and other runs that a line of input may hold. */
static void test_long_runs(void **state) {
    (void)state;
    static char text[100000];
    static const struct {
        const char *repeated, *message;
        size_t offset;
    } cases[] = {
        {"(", "more than 200 levels of nesting", 201},
        {"-", "more than 200 levels of nesting", 201},
        {"1^", "more than 200 levels of nesting", 402},
        {"0x", "unexpected character 'x'", 3},
        {"1+", "expected a number", sizeof text},
        {" ", "empty: expected a number", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t j = 0; j < sizeof text; j++)
            text[j] = cases[i].repeated[j % strlen(cases[i].repeated)];
        struct reading got = read_both(text, sizeof text);
        assert_error(&got.error, cases[i].repeated, PP_ERR_SYNTAX, cases[i].offset,
                     cases[i].message);
    }
    memset(text, '(', 200);
    text[200] = '7';
    memset(text + 201, ')', 200);
    assert_value(text, 401, "7");
    memset(text, '-', 200);
    assert_value(text, 201, "7");
}

static void test_many_digits(void **state) {
    (void)state;
    enum { LENGTH = 11000000, LARGEST = 3 + (1 << 23) /* 2^(2^25) in hexadecimal */ };
    char *text = malloc(LENGTH);
    assert_non_null(text);
    memset(text, '9', LENGTH);
    struct reading got = read_both(text, LENGTH);
    assert_error(&got.error, "9...", PP_ERR_TOO_LARGE, 0, TOO_LARGE);
    assert_error(&got.error_u64, "9...", PP_ERR_RANGE, 0,
                 "999999999999... (11000000 digits) is above 2^64-1");
    memset(text, '0', LENGTH);
    memcpy(text, "0x1", 3);
    assert_int_equal(pp_integer_parse(text, LARGEST + 1, &got.number, NULL), PP_ERR_TOO_LARGE);
    assert_true(gmp_largest <= 4096);
    assert_bits(text, LARGEST, 33554433);
    text[LARGEST - 1] = '1';
    assert_int_equal(pp_integer_parse(text, LARGEST, &got.number, NULL), PP_ERR_TOO_LARGE);
    free(text);
}

/* ---- random text ------------------------------------------------------------------------- */

static uint64_t random_state;

/* Knuth's MMIX congruential generator: the same on every machine. */
static unsigned below(unsigned n) {
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((random_state >> 32) * n >> 32);
}

/* An expression in writing, its value, and how tightly its outermost operator binds. */
enum { SUM = 1, PRODUCT, MINUS, POWER, ATOM };
struct expression {
    char text[1024];
    __int128 value;
    int level;
};

/* Between tokens. */
static const char *gap(void) {
    return (const char *const[]){"", "", "", " ", "\t", "  "}[below(6)];
}

static void write_number(struct expression *out) {
    unsigned n = below(4) == 0 ? 1000 + below(1000000) : below(12), form = below(5);
    out->value = form == 1 ? 1000 * (__int128)n : n;
    out->level = ATOM;
    if (form == 0)
        snprintf(out->text, sizeof out->text, "0x%x", n);
    else if (form == 1)
        snprintf(out->text, sizeof out->text, "%ue3", n);
    else if (form == 2 && n >= 1000)
        snprintf(out->text, sizeof out->text, "%u_%03u", n / 1000, n % 1000);
    else
        snprintf(out->text, sizeof out->text, "%u", n);
}

/* In parentheses where the grammar needs them, and now and then where it does not. */
static void enclose(struct expression *part, int level) {
    if (part->level >= level && below(8) != 0)
        return;
    char bare[sizeof part->text];
    memcpy(bare, part->text, sizeof bare);
    snprintf(part->text, sizeof part->text, "(%s%.1000s%s)", gap(), bare, gap());
    part->level = ATOM;
}

/* Added to a small value of either sign, makes it positive. */
#define LIFT ((__int128)1 << 60)

static bool small(__int128 value) {
    return value > -LIFT && value < LIFT;
}

/* left op right; false when it has no value, or none that stays small. */
static bool evaluate(char op, __int128 left, __int128 right, __int128 *out) {
    if (op == '^') {
        *out = 1;
        for (__int128 i = 0; i < right && small(*out) && i < 60; i++)
            *out *= left;
        return right >= 0 && right <= 60 && small(*out);
    }
    if ((op == '/' || op == '%') && right == 0)
        return false;
    *out = op == '+'   ? left + right
           : op == '-' ? left - right
           : op == '*' ? left * right
           : op == '/' ? left / right
                       : left % right;
    return small(*out);
}

/* A random tree; whatever would have no small value becomes a number instead. */
static void write_expression(struct expression *out, unsigned depth) {
    write_number(out);
    if (depth == 0 || below(6) == 0)
        return;
    struct expression left, right;
    write_expression(&left, depth - 1);
    write_expression(&right, depth - 1);
    if (below(6) == 0) {
        enclose(&left, MINUS);
        snprintf(out->text, sizeof out->text, "-%s%.1000s", gap(), left.text);
        out->value = -left.value;
        out->level = MINUS;
        return;
    }
    static const char *const operators[] = {"+", "-", "*", "/", "%", "^", "**"};
    static const int levels[] = {SUM, SUM, PRODUCT, PRODUCT, PRODUCT, POWER, POWER};
    unsigned op = below(7);
    __int128 value;
    if (!evaluate(op == 6 ? '^' : *operators[op], left.value, right.value, &value))
        return;
    out->value = value;
    out->level = levels[op];
    enclose(&left, out->level == POWER ? ATOM : out->level);
    enclose(&right, out->level == POWER ? MINUS : out->level + 1);
    snprintf(out->text, sizeof out->text, "%.400s%s%s%s%.400s", left.text, gap(), operators[op],
             gap(), right.text);
}

static void test_random_expressions(void **state) {
    (void)state;
    random_state = 20240229;
    for (int i = 0; i < 10000; i++) {
        struct expression expression;
        write_expression(&expression, 1 + below(4));
        char text[sizeof expression.text + 8];
        int length = snprintf(text, sizeof text, "2^60+(%s)", expression.text);
        uint64_t value = 0;
        pp_status status = pp_parse_u64(text, (size_t)length, &value, NULL);
        if (status != PP_OK || value != (uint64_t)(expression.value + LIFT))
            fail_msg("\"%s\": %llu, %s", text, (unsigned long long)value, pp_status_name(status));
    }
}

/* Text of the right bytes in no order: never a leak or a place outside, and both readers agree. */
static void test_random_bytes(void **state) {
    (void)state;
    static const char bytes[] = "00123xXabeE_+-*/%^()  \t.\r\xff";
    random_state = 20240301;
    unsigned ok = 0;
    for (int i = 0; i < 20000; i++) {
        char text[8];
        size_t length = below(sizeof text + 1);
        for (size_t j = 0; j < length; j++)
            text[j] = bytes[below(sizeof bytes)];
        struct reading got = read_both(text, length);
        if (got.status == PP_OK) {
            ok++;
            uint64_t value = 42;
            bool fits = pp_integer_to_u64(got.number, &value);
            assert_int_equal(got.status_u64, fits ? PP_OK : PP_ERR_RANGE);
            assert_true(got.value == value);
            pp_integer_free(got.number);
        } else {
            assert_in_range(got.status, PP_ERR_SYNTAX, PP_ERR_TOO_LARGE);
            assert_int_equal(got.status_u64, got.status);
            assert_true(got.error.offset <= length);
            assert_int_equal(got.error_u64.offset, got.error.offset);
        }
    }
    assert_true(ok > 500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WATCHED(test_values),        WATCHED(test_length_bounds_the_text),
        WATCHED(test_syntax_errors), WATCHED(test_negative),
        WATCHED(test_above_u64),     WATCHED(test_too_large_fails_at_once),
        WATCHED(test_largest),       WATCHED(test_long_runs),
        WATCHED(test_many_digits),   WATCHED(test_random_expressions),
        WATCHED(test_random_bytes),
    };
    mp_set_memory_functions(watch_allocate, watch_reallocate, watch_free);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
