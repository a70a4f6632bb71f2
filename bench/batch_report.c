#include "batch.h"
#include "measure/environment.h"

#include <stdlib.h>
#include <string.h>

/* ---- the machine ----------------------------------------------------------------------------- */

/* The processor's flags, all of them or, with `known`, those among them. "" where there are none.
 */
static void cpu_flags(char *out, size_t size, const char *const *known) {
    out[0] = '\0';
    FILE *file = fopen("/proc/cpuinfo", "re");
    char *line = NULL;
    size_t capacity = 0;
    while (file && getline(&line, &capacity, file) > 0) {
        if (strncmp(line, "flags", 5) != 0 && strncmp(line, "Features", 8) != 0)
            continue;
        char *rest = strchr(line, ':') ? strchr(line, ':') + 1 : line, *word;
        size_t used = 0;
        while ((word = strsep(&rest, " \t\n"))) {
            bool wanted = word[0] && !known;
            for (size_t i = 0; known && known[i]; i++)
                wanted |= strcmp(word, known[i]) == 0;
            if (wanted && used + strlen(word) + 2 < size)
                used += (size_t)snprintf(out + used, size - used, "%s%s", used ? " " : "", word);
        }
        break;
    }
    free(line);
    if (file)
        fclose(file);
}

/* ---- as text --------------------------------------------------------------------------------- */

void report_head(FILE *to, const struct batch *batch, bool markdown) {
    static const char *const telling[] = {"sse4_2",     "avx2",         "bmi2",  "adx", "avx512f",
                                          "avx512ifma", "avx512_vbmi2", "asimd", "sve", NULL};
    struct environment here;
    environment_read(&here);
    const pp_build_info *build = pp_build();
    const char *in = markdown ? "    " : "";
    char flags[256];
    cpu_flags(flags, sizeof flags, telling);
    fprintf(to, "%sBatches of numbers, one core of %s, %.10s\n\n", markdown ? "# " : "", here.cpu,
            here.time);
    fprintf(to, "%s%s (%s), %u of %u cores allowed, %s, governor %s, SMT %s, load %.2f, %s\n", in,
            here.cpu, flags, batch->cores, here.cores_online, here.kernel, here.governor, here.smt,
            here.load, here.time);
    fprintf(to, "%sparprime %s, commit %s, %s, %s\n", in, build->version, build->commit,
            build->compiler, build->flags);
    fprintf(to,
            "%sseed %llu%s, %zu run%s each after one to warm up, in an order drawn anew in "
            "each round;\n",
            in, (unsigned long long)batch->seed, batch->scale > 1 ? ", sizes scaled down" : "",
            batch->n_runs, batch->n_runs == 1 ? "" : "s");
    fprintf(to,
            "%ssingle threads pinned to core %u; every answer of every run held against "
            "pp_test's\n\n",
            in, batch->core);
    for (size_t i = 0; i < batch->n_contestants; i++) {
        const struct contestant *contestant = &batch->contestants[i];
        if (contestant->missing)
            fprintf(to, "%sleft out: %s: %s\n", in, contestant->name, contestant->reason);
        else if (contestant->origin[0])
            fprintf(to, "%s%s: %s\n", in, contestant->name, contestant->origin);
    }
    if (batch->scale > 1)
        fprintf(to, "%swarning: sets of 1/%llu of their size; not for quoting\n", in,
                (unsigned long long)batch->scale);
    fflush(to);
}

/* The base's times on as many numbers as the contestant had, as far as they were taken. */
static const struct summary *base_times(const struct contestant *base,
                                        const struct contestant *contestant) {
    return contestant->n <= base->first ? &base->first_time : &base->time;
}

static bool in_play(const struct contestant *contestant) {
    return !contestant->missing;
}

static double cpu_use(const struct batch *batch, const struct contestant *contestant) {
    double cpu = 0, wall = 0;
    for (size_t i = 0; i < batch->n_runs; i++) {
        cpu += contestant->cpu_s[i];
        wall += 1e-9 * contestant->ns[i] * (double)contestant->n;
    }
    unsigned cores = !contestant->all_cores ? 1
                     : contestant->threads  ? contestant->threads
                                            : batch->cores;
    return cpu / wall / cores;
}

