#include "measure/report.h"

#include "measure/environment.h"
#include "measure/print.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The phases that have a column, if they take a share of any run that one could notice. */
static const struct {
    const char *name;
    size_t first, last; /* members of pp_phases, added up */
} columns[] = {
#define PHASE(member) (offsetof(pp_phases, member) / sizeof(double))
    {"start-up", PHASE(startup), PHASE(build)},     {"prepare", PHASE(prepare), PHASE(prepare)},
    {"upload", PHASE(upload), PHASE(upload)},       {"compute", PHASE(compute), PHASE(compute)},
    {"download", PHASE(download), PHASE(download)}, {"output", PHASE(output), PHASE(output)}};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

static double column_seconds(const struct alternative *alternative, size_t column) {
    const double *phases = (const double *)&alternative->result.phases;
    double seconds = 0;
    for (size_t i = columns[column].first; i <= columns[column].last; i++)
        seconds += phases[i];
    return seconds;
}

static const double NOTICEABLE = 0.005;

/* Seconds. Less than this is nothing to a person. */
static const double NOTICEABLE_OPENING = 0.005;

static bool column_shown(const struct comparison *comparison, size_t column) {
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        const struct alternative *alternative = &comparison->alternatives[i];
        if (!alternative->left_out &&
            column_seconds(alternative, column) > NOTICEABLE * alternative->time.median)
            return true;
    }
    return false;
}

enum {
    W_FORM = -30,
    W_BACKEND = -12,
    W_METHOD = -7,
    W_THREADS = 7,
    W_TIME = 11,
    W_INTERVAL = 23,
    W_SPEEDUP = 9,
    W_CPU = 12,
    W_PHASE = 11
};

static void print_header(FILE *to, const struct comparison *comparison) {
    fputs("  ", to);
    print_cell(to, W_BACKEND, "backend");
    print_cell(to, W_METHOD, "method");
    print_cell(to, W_THREADS, "threads");
    print_cell(to, W_TIME, "median");
    print_cell(to, W_INTERVAL, "95%% interval");
    print_cell(to, W_SPEEDUP, "speedup");
    print_cell(to, W_CPU, "CPU use");
    for (size_t i = 0; i < N_COLUMNS; i++)
        if (column_shown(comparison, i))
            print_cell(to, W_PHASE, "%s", columns[i].name);
    fputc('\n', to);
}

static void print_row(FILE *to, const struct comparison *comparison,
                      const struct alternative *alternative, unsigned cores) {
    const struct alternative *base = compare_base(comparison);
    const pp_result *result = &alternative->result;
    char time[32];
    format_seconds(time, sizeof time, alternative->time.median);
    fputs("  ", to);
    print_cell(to, W_BACKEND, result_is_opencl(result) ? "%s/%s" : "%s", result->backend,
               result->device_kind);
    print_cell(to, W_METHOD, "%s", pp_method_name(result->method));
    print_cell(to, W_THREADS, "%u", result->threads);
    print_cell(to, W_TIME, "%s", time);
    print_interval(to, W_INTERVAL, &alternative->time);
    struct ratio ratio = ratio_of(&base->time, &alternative->time);
    if (alternative == base)
        print_cell(to, W_SPEEDUP, "base");
    else if (ratio.has_interval && !ratio.distinguishable)
        print_cell(to, W_SPEEDUP, "≈ 1");
    else
        print_cell(to, W_SPEEDUP, "%.2f×", ratio.value);
    print_cell(to, W_CPU, "%.0f%% of %u", 100 * alternative->utilisation, cores);
    for (size_t i = 0; i < N_COLUMNS; i++)
        if (column_shown(comparison, i)) {
            format_seconds(time, sizeof time, column_seconds(alternative, i));
            print_cell(to, W_PHASE, "%s", column_seconds(alternative, i) > 0 ? time : "-");
        }
    fputc('\n', to);
}

