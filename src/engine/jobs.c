/* The three questions of the public header. */
#include "engine/ordered.h"
#include "engine/run.h"

#include <string.h>

static pp_status check_range(pp_session *session, uint64_t lo, uint64_t hi) {
    if (lo <= hi)
        return PP_OK;
    session->has_result = false;
    return pp_fail(&session->error, PP_ERR_USAGE, "the range begins above its end: %llu > %llu",
                   (unsigned long long)lo, (unsigned long long)hi);
}

/* Puts bits where the caller wants them. */
struct bits_consumer {
    struct consumer consumer;
    const struct job *job;
    uint64_t *bitmap;
};

static pp_status copy_bits(struct consumer *consumer, uint64_t unit,
                           const struct partial *partial) {
    struct bits_consumer *bits = (struct bits_consumer *)consumer;
    uint64_t first = unit * bits->job->unit_size;
    uint64_t *to = bits->bitmap + first / 64;
    unsigned shift = first % 64;
    if (count_bits(partial->words, partial->n_words) != partial->count)
        return PP_ERR_DISAGREE;
    if (bits->job->unit_size % 64 == 0) {
        memcpy(to, partial->words, partial->n_words * sizeof *to);
        return PP_OK;
    }
    /* Words at the edges are shared with other units: only set bits there, atomically. */
    for (size_t i = 0; i < partial->n_words; i++) {
        if (partial->words[i] == 0)
            continue;
        __atomic_fetch_or(to + i, partial->words[i] << shift, __ATOMIC_RELAXED);
        if (shift && partial->words[i] >> (64 - shift))
            __atomic_fetch_or(to + i + 1, partial->words[i] >> (64 - shift), __ATOMIC_RELAXED);
    }
    return PP_OK;
}

pp_status pp_test(pp_session *session, const uint64_t *numbers, size_t n, uint64_t *bitmap) {
    if (!session)
        return PP_ERR_USAGE;
    if (n && (!numbers || !bitmap))
        return engine_fail(session, PP_ERR_USAGE, "no numbers, or no place for the answers");
    if (n)
        memset(bitmap, 0, (n / 64 + (n % 64 != 0)) * sizeof *bitmap);
    struct job job = {.question = QUESTION_TEST, .numbers = numbers, .n_numbers = n};
    struct bits_consumer bits = {{NULL, copy_bits, NULL}, &job, bitmap};
    return engine_run(session, &job, &bits.consumer);
}

pp_status pp_count(pp_session *session, uint64_t lo, uint64_t hi, pp_result *result) {
    if (!session)
        return PP_ERR_USAGE;
    pp_status status = check_range(session, lo, hi);
    if (status != PP_OK)
        return status;
    struct job job = {.question = QUESTION_COUNT, .lo = lo, .hi = hi};
    status = engine_run(session, &job, NULL);
    if (status == PP_OK && result)
        *result = session->result;
    return status;
}

pp_status pp_list(pp_session *session, uint64_t lo, uint64_t hi, const pp_list_callback *callback) {
    if (!session)
        return PP_ERR_USAGE;
    if (!callback || !callback->emit)
        return engine_fail(session, PP_ERR_USAGE, "no callback to take the primes");
    pp_status status = check_range(session, lo, hi);
    if (status != PP_OK)
        return status;
    struct ordered ordered;
    ordered_init(&ordered, callback, session->decoder);
    struct job job = {.question = QUESTION_LIST, .lo = lo, .hi = hi};
    status = engine_run(session, &job, &ordered.consumer);
    if (status == PP_OK)
        session->result.phases.output = ordered.emit_seconds;
    ordered_free(&ordered);
    return status;
}
