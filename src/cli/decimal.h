/* Numbers into digits. */
#ifndef PARPRIME_CLI_DECIMAL_H
#define PARPRIME_CLI_DECIMAL_H

#include <stdint.h>

/* Writes n in decimal at `to` (room for 20) and returns the end. */
char *write_decimal(char *to, uint64_t n);

#endif