/* A sentence for an alternative: how it stands to the base. */
static void format_verdict(char *out, size_t size, const struct alternative *alternative,
                           const struct alternative *base) {
    const pp_result *result = &alternative->result;
    struct ratio ratio = ratio_of(&base->time, &alternative->time);
    const char *noun = result_is_opencl(result) ? "compute unit" : "thread";
    int n = snprintf(out, size, "%s%s%s with %u %s%s (%s)", result->backend,
                     result_is_opencl(result) ? " on a " : "",
                     result_is_opencl(result) ? result->device_kind : "", result->threads, noun,
                     result->threads == 1 ? "" : "s", pp_method_name(result->method));
    char *rest = out + n;
    size_t room = size - (size_t)n;
    if (!ratio.has_interval)
        snprintf(rest, room,
                 " is %.2f times as fast as %s, from too few runs to say how sure that is",
                 ratio.value, base->result.backend);
    else if (!ratio.distinguishable)
        snprintf(rest, room, " is not distinguishable from %s", base->result.backend);
    else
        snprintf(rest, room, " is %.2f times as fast as %s [%.2f, %.2f]", ratio.value,
                 base->result.backend, ratio.interval.lo, ratio.interval.hi);
}

int report_warnings(const struct comparison *comparison, void (*say)(void *user, const char *text),
                    void *user) {
    struct environment here;
    environment_read(&here);
    int n = 0;
    char text[240];
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        const struct alternative *alternative = &comparison->alternatives[i];
        if (alternative->left_out)
            continue;
        const pp_result *result = &alternative->result;
        const struct summary *time = &alternative->time;
        const char *backend = result->backend;
        text[0] = '\0';
        if (time->median < 20e-6)
            snprintf(text, sizeof text,
                     "%s (%u): runs of %.1f µs are too short to be timed one by one", backend,
                     result->threads, 1e6 * time->median);
        else if (alternative->seconds[0] > 1.5 * time->median)
            snprintf(text, sizeof text, "%s (%u): the first run took %.1f times the median",
                     backend, result->threads, alternative->seconds[0] / time->median);
        else if (time->most > 1.5 * time->median)
            snprintf(text, sizeof text,
                     "%s (%u): the slowest run took %.1f times the median; is the machine busy?",
                     backend, result->threads, time->most / time->median);
        if (text[0]) {
            say(user, text);
            n++;
        }
        if (!result_is_opencl(result) && result->threads > here.cores_allowed) {
            snprintf(text, sizeof text, "%s: %u threads share %u cores", backend, result->threads,
                     here.cores_allowed);
            say(user, text);
            n++;
        }
    }
    return n;
}

static void say_text(void *user, const char *text) {
    fprintf(user, "  warning: %s\n", text);
}

void report_text(FILE *to, const struct comparison *comparison) {
    const struct alternative *base = compare_base(comparison);
    fprintf(to, "%s\n", comparison->subject.words);
    if (!comparison->agree) {
        fprintf(to, "  THE ANSWERS DISAGREE: %s\n  No times, no ratios: a wrong answer has none.\n",
                comparison->dispute);
        return;
    }
    const pp_result *answer = &base->result;
    fprintf(
        to, "  %llu primes, digest %016llx: the same in all %zu runs (%zu timed, %zu to warm up)\n",
        (unsigned long long)answer->count, (unsigned long long)answer->digest,
        comparison->n_records / comparison->n_runs * (comparison->n_runs + comparison->n_warmup),
        comparison->n_records, comparison->n_records / comparison->n_runs * comparison->n_warmup);
    if (comparison->subject.first && comparison->subject.first[0])
        fprintf(to, "  %s … %s\n", comparison->subject.first, comparison->subject.last);
    fputc('\n', to);
    print_header(to, comparison);
    struct environment here;
    environment_read(&here);
    for (size_t i = 0; i < comparison->n_alternatives; i++)
        if (!comparison->alternatives[i].left_out)
            print_row(to, comparison, &comparison->alternatives[i], here.cores_allowed);
    fputc('\n', to);
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        const struct alternative *alternative = &comparison->alternatives[i];
        char sentence[200];
        if (alternative->left_out) {
            fprintf(to, "  left out: %s\n", alternative->reason);
        } else if (alternative != base) {
            format_verdict(sentence, sizeof sentence, alternative, base);
            fprintf(to, "  %s.\n", sentence);
        }
        if (alternative->opening > NOTICEABLE_OPENING)
            fprintf(
                to,
                "  Opening %s took %.3f s once (driver, build of the kernels, self-test); later "
                "sessions share it.\n",
                alternative->result.backend ? alternative->result.backend : "it",
                alternative->opening);
    }
    report_warnings(comparison, say_text, to);
}

