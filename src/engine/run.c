#include "engine/run.h"

#include "base/clock.h"
#include "base/error.h"
#include "engine/plan.h"
#include "engine/verify.h"
#include "math/trial.h"
#include "math/wheel.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* The sink at the top of the stairs: adds partials up, whatever their order. */
struct gather {
    struct sink sink;
    struct consumer *consumer;
    pp_session *session;
    const struct job *job;
    const pp_result *result; /* what is known of it before the first unit is put */
    pthread_mutex_t lock;    /* guards all below */
    pp_status status;        /* the first failure */
    uint64_t count, digest;
    bool has_digest;
    uint64_t done; /* numbers */
    uint64_t verified;
    double begin, last_progress;
    struct verifier verifier;
};

static void stop(struct gather *gather, pp_status status) {
    if (gather->status == PP_OK)
        gather->status = status;
    atomic_store(&gather->sink.stop, true);
}

/* Seconds between two calls of the progress function. */
static const double PROGRESS_SECONDS = 0.05;

static void progress(struct gather *gather) {
    pp_session *session = gather->session;
    double now = clock_seconds();
    if (now - gather->last_progress < PROGRESS_SECONDS)
        return;
    gather->last_progress = now;
    pp_progress report = {gather->done, job_size(gather->job), now - gather->begin};
    if (!session->progress(session->progress_user, &report))
        stop(gather, PP_ERR_CANCELLED);
}

/* After stop, without the lock: the consumer has one of its own. */
static void wake(struct gather *gather) {
    if (gather->consumer && gather->consumer->stopped)
        gather->consumer->stopped(gather->consumer);
}

static void gather_fail(struct sink *sink, pp_status status) {
    struct gather *gather = (struct gather *)sink;
    pthread_mutex_lock(&gather->lock);
    stop(gather, status);
    pthread_mutex_unlock(&gather->lock);
    wake(gather);
}

/* Tells whoever traces the job of a unit that is done. */
static void tell_unit(const struct gather *gather, uint64_t unit, const struct partial *partial) {
    const pp_session *session = gather->session;
    struct span span = job_span(gather->job, unit);
    const pp_unit told = {.number = unit,
                          .lo = span.lo,
                          .hi = span.hi,
                          .count = partial->count,
                          .digest = partial->digest,
                          .has_digest = partial->has_digest,
                          .backend = gather->result->backend,
                          .device = gather->result->device,
                          .simd = gather->result->simd,
                          .method = gather->result->method,
                          .worker = partial->worker,
                          .begin = partial->begin - gather->begin,
                          .end = clock_seconds() - gather->begin};
    session->on_unit(session->on_unit_user, &told);
}

/*
 * Does a bitmap lie where its unit does? No consumer looks behind the end of one. Each sees to it,
 * as it goes through, that the bitmap has as many primes as its partial counted: what goes wrong
 * between a backend's counting and here does not pass on as an answer.
 */
static bool fits(const struct job *job, uint64_t unit, const struct partial *partial) {
    struct span span = job_span(job, unit);
    if (!partial->words)
        return job->question == QUESTION_COUNT; /* sums alone */
    if (job->question == QUESTION_TEST)
        return partial->n_words == (span.hi - span.lo) / 64 + 1;
    uint64_t first = span.lo / WHEEL_WORD;
    return partial->first_word == first && partial->n_words == span.hi / WHEEL_WORD - first + 1 &&
           partial->small_primes == wheel_small_primes(span.lo, span.hi);
}

/* Gives a partial that fits to the consumer. */
static pp_status consume(const struct gather *gather, uint64_t unit, const struct partial *partial,
                         pp_error *dispute) {
    struct consumer *consumer = gather->consumer;
    pp_status status = !fits(gather->job, unit, partial) ? PP_ERR_DISAGREE
                       : consumer ? consumer->consume(consumer, unit, partial)
                                  : PP_OK;
    struct span span = job_span(gather->job, unit);
    if (status == PP_ERR_DISAGREE)
        pp_fail(dispute, status,
                "unit %llu, [%llu, %llu], came as %llu primes with a bitmap that has others",
                (unsigned long long)unit, (unsigned long long)span.lo, (unsigned long long)span.hi,
                (unsigned long long)partial->count);
    return status;
}

static bool gather_draws(struct sink *sink, uint64_t unit) {
    (void)unit;
    return verifier_draws(&((struct gather *)sink)->verifier);
}

static pp_status gather_recompute(struct sink *sink, uint64_t unit, const struct partial *partial,
                                  struct recount *out) {
    return verifier_recompute(&((struct gather *)sink)->verifier, unit, partial, out);
}

/* A unit of a backend that leaves that to us. */
static pp_status verify(struct gather *gather, uint64_t unit, const struct partial *partial,
                        pp_error *dispute) {
    struct recount host;
    pp_status status = verifier_recompute(&gather->verifier, unit, partial, &host);
    if (status != PP_OK || host.same)
        return status;
    struct span span = job_span(gather->job, unit);
    return pp_fail(dispute, PP_ERR_DISAGREE,
                   "unit %llu, [%llu, %llu], was computed as %llu primes, digest %016llx; the host "
                   "finds %llu, digest %016llx",
                   (unsigned long long)unit, (unsigned long long)span.lo,
                   (unsigned long long)span.hi, (unsigned long long)partial->count,
                   (unsigned long long)partial->digest, (unsigned long long)host.count,
                   (unsigned long long)host.digest);
}

