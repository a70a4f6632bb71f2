/*
 * Large arrays of numbers, prime or not: this library against FLINT, PARI, GMP and whoever else is
 * named, in one run on one machine, every answer held against every other. bench/README.md says
 * how to use it; the rules are those of docs/METHOD.md.
 */
#include "batch.h"
#include "measure/environment.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    EXIT_WRONG_USAGE = 2,
    EXIT_DISAGREE = 3,
    EXIT_ABSENT = 4,
    EXIT_FILES = 5,
    EXIT_BROKEN = 6,
    SLOW_SHARE = 100, /* slow contestants do this part of a set's numbers */
    SAMPLE = 20000,   /* numbers whose calls are timed one by one */
    MOST_DEVICES = 16
};

/* Idle workers of the run before are let to sleep: libgomp's spin for some milliseconds. */
static const struct timespec PAUSE = {0, 20000000};

struct settings {
    uint64_t runs, scale, seed, threads;
    long core; /* below 0: the last that is allowed */
    const char *sets, *contestants, *json, *output, *library_file, *backend;
    const char *flints[MOST_CONTESTANTS], *peers[MOST_CONTESTANTS];
    size_t n_flints, n_peers;
};

static cpu_set_t all_cores, one_core;

static _Noreturn void stop(int code, const char *what, const char *why) {
    fprintf(stderr, "batch: %s%s%s\n", what, why ? ": " : "", why ? why : "");
    exit(code);
}

static void *allocate(size_t n, size_t size) {
    void *memory = calloc(n ? n : 1, size);
    if (!memory)
        stop(EXIT_BROKEN, "no memory", NULL);
    return memory;
}

/* Threads that exist keep their cores; this one and those that it starts get these. */
static void use_cores(bool all) {
    if (sched_setaffinity(0, sizeof all_cores, all ? &all_cores : &one_core) != 0)
        stop(EXIT_BROKEN, "the cores to run on cannot be set", NULL);
}

