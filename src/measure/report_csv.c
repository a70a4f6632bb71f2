/* Reports as CSV and as Markdown. */
#include "measure/print.h"
#include "measure/report.h"
#include "measure/wording.h"

#include <string.h>

/* ---- CSV ---- */

void report_csv_header(FILE *to) {
    fputs("job,backend,method,threads,simd,device,device_kind,order,to,count,digest,runs,median,"
          "interval_lo,interval_hi,speedup,speedup_lo,speedup_hi,distinguishable,utilisation,"
          "numbers_per_second,bound,bytes_alone,out_of_place,opening,startup,build,prepare,upload,"
          "compute,"
          "download,output,left_out\n",
          to);
}

/* What was left out has its words and the reason, and nothing else. */
static void csv_left_out(FILE *to, const struct comparison *comparison,
                         const struct alternative *alternative) {
    const pp_session_options *options = &alternative->options;
    fprintf(to, ",%s,%s,", options->backend ? options->backend : "auto",
            pp_method_name(options->method));
    if (options->threads)
        fprintf(to, "%u", options->threads);
    fprintf(to, ",%s,", options->simd ? options->simd : "");
    print_csv_text(to, options->device ? options->device : "");
    const char *order = order_label(comparison, alternative), *where = outlet_name(alternative->to);
    fprintf(to, ",,%s,%s,,,,,,,,,,,,,,,,,,,,,,,,", order ? order : "", where ? where : "");
    print_csv_text(to, alternative->reason);
    fputc('\n', to);
}

static void csv_ratio(FILE *to, const struct ratio *ratio) {
    fprintf(to, "%.4f,", ratio->value);
    if (ratio->has_interval)
        fprintf(to, "%.4f,%.4f,%s", ratio->interval.lo, ratio->interval.hi,
                ratio->distinguishable ? "yes" : "no");
    else
        fputs(",,", to);
}

static void csv_row(FILE *to, const struct comparison *comparison,
                    const struct alternative *alternative) {
    const pp_result *result = &alternative->result;
    const char *order = order_label(comparison, alternative), *where = outlet_name(alternative->to);
    fprintf(to, ",%s,%s,%u,%s,", result->backend, pp_method_name(result->method), result->threads,
            result->simd);
    print_csv_text(to, device_label(alternative));
    fprintf(to, ",%s,%s,%s,%llu,", result->device_kind, order ? order : "", where ? where : "",
            (unsigned long long)result->count);
    if (result->has_digest)
        fprintf(to, "%016llx", (unsigned long long)result->digest);
    fprintf(to, ",%zu,%.9f,", comparison->n_runs, alternative->time.median);
    print_csv_interval(to, &alternative->time);
    fputc(',', to);
    struct ratio ratio = ratio_of(&compare_base(comparison)->time, &alternative->time);
    csv_ratio(to, &ratio);
    fprintf(to, ",%.4f,%.0f,%s,", alternative->utilisation, alternative->rate,
            bound_name(alternative->bound));
    if (alternative_writes(alternative))
        fprintf(to, "%.9f", compare_alone(comparison, alternative).median);
    fputc(',', to);
    if (alternative_is_unordered(comparison, alternative))
        fprintf(to, "%.0f", compare_out_of_place(comparison, alternative).median);
    const pp_phases *phases = &result->phases;
    fprintf(to, ",%.9f,%.9f,%.9f,%.9f,%.9f,%.9f,%.9f,%.9f,\n", alternative->opening,
            phases->startup, phases->build, phases->prepare, phases->upload, phases->compute,
            phases->download, phases->output);
}

void report_csv(FILE *to, const struct comparison *comparison) {
    if (!comparison->agree)
        return;
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        print_csv_text(to, comparison->subject.words);
        if (comparison->alternatives[i].left_out)
            csv_left_out(to, comparison, &comparison->alternatives[i]);
        else
            csv_row(to, comparison, &comparison->alternatives[i]);
    }
}

void report_csv_control(FILE *to, const struct control *control) {
    struct summary plain = summarise(control->forms[0].seconds, control->n_runs);
    for (size_t i = 0; i < control->n_forms; i++) {
        const struct control_form *form = &control->forms[i];
        struct summary time = summarise(form->seconds, control->n_runs);
        struct ratio ratio = ratio_of(&plain, &time);
        fprintf(to, "\"control: x^2 - x + 1, %llu times from 3\",serial,%s,%u,,,CPU,,,,,%zu,%.9f,",
                (unsigned long long)control->steps, form->workers ? "handed over" : "plain",
                form->workers ? form->workers : 1, control->n_runs, time.median);
        print_csv_interval(to, &time);
        fputc(',', to);
        csv_ratio(to, &ratio);
        fputs(",,,,,,,,,,,,,,\n", to);
    }
}

/* ---- Markdown ---- */

static void markdown_seconds(FILE *to, const struct summary *time) {
    char median[32], least[32], most[32];
    format_seconds(median, sizeof median, time->median);
    fprintf(to, " %s |", median);
    if (!time->has_interval) {
        fputs(" needs 6 runs |", to);
        return;
    }
    format_seconds(least, sizeof least, time->interval.lo);
    format_seconds(most, sizeof most, time->interval.hi);
    fprintf(to, " %s … %s |", least, most);
}

