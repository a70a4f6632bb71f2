/*
 * A bar on stderr for work that takes long: how far it has come, how fast, and how long it will yet
 * take. Only on a terminal, unless asked for; erased before anything else is written there. It is
 * drawn by a thread of its own, so that workers do no more than store a number.
 */
#ifndef PARPRIME_CLI_PROGRESS_H
#define PARPRIME_CLI_PROGRESS_H

#include "cli/options.h"

#include <stdint.h>

/*
 * Decides for all that follows whether there are bars: --progress, --no-progress, -q, else whether
 * stderr is a terminal that answers are not written to one after the other.
 */
void progress_configure(const struct options *options);

/*
 * A piece of work begins, of `total` things (0: nobody knows) with a name like "numbers", which
 * must stay. The bar shows after half a second. A piece that has begun is ended first.
 */
void progress_begin(const char *things, uint64_t total);

/* So many are done; from any thread, cheap. */
void progress_set(uint64_t done);
void progress_add(uint64_t n);

/* The number of things has come out, or changed. */
void progress_expect(uint64_t total);

/* Done, or given up: the bar is gone when this returns. Harmless without one. */
void progress_end(void);

/*
 * Between the two something else is written to the terminal, stderr's or stdout's: the bar is
 * erased and not drawn. Not to be nested.
 */
void progress_pause(void);
void progress_resume(void);

/* A signal came: the bar goes away and stays away. Async-signal-safe. */
void progress_interrupt(void);

#endif
