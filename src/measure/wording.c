#include "measure/wording.h"

#include "measure/environment.h"
#include "measure/report.h"

#include <stdio.h>
#include <string.h>

const char *device_label(const struct alternative *alternative) {
    return alternative->options.device ? alternative->options.device : alternative->result.device;
}

const char *order_label(const struct comparison *comparison,
                        const struct alternative *alternative) {
    if (comparison->subject.question != SUBJECT_LIST)
        return NULL;
    return alternative_is_unordered(comparison, alternative) ? "completion" : "ascending";
}

struct telling telling_of(const struct comparison *comparison) {
    struct telling telling = {0};
    for (size_t i = 0; i < comparison->n_alternatives; i++)
        for (size_t j = 0; j < i; j++) {
            const struct alternative *one = &comparison->alternatives[i];
            const struct alternative *other = &comparison->alternatives[j];
            if (one->left_out || other->left_out || !one->result.backend || !other->result.backend)
                continue;
            telling.order |= one->in_order != other->in_order;
            telling.to |= one->to != other->to;
            bool opencl = result_is_opencl(&one->result);
            if (opencl != result_is_opencl(&other->result) ||
                one->result.method != other->result.method)
                continue;
            /* Levels that were asked for are shown, though both may have run the same code. */
            telling.simd |= strcmp(one->result.simd, other->result.simd) != 0 ||
                            (!opencl && one->options.simd != other->options.simd);
            telling.device |= opencl && strcmp(device_label(one), device_label(other)) != 0;
        }
    return telling;
}

static const char *plural(unsigned n) {
    return n == 1 ? "" : "s";
}

void name_alternative(char *out, size_t size, const struct comparison *comparison,
                      const struct alternative *alternative) {
    const pp_result *result = &alternative->result;
    struct telling telling = telling_of(comparison);
    bool opencl = result_is_opencl(result);
    char more[120] = "";
    if (telling.device && opencl)
        snprintf(more, sizeof more, ", %.80s", device_label(alternative));
    if (telling.simd)
        snprintf(more + strlen(more), sizeof more - strlen(more), ", %s", result->simd);
    if (telling.order)
        snprintf(more + strlen(more), sizeof more - strlen(more), ", %s",
                 alternative->in_order ? "ascending" : "as workers finish");
    if (telling.to)
        snprintf(more + strlen(more), sizeof more - strlen(more), ", %s%s",
                 alternative->to == OUTLET_DISCARD ? "" : "into a ",
                 alternative->to == OUTLET_DISCARD ? "discarded" : outlet_name(alternative->to));
    snprintf(out, size, "%s%s%s with %u %s%s (%s%s)", result->backend, opencl ? " on a " : "",
             opencl ? result->device_kind : "", result->threads, opencl ? "compute unit" : "thread",
             plural(result->threads), pp_method_name(result->method), more);
}

void name_ratio(char *out, size_t size, const struct ratio *ratio, const char *base) {
    if (!ratio->has_interval)
        snprintf(out, size,
                 " is %.2f times as fast as %s, from too few runs to say how sure that is",
                 ratio->value, base);
    else if (!ratio->distinguishable)
        snprintf(out, size, " is not distinguishable from %s", base);
    else
        snprintf(out, size, " is %.2f times as fast as %s [%.2f, %.2f]", ratio->value, base,
                 ratio->interval.lo, ratio->interval.hi);
}

/* Same job, same code, on the CPU: what differs is the number of threads. */
static bool differ_in_threads(const struct alternative *one, const struct alternative *other) {
    return !one->left_out && !other->left_out && one->result.backend && other->result.backend &&
           !result_is_opencl(&one->result) && !result_is_opencl(&other->result) &&
           one->result.threads != other->result.threads &&
           one->result.method == other->result.method &&
           strcmp(one->result.simd, other->result.simd) == 0 && one->in_order == other->in_order &&
           one->to == other->to;
}

/* The base in a sentence about others: by its backend alone where that is enough. */
static void name_base(char *out, size_t size, const struct comparison *comparison) {
    const struct alternative *base = compare_base(comparison);
    size_t alike = 0;
    for (size_t i = 0; i < comparison->n_alternatives; i++)
        alike += !comparison->alternatives[i].left_out &&
                 strcmp(comparison->alternatives[i].result.backend, base->result.backend) == 0;
    if (alike > 1)
        name_alternative(out, size, comparison, base);
    else
        snprintf(out, size, "%s", base->result.backend);
}