static void describe(const struct contestant *contestant, char *out, size_t size) {
    if (contestant->kind == WHOLE_ARRAY)
        snprintf(out, size, "%s (%s, %s)", contestant->label,
                 pp_method_name(contestant->result.method), contestant->result.simd);
    else
        snprintf(out, size, "%s", contestant->label);
}

static void report_row(FILE *to, const struct batch *batch, const struct contestant *contestant,
                       const char *in) {
    const struct summary *time = &contestant->time;
    char label[200];
    describe(contestant, label, sizeof label);
    fprintf(to, "%s  %-50s %9zu %9.2f %9.2f … %-8.2f", in, label, contestant->n, time->median,
            time->least, time->most);
    if (batch->base == contestant) {
        fprintf(to, "     base");
    } else if (batch->base) {
        struct ratio ratio = ratio_of(base_times(batch->base, contestant), time);
        if (ratio.has_interval && !ratio.distinguishable)
            fprintf(to, "      ≈ 1");
        else
            fprintf(to, " %7.2f×", ratio.value);
    } else {
        fprintf(to, "        -");
    }
    if (contestant->worst_ns > 0)
        fprintf(to, " %7.0f ns", contestant->worst_ns);
    else
        fprintf(to, " %10s", "-");
    fprintf(to, " %6.0f%%\n", 100 * cpu_use(batch, contestant));
}

/* Threads against one thread of the same backend. */
static void report_threads(FILE *to, const struct batch *batch, const char *in) {
    for (size_t i = 0; i < batch->n_contestants; i++) {
        const struct contestant *many = &batch->contestants[i];
        if (!in_play(many) || many->threads < 2)
            continue;
        for (size_t j = 0; j < batch->n_contestants; j++) {
            const struct contestant *one = &batch->contestants[j];
            if (!in_play(one) || one->threads != 1)
                continue;
            struct ratio ratio = ratio_of(&one->time, &many->time);
            fprintf(to, "%s  %u threads: %.2f times the speed of 1 thread", in, many->threads,
                    ratio.value);
            if (ratio.has_interval)
                fprintf(to, " [%.2f, %.2f]", ratio.interval.lo, ratio.interval.hi);
            fprintf(to, "\n");
        }
    }
}

static void report_warnings(FILE *to, const struct batch *batch, const char *in) {
    for (size_t i = 0; i < batch->n_contestants; i++) {
        const struct contestant *contestant = &batch->contestants[i];
        const struct summary *time = &contestant->time;
        if (!in_play(contestant))
            continue;
        if (time->median * (double)contestant->n < 1e6)
            fprintf(to, "%s  warning: %s: runs of %.0f µs are short\n", in, contestant->name,
                    1e-3 * time->median * (double)contestant->n);
        else if (contestant->ns[0] > 1.5 * time->median)
            fprintf(to, "%s  warning: %s: the first run took %.1f times the median\n", in,
                    contestant->name, contestant->ns[0] / time->median);
        else if (time->most > 1.5 * time->median)
            fprintf(to,
                    "%s  warning: %s: the slowest run took %.1f times the median; is the machine "
                    "busy?\n",
                    in, contestant->name, time->most / time->median);
        double use = cpu_use(batch, contestant);
        if (!contestant->all_cores && use < 0.97)
            fprintf(to, "%s  warning: %s had its core for %.0f%% of its time only\n", in,
                    contestant->name, 100 * use);
    }
}

void report_set(FILE *to, const struct batch *batch, const struct measured *measured,
                bool markdown) {
    const char *in = markdown ? "    " : "";
    fprintf(to, "\n%s(%s) %s\n\n", markdown ? "## " : "", measured->set->name,
            measured->set->title);
    fprintf(to, "%s%zu numbers", in, measured->n);
    if (measured->cycle)
        fprintf(to, " (%zu distinct, repeated)", measured->cycle);
    fprintf(to, ", checksum %016llx, %llu prime; the same in all %zu answers\n\n",
            (unsigned long long)measured->checksum, (unsigned long long)measured->primes,
            measured->n_answers);
    fprintf(to, "%s  %-50s %9s %9s %9s   %-8s %8s %10s %7s\n", in, "contestant", "numbers",
            "ns each", "least", "most", "speed", "worst call", "CPU use");
    for (size_t i = 0; i < batch->n_contestants; i++)
        if (in_play(&batch->contestants[i]))
            report_row(to, batch, &batch->contestants[i], in);
    fprintf(to, "\n");
    report_threads(to, batch, in);
    report_warnings(to, batch, in);
    fflush(to);
}

