/* compare: one job on every backend, answers checked, and the sequential control beside it. */
#include "cli/commands.h"
#include "cli/experiment.h"
#include "cli/output.h"
#include "cli/pictures.h"
#include "cli/session.h"
#include "cli/signals.h"
#include "cli/subject.h"
#include "cli/words.h"
#include "measure/compare.h"
#include "measure/environment.h"
#include "measure/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SECOND_RUNS = 6,    /* of the one-second job: the fewest that give an interval */
    CONTROL_STEPS = 20, /* the book's */
    CONTROL_WORKERS = 20
};

/* ---- the alternatives ---- */

struct lists {
    struct word_list backends, methods, threads;
};

static void free_lists(struct lists *lists) {
    free_words(&lists->backends);
    free_words(&lists->methods);
    free_words(&lists->threads);
}

/* By default every backend there is, serial first; openmp also with one thread, as a base. */
static bool make_lists(const struct options *options, const struct options *job,
                       struct lists *lists) {
    const char *method = options->method ? options->method : job->method ? job->method : "auto";
    *lists = (struct lists){0};
    return split_words(&lists->backends, "--backend",
                       options->backend ? options->backend : "serial,openmp,opencl") &&
           split_words(&lists->methods, "--method", method) &&
           split_words(&lists->threads, "--threads", options->threads ? options->threads : "1,0");
}

static bool add_alternative(struct comparison *comparison, const struct options *words) {
    if (comparison->n_alternatives == MOST_ALTERNATIVES) {
        complain("more than %d alternatives", MOST_ALTERNATIVES);
        return false;
    }
    struct alternative *alternative = &comparison->alternatives[comparison->n_alternatives];
    struct options with = *words;
    /* 0 is not the user's word, but means all cores. */
    if (with.threads && strcmp(with.threads, "0") == 0)
        with.threads = NULL;
    if (!words_to_session(&with, &alternative->options))
        return false;
    comparison->n_alternatives++;
    return true;
}

/* Every backend with every method, and those that have threads with every number of them. */
static bool make_alternatives(const struct options *options, const struct options *job,
                              const struct lists *lists, struct comparison *comparison) {
    comparison->alternatives = calloc(MOST_ALTERNATIVES, sizeof *comparison->alternatives);
    if (!comparison->alternatives)
        return fail_with(PP_ERR_MEMORY, NULL), false;
    struct environment here;
    environment_read(&here);
    for (size_t m = 0; m < lists->methods.n; m++)
        for (size_t b = 0; b < lists->backends.n; b++) {
            bool opencl = strcmp(lists->backends.words[b], "opencl") == 0;
            const char *device = options->device ? options->device : job->device;
            /* Devices to choose from, and kernels, are OpenCL's; SIMD levels the others'. */
            struct options words = {.backend = lists->backends.words[b],
                                    .method = lists->methods.words[m],
                                    .device = opencl ? device : NULL,
                                    .kernels = options->kernels ? options->kernels : job->kernels,
                                    .verify = options->verify ? options->verify : job->verify,
                                    .simd = options->simd ? options->simd : job->simd};
            bool threaded = strcmp(words.backend, "openmp") == 0 ||
                            (options->threads && strcmp(words.backend, "serial") != 0);
            /* On one core all threads are one thread. */
            size_t first = !options->threads && here.cores_allowed == 1 ? 1 : 0;
            for (size_t t = threaded ? first : 0; t < (threaded ? lists->threads.n : 1); t++) {
                words.threads = threaded ? lists->threads.words[t] : NULL;
                if (!add_alternative(comparison, &words))
                    return false;
            }
        }
    return true;
}

/* ---- running and reporting ---- */

/* Measures one job. Returns the exit code; the comparison is to be freed in any case. */
static int compare_job(const struct options *options, const struct loaded *job,
                       const struct plan *plan, struct comparison *comparison) {
    *comparison = (struct comparison){.subject = job->subject,
                                      .n_runs = plan->runs,
                                      .n_warmup = plan->warmup,
                                      .seed = plan->seed};
    struct lists lists;
    int code = 2;
    if (make_lists(options, &job->options, &lists) &&
        check_threads(&lists.threads, options->threads) &&
        make_alternatives(options, &job->options, &lists, comparison)) {
        code = measure_comparison(comparison);
    }
    free_lists(&lists);
    return code;
}

enum { MOST_JOBS = 2 };

/* All that a run of the command makes. */
struct comparing {
    struct loaded jobs[MOST_JOBS];
    struct comparison comparisons[MOST_JOBS];
    size_t n_jobs; /* compared, or tried */
    struct control control;
    bool has_control;
};

static int measure_control(const struct plan *plan, struct comparing *all) {
    pp_status status =
        control_measure(CONTROL_STEPS, plan->runs, CONTROL_WORKERS, signals_came, &all->control);
    all->has_control = status == PP_OK;
    if (status == PP_ERR_CANCELLED) {
        uint64_t runs = 0;
        for (size_t i = 0; i < all->n_jobs; i++)
            runs += all->comparisons[i].n_records;
        return interrupted_after(runs, runs, "timed runs, in the control");
    }
    return status == PP_OK ? 0 : fail_with(status, NULL);
}