/* How an alternative stands to the base, and what it could at best, where that is known. */
static void say_ratio(const struct comparison *comparison, const struct alternative *alternative,
                      void (*say)(void *user, const char *text), void *user) {
    const struct alternative *base = compare_base(comparison);
    struct ratio ratio = ratio_of(&base->time, &alternative->time);
    char text[SENTENCE_BYTES], ideal[80] = "", base_name[200];
    name_alternative(text, sizeof text, comparison, alternative);
    name_base(base_name, sizeof base_name, comparison);
    struct environment here;
    environment_read(&here);
    unsigned threads = alternative->result.threads;
    unsigned most = threads < here.cores_allowed ? threads : here.cores_allowed;
    if (differ_in_threads(base, alternative) && base->result.threads == 1)
        snprintf(ideal, sizeof ideal, "; %s allow %u at best",
                 most < threads ? "the cores" : "its threads", most);
    name_ratio(text + strlen(text), sizeof text - strlen(text), &ratio, base_name);
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s%s", ideal,
             alternative->added ? "; nobody asked for it, but " : "",
             alternative->added ? alternative->added : "");
    say(user, text);
}

static bool same_but_for_order(const struct alternative *one, const struct alternative *other) {
    return !other->left_out && one->in_order != other->in_order &&
           strcmp(one->result.backend, other->result.backend) == 0 &&
           one->result.threads == other->result.threads &&
           one->result.method == other->result.method &&
           strcmp(one->result.simd, other->result.simd) == 0 &&
           strcmp(device_label(one), device_label(other)) == 0;
}

/* How far out of order results come as workers finish, and what putting them in order costs. */
static void say_order(const struct comparison *comparison, const struct alternative *free_order,
                      void (*say)(void *user, const char *text), void *user) {
    char text[SENTENCE_BYTES];
    name_alternative(text, sizeof text, comparison, free_order);
    struct summary displaced = compare_out_of_place(comparison, free_order);
    double all = (double)free_order->result.count;
    size_t n = strlen(text);
    snprintf(text + n, sizeof text - n,
             ": %.0f of %.0f results (%.1f%%) arrived after a larger one (from %.0f to %.0f in %zu "
             "run%s)",
             displaced.median, all, all > 0 ? 100 * displaced.median / all : 0, displaced.least,
             displaced.most, comparison->n_runs, plural((unsigned)comparison->n_runs));
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        const struct alternative *ordered = &comparison->alternatives[i];
        if (!same_but_for_order(free_order, ordered))
            continue;
        struct ratio cost = ratio_of(&ordered->time, &free_order->time);
        n = strlen(text);
        if (!cost.has_interval)
            snprintf(text + n, sizeof text - n,
                     "; in order it takes %.2f times as long, from too few runs to say how sure "
                     "that is",
                     cost.value);
        else if (!cost.distinguishable)
            snprintf(text + n, sizeof text - n,
                     "; what order costs is not distinguishable from nothing");
        else
            snprintf(text + n, sizeof text - n,
                     "; in order it takes %.2f times as long [%.2f, %.2f]", cost.value,
                     cost.interval.lo, cost.interval.hi);
        break;
    }
    say(user, text);
}

const struct alternative *best_on_cpu(const struct comparison *comparison, unsigned cores) {
    const struct alternative *best = NULL;
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        const struct alternative *one = &comparison->alternatives[i];
        if (!one->left_out && one->result.backend && strcmp(one->result.device_kind, "CPU") == 0 &&
            one->result.threads >= cores && (!best || one->time.median < best->time.median))
            best = one;
    }
    return best;
}

