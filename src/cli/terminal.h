/* What can be shown where output goes. */
#ifndef PARPRIME_CLI_TERMINAL_H
#define PARPRIME_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* Does the locale that the environment names have UTF-8? */
bool terminal_is_utf8(void);

/* A terminal without escape sequences, or none that is known: TERM is dumb, empty or missing. */
bool terminal_is_dumb(void);

/* Columns of a line: COLUMNS from the environment, else the terminal's, else 80. */
size_t terminal_columns(int fd);

/* Colours are for terminals that know them, where NO_COLOR is not set to anything. */
bool terminal_has_colour(int fd);

#endif
