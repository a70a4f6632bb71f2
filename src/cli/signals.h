/* SIGINT and SIGTERM: the first ends the job after its units in flight, a second one at once. */
#ifndef PARPRIME_CLI_SIGNALS_H
#define PARPRIME_CLI_SIGNALS_H

#include <parprime.h>
#include <stdbool.h>

/*
 * From here on the signals cancel this session (NULL: only set the flag). One that has come
 * already cancels it now.
 */
void signals_watch(pp_session *session);

/*
 * Devices are about to be opened (true), and have been (false): signals wait meanwhile, since a
 * driver's compiler that is interrupted fails, or ends the program by a handler of its own.
 */
void signals_open(bool begins);

/* From here on the signals end the program at once: for work that nothing can stop. */
void signals_give_back(void);

/* The signal that came, 0 for none. */
int signals_came(void);

/* Its name, "SIGINT". */
const char *signals_name(void);

/*
 * Waits until fd can be read (POLLIN) or written (POLLOUT). False: it cannot, and a signal came;
 * where answers are to be written they are given a second yet.
 */
bool signals_wait(int fd, short events);

/* The exit code for `status`: 130 or 143 when a signal cancelled, else the status's own. */
int signals_exit_code(pp_status status);

#endif
