#include "engine/verify.h"

#include "backend/cpu.h"
#include "base/clock.h"
#include "engine/plan.h"
#include "work/digest.h"

#include <string.h>
#include <sys/random.h>

/*
 * Unless a share is asked for: of a device's units so many percent, while what they take on the
 * host stays below a hundredth of the job's time, since meanwhile a slot of the device's pipeline
 * waits. Units may take longer than that allows, as near 2^64; one of them is drawn all the same
 * when the job is so many seconds old, at a moment in between.
 */
static const double USUAL_PERCENT = 1, MOST_SHARE = 0.01, FIRST_LEAST = 2, FIRST_MOST = 5;

/* What is estimated of a unit before any has been timed; plan_cost may be off by a factor of two.
 */
static double estimate(const struct job *job) {
    struct job unit = *job;
    if (job->question == QUESTION_TEST) {
        unit.n_numbers = job->unit_size < job->n_numbers ? (size_t)job->unit_size : job->n_numbers;
    } else {
        struct span span = job_span(job, job->n_units - 1 ? 1 : 0);
        unit.lo = span.lo;
        unit.hi = span.hi;
    }
    pp_method method = job_sieves(job) ? PP_METHOD_HYBRID : PP_METHOD_MR;
    return 2 * plan_cost(plan_pace(ENGINE_CPU, NULL), &unit, method);
}

/* A word of the system's randomness; by the clock where there is none. */
static uint64_t chance(void) {
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        random = (uint64_t)(clock_seconds() * 1e9);
    return random;
}

/* In [0, 1), from a word of any bits. */
static double fraction(uint64_t word) {
    return (double)(splitmix64(word) >> 11) * 0x1p-53;
}

void verifier_init(struct verifier *verifier, double percent, enum engine_kind kind,
                   const struct job *job, double begin) {
    bool is_device = kind != ENGINE_CPU;
    *verifier = (struct verifier){.job = job,
                                  /* Of the CPU's own vector code other code is to be the judge. */
                                  .simd = is_device ? NULL : "none",
                                  .percent = percent > 0                 ? percent
                                             : percent == 0 && is_device ? USUAL_PERCENT
                                                                         : 0,
                                  .is_bounded = percent == 0,
                                  .begin = begin,
                                  .lock = PTHREAD_MUTEX_INITIALIZER};
    if (verifier->percent <= 0 || job->n_units == 0)
        return;
    uint64_t seed = chance();
    atomic_init(&verifier->chance, seed);
    verifier->first_by = FIRST_LEAST + (FIRST_MOST - FIRST_LEAST) * fraction(~seed);
    if (verifier->is_bounded)
        verifier->unit_cost = estimate(job);
}

void verifier_free(struct verifier *verifier) {
    pthread_mutex_destroy(&verifier->lock);
}

bool verifier_draws(struct verifier *verifier) {
    if (verifier->percent <= 0)
        return false;
    bool drawn = fraction(atomic_fetch_add(&verifier->chance, UINT64_C(0x9e3779b97f4a7c15))) * 100 <
                 verifier->percent;
    if (!verifier->is_bounded || (!drawn && atomic_load(&verifier->n_drawn)))
        return drawn;
    double age = clock_seconds() - verifier->begin;
    pthread_mutex_lock(&verifier->lock);
    drawn = (drawn && verifier->spent + verifier->unit_cost <= MOST_SHARE * age) ||
            (verifier->n_drawn == 0 && age >= verifier->first_by);
    if (drawn) {
        verifier->n_drawn++;
        verifier->spent += verifier->unit_cost;
    }
    pthread_mutex_unlock(&verifier->lock);
    return drawn;
}

/* Compares what it is put with the partial under doubt. */
struct judge {
    struct sink sink;
    const struct partial *doubted;
    struct recount *recount;
};

static pp_status judge_put(struct sink *sink, uint64_t unit, const struct partial *partial) {
    (void)unit;
    struct judge *judge = (struct judge *)sink;
    const struct partial *doubted = judge->doubted;
    *judge->recount = (struct recount){
        .count = partial->count,
        .digest = partial->digest,
        .same = partial->count == doubted->count &&
                (!doubted->has_digest || partial->digest == doubted->digest) &&
                (!doubted->words || !partial->words ||
                 memcmp(partial->words, doubted->words, doubted->n_words * sizeof(uint64_t)) == 0)};
    return PP_OK;
}

static void judge_fail(struct sink *sink, pp_status status) {
    (void)status;
    atomic_store(&sink->stop, true);
}

/* The seconds that a unit took take the place of what was expected. */
static void note_cost(struct verifier *verifier, double seconds) {
    pthread_mutex_lock(&verifier->lock);
    verifier->spent += seconds - verifier->unit_cost;
    verifier->done_seconds += seconds;
    verifier->unit_cost = verifier->done_seconds / (double)++verifier->n_done;
    pthread_mutex_unlock(&verifier->lock);
}

pp_status verifier_recompute(struct verifier *verifier, uint64_t unit,
                             const struct partial *partial, struct recount *out) {
    double begin = clock_seconds();
    struct job again = *verifier->job;
    /* What was sieved is sieved again, with tests where the base primes do not reach far enough. */
    again.method = job_sieves(&again) ? PP_METHOD_HYBRID : PP_METHOD_MR;
    if (partial->words && again.question == QUESTION_COUNT)
        again.question = QUESTION_LIST; /* for its bitmap */
    *out = (struct recount){.same = false};
    struct judge judge = {
        .sink = {.put = judge_put, .fail = judge_fail}, .doubted = partial, .recount = out};
    pp_result ignored = {0};
    pp_status status =
        cpu_run_serially(cpu_code(verifier->simd), &again, unit, 1, &judge.sink, &ignored);
    note_cost(verifier, clock_seconds() - begin);
    return status;
}
