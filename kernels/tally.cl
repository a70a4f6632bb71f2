/*
 * Which kernels of a batch ran, and all of each? Every work-group of every launch adds a mark to
 * the batch's tally as it ends: group g of a launch adds first + g·step, where both are random
 * numbers of the launch, and step is odd. The host knows what they must come to (launch.c). A
 * launch that was left out, a group that was, one that ran twice in place of another: each makes
 * another sum.
 */

/* What every kernel takes besides, as its last parameters; and how it hands them on. */
#define PP_TALLY __global uint *tally, ulong first_mark, ulong mark_step
#define PP_THIS_TALLY tally, first_mark, mark_step

/* Forgets the batch before. Its own mark is what it leaves, whatever was there. */
__kernel void pp_open_tally(PP_TALLY) {
    if (get_global_id(0) == 0) {
        tally[0] = (uint)first_mark;
        tally[1] = (uint)(first_mark >> 32);
    }
}

/*
 * Ends a kernel: all items of a group come here, and the barrier lets the first one by when all
 * have. 64 bits are added as two halves, since OpenCL 1.2 has no atomics of 64; whoever makes the
 * lower half pass 2^32 carries, so that the sum is right when all have added.
 */
static inline void pp_mark(PP_TALLY) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (get_local_id(0) == 0) {
        ulong mark = first_mark + get_group_id(0) * mark_step;
        uint low = (uint)mark, before = atomic_add(&tally[0], low);
        atomic_add(&tally[1], (uint)(mark >> 32) + (uint)(before + low < low));
    }
}