static void say_gpu(const struct comparison *comparison, const struct alternative *gpu,
                    void (*say)(void *user, const char *text), void *user) {
    struct environment here;
    environment_read(&here);
    const struct alternative *cpu = best_on_cpu(comparison, here.cores_allowed);
    char text[SENTENCE_BYTES], other[200];
    name_alternative(text, sizeof text, comparison, gpu);
    size_t n = strlen(text);
    if (cpu) {
        struct ratio ratio = ratio_of(&cpu->time, &gpu->time);
        int used = snprintf(other, sizeof other, "all %u CPU cores with their best code here, ",
                            here.cores_allowed);
        name_alternative(other + used, sizeof other - (size_t)used, comparison, cpu);
        name_ratio(text + n, sizeof text - n, &ratio, other);
    } else {
        snprintf(text + n, sizeof text - n, " was not held against all %u CPU cores",
                 here.cores_allowed);
    }
    say(user, text);
}

void each_sentence(const struct comparison *comparison, void (*say)(void *user, const char *text),
                   void *user) {
    const struct alternative *base = compare_base(comparison);
    for (size_t i = 0; i < comparison->n_alternatives; i++)
        if (!comparison->alternatives[i].left_out && &comparison->alternatives[i] != base)
            say_ratio(comparison, &comparison->alternatives[i], say, user);
    for (size_t i = 0; i < comparison->n_alternatives; i++)
        if (!comparison->alternatives[i].left_out &&
            alternative_is_unordered(comparison, &comparison->alternatives[i]))
            say_order(comparison, &comparison->alternatives[i], say, user);
    for (size_t i = 0; i < comparison->n_alternatives; i++)
        if (!comparison->alternatives[i].left_out &&
            strcmp(comparison->alternatives[i].result.device_kind, "GPU") == 0)
            say_gpu(comparison, &comparison->alternatives[i], say, user);
}

struct scaled scaled_of(const struct comparison *comparison) {
    struct scaled best = {0};
    for (size_t i = 0; i < comparison->n_alternatives; i++)
        for (size_t j = 0; j < comparison->n_alternatives; j++) {
            const struct alternative *one = &comparison->alternatives[i];
            const struct alternative *most = &comparison->alternatives[j];
            if (differ_in_threads(one, most) && one->result.threads == 1 &&
                (!best.most || most->result.threads > best.most->result.threads))
                best = (struct scaled){one, most};
        }
    return best;
}

/* ---- warnings ---- */

/* Two that turned out to run the same code. */
static bool are_one(const struct alternative *one, const struct alternative *other) {
    return !one->left_out && !other->left_out && one->in_order == other->in_order &&
           one->to == other->to && one->own == other->own &&
           strcmp(one->result.backend, other->result.backend) == 0 &&
           one->result.method == other->result.method &&
           one->result.threads == other->result.threads &&
           strcmp(one->result.simd, other->result.simd) == 0 &&
           strcmp(one->result.device, other->result.device) == 0 &&
           strcmp(device_label(one), device_label(other)) == 0;
}

int report_warnings(const struct comparison *comparison, void (*say)(void *user, const char *text),
                    void *user) {
    struct environment here;
    environment_read(&here);
    int n = 0;
    char text[SENTENCE_BYTES], name[200];
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        const struct alternative *alternative = &comparison->alternatives[i];
        if (alternative->left_out)
            continue;
        const pp_result *result = &alternative->result;
        const struct summary *time = &alternative->time;
        name_alternative(name, sizeof name, comparison, alternative);
        text[0] = '\0';
        if (time->median < 20e-6)
            snprintf(text, sizeof text, "%s: runs of %.1f µs are too short to be timed one by one",
                     name, 1e6 * time->median);
        else if (alternative->seconds[0] > 1.5 * time->median)
            snprintf(text, sizeof text, "%s: the first run took %.1f times the median", name,
                     alternative->seconds[0] / time->median);
        else if (time->most > 1.5 * time->median)
            snprintf(text, sizeof text,
                     "%s: the slowest run took %.1f times the median; is the machine busy?", name,
                     time->most / time->median);
        if (text[0]) {
            say(user, text);
            n++;
        }
        if (!result_is_opencl(result) && result->threads > here.cores_allowed) {
            snprintf(text, sizeof text, "%s: %u threads share %u cores", name, result->threads,
                     here.cores_allowed);
            say(user, text);
            n++;
        }
        for (size_t j = 0; j < i; j++)
            if (are_one(&comparison->alternatives[j], alternative)) {
                snprintf(text, sizeof text,
                         "%s stands there twice: what differs between the two is noise", name);
                say(user, text);
                n++;
                break;
            }
    }
    return n;
}