static double cpu_clock(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* ---- options --------------------------------------------------------------------------------- */

static const char help[] =
    "Usage: batch [OPTION]...\n"
    "Measures how long it takes to say which of 20 million numbers are prime.\n\n"
    "  --sets LIST           of i,ii,iii,iv,v (all)\n"
    "  --contestants LIST    names or patterns: flint,pari,gmp,one,serial*,openmp-*,opencl-* "
    "(all)\n"
    "  --flint PLACE         another FLINT too: its libflint.so, or the folder with that\n"
    "  --peer NAME:LIB:SYM   another function int SYM(uint64_t) too, in a shared library\n"
    "  --threads N           threads of openmp beside one (2)\n"
    "  --runs N              timed runs of each contestant (5)\n"
    "  --scale K             sets of 1/K of their size, for trying it out (1)\n"
    "  --seed N              of the numbers and of the order of the runs (1)\n"
    "  --core N              core to pin single threads to (the last one allowed)\n"
    "  --output FILE         the tables as Markdown\n"
    "  --json FILE           all figures, with every run's\n"
    "  --library-file FILE   instead: times pp_test on an array of native 64-bit numbers, with\n"
    "                        --backend and --threads if given, and prints a document\n"
    "  --backend NAME        for --library-file\n";

static uint64_t number_of(const char *text, uint64_t least, uint64_t most, const char *option) {
    uint64_t value;
    pp_error error;
    if (pp_parse_u64(text, strlen(text), &value, &error) != PP_OK)
        stop(EXIT_WRONG_USAGE, option, error.message);
    if (value < least || value > most)
        stop(EXIT_WRONG_USAGE, option, "the number is out of range");
    return value;
}

static void read_options(int argc, char **argv, struct settings *out) {
    enum {
        RUNS = 256,
        SCALE,
        SEED,
        THREADS,
        CORE,
        SETS,
        CONTESTANTS,
        JSON,
        OUTPUT,
        FLINT,
        PEER,
        LIBRARY_FILE,
        BACKEND,
        HELP
    };
    static const struct option options[] = {{"runs", required_argument, NULL, RUNS},
                                            {"scale", required_argument, NULL, SCALE},
                                            {"seed", required_argument, NULL, SEED},
                                            {"threads", required_argument, NULL, THREADS},
                                            {"core", required_argument, NULL, CORE},
                                            {"sets", required_argument, NULL, SETS},
                                            {"contestants", required_argument, NULL, CONTESTANTS},
                                            {"json", required_argument, NULL, JSON},
                                            {"output", required_argument, NULL, OUTPUT},
                                            {"flint", required_argument, NULL, FLINT},
                                            {"peer", required_argument, NULL, PEER},
                                            {"library-file", required_argument, NULL, LIBRARY_FILE},
                                            {"backend", required_argument, NULL, BACKEND},
                                            {"help", no_argument, NULL, HELP},
                                            {NULL, 0, NULL, 0}};
    *out = (struct settings){.runs = 5, .scale = 1, .seed = 1, .core = -1};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case RUNS:
            out->runs = number_of(optarg, 1, STATS_MOST, "--runs");
            break;
        case SCALE:
            out->scale = number_of(optarg, 1, 100000, "--scale");
            break;
        case SEED:
            out->seed = number_of(optarg, 0, INT64_MAX, "--seed");
            break;
        case THREADS:
            out->threads = number_of(optarg, 1, 4096, "--threads");
            break;
        case CORE:
            out->core = (long)number_of(optarg, 0, CPU_SETSIZE - 1, "--core");
            break;
        case SETS:
            out->sets = optarg;
            break;
        case CONTESTANTS:
            out->contestants = optarg;
            break;
        case JSON:
            out->json = optarg;
            break;
        case OUTPUT:
            out->output = optarg;
            break;
        case FLINT:
        case PEER:
            if (out->n_flints + out->n_peers == MOST_CONTESTANTS / 2)
                stop(EXIT_WRONG_USAGE, "too many peers", NULL);
            if (option == FLINT)
                out->flints[out->n_flints++] = optarg;
            else
                out->peers[out->n_peers++] = optarg;
            break;
        case LIBRARY_FILE:
            out->library_file = optarg;
            break;
        case BACKEND:
            out->backend = optarg;
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
    if (out->backend && !out->library_file)
        stop(EXIT_WRONG_USAGE, "--backend goes with --library-file", NULL);
}

/* Calls use on each word of "a,b,c". */
static void each_word(const char *list, void (*use)(const char *word, void *user), void *user) {
    char *copy = strdup(list), *rest = copy, *word;
    if (!copy)
        stop(EXIT_BROKEN, "no memory", NULL);
    while ((word = strsep(&rest, ",")))
        use(word, user);
    free(copy);
}

static void choose_set(const char *word, void *user) {
    bool *chosen = user;
    for (size_t i = 0; i < N_SETS; i++)
        if (strcmp(word, number_sets[i].name) == 0) {
            chosen[i] = true;
            return;
        }
    stop(EXIT_WRONG_USAGE, "there is no such set", word);
}

/* ---- contestants ----------------------------------------------------------------------------- */

struct choice {
    struct batch *batch;
    bool chosen[MOST_CONTESTANTS];
};

static struct contestant *add(struct batch *batch) {
    if (batch->n_contestants == MOST_CONTESTANTS)
        stop(EXIT_BROKEN, "too many contestants", NULL);
    return &batch->contestants[batch->n_contestants++];
}

/* What is named must be there; a pattern takes what there is. */
static void choose_contestant(const char *word, void *user) {
    struct choice *choice = user;
    bool any = false;
    for (size_t i = 0; i < choice->batch->n_contestants; i++) {
        const struct contestant *contestant = &choice->batch->contestants[i];
        if (fnmatch(word, contestant->name, 0) != 0)
            continue;
        if (strcmp(word, contestant->name) == 0 && contestant->missing)
            stop(EXIT_ABSENT, contestant->name, contestant->reason);
        any = choice->chosen[i] = true;
    }
    if (any || strpbrk(word, "*?["))
        return;
    fprintf(stderr, "batch: there is no contestant '%s', only", word);
    for (size_t i = 0; i < choice->batch->n_contestants; i++)
        fprintf(stderr, " %s", choice->batch->contestants[i].name);
    fprintf(stderr, "\n");
    exit(EXIT_WRONG_USAGE);
}

static void add_devices(struct batch *batch) {
    static pp_device devices[MOST_DEVICES];
    size_t n = 0;
    if (pp_backend_devices("opencl", devices, MOST_DEVICES, &n) != PP_OK)
        n = 0;
    for (size_t i = 0; i < n && i < MOST_DEVICES; i++) {
        struct contestant *contestant = add(batch);
        if (devices[i].usable) {
            contestant_session(contestant, "opencl", NULL, 0, &devices[i]);
            continue;
        }
        bool named = strncmp(devices[i].id, "opencl", 6) == 0;
        snprintf(contestant->name, sizeof contestant->name, "%s%s", named ? "" : "opencl-",
                 devices[i].id);
        snprintf(contestant->reason, sizeof contestant->reason, "%s", devices[i].reason);
        contestant->missing = true;
    }
}

static void add_threads(struct batch *batch, unsigned threads) {
    struct contestant *contestant = add(batch);
    contestant_session(contestant, "openmp", NULL, threads, NULL);
    if (!contestant->missing && threads > batch->cores) {
        contestant->missing = true;
        snprintf(contestant->reason, sizeof contestant->reason, "only %u core%s allowed",
                 batch->cores, batch->cores == 1 ? "" : "s");
    }
}

/* Everyone there could be; who was not asked for goes out again. */
static void gather(struct batch *batch, const struct settings *settings) {
    contestant_flint(add(batch));
    for (size_t i = 0; i < settings->n_flints; i++) {
        struct contestant *flint = add(batch);
        contestant_flint_at(flint, settings->flints[i]);
        flint->asked = true;
        if (flint->missing)
            stop(EXIT_ABSENT, settings->flints[i], flint->reason);
    }
    contestant_pari(add(batch));
    contestant_gmp(add(batch));
    for (size_t i = 0; i < settings->n_peers; i++) {
        struct contestant *peer = add(batch);
        if (!contestant_peer(peer, settings->peers[i]))
            stop(EXIT_WRONG_USAGE, "--peer is NAME:LIBRARY:SYMBOL, not", settings->peers[i]);
        peer->asked = true;
        if (peer->missing)
            stop(EXIT_ABSENT, peer->name, peer->reason);
    }
    contestant_own_each(add(batch));
    static const char *const levels[] = {NULL, "none", "avx2", "avx512"};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        contestant_session(add(batch), "serial", levels[i], 0, NULL);
    add_threads(batch, 1);
    unsigned threads = settings->threads ? (unsigned)settings->threads : 2;
    if (threads > 1)
        add_threads(batch, threads);
    /* A platform is started only where it may be asked for. */
    if (!settings->contestants || strstr(settings->contestants, "opencl") ||
        strchr(settings->contestants, '*'))
        add_devices(batch);

    if (settings->contestants) {
        struct choice choice = {.batch = batch};
        each_word(settings->contestants, choose_contestant, &choice);
        size_t kept = 0;
        for (size_t i = 0; i < batch->n_contestants; i++) {
            struct contestant *contestant = &batch->contestants[i];
            if (choice.chosen[i] || contestant->asked)
                batch->contestants[kept++] = *contestant;
            else
                pp_session_close(contestant->session);
        }
        batch->n_contestants = kept;
    }
    for (size_t i = 0; i < batch->n_contestants && !batch->base; i++)
        if (!batch->contestants[i].missing)
            batch->base = &batch->contestants[i];
    if (!batch->base)
        stop(EXIT_ABSENT, "none of the contestants is here", NULL);
    for (size_t i = 0; i < batch->n_contestants; i++) {
        batch->contestants[i].ns = allocate(batch->n_runs, sizeof(double));
        batch->contestants[i].first_ns = allocate(batch->n_runs, sizeof(double));
        batch->contestants[i].cpu_s = allocate(batch->n_runs, sizeof(double));
    }
}

/* ---- measuring ------------------------------------------------------------------------------- */

/* The numbers of the set in hand and what pp_test says of them. */
struct material {
    struct measured about;
    uint64_t *numbers, *reference, *bitmap;
};

/*
 * How many of the set's numbers a contestant does; a multiple of 64, or all of them. On one core
 * the same primes once more would say nothing new; threads and devices need enough to do.
 */
static size_t share_of(const struct contestant *contestant, const struct measured *about) {
    size_t n = about->cycle && !contestant->all_cores ? about->cycle : about->n;
    if (contestant->slow)
        n /= SLOW_SHARE;
    if (n < about->n)
        n = n < 64 ? 64 : n / 64 * 64;
    return n < about->n ? n : about->n;
}

static void check(const struct contestant *contestant, struct material *material) {
    size_t n_words = (contestant->n + 63) / 64;
    for (size_t i = 0; i < n_words; i++) {
        uint64_t wrong = material->bitmap[i] ^ material->reference[i];
        if (!wrong)
            continue;
        size_t place = 64 * i + (size_t)__builtin_ctzll(wrong);
        if (place >= contestant->n)
            fprintf(stderr, "batch: %s sets bits beyond the end of the array\n", contestant->name);
        else
            fprintf(stderr,
                    "batch: the answers differ on %" PRIu64 ", number %zu of set (%s): %s says "
                    "%s, pp_test %s; no time is worth having\n",
                    material->numbers[place], place, material->about.set->name, contestant->name,
                    wrong & material->bitmap[i] ? "prime" : "not prime",
                    wrong & material->bitmap[i] ? "not prime" : "prime");
        exit(EXIT_DISAGREE);
    }
    material->about.n_answers++;
}

/* One run; `run` below 0: to warm up. */
static void run_once(struct contestant *contestant, struct material *material, long run) {
    nanosleep(&PAUSE, NULL);
    /* Whatever is not written shows. */
    memset(material->bitmap, 0xa5, (material->about.n + 63) / 64 * sizeof *material->bitmap);
    use_cores(contestant->all_cores);
    double first_done = 0, cpu = cpu_clock(), begin = bench_clock();
    pp_status status =
        contestant_run(contestant, material->numbers, contestant->n, material->bitmap, &first_done);
    double end = bench_clock();
    cpu = cpu_clock() - cpu;
    if (status != PP_OK)
        stop(pp_exit_code(status), contestant->name,
             pp_session_error(contestant->session)->message);
    check(contestant, material);
    if (run < 0)
        return;
    contestant->ns[run] = 1e9 * (end - begin) / (double)contestant->n;
    contestant->cpu_s[run] = cpu;
    if (contestant->kind != WHOLE_ARRAY)
        contestant->first_ns[run] = 1e9 * (first_done - begin) / (double)contestant->first;
}

/* In each round everyone once, in an order drawn anew, so that a drift hits all alike. */
static void run_round(struct batch *batch, struct material *material, uint64_t *random, long run) {
    size_t order[MOST_CONTESTANTS], n = 0;
    for (size_t i = 0; i < batch->n_contestants; i++)
        if (!batch->contestants[i].missing)
            order[n++] = i;
    for (; n; n--) {
        size_t drawn = random_below(random, n);
        run_once(&batch->contestants[order[drawn]], material, run);
        order[drawn] = order[n - 1];
    }
}

static void make_reference(struct material *material, size_t n_words) {
    pp_session_options options = {.backend = "serial"};
    pp_session *session;
    pp_error error;
    pp_status status = pp_session_open(&options, &session, &error);
    if (status != PP_OK)
        stop(pp_exit_code(status), "the reference", error.message);
    memset(material->reference, 0xa5, n_words * sizeof *material->reference);
    status = pp_test(session, material->numbers, material->about.n, material->reference);
    if (status != PP_OK)
        stop(pp_exit_code(status), "the reference", pp_session_error(session)->message);
    material->about.primes = pp_session_result(session)->count;
    pp_session_close(session);
}

static void measure(struct batch *batch, struct material *material) {
    struct measured *about = &material->about;
    size_t n_words = (about->n + 63) / 64;
    use_cores(false);
    number_set_fill(about->set, batch->seed, material->numbers, about->n, about->cycle);
    about->checksum = number_set_checksum(material->numbers, about->n);
    make_reference(material, n_words);
    for (size_t i = 0; i < batch->n_contestants; i++) {
        struct contestant *contestant = &batch->contestants[i];
        struct contestant slow = {.kind = EACH_FUNCTION, .slow = true};
        contestant->n = share_of(contestant, about);
        contestant->first = contestant->kind == WHOLE_ARRAY ? 0 : share_of(&slow, about);
    }
    uint64_t random = splitmix64(~batch->seed);
    for (long run = -1; run < (long)batch->n_runs; run++)
        run_round(batch, material, &random, run);
    use_cores(false);
    for (size_t i = 0; i < batch->n_contestants; i++) {
        struct contestant *contestant = &batch->contestants[i];
        if (contestant->missing)
            continue;
        contestant->time = summarise(contestant->ns, batch->n_runs);
        if (contestant->kind == WHOLE_ARRAY)
            continue;
        contestant->first_time = summarise(contestant->first_ns, batch->n_runs);
        contestant_worst(contestant, material->numbers,
                         batch->sample < contestant->n ? batch->sample : contestant->n);
    }
    use_cores(true);
}

/* ---- one array from a file ------------------------------------------------------------------- */

static int library_file(const struct settings *settings) {
    struct stat info;
    int file = open(settings->library_file, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &info) != 0 || info.st_size % 8)
        stop(EXIT_FILES, settings->library_file, "no file of 64-bit numbers");
    size_t n = (size_t)info.st_size / 8, done = 0;
    uint64_t *numbers = allocate(n, sizeof *numbers);
    uint64_t *bitmap = allocate(n / 64 + 1, sizeof *bitmap);
    while (done < 8 * n) {
        ssize_t got = read(file, (char *)numbers + done, 8 * n - done);
        if (got <= 0)
            stop(EXIT_FILES, settings->library_file, "cannot be read");
        done += (size_t)got;
    }
    close(file);
    pp_session_options options = {.backend = settings->backend,
                                  .threads = (unsigned)settings->threads};
    pp_session *session;
    pp_error error;
    pp_status status = pp_session_open(&options, &session, &error);
    if (status != PP_OK)
        stop(pp_exit_code(status), "no session", error.message);
    double *seconds = allocate(settings->runs, sizeof *seconds);
    double *cpu_seconds = allocate(settings->runs, sizeof *cpu_seconds);
    for (long run = -1; run < (long)settings->runs; run++) {
        double cpu = cpu_clock(), begin = bench_clock();
        status = pp_test(session, numbers, n, bitmap);
        if (run >= 0) {
            seconds[run] = bench_clock() - begin;
            cpu_seconds[run] = cpu_clock() - cpu;
        }
        if (status != PP_OK)
            stop(pp_exit_code(status), "pp_test", pp_session_error(session)->message);
    }
    const pp_result *result = pp_session_result(session);
    struct summary time = summarise(seconds, settings->runs);
    printf("{\"numbers\": %zu, \"primes\": %" PRIu64 ", \"digest\": \"%016" PRIx64
           "\", \"backend\": \"%s\", \"threads\": %u, \"simd\": \"%s\", \"method\": \"%s\", "
           "\"runs\": %" PRIu64
           ", \"median\": %.9f, \"least\": %.9f, \"most\": %.9f, \"cpu_median\": %.6f}\n",
           n, result->count, result->digest, result->backend, result->threads, result->simd,
           pp_method_name(result->method), settings->runs, time.median, time.least, time.most,
           summarise(cpu_seconds, settings->runs).median);
    pp_session_close(session);
    free(cpu_seconds);
    free(seconds);
    free(bitmap);
    free(numbers);
    return 0;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static FILE *open_output(const char *path) {
    FILE *file = path ? fopen(path, "we") : NULL;
    if (path && !file)
        stop(EXIT_FILES, path, "cannot be written");
    return file;
}

static void close_output(FILE *file, const char *path) {
    if (file && fclose(file) != 0)
        stop(EXIT_FILES, path, "cannot be written");
}

static void choose_cores(struct batch *batch, const struct settings *settings) {
    if (sched_getaffinity(0, sizeof all_cores, &all_cores) != 0)
        stop(EXIT_BROKEN, "the cores allowed are not known", NULL);
    struct environment here;
    environment_read(&here);
    /* Of the cores that the cgroup leaves only the openmp backend tells. */
    batch->cores = strcmp(pp_build()->openmp, "not built") == 0 ? (unsigned)CPU_COUNT(&all_cores)
                                                                : here.cores_allowed;
    size_t core = CPU_SETSIZE - 1;
    while (core > 0 && !CPU_ISSET(core, &all_cores))
        core--;
    if (settings->core >= 0)
        core = (size_t)settings->core;
    if (!CPU_ISSET(core, &all_cores))
        stop(EXIT_WRONG_USAGE, "--core", "this process may not use that core");
    batch->core = (unsigned)core;
    CPU_ZERO(&one_core);
    CPU_SET(core, &one_core);
}

int main(int argc, char **argv) {
    struct settings settings;
    read_options(argc, argv, &settings);
    if (settings.library_file)
        return library_file(&settings);

    bool chosen[N_SETS] = {false};
    if (settings.sets)
        each_word(settings.sets, choose_set, chosen);
    else
        memset(chosen, true, sizeof chosen);
    static struct batch batch;
    batch.n_runs = settings.runs;
    batch.seed = settings.seed;
    batch.scale = settings.scale;
    batch.sample = SAMPLE;
    choose_cores(&batch, &settings);
    gather(&batch, &settings);
    FILE *json = open_output(settings.json), *markdown = open_output(settings.output);

    json_t *document = report_json(&batch);
    report_head(stdout, &batch, false);
    if (markdown)
        report_head(markdown, &batch, true);
    for (size_t i = 0; i < N_SETS; i++) {
        if (!chosen[i])
            continue;
        const struct number_set *set = &number_sets[i];
        struct material material = {.about = {.set = set,
                                              .n = set->most / settings.scale,
                                              .cycle = set->cycle / settings.scale}};
        size_t n_words = (material.about.n + 63) / 64;
        material.numbers = allocate(material.about.n, sizeof *material.numbers);
        material.reference = allocate(n_words, sizeof *material.reference);
        material.bitmap = allocate(n_words, sizeof *material.bitmap);
        measure(&batch, &material);
        report_set(stdout, &batch, &material.about, false);
        if (markdown)
            report_set(markdown, &batch, &material.about, true);
        json_array_append_new(json_object_get(document, "sets"),
                              report_set_json(&batch, &material.about));
        free(material.numbers);
        free(material.reference);
        free(material.bitmap);
    }
    if (json && json_dumpf(document, json, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) != 0)
        stop(EXIT_FILES, settings.json, "cannot be written");
    if (json)
        fputc('\n', json);
    close_output(json, settings.json);
    close_output(markdown, settings.output);
    json_decref(document);
    for (size_t i = 0; i < batch.n_contestants; i++) {
        pp_session_close(batch.contestants[i].session);
        free(batch.contestants[i].ns);
        free(batch.contestants[i].first_ns);
        free(batch.contestants[i].cpu_s);
    }
    return 0;
}
