/* Trial division by odd numbers up to the integer square root, as in the book. */

/* floor(sqrt(n)), without a square root: device square roots are not all exact. */
static inline ulong pp_isqrt(ulong n) {
    ulong root = 0;
    for (ulong bit = (ulong)1 << 31; bit; bit >>= 1) {
        ulong next = root | bit;
        if (next * next <= n)
            root = next;
    }
    return root;
}

#if PP_FP64
/* To the nearest whole number, |x| < 2^51: PoCL's rint goes lane by lane. */
static inline double8 pp_round8(double8 x) {
    return (x + 6755399441055744.0) - 6755399441055744.0;
}

/*
 * Does one of first, first + stride, … up to last divide n < 2^52? Eight at a time in double
 * arithmetic: a rounded quotient is whole only if the division is, see src/math/trial.c.
 */
static inline int pp_double_divisor(ulong n, ulong first, ulong stride, ulong last) {
    double8 dividend = (double8)((double)n);
    double8 d = (double8)((double)first) +
                (double)stride * (double8)(0, 1, 2, 3, 4, 5, 6, 7);
    double8 step = (double8)(8.0 * (double)stride);
    ulong block = 8 * stride;
    for (; first + (block - stride) <= last; first += block, d += step) {
        double8 quotient = dividend / d;
        if (any(quotient == pp_round8(quotient)))
            return 1;
    }
    for (; first <= last; first += stride)
        if (n % first == 0)
            return 1;
    return 0;
}
#endif

static inline int pp_has_divisor(ulong n, ulong first, ulong stride, ulong last) {
#if PP_FP64
    if (n < (ulong)1 << 52)
        return pp_double_divisor(n, first, stride, last);
#endif
    if (n <= 0xffffffff) {
        for (uint d = (uint)first; d <= (uint)last; d += (uint)stride)
            if ((uint)n % d == 0)
                return 1;
        return 0;
    }
    for (; first <= last; first += stride)
        if (n % first == 0)
            return 1;
    return 0;
}

/*
 * A window of divisors [first, end), first odd, for one number, shared out over the work-group;
 * long divisions come in many windows, so that no launch is long. Returns whether n is still not
 * divided; the first window, which begins at 3, starts from the definition, the others from
 * `before`. All items of a group call this with the same arguments.
 */
static inline int pp_trial_window(ulong n, int before, ulong first, ulong end,
                                  __local uint *divided) {
    ulong items = get_local_size(0), item = get_local_id(0);
    if (first == 3)
        before = n == 2 || (n > 2 && (n & 1));
    if (item == 0)
        *divided = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (before && n > 8) {
        ulong last = min(pp_isqrt(n), end - 1);
        if (pp_has_divisor(n, first + 2 * item, 2 * items, last))
            atomic_or(divided, 1);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    return before && !*divided;
}

/* flags[i] = numbers[i] has no divisor so far, by work-group i / each. */
__kernel void pp_trial_test(__global const ulong *numbers, __global uchar *flags, ulong first,
                            ulong end, ulong n, ulong each, PP_TALLY) {
    __local uint divided[2]; /* by turns: one number may end while the next begins */
    ulong stop = min((get_group_id(0) + 1) * each, n);
    for (ulong i = get_group_id(0) * each; i < stop; i++) {
        int still = pp_trial_window(numbers[i], first == 3 || flags[i], first, end, &divided[i & 1]);
        if (get_local_id(0) == 0)
            flags[i] = (uchar)still;
    }
    pp_mark(PP_THIS_TALLY);
}

/* The same for the number of bit i % 64 of word first_word + i / 64, if it is in [lo, hi]. */
__kernel void pp_trial_range(__global uchar *flags, ulong first_word, ulong lo, ulong hi,
                             ulong first, ulong end, ulong n, ulong each, PP_TALLY) {
    __local uint divided[2]; /* by turns: one number may end while the next begins */
    ulong stop = min((get_group_id(0) + 1) * each, n);
    for (ulong i = get_group_id(0) * each; i < stop; i++) {
        ulong number = s30_number(first_word + i / 64, (int)(i % 64));
        number = number >= lo && number <= hi ? number : 0;
        int still = pp_trial_window(number, first == 3 || flags[i], first, end, &divided[i & 1]);
        if (get_local_id(0) == 0)
            flags[i] = (uchar)still;
    }
    pp_mark(PP_THIS_TALLY);
}
