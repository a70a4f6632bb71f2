#include "engine/verify.h"

#include "backend/cpu.h"
#include "base/error.h"

#include <string.h>
#include <sys/random.h>

bool verify_chosen(double percent) {
    if (percent <= 0)
        return false;
    uint32_t random;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return true; /* without chance, verify all */
    return random / 4294967296.0 * 100 < percent;
}

/* Compares what it is put with the partial under doubt. */
struct judge {
    struct sink sink;
    const struct partial *doubted;
    bool same;
    uint64_t count, digest;
};

static pp_status judge_put(struct sink *sink, uint64_t unit, const struct partial *partial) {
    (void)unit;
    struct judge *judge = (struct judge *)sink;
    const struct partial *doubted = judge->doubted;
    judge->count = partial->count;
    judge->digest = partial->digest;
    judge->same =
        partial->count == doubted->count &&
        (!doubted->has_digest || partial->digest == doubted->digest) &&
        (!doubted->words || !partial->words ||
         memcmp(partial->words, doubted->words, doubted->n_words * sizeof(uint64_t)) == 0);
    return PP_OK;
}

static void judge_fail(struct sink *sink, pp_status status) {
    (void)status;
    atomic_store(&sink->stop, true);
}

pp_status verify_unit(const struct job *job, uint64_t unit, const struct partial *partial,
                      pp_error *error) {
    struct job again = *job;
    /* What was sieved is sieved again, with tests where the base primes do not reach far enough. */
    again.method = job_sieves(job) ? PP_METHOD_HYBRID : PP_METHOD_MR;
    if (partial->words && again.question == QUESTION_COUNT)
        again.question = QUESTION_LIST; /* for its bitmap */
    struct judge judge = {.sink = {.put = judge_put, .fail = judge_fail}, .doubted = partial};
    pp_result ignored = {0};
    pp_status status = cpu_run_serially(cpu_code("none"), &again, unit, 1, &judge.sink, &ignored);
    if (status != PP_OK || judge.same)
        return status;
    struct span span = job_span(job, unit);
    return pp_fail(error, PP_ERR_DISAGREE,
                   "unit %llu, [%llu, %llu], was computed as %llu primes, digest %016llx; the host "
                   "finds %llu, digest %016llx",
                   (unsigned long long)unit, (unsigned long long)span.lo,
                   (unsigned long long)span.hi, (unsigned long long)partial->count,
                   (unsigned long long)partial->digest, (unsigned long long)judge.count,
                   (unsigned long long)judge.digest);
}
