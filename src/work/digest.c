#include "work/digest.h"

#include "math/wheel.h"

uint64_t digest_words(const uint64_t *words, uint64_t first_word, size_t n_words) {
    uint64_t digest = 0;
    for (size_t i = 0; i < n_words; i++)
        digest += d64_word(words[i], first_word + i);
    return digest;
}

uint64_t digest_small(unsigned small_primes) {
    uint64_t digest = 0;
    static const unsigned primes[] = {2, 3, 5};
    for (int i = 0; i < 3; i++)
        if (small_primes >> i & 1)
            digest += splitmix64(0 - (uint64_t)primes[i]) | 1;
    return digest;
}

uint64_t digest_prime(uint64_t prime) {
    if (prime <= 5)
        return digest_small(wheel_small_primes(prime, prime));
    unsigned place = (unsigned)(prime % WHEEL_WORD);
    unsigned bit = place / WHEEL_BYTE * 8 + wheel_bits[place % WHEEL_BYTE];
    return d64_word(UINT64_C(1) << bit, prime / WHEEL_WORD);
}
