/* scale: one job on more and more threads, and the size from which a device pays. */
#include "cli/commands.h"
#include "cli/experiment.h"
#include "cli/memory.h"
#include "cli/output.h"
#include "cli/pictures.h"
#include "cli/session.h"
#include "cli/signals.h"
#include "cli/subject.h"
#include "cli/words.h"
#include "measure/environment.h"
#include "measure/report.h"
#include "measure/scale_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONTROL_STEPS = 20, /* the book's */
    CONTROL_WORKERS = 20,
    LEAST_SIZE = 10000, /* the smallest range that devices are tried with, then ten times that … */
    MOST_SIZES = 40
};

/* A test's numbers, repeated for weak scaling, may take a gibibyte. */
static const uint64_t MOST_REPEATED = (uint64_t)1 << 27;

/* All that a run of the command makes. */
struct scaling {
    const struct options *options;
    struct options words; /* what every session has in common */
    const char *device;   /* as asked for, or NULL */
    struct plan plan;
    struct loaded job;
    struct scale scale;
    uint64_t *repeated; /* a test's numbers, as often as there are threads at most */
    struct control control;
    bool has_control;
    struct environment here; /* before anything was measured: the load is then not our own */
    json_t *environment;     /* the same for documents */
};

/* Is the whole record wanted, rather than tables? Then timelines are too. */
static bool wants_document(const struct options *options) {
    return options->format == FORMAT_JSON || pictures_wanted(options);
}

/* ---- the machine and the counts ---- */

static bool is_opencl(const struct scaling *all) {
    return strcmp(all->words.backend, "opencl") == 0;
}

static bool make_words(struct scaling *all) {
    const struct options *options = all->options, *job = &all->job.options;
    const char *backend = options->backend ? options->backend : "auto";
    if (strcmp(backend, "auto") == 0)
        backend = "openmp";
    if (strcmp(backend, "openmp") != 0 && strcmp(backend, "opencl") != 0) {
        complain("scale takes one backend that has threads, openmp or opencl, not '%s'", backend);
        return false;
    }
    all->device = options->device ? options->device : job->device;
    bool opencl = strcmp(backend, "opencl") == 0;
    all->words = (struct options){
        .backend = backend,
        .method = options->method ? options->method : job->method,
        .device = opencl ? all->device : NULL,
        .kernels = options->kernels ? options->kernels : job->kernels,
        .verify = options->verify ? options->verify : job->verify,
        .device_timeout = options->device_timeout ? options->device_timeout : job->device_timeout,
        .simd = options->simd ? options->simd : job->simd};
    return true;
}

/* A comparison of `n` alternatives of the job, all of them as the common words say. */
static bool begin(const struct scaling *all, size_t n, size_t runs, size_t warmup,
                  struct comparison *out) {
    *out = (struct comparison){.subject = all->job.subject,
                               .n_runs = runs,
                               .n_warmup = warmup,
                               .seed = all->plan.seed,
                               .alternatives = allocate_zeroed(n, sizeof *out->alternatives)};
    out->n_alternatives = n;
    for (size_t i = 0; i < n; i++)
        if (!words_to_session(&all->words, &out->alternatives[i].options))
            return false;
    return true;
}

/*
 * One run with all there is. It settles the method for every count of threads, and tells how many
 * compute units a device has. Returns the exit code.
 */
static int settle(struct scaling *all) {
    struct comparison once;
    int code = begin(all, 1, 1, 0, &once) ? 0 : 2;
    if (code == 0)
        code = measure_comparison(&once);
    const pp_result *result = once.alternatives ? &once.alternatives[0].result : NULL;
    if (code == 0 && is_opencl(all) && strcmp(result->device_kind, "CPU") != 0) {
        complain("%s is a %s, whose compute units cannot be chosen: `parprime compare` holds it "
                 "against the CPU",
                 result->device, result->device_kind);
        code = 4;
    }
    if (code == 0) {
        struct environment here;
        environment_read(&here);
        all->words.method = pp_method_name(result->method);
        all->scale.noun = is_opencl(all) ? "compute unit" : "thread";
        all->scale.cores = is_opencl(all) ? result->threads : here.cores_allowed;
    }
    compare_free(&once);
    return code;
}

static int ascending(const void *a, const void *b) {
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    return (x > y) - (x < y);
}

_Static_assert((int)SCALE_MOST_COUNTS > (int)MOST_ALTERNATIVES,
               "a list of threads fits, with 1 before it");

