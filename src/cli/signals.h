/* SIGINT and SIGTERM: the first ends the job after its units in flight, a second one at once. */
#ifndef PARPRIME_CLI_SIGNALS_H
#define PARPRIME_CLI_SIGNALS_H

#include <parprime.h>

/* From here on the signals cancel this session (NULL: only set the flag). */
void signals_watch(pp_session *session);

/* The signal that came, 0 for none. */
int signals_came(void);

/* The exit code for `status`: 130 or 143 when a signal cancelled, else the status's own. */
int signals_exit_code(pp_status status);

#endif
