#include "measure/scale_report.h"

#include "measure/environment.h"
#include "measure/print.h"
#include "measure/report.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- a table, for a terminal or as Markdown ---- */

enum { MOST_COLUMNS = 8, CELL = 64 };

struct table {
    FILE *to;
    bool markdown;
    size_t n_columns;
    int widths[MOST_COLUMNS];
    char cells[MOST_COLUMNS][CELL]; /* of the row that is being made */
    size_t n_cells;
};

static void add_cell(struct table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add_cell(struct table *table, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(table->cells[table->n_cells++], CELL, format, arguments);
    va_end(arguments);
}

static void end_row(struct table *table) {
    fputs(table->markdown ? "|" : "  ", table->to);
    for (size_t i = 0; i < table->n_cells; i++)
        if (table->markdown)
            fprintf(table->to, " %s |", table->cells[i]);
        else
            print_cell(table->to, table->widths[i], "%s", table->cells[i]);
    fputc('\n', table->to);
    table->n_cells = 0;
}

struct column {
    const char *name;
    int width;
};

static void begin_table(struct table *table, FILE *to, bool markdown, const struct column *columns,
                        size_t n) {
    *table = (struct table){.to = to, .markdown = markdown, .n_columns = n};
    for (size_t i = 0; i < n; i++) {
        table->widths[i] = columns[i].width;
        add_cell(table, "%s", columns[i].name);
    }
    end_row(table);
    if (markdown) {
        fputc('|', to);
        for (size_t i = 0; i < n; i++)
            fputs(" ---: |", to);
        fputc('\n', to);
    }
}

static void add_time(struct table *table, const struct summary *time) {
    char median[32], least[32], most[32];
    format_seconds(median, sizeof median, time->median);
    add_cell(table, "%s", median);
    if (!time->has_interval) {
        add_cell(table, "needs 6 runs");
        return;
    }
    format_seconds(least, sizeof least, time->interval.lo);
    format_seconds(most, sizeof most, time->interval.hi);
    add_cell(table, "%s … %s", least, most);
}

static void add_speedup(struct table *table, const struct scale_point *point) {
    if (point->threads == 1)
        add_cell(table, "base");
    else if (point->speedup.has_interval)
        add_cell(table, "%.2f× [%.2f, %.2f]", point->speedup.value, point->speedup.interval.lo,
                 point->speedup.interval.hi);
    else
        add_cell(table, "%.2f×", point->speedup.value);
}

/* ---- what is told ---- */

struct telling {
    FILE *to;
    bool markdown;
};

static void tell_text(const struct telling *telling, const char *text) {
    if (telling->markdown)
        print_markdown_text(telling->to, text);
    else
        fputs(text, telling->to);
}

static void tell(void *user, const char *text) {
    struct telling *telling = user;
    fputs(telling->markdown ? "- " : "  ", telling->to);
    tell_text(telling, text);
    fputs(".\n", telling->to);
}

static void tell_warning(void *user, const char *text) {
    struct telling *telling = user;
    fputs(telling->markdown ? "- warning: " : "  warning: ", telling->to);
    tell_text(telling, text);
    fputc('\n', telling->to);
}

static void heading(struct telling *telling, const char *text) {
    fputs(telling->markdown ? "## " : "", telling->to);
    tell_text(telling, text);
    fputc('\n', telling->to);
}

/* Markdown wants an empty line between a table, a list and a paragraph. */
static void gap(struct telling *telling) {
    fputc('\n', telling->to);
}

/* What report_warnings says of weak scaling. */
static void tell_weak_warning(void *user, const char *text) {
    char all[SCALE_SENTENCE];
    snprintf(all, sizeof all, "weak scaling: %s", text);
    tell_warning(user, all);
}

static void strong_table(struct telling *telling, const struct scale *scale) {
    char threads[24];
    snprintf(threads, sizeof threads, "%ss", scale->noun);
    const struct column columns[] = {{threads, 14},   {"median", 11},     {"95% interval", 23},
                                     {"speedup", 22}, {"efficiency", 12}, {"serial fraction", 17},
                                     {"CPU use", 12}};
    struct environment here;
    environment_read(&here);
    struct table table;
    begin_table(&table, telling->to, telling->markdown, columns, 7);
    for (size_t i = 0; i < scale->strong_curve.n; i++) {
        const struct scale_point *point = &scale->strong_curve.points[i];
        bool same = point->speedup.has_interval && !point->speedup.distinguishable;
        add_cell(&table, "%u", point->threads);
        add_time(&table, &point->alternative->time);
        if (same && point->threads > 1)
            add_cell(&table, "≈ 1");
        else
            add_speedup(&table, point);
        if (point->threads == 1) {
            add_cell(&table, "%s", "");
            add_cell(&table, "%s", "");
        } else if (same) {
            add_cell(&table, "≈ %.0f%%", 100.0 / point->threads);
            add_cell(&table, "≈ 1");
        } else {
            add_cell(&table, "%.0f%%", 100 * point->efficiency);
            add_cell(&table, "%.4f", point->serial_fraction);
        }
        add_cell(&table, "%.0f%% of %u", 100 * point->alternative->utilisation, here.cores_allowed);
        end_row(&table);
    }
    const struct alternative *serial = &scale->strong.alternatives[scale->n_counts];
    if (serial->left_out)
        return;
    add_cell(&table, "serial");
    add_time(&table, &serial->time);
    add_cell(&table, "%s", "");
    add_cell(&table, "%s", "");
    add_cell(&table, "%s", "");
    add_cell(&table, "%.0f%% of %u", 100 * serial->utilisation, here.cores_allowed);
    end_row(&table);
}

static void tell_strong(struct telling *telling, const struct scale *scale) {
    const struct comparison *strong = &scale->strong;
    const pp_result *answer = &strong->alternatives[0].result;
    char text[600];
    bool opencl = result_is_opencl(answer);
    snprintf(text, sizeof text, "Strong scaling: the same job on more and more %ss%s%s",
             scale->noun, opencl ? " of " : "", opencl ? answer->device : "");
    heading(telling, text);
    if (telling->markdown)
        gap(telling);
    fputs("  ", telling->to);
    tell_text(telling, strong->subject.words);
    fprintf(telling->to,
            " with %s, %s (%s): %llu primes, digest %016llx, the same in all %zu runs (%zu timed, "
            "%zu not)\n",
            answer->backend, pp_method_name(answer->method), answer->simd,
            (unsigned long long)answer->count, (unsigned long long)answer->digest,
            strong->n_records + strong->n_untimed, strong->n_records, strong->n_untimed);
    gap(telling);
    strong_table(telling, scale);
    gap(telling);
    if (!telling->markdown)
        fprintf(telling->to,
                "  Speedup is the time of one %s over this one's. Efficiency is the speedup shared "
                "out over the %ss.\n  The serial fraction (Karp and Flatt) is how much of the work "
                "would have to be serial to explain the speedup.\n\n",
                scale->noun, scale->noun);
    scale_say_strong(scale, tell, telling);
    gap(telling);
}

static void tell_weak(struct telling *telling, const struct scale *scale) {
    if (scale->weak_curve.n == 0 && !scale->no_weak[0])
        return; /* interrupted */
    char text[200];
    snprintf(text, sizeof text, "Weak scaling: a job that grows with the %ss", scale->noun);
    heading(telling, text);
    if (telling->markdown)
        gap(telling);
    if (scale->no_weak[0]) {
        tell(telling, scale->no_weak);
        gap(telling);
        return;
    }
    const struct subject *first = &scale->shares[0];
    if (first->question == SUBJECT_TEST)
        fprintf(telling->to,
                "  Each %s tests the %zu numbers once: n %ss test them repeated n times.\n",
                scale->noun, first->n_numbers, scale->noun);
    else
        fprintf(telling->to,
                "  Each %s has %llu numbers: n %ss take n times that length from %llu on.\n",
                scale->noun, (unsigned long long)scale->share, scale->noun,
                (unsigned long long)first->lo);
    gap(telling);
    char threads[24];
    snprintf(threads, sizeof threads, "%ss", scale->noun);
    const struct column columns[] = {{threads, 14},          {"numbers", 22},
                                     {"median", 11},         {"95% interval", 23},
                                     {"scaled speedup", 22}, {"efficiency", 12}};
    struct table table;
    begin_table(&table, telling->to, telling->markdown, columns, 6);
    for (size_t i = 0; i < scale->weak_curve.n; i++) {
        const struct scale_point *point = &scale->weak_curve.points[i];
        add_cell(&table, "%u", point->threads);
        add_cell(&table, "%llu", (unsigned long long)(scale->share * point->threads));
        add_time(&table, &point->alternative->time);
        add_speedup(&table, point);
        if (point->threads == 1)
            add_cell(&table, "%s", "");
        else
            add_cell(&table, "%.0f%%", 100 * point->efficiency);
        end_row(&table);
    }
    gap(telling);
    scale_say_weak(scale, tell, telling);
    gap(telling);
}

static const char *winner_word(enum winner winner) {
    static const char *const words[] = {"neither", "cpu", "device"};
    return words[winner];
}

static void tell_device(struct telling *telling, const struct device_curve *curve) {
    if (curve->n) {
        char cpu[32], device[48];
        snprintf(cpu, sizeof cpu, "CPU, %u threads", curve->cores);
        snprintf(device, sizeof device, "%s %s", curve->kind, curve->id);
        const struct column columns[] = {
            {"numbers", 22}, {cpu, 21}, {device, 16}, {"device's speedup", 22}, {"faster", 10}};
        struct table table;
        begin_table(&table, telling->to, telling->markdown, columns, 5);
        for (size_t i = 0; i < curve->n; i++) {
            const struct size_point *point = &curve->points[i];
            struct ratio ratio = ratio_of(&point->cpu, &point->device);
            char seconds[32];
            add_cell(&table, "%llu", (unsigned long long)point->size);
            format_seconds(seconds, sizeof seconds, point->cpu.median);
            add_cell(&table, "%s", seconds);
            format_seconds(seconds, sizeof seconds, point->device.median);
            add_cell(&table, "%s", seconds);
            if (ratio.has_interval && !ratio.distinguishable)
                add_cell(&table, "≈ 1");
            else if (ratio.has_interval)
                add_cell(&table, "%.2f× [%.2f, %.2f]", ratio.value, ratio.interval.lo,
                         ratio.interval.hi);
            else
                add_cell(&table, "%.2f×", ratio.value);
            add_cell(&table, "%s", winner_word(winner_at(point)));
            end_row(&table);
        }
        gap(telling);
    }
    char text[SCALE_SENTENCE];
    scale_say_device(curve, text);
    tell(telling, text);
    if (curve->opening > 0.005)
        fprintf(telling->to,
                "%sOpening the device took %.3f s once (driver, build of the kernels, self-test), "
                "which is in none of these times.\n",
                telling->markdown ? "- " : "  ", curve->opening);
    gap(telling);
}

static void tell_devices(struct telling *telling, const struct scale *scale) {
    if (scale->n_devices == 0 && !scale->no_break_even[0])
        return;
    heading(telling, "Break-even: from which size on a device pays, end to end, against all cores");
    gap(telling);
    if (scale->no_break_even[0]) {
        tell(telling, scale->no_break_even);
        gap(telling);
    }
    for (size_t i = 0; i < scale->n_devices; i++)
        tell_device(telling, &scale->devices[i]);
}

static void tell_all(struct telling *telling, const struct scale *scale) {
    if (!scale->strong.agree) {
        tell_text(telling, scale->strong.subject.words);
        fprintf(telling->to,
                "\n  THE ANSWERS DISAGREE: %s\n  No times, no ratios: a wrong answer has none.\n",
                scale->strong.dispute);
        return;
    }
    if (scale->strong_curve.n == 0)
        return; /* interrupted */
    tell_strong(telling, scale);
    tell_weak(telling, scale);
    tell_devices(telling, scale);
    int n = report_warnings(&scale->strong, tell_warning, telling);
    if (scale->weak_curve.n)
        n += report_warnings(&scale->weak, tell_weak_warning, telling);
    n += scale_warnings(scale, tell_warning, telling);
    if (n)
        gap(telling);
}

void scale_report_text(FILE *to, const struct scale *scale) {
    struct telling telling = {to, false};
    tell_all(&telling, scale);
}

void scale_report_markdown(FILE *to, const struct scale *scale) {
    struct telling telling = {to, true};
    tell_all(&telling, scale);
}

/* ---- CSV ---- */

/* NaN is an empty field. */
static void csv_figure(FILE *to, double value) {
    if (isnan(value))
        fputc(',', to);
    else
        fprintf(to, ",%.4f", value);
}

static void csv_point(FILE *to, const struct scale *scale, const char *scaling, unsigned threads,
                      double numbers, const struct alternative *alternative, double speedup,
                      double efficiency, double serial_fraction) {
    const pp_result *result = &alternative->result;
    fprintf(to, "%s,", scaling);
    print_csv_text(to, scale->strong.subject.words);
    fprintf(to, ",%s,%s,%u,%.0f,%llu,%016llx,%.9f,", result->backend,
            pp_method_name(result->method), threads, numbers, (unsigned long long)result->count,
            (unsigned long long)result->digest, alternative->time.median);
    print_csv_interval(to, &alternative->time);
    csv_figure(to, speedup);
    csv_figure(to, efficiency);
    csv_figure(to, serial_fraction);
    csv_figure(to, alternative->utilisation);
    fputc('\n', to);
}

static void csv_size(FILE *to, const struct scale *scale, const char *backend, uint64_t size,
                     const struct summary *time, double speedup) {
    fputs("break-even,", to);
    print_csv_text(to, scale->strong.subject.words);
    fprintf(to, ",%s,,,%llu,,,%.9f,", backend, (unsigned long long)size, time->median);
    print_csv_interval(to, time);
    csv_figure(to, speedup);
    fputs(",,,\n", to);
}

void scale_report_csv(FILE *to, const struct scale *scale) {
    fputs("scaling,job,backend,method,threads,numbers,count,digest,median,interval_lo,interval_hi,"
          "speedup,efficiency,karp_flatt,utilisation\n",
          to);
    if (!scale->strong.agree || scale->strong_curve.n == 0)
        return;
    const struct subject *subject = &scale->strong.subject;
    double numbers = subject->question == SUBJECT_TEST ? (double)subject->n_numbers
                                                       : (double)(subject->hi - subject->lo) + 1;
    for (size_t i = 0; i < scale->strong_curve.n; i++) {
        const struct scale_point *point = &scale->strong_curve.points[i];
        csv_point(to, scale, "strong", point->threads, numbers, point->alternative,
                  point->speedup.value, point->efficiency, point->serial_fraction);
    }
    const struct alternative *serial = &scale->strong.alternatives[scale->n_counts];
    if (!serial->left_out)
        csv_point(to, scale, "serial", 1, numbers, serial, NAN, NAN, NAN);
    for (size_t i = 0; i < scale->weak_curve.n; i++) {
        const struct scale_point *point = &scale->weak_curve.points[i];
        csv_point(to, scale, "weak", point->threads, (double)scale->share * point->threads,
                  point->alternative, point->speedup.value, point->efficiency, NAN);
    }
    for (size_t i = 0; i < scale->n_devices; i++)
        for (size_t j = 0; j < scale->devices[i].n; j++) {
            const struct size_point *point = &scale->devices[i].points[j];
            csv_size(to, scale, "auto", point->size, &point->cpu, NAN);
            csv_size(to, scale, "opencl", point->size, &point->device,
                     point->cpu.median / point->device.median);
        }
}

/* ---- JSON ---- */

/* Four decimals; null for NaN and infinity. */
static json_t *json_figure(double value) {
    return isfinite(value) ? json_ratio(value) : json_null();
}

/* A fraction to nine decimals, or null. */
static json_t *json_fraction(double value) {
    return isfinite(value) ? json_real(round(value * 1e9) / 1e9) : json_null();
}

static json_t *json_whole(uint64_t n) {
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)n);
    return json_string(text);
}