/* ---- as a document --------------------------------------------------------------------------- */

static json_t *hexadecimal(uint64_t value) {
    return json_sprintf("%016llx", (unsigned long long)value);
}

json_t *report_json(const struct batch *batch) {
    char flags[4096];
    cpu_flags(flags, sizeof flags, NULL);
    json_t *environment = environment_json(), *contestants = json_array();
    json_object_set_new(environment, "cpu_flags", json_string(flags));
    json_object_set_new(environment, "core", json_integer(batch->core));
    for (size_t i = 0; i < batch->n_contestants; i++) {
        const struct contestant *contestant = &batch->contestants[i];
        json_t *entry = json_pack("{s:s, s:s, s:s}", "name", contestant->name, "label",
                                  contestant->label, "origin", contestant->origin);
        if (contestant->missing)
            json_object_set_new(entry, "left_out", json_string(contestant->reason));
        json_array_append_new(contestants, entry);
    }
    return json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:s?, s:o, s:[]}", "program", "bench/batch",
                     "version", pp_version(), "environment", environment, "seed",
                     (json_int_t)batch->seed, "scale", (json_int_t)batch->scale, "runs",
                     (json_int_t)batch->n_runs, "base", batch->base ? batch->base->name : NULL,
                     "contestants", contestants, "sets");
}

static json_t *reals(const double *values, size_t n) {
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_real(values[i]));
    return list;
}

static json_t *result_json(const struct batch *batch, const struct contestant *contestant) {
    const struct summary *time = &contestant->time;
    json_t *result =
        json_pack("{s:s, s:I, s:{s:f, s:f, s:f}, s:o, s:o, s:f}", "contestant", contestant->name,
                  "numbers", (json_int_t)contestant->n, "ns_per_number", "median", time->median,
                  "least", time->least, "most", time->most, "runs_ns_per_number",
                  reals(contestant->ns, batch->n_runs), "runs_cpu_seconds",
                  reals(contestant->cpu_s, batch->n_runs), "cpu_use", cpu_use(batch, contestant));
    if (time->has_interval)
        json_object_set_new(json_object_get(result, "ns_per_number"), "interval95",
                            json_pack("[f, f]", time->interval.lo, time->interval.hi));
    if (batch->base) {
        const struct summary *base = base_times(batch->base, contestant);
        json_object_set_new(result, "ratio", json_real(ratio_of(base, time).value));
        json_object_set_new(result, "base_ns_per_number", json_real(base->median));
    }
    if (contestant->worst_ns > 0)
        json_object_set_new(
            result, "worst_call",
            json_pack("{s:f, s:o}", "ns", contestant->worst_ns, "number",
                      json_sprintf("%llu", (unsigned long long)contestant->worst_number)));
    if (contestant->kind == WHOLE_ARRAY)
        json_object_set_new(
            result, "session",
            json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "backend", contestant->result.backend,
                      "device", contestant->result.device, "device_kind",
                      contestant->result.device_kind, "simd", contestant->result.simd, "method",
                      pp_method_name(contestant->result.method), "threads",
                      (int)contestant->result.threads));
    return result;
}

json_t *report_set_json(const struct batch *batch, const struct measured *measured) {
    json_t *results = json_array();
    for (size_t i = 0; i < batch->n_contestants; i++)
        if (in_play(&batch->contestants[i]))
            json_array_append_new(results, result_json(batch, &batch->contestants[i]));
    return json_pack("{s:s, s:s, s:I, s:I, s:o, s:I, s:I, s:o}", "name", measured->set->name,
                     "title", measured->set->title, "numbers", (json_int_t)measured->n, "distinct",
                     (json_int_t)(measured->cycle ? measured->cycle : measured->n), "checksum",
                     hexadecimal(measured->checksum), "primes", (json_int_t)measured->primes,
                     "answers_compared", (json_int_t)measured->n_answers, "results", results);
}