void report_csv_header(FILE *to) {
    fputs("job,backend,method,threads,count,digest,median,interval_lo,interval_hi,speedup,"
          "utilisation\n",
          to);
}

void report_csv(FILE *to, const struct comparison *comparison) {
    if (!comparison->agree)
        return;
    const struct alternative *base = compare_base(comparison);
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        const struct alternative *alternative = &comparison->alternatives[i];
        if (alternative->left_out)
            continue;
        const pp_result *result = &alternative->result;
        print_csv_text(to, comparison->subject.words);
        fprintf(to, ",%s,%s,%u,%llu,%016llx,%.9f,", result->backend, pp_method_name(result->method),
                result->threads, (unsigned long long)result->count,
                (unsigned long long)result->digest, alternative->time.median);
        print_csv_interval(to, &alternative->time);
        fprintf(to, ",%.4f,%.4f\n", ratio_of(&base->time, &alternative->time).value,
                alternative->utilisation);
    }
}

json_t *report_results(const struct comparison *comparison,
                       json_t *(*result_json)(const pp_result *)) {
    json_t *results = json_array();
    const struct alternative *base = compare_base(comparison);
    if (comparison->agree && !comparison->finished)
        return results;
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        const struct alternative *alternative = &comparison->alternatives[i];
        if (alternative->left_out || !alternative->result.backend)
            continue;
        json_t *json = result_json(&alternative->result);
        if (comparison->agree) {
            struct ratio ratio = ratio_of(&base->time, &alternative->time);
            json_object_set_new(json, "seconds", json_seconds(alternative->time.median));
            json_object_set_new(json, "interval",
                                json_interval(alternative->time.has_interval,
                                              alternative->time.interval, json_seconds));
            json_object_set_new(json, "runs", json_times(alternative->seconds, comparison->n_runs));
            json_object_set_new(json, "opening", json_seconds(alternative->opening));
            json_object_set_new(json, "utilisation", json_ratio(alternative->utilisation));
            json_object_set_new(json, "speedup", json_ratio(ratio.value));
            json_object_set_new(json, "speedup_interval",
                                json_interval(ratio.has_interval, ratio.interval, json_ratio));
        }
        json_array_append_new(results, json);
    }
    return results;
}

json_t *report_runs(const struct comparison *comparison) {
    json_t *runs = json_array();
    for (size_t i = 0; i < comparison->n_records && comparison->agree; i++) {
        const struct run_record *record = &comparison->records[i];
        const pp_result *result = &comparison->alternatives[record->alternative].result;
        json_array_append_new(
            runs, json_pack("{s:s, s:s, s:i, s:f, s:f}", "backend", result->backend, "method",
                            pp_method_name(result->method), "threads", (int)result->threads,
                            "seconds", record->seconds, "cpu_seconds", record->cpu_seconds));
    }
    return runs;
}

static void say_json(void *user, const char *text) {
    json_array_append_new(user, json_string(text));
}

json_t *report_verdict(const struct comparison *comparison) {
    const struct alternative *base = compare_base(comparison);
    json_t *sentences = json_array(), *left_out = json_array(), *warnings = json_array();
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        const struct alternative *alternative = &comparison->alternatives[i];
        char sentence[200];
        if (alternative->left_out) {
            json_array_append_new(left_out, json_string(alternative->reason));
        } else if (comparison->agree && alternative != base) {
            format_verdict(sentence, sizeof sentence, alternative, base);
            json_array_append_new(sentences, json_string(sentence));
        }
    }
    if (comparison->agree)
        report_warnings(comparison, say_json, warnings);
    return json_pack("{s:b, s:s, s:s?, s:i, s:i, s:s, s:o, s:o, s:o}", "agree", comparison->agree,
                     "dispute", comparison->dispute, "base", base ? base->result.backend : NULL,
                     "timed_runs", (int)comparison->n_runs, "warmup_runs",
                     (int)comparison->n_warmup, "order", "random", "sentences", sentences,
                     "left_out", left_out, "warnings", warnings);
}

