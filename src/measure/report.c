/* Reports as tables for people. */
#include "measure/report.h"

#include "measure/environment.h"
#include "measure/print.h"
#include "measure/wording.h"

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

static const double NOTICEABLE = 0.02;

/* Seconds. Less than this is nothing to a person. */
static const double NOTICEABLE_OPENING = 0.005;

static bool is_noticeable(const struct comparison *comparison, size_t column) {
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        const struct alternative *alternative = &comparison->alternatives[i];
        if (!alternative->left_out &&
            column_seconds(alternative, column) > NOTICEABLE * alternative->time.median)
            return true;
    }
    return false;
}

/* Where nothing but computing takes time, a column would only repeat the median. */
static bool column_shown(const struct comparison *comparison, size_t column) {
    bool others = false;
    for (size_t i = 0; i < N_COLUMNS; i++)
        others |= strcmp(columns[i].name, "compute") != 0 && is_noticeable(comparison, i);
    return others && is_noticeable(comparison, column);
}

enum {
    W_FORM = -30,
    W_BACKEND = -12,
    W_METHOD = -7,
    W_THREADS = 7,
    W_SIMD = 8,
    W_TIME = 11,
    W_INTERVAL = 23,
    W_SPEEDUP = 9,
    W_CPU = 12,
    W_RATE = 11,
    W_BOUND = 10,
    W_PHASE = 11
};

/* Cut, with a mark, to what fits a column. */
static void print_label(FILE *to, int width, const char *label) {
    if (strlen(label) < (size_t)width)
        print_cell(to, width, "%s", label);
    else
        print_cell(to, width, "%.*s…", width - 2, label);
}

enum { W_DEVICE = 26, W_ORDER = 12, W_TO = 9, W_ALONE = 13 };

static void print_header(FILE *to, const struct comparison *comparison) {
    struct telling telling = telling_of(comparison);
    fputs("  ", to);
    print_cell(to, W_BACKEND, "backend");
    print_cell(to, W_METHOD, "method");
    print_cell(to, W_THREADS, "threads");
    if (telling.simd)
        print_cell(to, W_SIMD, "simd");
    if (telling.device)
        print_cell(to, W_DEVICE, "device");
    if (telling.order)
        print_cell(to, W_ORDER, "order");
    if (telling.to)
        print_cell(to, W_TO, "to");
    print_cell(to, W_TIME, "median");
    print_cell(to, W_INTERVAL, "95%% interval");
    print_cell(to, W_SPEEDUP, "speedup");
    print_cell(to, W_CPU, "CPU use");
    print_cell(to, W_RATE, "numbers/s");
    print_cell(to, W_BOUND, "bound by");
    if (telling.to)
        print_cell(to, W_ALONE, "bytes alone");
    for (size_t i = 0; i < N_COLUMNS; i++)
        if (column_shown(comparison, i))
            print_cell(to, W_PHASE, "%s", columns[i].name);
    fputc('\n', to);
}

/* "1.23e9" in the way people say it: "1.23 G". */
static void print_rate(FILE *to, double rate) {
    static const struct {
        double unit;
        const char *name;
    } units[] = {{1e12, " T"}, {1e9, " G"}, {1e6, " M"}, {1e3, " k"}, {1, ""}};
    size_t i = 0;
    while (i < 4 && rate < units[i].unit)
        i++;
    double value = rate / units[i].unit;
    print_cell(to, W_RATE, "%.*f%s", value < 10 ? 2 : value < 100 ? 1 : 0, value, units[i].name);
}

static void print_speedup(FILE *to, const struct summary *base, const struct summary *other) {
    struct ratio ratio = ratio_of(base, other);
    if (base == other)
        print_cell(to, W_SPEEDUP, "base");
    else if (ratio.has_interval && !ratio.distinguishable)
        print_cell(to, W_SPEEDUP, "≈ 1");
    else
        print_cell(to, W_SPEEDUP, "%.2f×", ratio.value);
}

static void print_row(FILE *to, const struct comparison *comparison,
                      const struct alternative *alternative, unsigned cores) {
    const pp_result *result = &alternative->result;
    struct telling telling = telling_of(comparison);
    char time[32];
    format_seconds(time, sizeof time, alternative->time.median);
    fputs("  ", to);
    print_cell(to, W_BACKEND, result_is_opencl(result) ? "%s/%s" : "%s", result->backend,
               result->device_kind);
    print_cell(to, W_METHOD, "%s", pp_method_name(result->method));
    print_cell(to, W_THREADS, "%u", result->threads);
    if (telling.simd)
        print_cell(to, W_SIMD, "%s", result->simd);
    if (telling.device)
        print_label(to, W_DEVICE, device_label(alternative));
    if (telling.order)
        print_cell(to, W_ORDER, "%s", order_label(comparison, alternative));
    if (telling.to)
        print_cell(to, W_TO, "%s", outlet_name(alternative->to));
    print_cell(to, W_TIME, "%s", time);
    print_interval(to, W_INTERVAL, &alternative->time);
    print_speedup(to, &compare_base(comparison)->time, &alternative->time);
    print_cell(to, W_CPU, "%.0f%% of %u", 100 * alternative->utilisation, cores);
    print_rate(to, alternative->rate);
    print_cell(to, W_BOUND, "%s", bound_name(alternative->bound));
    if (alternative_writes(alternative))
        format_seconds(time, sizeof time, compare_alone(comparison, alternative).median);
    if (telling.to)
        print_cell(to, W_ALONE, "%s", alternative_writes(alternative) ? time : "-");
    for (size_t i = 0; i < N_COLUMNS; i++)
        if (column_shown(comparison, i)) {
            format_seconds(time, sizeof time, column_seconds(alternative, i));
            print_cell(to, W_PHASE, "%s", column_seconds(alternative, i) > 0 ? time : "-");
        }
    fputc('\n', to);
}

