/*
 * Makes src/math/tables/psp_filter.bin: what the batch kernels need to know of the composites
 * that pass their base-2 test.
 *
 *   psp2 [--below N] [--least Q] [--filter FILE] [--list FILE] [--brute] [--threads T]
 *
 * Enumerates all odd composite n < N without a prime factor below Q that are pseudoprimes to
 * base 2, 2^(n-1) = 1 mod n, and says how many there are, how many of them are Euler-Jacobi and
 * how many strong. --brute tries every odd number instead: slower, but nothing to prove.
 *
 * Why none is missed. Let p be the largest prime factor of such an n, m = n/p > 1, and write
 * ord(x) for the order of 2 modulo x. Since ord(p) divides n - 1 and p - 1, and
 * n - 1 = m(p - 1) + (m - 1), it divides m - 1. Let Y be the root of N.
 *
 *   p <  SMOOTH: n is a product of primes in [Q, SMOOTH). They are tried from the largest down;
 *        once the product P has a lcm L of orders for which few r < N/P with P·r = 1 mod L are
 *        left, those r are walked.
 *   p <  Y:  m = 1 mod ord(p), and m < N/p: these m are walked.
 *   p >= Y:  m < N/Y, and m·p = n = 1 mod ord(m), since ord(m) divides n - 1. For every m, the
 *        p = 1/m mod ord(m) below N/m are walked; none if m and ord(m) have a common factor. The
 *        orders are lcms over the primes of m: right for squarefree m, and for all others a
 *        divisor of the order, which only walks more.
 *
 * Whatever a walk meets is tested by the definition, so nothing found can be wrong, whether what
 * stood for p is prime or not. Steps leave out even numbers and multiples of primes below Q, up
 * to 101, which n must not have.
 */
#include "arith64.h"
#include "math/psp_filter.h"

#include <gmp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMOOTH = 1009, WALK_AT_MOST = 1000000, BLOCK = 1 << 15 };

static uint64_t below = UINT64_C(1) << 44, least = PSP_FILTER_LEAST_FACTOR, root;
static uint32_t *least_factor; /* of odd n <= root, at n/2 */
static uint32_t *order_of; /* of 2, modulo odd n <= root: lcm over its primes; 0: 2^32 or more */

static const uint8_t small_primes[] = {3,  5,  7,  11, 13, 17, 19, 23, 29, 31, 37, 41, 43,
                                       47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101};

/* ---- arithmetic ---------------------------------------------------------------------------- */

static uint64_t gcd(uint64_t a, uint64_t b) {
    while (b) {
        uint64_t c = a % b;
        a = b;
        b = c;
    }
    return a;
}

static uint64_t lcm(uint64_t a, uint64_t b) {
    return a / gcd(a, b) * b;
}

/* The inverse of a modulo m, coprime. */
static uint64_t inverse_mod(uint64_t a, uint64_t m) {
    int64_t x = 1, y = 0;
    uint64_t r = a % m, s = m;
    while (s) {
        uint64_t q = r / s, c = r % s;
        int64_t z = x - (int64_t)q * y;
        r = s;
        s = c;
        x = y;
        y = z;
    }
    return x < 0 ? m - (uint64_t)-x % m : (uint64_t)x % m;
}

/* 2^-exponent modulo odd n, for exponent >= 1: starts from a plain power of two, see PRIMALITY.md.
 */
static uint64_t negative_power_of_2(uint64_t exponent, uint64_t n) {
    a64_modulus m = {n, a64_inverse(n), 0};
    unsigned bits = 0;
    while ((exponent + (UINT64_C(1) << bits) - 1) >> bits > 64)
        bits++;
    uint64_t rest = 0 - exponent;
    uint64_t x = UINT64_C(1) << (64 + (int)((int64_t)rest >> bits));
    if (x >= n)
        x %= n;
    while (bits-- > 0) {
        x = a64_mul(x, x, m);
        if (rest >> bits & 1)
            x = a64_add(x, x, n);
    }
    return a64_mul(x, 1, m);
}

static bool passes_fermat(uint64_t n) {
    return negative_power_of_2(n - 1, n) == 1;
}

static bool passes_euler_jacobi(uint64_t n) {
    bool nonresidue = (n & 7) == 3 || (n & 7) == 5;
    return negative_power_of_2((n - 1) / 2, n) == (nonresidue ? n - 1 : 1);
}

static bool passes_strong(uint64_t n) {
    a64_modulus m = a64_modulus_of(n);
    int twos = A64_CTZ(n - 1);
    return a64_strong(a64_add(m.one, m.one, n), (n - 1) >> twos, twos, m);
}