/* --threads, ascending, each once, with 1 among them; or what suits the cores. */
static bool make_counts(struct scaling *all) {
    struct scale *scale = &all->scale;
    if (!all->options->threads) {
        scale->n_counts = scale_counts(scale->cores, scale->counts);
        return true;
    }
    struct word_list list;
    unsigned counts[MOST_ALTERNATIVES + 1] = {1};
    bool good =
        split_words(&list, "--threads", all->options->threads) && check_threads(&list, true);
    for (size_t i = 0; good && i < list.n; i++) {
        uint64_t count;
        good = word_to_count("--threads", list.words[i], 1, 4096, &count);
        counts[i + 1] = good ? (unsigned)count : 0;
    }
    if (good) {
        qsort(counts, list.n + 1, sizeof *counts, ascending);
        for (size_t i = 0; i <= list.n; i++)
            if (i == 0 || counts[i] != counts[i - 1])
                scale->counts[scale->n_counts++] = counts[i];
    }
    free_words(&list);
    return good;
}

/* ---- measuring ---- */

static int measure_strong(struct scaling *all) {
    struct scale *scale = &all->scale;
    size_t n = scale->n_counts;
    if (!begin(all, n + 1, all->plan.runs, all->plan.warmup, &scale->strong))
        return 2;
    scale->strong.traced = wants_document(all->options);
    for (size_t i = 0; i < n; i++)
        scale->strong.alternatives[i].options.threads = scale->counts[i];
    pp_session_options *serial = &scale->strong.alternatives[n].options;
    serial->backend = "serial";
    serial->device = serial->kernels = NULL;
    int code = measure_comparison(&scale->strong);
    for (size_t i = 0; code == 0 && i < n; i++)
        if (scale->strong.alternatives[i].left_out) {
            complain("%s", scale->strong.alternatives[i].reason);
            code = 4;
        }
    if (code == 0)
        scale_sum_up(scale, &scale->strong, false, &scale->strong_curve);
    return code;
}

/* What is wrong with a part of the measurement is wrong with all of it. */
static int disagree(struct scale *scale, const struct comparison *part) {
    if (&scale->strong != part)
        snprintf(scale->strong.dispute, sizeof scale->strong.dispute, "%s", part->dispute);
    scale->strong.agree = false;
    return 3;
}

/* The shares of 1, … threads: a range's first numbers, or a test's numbers over and over. */
static int make_shares(struct scaling *all) {
    struct scale *scale = &all->scale;
    const struct subject *subject = &all->job.subject;
    const unsigned most = scale->counts[scale->n_counts - 1];
    if (subject->question == SUBJECT_TEST) {
        scale->share = subject->n_numbers;
        if (scale->share > MOST_REPEATED / most) {
            snprintf(
                scale->no_weak, sizeof scale->no_weak,
                "not measured: %llu numbers, repeated for each of %u %ss, are too many to keep",
                (unsigned long long)scale->share, most, scale->noun);
            return 0;
        }
        all->repeated = malloc((size_t)scale->share * most * sizeof *all->repeated);
        if (!all->repeated)
            return fail_with(PP_ERR_MEMORY, NULL);
        for (unsigned i = 0; i < most; i++)
            memcpy(all->repeated + i * scale->share, subject->numbers,
                   (size_t)scale->share * sizeof *all->repeated);
    } else {
        scale->share = scale_share(subject->lo, subject->hi, most);
        if (scale->share == 0) {
            snprintf(scale->no_weak, sizeof scale->no_weak,
                     "not measured: the range has fewer numbers than there are %ss", scale->noun);
            return 0;
        }
    }
    for (size_t i = 0; i < scale->n_counts; i++) {
        struct subject *share = &scale->shares[i];
        if (subject->question == SUBJECT_TEST) {
            *share = *subject;
            share->numbers = all->repeated;
            share->n_numbers = (size_t)scale->share * scale->counts[i];
        } else {
            *share = part_of(&all->job, subject->lo,
                             subject->lo + (scale->share * scale->counts[i] - 1));
        }
    }
    return 0;
}

/*
 * Counts what each count of threads has more than the one before, serially, and holds the sums
 * against the answers of weak scaling. Returns the exit code.
 */
