/*
 * compare: one job on every backend, answers checked; beside it what no number of threads can
 * speed up, the sequential control, and a list whose writing takes longer than its primes.
 */
#include "cli/alternatives.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/pictures.h"
#include "cli/session.h"
#include "cli/signals.h"
#include "cli/words.h"
#include "measure/against.h"
#include "measure/environment.h"
#include "measure/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_JOBS = 2,
    SECOND_RUNS = 6,    /* of what takes longer: the fewest that give an interval */
    CONTROL_STEPS = 20, /* the book's */
    CONTROL_WORKERS = 20
};

/* All that a run of the command makes. */
struct comparing {
    struct loaded jobs[MOST_JOBS], output_job;
    struct lists lists[MOST_JOBS];
    struct comparison comparisons[MOST_JOBS], output;
    size_t n_jobs; /* compared, or tried */
    bool has_output;
    struct control control;
    bool has_control;
    struct baseline *baseline;
    struct environment here; /* before anything was measured: the load is then not our own */
    json_t *environment;     /* the same for documents */
};

/* Is the whole record wanted, rather than tables? Then timelines are too. */
static bool wants_document(const struct options *options) {
    return options->format == FORMAT_JSON || pictures_wanted(options);
}

/* ---- what is measured ---- */

static int load_jobs(const struct options *options, struct comparing *all) {
    static char *book[] = {"list", "1e13", "1e13+500", "--method", "trial"};
    /*
     * Long enough that nothing but the sieve counts, short enough for six runs of everything in
     * under 20 s on two cores: `time parprime compare`. The method is said, so that none is chosen.
     */
    static char *second[] = {"count", "1e13", "1e13+3e9", "--method", "sieve"};
    /* Small primes are made faster than any pipe or file takes them: no time goes into digits. */
    static char *written[] = {"list", "5e7", "--output-format", "u64"};
    int code = load_job(&all->output_job, "compare", 4, written);
    all->n_jobs = options->n_arguments ? 1 : MOST_JOBS;
    if (code == 0 && options->n_arguments)
        return load_job(&all->jobs[0], "compare", options->n_arguments, options->arguments);
    if (code == 0)
        code = load_job(&all->jobs[0], "compare", 5, book);
    return code ? code : load_job(&all->jobs[1], "compare", 5, second);
}

/* --baseline: read before anything is measured, and refused if it is of other jobs. */
static int load_baseline(const struct options *options, struct comparing *all) {
    char why[200] = "";
    if (!options->baseline)
        return 0;
    pp_status status = baseline_read(options->baseline, &all->baseline, why, sizeof why);
    if (status != PP_OK) {
        complain("--baseline: %s: %s", options->baseline, why[0] ? why : pp_strerror(status));
        return pp_exit_code(status);
    }
    for (size_t i = 0; i < all->n_jobs; i++) {
        json_t *job = json_job_of(&all->jobs[i].subject);
        bool there = baseline_find(all->baseline, job);
        json_decref(job);
        if (there)
            continue;
        complain("--baseline: %s: it is a record of \"%s\", not of \"%s\"", options->baseline,
                 all->baseline->jobs[0].words, all->jobs[i].words);
        return 2;
    }
    return 0;
}

/* Another answer than the record's: one of the two is wrong, and no ratio is worth anything. */
static int hold_answer(const struct options *options, const struct comparing *all,
                       struct comparison *comparison) {
    const struct baseline_result *then;
    json_t *json = json_job_of(&comparison->subject);
    const struct baseline_job *job =
        all->baseline && comparison->finished ? baseline_find(all->baseline, json) : NULL;
    json_decref(json);
    const struct alternative *base = compare_base(comparison);
    if (!job || baseline_agrees(job, &base->result, &then))
        return 0;
    snprintf(comparison->dispute, sizeof comparison->dispute,
             "%s (%s) says %llu, digest %016llx; the record of %s says %llu, digest %016llx (%s)",
             base->result.backend, pp_method_name(base->result.method),
             (unsigned long long)base->result.count, (unsigned long long)base->result.digest,
             all->baseline->time, (unsigned long long)then->count, (unsigned long long)then->digest,
             then->backend);
    comparison->agree = false;
    complain("answers disagree: %s: %s", options->baseline, comparison->dispute);
    return pp_exit_code(PP_ERR_DISAGREE);
}

