/*
 * The map of best methods: which method counts a range fastest, for offsets up to 2^64 and lengths
 * up to 10^10, and what the cost rule (--method auto) chooses there. Through the public interface,
 * in one process. The raw numbers (--csv) are what the rule's constants are fitted to.
 */
#include "measure/stats.h"

#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <parprime.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

enum {
    EXIT_WRONG_USAGE = 2,
    EXIT_DISAGREE = 3,
    EXIT_FILES = 5,
    EXIT_BROKEN = 6,
    MOST_WAYS = 8,   /* methods, and auto */
    MOST_STEPS = 24, /* of the grid in each direction */
    MOST_CALLS = 1 << 20
};

/* A way this much behind the best of its cell, by what is known of shorter ranges, is left out. */
static const double HOPELESS = 6;
/* Runs shorter than this are several calls, the clock being read once. */
static const double LEAST_SECONDS = 1e-3;
/*
 * libprimecount cannot be stopped: pi is left out where this times hi^(2/3) is beyond the cap, well
 * below the 1.7e-10 that it takes: `build/parprime count 1e14 --method pi -t 1`.
 */
static const double PI_SECONDS = 3e-11;
/* auto is marked from here on. */
static const double OFF = 1.25;

struct settings {
    unsigned threads;
    uint64_t runs;
    double cap;
    const char *methods, *offsets, *lengths, *backend, *simd, *csv;
    bool list;
};

/* What is measured of one way in one cell. */
struct measured {
    bool known;   /* its time was taken; else `bound` */
    double bound; /* seconds that it takes at least, from shorter or lower ranges; 0: unknown */
    struct summary time;
    pp_result result;
    const char *why; /* not known: the reason, for the CSV */
};

struct way {
    const char *name;
    pp_session *session; /* NULL: not in this version */
};

static struct way ways[MOST_WAYS];
static size_t n_ways, auto_way;
static double offsets[MOST_STEPS], lengths[MOST_STEPS];
static size_t n_offsets, n_lengths;
static struct measured map[MOST_STEPS][MOST_STEPS][MOST_WAYS];
static pp_session *running;

static _Noreturn void stop(int code, const char *what, const char *why) {
    fprintf(stderr, "map: %s%s%s\n", what, why ? ": " : "", why ? why : "");
    exit(code);
}

