/*
 * The nouns that travel. A job is a question about a domain; it goes down the stairs cut into
 * units, numbered from 0, and its answers come back up as partials through a sink.
 */
#ifndef PARPRIME_WORK_JOB_H
#define PARPRIME_WORK_JOB_H

#include "math/sieve.h"

#include <parprime.h>
#include <stdbool.h>

enum question {
    QUESTION_TEST,  /* which of numbers[0..n) are prime: a bit each */
    QUESTION_COUNT, /* how many primes are in [lo, hi] */
    QUESTION_LIST   /* which: the same with a bitmap */
};

struct job {
    enum question question;
    pp_method method;        /* resolved: never PP_METHOD_AUTO */
    uint64_t lo, hi;         /* COUNT, LIST */
    const uint64_t *numbers; /* TEST */
    size_t n_numbers;
    uint64_t unit_size; /* numbers in a unit: a multiple of align */
    uint64_t align;     /* see job_cut */
    uint64_t n_units;
    /*
     * Methods sieve and hybrid: primes up to the root of the largest number, or as many of them as
     * the backend has asked for (shape.base_limit).
     */
    const struct sieve_base *base;
};

/* A unit's share of the domain: numbers [lo, hi], or of the array [lo, hi] by index. */
struct span {
    uint64_t lo, hi;
};

/*
 * Cuts the job into units of about `size` numbers: sets unit_size, align and n_units. Units begin
 * at multiples of `align` numbers, or indexes of a test (except the first, at the domain's own
 * beginning), so that with WHEEL_WORD, or 64 in a test, no two share a bitmap word.
 */
void job_cut(struct job *job, uint64_t size, uint64_t align);

/* The share of unit `unit`, which is below n_units. Never empty. */
struct span job_span(const struct job *job, uint64_t unit);

/* Is it answered by sieving bitmaps, at least in part? Its units are then made of whole words. */
bool job_sieves(const struct job *job);

/* Numbers in the job, 2^64 - 1 when there are more. */
uint64_t job_size(const struct job *job);

#endif
