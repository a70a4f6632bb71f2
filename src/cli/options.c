#include "cli/options.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct command_word command_words[] = {
    {"test", COMMAND_TEST, "[N...]", "say of each number whether it is prime",
     "Numbers come from the arguments, from --input, or from standard input (separated by white "
     "space; # starts a comment). A line per number, in input order: prime, composite, neither; "
     "from 2^64 up: probable-prime or composite."},
    {"count", COMMAND_COUNT, "[START] STOP", "count the primes in [START, STOP]", NULL},
    {"list", COMMAND_LIST, "[START] STOP", "list the primes in [START, STOP]", NULL},
    {"iterate", COMMAND_ITERATE, "", "the sequential control: x^2 - x + 1, over and over",
     "Each step needs the one before, so no thread can help. By default the last five digits of "
     "f^20(3)."},
    {"compare", COMMAND_COMPARE, "[-- COMMAND ARGS]", "one job on every backend, answers checked",
     "Without a job: the book's range by trial division, a count of about a second, and the "
     "sequential control beside them. --backend, --method, --threads, --simd and --device take "
     "lists of alternatives, separated by commas."},
    {"scale", COMMAND_SCALE, "[-- COMMAND ARGS]", "one job on 1, 2, ... all cores",
     "Without a job: a count of about half a second. Strong scaling does the same job with more "
     "and more threads, weak scaling a longer one for more of them; every answer is checked. "
     "Speedup, "
     "efficiency and serial fraction of each, Amdahl's and Gustafson's laws from four counts of "
     "threads on, and the size of a range from which an OpenCL device is faster than the CPU. "
     "--threads takes a list, separated by commas (default: every number of them up to 8 cores, "
     "beyond that powers of two and all)."},
    {"devices", COMMAND_DEVICES, "", "backends and devices, and why one cannot be used", NULL},
    {"selftest", COMMAND_SELFTEST, "", "known answers on every backend, device and method",
     "Exits with 3 if an answer is wrong."},
    {"audit", COMMAND_AUDIT, "LEDGER", "compute a ledger's units again, in another way",
     "Rows chosen at random, of those not confirmed yet, are computed again by another method, or "
     "other code, than at first; where the answers differ, a third way decides. What agrees is "
     "marked as confirmed, what does not as disputed: the ledger's own command then computes it "
     "anew. Exit code 3 if anything is in dispute."},
    {0}};

const struct command_word *command_named(const char *name) {
    for (const struct command_word *word = command_words; word->name; word++)
        if (strcmp(word->name, name) == 0)
            return word;
    return NULL;
}

enum {
    JOBS = COMMAND_TEST | COMMAND_COUNT | COMMAND_LIST,
    RANGES = COMMAND_COUNT | COMMAND_LIST,
    MEASURING = COMMAND_COMPARE | COMMAND_SCALE,
    EVERY = JOBS | COMMAND_ITERATE | COMMAND_COMPARE | COMMAND_SCALE | COMMAND_DEVICES |
            COMMAND_SELFTEST | COMMAND_AUDIT,
    /* Keys of options without a letter. */
    KEY_BACKEND = 256,
    KEY_LONG,
    KEY_TIME,
    KEY_WINDOWS,
    KEY_METHOD,
    KEY_SIMD,
    KEY_KERNELS,
    KEY_VERIFY,
    KEY_LEDGER,
    KEY_SAMPLE,
    KEY_ALL,
    KEY_DEVICE_TIMEOUT,
    KEY_DEVICE,
    KEY_FORMAT,
    KEY_INPUT,
    KEY_INPUT_FORMAT,
    KEY_ONLY,
    KEY_COUNT,
    KEY_ORDER,
    KEY_OUTPUT_FORMAT,
    KEY_START,
    KEY_STEPS,
    KEY_LAST,
    KEY_MOD,
    KEY_EXACT,
    KEY_RUNS,
    KEY_WARMUP,
    KEY_SEED,
    KEY_BREAK_EVEN,
    KEY_PROGRESS,
    KEY_NO_PROGRESS,
    KEY_REPORT,
    KEY_PLOT,
    KEY_BASELINE
};

