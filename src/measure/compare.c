#include "measure/compare.h"

#include "measure/control.h"
#include "measure/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/*
 * Between two runs idle workers of the one before must have gone to sleep, or they would
 * take cores from the next: libgomp's spin for some milliseconds after a parallel region.
 */
static const struct timespec PAUSE = {0, 20000000};

static double cpu_clock(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static uint64_t next_random(uint64_t *state) {
    uint64_t x = *state += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

static pp_status run_job(pp_session *session, const struct subject *subject, uint64_t *bitmap) {
    switch (subject->question) {
    case SUBJECT_TEST:
        return pp_test(session, subject->numbers, subject->n_numbers, bitmap);
    case SUBJECT_COUNT:
        return pp_count(session, subject->lo, subject->hi, NULL);
    case SUBJECT_LIST:
        break;
    }
    return pp_list(session, subject->lo, subject->hi, &subject->listing);
}

/* One run, end to end: open, do, close. */
static pp_status run_once(struct comparison *comparison, const struct alternative *alternative,
                          uint64_t *bitmap, void (*on_session)(pp_session *),
                          struct run_record *record, pp_result *result) {
    double begin = measure_clock(), cpu_begin = cpu_clock();
    pp_session *session;
    pp_status status = pp_session_open(&alternative->options, &session, &comparison->error);
    if (status != PP_OK)
        return status;
    on_session(session);
    status = run_job(session, alternative->own ? alternative->own : &comparison->subject, bitmap);
    if (status == PP_OK)
        *result = *pp_session_result(session);
    else
        comparison->error = *pp_session_error(session);
    on_session(NULL);
    pp_session_close(session);
    record->seconds = measure_clock() - begin;
    record->cpu_seconds = cpu_clock() - cpu_begin;
    return status;
}

bool result_is_opencl(const pp_result *result) {
    return strcmp(result->backend, "opencl") == 0;
}

bool compare_check(struct comparison *comparison, const struct alternative *alternative,
                   const pp_result *result) {
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        const pp_result *other = &comparison->alternatives[i].result;
        if (!other->backend || comparison->alternatives[i].own != alternative->own)
            continue;
        bool same = other->count == result->count &&
                    (!other->has_digest || !result->has_digest || other->digest == result->digest);
        if (same)
            continue;
        snprintf(comparison->dispute, sizeof comparison->dispute,
                 "%s (%s, %u threads) says %llu, digest %016llx; %s (%s, %u threads) says %llu, "
                 "digest %016llx",
                 other->backend, pp_method_name(other->method), other->threads,
                 (unsigned long long)other->count, (unsigned long long)other->digest,
                 result->backend, pp_method_name(result->method), result->threads,
                 (unsigned long long)result->count, (unsigned long long)result->digest);
        comparison->agree = false;
        return false;
    }
    return true;
}

const struct alternative *compare_base(const struct comparison *comparison) {
    for (size_t i = 0; i < comparison->n_alternatives; i++)
        if (!comparison->alternatives[i].left_out)
            return &comparison->alternatives[i];
    return NULL;
}

/* Leaves out what cannot be opened. A wrong word is an error, and so is a device asked for. */
static pp_status probe(struct comparison *comparison) {
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        struct alternative *alternative = &comparison->alternatives[i];
        pp_session *session;
        double begin = measure_clock();
        pp_status status = pp_session_open(&alternative->options, &session, &comparison->error);
        alternative->opening = measure_clock() - begin;
        if (status == PP_OK) {
            pp_session_close(session);
        } else if (status == PP_ERR_UNAVAILABLE && !alternative->options.device) {
            alternative->left_out = true;
            snprintf(alternative->reason, sizeof alternative->reason, "%s",
                     comparison->error.message);
        } else {
            return status;
        }
    }
    return compare_base(comparison) ? PP_OK : PP_ERR_UNAVAILABLE;
}