static void say_text(void *user, const char *text) {
    fprintf(user, "  %s.\n", text);
}

static void say_warning(void *user, const char *text) {
    fprintf(user, "  warning: %s\n", text);
}

/* Each reason once. */
static void print_left_out(FILE *to, const struct comparison *comparison) {
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        bool said = !comparison->alternatives[i].left_out;
        for (size_t j = 0; j < i && !said; j++)
            said =
                strcmp(comparison->alternatives[j].reason, comparison->alternatives[i].reason) == 0;
        if (!said)
            fprintf(to, "  left out: %s\n", comparison->alternatives[i].reason);
    }
}

static void print_openings(FILE *to, const struct comparison *comparison) {
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        const struct alternative *alternative = &comparison->alternatives[i];
        if (alternative->left_out || alternative->opening <= NOTICEABLE_OPENING)
            continue;
        fprintf(to, "  Opening %s took %.3f s once", alternative->result.backend,
                alternative->opening);
        if (alternative->build > 0)
            fprintf(
                to,
                ", %.3f s of them to build its kernels or take them from the driver's cache, the "
                "rest for driver and self-test",
                alternative->build);
        fputs("; it stays open, so the runs do not have that in them.\n", to);
    }
}

void report_legend(FILE *to, const struct comparison *const *comparisons, size_t n) {
    bool opencl_cpu = false;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < comparisons[i]->n_alternatives; j++) {
            const struct alternative *one = &comparisons[i]->alternatives[j];
            opencl_cpu |= !one->left_out && one->result.backend && result_is_opencl(&one->result) &&
                          strcmp(one->result.device_kind, "CPU") == 0;
        }
    fputs("Each row does the same job in another way, and all answers were checked against each "
          "other.\n"
          "median: half of the runs took less · 95% interval: where the true median is · speedup: "
          "against the first row,\n"
          "≈ 1 where the runs cannot tell the two apart · CPU use: of all cores · bound by: what "
          "took most of the time\n",
          to);
    if (opencl_cpu)
        fputs("opencl/CPU: OpenCL kernels on these same cores, not on a GPU\n", to);
    fputc('\n', to);
}

void report_text(FILE *to, const struct comparison *comparison, bool sentences) {
    const struct alternative *base = compare_base(comparison);
    fprintf(to, "%s\n", comparison->subject.words);
    if (!comparison->agree) {
        fprintf(to, "  THE ANSWERS DISAGREE: %s\n  No times, no ratios: a wrong answer has none.\n",
                comparison->dispute);
        return;
    }
    const pp_result *answer = &base->result;
    fprintf(to, "  %llu primes, ", (unsigned long long)answer->count);
    if (answer->has_digest)
        fprintf(to, "digest %016llx: ", (unsigned long long)answer->digest);
    fprintf(to, "the same in all %zu runs (%zu timed, %zu to warm up)\n",
            comparison->n_records + comparison->n_untimed, comparison->n_records,
            comparison->n_untimed);
    if (comparison->subject.first && comparison->subject.first[0])
        fprintf(to, "  %s … %s\n", comparison->subject.first, comparison->subject.last);
    if (telling_of(comparison).to)
        fprintf(to,
                "  the same %llu bytes each time: made and discarded, written to a file, "
                "written into a pipe\n"
                "  bytes alone: what the same writing takes where the bytes are there already\n",
                (unsigned long long)base->bytes);
    fputc('\n', to);
    print_header(to, comparison);
    struct environment here;
    environment_read(&here);
    for (size_t i = 0; i < comparison->n_alternatives; i++)
        if (!comparison->alternatives[i].left_out)
            print_row(to, comparison, &comparison->alternatives[i], here.cores_allowed);
    fputc('\n', to);
    if (sentences)
        each_sentence(comparison, say_text, to);
    print_left_out(to, comparison);
    print_openings(to, comparison);
    report_warnings(comparison, say_warning, to);
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
        print_speedup(to, &plain, i ? &time : &plain);
        fputc('\n', to);
        if (i && ratio.value > best)
            best = ratio.value;
    }
    if (best >= 1)
        fputs("\n  warning: too much noise to show what handing over costs\n", to);
}

void report_lessons_text(FILE *to, const struct lesson *lessons, size_t n) {
    fputs("In short\n", to);
    for (size_t i = 0; i < n; i++)
        fprintf(to, "  %s: %s\n", lesson_kind(lessons[i].kind), lessons[i].text);
}