static json_t *json_time(json_t *to, const struct alternative *alternative, size_t n_runs) {
    const struct summary *time = &alternative->time;
    json_object_set_new(to, "seconds", json_seconds(time->median));
    json_object_set_new(to, "interval",
                        json_interval(time->has_interval, time->interval, json_seconds));
    json_object_set_new(to, "runs", json_times(alternative->seconds, n_runs));
    json_object_set_new(to, "utilisation", json_ratio(alternative->utilisation));
    return to;
}

/* The curve, or an empty one where answers disagree: then no time and no ratio is told. */
static const struct curve *shown(const struct scale *scale, const struct curve *curve) {
    static const struct curve none;
    return scale->strong.agree ? curve : &none;
}

static json_t *json_strong(const struct scale *scale) {
    json_t *points = json_array(), *amdahl = json_null();
    const struct curve *curve = shown(scale, &scale->strong_curve);
    for (size_t i = 0; i < curve->n; i++) {
        const struct scale_point *point = &curve->points[i];
        json_t *json = json_pack("{s:i}", "threads", (int)point->threads);
        json_time(json, point->alternative, scale->strong.n_runs);
        json_object_set_new(json, "speedup", json_ratio(point->speedup.value));
        json_object_set_new(
            json, "speedup_interval",
            json_interval(point->speedup.has_interval, point->speedup.interval, json_ratio));
        json_object_set_new(json, "distinguishable", json_boolean(point->speedup.distinguishable));
        json_object_set_new(json, "efficiency", json_ratio(point->efficiency));
        json_object_set_new(json, "karp_flatt", json_fraction(point->serial_fraction));
        json_object_set_new(json, "karp_flatt_interval",
                            json_interval(point->speedup.has_interval && point->threads > 1,
                                          point->serial_between, json_fraction));
        json_object_set_new(json, "fitted", json_boolean(curve->fit.fitted && !point->crowded));
        json_array_append_new(points, json);
    }
    const struct fit *fit = &curve->fit;
    if (curve->n && fit->fitted)
        amdahl = json_pack(
            "{s:o, s:o, s:o, s:i, s:o}", "serial_fraction", json_fraction(fit->serial_fraction),
            "unbounded", json_fraction(fit->unbounded), "residual", json_fraction(fit->residual),
            "counts", (int)fit->n_counts, "limit", json_figure(amdahl_limit(fit->serial_fraction)));
    const char *why = curve->n ? curve->insufficient : "it was not measured";
    return json_pack("{s:o, s:o, s:s?}", "points", points, "amdahl", amdahl, "insufficient",
                     *why ? why : NULL);
}

