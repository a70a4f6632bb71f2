/* The commands. Each returns the program's exit code. */
#ifndef PARPRIME_CLI_COMMANDS_H
#define PARPRIME_CLI_COMMANDS_H

#include "cli/options.h"

int command_test(const struct options *options);
int command_range(const struct options *options); /* count and list */
int command_iterate(const struct options *options);
int command_compare(const struct options *options);
int command_scale(const struct options *options);
int command_devices(const struct options *options);
int command_selftest(const struct options *options);
int command_audit(const struct options *options);

#endif
