/*
 * Any text through the number parser. What is checked: the short way of pp_parse_u64 says what the
 * expression parser says, errors point into the text, and white space and parentheses around a text
 * change nothing but where an error is.
 */
#include "fuzz/fuzz.h"

#include <parprime.h>
#include <stdbool.h>
#include <string.h>

enum { MOST = 600 };

static void check_error(pp_status status, const pp_error *error, size_t size) {
    HOLDS(status == PP_ERR_SYNTAX || status == PP_ERR_RANGE || status == PP_ERR_TOO_LARGE);
    HOLDS(error->status == status);
    HOLDS(error->offset <= size);
    size_t length = strnlen(error->message, sizeof error->message);
    HOLDS(length > 0 && length < sizeof error->message);
    for (size_t i = 0; i < length; i++) /* whatever the text holds, the message can be printed */
        HOLDS(error->message[i] >= ' ' && error->message[i] <= '~');
}

static bool equal(const pp_integer *a, const pp_integer *b) {
    char *a_text = pp_integer_to_decimal(a), *b_text = pp_integer_to_decimal(b);
    HOLDS(a_text && b_text);
    bool same = strcmp(a_text, b_text) == 0;
    free(a_text);
    free(b_text);
    return same;
}

/* `around` the text, whose own bytes begin at `shift` of it: the same value, or the same error. */
static void check_same(const char *around, size_t around_size, size_t shift, pp_status status,
                       const pp_error *error, const pp_integer *value) {
    pp_integer *other;
    pp_error other_error = {0};
    pp_status other_status = pp_integer_parse(around, around_size, &other, &other_error);
    HOLDS(other_status == status);
    if (status == PP_OK) {
        HOLDS(pp_integer_bits(other) == pp_integer_bits(value));
        HOLDS(pp_integer_bits(value) > 10000 || equal(other, value));
    } else {
        HOLDS(!other);
        HOLDS(strcmp(other_error.message, error->message) == 0);
        HOLDS(status == PP_ERR_RANGE || other_error.offset == error->offset + shift);
    }
    pp_integer_free(other);
}

/* What stands alone stands in parentheses, if that is not one level too many. */
static void check_in_parentheses(const char *text, size_t size, const pp_integer *value) {
    pp_integer *inner;
    pp_error error = {0};
    if (pp_integer_parse(text, size, &inner, &error) == PP_OK)
        HOLDS(pp_integer_bits(inner) == pp_integer_bits(value));
    else
        HOLDS(strstr(error.message, "levels of nesting"));
    pp_integer_free(inner);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = (const char *)data;
    pp_integer *value;
    pp_error error = {0};
    if (size > MOST)
        return 0;
    pp_status status = pp_integer_parse(text, size, &value, &error);
    HOLDS((status == PP_OK) == (value != NULL));
    if (status != PP_OK)
        check_error(status, &error, size);

    uint64_t number = 0, low;
    pp_error u64_error = {0};
    pp_status u64_status = pp_parse_u64(text, size, &number, &u64_error);
    if (status == PP_OK && pp_integer_to_u64(value, &low)) {
        HOLDS(u64_status == PP_OK && number == low);
    } else if (status == PP_OK) {
        HOLDS(u64_status == PP_ERR_RANGE && number == 0);
        check_error(u64_status, &u64_error, size);
    } else {
        HOLDS(u64_status == status && number == 0);
        HOLDS(u64_error.offset == error.offset);
        HOLDS(strcmp(u64_error.message, error.message) == 0);
    }

    /* A blank text is told of at its beginning, however much white space there is. */
    size_t spaces = 0;
    while (spaces < size && (text[spaces] == ' ' || text[spaces] == '\t'))
        spaces++;
    if (spaces < size) {
        char around[MOST + 2];
        memcpy(around + 1, text, size);
        around[0] = ' ';
        check_same(around, size + 1, 1, status, &error, value);
        around[0] = '(';
        around[size + 1] = ')';
        if (status == PP_OK)
            check_in_parentheses(around, size + 2, value);
    }
    pp_integer_free(value);
    return 0;
}
