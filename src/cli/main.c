#include "cli/commands.h"
#include "cli/memory.h"
#include "cli/progress.h"
#include "cli/words.h"

#include <argp.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_help(FILE *to) {
    fputs("Usage: parprime COMMAND [OPTION...] [ARGS]\n"
          "Prime workloads on every core and device, with one verified answer.\n\n",
          to);
    for (const struct command_word *word = command_words; word->name; word++)
        fprintf(to, "  %-8s %-20s %s\n", word->name, word->arguments, word->summary);
    fputs(
        "\n`parprime COMMAND --help` lists a command's options; `parprime --version` says how "
        "this\nprogram was built. Exit codes: 0 done, 1 negative answer, 2 wrong usage, 3 answers "
        "disagree,\n4 not available, 5 reading or writing failed, 6 internal failure, 130 and "
        "143 interrupted.\n",
        to);
}

static void print_version(FILE *to, struct argp_state *state) {
    (void)state;
    const pp_build_info *build = pp_build();
    fprintf(to,
            "parprime %s (%s)\n"
            "compiler  %s\n"
            "flags     %s\n"
            "OpenMP    %s\n"
            "OpenCL    %s\n"
            "GMP       %s\n"
            "SIMD      %s\n",
            build->version, build->commit, build->compiler, build->flags, build->openmp,
            build->opencl, build->gmp, build->simd);
}

static int run(const struct command_word *word, int argc, char **argv) {
    struct options options;
    options_parse(word, argc, argv, &options);
    progress_configure(&options);
    switch (word->command) {
    case COMMAND_TEST:
        return command_test(&options);
    case COMMAND_COUNT:
    case COMMAND_LIST:
        return command_range(&options);
    case COMMAND_ITERATE:
        return command_iterate(&options);
    case COMMAND_COMPARE:
        return command_compare(&options);
    case COMMAND_SCALE:
        return command_scale(&options);
    case COMMAND_DEVICES:
        return command_devices(&options);
    case COMMAND_SELFTEST:
        return command_selftest(&options);
    case COMMAND_AUDIT:
        return command_audit(&options);
    }
    return 6;
}

static bool done; /* main has come to its own end */

/* The last word on the exit code, also where a library ends the program. */
static void at_exit(int code, void *unused) {
    (void)unused;
    progress_interrupt(); /* whoever ends the program while there is a bar */
    if (code == 0 && fflush(stdout) != 0) {
        complain("writing to standard output failed");
        _exit(5);
    }
    /* The OpenMP runtime exits with 1, said to be a negative answer, when a thread cannot start. */
    if (code == 1 && !done)
        _exit(6);
}

/*
 * A standard stream that is closed gets a stand-in that fails: or else the next file to be opened
 * would take its place, and messages go where answers should.
 */
static void open_standard_streams(void) {
    static const int failing[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        int stand_in = open("/dev/null", failing[fd]);
        if (stand_in != fd)
            exit(5);
    }
}

/*
 * An OMP_NUM_THREADS that is no number, or list of numbers, is as good as none. LLVM's OpenMP
 * runtime, asked later, would abort or take what was in memory by chance (release 14).
 */
static void drop_bad_wish(void) {
    const char *wish = getenv("OMP_NUM_THREADS");
    size_t n = wish ? strspn(wish, "0123456789") : 0;
    if (wish && (n == 0 || n > 6 || *wish == '0' || wish[strspn(wish, "0123456789, ")]))
        unsetenv("OMP_NUM_THREADS");
}

int main(int argc, char **argv) {
    open_standard_streams();
    signal(SIGXFSZ, SIG_IGN); /* a file at its limit is a write that fails, and is said to be one */
    drop_bad_wish();
    on_exit(at_exit, NULL);
    memory_take_charge();
    argp_program_version_hook = print_version;
    if (argc < 2) {
        print_help(stderr);
        return 2;
    }
    const char *first = argv[1];
    const struct command_word *word = command_named(first);
    int code = 0;
    if (word) {
        code = run(word, argc - 1, argv + 1);
    } else if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0 ||
               strcmp(first, "help") == 0) {
        print_help(stdout);
    } else if (strcmp(first, "--version") == 0 || strcmp(first, "-V") == 0) {
        print_version(stdout, NULL);
    } else {
        complain("there is no command '%s'; `parprime --help` lists them", first);
        return 2;
    }
    done = true;
    return code;
}
