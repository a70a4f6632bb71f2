/* compare: one job on every backend, answers checked, and the sequential control beside it. */
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/reader.h"
#include "cli/render.h"
#include "cli/session.h"
#include "cli/signals.h"
#include "cli/words.h"
#include "measure/compare.h"
#include "measure/environment.h"
#include "measure/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_ALTERNATIVES = 64,
    DEFAULT_RUNS = 9,
    SECOND_RUNS = 6, /* of the one-second job: the fewest that give an interval */
    DEFAULT_WARMUP = 1,
    CONTROL_STEPS = 20, /* the book's */
    CONTROL_WORKERS = 20
};
static const uint64_t DEFAULT_SEED = 1;

/* ---- the job ---- */

/* The ends of a list as it goes by; everything else is discarded. */
struct ends {
    char first[24], last[24];
};

struct loaded {
    struct options options; /* of the job's own words */
    struct subject subject;
    uint64_t *numbers; /* test */
    struct ends ends;  /* list */
    char words[200];
};

static void keep_line(char out[24], const char *begin, const char *end) {
    size_t length = (size_t)(end - begin) < 23 ? (size_t)(end - begin) : 23;
    memcpy(out, begin, length);
    out[length] = '\0';
}

/* Takes lines in ascending order. */
static pp_status keep_ends(void *user, const void *bytes, size_t n) {
    struct ends *ends = user;
    const char *begin = bytes, *end = begin + n - 1; /* the last newline */
    if (!ends->first[0])
        keep_line(ends->first, begin, memchr(begin, '\n', n));
    const char *before = n > 1 ? memrchr(begin, '\n', n - 1) : NULL;
    keep_line(ends->last, before ? before + 1 : begin, end);
    return PP_OK;
}

static pp_status discard(void *user, const void *bytes, size_t n) {
    (void)user, (void)bytes, (void)n;
    return PP_OK;
}

static void load_range(struct loaded *loaded, struct range range) {
    bool list = loaded->options.command == COMMAND_LIST;
    loaded->subject.question = list ? SUBJECT_LIST : SUBJECT_COUNT;
    loaded->subject.lo = range.lo;
    loaded->subject.hi = range.hi;
    loaded->subject.listing =
        (pp_list_callback){&loaded->ends, loaded->options.order,
                           loaded->options.output_u64 ? render_u64 : render_lines, discard};
    if (list && !loaded->options.output_u64 && loaded->options.order == PP_ORDER_ASCENDING) {
        loaded->subject.listing.emit = keep_ends;
        loaded->subject.first = loaded->ends.first;
        loaded->subject.last = loaded->ends.last;
    }
}

static bool keep_numbers(struct loaded *loaded, const struct batch *batch) {
    if (batch->n_bigs) {
        complain("compare tests numbers below 2^64 only");
        return false;
    }
    size_t n = loaded->subject.n_numbers + batch->n;
    uint64_t *numbers = realloc(loaded->numbers, (n + 1) * sizeof *numbers);
    if (!numbers) {
        fail_with(PP_ERR_MEMORY, NULL);
        return false;
    }
    memcpy(numbers + loaded->subject.n_numbers, batch->numbers, batch->n * sizeof *numbers);
    loaded->subject.numbers = loaded->numbers = numbers;
    loaded->subject.n_numbers = n;
    return true;
}

/* All numbers of a test job, into memory: every run must find them there. */
static int load_numbers(struct loaded *loaded) {
    const struct options *options = &loaded->options;
    loaded->subject.question = SUBJECT_TEST;
    struct batch batch;
    if (batch_init(&batch) != PP_OK)
        return fail_with(PP_ERR_MEMORY, NULL);
    int code = 0;
    for (int i = 0; i < options->n_arguments && code == 0; i++) {
        uint64_t number;
        batch_clear(&batch);
        if (!word_to_u64("N", options->arguments[i], &number))
            code = 2;
        else if (batch_add(&batch, number) != PP_OK || !keep_numbers(loaded, &batch))
            code = 6;
    }
    if (options->n_arguments == 0) {
        struct reader reader;
        pp_status status = reader_open(&reader, options->input, options->input_u64);
        while (status == PP_OK) {
            batch_clear(&batch);
            status = reader_next(&reader, &batch);
            if (status == PP_OK && !keep_numbers(loaded, &batch))
                status = PP_ERR_USAGE;
        }
        code = status == PP_END ? 0 : pp_exit_code(status);
        if (reader.text)
            reader_close(&reader);
    }
    batch_free(&batch);
    if (code == 0 && loaded->subject.n_numbers == 0) {
        complain("there are no numbers to test");
        return 2;
    }
    return code;
}

