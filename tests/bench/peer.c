/* Peers that lie, to see that bench/batch notices, and a FLINT of another version. */
#include <stdint.h>

int all_prime(uint64_t n);
int all_but_one_prime(uint64_t n);
int n_is_prime(uint64_t n);
extern const char flint_version[];

const char flint_version[] = "0.0.7";

int all_prime(uint64_t n) {
    (void)n;
    return 1;
}

/* One wrong answer, far into the second run. */
int all_but_one_prime(uint64_t n) {
    static unsigned calls;
    (void)n;
    return ++calls != 3333;
}

int n_is_prime(uint64_t n) {
    return all_prime(n);
}

/*
 * A libprimesieve for bench/ranges.py, by trial division: right below 2^32 or so unless PEER_LIE in
 * the environment says what it is to be wrong about, "count", "list" or "walk".
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

uint64_t primesieve_count_primes(uint64_t lo, uint64_t hi);
void *primesieve_generate_primes(uint64_t lo, uint64_t hi, size_t *n, int type);
void primesieve_free(void *primes);
void primesieve_set_num_threads(int threads);
const char *primesieve_version(void);

static int lies(const char *about) {
    const char *wish = getenv("PEER_LIE");
    return wish && strcmp(wish, about) == 0;
}

static int divided(uint64_t n) {
    for (uint64_t d = 2; d * d <= n; d++)
        if (n % d == 0)
            return 1;
    return n < 2;
}

uint64_t primesieve_count_primes(uint64_t lo, uint64_t hi) {
    uint64_t n = (uint64_t)lies("count");
    for (uint64_t i = lo; i <= hi; i++)
        n += !divided(i);
    return n;
}

void *primesieve_generate_primes(uint64_t lo, uint64_t hi, size_t *n, int type) {
    (void)type;
    uint64_t *primes = malloc((size_t)(hi - lo + 1) * sizeof *primes);
    *n = 0;
    for (uint64_t i = lo; primes && i <= hi; i++)
        if (!divided(i))
            primes[(*n)++] = i;
    if (primes && *n && lies("list")) /* as many, and one of them another */
        primes[*n / 2]++;
    return primes;
}

/* As in primesieve/iterator.h; here a prime at a time. */
struct iterator {
    size_t i, size;
    uint64_t start, stop_hint, *primes;
    void *memory;
    int is_error;
};

void primesieve_init(struct iterator *iterator);
void primesieve_jump_to(struct iterator *iterator, uint64_t start, uint64_t stop_hint);
void primesieve_generate_next_primes(struct iterator *iterator);
void primesieve_free_iterator(struct iterator *iterator);

void primesieve_init(struct iterator *iterator) {
    static uint64_t prime;
    memset(iterator, 0, sizeof *iterator);
    iterator->primes = &prime;
}

void primesieve_jump_to(struct iterator *iterator, uint64_t start, uint64_t stop_hint) {
    (void)stop_hint;
    iterator->start = start;
}

void primesieve_generate_next_primes(struct iterator *iterator) {
    while (divided(iterator->start))
        iterator->start++;
    iterator->i = 0;
    iterator->size = 1;
    iterator->primes[0] = iterator->start++;
    if (lies("walk") && iterator->primes[0] == 7)
        iterator->primes[0] = 9;
}

void primesieve_free_iterator(struct iterator *iterator) {
    (void)iterator;
}

void primesieve_free(void *primes) {
    free(primes);
}

void primesieve_set_num_threads(int threads) {
    (void)threads;
}

const char *primesieve_version(void) {
    return "0.0.9";
}
