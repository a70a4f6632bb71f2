#include "work/partial.h"

#include "work/digest.h"

uint64_t count_bits(const uint64_t *words, size_t n) {
    uint64_t count = 0;
    for (size_t i = 0; i < n; i++) {
        /* Counting in parallel fields, which the vectoriser can do without a popcount unit. */
        uint64_t x = words[i];
        x -= x >> 1 & 0x5555555555555555;
        x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
        x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
        count += x * 0x0101010101010101 >> 56;
    }
    return count;
}

uint64_t partial_primes(const struct partial *partial) {
    return count_bits(partial->words, partial->n_words) +
           (uint64_t)__builtin_popcount(partial->small_primes);
}

void partial_sum(struct partial *partial) {
    partial->count = partial_primes(partial);
    partial->digest = digest_words(partial->words, partial->first_word, partial->n_words) +
                      digest_small(partial->small_primes);
    partial->has_digest = true;
}

size_t partial_take_run(struct partial *left, const struct decoder *decoder, uint64_t *run) {
    static const uint64_t small[] = {2, 3, 5};
    size_t n = 0, found;
    for (int i = 0; i < 3; i++)
        if (left->small_primes >> i & 1)
            run[n++] = small[i];
    size_t taken = decoder->decode(left->words, left->n_words, left->first_word, run + n,
                                   PARTIAL_RUN - n, &found);
    left->small_primes = 0;
    left->words += taken;
    left->first_word += taken;
    left->n_words -= taken;
    return n + found;
}

int partial_decode(const struct partial *partial, const struct decoder *decoder,
                   int (*visit)(void *, const uint64_t *, size_t), void *user) {
    uint64_t run[PARTIAL_RUN];
    struct partial left = *partial;
    do {
        size_t n = partial_take_run(&left, decoder, run);
        int stop = n ? visit(user, run, n) : 0;
        if (stop)
            return stop;
    } while (left.n_words);
    return 0;
}