static int check_pieces(struct scaling *all) {
    struct scale *scale = &all->scale;
    struct subject pieces[SCALE_MOST_COUNTS];
    struct comparison comparison;
    if (!begin(all, scale->n_counts, 1, 0, &comparison))
        return 6;
    for (size_t i = 0; i < scale->n_counts; i++) {
        uint64_t lo = i ? scale->shares[i - 1].hi + 1 : scale->shares[0].lo;
        pieces[i] = part_of(&all->job, lo, scale->shares[i].hi);
        struct alternative *alternative = &comparison.alternatives[i];
        alternative->own = &pieces[i];
        alternative->options.backend = "serial";
        alternative->options.device = alternative->options.kernels = NULL;
    }
    int code = measure_comparison(&comparison);
    if (code == 0 && !scale_check_pieces(scale, &comparison)) {
        complain("answers disagree: %s", scale->weak.dispute);
        code = disagree(scale, &scale->weak);
    } else if (code == 3) {
        code = disagree(scale, &comparison);
    }
    compare_free(&comparison);
    return code;
}

static int measure_weak(struct scaling *all) {
    struct scale *scale = &all->scale;
    int code = make_shares(all);
    if (code || scale->no_weak[0])
        return code;
    if (!begin(all, scale->n_counts, all->plan.runs, all->plan.warmup, &scale->weak))
        return 6;
    for (size_t i = 0; i < scale->n_counts; i++) {
        scale->weak.alternatives[i].own = &scale->shares[i];
        scale->weak.alternatives[i].options.threads = scale->counts[i];
    }
    code = measure_comparison(&scale->weak);
    if (code == 3)
        disagree(scale, &scale->weak);
    if (code == 0 && all->job.subject.question != SUBJECT_TEST) {
        code = check_pieces(all);
    } else if (code == 0 && !scale_check_repeats(scale)) {
        complain("answers disagree: %s", scale->weak.dispute);
        code = disagree(scale, &scale->weak);
    }
    if (code == 0)
        scale_sum_up(scale, &scale->weak, true, &scale->weak_curve);
    return code;
}

/* ---- break-even ---- */

/* The CPU and a device, in all runs of a range of this size. */
static int measure_size(struct scaling *all, struct device_curve *curve, uint64_t size) {
    const struct subject *subject = &all->job.subject;
    struct subject part = part_of(&all->job, subject->lo, subject->lo + (size - 1));
    struct comparison comparison;
    struct options *words = &all->words;
    int code = 6;
    if (begin(all, 2, all->plan.runs, all->plan.warmup, &comparison)) {
        comparison.subject = part;
        for (size_t i = 0; i < 2; i++) {
            pp_session_options *options = &comparison.alternatives[i].options;
            *options = (pp_session_options)PP_SESSION_OPTIONS_INIT;
            /* Each chooses its own method, as alternatives do that have jobs of their own. */
            comparison.alternatives[i].own = &part;
            options->backend = i ? "opencl" : "auto"; /* serial where threads would not pay */
            options->device = i ? curve->id : NULL;
            options->kernels = i ? words->kernels : NULL;
            options->simd = i ? NULL : words->simd;
            /* The best there is, unless the user has said how. */
            const char *method =
                all->options->method ? all->options->method : all->job.options.method;
            if (method)
                pp_method_from_name(method, &options->method);
        }
        code = measure_comparison(&comparison);
    }
    if (code == 3)
        disagree(&all->scale, &comparison);
    if (code == 0 && comparison.alternatives[0].left_out) {
        snprintf(curve->failure, sizeof curve->failure, "%s", comparison.alternatives[0].reason);
    } else if (code == 0) {
        size_t i = curve->n++;
        for (; i > 0 && curve->points[i - 1].size > size; i--)
            curve->points[i] = curve->points[i - 1];
        curve->points[i] = (struct size_point){size, comparison.alternatives[0].time,
                                               comparison.alternatives[1].time};
        curve->cores = comparison.alternatives[0].result.threads > curve->cores
                           ? comparison.alternatives[0].result.threads
                           : curve->cores;
    }
    compare_free(&comparison);
    return code;
}

/* Opens the device, which may take long the first time; a failure is the curve's. */
static void open_device(const struct scaling *all, struct device_curve *curve) {
    pp_session_options options = PP_SESSION_OPTIONS_INIT;
    options.backend = "opencl";
    options.device = curve->id;
    options.kernels = all->words.kernels;
    pp_session *session;
    pp_error error;
    double begin = measure_clock();
    signals_open(true);
    pp_status status = pp_session_open(&options, &session, &error);
    if (status == PP_OK)
        pp_session_close(session);
    else
        snprintf(curve->failure, sizeof curve->failure, "%s", error.message);
    signals_open(false);
    curve->opening = measure_clock() - begin;
}