static void prepare(struct comparison *comparison, const struct loaded *job,
                    const struct options *options, const struct plan *plan) {
    *comparison = (struct comparison){.subject = job->subject,
                                      .n_runs = plan->runs,
                                      .n_warmup = plan->warmup,
                                      .seed = plan->seed,
                                      .traced = wants_document(options)};
}

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

/* All jobs, the control, the list that is written; with the first failure the rest is left undone.
 */
static int measure(const struct options *options, const struct plan *plan, struct comparing *all) {
    int code = 0;
    size_t n_jobs = all->n_jobs;
    struct plan second = *plan;
    if (!options->runs)
        second.runs = SECOND_RUNS;
    if (!options->warmup)
        second.warmup = 0; /* the first job has warmed up all there is */
    for (size_t i = 0; i < n_jobs && code == 0; i++) {
        struct comparison *comparison = &all->comparisons[i];
        all->n_jobs = i + 1;
        prepare(comparison, &all->jobs[i], options, i ? &second : plan);
        code = make_alternatives(options, &all->jobs[i], &all->lists[i], comparison)
                   ? measure_comparison(comparison)
                   : 2;
        if (code == 0)
            code = hold_answer(options, all, comparison);
    }
    if (code == 0)
        code = measure_control(plan, all);
    if (code == 0) {
        all->has_output = true;
        second.runs = options->runs && plan->runs < DEFAULT_RUNS ? plan->runs : SECOND_RUNS;
        second.warmup = plan->warmup ? 1 : 0;
        prepare(&all->output, &all->output_job, options, &second);
        code = make_output_alternatives(&all->output) ? measure_comparison(&all->output) : 6;
        if (code == 0)
            code = hold_answer(options, all, &all->output);
    }
    return code;
}

/* ---- what is said ---- */

/* Comparisons that were finished, or disagree; also where they stand in a document, if wanted. */
static size_t finished(const struct comparing *all, const struct comparison **out) {
    size_t n = 0;
    for (size_t i = 0; i < all->n_jobs; i++)
        if (all->comparisons[i].finished || !all->comparisons[i].agree)
            out[n++] = &all->comparisons[i];
    if (all->has_output && (all->output.finished || !all->output.agree))
        out[n++] = &all->output;
    return n;
}

static bool all_agree(const struct comparing *all) {
    bool agree = !all->has_output || all->output.agree;
    for (size_t i = 0; i < all->n_jobs; i++)
        agree = agree && all->comparisons[i].agree;
    return agree;
}

static size_t make_lessons(const struct comparing *all, struct lesson *lessons) {
    if (!all_agree(all))
        return 0;
    return lessons_make(&all->comparisons[all->n_jobs - 1], all->has_control ? &all->control : NULL,
                        all->has_output ? &all->output : NULL, lessons);
}

/* NULL when there was no --baseline, or no ratio is worth having. */
static json_t *make_against(const struct options *options, const struct comparing *all) {
    const struct comparison *comparisons[MOST_JOBS + 1];
    json_t *jobs[MOST_JOBS + 1] = {NULL};
    if (!all->baseline || !all_agree(all))
        return NULL;
    size_t n = finished(all, comparisons);
    for (size_t i = 0; i < n; i++)
        jobs[i] = json_job_of(&comparisons[i]->subject);
    json_t *against = against_json(all->baseline, options->baseline, comparisons,
                                   (const json_t *const *)jobs, n, all->environment);
    for (size_t i = 0; i < n; i++)
        json_decref(jobs[i]);
    return against;
}