static json_t *json_weak(const struct scale *scale) {
    json_t *points = json_array(), *gustafson = json_null();
    const struct curve *curve = shown(scale, &scale->weak_curve);
    for (size_t i = 0; i < curve->n; i++) {
        const struct scale_point *point = &curve->points[i];
        const struct subject *share = &scale->shares[i];
        bool range = share->question != SUBJECT_TEST;
        const pp_result *result = &point->alternative->result;
        json_t *json = json_pack("{s:i, s:o, s:o, s:o, s:o}", "threads", (int)point->threads, "lo",
                                 range ? json_whole(share->lo) : json_null(), "hi",
                                 range ? json_whole(share->hi) : json_null(), "numbers",
                                 json_whole(scale->share * point->threads), "count",
                                 json_whole(result->count));
        json_time(json, point->alternative, scale->weak.n_runs);
        json_object_set_new(json, "scaled_speedup", json_ratio(point->speedup.value));
        json_object_set_new(
            json, "scaled_speedup_interval",
            json_interval(point->speedup.has_interval, point->speedup.interval, json_ratio));
        json_object_set_new(json, "efficiency", json_ratio(point->efficiency));
        json_object_set_new(json, "fitted", json_boolean(curve->fit.fitted && !point->crowded));
        json_array_append_new(points, json);
    }
    const struct fit *fit = &curve->fit;
    if (curve->n && fit->fitted)
        gustafson = json_pack("{s:o, s:o, s:o, s:i}", "serial_fraction",
                              json_fraction(fit->serial_fraction), "unbounded",
                              json_fraction(fit->unbounded), "residual",
                              json_fraction(fit->residual), "counts", (int)fit->n_counts);
    const char *why = curve->n            ? curve->insufficient
                      : scale->no_weak[0] ? scale->no_weak
                                          : "it was not measured";
    const char *constant = curve->n == 0 ? NULL
                           : scale->shares[0].question == SUBJECT_TEST
                               ? "the numbers, once for each thread"
                               : "the length of the range, for each thread";
    return json_pack("{s:o, s:o, s:s?, s:s?, s:o}", "points", points, "gustafson", gustafson,
                     "insufficient", *why ? why : NULL, "constant", constant, "uneven",
                     scale->uneven > 0 ? json_ratio(scale->uneven) : json_null());
}

