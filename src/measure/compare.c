#include "measure/compare.h"

#include "measure/arrivals.h"
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

/* What a run's list goes through on its way out. */
struct passage {
    const pp_list_callback *asked;
    bool followed; /* arrivals are looked at */
    struct arrivals arrivals;
    struct outlet outlet;
};

static pp_status pass_render(void *user, const uint64_t *primes, size_t n, pp_buffer *out) {
    const struct passage *passage = user;
    return passage->asked->render(passage->asked->user, primes, n, out);
}

static pp_status pass_emit(void *user, const void *bytes, size_t n) {
    struct passage *passage = user;
    if (passage->followed)
        arrivals_add(&passage->arrivals, bytes, n);
    return passage->outlet.kind == OUTLET_ASKED
               ? passage->asked->emit(passage->asked->user, bytes, n)
               : outlet_write(&passage->outlet, bytes, n);
}

static pp_status run_job(pp_session *session, const struct subject *subject, uint64_t *bitmap,
                         struct passage *passage, bool in_order) {
    switch (subject->question) {
    case SUBJECT_TEST:
        return pp_test(session, subject->numbers, subject->n_numbers, bitmap);
    case SUBJECT_COUNT:
        return pp_count(session, subject->lo, subject->hi, NULL);
    case SUBJECT_LIST:
        break;
    }
    const pp_list_callback through = {.user = passage,
                                      .order =
                                          in_order ? PP_ORDER_ASCENDING : subject->listing.order,
                                      .render = pass_render,
                                      .emit = pass_emit};
    return pp_list(session, subject->lo, subject->hi, &through);
}

bool alternative_is_unordered(const struct comparison *comparison,
                              const struct alternative *alternative) {
    return comparison->subject.question == SUBJECT_LIST && !alternative->in_order &&
           comparison->subject.listing.order == PP_ORDER_COMPLETION;
}

/* What is shared by all runs of a measurement. */
struct course {
    struct comparison *comparison;
    size_t *order;
    double *phases;
    uint64_t *bitmap;
    void (*on_session)(pp_session *);
};