void report_control_text(FILE *to, const struct control *control) {
    fprintf(
        to,
        "the control: f(x) = x² − x + 1 applied %llu times from 3, exactly; each step needs the "
        "one before\n"
        "  last five digits %s in every form and run\n\n  ",
        (unsigned long long)control->steps, control->last_digits);
    print_cell(to, W_FORM, "form");
    print_cell(to, W_TIME, "median");
    print_cell(to, W_INTERVAL, "95%% interval");
    print_cell(to, W_SPEEDUP, "speedup");
    fputc('\n', to);
    struct summary plain = summarise(control->forms[0].seconds, control->n_runs);
    double best = 0; /* of the forms handed over */
    for (size_t i = 0; i < control->n_forms; i++) {
        const struct control_form *form = &control->forms[i];
        struct summary time = summarise(form->seconds, control->n_runs);
        char name[40], median[32];
        if (form->workers)
            snprintf(name, sizeof name, "handed to %u worker%s", form->workers,
                     form->workers == 1 ? "" : "s in turn");
        else
            snprintf(name, sizeof name, "plain, one thread");
        format_seconds(median, sizeof median, time.median);
        fputs("  ", to);
        print_cell(to, W_FORM, "%s", name);
        print_cell(to, W_TIME, "%s", median);
        print_interval(to, W_INTERVAL, &time);
        struct ratio ratio = ratio_of(&plain, &time);
        if (i == 0)
            print_cell(to, W_SPEEDUP, "base");
        else
            print_cell(to, W_SPEEDUP, "%.2f×", ratio.value);
        fputc('\n', to);
        if (i && ratio.value > best)
            best = ratio.value;
    }
    if (best >= 1)
        fputs("\n  warning: too much noise to show what handing over costs\n", to);
}

void report_lesson(FILE *to, const struct comparison *comparison, const struct control *control) {
    const struct alternative *base = compare_base(comparison), *best = base;
    if (!comparison->agree || !base)
        return;
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        const struct alternative *alternative = &comparison->alternatives[i];
        if (!alternative->left_out && !result_is_opencl(&alternative->result) &&
            alternative->result.threads > best->result.threads)
            best = alternative;
    }
    if (best == base || best->result.method != base->result.method)
        return;
    struct summary plain = summarise(control->forms[0].seconds, control->n_runs);
    struct summary handed =
        summarise(control->forms[control->n_forms - 1].seconds, control->n_runs);
    struct ratio primes = ratio_of(&base->time, &best->time), steps = ratio_of(&plain, &handed);
    fprintf(to,
            "In short: %u threads do \"%s\" at %.2f times the speed of one; %u threads do the "
            "iteration at %.2f times.\n",
            best->result.threads, comparison->subject.words, primes.value,
            control->forms[control->n_forms - 1].workers, steps.value);
}

json_t *report_control(const struct control *control) {
    json_t *forms = json_array();
    for (size_t i = 0; i < control->n_forms; i++) {
        const struct control_form *form = &control->forms[i];
        struct summary time = summarise(form->seconds, control->n_runs);
        json_array_append_new(
            forms,
            json_pack("{s:s, s:i, s:o, s:o, s:o}", "form", form->workers ? "handed over" : "plain",
                      "workers", (int)(form->workers ? form->workers : 1), "seconds",
                      json_seconds(time.median), "interval",
                      json_interval(time.has_interval, time.interval, json_seconds), "runs",
                      json_times(form->seconds, control->n_runs)));
    }
    return json_pack("{s:s, s:i, s:s, s:o}", "function", "x^2 - x + 1", "steps",
                     (int)control->steps, "last_digits", control->last_digits, "forms", forms);
}
