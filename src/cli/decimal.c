#include "cli/decimal.h"

#include <stddef.h>
#include <string.h>

/* 00 to 99. */
#define TEN(d) d "0" d "1" d "2" d "3" d "4" d "5" d "6" d "7" d "8" d "9"
static const char two_digits[] =
    TEN("0") TEN("1") TEN("2") TEN("3") TEN("4") TEN("5") TEN("6") TEN("7") TEN("8") TEN("9");

char *write_decimal(char *to, uint64_t n) {
    char digits[20], *at = digits + sizeof digits;
    for (; n >= 100; n /= 100)
        memcpy(at -= 2, two_digits + 2 * (n % 100), 2);
    if (n >= 10)
        memcpy(at -= 2, two_digits + 2 * n, 2);
    else
        *--at = (char)('0' + n);
    size_t length = (size_t)(digits + sizeof digits - at);
    memcpy(to, at, length);
    return to + length;
}