/* A random order of the alternatives in use. */
static size_t shuffle(const struct comparison *comparison, uint64_t *state, size_t *order) {
    size_t n = 0;
    for (size_t i = 0; i < comparison->n_alternatives; i++)
        if (!comparison->alternatives[i].left_out)
            order[n++] = i;
    for (size_t i = n; i > 1; i--) {
        size_t j = next_random(state) % i, kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
    return n;
}

static double median_of(const struct comparison *comparison, const double *values) {
    return summarise(values, comparison->n_runs).median;
}

enum { N_PHASES = sizeof(pp_phases) / sizeof(double) };
_Static_assert(N_PHASES * sizeof(double) == sizeof(pp_phases), "phases are doubles");

static pp_status measure_rounds(struct comparison *comparison, size_t *order, double *phases,
                                uint64_t *bitmap, void (*on_session)(pp_session *)) {
    uint64_t state = comparison->seed;
    size_t n_runs = comparison->n_runs;
    for (size_t round = 0; round < comparison->n_warmup + n_runs; round++) {
        size_t n = shuffle(comparison, &state, order);
        for (size_t i = 0; i < n; i++) {
            struct alternative *alternative = &comparison->alternatives[order[i]];
            struct run_record record = {.alternative = order[i]};
            pp_result result;
            nanosleep(&PAUSE, NULL);
            pp_status status =
                run_once(comparison, alternative, bitmap, on_session, &record, &result);
            if (status != PP_OK)
                return status;
            if (!compare_check(comparison, alternative, &result))
                return PP_ERR_DISAGREE;
            alternative->result = result;
            if (round < comparison->n_warmup)
                continue;
            size_t run = round - comparison->n_warmup;
            alternative->seconds[run] = record.seconds;
            alternative->cpu_seconds[run] = record.cpu_seconds;
            const double *values = (const double *)&result.phases;
            for (size_t phase = 0; phase < N_PHASES; phase++)
                phases[(order[i] * N_PHASES + phase) * n_runs + run] = values[phase];
            comparison->records[comparison->n_records++] = record;
        }
    }
    return PP_OK;
}

static void sum_up(struct comparison *comparison, const double *phases) {
    struct environment here;
    environment_read(&here);
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        struct alternative *alternative = &comparison->alternatives[i];
        if (alternative->left_out)
            continue;
        alternative->time = summarise(alternative->seconds, comparison->n_runs);
        double wall = 0, cpu = 0;
        for (size_t run = 0; run < comparison->n_runs; run++) {
            wall += alternative->seconds[run];
            cpu += alternative->cpu_seconds[run];
        }
        alternative->utilisation = cpu / (wall * here.cores_allowed);
        double *values = (double *)&alternative->result.phases;
        for (size_t phase = 0; phase < N_PHASES; phase++)
            values[phase] =
                median_of(comparison, phases + (i * N_PHASES + phase) * comparison->n_runs);
    }
}

pp_status compare_measure(struct comparison *comparison, void (*on_session)(pp_session *),
                          void (*opening)(bool begins)) {
    size_t n = comparison->n_alternatives, runs = comparison->n_runs;
    comparison->agree = true;
    size_t *order = calloc(n, sizeof *order);
    double *phases = calloc(n * N_PHASES * runs, sizeof *phases);
    size_t most_numbers = comparison->subject.n_numbers;
    for (size_t i = 0; i < n; i++) {
        const struct subject *own = comparison->alternatives[i].own;
        if (own && own->n_numbers > most_numbers)
            most_numbers = own->n_numbers;
    }
    uint64_t *bitmap = calloc(most_numbers / 64 + 1, sizeof *bitmap);
    comparison->records = calloc(n * runs, sizeof *comparison->records);
    bool enough = order && phases && bitmap && comparison->records;
    for (size_t i = 0; i < n; i++) {
        struct alternative *alternative = &comparison->alternatives[i];
        alternative->seconds = calloc(runs, sizeof(double));
        alternative->cpu_seconds = calloc(runs, sizeof(double));
        enough = enough && alternative->seconds && alternative->cpu_seconds;
    }
    opening(true);
    pp_status status = enough ? probe(comparison) : PP_ERR_MEMORY;
    opening(false);
    if (status == PP_OK)
        status = measure_rounds(comparison, order, phases, bitmap, on_session);
    comparison->finished = status == PP_OK;
    if (comparison->finished)
        sum_up(comparison, phases);
    free(order);
    free(phases);
    free(bitmap);
    return status;
}

void compare_free(struct comparison *comparison) {
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        free(comparison->alternatives[i].seconds);
        free(comparison->alternatives[i].cpu_seconds);
    }
    free(comparison->alternatives);
    free(comparison->records);
    *comparison = (struct comparison){0};
}
