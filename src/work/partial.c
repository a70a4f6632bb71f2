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

void partial_sum(struct partial *partial) {
    partial->count = count_bits(partial->words, partial->n_words) +
                     (uint64_t)__builtin_popcount(partial->small_primes);
    partial->digest = digest_words(partial->words, partial->first_word, partial->n_words) +
                      digest_small(partial->small_primes);
    partial->has_digest = true;
}

size_t partial_decode_run(const struct partial *partial, const struct decoder *decoder,
                          uint64_t *run, size_t *n) {
    static const uint64_t small[] = {2, 3, 5};
    size_t n_small = 0, found;
    for (int i = 0; i < 3; i++)
        if (partial->small_primes >> i & 1)
            run[n_small++] = small[i];
    size_t taken = decoder->decode(partial->words, partial->n_words, partial->first_word,
                                   run + n_small, PARTIAL_RUN - n_small, &found);
    *n = n_small + found;
    return taken;
}

int partial_decode(const struct partial *partial, const struct decoder *decoder,
                   int (*visit)(void *, const uint64_t *, size_t), void *user) {
    uint64_t run[PARTIAL_RUN];
    struct partial left = *partial;
    do {
        size_t n, taken = partial_decode_run(&left, decoder, run, &n);
        int stop = n ? visit(user, run, n) : 0;
        if (stop)
            return stop;
        left.words += taken;
        left.first_word += taken;
        left.n_words -= taken;
        left.small_primes = 0;
    } while (left.n_words);
    return 0;
}