static json_t *json_device(const struct device_curve *curve) {
    json_t *points = json_array();
    for (size_t i = 0; i < curve->n; i++) {
        const struct size_point *point = &curve->points[i];
        json_array_append_new(
            points,
            json_pack(
                "{s:o, s:o, s:o, s:o, s:o, s:s}", "numbers", json_whole(point->size), "cpu_seconds",
                json_seconds(point->cpu.median), "cpu_interval",
                json_interval(point->cpu.has_interval, point->cpu.interval, json_seconds),
                "device_seconds", json_seconds(point->device.median), "device_interval",
                json_interval(point->device.has_interval, point->device.interval, json_seconds),
                "winner", winner_word(winner_at(point))));
    }
    static const char *const outcomes[] = {"never", "always", "crossing", "mixed"};
    struct break_even found = {0};
    if (curve->n)
        found = break_even_of(curve->points, curve->n);
    char text[SCALE_SENTENCE];
    scale_say_device(curve, text);
    return json_pack("{s:s, s:s, s:s, s:s?, s:o, s:o, s:s, s:i, s:o, s:o}", "id", curve->id,
                     "device", curve->name, "device_kind", curve->kind, "outcome",
                     curve->n ? outcomes[found.outcome] : NULL, "cpu_wins_at",
                     found.cpu_wins_at ? json_whole(found.cpu_wins_at) : json_null(),
                     "device_wins_at",
                     found.device_wins_at ? json_whole(found.device_wins_at) : json_null(), "text",
                     text, "cpu_threads", (int)curve->cores, "opening",
                     json_seconds(curve->opening), "points", points);
}

