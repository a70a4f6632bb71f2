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
