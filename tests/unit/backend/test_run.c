/*
 * What backend.h and sink.h ask of run(), on every usable backend and with a sink of the test's
 * own: the units asked for, each once, none after a stop, begun in ascending order.
 */
#include "backend/backend.h"
#include "math/wheel.h"
#include "support/support.h"
#include "work/digest.h"

#include <pthread.h>
#include <unistd.h>

enum { MOST_UNITS = 1000 };

/* Notes what is put; can fail at a certain put, or hold every unit back until its turn. */
struct notes {
    struct sink sink;
    const struct job *job;
    pthread_mutex_t lock;
    pthread_cond_t turn;
    unsigned times[MOST_UNITS]; /* that a unit was put */
    size_t puts, fail_at;       /* 0: never */
    bool in_turn;               /* block until all earlier units have been put */
    uint64_t next;              /* the first unit not put, from the first asked for */
    uint64_t count, digest;
    bool failed;
    unsigned wrong; /* partials that are not what the numbers say */
};

/* The unit's numbers one by one. */
static bool partial_is_right(const struct job *job, struct span span,
                             const struct partial *partial) {
    uint64_t count = 0, digest = 0;
    for (uint64_t at = span.lo;; at++) {
        bool test = job->question == QUESTION_TEST;
        uint64_t n = test ? job->numbers[at] : at;
        bool prime = pp_is_prime(n), said = prime;
        uint64_t bit = test ? at - span.lo : n % 240 / 30 * 8 + wheel_bits[n % 30];
        if (test)
            said = partial->words[bit / 64] >> bit % 64 & 1;
        else if (job->question == QUESTION_LIST && n > 5)
            said = n % 2 && n % 3 && n % 5 &&
                   (partial->words[n / 240 - partial->first_word] >> bit & 1);
        else if (n <= 5 && prime)
            said = partial->small_primes >> (n == 2 ? 0 : n == 3 ? 1 : 2) & 1;
        if (said != prime)
            return false;
        count += prime;
        if (prime)
            digest += test ? splitmix64(n) : digest_prime(n);
        if (at == span.hi)
            break;
    }
    return partial->count == count && partial->digest == digest && partial->has_digest;
}

static pp_status note(struct sink *sink, uint64_t unit, const struct partial *partial) {
    struct notes *notes = (struct notes *)sink;
    bool right = partial_is_right(notes->job, job_span(notes->job, unit), partial);
    pthread_mutex_lock(&notes->lock);
    while (notes->in_turn && notes->next < unit)
        pthread_cond_wait(&notes->turn, &notes->lock);
    notes->wrong += !right;
    notes->times[unit]++;
    notes->puts++;
    notes->count += partial->count;
    while (notes->next < MOST_UNITS && notes->times[notes->next])
        notes->next++;
    pthread_cond_broadcast(&notes->turn);
    pp_status status = PP_OK;
    if (notes->fail_at && notes->puts >= notes->fail_at) {
        atomic_store(&notes->sink.stop, true);
        status = PP_ERR_IO;
    }
    pthread_mutex_unlock(&notes->lock);
    return status;
}

/* A backend that cannot go on: not to be seen here, where there is memory enough. */
static void refuse(struct sink *sink, pp_status status) {
    struct notes *notes = (struct notes *)sink;
    (void)status;
    notes->failed = true;
    atomic_store(&sink->stop, true);
}

static void notes_init(struct notes *notes, const struct job *job, uint64_t first) {
    memset(notes, 0, sizeof *notes);
    notes->sink.put = note;
    notes->sink.fail = refuse;
    notes->job = job;
    notes->next = first;
    pthread_mutex_init(&notes->lock, NULL);
    pthread_cond_init(&notes->turn, NULL);
}

/* ---- every backend, question and method ---------------------------------------------------- */

struct setting {
    const struct backend *backend;
    void *state;
    struct job *job;
};