static pp_status gather_put(struct sink *sink, uint64_t unit, const struct partial *partial) {
    struct gather *gather = (struct gather *)sink;
    pp_error dispute = {.status = PP_OK};
    pp_status status = PP_OK;
    bool verified = partial->drawn ? partial->verified : verifier_draws(&gather->verifier);
    if (verified && !partial->drawn)
        status = verify(gather, unit, partial, &dispute);
    if (status == PP_OK)
        status = consume(gather, unit, partial, &dispute);
    if (status == PP_OK && sink->traced)
        tell_unit(gather, unit, partial);
    pthread_mutex_lock(&gather->lock);
    if (dispute.status != PP_OK && gather->status == PP_OK)
        gather->session->error = dispute;
    if (status == PP_OK) {
        gather->verified += verified;
        struct span span = job_span(gather->job, unit);
        gather->count += partial->count;
        gather->digest += partial->digest;
        gather->has_digest &= partial->has_digest;
        gather->done += span.hi - span.lo + 1;
        if (gather->session->progress)
            progress(gather);
    } else {
        stop(gather, status);
    }
    if (atomic_exchange(&gather->session->cancel, false))
        stop(gather, PP_ERR_CANCELLED);
    bool stopped = gather->status != PP_OK;
    pthread_mutex_unlock(&gather->lock);
    if (stopped)
        wake(gather);
    return status;
}

/* Runs a job that is planned and cut for that shape, which began at `begin`, and adds to the
 * session's result. */
static pp_status run_gathered(pp_session *session, const struct opened *opened,
                              const struct job *job, const struct shape *shape,
                              struct consumer *consumer, double begin, pp_result *result) {
    if (consumer && consumer->begin) {
        pp_status status = consumer->begin(consumer, job, shape->workers);
        if (status != PP_OK)
            return status;
    }
    struct gather gather = {.sink = {.put = gather_put,
                                     .fail = gather_fail,
                                     .draws = gather_draws,
                                     .recompute = gather_recompute,
                                     .traced = session->on_unit != NULL},
                            .consumer = consumer,
                            .session = session,
                            .job = job,
                            .result = result,
                            .lock = PTHREAD_MUTEX_INITIALIZER,
                            .has_digest = true,
                            .begin = begin,
                            .last_progress = begin};
    verifier_init(&gather.verifier, session->verify, shape->kind, job, begin);
    pp_status status = opened->backend->run(opened->state, job, 0, job->n_units, &gather.sink,
                                            result, &session->error);
    pthread_mutex_destroy(&gather.lock);
    verifier_free(&gather.verifier);
    if (gather.status != PP_OK)
        status = gather.status;
    result->count = gather.count;
    result->digest = gather.digest;
    result->has_digest = gather.has_digest;
    result->verified = gather.verified;
    return status;
}

static pp_status bitmap_begin(struct consumer *consumer, const struct job *job, unsigned workers) {
    struct bitmap_consumer *bitmap = (struct bitmap_consumer *)consumer;
    (void)workers;
    bitmap->shared = job->align % WHEEL_WORD != 0;
    if (bitmap->shared)
        memset(bitmap->words, 0, bitmap->n_words * sizeof *bitmap->words);
    return PP_OK;
}

static pp_status bitmap_consume(struct consumer *consumer, uint64_t unit,
                                const struct partial *partial) {
    struct bitmap_consumer *bitmap = (struct bitmap_consumer *)consumer;
    uint64_t *to = bitmap->words + (partial->first_word - bitmap->first_word);
    (void)unit;
    if (partial_primes(partial) != partial->count)
        return PP_ERR_DISAGREE;
    if (!bitmap->shared)
        memcpy(to, partial->words, partial->n_words * sizeof *to);
    for (size_t i = 0; bitmap->shared && i < partial->n_words; i++)
        __atomic_fetch_or(to + i, partial->words[i], __ATOMIC_RELAXED);
    return PP_OK;
}

struct bitmap_consumer bitmap_consumer(uint64_t *words, uint64_t first_word, size_t n_words) {
    return (struct bitmap_consumer){
        {bitmap_begin, bitmap_consume, NULL}, words, first_word, n_words, false};
}

/* Cuts a job for a backend, into units of `size` numbers or as planned. Returns its shape. */
static struct shape cut(const struct opened *opened, struct job *job, uint64_t size) {
    struct shape shape;
    opened->backend->shape(opened->state, job, &shape);
    if (job->method == PP_METHOD_PI)
        size = UINT64_MAX; /* in one piece */
    if (!size)
        size = plan_unit_size(opened->pace, job, &shape);
    if (shape.unit_most && size > shape.unit_most)
        size = shape.unit_most;
    job_cut(job, size, shape.align);
    return shape;
}