static void add_comparison(json_t *to, const struct comparison *comparison) {
    json_object_set_new(to, "results", report_results(comparison, json_result));
    json_object_set_new(to, "runs", report_runs(comparison));
    if (comparison->finished || !comparison->agree)
        json_object_set_new(to, "verdict", report_verdict(comparison));
    if (comparison->finished && comparison->agree && comparison->traced)
        json_object_set_new(to, "timelines", report_timelines(comparison));
}

/* The whole document. A new reference. */
static json_t *document_of(const struct options *options, const struct comparing *all,
                           bool interrupted) {
    json_t *document = json_document(json_job_of(&all->comparisons[0].subject)),
           *further = json_array();
    json_object_set(document, "environment", all->environment);
    add_comparison(document, &all->comparisons[0]);
    for (size_t i = 1; i < all->n_jobs; i++) {
        json_t *one = json_pack("{s:o}", "job", json_job_of(&all->comparisons[i].subject));
        add_comparison(one, &all->comparisons[i]);
        json_array_append_new(further, one);
    }
    json_object_set_new(document, "further", further);
    if (all->has_control)
        json_object_set_new(document, "control", report_control(&all->control));
    if (all->has_output) {
        json_t *one = json_pack("{s:o}", "job", json_job_of(&all->output.subject));
        add_comparison(one, &all->output);
        json_object_set_new(document, "output_bound", one);
    }
    json_t *against = make_against(options, all);
    if (against)
        json_object_set_new(document, "baseline", against);
    if (interrupted) {
        json_object_set_new(document, "interrupted", json_interrupted());
    } else if (all_agree(all)) {
        struct lesson lessons[N_LESSONS];
        json_object_set_new(document, "lessons",
                            report_lessons(lessons, make_lessons(all, lessons)));
    }
    return document;
}

static void print_machine(FILE *to, const struct environment *here) {
    fprintf(to, "%s, %u of %u cores allowed, load %.2f, governor %s, SMT %s · parprime %s, %s",
            here->cpu, here->cores_allowed, here->cores_online, here->load, here->governor,
            here->smt, pp_version(), pp_build()->compiler);
}

static bool uses(const struct comparing *all, const pp_device *device) {
    for (size_t i = 0; i < all->n_jobs; i++)
        for (size_t j = 0; j < all->comparisons[i].n_alternatives; j++) {
            const struct alternative *one = &all->comparisons[i].alternatives[j];
            if (!one->left_out && one->result.backend && result_is_opencl(&one->result) &&
                strcmp(one->result.device, device->name) == 0)
                return true;
        }
    return false;
}

/* A line for each OpenCL device that took part. Where none did, OpenCL is not even asked. */
static void print_drivers(FILE *to, const struct comparing *all) {
    enum { MOST = 32 };
    pp_device devices[MOST];
    size_t n = 0;
    bool any = false;
    for (size_t i = 0; i < all->n_jobs; i++)
        for (size_t j = 0; j < all->comparisons[i].n_alternatives && !any; j++) {
            const struct alternative *one = &all->comparisons[i].alternatives[j];
            any = !one->left_out && one->result.backend && result_is_opencl(&one->result);
        }
    if (!any || pp_backend_devices("opencl", devices, MOST, &n) != PP_OK)
        return;
    for (size_t i = 0; i < n && i < MOST; i++)
        if (devices[i].usable && uses(all, &devices[i]))
            fprintf(to, "OpenCL device %s, a %s: %s, %s, driver %s\n", devices[i].id,
                    devices[i].kind, devices[i].name, devices[i].platform, devices[i].driver);
}

static void print_text(FILE *to, const struct options *options, const struct comparing *all) {
    const struct comparison *comparisons[MOST_JOBS + 1];
    struct lesson lessons[N_LESSONS];
    size_t n = finished(all, comparisons), n_lessons = make_lessons(all, lessons);
    print_machine(to, &all->here);
    fputc('\n', to);
    print_drivers(to, all);
    fputc('\n', to);
    if (all_agree(all))
        report_legend(to, comparisons, n);
    for (size_t i = 0; i < n; i++) {
        bool is_output = comparisons[i] == &all->output;
        if (is_output && all->has_control) {
            report_control_text(to, &all->control);
            fputc('\n', to);
        }
        report_text(to, comparisons[i], !is_output);
        fputc('\n', to);
    }
    if (!all->has_output && all->has_control)
        report_control_text(to, &all->control);
    json_t *against = make_against(options, all);
    if (against)
        against_text(to, against);
    json_decref(against);
    if (n_lessons)
        report_lessons_text(to, lessons, n_lessons);
}

