/*
 * The digest's arithmetic, valid C11 and valid OpenCL C 1.2; what it is for and why is said in
 * src/work/digest.h. Include arith64.h first.
 */
#ifndef PARPRIME_DIGEST64_H
#define PARPRIME_DIGEST64_H

/* The generator's output for state x: G. L. Steele, D. Lea, C. H. Flood, OOPSLA 2014. */
static inline a64_u64 splitmix64(a64_u64 x) {
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

/* What the wheel's word k adds to the digest of a set. */
static inline a64_u64 d64_word(a64_u64 word, a64_u64 k) {
    return (word & 0xffffffff) * (splitmix64(2 * k) | 1) +
           (word >> 32) * (splitmix64(2 * k + 1) | 1);
}

/*
 * A word that goes with count and digest `index` of a batch that has the number `nonce`: each step
 * is a bijection, so any other count has another one, and any other digest.
 */
static inline a64_u64 d64_seal(a64_u64 count, a64_u64 digest, a64_u64 index, a64_u64 nonce) {
    return splitmix64(splitmix64(splitmix64(nonce + index) ^ count) ^ digest);
}

#endif