static double wall_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static uint64_t random_next(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* ---- one run --------------------------------------------------------------------------------- */

static void cancel(int signal_number) {
    (void)signal_number;
    pp_session_cancel(running);
}

static void set_alarm(double seconds) {
    struct itimerval timer = {.it_value = {.tv_sec = (time_t)seconds}};
    timer.it_value.tv_usec = (suseconds_t)(1e6 * (seconds - (double)timer.it_value.tv_sec));
    setitimer(ITIMER_REAL, &timer, NULL);
}

static pp_status ignore(void *user, const void *bytes, size_t n_bytes) {
    (void)user, (void)bytes, (void)n_bytes;
    return PP_OK;
}

static pp_status ask(pp_session *session, uint64_t lo, uint64_t hi, bool list) {
    static const pp_list_callback nowhere = {.emit = ignore};
    return list ? pp_list(session, lo, hi, &nowhere) : pp_count(session, lo, hi, NULL);
}

/* Seconds of a call, of several if one is too short; below 0: it was cancelled after `cap`. */
static double run_once(const struct way *way, uint64_t lo, uint64_t hi, size_t calls, double cap,
                       bool list) {
    pp_status status = PP_OK;
    running = way->session;
    set_alarm(cap);
    double begin = wall_clock();
    for (size_t i = 0; i < calls && status == PP_OK; i++)
        status = ask(way->session, lo, hi, list);
    double seconds = wall_clock() - begin;
    set_alarm(0);
    if (status == PP_ERR_CANCELLED)
        return -1;
    if (status == PP_ERR_UNAVAILABLE)
        return -2;
    if (status != PP_OK)
        stop(pp_exit_code(status), way->name, pp_session_error(way->session)->message);
    return seconds / (double)calls;
}

/* ---- a cell ---------------------------------------------------------------------------------- */

/* [lo, hi] of a cell; offset 2^64 means the numbers that end there. False: it does not fit. */
static bool range_of(double offset, double length, uint64_t *lo, uint64_t *hi) {
    uint64_t n = (uint64_t)length;
    if (offset >= 0x1p64) {
        *hi = UINT64_MAX;
        *lo = UINT64_MAX - (n - 1);
        return true;
    }
    *lo = (uint64_t)offset;
    *hi = *lo + (n - 1);
    return *hi >= *lo;
}

/* What a longer or higher range takes at least: never much less than a shorter or lower one. */
static double bound_of(size_t o, size_t l, size_t w) {
    double bound = 0;
    const struct measured *shorter = l ? &map[o][l - 1][w] : NULL,
                          *lower = o ? &map[o - 1][l][w] : NULL;
    if (shorter)
        bound = shorter->known ? shorter->time.median : shorter->bound;
    /* Primes get rarer, so a method may become a little faster further up. */
    if (lower)
        bound = fmax(bound, 0.5 * (lower->known ? lower->time.median : lower->bound));
    return bound;
}

/* Seconds that a way takes at least in a cell, as far as that is known beforehand. */
static double bound_with_pi(size_t o, size_t l, size_t w, uint64_t hi) {
    double bound = bound_of(o, l, w);
    return strcmp(ways[w].name, "pi") == 0 ? fmax(bound, PI_SECONDS * pow((double)hi, 2.0 / 3))
                                           : bound;
}

static void check_answers(const struct measured *cell, uint64_t lo, uint64_t hi) {
    const struct measured *first = NULL, *digested = NULL;
    size_t first_way = 0, digest_way = 0;
    for (size_t w = 0; w < n_ways; w++) {
        if (!cell[w].known)
            continue;
        const struct measured *other = first ? first : &cell[w];
        size_t other_way = first ? first_way : w;
        bool differ = other->result.count != cell[w].result.count;
        if (cell[w].result.has_digest) {
            differ |= digested && digested->result.digest != cell[w].result.digest;
            if (differ && digested)
                other_way = digest_way;
            digested = &cell[w];
            digest_way = w;
        }
        if (differ) {
            fprintf(stderr,
                    "map: the answers differ on [%" PRIu64 ", %" PRIu64 "]: %s says %" PRIu64
                    " primes, %s %" PRIu64 ", or their digests differ\n",
                    lo, hi, ways[w].name, cell[w].result.count, ways[other_way].name,
                    cell[other_way].result.count);
            exit(EXIT_DISAGREE);
        }
        first = other;
        first_way = other_way;
    }
}

/* The first run of each, which also tells how many calls make a run. Least bound first. */
static double try_all(struct measured *cell, size_t o, size_t l, uint64_t lo, uint64_t hi,
                      size_t *calls, const struct settings *settings) {
    double best = INFINITY;
    bool done[MOST_WAYS] = {false};
    for (size_t i = 0; i < n_ways; i++) {
        size_t w = n_ways;
        for (size_t k = 0; k < n_ways; k++)
            if (!done[k] &&
                (w == n_ways || bound_with_pi(o, l, k, hi) < bound_with_pi(o, l, w, hi)))
                w = k;
        done[w] = true;
        struct measured *measured = &cell[w];
        measured->bound = bound_with_pi(o, l, w, hi);
        if (!ways[w].session) {
            measured->why = "not in this version";
            continue;
        }
        if (w != auto_way &&
            (measured->bound > HOPELESS * best || measured->bound > settings->cap)) {
            measured->why = "hopeless";
            continue;
        }
        double cap = w == auto_way ? settings->cap : fmin(settings->cap, 4 * HOPELESS * best);
        /* The first call is to warm up; the second is what a short run is measured by. */
        double seconds = run_once(&ways[w], lo, hi, 1, fmax(cap, 0.01), settings->list);
        if (seconds >= 0 && seconds < 0.05)
            seconds = run_once(&ways[w], lo, hi, 1, fmax(cap, 0.1), settings->list);
        if (seconds < 0) {
            measured->why = seconds < -1 ? "not for this question" : "took too long";
            measured->bound = seconds < -1 ? INFINITY : fmax(measured->bound, fmax(cap, 0.01));
            continue;
        }
        measured->known = true;
        measured->result = *pp_session_result(ways[w].session);
        measured->time.median = seconds; /* until there are runs */
        double times = ceil(LEAST_SECONDS / fmax(seconds, 1e-9));
        calls[w] = times < 1 ? 1 : times > MOST_CALLS ? MOST_CALLS : (size_t)times;
        if (measured->result.has_digest)
            best = fmin(best, seconds);
    }
    return best;
}

static void measure(size_t o, size_t l, uint64_t lo, uint64_t hi, uint64_t *random,
                    const struct settings *settings) {
    struct measured *cell = map[o][l];
    size_t calls[MOST_WAYS] = {0}, order[MOST_WAYS], n = 0;
    double best = try_all(cell, o, l, lo, hi, calls, settings);
    check_answers(cell, lo, hi);
    for (size_t w = 0; w < n_ways; w++)
        if (cell[w].known && (cell[w].time.median <= HOPELESS * best || w == auto_way))
            order[n++] = w;
        else if (cell[w].known) /* far behind: one run says enough */
            cell[w].time = summarise(&cell[w].time.median, 1);
    double *seconds = calloc(n * settings->runs + 1, sizeof *seconds);
    if (!seconds)
        stop(EXIT_BROKEN, "no memory", NULL);
    /* Interleaved, in an order drawn anew, so that a drift hits all alike. */
    for (size_t run = 0; run < settings->runs; run++) {
        for (size_t i = n; i > 1; i--) {
            size_t j = random_next(random) % i, kept = order[i - 1];
            order[i - 1] = order[j];
            order[j] = kept;
        }
        for (size_t i = 0; i < n; i++) {
            size_t w = order[i], place = 0;
            for (size_t k = 0; k < n; k++)
                place += order[k] < w;
            double taken = -1;
            /* An alarm of before may have come when its call was over. */
            for (int tries = 0; tries < 3 && taken < 0; tries++)
                taken = run_once(&ways[w], lo, hi, calls[w], 1000 * settings->cap, settings->list);
            if (taken < 0)
                stop(EXIT_BROKEN, ways[w].name, "it was quick once, and then took too long");
            cell[w].result = *pp_session_result(ways[w].session);
            seconds[place * settings->runs + run] = taken;
        }
        check_answers(cell, lo, hi);
    }
    for (size_t i = 0; i < n; i++) {
        size_t place = 0;
        for (size_t k = 0; k < n; k++)
            place += order[k] < order[i];
        cell[order[i]].time = summarise(seconds + place * settings->runs, settings->runs);
    }
    free(seconds);
}

/* ---- what it says ---------------------------------------------------------------------------- */

/* The best of a cell, auto and what only counts aside, which auto never chooses; n_ways: none. */
static size_t best_of(const struct measured *cell) {
    size_t best = n_ways;
    for (size_t w = 0; w < n_ways; w++)
        if (w != auto_way && cell[w].known && cell[w].result.has_digest &&
            (best == n_ways || cell[w].time.median < cell[best].time.median))
            best = w;
    return best;
}

/*
 * auto's time over the best's. auto's own time and that of the method it chose are two medians of
 * the same work: the lower one counts, so that noise is not held against the rule.
 */
static double behind(const struct measured *cell, size_t best) {
    double taken = cell[auto_way].time.median;
    for (size_t w = 0; w < n_ways; w++)
        if (w != auto_way && cell[w].known && cell[w].result.method == cell[auto_way].result.method)
            taken = fmin(taken, cell[w].time.median);
    return fmax(taken / cell[best].time.median, 1);
}

static void name_step(double step, char *out, size_t size) {
    if (step >= 0x1p64)
        snprintf(out, size, "2^64");
    else if (step >= 1000 && fabs(exp10(round(log10(step))) - step) < 1e-9 * step)
        snprintf(out, size, "1e%.0f", log10(step));
    else
        snprintf(out, size, "%.0f", step);
}

static void write_csv(FILE *to, size_t o, size_t l, uint64_t lo, uint64_t hi, unsigned threads) {
    for (size_t w = 0; w < n_ways; w++) {
        const struct measured *measured = &map[o][l][w];
        fprintf(to, "%" PRIu64 ",%" PRIu64 ",%u,%s,", lo, hi, threads, ways[w].name);
        if (measured->known)
            fprintf(to, "%s,%s,%u,%s,%zu,%.9g,%.9g,%.9g,%.9g,%" PRIu64 ",\n",
                    pp_method_name(measured->result.method), measured->result.backend,
                    measured->result.threads, measured->result.simd, measured->time.n,
                    measured->time.median, measured->time.least, measured->time.most,
                    measured->result.phases.prepare, measured->result.count);
        else
            fprintf(to, ",,,,0,,,,,,%s\n", measured->why);
    }
    fflush(to);
}

/* "sieve" where auto is right, "sieve (mr 1.4)!" where it is off. */
static void print_cell(size_t o, size_t l) {
    const struct measured *cell = map[o][l];
    size_t best = best_of(cell);
    char text[64] = "-";
    if (best < n_ways && cell[auto_way].known) {
        const char *chosen = pp_method_name(cell[auto_way].result.method);
        double ratio = behind(cell, best);
        snprintf(text, sizeof text, "%s %s%s%.2f%s", ways[best].name,
                 strcmp(chosen, ways[best].name) == 0 ? "" : chosen,
                 strcmp(chosen, ways[best].name) == 0 ? "" : " ", ratio, ratio > OFF ? "!" : "");
    } else if (best < n_ways) {
        snprintf(text, sizeof text, "%s (auto: %s)", ways[best].name,
                 cell[auto_way].why ? cell[auto_way].why : "-");
    }
    /* Counting without a sieve, where that is quicker still. */
    for (size_t w = 0; w < n_ways && best < n_ways; w++)
        if (w != auto_way && cell[w].known && !cell[w].result.has_digest &&
            cell[w].time.median < cell[best].time.median) {
            size_t used = strlen(text);
            snprintf(text + used, sizeof text - used, " %s %.2g", ways[w].name,
                     cell[w].time.median / cell[best].time.median);
        }
    printf(" %-22s", text);
    fflush(stdout);
}

static void print_head(const struct settings *settings) {
    const pp_build_info *build = pp_build();
    pp_device device = {.name = "?"};
    size_t n;
    if (pp_backend_devices("serial", &device, 1, &n) != PP_OK)
        n = 0;
    printf("parprime %s, commit %s, %s, on %s\n", build->version, build->commit, build->compiler,
           device.name);
    printf("%s, %u thread%s, backend %s, simd %s, %" PRIu64 " runs each after one to warm up, ",
           settings->list ? "lists, handed out as numbers" : "counts", settings->threads,
           settings->threads == 1 ? "" : "s", settings->backend ? settings->backend : "auto",
           settings->simd ? settings->simd : "auto", settings->runs);
    printf("at most %g s each\n", settings->cap);
    printf(
        "each cell: the best method, what auto chose if that is another, and auto's time over the "
        "best's\n(! above %.2f); where pi, which has no digest, is quicker, its time over the "
        "best's. Of methods that are not here:",
        OFF);
    bool all = true;
    for (size_t w = 0; w < n_ways; w++)
        if (!ways[w].session)
            all = !printf(" %s", ways[w].name);
    printf("%s\n\n%-8s", all ? " none" : "", "offset");
    for (size_t l = 0; l < n_lengths; l++) {
        char text[24];
        name_step(lengths[l], text, sizeof text);
        printf(" +%-21s", text);
    }
    printf("\n");
}

/* How often auto is right, and where it is furthest off. */
static void print_summary(void) {
    size_t n = 0, off = 0;
    double worst = 0, sum = 0;
    char where[2][24] = {"", ""};
    for (size_t o = 0; o < n_offsets; o++)
        for (size_t l = 0; l < n_lengths; l++) {
            const struct measured *cell = map[o][l];
            size_t best = best_of(cell);
            if (best == n_ways || !cell[auto_way].known)
                continue;
            double ratio = behind(cell, best);
            n++;
            off += ratio > OFF;
            sum += log(ratio);
            if (ratio > worst) {
                worst = ratio;
                name_step(offsets[o], where[0], sizeof where[0]);
                name_step(lengths[l], where[1], sizeof where[1]);
            }
        }
    if (n)
        printf(
            "\n%zu cells; auto is off by more than %.0f%% in %zu of them; at worst %.2f times the "
            "best's time, at %s+%s; geometric mean %.3f\n",
            n, 100 * (OFF - 1), off, worst, where[0], where[1], exp(sum / (double)n));
}

/* ---- options --------------------------------------------------------------------------------- */

static const char help[] =
    "Usage: map [OPTION]...\n"
    "Measures which method counts ranges fastest, over offset and length, and what auto "
    "chooses.\n\n"
    "  --threads N      of every session (1)\n"
    "  --methods LIST   of trial,mr,sieve,hybrid,pi (all)\n"
    "  --offsets LIST   (1e3 to 1e19 by decades, and 2^64: ranges that end there)\n"
    "  --lengths LIST   (1 to 1e10 by decades)\n"
    "  --backend NAME   (auto)\n"
    "  --simd LEVEL     (auto)\n"
    "  --list           lists instead of counts, handed out as numbers to nowhere\n"
    "  --runs N         timed runs of each method in each cell (5)\n"
    "  --cap SECONDS    a method that takes longer is left out (10)\n"
    "  --csv FILE       all figures\n";

static double value_of(const char *text, const char *option) {
    uint64_t value;
    pp_error error;
    if (strcmp(text, "2^64") == 0)
        return 0x1p64;
    if (pp_parse_u64(text, strlen(text), &value, &error) != PP_OK)
        stop(EXIT_WRONG_USAGE, option, error.message);
    return (double)value;
}

static size_t read_steps(const char *list, double *steps, double least, const char *option) {
    char *copy = strdup(list), *rest = copy, *word;
    size_t n = 0;
    while (copy && (word = strsep(&rest, ","))) {
        if (n == MOST_STEPS)
            stop(EXIT_WRONG_USAGE, option, "too many");
        steps[n] = value_of(word, option);
        if (steps[n] < least || (n && steps[n] <= steps[n - 1]))
            stop(EXIT_WRONG_USAGE, option, "the list must ascend");
        n++;
    }
    free(copy);
    return n;
}

static void open_ways(const struct settings *settings) {
    static const char *const every[] = {"trial", "mr", "sieve", "hybrid", "pi", "auto"};
    for (size_t i = 0; i < sizeof every / sizeof *every; i++) {
        pp_session_options options = {
            .backend = settings->backend, .simd = settings->simd, .threads = settings->threads};
        bool wanted = !settings->methods || strcmp(every[i], "auto") == 0;
        char *copy = strdup(settings->methods ? settings->methods : ""), *rest = copy, *word;
        while (copy && (word = strsep(&rest, ",")))
            wanted |= strcmp(word, every[i]) == 0;
        free(copy);
        if (!wanted)
            continue;
        struct way *way = &ways[n_ways];
        way->name = every[i];
        auto_way = n_ways++; /* the last one */
        pp_error error;
        if (!pp_method_from_name(every[i], &options.method))
            continue;
        pp_status status = pp_session_open(&options, &way->session, &error);
        if (status != PP_OK && (status != PP_ERR_UNAVAILABLE || strcmp(every[i], "auto") == 0))
            stop(pp_exit_code(status), every[i], error.message);
    }
}

static void check_methods(const char *list) {
    char *copy = strdup(list), *rest = copy, *word;
    pp_method method;
    while (copy && (word = strsep(&rest, ",")))
        if (!pp_method_from_name(word, &method) || method == PP_METHOD_AUTO)
            stop(EXIT_WRONG_USAGE, "there is no such method", word);
    free(copy);
}

static struct settings read_options(int argc, char **argv) {
    enum { THREADS = 256, METHODS, OFFSETS, LENGTHS, BACKEND, SIMD, LIST, RUNS, CAP, CSV, HELP };
    static const struct option options[] = {{"threads", required_argument, NULL, THREADS},
                                            {"methods", required_argument, NULL, METHODS},
                                            {"offsets", required_argument, NULL, OFFSETS},
                                            {"lengths", required_argument, NULL, LENGTHS},
                                            {"backend", required_argument, NULL, BACKEND},
                                            {"simd", required_argument, NULL, SIMD},
                                            {"list", no_argument, NULL, LIST},
                                            {"runs", required_argument, NULL, RUNS},
                                            {"cap", required_argument, NULL, CAP},
                                            {"csv", required_argument, NULL, CSV},
                                            {"help", no_argument, NULL, HELP},
                                            {NULL, 0, NULL, 0}};
    struct settings out = {
        .threads = 1,
        .runs = 5,
        .cap = 10,
        .offsets = "1e3,1e4,1e5,1e6,1e7,1e8,1e9,1e10,1e11,1e12,1e13,1e14,1e15,1e16,1e17,1e18,1e19,"
                   "2^64",
        .lengths = "1,10,100,1000,1e4,1e5,1e6,1e7,1e8,1e9,1e10"};
    int option;
    char *end;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case THREADS:
            out.threads = (unsigned)value_of(optarg, "--threads");
            break;
        case METHODS:
            check_methods(out.methods = optarg);
            break;
        case OFFSETS:
            out.offsets = optarg;
            break;
        case LENGTHS:
            out.lengths = optarg;
            break;
        case BACKEND:
            out.backend = optarg;
            break;
        case SIMD:
            out.simd = optarg;
            break;
        case LIST:
            out.list = true;
            break;
        case RUNS:
            out.runs = (uint64_t)value_of(optarg, "--runs");
            break;
        case CAP:
            out.cap = strtod(optarg, &end);
            if (*end || !(out.cap > 0 && out.cap < 1e6))
                stop(EXIT_WRONG_USAGE, "--cap", "that is no number of seconds");
            break;
        case CSV:
            out.csv = optarg;
            break;
        case HELP:
            fputs(help, stdout);
            exit(0);
        default:
            exit(EXIT_WRONG_USAGE);
        }
    }
    if (optind < argc)
        stop(EXIT_WRONG_USAGE, "an argument that is no option", argv[optind]);
    if (out.runs < 1 || out.runs > STATS_MOST)
        stop(EXIT_WRONG_USAGE, "--runs", "the number is out of range");
    return out;
}