static void print_csv(FILE *to, const struct comparing *all) {
    const struct comparison *comparisons[MOST_JOBS + 1];
    size_t n = finished(all, comparisons);
    report_csv_header(to);
    for (size_t i = 0; i < n && all_agree(all); i++)
        report_csv(to, comparisons[i]);
    if (all->has_control && all_agree(all))
        report_csv_control(to, &all->control);
}

static void print_markdown(FILE *to, const struct options *options, const struct comparing *all) {
    const struct comparison *comparisons[MOST_JOBS + 1];
    struct lesson lessons[N_LESSONS];
    size_t n = finished(all, comparisons), n_lessons = make_lessons(all, lessons);
    fputs("# parprime compare\n\n", to);
    print_machine(to, &all->here);
    fputs("\n\n", to);
    for (size_t i = 0; i < n; i++)
        report_markdown(to, comparisons[i]);
    if (all->has_control && all_agree(all))
        report_markdown_control(to, &all->control);
    json_t *against = make_against(options, all);
    if (against)
        against_markdown(to, against);
    json_decref(against);
    if (n_lessons)
        report_markdown_lessons(to, lessons, n_lessons);
}

static void report_tables(struct output *output, const struct options *options,
                          const struct comparing *all) {
    struct output_stream stream;
    FILE *to = output_stream_open(output, &stream);
    if (!to)
        return;
    if (options->format == FORMAT_CSV)
        print_csv(to, all);
    else if (options->format == FORMAT_MARKDOWN)
        print_markdown(to, options, all);
    else
        print_text(to, options, all);
    output_stream_end(output, &stream);
}

/* Reports what there is: after an interruption, the comparisons that were finished. */
static void report(struct output *output, const struct options *options,
                   const struct comparing *all, int code) {
    bool interrupted = code >= 128;
    if (code != 0 && code != 3 && !interrupted)
        return;
    /* A disagreement is reported too, without a single ratio. */
    if (options->format == FORMAT_JSON)
        json_whole(output, document_of(options, all, interrupted));
    else if (!interrupted || all->comparisons[0].finished)
        report_tables(output, options, all);
}

static void look_around(const struct options *options, struct comparing *all) {
    environment_read(&all->here);
    if (!wants_document(options) && !all->baseline)
        return;
    all->environment = environment_json();
    environment_add_devices(all->environment);
}

static void free_all(struct comparing *all) {
    for (size_t i = 0; i < MOST_JOBS; i++) {
        compare_free(&all->comparisons[i]);
        free_lists(&all->lists[i]);
        unload_job(&all->jobs[i]);
    }
    compare_free(&all->output);
    unload_job(&all->output_job);
    control_free(&all->control);
    baseline_free(all->baseline);
    json_decref(all->environment);
    free(all);
}

int command_compare(const struct options *options) {
    struct comparing *all = calloc(1, sizeof *all);
    if (!all)
        return fail_with(PP_ERR_MEMORY, NULL);
    struct plan plan;
    int code = make_plan(options, &plan) ? load_jobs(options, all) : 2;
    if (code == 0)
        code = load_baseline(options, all);
    if (code == 0)
        code = pictures_check(options);
    struct output output;
    if (code == 0 && output_open(&output, options)) {
        look_around(options, all);
        code = measure(options, &plan, all);
        report(&output, options, all, code);
        json_t *document = pictures_wanted(options) ? document_of(options, all, code >= 128) : NULL;
        if (code == 0)
            pictures_plot(&output, options, document);
        code = pictures_report(options, document, output_close(&output, code));
        json_decref(document);
    } else if (code == 0) {
        code = 5;
    }
    free_all(all);
    return code;
}
