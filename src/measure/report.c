#include "measure/report.h"

#include "measure/environment.h"

#include <stdarg.h>
#include <string.h>

/* "12.34 ms": four significant digits in a unit that suits. */
static void format_seconds(char *out, size_t size, double seconds) {
    static const struct {
        double unit;
        const char *name;
    } units[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}, {1e-9, "ns"}};
    size_t i = 0;
    while (i < 3 && seconds < units[i].unit)
        i++;
    double value = seconds / units[i].unit;
    snprintf(out, size, "%.*f %s", value < 10 ? 3 : value < 100 ? 2 : 1, value, units[i].name);
}

/* Pads by what a terminal shows: bytes that continue a UTF-8 character take no room. */
static void cell(FILE *to, int width, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void cell(FILE *to, int width, const char *format, ...) {
    char text[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    int shown = 0;
    for (const char *c = text; *c; c++)
        shown += (*c & 0xc0) != 0x80;
    fprintf(to, "%s%*s%s", width > 0 ? "" : text, abs(width) > shown ? abs(width) - shown : 0, "",
            width > 0 ? text : "");
}

static bool is_opencl(const pp_result *result) {
    return strcmp(result->backend, "opencl") == 0;
}

static double overhead(const struct alternative *alternative) {
    const pp_phases *phases = &alternative->result.phases;
    return phases->startup + phases->build;
}

static void print_row(FILE *to, const struct alternative *alternative,
                      const struct alternative *base, unsigned cores) {
    const pp_result *result = &alternative->result;
    char time[32], least[32], most[32], prepare[32], compute[32], start[32], out[32];
    format_seconds(time, sizeof time, alternative->time.median);
    format_seconds(start, sizeof start, overhead(alternative));
    format_seconds(prepare, sizeof prepare, result->phases.prepare);
    format_seconds(compute, sizeof compute,
                   result->phases.upload + result->phases.compute + result->phases.download);
    format_seconds(out, sizeof out, result->phases.output);
    fputs("  ", to);
    cell(to, -8, "%s", result->backend);
    cell(to, -6, "%s", pp_method_name(result->method));
    cell(to, 8, "%u", result->threads);
    cell(to, 11, "%s", time);
    if (alternative->time.has_interval) {
        format_seconds(least, sizeof least, alternative->time.interval.lo);
        format_seconds(most, sizeof most, alternative->time.interval.hi);
        cell(to, 24, "%s … %s", least, most);
    } else {
        cell(to, 24, "needs 6 runs");
    }
    struct ratio ratio = ratio_of(&base->time, &alternative->time);
    if (alternative == base)
        cell(to, 9, "base");
    else if (ratio.has_interval && !ratio.distinguishable)
        cell(to, 9, "≈ 1");
    else
        cell(to, 9, "%.2f×", ratio.value);
    cell(to, 14, "%.0f%% of %u", 100 * alternative->utilisation, cores);
    cell(to, 11, "%s", start);
    cell(to, 11, "%s", prepare);
    cell(to, 11, "%s", compute);
    if (result->phases.output > 0)
        cell(to, 11, "%s", out);
    fputc('\n', to);
}

/* One sentence a alternative: how it stands to the base. */
static void format_verdict(char *out, size_t size, const struct alternative *alternative,
                           const struct alternative *base) {
    const pp_result *result = &alternative->result;
    struct ratio ratio = ratio_of(&base->time, &alternative->time);
    const char *noun = is_opencl(result) ? "a device" : result->threads == 1 ? "1 thread" : NULL;
    char threads[32];
    if (!noun) {
        snprintf(threads, sizeof threads, "%u threads", result->threads);
        noun = threads;
    }
    int n = snprintf(out, size, "%s with %s (%s)", result->backend, noun,
                     pp_method_name(result->method));
    char *rest = out + n;
    size_t room = size - (size_t)n;
    if (!ratio.has_interval)
        snprintf(rest, room, " takes 1/%.2f of the time of %s; too few runs to say how sure that is",
                 ratio.value, base->result.backend);
    else if (!ratio.distinguishable)
        snprintf(rest, room, " is not distinguishable from %s", base->result.backend);
    else
        snprintf(rest, room, " is %.2f times as fast as %s [%.2f, %.2f]", ratio.value,
                 base->result.backend, ratio.interval.lo, ratio.interval.hi);
}

/* What a careful reader would want to know before believing the times. Returns how many. */
static int each_warning(const struct comparison *comparison,
                        void (*say)(void *user, const char *text), void *user) {
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
        if (!is_opencl(result) && result->threads > here.cores_allowed) {
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
    fprintf(to, "  %llu primes, digest %016llx: the same in all %zu runs (%zu timed, %zu to warm up)\n\n",
            (unsigned long long)answer->count, (unsigned long long)answer->digest,
            comparison->n_records / comparison->n_runs *
                (comparison->n_runs + comparison->n_warmup),
            comparison->n_records,
            comparison->n_records / comparison->n_runs * comparison->n_warmup);
    bool has_output = answer->phases.output > 0;
    fprintf(to,
            "  backend method threads time median      95%% interval of it  speedup  CPU in use   "
            "start-up    prepare    compute%s\n",
            has_output ? "  of it output" : "");
    struct environment here;
    environment_read(&here);
    for (size_t i = 0; i < comparison->n_alternatives; i++)
        if (!comparison->alternatives[i].left_out)
            print_row(to, &comparison->alternatives[i], base, here.cores_allowed);
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
    }
    each_warning(comparison, say_text, to);
}

void report_csv(FILE *to, const struct comparison *comparison) {
    if (!comparison->agree)
        return;
    const struct alternative *base = compare_base(comparison);
    fputs("job,backend,method,threads,count,digest,median,interval_lo,interval_hi,speedup,"
          "utilisation\n",
          to);
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        const struct alternative *alternative = &comparison->alternatives[i];
        if (alternative->left_out)
            continue;
        const pp_result *result = &alternative->result;
        fprintf(to, "\"%s\",%s,%s,%u,%llu,%016llx,%.9f,%.9f,%.9f,%.4f,%.4f\n",
                comparison->subject.words, result->backend, pp_method_name(result->method),
                result->threads, (unsigned long long)result->count,
                (unsigned long long)result->digest, alternative->time.median,
                alternative->time.interval.lo, alternative->time.interval.hi,
                ratio_of(&base->time, &alternative->time).value, alternative->utilisation);
    }
}

static json_t *json_interval(bool there, struct interval interval) {
    return there ? json_pack("[f, f]", interval.lo, interval.hi) : json_null();
}

json_t *report_results(const struct comparison *comparison,
                       json_t *(*result_json)(const pp_result *)) {
    json_t *results = json_array();
    const struct alternative *base = compare_base(comparison);
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        const struct alternative *alternative = &comparison->alternatives[i];
        if (alternative->left_out || !alternative->result.backend)
            continue;
        json_t *json = result_json(&alternative->result);
        if (comparison->agree) {
            struct ratio ratio = ratio_of(&base->time, &alternative->time);
            json_t *runs = json_array();
            for (size_t run = 0; run < comparison->n_runs; run++)
                json_array_append_new(runs, json_real(alternative->seconds[run]));
            json_object_set_new(json, "seconds", json_real(alternative->time.median));
            json_object_set_new(
                json, "interval",
                json_interval(alternative->time.has_interval, alternative->time.interval));
            json_object_set_new(json, "runs", runs);
            json_object_set_new(json, "utilisation", json_real(alternative->utilisation));
            json_object_set_new(json, "speedup", json_real(ratio.value));
            json_object_set_new(json, "speedup_interval",
                                json_interval(ratio.has_interval, ratio.interval));
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
        json_array_append_new(runs, json_pack("{s:s, s:s, s:i, s:f, s:f}", "backend",
                                              result->backend, "method",
                                              pp_method_name(result->method), "threads",
                                              (int)result->threads, "seconds", record->seconds,
                                              "cpu_seconds", record->cpu_seconds));
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
        each_warning(comparison, say_json, warnings);
    return json_pack("{s:b, s:s, s:s?, s:i, s:i, s:s, s:o, s:o, s:o}", "agree", comparison->agree,
                     "dispute", comparison->dispute, "base", base ? base->result.backend : NULL,
                     "timed_runs", (int)comparison->n_runs, "warmup_runs",
                     (int)comparison->n_warmup, "order", "random", "sentences", sentences,
                     "left_out", left_out, "warnings", warnings);
}

void report_control_text(FILE *to, const struct control *control) {
    fprintf(to,
            "the control: f(x) = x² − x + 1 applied %llu times from 3, exactly; each step needs the "
            "one before\n"
            "  last five digits %s, in every form and run\n\n"
            "  form                     time median      95%% interval of it  against plain\n",
            (unsigned long long)control->steps, control->last_digits);
    struct summary plain = summarise(control->forms[0].seconds, control->n_runs);
    double worst = 1;
    for (size_t i = 0; i < control->n_forms; i++) {
        const struct control_form *form = &control->forms[i];
        struct summary time = summarise(form->seconds, control->n_runs);
        char name[40], median[32], lo[32], hi[32];
        if (form->workers)
            snprintf(name, sizeof name, "handed to %u worker%s", form->workers,
                     form->workers == 1 ? "" : "s in turn");
        else
            snprintf(name, sizeof name, "plain, one thread");
        format_seconds(median, sizeof median, time.median);
        fputs("  ", to);
        cell(to, -25, "%s", name);
        cell(to, 11, "%s", median);
        if (time.has_interval) {
            format_seconds(lo, sizeof lo, time.interval.lo);
            format_seconds(hi, sizeof hi, time.interval.hi);
            cell(to, 24, "%s … %s", lo, hi);
        } else {
            cell(to, 24, "needs 6 runs");
        }
        double slower = time.median / plain.median;
        if (i)
            cell(to, 15, "%.2f× the time", slower);
        fputc('\n', to);
        worst = slower > worst ? slower : worst;
    }
    fprintf(to,
            "\n  No form is faster than plain: handing a step to another thread cannot begin it "
            "earlier%s\n",
            worst > 1.005 ? ", it only costs." : ".");
}

json_t *report_control(const struct control *control) {
    json_t *forms = json_array();
    for (size_t i = 0; i < control->n_forms; i++) {
        const struct control_form *form = &control->forms[i];
        struct summary time = summarise(form->seconds, control->n_runs);
        json_t *runs = json_array();
        for (size_t run = 0; run < control->n_runs; run++)
            json_array_append_new(runs, json_real(form->seconds[run]));
        json_array_append_new(
            forms, json_pack("{s:s, s:i, s:f, s:o, s:o}", "form",
                             form->workers ? "handed over" : "plain", "workers",
                             (int)(form->workers ? form->workers : 1), "seconds", time.median,
                             "interval", json_interval(time.has_interval, time.interval), "runs",
                             runs));
    }
    return json_pack("{s:s, s:i, s:s, s:o}", "function", "x^2 - x + 1", "steps",
                     (int)control->steps, "last_digits", control->last_digits, "forms", forms);
}
