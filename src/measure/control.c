#include "measure/control.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double measure_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/*
 * Modular steps between two looks at the interruption: some milliseconds. A step's cost grows with
 * no more than the square of the modulus.
 */
static uint64_t stride_of(const pp_integer *modulus) {
    uint64_t limbs = pp_integer_bits(modulus) / 64 + 1, stride = (1 << 18) / limbs / limbs;
    return stride ? stride : 1;
}

pp_status control_run(const pp_integer *start, uint64_t steps, const pp_integer *modulus,
                      int (*interrupted)(void), pp_integer **value, uint64_t *done,
                      pp_error *error) {
    *done = 0;
    pp_iteration *iteration;
    pp_status status = pp_iteration_new(start, modulus, &iteration);
    if (status != PP_OK)
        return status;
    uint64_t stride = modulus ? stride_of(modulus) : steps;
    while (status == PP_OK && *done < steps) {
        uint64_t now = steps - *done < stride ? steps - *done : stride;
        status = pp_iteration_advance(iteration, now, 0, error);
        *done += status == PP_OK ? now : 0;
        if (status == PP_OK && *done < steps && interrupted && interrupted())
            status = PP_ERR_CANCELLED;
    }
    if (status == PP_OK)
        status = pp_iteration_value(iteration, value);
    pp_iteration_free(iteration);
    return status;
}

/* What the workers hand to each other. */
struct relay {
    pthread_mutex_t lock;
    pthread_cond_t *turns; /* one a worker, so that only the next one wakes */
    unsigned n_workers;
    uint64_t step, steps; /* step: the next to be taken */
    pp_iteration *iteration;
    pp_status status;
};

struct runner {
    struct relay *relay;
    unsigned index;
    pthread_t thread;
};

static void *take_turns(void *user) {
    const struct runner *runner = user;
    struct relay *relay = runner->relay;
    pthread_mutex_lock(&relay->lock);
    for (uint64_t mine = runner->index; mine < relay->steps; mine += relay->n_workers) {
        while (relay->step < mine && relay->status == PP_OK)
            pthread_cond_wait(&relay->turns[runner->index], &relay->lock);
        if (relay->status == PP_OK)
            relay->status = pp_iteration_advance(relay->iteration, 1, 0, NULL);
        relay->step++;
        if (relay->status == PP_OK)
            pthread_cond_signal(&relay->turns[relay->step % relay->n_workers]);
        else
            for (unsigned i = 0; i < relay->n_workers; i++)
                pthread_cond_signal(&relay->turns[i]);
    }
    pthread_mutex_unlock(&relay->lock);
    return NULL;
}

pp_status control_handed(const pp_integer *start, uint64_t steps, unsigned workers,
                         pp_integer **value) {
    struct relay relay = {.lock = PTHREAD_MUTEX_INITIALIZER, .n_workers = workers, .steps = steps};
    struct runner *runners = calloc(workers, sizeof *runners);
    relay.turns = calloc(workers, sizeof *relay.turns);
    pp_status status = PP_ERR_MEMORY;
    unsigned started = 0;
    if (!runners || !relay.turns)
        goto cleanup;
    status = pp_iteration_new(start, NULL, &relay.iteration);
    if (status != PP_OK)
        goto cleanup;
    for (unsigned i = 0; i < workers; i++)
        pthread_cond_init(&relay.turns[i], NULL);
    for (; started < workers; started++) {
        runners[started] = (struct runner){.relay = &relay, .index = started};
        if (pthread_create(&runners[started].thread, NULL, take_turns, &runners[started]) != 0)
            break;
    }
    if (started < workers) { /* the relay cannot go round: end those who wait */
        pthread_mutex_lock(&relay.lock);
        relay.status = PP_ERR_INTERNAL;
        for (unsigned i = 0; i < workers; i++)
            pthread_cond_signal(&relay.turns[i]);
        pthread_mutex_unlock(&relay.lock);
    }
    for (unsigned i = 0; i < started; i++)
        pthread_join(runners[i].thread, NULL);
    for (unsigned i = 0; i < workers; i++)
        pthread_cond_destroy(&relay.turns[i]);
    status = relay.status;
    if (status == PP_OK)
        status = pp_iteration_value(relay.iteration, value);
cleanup:
    pp_iteration_free(relay.iteration);
    free(relay.turns);
    free(runners);
    return status;
}

/* One timed run of one form; its decimal digits' last five in `last`. */
static pp_status run_form(const pp_integer *start, uint64_t steps, unsigned workers,
                          double *seconds, char last[6]) {
    pp_integer *value = NULL;
    uint64_t done;
    double begin = measure_clock();
    pp_status status = workers ? control_handed(start, steps, workers, &value)
                               : control_run(start, steps, NULL, NULL, &value, &done, NULL);
    *seconds = measure_clock() - begin;
    if (status != PP_OK)
        return status;
    char *digits = pp_integer_to_decimal(value);
    pp_integer_free(value);
    if (!digits)
        return PP_ERR_MEMORY;
    size_t length = strlen(digits);
    strcpy(last, digits + (length > 5 ? length - 5 : 0));
    free(digits);
    return PP_OK;
}

pp_status control_measure(uint64_t steps, size_t runs, unsigned most_workers,
                          int (*interrupted)(void), struct control *out) {
    *out = (struct control){.steps = steps, .n_runs = runs};
    pp_integer *start = NULL;
    pp_status status = pp_integer_from_u64(3, &start);
    out->forms = calloc(CONTROL_MOST_FORMS, sizeof *out->forms);
    if (status != PP_OK || !out->forms) {
        pp_integer_free(start);
        return PP_ERR_MEMORY;
    }
    out->n_forms = 1;
    for (unsigned workers = 1; workers <= most_workers; workers *= 2)
        out->forms[out->n_forms++].workers = workers;
    /* Powers of two, and the book's own number last. */
    if (out->forms[out->n_forms - 1].workers < most_workers)
        out->forms[out->n_forms++].workers = most_workers;

    for (size_t run = 0; run <= runs && status == PP_OK; run++)
        for (size_t i = 0; i < out->n_forms && status == PP_OK; i++) {
            /* Each round begins with another form; round 0 warms up. */
            struct control_form *form = &out->forms[(i + run) % out->n_forms];
            char last[6];
            double seconds;
            status = run_form(start, steps, form->workers, &seconds, last);
            if (run)
                form->seconds[run - 1] = seconds;
            if (status == PP_OK && !out->last_digits)
                status = (out->last_digits = strdup(last)) ? PP_OK : PP_ERR_MEMORY;
            if (status == PP_OK && strcmp(out->last_digits, last) != 0)
                status = PP_ERR_DISAGREE;
            if (status == PP_OK && interrupted && interrupted())
                status = PP_ERR_CANCELLED;
        }
    pp_integer_free(start);
    return status;
}

void control_free(struct control *control) {
    free(control->forms);
    free(control->last_digits);
    *control = (struct control){0};
}