/* Runs check for a job of some hundred units on every usable backend. */
static void each_setting(void (*check)(const struct setting *setting)) {
    static const pp_method methods[] = {PP_METHOD_TRIAL, PP_METHOD_MR, PP_METHOD_SIEVE};
    static uint64_t numbers[13000];
    uint64_t random = 61;
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        numbers[i] = random_below(&random, 60000);
    static struct sieve_base base;
    uint64_t base_words[2];
    base = (struct sieve_base){.limit = 300, .words = base_words};
    sieve_plain(base_words, 2);
    wheel_trim(base_words, 0, 2, 0, base.limit);
    sieve_make_patterns(&base);

    unsigned settings = 0;
    for (size_t b = 0; backends[b]; b++) {
        if (!backend_usable(backends[b]->name))
            continue;
        pp_session_options options = PP_SESSION_OPTIONS_INIT;
        void *state = NULL;
        options.threads = strcmp(backends[b]->name, "openmp") == 0 ? 4 : 0;
        assert_int_equal(backends[b]->open(&options, &state, NULL), PP_OK);
        for (size_t m = 0; m < COUNT_OF(methods); m++)
            for (int q = QUESTION_TEST; q <= QUESTION_LIST; q++) {
                if (!backends[b]->supports((enum question)q, methods[m]))
                    continue;
                struct job job = {.question = (enum question)q,
                                  .method = methods[m],
                                  .lo = 0,
                                  .hi = 50000,
                                  .numbers = numbers,
                                  .n_numbers = COUNT_OF(numbers),
                                  .base = &base};
                struct shape shape;
                backends[b]->shape(state, &job, &shape);
                assert_true(shape.workers >= 1 && shape.align >= 1 && shape.speed > 0);
                job_cut(&job, q == QUESTION_TEST ? 13 : 241, shape.align);
                assert_in_range(job.n_units, 200, MOST_UNITS);
                check(&(struct setting){backends[b], state, &job});
                settings++;
            }
        backends[b]->close(state);
    }
    assert_true(settings >= 9);
}

static pp_status run(const struct setting *setting, struct notes *notes, uint64_t first, uint64_t n,
                     pp_result *result) {
    *result = (pp_result){.device = NULL};
    pp_error error = {.status = PP_OK};
    return setting->backend->run(setting->state, setting->job, first, n, &notes->sink, result,
                                 &error);
}

static void check_whole(const struct setting *setting) {
    static struct notes notes;
    notes_init(&notes, setting->job, 0);
    pp_result result;
    assert_int_equal(run(setting, &notes, 0, setting->job->n_units, &result), PP_OK);
    assert_int_equal(notes.wrong, 0);
    assert_int_equal(notes.puts, setting->job->n_units);
    assert_false(notes.failed);
    for (uint64_t unit = 0; unit < setting->job->n_units; unit++)
        assert_int_equal(notes.times[unit], 1);
    assert_true(result.threads >= 1 && result.phases.compute >= 0);
}

static void test_every_unit_once(void **state) {
    (void)state;
    each_setting(check_whole);
}

static void check_spans(const struct setting *setting) {
    static const struct {
        uint64_t first, n;
    } spans[] = {{0, 1}, {3, 5}, {7, 0}, {199, 1}, {50, 100}};
    for (size_t i = 0; i < COUNT_OF(spans); i++) {
        static struct notes notes;
        notes_init(&notes, setting->job, spans[i].first);
        pp_result result;
        assert_int_equal(run(setting, &notes, spans[i].first, spans[i].n, &result), PP_OK);
        assert_int_equal(notes.wrong, 0);
        for (uint64_t unit = 0; unit < setting->job->n_units; unit++)
            assert_int_equal(notes.times[unit],
                             unit >= spans[i].first && unit - spans[i].first < spans[i].n);
    }
}

static void test_only_the_units_asked_for(void **state) {
    (void)state;
    each_setting(check_spans);
}

/* If units were begun out of order, put would wait for ever: the alarm ends that. */
static void check_in_turn(const struct setting *setting) {
    static struct notes notes;
    notes_init(&notes, setting->job, 0);
    notes.in_turn = true;
    pp_result result;
    alarm(60);
    assert_int_equal(run(setting, &notes, 0, setting->job->n_units, &result), PP_OK);
    alarm(0);
    assert_int_equal(notes.puts, setting->job->n_units);
}

static void test_put_may_wait_for_earlier_units(void **state) {
    (void)state;
    each_setting(check_in_turn);
}

/* Units in other threads' hands may still be put, but nothing is begun. */
static void check_stop(const struct setting *setting) {
    struct shape shape;
    setting->backend->shape(setting->state, setting->job, &shape);
    unsigned workers = shape.workers;
    for (size_t fail_at = 1; fail_at < 150; fail_at += 37) {
        static struct notes notes;
        notes_init(&notes, setting->job, 0);
        notes.fail_at = fail_at;
        pp_result result;
        pp_status status = run(setting, &notes, 0, setting->job->n_units, &result);
        assert_true(status == PP_OK || status == PP_ERR_IO);
        assert_in_range(notes.puts, fail_at, fail_at + workers - 1);
    }
    static struct notes notes;
    notes_init(&notes, setting->job, 0);
    atomic_store(&notes.sink.stop, true);
    pp_result result;
    run(setting, &notes, 0, setting->job->n_units, &result);
    assert_int_equal(notes.puts, 0);
}

static void test_stops_when_told(void **state) {
    (void)state;
    each_setting(check_stop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_unit_once),
        cmocka_unit_test(test_only_the_units_asked_for),
        cmocka_unit_test(test_put_may_wait_for_earlier_units),
        cmocka_unit_test(test_stops_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