/* The job as people read it, cut short if need be; nothing that a report or JSON could trip over.
 */
static void join_words(struct loaded *loaded, int argc, char **argv) {
    size_t n = 0;
    for (int i = 0; i < argc && n < sizeof loaded->words; i++)
        n += (size_t)snprintf(loaded->words + n, sizeof loaded->words - n, "%s%s", i ? " " : "",
                              argv[i]);
    for (char *c = loaded->words; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    loaded->subject.words = loaded->words;
}

static int load_job(struct loaded *loaded, int argc, char **argv) {
    *loaded = (struct loaded){0};
    join_words(loaded, argc, argv);
    const struct command_word *word = command_named(argv[0]);
    if (!word || !(word->command & (COMMAND_TEST | COMMAND_COUNT | COMMAND_LIST))) {
        complain("compare takes a job of test, count or list, not '%s'", argv[0]);
        return 2;
    }
    options_parse(word, argc, argv, &loaded->options);
    const struct options *options = &loaded->options;
    if (options->backend || options->threads || options->output || options->format) {
        complain("the job's own words set no backend, threads, output or format: give them "
                 "before --");
        return 2;
    }
    if (word->command == COMMAND_TEST)
        return load_numbers(loaded);
    struct range range;
    if (!words_to_range(options, &range))
        return 2;
    load_range(loaded, range);
    return 0;
}

/* ---- the alternatives ---- */

/* A list of words separated by commas, in memory of its own. */
struct word_list {
    char *text;
    const char *words[MOST_ALTERNATIVES];
    size_t n;
};

static bool split(struct word_list *list, const char *what, const char *text) {
    *list = (struct word_list){.text = strdup(text)};
    if (!list->text)
        return fail_with(PP_ERR_MEMORY, NULL), false;
    for (char *at = list->text; at;) {
        if (list->n == MOST_ALTERNATIVES) {
            complain("%s: more than %d alternatives", what, MOST_ALTERNATIVES);
            return false;
        }
        char *comma = strchr(at, ',');
        if (comma)
            *comma++ = '\0';
        list->words[list->n++] = at;
        at = comma;
    }
    return true;
}

struct lists {
    struct word_list backends, methods, threads;
};

static void free_lists(struct lists *lists) {
    free(lists->backends.text);
    free(lists->methods.text);
    free(lists->threads.text);
}

/* By default every backend there is, serial first; openmp also with one thread, as a base. */
static bool make_lists(const struct options *options, const struct options *job,
                       struct lists *lists) {
    const char *method = options->method ? options->method : job->method ? job->method : "auto";
    *lists = (struct lists){0};
    return split(&lists->backends, "--backend",
                 options->backend ? options->backend : "serial,openmp,opencl") &&
           split(&lists->methods, "--method", method) &&
           split(&lists->threads, "--threads", options->threads ? options->threads : "1,0");
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

struct plan {
    uint64_t runs, warmup, seed;
};

static bool make_plan(const struct options *options, struct plan *out) {
    *out = (struct plan){DEFAULT_RUNS, DEFAULT_WARMUP, DEFAULT_SEED};
    return (!options->runs ||
            word_to_count("--runs", options->runs, 1, CONTROL_MOST_RUNS, &out->runs)) &&
           (!options->warmup ||
            word_to_count("--warmup", options->warmup, 0, CONTROL_MOST_RUNS, &out->warmup)) &&
           (!options->seed || word_to_u64("--seed", options->seed, &out->seed));
}

static bool check_threads(const struct word_list *threads, bool given) {
    for (size_t i = 0; given && i < threads->n; i++) {
        uint64_t n;
        if (!word_to_count("--threads", threads->words[i], 1, 4096, &n))
            return false;
    }
    return true;
}

static uint64_t runs_wanted(const struct comparison *comparison) {
    uint64_t n = 0;
    for (size_t i = 0; i < comparison->n_alternatives; i++)
        n += comparison->alternatives[i].left_out ? 0 : comparison->n_runs;
    return n;
}

/* Nothing can be used: says why, each reason once. */
static void complain_of_all(const struct comparison *comparison) {
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        const char *reason = comparison->alternatives[i].reason;
        bool said = false;
        for (size_t j = 0; j < i && !said; j++)
            said = strcmp(comparison->alternatives[j].reason, reason) == 0;
        if (!said)
            complain("%s", reason);
    }
}

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
        pp_status status = compare_measure(comparison, signals_watch, signals_open);
        if (status == PP_ERR_CANCELLED && signals_came())
            interrupted_after(comparison->n_records, runs_wanted(comparison), "timed runs");
        else if (status == PP_ERR_DISAGREE)
            complain("answers disagree: %s", comparison->dispute);
        else if (status == PP_ERR_UNAVAILABLE && !compare_base(comparison))
            complain_of_all(comparison);
        else if (status != PP_OK)
            fail_with(status, &comparison->error);
        code = signals_exit_code(status);
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

static json_t *json_job_of(const struct comparison *comparison) {
    const struct subject *subject = &comparison->subject;
    static const char *const commands[] = {"test", "count", "list"};
    json_t *job =
        json_pack("{s:s, s:s}", "command", commands[subject->question], "words", subject->words);
    if (subject->question == SUBJECT_TEST) {
        json_object_set_new(job, "numbers", json_u64(subject->n_numbers));
    } else {
        json_object_set_new(job, "lo", json_u64(subject->lo));
        json_object_set_new(job, "hi", json_u64(subject->hi));
    }
    return job;
}

static void add_comparison(json_t *to, const struct comparison *comparison) {
    json_object_set_new(to, "results", report_results(comparison, json_result));
    json_object_set_new(to, "runs", report_runs(comparison));
    if (comparison->finished || !comparison->agree)
        json_object_set_new(to, "verdict", report_verdict(comparison));
}

static void report_json(struct output *output, const struct comparing *all, bool interrupted) {
    json_t *document = json_document(json_job_of(&all->comparisons[0])), *further = json_array();
    add_comparison(document, &all->comparisons[0]);
    for (size_t i = 1; i < all->n_jobs; i++) {
        json_t *one = json_pack("{s:o}", "job", json_job_of(&all->comparisons[i]));
        add_comparison(one, &all->comparisons[i]);
        json_array_append_new(further, one);
    }
    json_object_set_new(document, "further", further);
    if (all->has_control)
        json_object_set_new(document, "control", report_control(&all->control));
    if (interrupted)
        json_object_set_new(document, "interrupted", json_interrupted());
    json_whole(output, document);
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
        return load_job(&all->jobs[0], options->n_arguments, options->arguments);
    int code = load_job(&all->jobs[0], 5, book);
    return code ? code : load_job(&all->jobs[1], 3, second);
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
        report_json(output, all, interrupted);
    else if (!interrupted || all->comparisons[0].finished)
        report_tables(output, options->format, all);
}

int command_compare(const struct options *options) {
    struct comparing *all = calloc(1, sizeof *all);
    if (!all)
        return fail_with(PP_ERR_MEMORY, NULL);
    struct plan plan;
    int code = make_plan(options, &plan) ? load_jobs(options, all) : 2;
    struct output output;
    if (code == 0 && output_open(&output, options)) {
        code = measure(options, plan, all);
        report(&output, options, all, code);
        code = output_close(&output, code);
    } else if (code == 0) {
        code = 5;
    }
    for (size_t i = 0; i < MOST_JOBS; i++) {
        compare_free(&all->comparisons[i]);
        free(all->jobs[i].numbers);
    }
    control_free(&all->control);
    free(all);
    return code;
}