/* ---- what is found ------------------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t *found;
static size_t n_found, found_capacity;

static void find(uint64_t n) {
    pthread_mutex_lock(&lock);
    if (n_found == found_capacity) {
        found_capacity = found_capacity ? 2 * found_capacity : 1 << 16;
        found = realloc(found, found_capacity * sizeof *found);
        if (!found)
            abort();
    }
    found[n_found++] = n;
    pthread_mutex_unlock(&lock);
}

static bool has_small_factor(uint64_t n) {
    for (size_t i = 0; i < sizeof small_primes && small_primes[i] < least; i++)
        if (n % small_primes[i] == 0)
            return true;
    return false;
}

/* ---- walks --------------------------------------------------------------------------------- */

/*
 * Visits first, first + step, … up to last, except multiples of two and of the small primes
 * below `least`.
 */
static void walk(uint64_t first, uint64_t step, uint64_t last,
                 void (*visit)(uint64_t x, const void *user), const void *user) {
    if (step % 2) {
        if (first % 2 == 0)
            first += step;
        step *= 2;
    }
    if (first % 2 == 0)
        return;
    static _Thread_local uint8_t struck[BLOCK];
    while (first <= last) {
        uint64_t left = (last - first) / step + 1;
        size_t n = left < BLOCK ? (size_t)left : BLOCK;
        memset(struck, 0, n);
        for (size_t i = 0; i < sizeof small_primes && small_primes[i] < least; i++) {
            uint64_t p = small_primes[i], stride = step % p;
            if (stride == 0) {
                if (first % p == 0)
                    return;
                continue;
            }
            for (size_t k = (p - first % p) * inverse_mod(stride, p) % p; k < n; k += p)
                struck[k] = 1;
        }
        for (size_t k = 0; k < n; k++)
            if (!struck[k])
                visit(first + k * step, user);
        if (left <= BLOCK)
            return;
        first += n * step;
    }
}

struct product {
    uint64_t product;
};

/* x as the cofactor of a product. */
static void try_cofactor(uint64_t x, const void *user) {
    uint64_t n = ((const struct product *)user)->product * x;
    if (x > 1 && negative_power_of_2(n - 1, x) == 1 && passes_fermat(n))
        find(n);
}

/* x as the largest prime p beside m: 2^(m-1) = 1 mod p is quickly seen not to hold. */
static void try_largest(uint64_t x, const void *user) {
    uint64_t m = ((const struct product *)user)->product;
    if (x >= root && negative_power_of_2(m - 1, x) == 1 && passes_fermat(m * x))
        find(m * x);
}

/* n = product·r, with orders that have the lcm `order`, and primes of r up to `most`. */
static void smooth(uint64_t product, uint64_t order, uint64_t most) {
    uint64_t bound = (below - 1) / product;
    if (gcd(product, order) != 1)
        return;                                   /* then n - 1 and n would have a common factor */
    if (product > most && passes_fermat(product)) /* r = 1, of more than one prime */
        find(product);
    if (bound / order <= WALK_AT_MOST) {
        uint64_t first = inverse_mod(product % order, order);
        walk(first ? first : 1, order, bound, try_cofactor, &(struct product){product});
        return;
    }
    for (uint64_t q = least | 1; q <= most && q <= bound; q += 2)
        if (least_factor[q / 2] == q)
            smooth(product * q, lcm(order, order_of[q / 2]), q);
}

/* ---- tables -------------------------------------------------------------------------------- */

static uint64_t order_of_prime(uint64_t p) {
    uint64_t order = p - 1;
    for (uint64_t rest = p - 1; rest > 1;) {
        uint64_t q = rest % 2 ? least_factor[rest / 2] : 2;
        while (rest % q == 0)
            rest /= q;
        while (order % q == 0) {
            uint64_t smaller = order / q;
            if (negative_power_of_2(smaller, p) != 1)
                break;
            order = smaller;
        }
    }
    return order;
}

static void make_tables(void) {
    size_t n = (size_t)root / 2 + 2;
    least_factor = calloc(n, sizeof *least_factor);
    order_of = calloc(n, sizeof *order_of);
    if (!least_factor || !order_of)
        abort();
    for (size_t i = 1; i < n; i++) {
        uint64_t p = 2 * i + 1;
        if (least_factor[i])
            continue;
        for (uint64_t m = p; m / 2 < n; m += 2 * p)
            if (!least_factor[m / 2])
                least_factor[m / 2] = (uint32_t)p;
    }
    for (size_t i = 1; i < n; i++) {
        uint64_t m = 2 * i + 1, p = least_factor[i], rest = m / p;
        uint64_t order = p == m ? order_of_prime(p) : order_of[p / 2];
        if (rest > 1 && order)
            order = order_of[rest / 2] ? lcm(order, order_of[rest / 2]) : 0;
        order_of[i] = order <= UINT32_MAX ? (uint32_t)order : 0;
    }
}

/* ---- the work, shared out ------------------------------------------------------------------ */

static atomic_uint_fast64_t next_number;