static void markdown_speedup(FILE *to, const struct summary *base, const struct summary *other) {
    struct ratio ratio = ratio_of(base, other);
    if (base == other)
        fputs(" base |", to);
    else if (ratio.has_interval && !ratio.distinguishable)
        fputs(" not distinguishable |", to);
    else if (ratio.has_interval)
        fprintf(to, " %.2f × (%.2f … %.2f) |", ratio.value, ratio.interval.lo, ratio.interval.hi);
    else
        fprintf(to, " %.2f × |", ratio.value);
}

static void markdown_row(FILE *to, const struct comparison *comparison,
                         const struct alternative *alternative) {
    const pp_result *result = &alternative->result;
    struct telling telling = telling_of(comparison);
    fprintf(to, result_is_opencl(result) ? "| %s/%s |" : "| %s |", result->backend,
            result->device_kind);
    fprintf(to, " %s | %u |", pp_method_name(result->method), result->threads);
    if (telling.simd)
        fprintf(to, " %s |", result->simd);
    if (telling.device) {
        fputc(' ', to);
        print_markdown_text(to, device_label(alternative));
        fputs(" |", to);
    }
    if (telling.order)
        fprintf(to, " %s |", order_label(comparison, alternative));
    char alone[32] = "-";
    if (alternative_writes(alternative))
        format_seconds(alone, sizeof alone, compare_alone(comparison, alternative).median);
    if (telling.to)
        fprintf(to, " %s | %s |", outlet_name(alternative->to), alone);
    markdown_seconds(to, &alternative->time);
    markdown_speedup(to, &compare_base(comparison)->time, &alternative->time);
    fprintf(to, " %.0f %% | %.3g | %s |\n", 100 * alternative->utilisation, alternative->rate,
            bound_name(alternative->bound));
}

static void say_item(void *user, const char *text) {
    fputs("- ", user);
    print_markdown_text(user, text);
    fputc('\n', user);
}

static void say_warning(void *user, const char *text) {
    fputs("- Warning: ", user);
    print_markdown_text(user, text);
    fputc('\n', user);
}

void report_markdown(FILE *to, const struct comparison *comparison) {
    fputs("## ", to);
    print_markdown_text(to, comparison->subject.words);
    fputs("\n\n", to);
    if (!comparison->agree) {
        fputs("**The answers disagree:** ", to);
        print_markdown_text(to, comparison->dispute);
        fputs(". No times, no ratios: a wrong answer has none.\n\n", to);
        return;
    }
    const pp_result *answer = &compare_base(comparison)->result;
    fprintf(to, "%llu primes", (unsigned long long)answer->count);
    if (answer->has_digest)
        fprintf(to, ", digest %016llx", (unsigned long long)answer->digest);
    fprintf(to, ": the same in all %zu runs (%zu timed, %zu to warm up)\n\n",
            comparison->n_records + comparison->n_untimed, comparison->n_records,
            comparison->n_untimed);
    struct telling telling = telling_of(comparison);
    fprintf(to,
            "| backend | method | threads |%s%s%s%s median | 95 %% interval | speedup | CPU use | "
            "numbers/s | bound by |\n",
            telling.simd ? " simd |" : "", telling.device ? " device |" : "",
            telling.order ? " order |" : "", telling.to ? " to | bytes alone |" : "");
    fprintf(to, "|---|---|--:|%s%s%s%s--:|--:|--:|--:|--:|---|\n", telling.simd ? "---|" : "",
            telling.device ? "---|" : "", telling.order ? "---|" : "",
            telling.to ? "---|--:|" : "");
    for (size_t i = 0; i < comparison->n_alternatives; i++)
        if (!comparison->alternatives[i].left_out)
            markdown_row(to, comparison, &comparison->alternatives[i]);
    fputc('\n', to);
    each_sentence(comparison, say_item, to);
    for (size_t i = 0; i < comparison->n_alternatives; i++)
        if (comparison->alternatives[i].left_out) {
            fputs("- Left out: ", to);
            print_markdown_text(to, comparison->alternatives[i].reason);
            fputc('\n', to);
        }
    report_warnings(comparison, say_warning, to);
    fputc('\n', to);
}

void report_markdown_control(FILE *to, const struct control *control) {
    fprintf(
        to,
        "## The control: x² − x + 1, %llu times from 3\n\nLast five digits %s in every form and "
        "run; each step needs the one before.\n\n"
        "| form | workers | median | 95 %% interval | speedup |\n|---|--:|--:|--:|--:|\n",
        (unsigned long long)control->steps, control->last_digits);
    struct summary plain = summarise(control->forms[0].seconds, control->n_runs);
    for (size_t i = 0; i < control->n_forms; i++) {
        const struct control_form *form = &control->forms[i];
        struct summary time = summarise(form->seconds, control->n_runs);
        fprintf(to, "| %s | %u |", form->workers ? "handed over" : "plain",
                form->workers ? form->workers : 1);
        markdown_seconds(to, &time);
        markdown_speedup(to, &plain, i ? &time : &plain);
        fputc('\n', to);
    }
    fputc('\n', to);
}

void report_markdown_lessons(FILE *to, const struct lesson *lessons, size_t n) {
    fputs("## In short\n\n", to);
    for (size_t i = 0; i < n; i++) {
        fprintf(to, "- **%s:** ", lesson_kind(lessons[i].kind));
        print_markdown_text(to, lessons[i].text);
        fputc('\n', to);
    }
    fputc('\n', to);
}