/* Growing sizes, the job's own last, then what halves the way to the crossing. */
static int measure_device(struct scaling *all, struct device_curve *curve) {
    const struct subject *subject = &all->job.subject;
    const uint64_t distance = subject->hi - subject->lo;
    const uint64_t most = distance == UINT64_MAX ? UINT64_MAX : distance + 1;
    curve->points = calloc(MOST_SIZES, sizeof *curve->points);
    if (!curve->points)
        return fail_with(PP_ERR_MEMORY, NULL);
    open_device(all, curve);
    int code = 0;
    for (uint64_t size = LEAST_SIZE; size <= most / 2 && code == 0 && !curve->failure[0];) {
        code = measure_size(all, curve, size);
        if (size > most / 10)
            break;
        size *= 10;
    }
    if (code == 0 && !curve->failure[0])
        code = measure_size(all, curve, most);
    while (code == 0 && !curve->failure[0] && curve->n < MOST_SIZES) {
        uint64_t next = break_even_next(curve->points, curve->n);
        if (next == 0)
            break;
        code = measure_size(all, curve, next);
    }
    return code;
}

static bool is_wanted(const struct scaling *all, const pp_device *device) {
    if (!device->usable)
        return false;
    if (all->device)
        return strcmp(device->id, all->device) == 0 || strstr(device->name, all->device);
    return all->options->break_even == BREAK_EVEN_ALL || strcmp(device->kind, "CPU") != 0;
}

static int measure_break_even(struct scaling *all) {
    struct scale *scale = &all->scale;
    size_t n = 0;
    if (all->options->break_even == BREAK_EVEN_OFF)
        return 0;
    const char *why = NULL;
    pp_device *devices = NULL;
    if (all->job.subject.question == SUBJECT_TEST) {
        why = "not measured: a list of numbers has one size; give a count or a list of a range";
    } else {
        signals_open(true);
        if (pp_backend_devices("opencl", NULL, 0, &n) == PP_OK && n) {
            devices = allocate_zeroed(n, sizeof *devices);
            if (pp_backend_devices("opencl", devices, n, &n) != PP_OK)
                n = 0;
        }
        signals_open(false);
        scale->devices = allocate_zeroed(n + 1, sizeof *scale->devices);
        for (size_t i = 0; i < n; i++)
            if (is_wanted(all, &devices[i])) {
                struct device_curve *curve = &scale->devices[scale->n_devices++];
                snprintf(curve->id, sizeof curve->id, "%s", devices[i].id);
                snprintf(curve->name, sizeof curve->name, "%s", devices[i].name);
                snprintf(curve->kind, sizeof curve->kind, "%s", devices[i].kind);
            }
        if (scale->n_devices == 0)
            why = "not measured: there is no GPU or accelerator that OpenCL can use; --break-even "
                  "all takes OpenCL on a CPU too";
    }
    if (why)
        snprintf(scale->no_break_even, sizeof scale->no_break_even, "%s", why);
    free(devices);
    int code = 0;
    for (size_t i = 0; i < scale->n_devices && code == 0; i++)
        code = measure_device(all, &scale->devices[i]);
    return code;
}

static int measure_control(struct scaling *all) {
    pp_status status = control_measure(CONTROL_STEPS, all->plan.runs, CONTROL_WORKERS, signals_came,
                                       &all->control);
    all->has_control = status == PP_OK;
    if (status == PP_ERR_CANCELLED) {
        uint64_t runs = all->scale.strong.n_records + all->scale.weak.n_records;
        return interrupted_after(runs, runs, "timed runs, in the control");
    }
    return status == PP_OK ? 0 : fail_with(status, NULL);
}

static int measure(struct scaling *all) {
    int code = measure_strong(all);
    code = code ? code : measure_weak(all);
    code = code ? code : measure_break_even(all);
    return code ? code : measure_control(all);
}

/* ---- reporting ---- */

