#include "cli/commands.h"
#include "cli/words.h"

#include <stdio.h>
#include <string.h>

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

static void print_version(void) {
    const pp_build_info *build = pp_build();
    printf("parprime %s (%s)\n"
           "compiler  %s\n"
           "flags     %s\n"
           "OpenMP    %s\n"
           "OpenCL    %s\n"
           "GMP       %s\n"
           "SIMD      this machine: %s; this version uses: none\n",
           build->version, build->commit, build->compiler, build->flags, build->openmp,
           build->opencl, build->gmp, build->simd);
}

static int run(const struct command_word *word, int argc, char **argv) {
    struct options options;
    options_parse(word, argc, argv, &options);
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
    case COMMAND_DEVICES:
        return command_devices(&options);
    }
    return 6;
}

int main(int argc, char **argv) {
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
        print_version();
    } else {
        complain("there is no command '%s'; `parprime --help` lists them", first);
        return 2;
    }
    if (fflush(stdout) != 0 && code == 0) {
        complain("writing to standard output failed");
        return 5;
    }
    return code;
}