/* THE option table. */
static const struct {
    const char *name;
    int key;
    const char *argument;
    unsigned commands;
    const char *help;
} option_table[] = {
    {"backend", KEY_BACKEND, "NAME", JOBS | COMMAND_ITERATE | MEASURING | COMMAND_AUDIT,
     "auto (the default), serial, openmp or opencl"},
    {"method", KEY_METHOD, "NAME", JOBS | MEASURING | COMMAND_AUDIT,
     "auto (the default), trial, mr, sieve, hybrid or pi"},
    {"threads", 't', "N", JOBS | COMMAND_ITERATE | MEASURING | COMMAND_AUDIT,
     "threads to use (default: all cores allowed, or OMP_NUM_THREADS)"},
    {"device", KEY_DEVICE, "ID", JOBS | MEASURING | COMMAND_AUDIT,
     "a device's id or a part of its name, see `parprime devices`"},
    {"simd", KEY_SIMD, "LEVEL", JOBS | MEASURING | COMMAND_AUDIT,
     "auto (the default), none, avx2 or avx512"},
    {"kernels", KEY_KERNELS, "KIND", JOBS | MEASURING | COMMAND_AUDIT,
     "OpenCL kernels: auto (the default, by the device's type), cpu or gpu"},
    {"dist", 'd', "N", RANGES, "the range's length: STOP = START + N"},
    {"order", KEY_ORDER, "ORDER", COMMAND_LIST,
     "ascending (the default), or completion: as workers finish"},
    {"output-format", KEY_OUTPUT_FORMAT, "FORM", COMMAND_LIST,
     "text (the default), or u64: 8 bytes each, little-endian"},
    {"input", KEY_INPUT, "FILE", COMMAND_TEST, "read numbers from FILE (- is standard input)"},
    {"input-format", KEY_INPUT_FORMAT, "FORM", COMMAND_TEST,
     "text (the default), or u64: 8 bytes each, little-endian"},
    {"only", KEY_ONLY, "KIND", COMMAND_TEST, "print only those that are prime or composite"},
    {"count", KEY_COUNT, NULL, COMMAND_TEST, "print just how many are prime"},
    {"exit-status", 'e', NULL, COMMAND_TEST,
     "print nothing; exit 0 if every number is prime, else 1"},
    {"start", KEY_START, "N", COMMAND_ITERATE, "the first value (default 3)"},
    {"steps", KEY_STEPS, "N", COMMAND_ITERATE, "how often to apply f (default 20)"},
    {"last", KEY_LAST, "D", COMMAND_ITERATE, "the last D digits of the result (default 5)"},
    {"mod", KEY_MOD, "M", COMMAND_ITERATE, "the result modulo M"},
    {"exact", KEY_EXACT, NULL, COMMAND_ITERATE, "all digits of the result"},
    {"long", KEY_LONG, NULL, COMMAND_SELFTEST,
     "also what takes seconds, then random windows in two ways each, until stopped"},
    {"time", KEY_TIME, "SECONDS", COMMAND_SELFTEST, "with --long: stop after so many seconds"},
    {"windows", KEY_WINDOWS, "N", COMMAND_SELFTEST, "with --long: stop after so many windows"},
    {"seed", KEY_SEED, "N", COMMAND_SELFTEST,
     "with --long: the windows of an earlier run again (default: unpredictable)"},
    {"runs", KEY_RUNS, "N", MEASURING, "timed runs of each alternative (default 9)"},
    {"warmup", KEY_WARMUP, "N", MEASURING, "runs before the timed ones (default 1)"},
    {"seed", KEY_SEED, "N", MEASURING, "seed of the random order of runs"},
    {"plot", KEY_PLOT, NULL, MEASURING, "draw the figures in characters below the tables"},
    {"report", KEY_REPORT, "FILE.html", MEASURING,
     "write one page with verdict, pictures, tables and raw data to FILE.html too"},
    {"break-even", KEY_BREAK_EVEN, "WHICH", COMMAND_SCALE,
     "devices held against the CPU at growing sizes: auto (the default: --device, or GPUs and "
     "accelerators), all (also OpenCL on a CPU) or off"},
    {"verify", KEY_VERIFY, "P%", JOBS | MEASURING,
     "recompute P percent of units on the host (default: of OpenCL's about 1, within a hundredth "
     "of the time; of others 0)"},
    {"device-timeout", KEY_DEVICE_TIMEOUT, "S", JOBS | MEASURING,
     "give an OpenCL device up that takes S seconds for a launch (default 300)"},
    {"ledger", KEY_LEDGER, "FILE", RANGES,
     "note in FILE what is done, and do only what it lacks; list needs -o with it"},
    {"sample", KEY_SAMPLE, "P%", COMMAND_AUDIT,
     "compute P percent of all units again (default 1, and at least 8 units)"},
    {"all", KEY_ALL, NULL, COMMAND_AUDIT, "compute all of them again, confirmed or not"},
    {"output", 'o', "FILE", EVERY, "write answers to FILE instead of standard output"},
    {"baseline", KEY_BASELINE, "FILE", COMMAND_COMPARE,
     "hold this run against an earlier one, kept with --format json"},
    {"format", KEY_FORMAT, "FORM", EVERY & ~MEASURING, "text (the default), json or csv"},
    {"format", KEY_FORMAT, "FORM", MEASURING, "text (the default), json, csv or markdown"},
    {"quiet", 'q', NULL, EVERY, "answers only: no result line on stderr"},
    {"verbose", 'v', NULL, EVERY, "say on stderr where the time went"},
    {"progress", KEY_PROGRESS, NULL, EVERY,
     "show how far a long job has come, also where stderr is no terminal"},
    {"no-progress", KEY_NO_PROGRESS, NULL, EVERY, "do not, even if it is"},
};
enum { N_OPTIONS = sizeof option_table / sizeof *option_table };

