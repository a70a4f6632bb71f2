#include "work/job.h"

/* First and last position of the domain: numbers, or indexes into the array. */
static struct span domain(const struct job *job) {
    if (job->question == QUESTION_TEST)
        return (struct span){0, job->n_numbers - 1};
    return (struct span){job->lo, job->hi};
}

/* Where unit 0 would begin if it were whole. */
static uint64_t origin(const struct job *job, struct span all) {
    return all.lo - all.lo % job->align;
}

bool job_sieves(const struct job *job) {
    return job->question != QUESTION_TEST &&
           (job->method == PP_METHOD_SIEVE || job->method == PP_METHOD_HYBRID);
}

uint64_t job_size(const struct job *job) {
    if (job->question == QUESTION_TEST)
        return job->n_numbers;
    uint64_t size = job->hi - job->lo + 1;
    return size ? size : UINT64_MAX;
}

void job_cut(struct job *job, uint64_t size, uint64_t align) {
    job->align = align ? align : 1;
    if (job->question == QUESTION_TEST && job->n_numbers == 0) {
        job->unit_size = job->align;
        job->n_units = 0;
        return;
    }
    size = size < job->align ? job->align : size - size % job->align;
    struct span all = domain(job);
    uint64_t distance = all.hi - origin(job, all);
    if (size == 1 && distance == UINT64_MAX)
        size = 2; /* 2^64 units could not be counted */
    job->unit_size = size;
    job->n_units = distance / size + 1;
}

struct span job_span(const struct job *job, uint64_t unit) {
    struct span all = domain(job);
    uint64_t lo = origin(job, all) + unit * job->unit_size;
    uint64_t hi = all.hi - lo < job->unit_size ? all.hi : lo + (job->unit_size - 1);
    return (struct span){lo < all.lo ? all.lo : lo, hi};
}
