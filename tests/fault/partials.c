#include "fault/partials.h"

#include "backend/backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const fault_field_names[N_FAULT_FIELDS] = {
    "count", "digest", "word", "word and sums", "small primes", "first word", "n words"};

const struct backend *__real_backend_named(const char *name);
const struct backend *__wrap_backend_named(const char *name);

static struct {
    const char *backend;
    uint64_t unit;
    enum fault_field field;
    unsigned bit;
    bool on;
} lie;
static const struct backend *truth;
static struct backend liar;
static atomic_bool lied;

void fault_lie(const char *backend, uint64_t unit, enum fault_field field, unsigned bit) {
    lie.backend = backend;
    lie.unit = unit;
    lie.field = field;
    lie.bit = bit;
    lie.on = false;
    atomic_store(&lied, false);
}

void fault_lie_on(void) {
    lie.on = true;
}

bool fault_lied(void) {
    return atomic_load(&lied);
}

/* Between the backend and the engine's sink. */
struct lying_sink {
    struct sink sink, *real;
    const struct job *job;
};

/* Changes the copy of a partial, whose words are its own. Returns whether there was what to spoil.
 */
static bool spoil(struct partial *partial, uint64_t *words, const struct job *job) {
    uint64_t bit = UINT64_C(1) << lie.bit % 64;
    switch (lie.field) {
    case FAULT_COUNT:
        partial->count ^= bit;
        return true;
    case FAULT_DIGEST:
        partial->digest ^= bit;
        return partial->has_digest;
    case FAULT_WORD:
    case FAULT_WORD_SUMMED:
        if (!words || partial->n_words == 0)
            return false;
        words[partial->n_words / 2] ^= bit;
        if (lie.field == FAULT_WORD_SUMMED && job->question != QUESTION_TEST)
            partial_sum(partial);
        return true;
    case FAULT_SMALL_PRIMES:
        partial->small_primes ^= 1u << lie.bit % 3;
        return words && job->question != QUESTION_TEST;
    case FAULT_FIRST_WORD:
        partial->first_word ^= bit;
        return words && job->question != QUESTION_TEST;
    case FAULT_N_WORDS:
        if (!words || partial->n_words < 2)
            return false;
        partial->n_words--;
        return true;
    case N_FAULT_FIELDS:
        break;
    }
    return false;
}

/* A partial as it is told: spoilt, if it is the unit's. Its words are to be freed. */
static struct partial tell(const struct lying_sink *lying, uint64_t unit,
                           const struct partial *partial, uint64_t **words) {
    struct partial told = *partial;
    *words = NULL;
    if (lie.on ? unit < lie.unit : unit != lie.unit)
        return told;
    if (partial->words) {
        *words = malloc((partial->n_words + 1) * sizeof **words);
        memcpy(*words, partial->words, partial->n_words * sizeof **words);
        told.words = *words;
    }
    if (!spoil(&told, *words, lying->job))
        return *partial;
    atomic_store(&lied, true);
    return told;
}

static pp_status lying_put(struct sink *sink, uint64_t unit, const struct partial *partial) {
    struct lying_sink *lying = (struct lying_sink *)sink;
    uint64_t *words;
    struct partial told = tell(lying, unit, partial, &words);
    pp_status status = lying->real->put(lying->real, unit, &told);
    free(words);
    if (lie.on)
        return PP_OK;
    if (sink_stopped(lying->real))
        atomic_store(&sink->stop, true);
    return status;
}

static bool lying_draws(struct sink *sink, uint64_t unit) {
    struct lying_sink *lying = (struct lying_sink *)sink;
    return lying->real->draws(lying->real, unit);
}

/* A backend that has its units verified itself lies there too, each time. */
static pp_status lying_recompute(struct sink *sink, uint64_t unit, const struct partial *partial,
                                 struct recount *out) {
    struct lying_sink *lying = (struct lying_sink *)sink;
    uint64_t *words;
    struct partial told = tell(lying, unit, partial, &words);
    pp_status status = lying->real->recompute(lying->real, unit, &told, out);
    free(words);
    return status;
}

static void lying_fail(struct sink *sink, pp_status status) {
    struct lying_sink *lying = (struct lying_sink *)sink;
    lying->real->fail(lying->real, status);
    atomic_store(&sink->stop, true);
}

static pp_status lying_run(void *state, const struct job *job, uint64_t first, uint64_t n,
                           struct sink *sink, pp_result *result, pp_error *error) {
    struct lying_sink lying = {.sink = {.put = lying_put,
                                        .fail = lying_fail,
                                        .draws = sink->draws ? lying_draws : NULL,
                                        .recompute = sink->recompute ? lying_recompute : NULL,
                                        .traced = sink->traced},
                               .real = sink,
                               .job = job};
    return truth->run(state, job, first, n, &lying.sink, result, error);
}

const struct backend *__wrap_backend_named(const char *name) {
    const struct backend *found = __real_backend_named(name);
    if (!found || !lie.backend || strcmp(name, lie.backend) != 0)
        return found;
    truth = found;
    memcpy(&liar, found, sizeof liar);
    liar.run = lying_run;
    return &liar;
}

/* For a whole program: "BACKEND UNIT FIELD BIT", the field by its number. */
__attribute__((constructor)) static void listen_to_environment(void) {
    static char backend[16];
    unsigned long long unit;
    unsigned field, bit;
    const char *plan = getenv("FAULT_PARTIAL");
    if (plan && sscanf(plan, "%15s %llu %u %u", backend, &unit, &field, &bit) == 4 &&
        field < N_FAULT_FIELDS)
        fault_lie(backend, unit, (enum fault_field)field, bit);
}
