/* --report and --plot of compare and scale. */
#ifndef PARPRIME_CLI_PICTURES_H
#define PARPRIME_CLI_PICTURES_H

#include "cli/options.h"
#include "cli/output.h"

#include <jansson.h>

/* Before anything is measured: can what was asked for be made? 0, or the exit code of the
 * complaint. */
int pictures_check(const struct options *options);

/* Is the document needed for either? */
bool pictures_wanted(const struct options *options);

/* After the tables, of a run that was finished: --plot, if it was asked for. */
void pictures_plot(struct output *output, const struct options *options, const json_t *document);

/*
 * After all is measured and said, with the exit code so far: writes the report that was asked
 * for. Only a run that was finished has one. Returns the exit code.
 */
int pictures_report(const struct options *options, const json_t *document, int code);

#endif
