#include "measure/page_parts.h"

#include "measure/page_text.h"
#include "measure/print.h"

#include <stdlib.h>
#include <string.h>

/* ---- pictures ---- */

void page_picture(struct page *page, struct picture *picture, pp_status status, const char *note) {
    if (status == PP_OK) {
        fprintf(page->to, "<figure id=\"%s\">\n<figcaption>", picture->id);
        html_text(page->to, picture->title);
        fputs(" <small>", page->to);
        html_text(page->to, note);
        fprintf(page->to, "</small></figcaption>\n%s\n</figure>\n", picture->svg);
    } else if (page->status == PP_OK) {
        page->status = status;
        snprintf(page->why, page->why_size, "%s",
                 picture->why[0] ? picture->why : pp_strerror(status));
    }
    free(picture->svg);
}

typedef pp_status (*draw_bars)(struct picture *picture, const struct bars *bars);

static void put_picture(struct page *page, const char *id, const char *caption, const char *note,
                        draw_bars draw, const struct bars *bars) {
    if (page->status != PP_OK || bars->n == 0)
        return;
    struct picture picture = {.id = id, .title = caption};
    page_picture(page, &picture, draw(&picture, bars), note);
}

/* ---- the verdict ---- */

static void put_warnings_of(FILE *to, const json_t *comparison) {
    html_list(to, json_object_get(json_object_get(comparison, "verdict"), "warnings"), "warnings");
}

static void put_left_out_of(FILE *to, const json_t *comparison) {
    const json_t *left_out = json_object_get(json_object_get(comparison, "verdict"), "left_out");
    if (json_array_size(left_out) == 0)
        return;
    fputs("<h3>Left out, and why</h3>\n", to);
    html_list(to, left_out, "left-out");
}

static void put_sentences_of(FILE *to, const json_t *comparison) {
    const json_t *sentences = json_object_get(json_object_get(comparison, "verdict"), "sentences");
    if (json_array_size(sentences) == 0)
        return;
    fputs("<dt>", to);
    html_text(to, string_of(json_object_get(comparison, "job"), "words"));
    fputs("</dt>\n<dd>", to);
    html_list(to, sentences, "sentences");
    fputs("</dd>\n", to);
}

void put_verdict(FILE *to, const json_t *document) {
    size_t i;
    const json_t *one;
    fputs("<section class=\"verdict\" id=\"verdict\">\n<h2>Verdict</h2>\n<dl>\n", to);
    json_array_foreach(json_object_get(document, "lessons"), i, one) {
        const char *kind = string_of(one, "kind"), *text = string_of(one, "text");
        size_t n = strlen(kind);
        fputs("<dt>", to);
        html_format(to, "%c%s", *kind >= 'a' && *kind <= 'z' ? *kind - 'a' + 'A' : *kind,
                    *kind ? kind + 1 : "");
        fputs("</dt>\n", to);
        /* A text that begins with its kind has said it. */
        if (n && strncmp(text, kind, n) == 0 && text[n] == ':')
            text += n + 1 + strspn(text + n + 1, " ");
        html_sentence(to, "dd", text);
    }
    put_sentences_of(to, document);
    json_array_foreach(json_object_get(document, "further"), i, one) put_sentences_of(to, one);
    fputs("</dl>\n</section>\n", to);
}

/* ---- a comparison ---- */

static void put_answer(FILE *to, const json_t *comparison) {
    const json_t *first = json_array_get(json_object_get(comparison, "results"), 0);
    const json_t *verdict = json_object_get(comparison, "verdict");
    fputs("<p>", to);
    html_format(to, "%s primes", string_of(first, "count"));
    if (*string_of(first, "digest")) {
        fputs(", digest <code>", to);
        html_text(to, string_of(first, "digest"));
        fputs("</code>", to);
    }
    html_format(to,
                ": the same in every run (%.0f timed and %.0f to warm up of each alternative, in "
                "random order).",
                number_of(verdict, "timed_runs"), number_of(verdict, "warmup_runs"));
    fputs("</p>\n", to);
}

static bool any_has(const json_t *results, const char *key) {
    size_t i;
    const json_t *result;
    json_array_foreach(results, i, result) if (json_object_get(result, key)) return true;
    return false;
}

/* "1.46× [1.38, 1.52]". */
static void speedup_words(const json_t *result, bool base, char *out, size_t size) {
    struct interval interval;
    double speedup = number_of(result, "speedup");
    if (base)
        snprintf(out, size, "base");
    else if (!interval_of(result, "speedup_interval", &interval))
        snprintf(out, size, "%.2f×", speedup);
    else if (interval.lo <= 1 && interval.hi >= 1)
        snprintf(out, size, "≈ 1, not distinguishable");
    else
        snprintf(out, size, "%.2f× [%.2f, %.2f]", speedup, interval.lo, interval.hi);
}