/* The index of `word` in a list of words, or an error that names them all. */
static int choice(struct argp_state *state, const char *option, const char *word,
                  const char *const *words) {
    char all[120] = "";
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], word) == 0)
            return i;
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? ", " : "", words[i]);
    }
    argp_error(state, "--%s: '%s' is none of %s", option, word, all);
    return 0;
}

static error_t parse_option(int key, char *argument, struct argp_state *state) {
    static const char *const formats[] = {"text", "json", "csv", NULL};
    static const char *const report_formats[] = {"text", "json", "csv", "markdown", NULL};
    static const char *const encodings[] = {"text", "u64", NULL};
    static const char *const kinds[] = {"all", "prime", "composite", NULL};
    static const char *const orders[] = {"ascending", "completion", NULL};
    static const char *const devices[] = {"auto", "all", "off", NULL};
    struct options *options = state->input;
    switch (key) {
    case KEY_BACKEND:
        options->backend = argument;
        break;
    case KEY_METHOD:
        options->method = argument;
        break;
    case 't':
        options->threads = argument;
        break;
    case KEY_DEVICE:
        options->device = argument;
        break;
    case KEY_SIMD:
        options->simd = argument;
        break;
    case KEY_VERIFY:
        options->verify = argument;
        break;
    case KEY_LEDGER:
        options->ledger = argument;
        break;
    case KEY_SAMPLE:
        options->sample = argument;
        break;
    case KEY_ALL:
        options->all = true;
        break;
    case KEY_DEVICE_TIMEOUT:
        options->device_timeout = argument;
        break;
    case KEY_KERNELS:
        options->kernels = argument;
        break;
    case 'd':
        options->dist = argument;
        break;
    case KEY_ORDER:
        options->order = (pp_order)choice(state, "order", argument, orders);
        break;
    case KEY_OUTPUT_FORMAT:
        options->output_u64 = choice(state, "output-format", argument, encodings);
        break;
    case KEY_INPUT:
        options->input = argument;
        break;
    case KEY_INPUT_FORMAT:
        options->input_u64 = choice(state, "input-format", argument, encodings);
        break;
    case KEY_ONLY:
        options->only = (enum only)choice(state, "only", argument, kinds);
        break;
    case KEY_COUNT:
        options->count_only = true;
        break;
    case 'e':
        options->exit_only = true;
        break;
    case KEY_START:
        options->start = argument;
        break;
    case KEY_STEPS:
        options->steps = argument;
        break;
    case KEY_LAST:
        options->last = argument;
        break;
    case KEY_MOD:
        options->modulus = argument;
        break;
    case KEY_EXACT:
        options->exact = true;
        break;
    case KEY_RUNS:
        options->runs = argument;
        break;
    case KEY_WARMUP:
        options->warmup = argument;
        break;
    case KEY_LONG:
        options->until_stopped = true;
        break;
    case KEY_TIME:
        options->time = argument;
        break;
    case KEY_WINDOWS:
        options->windows = argument;
        break;
    case KEY_SEED:
        options->seed = argument;
        break;
    case KEY_PLOT:
        options->plot = true;
        break;
    case KEY_REPORT:
        options->report = argument;
        break;
    case KEY_BREAK_EVEN:
        options->break_even = (enum which_devices)choice(state, "break-even", argument, devices);
        break;
    case KEY_BASELINE:
        options->baseline = argument;
        break;
    case 'o':
        options->output = argument;
        break;
    case KEY_FORMAT:
        options->format = (enum format)choice(
            state, "format", argument, options->command & MEASURING ? report_formats : formats);
        break;
    case 'q':
        options->quiet = true;
        break;
    case 'v':
        options->verbose = true;
        break;
    case KEY_PROGRESS:
        options->progress = PROGRESS_ALWAYS;
        break;
    case KEY_NO_PROGRESS:
        options->progress = PROGRESS_NEVER;
        break;
    case ARGP_KEY_ARGS:
        options->arguments = state->argv + state->next;
        options->n_arguments = state->argc - state->next;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* A word like -5 is a negative number, not an option; say so before getopt is puzzled. */
static void refuse_negative_numbers(const char *name, int argc, char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (argv[i][0] == '-' && argv[i][1] >= '0' && argv[i][1] <= '9') {
            bool plain = !argv[i][1 + strspn(argv[i] + 1, "0123456789_")];
            fprintf(stderr,
                    plain ? "%s: numbers begin at 0, '%s' is negative\n"
                          : "%s: what begins with '-' is an option: write (%s)\n",
                    name, argv[i]);
            exit(2);
        }
}

void options_parse(const struct command_word *word, int argc, char **argv, struct options *out) {
    struct argp_option table[N_OPTIONS + 1] = {0};
    size_t n = 0;
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (option_table[i].commands & word->command)
            table[n++] = (struct argp_option){.name = option_table[i].name,
                                              .key = option_table[i].key,
                                              .arg = option_table[i].argument,
                                              .doc = option_table[i].help};
    char name[64], summary[640];
    snprintf(name, sizeof name, "parprime %s", word->name);
    /* The program's own sentences begin with a capital and end with a full stop. */
    snprintf(summary, sizeof summary, "%c%s.%s%s\v%s", word->summary[0] - 'a' + 'A',
             word->summary + 1, word->text ? " " : "", word->text ? word->text : "",
             "Numbers may be written 1e13, 2^40, 10**13, 0xff, 1_000_000, with + - * / % and "
             "parentheses.");
    struct argp argp = {
        .options = table, .parser = parse_option, .args_doc = word->arguments, .doc = summary};
    refuse_negative_numbers(name, argc, argv);
    *out = (struct options){.command = word->command};
    char *own_name = argv[0];
    argv[0] = name;
    argp_err_exit_status = 2;
    argp_parse(&argp, argc, argv, 0, NULL, out);
    argv[0] = own_name;
}
