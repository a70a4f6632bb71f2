#include "measure/lessons.h"

#include "measure/print.h"
#include "measure/wording.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *lesson_kind(enum lesson_kind kind) {
    static const char *const names[] = {"embarrassingly parallel", "inherently sequential",
                                        "I/O bound"};
    return names[kind];
}

static void add(struct lesson *lesson, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct lesson *lesson, const char *format, ...) {
    size_t n = strlen(lesson->text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(lesson->text + n, sizeof lesson->text - n, format, arguments);
    va_end(arguments);
}

static bool is_whole(const struct comparison *comparison) {
    return comparison && comparison->finished && comparison->agree && compare_base(comparison);
}

/* ", which shows no difference", ", which shows a gain [1.9, 2.1]", … of a ratio of speeds. */
static void add_finding(struct lesson *lesson, const struct ratio *ratio) {
    if (!ratio->has_interval)
        add(lesson, " %.2f times as fast, from too few runs to say how sure that is", ratio->value);
    else if (!ratio->distinguishable)
        add(lesson, " not distinguishable from it in this run");
    else
        add(lesson, " %.2f times as fast [%.2f, %.2f]", ratio->value, ratio->interval.lo,
            ratio->interval.hi);
}

static void make_parallel(const struct comparison *job, struct lesson *lesson) {
    *lesson = (struct lesson){.kind = LESSON_PARALLEL};
    struct scaled scaled = scaled_of(job);
    add(lesson, "No number of \"%.60s\" needs another's answer, so cores may share them: ",
        job->subject.words);
    if (!scaled.most) {
        add(lesson, "but nothing here ran with several threads beside one, so this run does not "
                    "show what that brings.");
        return;
    }
    struct ratio ratio = ratio_of(&scaled.one->time, &scaled.most->time);
    add(lesson, "beside one thread (%s), %u threads are", scaled.one->result.backend,
        scaled.most->result.threads);
    add_finding(lesson, &ratio);
    add(lesson, ".");
}

static void make_sequential(const struct control *control, struct lesson *lesson) {
    *lesson = (struct lesson){.kind = LESSON_SEQUENTIAL};
    const struct control_form *last = &control->forms[control->n_forms - 1];
    struct summary plain = summarise(control->forms[0].seconds, control->n_runs);
    struct summary handed = summarise(last->seconds, control->n_runs);
    struct ratio ratio = ratio_of(&plain, &handed);
    add(lesson,
        "Each of the %llu steps of x² − x + 1 needs the one before: beside the plain loop, %u "
        "workers in turn are",
        (unsigned long long)control->steps, last->workers);
    add_finding(lesson, &ratio);
    bool gains = ratio.has_interval && ratio.distinguishable && ratio.value > 1;
    add(lesson,
        "%s (the multiplication inside a step could be parallel, the chain cannot; it stays serial "
        "here).",
        gains ? ", which only a disturbed measurement can say" : "");
}

static const struct alternative *find(const struct comparison *comparison, enum outlet_kind to,
                                      unsigned threads) {
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        const struct alternative *one = &comparison->alternatives[i];
        if (!one->left_out && one->to == to && one->result.threads == threads)
            return one;
    }
    return NULL;
}

static double output_share(const struct alternative *alternative) {
    return alternative->result.phases.output / alternative->time.median;
}

static void make_output(const struct comparison *output, struct lesson *lesson) {
    *lesson = (struct lesson){.kind = LESSON_OUTPUT};
    unsigned most = 1;
    for (size_t i = 0; i < output->n_alternatives; i++)
        if (!output->alternatives[i].left_out && output->alternatives[i].result.threads > most)
            most = output->alternatives[i].result.threads;
    /* Of file and pipe the one that takes the larger share of its run. */
    const struct alternative *file = find(output, OUTLET_FILE, most);
    const struct alternative *pipe = find(output, OUTLET_PIPE, most);
    const struct alternative *all = file;
    if (!file || (pipe && output_share(pipe) > output_share(file)))
        all = pipe;
    const struct alternative *one = all ? find(output, all->to, 1) : NULL;
    if (!one) {
        add(lesson, "No list could be written, so this run shows nothing of that.");
        return;
    }
    char seconds[32];
    format_seconds(seconds, sizeof seconds, all->time.median);
    add(lesson,
        "Written to a %s, the %.1f MB of \"%.60s\" take %s with %u thread%s, %.0f%% of it in "
        "writing, so that run is bound by %s",
        outlet_name(all->to), (double)all->bytes / 1e6, output->subject.words, seconds, most,
        most == 1 ? "" : "s", 100 * output_share(all), bound_name(all->bound));
    format_seconds(seconds, sizeof seconds, compare_alone(output, all).median);
    add(lesson, " (ready made, the bytes alone take %s)", seconds);
    if (most > 1) {
        struct ratio ratio = ratio_of(&one->time, &all->time);
        add(lesson, ": beside one thread, %u are", most);
        add_finding(lesson, &ratio);
        const struct alternative *one_nowhere = find(output, OUTLET_DISCARD, 1);
        const struct alternative *all_nowhere = find(output, OUTLET_DISCARD, most);
        if (one_nowhere && all_nowhere) {
            ratio = ratio_of(&one_nowhere->time, &all_nowhere->time);
            add(lesson, "; without the writing they are");
            add_finding(lesson, &ratio);
        }
    }
    add(lesson, ".");
}

size_t lessons_make(const struct comparison *job, const struct control *control,
                    const struct comparison *output, struct lesson lessons[N_LESSONS]) {
    size_t n = 0;
    if (is_whole(job))
        make_parallel(job, &lessons[n++]);
    if (control)
        make_sequential(control, &lessons[n++]);
    if (is_whole(output))
        make_output(output, &lessons[n++]);
    return n;
}
