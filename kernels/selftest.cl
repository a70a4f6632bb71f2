/*
 * What real compilers have got wrong, computed on the device for the host to compare: each
 * work-item stores PP_CHECKS words for its pair of inputs, in the order of selftest.c.
 */
#define PP_CHECKS 12

__kernel void pp_selftest(__global const ulong2 *inputs, __global ulong *outputs, ulong n) {
    ulong i = get_global_id(0);
    if (i >= n)
        return;
    ulong a = inputs[i].x, b = inputs[i].y, odd = b | 1;
    __global ulong *out = outputs + i * PP_CHECKS;
    out[0] = a * b;
    out[1] = mul_hi(a, b);
    out[2] = a + b;
    out[3] = (ulong)(a + b < a);
    out[4] = a << (b & 63) ^ a >> (b >> 6 & 63);
    out[5] = a / odd;
    out[6] = a % odd;
    a64_modulus m = a64_modulus_of(odd);
    out[7] = m.inverse;
    out[8] = odd > 1 ? a64_mul(a % odd, b % odd, m) : 0;
    out[9] = a64_square_of_radix(m);
    out[10] = splitmix64(a) + d64_word(a, b) + popcount(b);
    out[11] = odd > 2 ? (ulong)a64_is_prime_odd(odd) : 0;
}