json_t *scale_json(const struct scale *scale) {
    json_t *serial = json_null(), *devices = json_array(), *break_even = json_null();
    const struct alternative *alone =
        scale->strong.alternatives ? &scale->strong.alternatives[scale->n_counts] : NULL;
    if (scale->strong_curve.n && scale->strong.agree && !alone->left_out)
        serial = json_time(json_object(), alone, scale->strong.n_runs);
    for (size_t i = 0; i < scale->n_devices && scale->strong.agree; i++)
        json_array_append_new(devices, json_device(&scale->devices[i]));
    if (scale->n_devices && scale->strong.agree)
        break_even = json_pack("{s:O}", "devices", devices);
    json_decref(devices);
    return json_pack("{s:i, s:o, s:o, s:o, s:o, s:s?}", "cores", (int)scale->cores, "serial",
                     serial, "strong", json_strong(scale), "weak", json_weak(scale), "break_even",
                     break_even, "no_break_even",
                     scale->no_break_even[0] ? scale->no_break_even : NULL);
}

static void say_json(void *user, const char *text) {
    json_array_append_new(user, json_string(text));
}

static void say_weak_json(void *user, const char *text) {
    char all[SCALE_SENTENCE];
    snprintf(all, sizeof all, "weak scaling: %s", text);
    say_json(user, all);
}

