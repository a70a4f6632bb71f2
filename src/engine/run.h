/* From a question to a result: plan, prepare, run, gather. */
#ifndef PARPRIME_ENGINE_RUN_H
#define PARPRIME_ENGINE_RUN_H

#include "engine/session.h"

/* What to do with each partial beyond adding it up; thread-safe, may block on earlier units. */
struct consumer {
    /* Before the first unit, when the job is cut; or NULL. */
    pp_status (*begin)(struct consumer *consumer, const struct job *job, unsigned workers);
    /* PP_ERR_DISAGREE when the bitmap has not as many primes as the partial says. */
    pp_status (*consume)(struct consumer *consumer, uint64_t unit, const struct partial *partial);
    void (*stopped)(struct consumer *consumer); /* the job fails: wake whoever waits; or NULL */
};

/* Keeps the bitmap of a list, whose units come in any order and may share a word. */
struct bitmap_consumer {
    struct consumer consumer;
    uint64_t *words, first_word;
    size_t n_words;
    bool shared;
};

/* To words[0..n_words), which are first_word on of the wheel: all that the list's range lies in. */
struct bitmap_consumer bitmap_consumer(uint64_t *words, uint64_t first_word, size_t n_words);

/*
 * Runs a job whose question and domain are set; resolves the rest. The result and error are
 * the session's. consumer may be NULL. The job is the caller's, who may look at its units in
 * consumer->consume.
 */
pp_status engine_run(pp_session *session, struct job *job, struct consumer *consumer);

/* Records a failure found before there is a job to run, and returns its status. */
pp_status engine_fail(pp_session *session, pp_status status, const char *message);

#endif