/* One run, end to end: open, do, close. With a timeline it is traced. */
static pp_status run_once(const struct course *course, const struct alternative *alternative,
                          struct timeline *timeline, struct passage *passage,
                          struct run_record *record, pp_result *result) {
    struct comparison *comparison = course->comparison;
    const struct subject *subject = alternative->own ? alternative->own : &comparison->subject;
    *passage = (struct passage){.asked = &subject->listing,
                                .followed = subject->question == SUBJECT_LIST &&
                                            subject->listing.order == PP_ORDER_COMPLETION,
                                .arrivals = {.binary = subject->binary}};
    double begin = measure_clock(), cpu_begin = cpu_clock();
    pp_status status = outlet_open(&passage->outlet, alternative->to, &comparison->error);
    if (status != PP_OK)
        return status;
    pp_session *session;
    status = pp_session_open(&alternative->options, &session, &comparison->error);
    if (status == PP_OK) {
        course->on_session(session);
        if (timeline)
            pp_session_on_unit(session, timeline_unit, timeline);
        status = run_job(session, subject, course->bitmap, passage, alternative->in_order);
        if (status == PP_OK)
            *result = *pp_session_result(session);
        else
            comparison->error = *pp_session_error(session);
        course->on_session(NULL);
        pp_session_close(session);
    }
    pp_error why = {0};
    pp_status closed = outlet_close(&passage->outlet, &why);
    record->seconds = measure_clock() - begin;
    record->cpu_seconds = cpu_clock() - cpu_begin;
    outlet_release(&passage->outlet);
    if (status == PP_OK && closed != PP_OK)
        comparison->error = why;
    return status == PP_OK ? closed : status;
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

static bool dispute(struct comparison *comparison, const char *what, const pp_result *result,
                    uint64_t one, uint64_t other) {
    snprintf(comparison->dispute, sizeof comparison->dispute,
             "%s (%s, %u threads) %s: %llu against %llu", result->backend,
             pp_method_name(result->method), result->threads, what, (unsigned long long)one,
             (unsigned long long)other);
    comparison->agree = false;
    return false;
}

/* The text of a list, beside its count and digest: all of it there, and in order where it is to be.
 */
static bool check_passage(struct comparison *comparison, struct alternative *alternative,
                          const struct passage *passage, const pp_result *result) {
    const struct arrivals *arrivals = &passage->arrivals;
    if (passage->followed && arrivals->seen != result->count)
        return dispute(comparison, "handed out another number of primes than it counted", result,
                       arrivals->seen, result->count);
    if (passage->followed && alternative->in_order && arrivals->out_of_place)
        return dispute(comparison, "lists out of order", result, arrivals->out_of_place, 0);
    alternative->bytes = passage->outlet.written;
    for (size_t i = 0; i < comparison->n_alternatives && alternative->to; i++) {
        const struct alternative *other = &comparison->alternatives[i];
        if (other->result.backend && other->to && other->bytes != alternative->bytes)
            return dispute(comparison, "wrote another number of bytes than others", result,
                           alternative->bytes, other->bytes);
    }
    return true;
}

const struct alternative *compare_base(const struct comparison *comparison) {
    for (size_t i = 0; i < comparison->n_alternatives; i++)
        if (!comparison->alternatives[i].left_out)
            return &comparison->alternatives[i];
    return NULL;
}

static void leave_out(const struct comparison *comparison, struct alternative *alternative) {
    alternative->left_out = true;
    snprintf(alternative->reason, sizeof alternative->reason, "%s", comparison->error.message);
}

/* What a device's first session says of its kernels: told with a job, so it is given a tiny one. */
static double build_seconds(pp_session *session, const struct alternative *alternative) {
    pp_result tiny;
    const char *backend = alternative->options.backend;
    if (!backend || strcmp(backend, "opencl") != 0 || pp_count(session, 0, 10, &tiny) != PP_OK)
        return 0; /* a failure will show in the runs that count */
    return tiny.phases.build;
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
            alternative->build = build_seconds(session, alternative);
            pp_session_close(session);
        } else if (status == PP_ERR_UNAVAILABLE &&
                   (!alternative->options.device || alternative->optional)) {
            leave_out(comparison, alternative);
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

/* One run whose time does not count, or does as number `run` of the timed ones. */
enum { UNTIMED = -1 };
static pp_status do_run(const struct course *course, size_t index, ptrdiff_t run,
                        struct timeline *timeline) {
    struct comparison *comparison = course->comparison;
    struct alternative *alternative = &comparison->alternatives[index];
    struct run_record record = {.alternative = index};
    struct passage passage;
    pp_result result;
    nanosleep(&PAUSE, NULL);
    pp_status status = run_once(course, alternative, timeline, &passage, &record, &result);
    if (!alternative->result.backend &&
        (status == PP_ERR_UNAVAILABLE || (status == PP_ERR_IO && alternative->to))) {
        /* Only the job tells that: a method that counts, but does not list; a disk that is full. */
        leave_out(comparison, alternative);
        return compare_base(comparison) ? PP_OK : status;
    }
    if (status == PP_ERR_DISAGREE) {
        /* The session itself has found that a part of the answer cannot be right. */
        snprintf(comparison->dispute, sizeof comparison->dispute, "%s: %.180s",
                 alternative->options.backend ? alternative->options.backend : "auto",
                 comparison->error.message);
        comparison->agree = false;
    }
    if (status != PP_OK)
        return status;
    if (!compare_check(comparison, alternative, &result) ||
        !check_passage(comparison, alternative, &passage, &result))
        return PP_ERR_DISAGREE;
    alternative->result = result;
    if (timeline)
        timeline_finish(timeline, result.seconds);
    if (run == UNTIMED) {
        comparison->n_untimed++;
        return PP_OK;
    }
    alternative->seconds[run] = record.seconds;
    alternative->cpu_seconds[run] = record.cpu_seconds;
    alternative->out_of_place[run] = (double)passage.arrivals.out_of_place;
    const double *values = (const double *)&result.phases;
    for (size_t phase = 0; phase < N_PHASES; phase++)
        course->phases[(index * N_PHASES + phase) * comparison->n_runs + (size_t)run] =
            values[phase];
    comparison->records[comparison->n_records++] = record;
    if (!alternative_writes(alternative))
        return PP_OK;
    nanosleep(&PAUSE, NULL);
    return outlet_alone(alternative->to, alternative->bytes, &alternative->alone[run],
                        &comparison->error);
}

/*
 * All alternatives run one method, unless methods are what is compared: where it is left open, the
 * first of them chooses for all.
 */
static pp_status settle_method(const struct course *course) {
    struct comparison *comparison = course->comparison;
    size_t first = 0, open = 0;
    for (size_t i = comparison->n_alternatives; i-- > 0;) {
        const struct alternative *alternative = &comparison->alternatives[i];
        if (alternative->left_out || alternative->options.method != PP_METHOD_AUTO)
            continue;
        if (alternative->own) /* jobs of different sizes */
            return PP_OK;
        first = i;
        open++;
    }
    if (open < 2)
        return PP_OK;
    pp_status status = do_run(course, first, UNTIMED, NULL);
    if (status != PP_OK || comparison->alternatives[first].left_out)
        return status;
    pp_method method = comparison->alternatives[first].result.method;
    for (size_t i = 0; i < comparison->n_alternatives; i++)
        if (comparison->alternatives[i].options.method == PP_METHOD_AUTO)
            comparison->alternatives[i].options.method = method;
    comparison->settled = true;
    return PP_OK;
}

static pp_status measure_rounds(const struct course *course) {
    struct comparison *comparison = course->comparison;
    uint64_t state = comparison->seed;
    size_t n_untimed = comparison->n_warmup;
    if (comparison->traced && !n_untimed)
        n_untimed = 1;
    pp_status status = settle_method(course);
    for (size_t round = 0; status == PP_OK && round < n_untimed + comparison->n_runs; round++) {
        size_t n = shuffle(comparison, &state, course->order);
        ptrdiff_t run = round < n_untimed ? UNTIMED : (ptrdiff_t)(round - n_untimed);
        for (size_t i = 0; status == PP_OK && i < n; i++) {
            struct alternative *alternative = &comparison->alternatives[course->order[i]];
            struct timeline *timeline = NULL;
            if (comparison->traced && round + 1 == n_untimed) {
                timeline = &alternative->timeline;
                status = timeline_init(timeline);
            }
            if (status == PP_OK)
                status = do_run(course, course->order[i], run, timeline);
        }
    }
    return status;
}

bool alternative_writes(const struct alternative *alternative) {
    return alternative->to == OUTLET_FILE || alternative->to == OUTLET_PIPE;
}

struct summary compare_alone(const struct comparison *comparison,
                             const struct alternative *alternative) {
    return summarise(alternative->alone, comparison->n_runs);
}

double subject_numbers(const struct subject *subject) {
    return subject->question == SUBJECT_TEST ? (double)subject->n_numbers
                                             : (double)(subject->hi - subject->lo) + 1;
}

struct summary compare_out_of_place(const struct comparison *comparison,
                                    const struct alternative *alternative) {
    return summarise(alternative->out_of_place, comparison->n_runs);
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
        const struct subject *subject = alternative->own ? alternative->own : &comparison->subject;
        alternative->utilisation = cpu / (wall * here.cores_allowed);
        alternative->rate = subject_numbers(subject) * (double)comparison->n_runs / wall;
        double *values = (double *)&alternative->result.phases;
        for (size_t phase = 0; phase < N_PHASES; phase++)
            values[phase] =
                median_of(comparison, phases + (i * N_PHASES + phase) * comparison->n_runs);
        alternative->bound = bound_of(&alternative->result.phases, alternative->time.median,
                                      result_is_opencl(&alternative->result));
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
        alternative->out_of_place = calloc(runs, sizeof(double));
        alternative->alone = calloc(runs, sizeof(double));
        enough = enough && alternative->seconds && alternative->cpu_seconds &&
                 alternative->out_of_place && alternative->alone;
    }
    opening(true);
    pp_status status = enough ? probe(comparison) : PP_ERR_MEMORY;
    opening(false);
    const struct course course = {comparison, order, phases, bitmap, on_session};
    if (status == PP_OK)
        status = measure_rounds(&course);
    if (status == PP_ERR_DISAGREE && comparison->agree) { /* a device that fails its self-test */
        comparison->agree = false;
        snprintf(comparison->dispute, sizeof comparison->dispute, "%.239s",
                 comparison->error.message);
    }
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
        free(comparison->alternatives[i].out_of_place);
        free(comparison->alternatives[i].alone);
        timeline_free(&comparison->alternatives[i].timeline);
    }
    free(comparison->alternatives);
    free(comparison->records);
    *comparison = (struct comparison){0};
}
