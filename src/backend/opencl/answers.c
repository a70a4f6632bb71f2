/*
 * From what a batch brought back to partials: held against the seals that the device made, against
 * each other and, where that was drawn, against the host, before any of them is put.
 */
#include "backend/opencl/run.h"

#include "base/error.h"
#include "math/segment.h"
#include "math/wheel.h"
#include "work/digest.h"

#include <pthread.h>
#include <stdio.h>

/* PP_GUARD of checks.cl, twice. */
static const uint64_t GUARD_PAIR = UINT64_C(0x9d5ac3e19d5ac3e1);

static bool is_drawn(const struct slot *slot, uint64_t index) {
    return slot->drawn[index / 64] >> index % 64 & 1;
}

/* The answer for a unit of a batch, as it was read back. */
static struct partial make_partial(const struct run *run, const struct slot *slot, uint64_t index) {
    struct span span = job_span(run->job, slot->unit + index);
    struct partial partial = {.has_digest = true,
                              .worker = (unsigned)(slot - run->slots),
                              .begin = slot->begun,
                              .drawn = true,
                              .verified = is_drawn(slot, index)};
    const uint64_t *sums = slot->sums.host + 2 * index * run->groups_per_unit;
    for (uint64_t group = 0; group < run->groups_per_unit; group++) {
        partial.count += sums[2 * group];
        partial.digest += sums[2 * group + 1];
    }
    if (run->is_test) {
        partial.n_words = (size_t)((span.hi - span.lo) / 64 + 1);
    } else {
        partial.first_word = span.lo / WHEEL_WORD;
        partial.n_words = (size_t)(span.hi / WHEEL_WORD - partial.first_word + 1);
        partial.small_primes = wheel_small_primes(span.lo, span.hi);
        partial.count += (uint64_t)__builtin_popcount(partial.small_primes);
        partial.digest += digest_small(partial.small_primes);
    }
    if (run->wants_words)
        partial.words = slot->words.host + index * run->unit_words;
    return partial;
}

/* ---- what can be seen without computing again ---- */

/* Is every sum of the unit the one that its seal was made of, in this batch? */
static bool sums_are_sealed(const struct run *run, const struct slot *slot, uint64_t index) {
    uint64_t first = index * run->groups_per_unit;
    const uint64_t *sums = slot->sums.host, *seals = slot->report.host + TALLY_WORDS;
    for (uint64_t i = first; i < first + run->groups_per_unit; i++)
        if (seals[i] != d64_seal(sums[2 * i], sums[2 * i + 1], i, slot->nonce))
            return false;
    return true;
}

/* Count and digest of the words of a partial. */
static struct recount sum_words(const struct run *run, const struct partial *partial,
                                struct span span) {
    struct recount sum = {.count = 0};
    if (!run->is_test) {
        sieve_kernel(NULL)->sum(partial->words, partial->first_word, partial->n_words, &sum.count,
                                &sum.digest);
        sum.count += (uint64_t)__builtin_popcount(partial->small_primes);
        sum.digest += digest_small(partial->small_primes);
        return sum;
    }
    uint64_t n = span.hi - span.lo + 1;
    for (size_t i = 0; i < partial->n_words; i++)
        for (uint64_t bits = partial->words[i]; bits; bits &= bits - 1) {
            uint64_t at = i * 64 + (uint64_t)__builtin_ctzll(bits);
            sum.count++;
            sum.digest += at < n ? splitmix64(run->job->numbers[span.lo + at]) : 1;
        }
    return sum;
}

static const char *broken_guard(const struct run *run, const struct slot *slot) {
    const uint64_t *guards = slot->report.host + TALLY_WORDS + slot->n_units * run->groups_per_unit;
    for (unsigned i = 0; i < slot->n_guarded * GUARD_WORDS; i++)
        if (guards[i] != GUARD_PAIR)
            return slot->guarded[i / GUARD_WORDS].name;
    return NULL;
}

/* ---- a team of threads: checks all units, then puts them ---- */

enum phase { CHECKING, PUTTING, DONE };

struct team {
    struct run *run;
    const struct slot *slot;
    atomic_uint_fast64_t next; /* unit of the batch that is claimed next */
    atomic_int status;         /* of the sink */
    atomic_bool is_wrong;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    pp_error *wrong; /* the first that was found */
    unsigned waiting;
    enum phase phase;
};

/* Says what is wrong with a unit; for the last time also what the host finds in it. */
static void say_wrong(struct team *team, uint64_t unit, const struct partial *partial,
                      const char *what, const struct recount *recount) {
    struct run *run = team->run;
    struct span span = job_span(run->job, unit);
    struct recount host;
    char found[80] = "";
    if (atomic_exchange(&team->is_wrong, true))
        return;
    if (!recount && team->slot->tries == MOST_TRIES && run->sink->recompute &&
        run->sink->recompute(run->sink, unit, partial, &host) == PP_OK)
        recount = &host;
    if (recount)
        snprintf(found, sizeof found, "; the host finds %llu, digest %016llx",
                 (unsigned long long)recount->count, (unsigned long long)recount->digest);
    pp_fail(team->wrong, PP_ERR_DISAGREE,
            "device %.32s: unit %llu, [%llu, %llu], %s %llu primes, digest %016llx%s",
            run->opencl->name, (unsigned long long)unit, (unsigned long long)span.lo,
            (unsigned long long)span.hi, what, (unsigned long long)partial->count,
            (unsigned long long)partial->digest, found);
}

