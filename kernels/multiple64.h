/*
 * Where a large sieving prime begins, without a 64-bit division, which GPUs do not have: valid C11
 * and valid OpenCL C 1.2. Include arith64.h first.
 */
#ifndef PARPRIME_MULTIPLE64_H
#define PARPRIME_MULTIPLE64_H
#if !defined(__OPENCL_C_VERSION__) || !PP_CPU /* not for CPU devices */

#if defined(__OPENCL_C_VERSION__)
typedef long m64_signed;
#else
typedef int64_t m64_signed;
#endif

/*
 * The distance from start to the first p·q >= start with q >= p and coprime to 30, and q modulo 30,
 * for p > 2^15 that is coprime to 30. `inverse` is 1 / p, right to 21 bits: devices divide floats
 * to 2.5 units in the last place. The quotient that comes from it leaves less than 2^44, from which
 * comes the rest of the quotient, but for a few units: 2^23 / p at most, and one.
 */
static inline a64_u64 m64_first_multiple(a64_u32 p, float inverse, a64_u64 start,
                                         a64_u32 *residue) {
    a64_u64 q = (a64_u64)((float)start * inverse);
    m64_signed rest = (m64_signed)(start - q * p), more = (m64_signed)((float)rest * inverse);
    q += (a64_u64)more;
    rest -= more * (m64_signed)p;
    for (; rest > 0; rest -= p) /* q is rounded up */
        q++;
    for (; rest <= -(m64_signed)p; rest += p)
        q--;
    if (q < p) {
        q = p;
        rest = (m64_signed)(start - q * p);
    }
    const a64_u32 coprime = 0x208a2882; /* the residues of 30 that are */
    a64_u64 residues = coprime | (a64_u64)coprime << 30;
    a64_u32 turned = (a64_u32)(q % 30), step = (a64_u32)A64_CTZ(residues >> turned);
    turned += step;
    *residue = turned < 30 ? turned : turned - 30;
    return (a64_u64)step * p - (a64_u64)rest;
}

#endif
#endif
