/*
 * Words in. One table of options serves every command: argp parsers, help texts and later the
 * manual page are made from it.
 */
#ifndef PARPRIME_CLI_OPTIONS_H
#define PARPRIME_CLI_OPTIONS_H

#include <parprime.h>
#include <stdbool.h>

/* Bits, so that the option table can say which commands know an option. */
enum command {
    COMMAND_TEST = 1,
    COMMAND_COUNT = 2,
    COMMAND_LIST = 4,
    COMMAND_ITERATE = 8,
    COMMAND_COMPARE = 16,
    COMMAND_DEVICES = 32,
    COMMAND_SELFTEST = 64,
    COMMAND_SCALE = 128,
    COMMAND_AUDIT = 256
};

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV, FORMAT_MARKDOWN };
enum progress { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER };
/* scale: which devices are to be held against the CPU at growing sizes. */
enum which_devices { BREAK_EVEN_AUTO, BREAK_EVEN_ALL, BREAK_EVEN_OFF };
enum only { ONLY_ALL, ONLY_PRIME, ONLY_COMPOSITE };

/* What the user said. Strings point into argv. */
struct options {
    enum command command;
    char **arguments; /* positional */
    int n_arguments;

    /* As given; compare takes lists of them. NULL: not given. */
    const char *backend, *method, *threads, *simd, *device, *kernels;
    const char *output;
    enum format format;
    bool quiet, verbose;
    enum progress progress;
    const char *verify, *device_timeout;
    const char *ledger; /* count, list */

    const char *sample; /* audit */
    bool all;

    const char *dist; /* count, list */

    const char *input; /* test */
    bool input_u64;
    enum only only;
    bool count_only, exit_only;

    pp_order order; /* list */
    bool output_u64;

    const char *start, *steps, *last, *modulus; /* iterate */
    bool exact;

    bool until_stopped; /* selftest */
    const char *time, *windows;

    const char *runs, *warmup, *seed; /* compare, scale; seed also selftest */
    enum which_devices break_even;    /* scale */
    const char *report;               /* compare, scale: the page's file */
    bool plot;                        /* compare, scale */
    const char *baseline;             /* compare: an earlier document */
};

/* The commands, in the order of the manual; ends with a NULL name. */
struct command_word {
    const char *name;
    enum command command;
    const char *arguments; /* the usage line behind the name */
    const char *summary;   /* one line */
    const char *text;      /* more for --help, may be NULL */
};
extern const struct command_word command_words[];

/* The command of that name, NULL if there is none. */
const struct command_word *command_named(const char *name);

/*
 * Parses argv[0..argc), of which argv[0] is the command's name. Wrong usage is said on stderr
 * and ends the program with exit code 2, --help with 0.
 */
void options_parse(const struct command_word *word, int argc, char **argv, struct options *out);

#endif
