/*
 * What goes round the kernels of a batch, so that the host can see whether what it reads is what
 * they computed. Before them pp_prepare overwrites the sums of the batch before, and paints the
 * guards: words round each buffer that the kernels write to. Behind them pp_seal makes of each sum a
 * word that only this sum has, in this place of this batch, and copies the guards.
 */

/* Before a buffer, and behind it. */
#define PP_GUARD_WORDS 32u
#define PP_GUARD 0x9d5ac3e1u

/* No unit has so many primes. */
#define PP_NO_SUM 0xb5b5b5b5b5b5b5b5ul

/*
 * The guarded buffers, whole, of which the first is that of the sums; with the place behind what the
 * kernels write, where the second guard begins. The first guard of each begins at `front`.
 */
#define PP_BUFFERS                                                                                 \
    __global uint *g0, ulong end0, __global uint *g1, ulong end1, __global uint *g2, ulong end2,   \
        __global uint *g3, ulong end3, __global uint *g4, ulong end4
#define PP_THESE_BUFFERS g0, end0, g1, end1, g2, end2, g3, end3, g4, end4

/* Guard word i of all: buffer by buffer, first those before. */
static inline __global uint *pp_guard_word(uint i, ulong front, PP_BUFFERS) {
    uint which = i / (2 * PP_GUARD_WORDS), at = i % (2 * PP_GUARD_WORDS);
    __global uint *buffer = which == 0 ? g0 : which == 1 ? g1 : which == 2 ? g2 : which == 3 ? g3 : g4;
    ulong end = which == 0 ? end0 : which == 1 ? end1 : which == 2 ? end2 : which == 3 ? end3 : end4;
    return buffer + (at < PP_GUARD_WORDS ? front + at : end + at - PP_GUARD_WORDS);
}

static inline __global ulong2 *pp_sums_of(__global uint *buffer, ulong front) {
    return (__global ulong2 *)(buffer + front + PP_GUARD_WORDS);
}

/* A work-item for each of n sums, and behind them one for each guard word. */
__kernel void pp_prepare(ulong n, ulong front, uint n_buffers, PP_BUFFERS, PP_TALLY) {
    ulong i = get_global_id(0);
    if (i < n)
        pp_sums_of(g0, front)[i] = (ulong2)(PP_NO_SUM, PP_NO_SUM);
    else if (i - n < n_buffers * 2 * PP_GUARD_WORDS)
        *pp_guard_word((uint)(i - n), front, PP_THESE_BUFFERS) = PP_GUARD;
    pp_mark(PP_THIS_TALLY);
}

/*
 * The report, behind the tally, which is its first word: a seal for each sum, and behind them the
 * guard words, two in a word.
 */
__kernel void pp_seal(__global ulong *whole_report, ulong n, ulong nonce, ulong front, uint n_buffers,
                      PP_BUFFERS, PP_TALLY) {
    ulong i = get_global_id(0);
    __global ulong *report = whole_report + 1;
    if (i < n) {
        ulong2 sum = pp_sums_of(g0, front)[i];
        report[i] = d64_seal(sum.x, sum.y, i, nonce);
    } else if (i - n < n_buffers * PP_GUARD_WORDS) {
        uint at = 2 * (uint)(i - n);
        ulong low = *pp_guard_word(at, front, PP_THESE_BUFFERS);
        ulong high = *pp_guard_word(at + 1, front, PP_THESE_BUFFERS);
        report[i] = low | high << 32;
    }
    pp_mark(PP_THIS_TALLY);
}