int main(int argc, char **argv) {
    struct settings settings = read_options(argc, argv);
    n_offsets = read_steps(settings.offsets, offsets, 0, "--offsets");
    n_lengths = read_steps(settings.lengths, lengths, 1, "--lengths");
    struct sigaction on_alarm = {.sa_handler = cancel, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &on_alarm, NULL);
    open_ways(&settings);
    FILE *csv = settings.csv ? fopen(settings.csv, "we") : NULL;
    if (settings.csv && !csv)
        stop(EXIT_FILES, settings.csv, "cannot be written");
    if (csv)
        fprintf(csv, "lo,hi,threads_asked,way,method,backend,threads,simd,runs,median,least,most,"
                     "prepare,count,left_out\n");
    print_head(&settings);
    uint64_t random = 88172645463325252;
    for (size_t o = 0; o < n_offsets; o++) {
        char text[24];
        name_step(offsets[o], text, sizeof text);
        printf("%-8s", text);
        for (size_t l = 0; l < n_lengths; l++) {
            uint64_t lo, hi;
            if (!range_of(offsets[o], lengths[l], &lo, &hi)) {
                printf(" %-22s", "-");
                continue;
            }
            measure(o, l, lo, hi, &random, &settings);
            print_cell(o, l);
            if (csv)
                write_csv(csv, o, l, lo, hi, settings.threads);
        }
        printf("\n");
    }
    print_summary();
    if (csv && fclose(csv) != 0)
        stop(EXIT_FILES, settings.csv, "cannot be written");
    for (size_t w = 0; w < n_ways; w++)
        pp_session_close(ways[w].session);
    return 0;
}
