#include "measure/scale.h"

#include "measure/environment.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Up to here every count of threads is a point; beyond, powers of two are enough. */
enum { EVERY_COUNT = 8 };

/* The last share's CPU time over the first's, or the other way round, that is worth a warning: both
 * are single runs. Shares of less time are not told apart. */
static const double UNEVEN = 1.25, LEAST_CPU_SECONDS = 0.01;

size_t scale_counts(unsigned cores, unsigned counts[SCALE_MOST_COUNTS]) {
    size_t n = 0;
    for (unsigned count = 1; count < cores; count = cores <= EVERY_COUNT ? count + 1 : 2 * count)
        counts[n++] = count;
    counts[n++] = cores;
    return n;
}

uint64_t scale_share(uint64_t lo, uint64_t hi, unsigned most) {
    uint64_t distance = hi - lo; /* the length, but for one */
    if (most == 1)
        return distance == UINT64_MAX ? UINT64_MAX : distance + 1;
    return distance / most + (distance % most == most - 1);
}

/* ---- summing up ---- */

static void fit_curve(const struct scale *scale, bool weak, struct curve *curve) {
    struct scaling_point points[SCALE_MOST_COUNTS];
    size_t n = 0;
    bool one_method = true;
    for (size_t i = 0; i < curve->n; i++) {
        const struct scale_point *point = &curve->points[i];
        one_method = one_method && point->alternative->result.method ==
                                       curve->points[0].alternative->result.method;
        if (!point->crowded)
            points[n++] = (struct scaling_point){point->threads, point->speedup.value};
    }
    curve->fit = weak ? fit_gustafson(points, n) : fit_amdahl(points, n);
    if (!one_method) {
        curve->fit = (struct fit){.n_counts = curve->fit.n_counts};
        snprintf(curve->insufficient, sizeof curve->insufficient,
                 "insufficient data: the law speaks of one method, and these are several");
    } else if (!curve->fit.fitted) {
        snprintf(curve->insufficient, sizeof curve->insufficient,
                 "insufficient data: %zu count%s of %ss up to the %u %s, and a fit needs %d",
                 curve->fit.n_counts, curve->fit.n_counts == 1 ? "" : "s", scale->noun,
                 scale->cores, strcmp(scale->noun, "thread") == 0 ? "cores allowed" : "there are",
                 FIT_LEAST_POINTS);
    }
}

void scale_sum_up(const struct scale *scale, const struct comparison *comparison, bool weak,
                  struct curve *out) {
    *out = (struct curve){.n = scale->n_counts};
    const struct alternative *base = &comparison->alternatives[0];
    for (size_t i = 0; i < out->n; i++) {
        struct scale_point *point = &out->points[i];
        const double threads = scale->counts[i], shares = weak ? threads : 1;
        *point = (struct scale_point){.threads = scale->counts[i],
                                      .alternative = &comparison->alternatives[i],
                                      .crowded = scale->counts[i] > scale->cores};
        point->speedup = ratio_of(&base->time, &point->alternative->time);
        point->speedup.value *= shares;
        point->speedup.interval.lo *= shares;
        point->speedup.interval.hi *= shares;
        point->efficiency = point->speedup.value / threads;
        point->serial_fraction = weak ? NAN : karp_flatt(point->speedup.value, threads);
        point->serial_between = (struct interval){karp_flatt(point->speedup.interval.hi, threads),
                                                  karp_flatt(point->speedup.interval.lo, threads)};
    }
    fit_curve(scale, weak, out);
}

/* ---- do the answers of weak scaling add up? ---- */

/* What shares come to, added up. */
struct answer {
    uint64_t count, digest;
    bool has_digest;
};

static bool check_answer(struct scale *scale, size_t i, const struct answer *wanted) {
    const pp_result *found = &scale->weak.alternatives[i].result;
    if (found->count == wanted->count &&
        (!found->has_digest || !wanted->has_digest || found->digest == wanted->digest))
        return true;
    snprintf(scale->weak.dispute, sizeof scale->weak.dispute,
             "weak scaling with %u %ss says %llu, digest %016llx; its shares add up to %llu, "
             "digest %016llx",
             scale->counts[i], scale->noun, (unsigned long long)found->count,
             (unsigned long long)found->digest, (unsigned long long)wanted->count,
             (unsigned long long)wanted->digest);
    scale->weak.agree = false;
    return false;
}

bool scale_check_pieces(struct scale *scale, const struct comparison *pieces) {
    struct answer sum = {.has_digest = true};
    for (size_t i = 0; i < scale->n_counts; i++) {
        const pp_result *piece = &pieces->alternatives[i].result;
        sum.count += piece->count;
        __builtin_add_overflow(sum.digest, piece->digest, &sum.digest); /* modulo 2^64 */
        sum.has_digest = sum.has_digest && piece->has_digest;
        if (!check_answer(scale, i, &sum))
            return false;
    }
    size_t last = scale->n_counts - 1;
    if (last > 0) {
        unsigned shares = scale->counts[last] - scale->counts[last - 1];
        double first = pieces->alternatives[0].cpu_seconds[0];
        if (first >= LEAST_CPU_SECONDS)
            scale->uneven = pieces->alternatives[last].cpu_seconds[0] / shares / first;
    }
    return true;
}