static void put_table(FILE *to, const json_t *results) {
    const char *heads[11] = {"alternative", "median", "95% interval", "speedup",
                             "CPU use",     "method", "code",         "opened in"};
    size_t n = 8;
    bool bound = any_has(results, "bound"), rate = any_has(results, "rate");
    bool out_of_place = any_has(results, "out_of_place");
    if (rate)
        heads[n++] = "numbers a second";
    if (out_of_place)
        heads[n++] = "results out of place";
    if (bound)
        heads[n++] = "bound by";
    html_table(to, "figures", heads, n);
    size_t i;
    const json_t *result;
    json_array_foreach(results, i, result) {
        char words[160];
        result_label(results, result, words, sizeof words);
        html_row(to, words);
        html_seconds(to, number_of(result, "seconds"));
        html_interval(to, result, "interval");
        speedup_words(result, i == 0, words, sizeof words);
        html_cell(to, words);
        snprintf(words, sizeof words, "%.0f%%", 100 * number_of(result, "utilisation"));
        html_cell(to, words);
        html_cell(to, string_of(result, "method"));
        html_cell(to, string_of(result, "simd"));
        html_seconds(to, number_of(result, "opening"));
        if (rate) {
            snprintf(words, sizeof words, "%.3g", number_of(result, "rate"));
            html_cell(to, words);
        }
        if (out_of_place) {
            const json_t *found = json_object_get(result, "out_of_place");
            snprintf(words, sizeof words, "%.0f", number_of(found, "median"));
            html_cell(to, found ? words : "");
        }
        if (bound)
            html_cell(to, string_of(result, "bound"));
        html_row_end(to);
    }
    html_table_end(to);
}

void put_comparison(struct page *page, const json_t *comparison, const char *id,
                    const char *heading) {
    FILE *to = page->to;
    const json_t *results = json_object_get(comparison, "results");
    struct bars bars;
    if (!bars_of_results(results, &bars)) {
        page->status = PP_ERR_MEMORY;
        return;
    }
    char picture[80];
    fprintf(to, "<section id=\"%s\">\n<h2>", id);
    html_format(to, "%s%s", heading, string_of(json_object_get(comparison, "job"), "words"));
    fputs("</h2>\n", to);
    put_answer(to, comparison);
    put_warnings_of(to, comparison);
    fputs("<div class=\"pictures\">\n", to);
    snprintf(picture, sizeof picture, "%s-bars", id);
    put_picture(page, picture, "How long it takes", "Shorter is better.", picture_bars, &bars);
    snprintf(picture, sizeof picture, "%s-phases", id);
    put_picture(page, picture, "Where the time goes",
                "Medians of each phase. Phases of a device that overlap can add up to more than "
                "the run.",
                picture_phases, &bars);
    fputs("</div>\n", to);
    put_table(to, results);
    put_left_out_of(to, comparison);
    put_timelines(page, json_object_get(comparison, "timelines"), id);
    fputs("</section>\n", to);
    free(bars.items);
}

/* ---- the control ---- */

void put_control(struct page *page, const json_t *control) {
    if (!control)
        return;
    FILE *to = page->to;
    struct bars bars;
    if (!bars_of_control(control, &bars)) {
        page->status = PP_ERR_MEMORY;
        return;
    }
    fputs("<section id=\"control\">\n<h2>The control: what no thread can help</h2>\n<p>", to);
    html_format(to,
                "f(x) = x² − x + 1, applied %.0f times from 3, exactly. Each step needs the one "
                "before, so handing steps to more workers can only cost. The last five digits are "
                "%s in every form and run. (The multiplication inside a step could be made "
                "parallel; the chain cannot, and it stays serial here.)",
                number_of(control, "steps"), string_of(control, "last_digits"));
    fputs("</p>\n<div class=\"pictures\">\n", to);
    put_picture(page, "control-bars", "How long it takes", "Shorter is better.", picture_bars,
                &bars);
    fputs("</div>\n", to);
    static const char *const heads[] = {"form", "median", "95% interval", "against plain"};
    html_table(to, "figures", heads, 4);
    const json_t *forms = json_object_get(control, "forms");
    for (size_t i = 0; i < bars.n; i++) {
        html_row(to, bars.items[i].label);
        html_seconds(to, bars.items[i].seconds);
        html_interval(to, json_array_get(forms, i), "interval");
        html_cell(to, bars.items[i].ratio);
        html_row_end(to);
    }
    html_table_end(to);
    fputs("</section>\n", to);
    free(bars.items);
}