json_t *scale_json_verdict(const struct scale *scale) {
    json_t *sentences = json_array(), *warnings = json_array(), *left_out = json_array();
    const struct comparison *strong = &scale->strong;
    if (strong->agree && scale->strong_curve.n) {
        const struct alternative *serial = &strong->alternatives[scale->n_counts];
        if (serial->left_out)
            say_json(left_out, serial->reason);
        scale_say_strong(scale, say_json, sentences);
        if (scale->weak_curve.n)
            scale_say_weak(scale, say_json, sentences);
        else if (scale->no_weak[0])
            say_json(sentences, scale->no_weak);
        for (size_t i = 0; i < scale->n_devices; i++) {
            char text[SCALE_SENTENCE];
            scale_say_device(&scale->devices[i], text);
            say_json(sentences, text);
        }
        report_warnings(strong, say_json, warnings);
        if (scale->weak_curve.n)
            report_warnings(&scale->weak, say_weak_json, warnings);
        scale_warnings(scale, say_json, warnings);
    }
    return json_pack("{s:b, s:s, s:s?, s:i, s:i, s:i, s:s, s:o, s:o, s:o}", "agree", strong->agree,
                     "dispute", strong->dispute, "base",
                     strong->alternatives ? strong->alternatives[0].result.backend : NULL,
                     "timed_runs", (int)strong->n_runs, "warmup_runs", (int)strong->n_warmup,
                     "untimed_runs", (int)strong->n_untimed, "order", "random", "sentences",
                     sentences, "left_out", left_out, "warnings", warnings);
}