bool scale_check_repeats(struct scale *scale) {
    const pp_result *once = &scale->strong.alternatives[0].result;
    for (size_t i = 0; i < scale->n_counts; i++) {
        struct answer times = {.has_digest = once->has_digest};
        __builtin_mul_overflow(once->count, (uint64_t)scale->counts[i], &times.count);
        __builtin_mul_overflow(once->digest, (uint64_t)scale->counts[i], &times.digest);
        if (!check_answer(scale, i, &times))
            return false;
    }
    return true;
}

/* ---- in words ---- */

static void say_formatted(say_fn say, void *user, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say_formatted(say_fn say, void *user, const char *format, ...) {
    char text[SCALE_SENTENCE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    say(user, text);
}

const struct scale_point *scale_widest(const struct curve *curve) {
    const struct scale_point *widest = NULL;
    for (size_t i = 0; i < curve->n; i++)
        if (!curve->points[i].crowded && curve->points[i].threads > 1)
            widest = &curve->points[i];
    return widest;
}

static void say_superlinear(const struct curve *curve, const char *noun, say_fn say, void *user) {
    for (size_t i = 0; i < curve->n; i++) {
        const struct scale_point *point = &curve->points[i];
        if (point->threads == 1 || point->speedup.value <= point->threads)
            continue;
        if (point->speedup.has_interval && point->speedup.interval.lo > point->threads)
            say_formatted(say, user,
                          "%u %ss gain more than %u-fold (superlinear): each has less data to keep "
                          "in its cache, or the run with one is slow for a reason of its own",
                          point->threads, noun, point->threads);
        else
            say_formatted(say, user,
                          "%u %ss seem to gain more than %u-fold (superlinear), but these runs "
                          "cannot tell that from the ideal",
                          point->threads, noun, point->threads);
    }
}

/* " [1.90, 1.97]", or that there are too few runs. */
static void format_between(char *out, size_t size, const struct ratio *ratio) {
    if (ratio->has_interval)
        snprintf(out, size, " [%.2f, %.2f]", ratio->interval.lo, ratio->interval.hi);
    else
        snprintf(out, size, ", from too few runs to say how sure that is");
}

void scale_say_strong(const struct scale *scale, say_fn say, void *user) {
    const struct curve *curve = &scale->strong_curve;
    const struct scale_point *most = scale_widest(curve);
    char between[64];
    if (most && most->speedup.has_interval && !most->speedup.distinguishable) {
        say_formatted(say, user, "%u %ss are not distinguishable from one", most->threads,
                      scale->noun);
    } else if (most) {
        format_between(between, sizeof between, &most->speedup);
        say_formatted(say, user, "%u %ss do the same job %.2f times as fast as one%s: %.0f%% of %u",
                      most->threads, scale->noun, most->speedup.value, between,
                      100 * most->efficiency, most->threads);
    }
    say_superlinear(curve, scale->noun, say, user);
    const struct alternative *serial = &scale->strong.alternatives[scale->n_counts];
    struct ratio ratio = ratio_of(&serial->time, &curve->points[0].alternative->time);
    const char *backend = curve->points[0].alternative->result.backend;
    format_between(between, sizeof between, &ratio);
    if (serial->left_out)
        say_formatted(say, user, "there is no serial run beside it: %s", serial->reason);
    else if (ratio.has_interval && !ratio.distinguishable)
        say_formatted(say, user, "serial, without threads, is not distinguishable from %s with one",
                      backend);
    else
        say_formatted(say, user, "%s with one %s is %.2f times as fast as serial%s", backend,
                      scale->noun, ratio.value, between);
    const struct fit *fit = &curve->fit;
    double limit = amdahl_limit(fit->serial_fraction);
    if (!fit->fitted)
        say_formatted(say, user, "Amdahl's law: %s", curve->insufficient);
    else if (fit->serial_fraction > 0)
        say_formatted(say, user,
                      "Amdahl's law fits best with a serial fraction of %.4f, %.1f%% off in root "
                      "mean square; by it no number of %ss gains more than %.1f-fold",
                      fit->serial_fraction, 100 * fit->residual, scale->noun, limit);
    else
        say_formatted(say, user,
                      "Amdahl's law fits best with no serial part, %.1f%% off in root mean square; "
                      "it then sets no limit (least squares alone would choose %.4f)",
                      100 * fit->residual, fit->unbounded);
}

void scale_say_weak(const struct scale *scale, say_fn say, void *user) {
    const struct curve *curve = &scale->weak_curve;
    const struct scale_point *most = scale_widest(curve);
    char between[64];
    if (most) {
        format_between(between, sizeof between, &most->speedup);
        say_formatted(say, user,
                      "%u %ss do %u times as much in %.2f times the time of one: a scaled speedup "
                      "of %.2f%s, %.0f%% of %u",
                      most->threads, scale->noun, most->threads,
                      most->threads / most->speedup.value, most->speedup.value, between,
                      100 * most->efficiency, most->threads);
    }
    say_superlinear(curve, scale->noun, say, user);
    const struct fit *fit = &curve->fit;
    if (!fit->fitted)
        say_formatted(say, user, "Gustafson's law: %s", curve->insufficient);
    else
        say_formatted(say, user,
                      "Gustafson's law fits best with a serial fraction of %.4f, %.1f%% off in "
                      "root mean square",
                      fit->serial_fraction, 100 * fit->residual);
}

void scale_say_device(const struct device_curve *curve, char out[SCALE_SENTENCE]) {
    int n = snprintf(out, SCALE_SENTENCE, "OpenCL on a %s (%s, %s) ", curve->kind, curve->id,
                     curve->name);
    char *rest = out + n;
    size_t room = SCALE_SENTENCE - (size_t)n;
    if (curve->failure[0] || curve->n == 0) {
        snprintf(rest, room, "was not measured: %s", curve->failure);
        return;
    }
    struct break_even found = break_even_of(curve->points, curve->n);
    unsigned long long least = curve->points[0].size, most = curve->points[curve->n - 1].size;
    unsigned long long cpu = found.cpu_wins_at, device = found.device_wins_at;
    switch (found.outcome) {
    case BREAK_EVEN_NEVER:
        snprintf(rest, room,
                 "never pays within what was measured, %llu to %llu numbers: at no size is it "
                 "distinguishably faster than the CPU (up to %u threads)",
                 least, most, curve->cores);
        break;
    case BREAK_EVEN_ALWAYS:
        snprintf(rest, room,
                 "pays at every size that was measured, %llu to %llu numbers, against the CPU (up "
                 "to %u threads)",
                 least, most, curve->cores);
        break;
    case BREAK_EVEN_CROSSING:
        if (cpu)
            snprintf(rest, room,
                     "pays from somewhere between %llu and %llu numbers on: at %llu the CPU (up to "
                     "%u threads) is still faster, from %llu on the device is",
                     cpu, device, cpu, curve->cores, device);
        else
            snprintf(rest, room,
                     "pays from %llu numbers on at the latest; at smaller sizes, down to %llu, it "
                     "is not distinguishable from the CPU (up to %u threads)",
                     device, least, curve->cores);
        break;
    case BREAK_EVEN_MIXED:
        snprintf(rest, room,
                 "is faster than the CPU (up to %u threads) at some sizes that were measured, but "
                 "not from one of them on: there is no break-even size to tell",
                 curve->cores);
        break;
    }
}

int scale_warnings(const struct scale *scale, say_fn say, void *user) {
    struct environment here;
    environment_read(&here);
    int n = 0;
    if (strcmp(here.smt, "on") == 0 && scale->cores > 1) {
        n++;
        say_formatted(say, user,
                      "these cores are hardware threads (SMT is on): two that share a core's units "
                      "cannot gain twofold");
    }
    bool crowded = false;
    for (size_t i = 0; i < scale->n_counts; i++)
        crowded = crowded || scale->counts[i] > scale->cores;
    if (crowded) {
        n++;
        say_formatted(say, user,
                      "more %ss than the %u cores allowed take turns on them: such points are "
                      "shown, and left out of the fits",
                      scale->noun, scale->cores);
    }
    for (size_t i = 0; i < scale->strong_curve.n; i++) {
        unsigned busy = scale->strong.alternatives[i].result.threads;
        if (busy >= scale->counts[i])
            continue;
        n++;
        say_formatted(say, user,
                      "the job has no work for more than %u %s%s: what is said of %u and more is "
                      "said of those",
                      busy, scale->noun, busy == 1 ? "" : "s", scale->counts[i]);
        break;
    }
    if (scale->uneven > UNEVEN || (scale->uneven > 0 && scale->uneven < 1 / UNEVEN)) {
        n++;
        say_formatted(
            say, user,
            "equal lengths are not equal work here: the last share of the range took %.2f "
            "times the CPU time of the first, serially (one run each), which weak scaling "
            "counts as a loss or gain of threads",
            scale->uneven);
    }
    return n;
}

void scale_free(struct scale *scale) {
    compare_free(&scale->strong);
    compare_free(&scale->weak);
    for (size_t i = 0; i < scale->n_devices; i++)
        free(scale->devices[i].points);
    free(scale->devices);
    scale->devices = NULL;
    scale->n_devices = 0;
}