static void add_comparison(json_t *to, const struct comparison *comparison) {
    json_object_set_new(to, "results", report_results(comparison, json_result));
    json_object_set_new(to, "runs", report_runs(comparison));
    if (comparison->finished || !comparison->agree)
        json_object_set_new(to, "verdict", report_verdict(comparison));
}

/* The whole document. A new reference. */
static json_t *document_of(const struct comparing *all, bool interrupted) {
    json_t *document = json_document(json_job_of(&all->comparisons[0].subject)),
           *further = json_array();
    add_comparison(document, &all->comparisons[0]);
    for (size_t i = 1; i < all->n_jobs; i++) {
        json_t *one = json_pack("{s:o}", "job", json_job_of(&all->comparisons[i].subject));
        add_comparison(one, &all->comparisons[i]);
        json_array_append_new(further, one);
    }
    json_object_set_new(document, "further", further);
    if (all->has_control)
        json_object_set_new(document, "control", report_control(&all->control));
    if (interrupted)
        json_object_set_new(document, "interrupted", json_interrupted());
    return document;
}

static void print_machine(FILE *to) {
    struct environment here;
    environment_read(&here);
    fprintf(to, "%s, %u of %u cores allowed, load %.2f, governor %s, SMT %s · parprime %s, %s\n\n",
            here.cpu, here.cores_allowed, here.cores_online, here.load, here.governor, here.smt,
            pp_version(), pp_build()->compiler);
}

static void report_tables(struct output *output, enum format format, const struct comparing *all) {
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (!to) {
        output->status = PP_ERR_MEMORY;
        return;
    }
    if (format == FORMAT_TEXT)
        print_machine(to);
    else
        report_csv_header(to);
    for (size_t i = 0; i < all->n_jobs; i++) {
        if (!all->comparisons[i].finished && all->comparisons[i].agree)
            continue; /* interrupted */
        if (format == FORMAT_CSV) {
            report_csv(to, &all->comparisons[i]);
        } else {
            report_text(to, &all->comparisons[i]);
            fputc('\n', to);
        }
    }
    if (all->has_control && format == FORMAT_TEXT) {
        report_control_text(to, &all->control);
        fputc('\n', to);
        report_lesson(to, &all->comparisons[all->n_jobs - 1], &all->control);
    }
    fclose(to);
    output_bytes(output, text, size);
    free(text);
}

static int load_jobs(const struct options *options, struct comparing *all) {
    static char *book[] = {"list", "1e13", "1e13+500", "--method", "trial"};
    static char *second[] = {"count", "1e13", "1e13+2e9"};
    all->n_jobs = options->n_arguments ? 1 : MOST_JOBS;
    if (options->n_arguments)
        return load_job(&all->jobs[0], "compare", options->n_arguments, options->arguments);
    int code = load_job(&all->jobs[0], "compare", 5, book);
    return code ? code : load_job(&all->jobs[1], "compare", 3, second);
}

/* All comparisons, then the control; with the first failure what follows is left undone. */
static int measure(const struct options *options, struct plan plan, struct comparing *all) {
    int code = 0;
    size_t n_jobs = all->n_jobs;
    for (size_t i = 0; i < n_jobs && code == 0; i++) {
        if (i && !options->runs)
            plan.runs = SECOND_RUNS;
        all->n_jobs = i + 1;
        code = compare_job(options, &all->jobs[i], &plan, &all->comparisons[i]);
    }
    plan.runs = options->runs ? plan.runs : DEFAULT_RUNS;
    return code ? code : measure_control(&plan, all);
}

/* Reports what there is: after an interruption, the comparisons that were finished. */
static void report(struct output *output, const struct options *options,
                   const struct comparing *all, int code) {
    bool interrupted = code >= 128;
    if (code != 0 && code != 3 && !interrupted)
        return;
    /* A disagreement is reported too, without a single ratio. */
    if (options->format == FORMAT_JSON)
        json_whole(output, document_of(all, interrupted));
    else if (!interrupted || all->comparisons[0].finished)
        report_tables(output, options->format, all);
}

int command_compare(const struct options *options) {
    struct comparing *all = calloc(1, sizeof *all);
    if (!all)
        return fail_with(PP_ERR_MEMORY, NULL);
    struct plan plan;
    int code = make_plan(options, &plan) ? load_jobs(options, all) : 2;
    if (code == 0)
        code = pictures_check(options);
    struct output output;
    if (code == 0 && output_open(&output, options)) {
        code = measure(options, plan, all);
        report(&output, options, all, code);
        json_t *document = pictures_wanted(options) ? document_of(all, code >= 128) : NULL;
        if (code == 0)
            pictures_plot(&output, options, document);
        code = pictures_report(options, document, output_close(&output, code));
        json_decref(document);
    } else if (code == 0) {
        code = 5;
    }
    for (size_t i = 0; i < MOST_JOBS; i++) {
        compare_free(&all->comparisons[i]);
        unload_job(&all->jobs[i]);
    }
    control_free(&all->control);
    free(all);
    return code;
}