/*
 * Up to here the plain sieve, on one thread, is at once fast enough and simplest: 0.13 ms on a Zen
 * 4, which is what waking threads may take, too.
 */
static const uint32_t PLAIN_LIMIT = 1u << 21;

static void free_base(struct sieve_base *base) {
    if (base)
        free(base->words);
    free(base);
}

/*
 * The base primes up to `limit`, shared by all units. They are a job like any other, of the same
 * backend, whose own base primes are the plain sieve's.
 */
static pp_status make_base(pp_session *session, const struct opened *opened, uint32_t limit,
                           struct sieve_base **out, pp_result *result) {
    *out = NULL;
    size_t n_words = sieve_base_words(limit);
    struct sieve_base *base = calloc(1, sizeof *base), *roots = NULL;
    pp_status status = PP_ERR_MEMORY;
    if (!base || !(base->words = malloc(n_words * sizeof *base->words)))
        goto cleanup;
    base->limit = limit;
    status = PP_OK;
    if (limit <= PLAIN_LIMIT) {
        sieve_plain(base->words, n_words);
        wheel_trim(base->words, 0, n_words, 0, limit);
    } else {
        struct job job = {.question = QUESTION_LIST, .method = PP_METHOD_SIEVE, .hi = limit};
        status = make_base(session, opened, isqrt64(limit), &roots, result);
        if (status != PP_OK)
            goto cleanup;
        job.base = roots;
        struct shape shape = cut(opened, &job, 0);
        struct bitmap_consumer consumer = bitmap_consumer(base->words, 0, n_words);
        pp_result ignored = {0};
        pp_progress_fn progress_fn = session->progress;
        pp_unit_fn on_unit = session->on_unit;
        session->progress = NULL; /* these speak of the job that was asked for */
        session->on_unit = NULL;
        status = run_gathered(session, opened, &job, &shape, &consumer.consumer, clock_seconds(),
                              &ignored);
        session->progress = progress_fn;
        session->on_unit = on_unit;
        /* What a device had to do again is told, whatever it was for. The roots needed none. */
        result->retried = ignored.retried;
        memcpy(result->fault, ignored.fault, sizeof result->fault);
    }
cleanup:
    free_base(roots);
    if (status != PP_OK) {
        free_base(base);
        base = NULL;
    }
    *out = base;
    return status;
}

static uint64_t largest_number(const struct job *job) {
    if (job->question != QUESTION_TEST)
        return job->hi;
    uint64_t largest = 0;
    for (size_t i = 0; i < job->n_numbers; i++)
        if (job->numbers[i] > largest)
            largest = job->numbers[i];
    return largest;
}

/* The backend for a job: with auto, the last one that was opened is for the long ones. */
static const struct opened *choose(const pp_session *session, const struct job *job) {
    const struct opened *last = &session->opened[session->n_opened - 1];
    return plan_is_parallel(last->pace, job) ? last : session->opened;
}

pp_status engine_fail(pp_session *session, pp_status status, const char *message) {
    session->has_result = false;
    return pp_fail(&session->error, status, "%s", message);
}

pp_status engine_run(pp_session *session, struct job *job, struct consumer *consumer) {
    double begin = clock_seconds();
    session->error = (pp_error){.status = PP_OK};
    session->has_result = false;
    job->method = session->method == PP_METHOD_AUTO ? plan_method(session->opened[0].pace, job)
                                                    : session->method;
    const struct opened *opened = choose(session, job);
    if (!opened->backend->supports(job->question, job->method))
        return pp_fail(&session->error, PP_ERR_UNAVAILABLE,
                       /* What does not even count is refused when the session is opened. */
                       "backend %s does not have method %s for this: it only counts",
                       opened->backend->name, pp_method_name(job->method));
    struct shape shape = cut(opened, job, session->unit_size);

    pp_result result = {.backend = opened->backend->name,
                        .device = "CPU",
                        .device_kind = "CPU",
                        .simd = "none",
                        .method = job->method,
                        .threads = 1,
                        .units = job->n_units};
    struct sieve_base *base = NULL;
    pp_status status = PP_OK;
    if ((job->method == PP_METHOD_SIEVE || job->method == PP_METHOD_HYBRID) && job->n_units) {
        uint32_t root = isqrt64(largest_number(job));
        status = make_base(session, opened, root < shape.base_limit ? root : shape.base_limit,
                           &base, &result);
        if (status == PP_OK && job->question == QUESTION_TEST)
            sieve_make_patterns(base); /* numbers are looked up by sieve_words */
        job->base = base;
        result.phases.prepare = clock_seconds() - begin;
    }
    if (status == PP_OK)
        status = run_gathered(session, opened, job, &shape, consumer, begin, &result);
    job->base = NULL;
    free_base(base);
    if (status != PP_OK)
        return session->error.status == status
                   ? status /* the backend has said it better */
                   : pp_fail(&session->error, status, "%s", pp_strerror(status));
    result.phases.startup = opened->startup;
    result.seconds = clock_seconds() - begin;
    session->result = result;
    session->has_result = true;
    return PP_OK;
}