static pp_status check_unit(struct team *team, uint64_t index) {
    struct run *run = team->run;
    const struct slot *slot = team->slot;
    uint64_t unit = slot->unit + index;
    struct span span = job_span(run->job, unit);
    struct partial partial = make_partial(run, slot, index);
    struct recount recount;
    if (!sums_are_sealed(run, slot, index) || partial.count > span.hi - span.lo + 1) {
        partial.words = NULL;
        say_wrong(team, unit, &partial, "not computed as it was read back:", NULL);
        return PP_OK;
    }
    if (run->wants_words) {
        struct recount sum = sum_words(run, &partial, span);
        if (sum.count != partial.count || sum.digest != partial.digest) {
            char what[100];
            snprintf(what, sizeof what, "read back as %llu, digest %016llx, not",
                     (unsigned long long)sum.count, (unsigned long long)sum.digest);
            partial.words = NULL;
            say_wrong(team, unit, &partial, what, NULL);
            return PP_OK;
        }
    }
    if (!is_drawn(slot, index))
        return PP_OK;
    pp_status status = run->sink->recompute(run->sink, unit, &partial, &recount);
    if (status == PP_OK && !recount.same)
        say_wrong(team, unit, &partial, "computed as", &recount);
    return status;
}

/* Goes through units until none is left or nobody wants more. */
static void each_unit(struct team *team, pp_status (*visit)(struct team *team, uint64_t index)) {
    for (;;) {
        uint64_t i = atomic_fetch_add(&team->next, 1);
        if (i >= team->slot->n_units || sink_stopped(team->run->sink) ||
            atomic_load(&team->is_wrong))
            return;
        pp_status status = visit(team, i);
        if (status != PP_OK)
            atomic_store(&team->status, (int)status);
    }
}

static pp_status put_unit(struct team *team, uint64_t index) {
    struct partial partial = make_partial(team->run, team->slot, index);
    return team->run->sink->put(team->run->sink, team->slot->unit + index, &partial);
}

static void *help(void *user) {
    struct team *team = user;
    each_unit(team, check_unit);
    pthread_mutex_lock(&team->lock);
    team->waiting++;
    pthread_cond_broadcast(&team->changed);
    while (team->phase == CHECKING)
        pthread_cond_wait(&team->changed, &team->lock);
    enum phase phase = team->phase;
    pthread_mutex_unlock(&team->lock);
    if (phase == PUTTING)
        each_unit(team, put_unit);
    return NULL;
}

/* This thread's part, alone if it must. */
static void lead(struct team *team, unsigned n_helpers) {
    each_unit(team, check_unit);
    pthread_mutex_lock(&team->lock);
    while (team->waiting < n_helpers)
        pthread_cond_wait(&team->changed, &team->lock);
    atomic_store(&team->next, 0);
    bool fine = !atomic_load(&team->is_wrong) && atomic_load(&team->status) == PP_OK;
    team->phase = fine ? PUTTING : DONE;
    pthread_cond_broadcast(&team->changed);
    pthread_mutex_unlock(&team->lock);
    if (fine)
        each_unit(team, put_unit);
}

static void draw_units(struct run *run, struct slot *slot) {
    if (slot->is_drawn)
        return;
    slot->is_drawn = true; /* whatever is computed again is the same units */
    for (uint64_t i = 0; i < (slot->n_units + 63) / 64; i++)
        slot->drawn[i] = 0;
    for (uint64_t i = 0; run->sink->draws && i < slot->n_units; i++)
        if (run->sink->draws(run->sink, slot->unit + i))
            slot->drawn[i / 64] |= UINT64_C(1) << i % 64;
}

static pp_status say_wrong_batch(const struct run *run, const struct slot *slot, pp_error *wrong,
                                 const char *what, const char *which) {
    uint64_t last = slot->unit + slot->n_units - 1;
    return pp_fail(wrong, PP_ERR_DISAGREE,
                   "device %.32s: units %llu to %llu, [%llu, %llu], were computed by %s%s",
                   run->opencl->name, (unsigned long long)slot->unit, (unsigned long long)last,
                   (unsigned long long)job_span(run->job, slot->unit).lo,
                   (unsigned long long)job_span(run->job, last).hi, what, which);
}

pp_status put_batch(struct run *run, struct slot *slot, pp_error *wrong) {
    *wrong = (pp_error){.status = PP_OK};
    if (*slot->report.host != slot->tally)
        return say_wrong_batch(run, slot, wrong,
                               "kernels of which not every work-group ran, and just once", "");
    const char *broken = broken_guard(run, slot);
    if (broken)
        return say_wrong_batch(run, slot, wrong, "kernels that wrote beyond their buffer of ",
                               broken);
    draw_units(run, slot);
    struct team team = {.run = run,
                        .slot = slot,
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .changed = PTHREAD_COND_INITIALIZER,
                        .wrong = wrong};
    pthread_t threads[MOST_PUTTERS];
    unsigned n = 0;
    /* What the sink turns into text is worth several threads. */
    if (run->job->question == QUESTION_LIST)
        while (n + 1 < run->n_putters && n + 1 < slot->n_units &&
               pthread_create(&threads[n], NULL, help, &team) == 0)
            n++;
    lead(&team, n);
    for (unsigned i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&team.lock);
    pthread_cond_destroy(&team.changed);
    return wrong->status != PP_OK ? wrong->status : (pp_status)atomic_load(&team.status);
}
