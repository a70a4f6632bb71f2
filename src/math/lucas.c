#include "math/lucas.h"

#include "arith64.h"

/* The Jacobi symbol (a|n) for odd n. */
static int jacobi(uint64_t a, uint64_t n) {
    int sign = 1;
    for (a %= n; a; a %= n) {
        int twos = __builtin_ctzll(a);
        a >>= twos;
        if (twos % 2 && ((n & 7) == 3 || (n & 7) == 5))
            sign = -sign;
        if ((a & n & 3) == 3)
            sign = -sign;
        uint64_t swapped = a;
        a = n;
        n = swapped;
    }
    return n == 1 ? sign : 0;
}

static bool is_square(uint64_t n) {
    uint64_t root = (uint64_t)__builtin_sqrt((double)n);
    for (uint64_t r = root ? root - 1 : 0; r <= root + 1; r++)
        if (r <= UINT32_MAX && r * r == n)
            return true;
    return false;
}

unsigned lucas_search_parameter(uint64_t n) {
    enum { LOOK_FOR_A_SQUARE = 21 }; /* which has no (D|n) = -1 at all */
    for (unsigned p = 3;; p++) {
        int symbol = jacobi((uint64_t)p * p - 4, n);
        if (symbol < 0)
            return p;
        /* A prime shares no factor with D, unless it divides P + 2. */
        if (symbol == 0 && n != p + 2)
            return 0;
        if (p == LOOK_FOR_A_SQUARE && is_square(n))
            return 0;
    }
}

bool lucas_extra_strong(uint64_t n) {
    unsigned parameter = lucas_search_parameter(n);
    if (parameter == 0)
        return false;
    a64_modulus m = a64_modulus_of(n);
    uint64_t two = a64_add(m.one, m.one, n), minus_two = n - two;
    uint64_t p = a64_mul(parameter % n, a64_square_of_radix(m), m);
    /* n + 1 may be 2^64, whose d is 1. */
    int s = n == UINT64_MAX ? 64 : __builtin_ctzll(n + 1);
    uint64_t d = s == 64 ? 1 : (n + 1) >> s;
    uint64_t v = two, next = p; /* V_0, V_1 */
    for (int i = 63 - __builtin_clzll(d); i >= 0; i--) {
        uint64_t product = a64_add(a64_mul(v, next, m), n - p, n);
        uint64_t squared = d >> i & 1 ? next : v;
        uint64_t square = a64_add(a64_mul(squared, squared, m), minus_two, n);
        v = d >> i & 1 ? product : square;
        next = d >> i & 1 ? square : product;
    }
    if (v == two || v == minus_two) /* 2·V_(d+1) - P·V_d = D·U_d */
        return a64_add(next, next, n) == a64_mul(p, v, m);
    for (int r = 0; r < s - 1; r++) {
        if (v == 0)
            return true;
        v = a64_add(a64_mul(v, v, m), minus_two, n);
    }
    return false;
}