/* ---- the book's point ---- */

size_t scale_lessons(const struct scale *scale, const struct control *control,
                     struct lesson lessons[N_LESSONS]) {
    size_t n = 0;
    if (!scale->strong.agree || scale->strong_curve.n == 0)
        return 0;
    const struct scale_point *most = scale_widest(&scale->strong_curve);
    if (most) {
        struct lesson *lesson = &lessons[n++];
        const char *words = scale->strong.subject.words;
        lesson->kind = LESSON_PARALLEL;
        if (most->speedup.has_interval && !most->speedup.distinguishable)
            snprintf(
                lesson->text, sizeof lesson->text,
                "The parts of \"%s\" need nothing from each other, but these runs cannot tell %u "
                "%ss from one.",
                words, most->threads, scale->noun);
        else
            snprintf(
                lesson->text, sizeof lesson->text,
                "The parts of \"%s\" need nothing from each other, %s %u %ss do it %.2f times as "
                "fast as one, %.0f%% of the ideal.",
                words, most->efficiency < 0.5 ? "yet" : "and", most->threads, scale->noun,
                most->speedup.value, 100 * most->efficiency);
    }
    /* The rest is as compare says it. */
    struct lesson others[N_LESSONS];
    size_t n_others = lessons_make(NULL, control, NULL, others);
    for (size_t i = 0; i < n_others && n < N_LESSONS; i++)
        lessons[n++] = others[i];
    return n;
}