/* ---- an earlier record ---- */

static void put_changes(FILE *to, const json_t *changes) {
    static const char *const heads[] = {"what changed", "then", "now"};
    size_t i;
    const json_t *change;
    if (json_array_size(changes) == 0) {
        fputs("<p>Nothing that is recorded of the environment has changed.</p>\n", to);
        return;
    }
    html_table(to, "words", heads, 3);
    json_array_foreach(changes, i, change) {
        html_row(to, string_of(change, "what"));
        html_value(to, json_object_get(change, "before"));
        html_value(to, json_object_get(change, "now"));
        html_row_end(to);
    }
    html_table_end(to);
}

void put_baseline(FILE *to, const json_t *baseline) {
    if (!baseline)
        return;
    fputs("<section id=\"baseline\">\n<h2>", to);
    html_format(to, "Beside the record of %s", string_of(baseline, "time"));
    fputs("</h2>\n<p>", to);
    html_format(to, "From the file %s, made by parprime %s.", string_of(baseline, "file"),
                string_of(baseline, "version"));
    fputs("</p>\n", to);
    size_t i;
    const json_t *result;
    const char *job = "";
    json_array_foreach(json_object_get(baseline, "results"), i, result) {
        if (strcmp(job, string_of(result, "job")) != 0) {
            job = string_of(result, "job");
            fputs("<h3>", to);
            html_text(to, job);
            fputs("</h3>\n", to);
        }
        html_sentence(to, "p", string_of(result, "sentence"));
    }
    html_list(to, json_object_get(baseline, "unmatched"), "unmatched");
    put_changes(to, json_object_get(baseline, "environment_changes"));
    fputs("</section>\n", to);
}

/* ---- the environment ---- */

void put_environment(FILE *to, const json_t *environment) {
    const char *key;
    const json_t *value;
    fputs("<section id=\"environment\">\n<h2>Environment</h2>\n", to);
    static const char *const heads[] = {"what", "here"};
    html_table(to, "words", heads, 2);
    json_object_foreach((json_t *)(uintptr_t)environment, key, value) {
        char words[80];
        snprintf(words, sizeof words, "%s", key);
        for (char *c = words; *c; c++)
            if (*c == '_')
                *c = ' ';
        html_row(to, words);
        html_value(to, value);
        html_row_end(to);
    }
    html_table_end(to);
    fputs("</section>\n", to);
}

/* ---- raw times ---- */

static void put_times(FILE *to, const char *label, const json_t *runs) {
    size_t i;
    const json_t *run;
    html_row(to, label);
    fputs("<td class=\"words\">", to);
    json_array_foreach(runs, i, run) {
        char words[32];
        format_seconds(words, sizeof words, json_number_value(run));
        fputs(i ? " · " : "", to);
        html_text(to, words);
    }
    fputs("</td></tr>\n", to);
}

static void put_times_of(FILE *to, const json_t *comparison) {
    static const char *const heads[] = {"alternative", "times of its runs, in their order"};
    const json_t *results = json_object_get(comparison, "results"), *result;
    if (json_array_size(results) == 0)
        return;
    fputs("<h3>", to);
    html_text(to, string_of(json_object_get(comparison, "job"), "words"));
    fputs("</h3>\n", to);
    html_table(to, "words", heads, 2);
    size_t i;
    json_array_foreach(results, i, result) {
        char label[160];
        result_label(results, result, label, sizeof label);
        put_times(to, label, json_object_get(result, "runs"));
    }
    html_table_end(to);
}

void put_raw_times(FILE *to, const json_t *document) {
    size_t i;
    const json_t *one;
    fputs("<details>\n<summary>Every timed run</summary>\n", to);
    put_times_of(to, document);
    json_array_foreach(json_object_get(document, "further"), i, one) put_times_of(to, one);
    const json_t *forms = json_object_get(json_object_get(document, "control"), "forms");
    if (json_array_size(forms)) {
        static const char *const heads[] = {"workers", "times of its runs, in their order"};
        fputs("<h3>The control</h3>\n", to);
        html_table(to, "words", heads, 2);
        json_array_foreach(forms, i, one) {
            char label[60];
            snprintf(label, sizeof label, "%s, %.0f", string_of(one, "form"),
                     number_of(one, "workers"));
            put_times(to, label, json_object_get(one, "runs"));
        }
        html_table_end(to);
    }
    fputs("</details>\n", to);
}
