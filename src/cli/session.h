/* What the commands that run jobs share: a session, watched for signals, and how it ends. */
#ifndef PARPRIME_CLI_SESSION_H
#define PARPRIME_CLI_SESSION_H

#include "cli/output.h"

#include <parprime.h>

/* Opens a session and watches it. Returns 0, or the exit code after complaining. */
int session_start(const struct options *options, pp_session **out);

/* Stops watching and closes. */
void session_end(pp_session *session);

/*
 * Says on stderr why a job failed, or how far it had come when it was interrupted, and returns
 * the exit code.
 */
int session_failed(pp_session *session, pp_status status);

/* {"signal", "done", "total"} for JSON after an interruption. */
json_t *json_interrupted(void);

#endif
