/* Deterministic Miller-Rabin for all 64-bit n; the arithmetic is arith64.h's. */

/* Exact for all n. Small divisors first: they decide five numbers in six. */
static inline int pp_mr_prime(ulong n) {
    if (n < 4)
        return n >= 2;
    if ((n & 1) == 0)
        return 0;
    if (n % 3 == 0)
        return n == 3;
    if (n % 5 == 0)
        return n == 5;
    if (n % 7 == 0)
        return n == 7;
    if (n % 11 == 0)
        return n == 11;
    if (n % 13 == 0)
        return n == 13;
    if (n < 17 * 17)
        return 1;
    return a64_is_prime_odd(n);
}

#if PP_CPU

/*
 * Eight numbers below 2^50 side by side in double arithmetic, since CPU compilers do not vectorise
 * 64-bit high products. Residues are signed, |r| < n. With q = rint(a·b/n), computed from the
 * rounded product h, a·b - q·n is the exact sum of fma(-q, n, h) and the product's rounding error:
 * |q| < 2^50 is off by less than 3/4, so the result is below n again and all terms below 2^53.
 */
static inline double8 pp_mulmod8(double8 a, double8 b, double8 n, double8 inverse) {
    double8 h = a * b;
    double8 error = fma(a, b, -h);
    double8 q = pp_round8(h * inverse);
    return fma(-q, n, h) + error;
}

/* Per lane: is r congruent to 1, or to -1? Masks are all ones or 0. */
static inline long8 pp_is_one8(double8 r, double8 n) {
    return r == (double8)1 || r == 1 - n;
}
static inline long8 pp_is_minus_one8(double8 r, double8 n) {
    return r == (double8)-1 || r == n - 1;
}

/* Strong probable prime to the lane's base, 1 < base < n. `bits`: of the largest odd part. */
static inline long8 pp_strong8(double8 base, ulong8 odd, ulong8 twos, int bits, ulong most_twos,
                               double8 n, double8 inverse) {
    double8 power = 1;
    for (int bit = bits - 1; bit >= 0; bit--) {
        power = pp_mulmod8(power, power, n, inverse);
        double8 times = pp_mulmod8(power, base, n, inverse);
        long8 set = as_long8(odd << (ulong)(63 - bit)) < 0;
        power = select(power, times, set);
    }
    long8 passed = pp_is_one8(power, n) || pp_is_minus_one8(power, n);
    for (ulong i = 1; i < most_twos; i++) {
        power = pp_mulmod8(power, power, n, inverse);
        passed |= pp_is_minus_one8(power, n) && as_long8(twos) > (long)i;
    }
    return passed;
}

static inline ulong pp_most8(ulong8 v) {
    ulong4 a = max(v.lo, v.hi);
    ulong2 b = max(a.lo, a.hi);
    return max(b.x, b.y);
}

/* Masks of the lanes that are prime; all are below 2^50. Lanes already decided are left alone. */
static inline long8 pp_mr_prime8(ulong8 n) {
    long8 small = n < (ulong8)(41 * 41);
    long8 prime = as_long8(n) >= 2, known = n < (ulong8)4;
    const uint divisors[12] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};
    /* n < 2^50 and its quotients are exact enough in double to tell divisibility, as in trial. */
    double8 value = convert_double8(n);
    for (int i = 0; i < 12; i++) {
        double8 quotient = value / (double)divisors[i];
        long8 divides = quotient == pp_round8(quotient) && !known;
        prime = select(prime, as_long8(n) == (long)divisors[i], divides);
        known |= divides;
    }
    known |= small;
    if (all(known))
        return prime;
    /* Decided lanes get a harmless odd modulus. */
    n = select(n, (ulong8)1681, known);
    value = convert_double8(n);
    double8 inverse = 1 / value;
    ulong8 odd = n - 1;
    ulong8 lowest = odd & (~odd + 1);
    ulong8 twos = popcount(lowest - 1);
    odd = odd >> twos;
    int bits = 64 - (int)clz(pp_most8(odd));
    ulong most_twos = pp_most8(twos), most = pp_most8(n);
    int bounded = most < a64_strong_bounds[A64_BASES - 1];
    for (int i = 0; i < A64_BASES; i++) {
        double8 base = bounded ? (double)a64_prime_bases[i] : (double)a64_sinclair_bases[i];
        /* Sinclair's bases may exceed a small lane's n; there and at 0 the base says nothing. */
        base = base - pp_round8(base * inverse) * value;
        base = select(base, base + value, base < 0);
        base = select(base, base - value, base >= value);
        long8 passed = pp_strong8(base, odd, twos, bits, most_twos, value, inverse) || base == 0;
        prime &= passed || known;
        known |= !prime;
        if (all(known) || (bounded && most < a64_strong_bounds[i]))
            break;
    }
    return prime;
}

static inline void pp_store_flags8(__global uchar *flags, ulong first, ulong n, uchar8 values) {
    if (first + 8 <= n) {
        vstore8(values, 0, flags + first);
        return;
    }
    uchar each[8];
    vstore8(values, 0, each);
    for (ulong i = first; i < n; i++)
        flags[i] = each[i - first];
}

/* Eight numbers, of any size. */
static inline uchar8 pp_mr_flags8(ulong8 numbers) {
    if (pp_most8(numbers) < (ulong)1 << 50)
        return convert_uchar8(pp_mr_prime8(numbers) & 1);
    ulong each[8];
    uchar flags[8];
    vstore8(numbers, 0, each);
    for (int i = 0; i < 8; i++)
        flags[i] = (uchar)pp_mr_prime(each[i]);
    return vload8(0, flags);
}

/* As pp_mr_test below, eight numbers a work-item. */
__kernel void pp_mr_test(__global const ulong *numbers, __global uchar *flags, ulong n) {
    ulong first = 8 * get_global_id(0);
    if (first >= n)
        return;
    ulong each[8];
    for (int i = 0; i < 8; i++)
        each[i] = first + i < n ? numbers[first + i] : 0;
    pp_store_flags8(flags, first, n, pp_mr_flags8(vload8(0, each)));
}

__kernel void pp_mr_range(__global uchar *flags, ulong first_word, ulong lo, ulong hi, ulong n) {
    ulong first = 8 * get_global_id(0);
    if (first >= n)
        return;
    /* Eight bits of a word are the eight residues of one byte. */
    ulong8 numbers = s30_number(first_word + first / 64, (int)(first % 64)) - 1 +
                     (ulong8)(1, 7, 11, 13, 17, 19, 23, 29);
    long8 inside = numbers >= lo && numbers <= hi;
    numbers = select((ulong8)0, numbers, inside);
    pp_store_flags8(flags, first, n, pp_mr_flags8(numbers));
}

#else

/* flags[i] = numbers[i] is prime. */
__kernel void pp_mr_test(__global const ulong *numbers, __global uchar *flags, ulong n) {
    ulong i = get_global_id(0);
    if (i < n)
        flags[i] = (uchar)pp_mr_prime(numbers[i]);
}

/* flags[i] = the number of bit i % 64 of word first_word + i / 64 is in [lo, hi] and prime. */
__kernel void pp_mr_range(__global uchar *flags, ulong first_word, ulong lo, ulong hi, ulong n) {
    ulong i = get_global_id(0);
    if (i >= n)
        return;
    ulong number = s30_number(first_word + i / 64, (int)(i % 64));
    flags[i] = (uchar)(number >= lo && number <= hi && pp_mr_prime(number));
}

#endif
