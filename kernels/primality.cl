/* Deterministic primality of all 64-bit n, as CPU devices find it; GPUs: see candidates.cl. */

/* Exact for n < 103², by division. */
static inline int pp_small_prime(uint n) {
    for (uint d = 2; d * d <= n; d++)
        if (n % d == 0)
            return 0;
    return n >= 2;
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

static inline ulong pp_most8(ulong8 v) {
    ulong4 a = max(v.lo, v.hi);
    ulong2 b = max(a.lo, a.hi);
    return max(b.x, b.y);
}

/* Per lane: is r, |r| < n, congruent to c, 0 < c < n? Masks are all ones or 0. */
static inline long8 pp_is8(double8 r, double c, double8 n) {
    return r == (double8)c || r == c - n;
}

/*
 * The extra strong Lucas test of lucas64.h on eight odd numbers from 103² up and below 2^49.
 * Residues less a parameter stay below n. Lanes with a shorter d begin with zero bits, which leave
 * V_0 and V_1 as they are.
 */
static inline long8 pp_extra_strong8(ulong8 numbers) {
    ulong each[8];
    double parameters[8];
    vstore8(numbers, 0, each);
    for (int i = 0; i < 8; i++)
        parameters[i] = (double)l64_search_parameter(each[i]);
    double8 n = convert_double8(numbers), inverse = 1 / n, p = vload8(0, parameters);
    ulong8 d = numbers + 1, twos = popcount((d & (~d + 1)) - 1);
    d >>= twos;
    double8 v = 2, next = p; /* V_0, V_1 */
    for (int bit = 63 - (int)clz(pp_most8(d)); bit >= 0; bit--) {
        long8 set = as_long8(d << (ulong)(63 - bit)) < 0;
        double8 product = pp_mulmod8(v, next, n, inverse) - p;
        double8 squared = select(v, next, set);
        double8 square = pp_mulmod8(squared, squared, n, inverse) - 2;
        v = select(square, product, set);
        next = select(product, square, set);
    }
    /* 2·V_(d+1) - P·V_d = D·U_d is 0: as a residue below 3n. */
    double8 rest = next + next - pp_mulmod8(p, v, n, inverse);
    rest = select(rest, -rest, rest < 0);
    long8 vanishes = rest == 0 || rest == n || rest == n + n;
    long8 passed = (pp_is8(v, 2, n) || pp_is8(-v, 2, n)) && vanishes;
    long most = (long)pp_most8(twos);
    for (long r = 0; r < most - 1; r++) {
        passed |= v == 0 && as_long8(twos) > r + 1;
        v = pp_mulmod8(v, v, n, inverse) - 2;
    }
    return passed && p != 0;
}

/*
 * A work-item has a block of numbers, and goes over it as src/math/x86/batch_avx2.c does: small
 * divisors, then base 2 on what is left, densely packed, then the rest of the test on the few that
 * pass. Where a number stands in its block is kept above its 52 low bits, or beside it.
 */
#define PP_BLOCK 512
#define PP_TOGETHER 4
#define PP_GROUP (8 * PP_TOGETHER)
#define PP_NARROW_BITS 49
#define PP_PLACE_BITS 52
#define PP_FIRST_DIVISORS 11
#define PP_DIVISORS 25
#define PP_LOW32 (ulong)0xffffffff

__constant double pp_divisors[PP_DIVISORS] = {3,  5,  7,  11, 13, 17, 19, 23, 29, 31, 37, 41, 43,
                                              47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101};

/* As any(), which Oclgrind 21 answers wrongly for long8. */
static inline int pp_any8(long8 mask) {
    long4 four = mask.lo | mask.hi;
    long2 two = four.lo | four.hi;
    return (two.x | two.y) != 0;
}

/* Appends the chosen lanes of numbers, each with its place. Returns the new length. */
static inline int pp_append8(ulong *list, int n, ulong8 numbers, long8 chosen) {
    ulong each[8];
    long choice[8];
    vstore8(numbers, 0, each);
    vstore8(chosen, 0, choice);
    for (int i = 0; i < 8; i++) {
        list[n] = each[i];
        n += (int)(choice[i] & 1);
    }
    return n;
}

/*
 * Masks of the lanes that divisors [first, end) leave, for numbers below 2^49: n - round(n/p)·p is
 * exact and 0 only if p divides n. Products of up to 14 rests, below 51 each, stay finite.
 */
static inline long8 pp_undivided8(double8 n, int first, int end) {
    double8 product = 1;
    for (int i = first; i < end; i++) {
        double8 quotient = pp_round8(n * (1 / pp_divisors[i]));
        product *= fma(-quotient, (double8)pp_divisors[i], n);
    }
    return product != 0;
}

/* The same for any number: n = high·2^32 + low is congruent to high·(2^32 mod p) + low. */
static inline long8 pp_undivided_wide8(ulong8 n, int first, int end) {
    double8 low = convert_double8(n & PP_LOW32), high = convert_double8(n >> 32);
    double8 product = 1;
    for (int i = first; i < end; i++) {
        double p = pp_divisors[i], fold = (double)(((ulong)1 << 32) % (ulong)p);
        double8 folded = fma(high, (double8)fold, low);
        double8 quotient = pp_round8(folded * (1 / p));
        product *= fma(-quotient, (double8)p, folded);
    }
    return product != 0;
}

/* Bits of the largest exponent n/2 that are left when its leading ones make up to `most`. */
static inline int pp_bits(const ulong *list, int n, ulong number_mask, ulong most) {
    ulong largest = 0;
    for (int i = 0; i < n; i++)
        largest = max(largest, list[i] & number_mask);
    int bits = 0;
    while ((((largest >> 1) + ((ulong)1 << bits) - 1) >> bits) > most)
        bits++;
    return bits;
}

static inline void pp_fill(ulong *list, int n) {
    for (int i = n; i % PP_GROUP != 0; i++)
        list[i] = list[n - 1];
}

/* (2|n) = -1: n = 3, 5 modulo 8. */
static inline long8 pp_two_is_nonresidue8(ulong8 n) {
    return ((n ^ (n >> 1)) & 2) != (ulong8)0;
}

/*
 * The Euler-Jacobi test to base 2 below 2^49, in doubles; bounds as in batch_avx2.c. The numbers
 * that pass are left at the front of the list.
 */
static inline int pp_base2_narrow(ulong *list, int n) {
    ulong place_mask = ((ulong)1 << PP_PLACE_BITS) - 1;
    int bits = pp_bits(list, n, place_mask, 47), kept = 0;
    pp_fill(list, n);
    for (int i = 0; i < n; i += PP_GROUP) {
        double8 number[PP_TOGETHER], inverse[PP_TOGETHER], x[PP_TOGETHER];
        ulong8 packed[PP_TOGETHER], exponent[PP_TOGETHER];
        for (int v = 0; v < PP_TOGETHER; v++) {
            packed[v] = vload8(0, list + i + 8 * v);
            ulong8 integer = packed[v] & place_mask;
            exponent[v] = integer >> 1;
            number[v] = convert_double8(integer);
            inverse[v] = 1 / number[v];
            x[v] = convert_double8((ulong8)1 << (exponent[v] >> (ulong)bits));
            x[v] = fma(-pp_round8(x[v] * inverse[v]), number[v], x[v]);
        }
        for (int bit = bits - 1; bit >= 0; bit--)
            for (int v = 0; v < PP_TOGETHER; v++) {
                double8 high = x[v] * x[v];
                double8 low = fma(x[v], x[v], -high);
                double8 quotient = pp_round8(high * inverse[v]);
                double8 rest = fma(-quotient, number[v], high) + low;
                long8 twice = as_long8(exponent[v] << (ulong)(63 - bit)) < 0;
                x[v] = select(rest, rest + rest, twice);
            }
        for (int v = 0; v < PP_TOGETHER; v++) {
            double8 power = fma(-pp_round8(x[v] * inverse[v]), number[v], x[v]);
            long8 minus = pp_two_is_nonresidue8(packed[v]);
            long8 passed = select(power == 1, power == -1, minus);
            for (int lane = i + 8 * v; lane < i + 8 * v + 8; lane += 8) /* not what was filled up */
                passed &= lane + (long8)(0, 1, 2, 3, 4, 5, 6, 7) < (long8)n;
            kept = pp_append8(list, kept, packed[v], passed);
        }
    }
    return kept;
}

/*
 * The Montgomery reduction of the four 32-bit digits d0, d1, d2, d3 by 2^64, subtracting digit by
 * digit: products of 32-bit numbers are what vectors have. d0 may carry above its 32 bits, and the
 * others within 64 with a sign.
 */
static inline ulong8 pp_reduce8(ulong8 d0, ulong8 d1, ulong8 d2, ulong8 d3, ulong8 n,
                                ulong8 inverse) {
    ulong8 n0 = n & PP_LOW32, n1 = n >> 32;
    ulong8 q = ((d0 & PP_LOW32) * inverse) & PP_LOW32, low = q * n0, high = q * n1;
    d1 += (d0 >> 32) - (low >> 32) - (high & PP_LOW32);
    d2 -= high >> 32;
    q = ((d1 & PP_LOW32) * inverse) & PP_LOW32;
    low = q * n0;
    high = q * n1;
    d2 += as_ulong8(as_long8(d1) >> 32) - (low >> 32) - (high & PP_LOW32);
    d3 -= high >> 32;
    long8 sign = (as_long8(d3) + (as_long8(d2) >> 32)) >> 63;
    return (d3 << 32) + d2 + (n & as_ulong8(sign));
}

static inline ulong8 pp_square8(ulong8 x, ulong8 n, ulong8 inverse) {
    ulong8 low = x & PP_LOW32, high = x >> 32;
    ulong8 d0 = low * low, middle = low * high, top = high * high;
    return pp_reduce8(d0, 2 * (middle & PP_LOW32), 2 * (middle >> 32) + (top & PP_LOW32), top >> 32,
                      n, inverse);
}

static inline ulong8 pp_multiply8(ulong8 x, ulong8 y, ulong8 n, ulong8 inverse) {
    ulong8 x0 = x & PP_LOW32, x1 = x >> 32, y0 = y & PP_LOW32, y1 = y >> 32;
    ulong8 a = x0 * y1, b = x1 * y0, top = x1 * y1;
    return pp_reduce8(x0 * y0, (a & PP_LOW32) + (b & PP_LOW32),
                      (a >> 32) + (b >> 32) + (top & PP_LOW32), top >> 32, n, inverse);
}

/* a + b and a - b modulo n. */
static inline ulong8 pp_add8(ulong8 a, ulong8 b, ulong8 n) {
    ulong8 gap = n - b, sum = a - gap;
    return select(sum, sum + n, a < gap);
}
static inline ulong8 pp_less8(ulong8 a, ulong8 b, ulong8 n) {
    ulong8 difference = a - b;
    return select(difference, difference + n, a < b);
}

/* The inverse of odd n modulo 2^32. */
static inline ulong8 pp_inverse8(ulong8 n) {
    ulong8 m = n & PP_LOW32, y = (3 * m) ^ 2;
    for (int step = 0; step < 3; step++) /* 5 bits are right, 10, 20, 40 */
        y = (y * ((2 - ((m * y) & PP_LOW32)) & PP_LOW32)) & PP_LOW32;
    return y;
}

/* The Euler-Jacobi test for any n, with a negative exponent: see src/math/primality.c. */
static inline int pp_base2_wide(ulong *list, ushort *places, int n) {
    int bits = pp_bits(list, n, ~(ulong)0, 64), kept = 0;
    pp_fill(list, n);
    for (int i = 0; i < n; i += PP_GROUP) {
        ulong8 number[PP_TOGETHER], inverse[PP_TOGETHER], x[PP_TOGETHER], exponent[PP_TOGETHER];
        for (int v = 0; v < PP_TOGETHER; v++) {
            number[v] = vload8(0, list + i + 8 * v);
            inverse[v] = pp_inverse8(number[v]);
            exponent[v] = -(number[v] >> 1);
            x[v] = (ulong8)1 << as_ulong8(64 + (as_long8(exponent[v]) >> (long)bits));
            if (pp_any8(x[v] >= number[v]))
                x[v] %= number[v];
        }
        for (int bit = bits - 1; bit >= 0; bit--)
            for (int v = 0; v < PP_TOGETHER; v++) {
                ulong8 y = pp_square8(x[v], number[v], inverse[v]);
                ulong8 gap = number[v] - y, twice = y - gap;
                twice = select(twice, twice + number[v], y < gap);
                x[v] = select(y, twice, as_long8(exponent[v] << (ulong)(63 - bit)) < 0);
            }
        for (int v = 0; v < PP_TOGETHER; v++) {
            ulong8 power = pp_reduce8(x[v] & PP_LOW32, x[v] >> 32, 0, 0, number[v], inverse[v]);
            ulong8 wanted = select((ulong8)1, number[v] - 1, pp_two_is_nonresidue8(number[v]));
            ulong passed[8];
            vstore8(as_ulong8(power == wanted), 0, passed);
            for (int lane = 0; lane < 8; lane++) {
                int at = i + 8 * v + lane;
                list[kept] = list[at];
                places[kept] = places[at];
                kept += at < n && passed[lane];
            }
        }
    }
    return kept;
}

/* pp_extra_strong8 for any eight odd numbers from 103² up but 2^64 - 1, in Montgomery form. */
static inline long8 pp_extra_strong_wide8(ulong8 n) {
    ulong each[8], parameters[8];
    vstore8(n, 0, each);
    for (int i = 0; i < 8; i++)
        parameters[i] = l64_search_parameter(each[i]);
    ulong8 parameter = vload8(0, parameters), inverse = pp_inverse8(n);
    ulong8 one = (0 - n) % n, two = pp_add8(one, one, n), p = two;
    for (ulong i = pp_most8(parameter); i > 2; i--)
        p = select(p, pp_add8(p, one, n), parameter >= (ulong8)i);
    ulong8 d = n + 1, twos = popcount((d & (~d + 1)) - 1);
    d >>= twos;
    ulong8 v = two, next = p; /* V_0, V_1 */
    for (int bit = 63 - (int)clz(pp_most8(d)); bit >= 0; bit--) {
        long8 set = as_long8(d << (ulong)(63 - bit)) < 0;
        ulong8 product = pp_less8(pp_multiply8(v, next, n, inverse), p, n);
        ulong8 square = pp_less8(pp_square8(select(v, next, set), n, inverse), two, n);
        v = select(square, product, set);
        next = select(product, square, set);
    }
    long8 passed =
        (v == two || v == n - two) && pp_add8(next, next, n) == pp_multiply8(p, v, n, inverse);
    long most = (long)pp_most8(twos);
    for (long r = 0; r < most - 1; r++) {
        passed |= v == (ulong8)0 && as_long8(twos) > r + 1;
        v = pp_less8(pp_square8(v, n, inverse), two, n);
    }
    return passed && parameter != (ulong8)0;
}

/*
 * Base 2 on what the small divisors, or a sieve, have left, and the rest of the test on the few
 * that pass: sets the flags of those that are prime. The lists have room for PP_BLOCK + PP_GROUP.
 */
static inline void pp_test_left(ulong *narrow, int n_narrow, ulong *wide, ushort *places,
                                int n_wide, uchar *flags) {
    ulong place_mask = ((ulong)1 << PP_PLACE_BITS) - 1;
    n_narrow = n_narrow ? pp_base2_narrow(narrow, n_narrow) : 0;
    for (int i = 0; i < n_narrow; i += 8) {
        for (int j = n_narrow; j < i + 8; j++)
            narrow[j] = narrow[n_narrow - 1];
        long prime[8];
        vstore8(pp_extra_strong8(vload8(0, narrow + i) & place_mask), 0, prime);
        for (int j = 0; j < 8; j++)
            if (prime[j])
                flags[narrow[i + j] >> PP_PLACE_BITS] = 1;
    }
    n_wide = n_wide ? pp_base2_wide(wide, places, n_wide) : 0;
    for (int i = 0; i < n_wide; i += 8) {
        for (int j = n_wide; j < i + 8; j++)
            wide[j] = wide[n_wide - 1];
        long prime[8];
        vstore8(pp_extra_strong_wide8(vload8(0, wide + i)), 0, prime);
        for (int j = i; j < min(i + 8, n_wide); j++)
            flags[places[j]] = prime[j - i] != 0;
    }
}

/* flags[i] = numbers[i] is prime, for the n numbers of a block; room for PP_BLOCK of them. */
static inline void pp_mr_block(const ulong *numbers, int n, uchar *flags) {
    ulong narrow[PP_BLOCK + PP_GROUP], wide[PP_BLOCK + PP_GROUP];
    ushort places[PP_BLOCK + PP_GROUP];
    int n_narrow = 0, n_wide = 0;
    ulong place_mask = ((ulong)1 << PP_PLACE_BITS) - 1;
    for (int i = 0; i < n; i++)
        flags[i] = 0;
    for (int i = 0; i < n; i += 8) {
        ulong8 x = vload8(0, numbers + i);
        long8 odd = (x & 1) == 1, below = x < ((ulong8)1 << PP_NARROW_BITS);
        long8 small = x < (ulong8)(103 * 103);
        ulong8 place = (ulong)i + (ulong8)(0, 1, 2, 3, 4, 5, 6, 7);
        if (pp_any8(small))
            for (int j = i; j < min(i + 8, n); j++)
                if (numbers[j] < 103 * 103)
                    flags[j] = (uchar)pp_small_prime((uint)numbers[j]);
        long8 chosen = odd && below && !small;
        if (pp_any8(chosen)) {
            chosen &=
                pp_undivided8(convert_double8(select((ulong8)1, x, chosen)), 0, PP_FIRST_DIVISORS);
            n_narrow = pp_append8(narrow, n_narrow, x | (place << PP_PLACE_BITS), chosen);
        }
        if (pp_most8(x) >> PP_NARROW_BITS)
            for (int j = i; j < min(i + 8, n); j++)
                if ((numbers[j] & 1) && numbers[j] >> PP_NARROW_BITS) {
                    wide[n_wide] = numbers[j];
                    places[n_wide++] = (ushort)j;
                }
    }
    int kept = 0;
    pp_fill(narrow, n_narrow);
    for (int i = 0; i < n_narrow; i += 8) {
        ulong8 x = vload8(0, narrow + i);
        long8 left = pp_undivided8(convert_double8(x & place_mask), PP_FIRST_DIVISORS, PP_DIVISORS);
        left &= i + (long8)(0, 1, 2, 3, 4, 5, 6, 7) < (long8)n_narrow;
        kept = pp_append8(narrow, kept, x, left);
    }
    n_narrow = kept;

    kept = 0;
    pp_fill(wide, n_wide);
    for (int i = 0; i < n_wide; i += 8) {
        ulong8 x = vload8(0, wide + i);
        long left[8];
        vstore8(pp_undivided_wide8(x, 0, 13) && pp_undivided_wide8(x, 13, PP_DIVISORS), 0, left);
        for (int j = i; j < min(i + 8, n_wide); j++) {
            wide[kept] = wide[j];
            places[kept] = places[j];
            kept += left[j - i] != 0;
        }
    }
    pp_test_left(narrow, n_narrow, wide, places, kept, flags);
}

/* Clears the bits of composites that a sieve has left in words, which are first_word on. */
static inline void pp_test_words(__global ulong *words, ulong first_word, ulong n_words) {
    for (ulong from = 0, to; from < n_words; from = to) {
        ulong narrow[PP_BLOCK + PP_GROUP], wide[PP_BLOCK + PP_GROUP];
        ushort places[PP_BLOCK + PP_GROUP];
        uchar flags[PP_BLOCK];
        int n = 0, n_narrow = 0, n_wide = 0;
        for (to = from; to < n_words && n <= PP_BLOCK - 64; to++)
            for (ulong bits = words[to]; bits; bits &= bits - 1, n++) {
                ulong number = s30_number(first_word + to, A64_CTZ(bits));
                flags[n] = number < 103 * 103 && pp_small_prime((uint)number);
                if (number >> PP_NARROW_BITS) {
                    wide[n_wide] = number;
                    places[n_wide++] = (ushort)n;
                } else if (number >= 103 * 103) {
                    narrow[n_narrow++] = number | (ulong)n << PP_PLACE_BITS;
                }
            }
        pp_test_left(narrow, n_narrow, wide, places, n_wide, flags);
        n = 0;
        for (; from < to; from++) {
            ulong word = words[from];
            for (ulong bits = word; bits; bits &= bits - 1, n++)
                if (!flags[n])
                    word &= ~(bits & (~bits + 1));
            words[from] = word;
        }
    }
}

/* As pp_mr_test below, a block of numbers a work-item. */
__kernel void pp_mr_test(__global const ulong *numbers, __global uchar *flags, ulong n, PP_TALLY) {
    ulong first = PP_BLOCK * get_global_id(0), block[PP_BLOCK];
    int here = first < n ? (int)min(n - first, (ulong)PP_BLOCK) : 0;
    for (int i = 0; i < here; i++)
        block[i] = numbers[first + (ulong)i];
    for (int i = here; i % 8 != 0; i++)
        block[i] = 0;
    uchar found[PP_BLOCK];
    pp_mr_block(block, here, found);
    for (int i = 0; i < here; i++)
        flags[first + (ulong)i] = found[i];
    pp_mark(PP_THIS_TALLY);
}

__kernel void pp_mr_range(__global uchar *flags, ulong first_word, ulong lo, ulong hi, ulong n,
                          PP_TALLY) {
    ulong first = PP_BLOCK * get_global_id(0), block[PP_BLOCK];
    int here = first < n ? (int)min(n - first, (ulong)PP_BLOCK) : 0; /* of whole words */
    for (int i = 0; i < here; i += 8) {
        /* Eight bits of a word are the eight residues of one byte. */
        ulong8 numbers = s30_number(first_word + (first + (ulong)i) / 64, i % 64) - 1 +
                         (ulong8)(1, 7, 11, 13, 17, 19, 23, 29);
        vstore8(select((ulong8)0, numbers, numbers >= lo && numbers <= hi), 0, block + i);
    }
    uchar found[PP_BLOCK];
    pp_mr_block(block, here, found);
    for (int i = 0; i < here; i++)
        flags[first + (ulong)i] = found[i];
    pp_mark(PP_THIS_TALLY);
}

#endif