/* The whole document. A new reference. */
static json_t *document_of(const struct scaling *all, bool interrupted) {
    const struct scale *scale = &all->scale;
    struct lesson lessons[N_LESSONS];
    size_t n_lessons = scale_lessons(scale, all->has_control ? &all->control : NULL, lessons);
    json_t *document = json_document(json_job_of(&all->job.subject));
    json_object_set(document, "environment", all->environment);
    json_object_set_new(document, "results", report_results(&scale->strong, json_result));
    json_object_set_new(document, "runs", report_runs(&scale->strong));
    if (scale->strong.finished || !scale->strong.agree)
        json_object_set_new(document, "verdict", scale_json_verdict(scale));
    json_object_set_new(document, "scaling", scale_json(scale));
    json_object_set_new(document, "timelines", report_timelines(&scale->strong));
    if (all->has_control)
        json_object_set_new(document, "control", report_control(&all->control));
    json_object_set_new(document, "lessons", report_lessons(lessons, n_lessons));
    if (interrupted)
        json_object_set_new(document, "interrupted", json_interrupted());
    return document;
}

static void print_machine(FILE *to, const struct environment *here) {
    fprintf(to, "%s, %u of %u cores allowed, load %.2f, governor %s, SMT %s · parprime %s, %s\n\n",
            here->cpu, here->cores_allowed, here->cores_online, here->load, here->governor,
            here->smt, pp_version(), pp_build()->compiler);
}

static void print_text(FILE *to, const struct scaling *all) {
    struct lesson lessons[N_LESSONS];
    size_t n_lessons = scale_lessons(&all->scale, all->has_control ? &all->control : NULL, lessons);
    print_machine(to, &all->here);
    scale_report_text(to, &all->scale);
    if (all->has_control) {
        report_control_text(to, &all->control);
        fputc('\n', to);
    }
    if (n_lessons)
        report_lessons_text(to, lessons, n_lessons);
}

static void print_markdown(FILE *to, const struct scaling *all) {
    struct lesson lessons[N_LESSONS];
    size_t n_lessons = scale_lessons(&all->scale, all->has_control ? &all->control : NULL, lessons);
    fputs("# parprime scale\n\n", to);
    print_machine(to, &all->here);
    scale_report_markdown(to, &all->scale);
    if (all->has_control)
        report_markdown_control(to, &all->control);
    if (n_lessons)
        report_markdown_lessons(to, lessons, n_lessons);
}

static void report_tables(struct output *output, const struct scaling *all) {
    struct output_stream stream;
    FILE *to = output_stream_open(output, &stream);
    if (!to)
        return;
    if (all->options->format == FORMAT_CSV)
        scale_report_csv(to, &all->scale);
    else if (all->options->format == FORMAT_MARKDOWN)
        print_markdown(to, all);
    else
        print_text(to, all);
    output_stream_end(output, &stream);
}

/* Reports what there is: after an interruption, what was finished; a dispute without a ratio. */
static void report(struct output *output, const struct scaling *all, int code) {
    bool interrupted = code >= 128;
    if (code != 0 && code != 3 && !interrupted)
        return;
    if (all->options->format == FORMAT_JSON)
        json_whole(output, document_of(all, interrupted));
    else if (!interrupted || all->scale.strong.finished)
        report_tables(output, all);
}

/* About half a second serially on a core of today, so that all of it takes some twenty. */
static int load(struct scaling *all) {
    static char *usual[] = {"count", "1e13", "1e13+2e9"};
    const struct options *options = all->options;
    if (options->n_arguments)
        return load_job(&all->job, "scale", options->n_arguments, options->arguments);
    return load_job(&all->job, "scale", 3, usual);
}

static void look_around(struct scaling *all) {
    environment_read(&all->here);
    if (!wants_document(all->options))
        return;
    all->environment = environment_json();
    environment_add_devices(all->environment);
}

int command_scale(const struct options *options) {
    struct scaling *all = calloc(1, sizeof *all);
    if (!all)
        return fail_with(PP_ERR_MEMORY, NULL);
    all->options = options;
    int code = make_plan(options, &all->plan) ? load(all) : 2;
    if (code == 0 && !make_words(all))
        code = 2;
    if (code == 0)
        code = pictures_check(options);
    struct output output;
    if (code == 0 && output_open(&output, options)) {
        look_around(all);
        code = settle(all);
        if (code == 0 && !make_counts(all))
            code = 2;
        if (code == 0)
            code = measure(all);
        report(&output, all, code);
        json_t *document = pictures_wanted(options) ? document_of(all, code >= 128) : NULL;
        if (code == 0)
            pictures_plot(&output, options, document);
        code = pictures_report(options, document, output_close(&output, code));
        json_decref(document);
    } else if (code == 0) {
        code = 5;
    }
    scale_free(&all->scale);
    unload_job(&all->job);
    control_free(&all->control);
    free(all->repeated);
    json_decref(all->environment);
    free(all);
    return code;
}
