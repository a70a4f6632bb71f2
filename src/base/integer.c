#include "base/integer.h"

#include <stdlib.h>

_Static_assert(sizeof(unsigned long) == sizeof(uint64_t), "GMP's _ui functions carry a uint64_t");

pp_status integer_from_mpz(const mpz_t value, pp_integer **out) {
    *out = malloc(sizeof **out);
    if (!*out)
        return PP_ERR_MEMORY;
    mpz_init_set((*out)->value, value);
    return PP_OK;
}

pp_status pp_integer_from_u64(uint64_t value, pp_integer **out) {
    *out = malloc(sizeof **out);
    if (!*out)
        return PP_ERR_MEMORY;
    mpz_init_set_ui((*out)->value, value);
    return PP_OK;
}

void pp_integer_free(pp_integer *integer) {
    if (!integer)
        return;
    mpz_clear(integer->value);
    free(integer);
}

bool pp_integer_to_u64(const pp_integer *integer, uint64_t *out) {
    if (!mpz_fits_ulong_p(integer->value))
        return false;
    *out = mpz_get_ui(integer->value);
    return true;
}

size_t pp_integer_bits(const pp_integer *integer) {
    /* GMP calls 0 a number of one digit. */
    return mpz_sgn(integer->value) == 0 ? 0 : mpz_sizeinbase(integer->value, 2);
}

char *pp_integer_to_decimal(const pp_integer *integer) {
    /* A buffer of our own: one of GMP's need not suit free(), and GMP does not return NULL. */
    char *digits = malloc(mpz_sizeinbase(integer->value, 10) + 2);
    return digits ? mpz_get_str(digits, 10, integer->value) : NULL;
}