/* Everything that one odd number x <= root stands for: as largest prime, and as cofactor. */
static void work_on(uint64_t x) {
    uint64_t order = order_of[x / 2];
    if (least_factor[x / 2] == x && x < root) {
        if (x < SMOOTH)
            smooth(x, order, x);
        else
            walk(1, order, (below - 1) / x, try_cofactor, &(struct product){x});
    }
    uint64_t bound = (below - 1) / x;
    /* An order of 2^32 or more leaves no p below N/m but 1/m itself, walked with any multiple. */
    if (order == 0)
        order = 1;
    if (bound >= root && gcd(x, order) == 1) {
        uint64_t first = inverse_mod(x % order, order);
        first = first ? first : 1;
        if (first < root)
            first += (root - first + order - 1) / order * order;
        walk(first, order, bound, try_largest, &(struct product){x});
    }
}

static void *worker(void *unused) {
    for (;;) {
        uint64_t x = atomic_fetch_add(&next_number, 2);
        if (x > root)
            return unused;
        if (least_factor[x / 2] >= least)
            work_on(x);
    }
}

static void *brute_worker(void *unused) {
    enum { STRIDE = 1 << 20 };
    for (;;) {
        uint64_t x = atomic_fetch_add(&next_number, STRIDE);
        if (x >= below)
            return unused;
        for (uint64_t n = x; n < x + STRIDE && n < below; n += 2) {
            if (has_small_factor(n) || !passes_fermat(n))
                continue;
            mpz_t z; /* another test of primality than the one that this is for */
            mpz_init_set_ui(z, n);
            if (mpz_probab_prime_p(z, 25) == 0)
                find(n);
            mpz_clear(z);
        }
    }
}

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* ---- the filter ---------------------------------------------------------------------------- */

static bool write_file(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    bool written = file && fwrite(data, 1, size, file) == size;
    if (file)
        written &= fclose(file) == 0;
    if (!written)
        perror(path);
    return written;
}

static bool write_filter(const char *path) {
    static uint64_t filter[PSP_FILTER_WORDS];
    if (below != PSP_FILTER_BOUND || least != PSP_FILTER_LEAST_FACTOR) {
        fprintf(stderr, "psp2: the filter is for other bounds, see psp_filter.h\n");
        return false;
    }
    uint64_t bits = 0;
    for (size_t i = 0; i < n_found; i++)
        if (passes_euler_jacobi(found[i]))
            filter[psp_filter_word(found[i])] |= psp_filter_bits(found[i]);
    for (size_t i = 0; i < PSP_FILTER_WORDS; i++)
        bits += (uint64_t)__builtin_popcountll(filter[i]);
    printf("%llu of %d bits are set\n", (unsigned long long)bits, PSP_FILTER_WORDS * 64);
    return write_file(path, filter, sizeof filter);
}

int main(int argc, char **argv) {
    const char *filter = NULL, *list = NULL;
    bool brute = false;
    int threads = 2;
    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--brute") == 0)
            brute = true;
        else if (strcmp(argv[i], "--below") == 0 && more)
            below = (uint64_t)strtod(argv[++i], NULL);
        else if (strcmp(argv[i], "--least") == 0 && more)
            least = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--filter") == 0 && more)
            filter = argv[++i];
        else if (strcmp(argv[i], "--list") == 0 && more)
            list = argv[++i];
        else if (strcmp(argv[i], "--threads") == 0 && more)
            threads = atoi(argv[++i]);
        else {
            fprintf(stderr, "usage: psp2 [--below N] [--least Q] [--filter FILE] [--list FILE] "
                            "[--brute] [--threads T]\n");
            return 2;
        }
    }
    if (below < 1000000 || below > UINT64_C(1) << 48 || least < 3 || least > 103 || threads < 1 ||
        threads > 256) {
        fprintf(stderr, "psp2: N is 10^6 to 2^48, Q is 3 to 103\n");
        return 2;
    }
    for (root = 1; root * root < below; root++)
        ;
    if (!brute)
        make_tables();
    atomic_store(&next_number, 3);
    pthread_t thread[256];
    for (int i = 0; i < threads; i++)
        if (pthread_create(&thread[i], NULL, brute ? brute_worker : worker, NULL) != 0)
            return 6;
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);

    qsort(found, n_found, sizeof *found, ascending);
    size_t n = 0, euler_jacobi = 0, strong = 0;
    for (size_t i = 0; i < n_found; i++)
        if (!has_small_factor(found[i]) && (n == 0 || found[n - 1] != found[i]))
            found[n++] = found[i];
    n_found = n;
    for (size_t i = 0; i < n; i++) {
        euler_jacobi += passes_euler_jacobi(found[i]);
        strong += passes_strong(found[i]);
    }
    printf("below %llu, no factor below %llu: %zu pseudoprimes to base 2, %zu Euler-Jacobi, "
           "%zu strong\n",
           (unsigned long long)below, (unsigned long long)least, n, euler_jacobi, strong);
    if (list && !write_file(list, found, n * sizeof *found))
        return 5;
    return filter && !write_filter(filter) ? 5 : 0;
}
