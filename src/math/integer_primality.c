#include "base/integer.h"

/*
 * Since 6.2 GMP runs Baillie-PSW first and counts it as 24 of the repetitions asked for; the
 * rest are Miller-Rabin rounds to random bases. Before, all were Miller-Rabin rounds.
 */
_Static_assert(__GNU_MP_RELEASE >= 60200, "Baillie-PSW needs GMP 6.2");
enum { BAILLIE_PSW = 24, MILLER_RABIN_ROUNDS = 16 };

pp_primality pp_integer_primality(const pp_integer *integer) {
    uint64_t n;
    if (pp_integer_to_u64(integer, &n)) {
        if (n < 2)
            return PP_NEITHER;
        return pp_is_prime(n) ? PP_PRIME : PP_COMPOSITE;
    }
    return mpz_probab_prime_p(integer_mpz(integer), BAILLIE_PSW + MILLER_RABIN_ROUNDS)
               ? PP_PROBABLE_PRIME
               : PP_COMPOSITE;
}

const char *pp_primality_name(pp_primality primality) {
    static const char *const names[] = {
        [PP_NEITHER] = "neither",
        [PP_COMPOSITE] = "composite",
        [PP_PRIME] = "prime",
        [PP_PROBABLE_PRIME] = "probable-prime",
    };
    return (size_t)primality < sizeof names / sizeof *names ? names[primality] : "unknown";
}
