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
 * From here on jobs of `total` numbers run (0: nobody knows), whose progress is shown (progress.h),
 * and is what an interruption tells.
 */
void session_follow(pp_session *session, uint64_t total);

/* Jobs that are over have done so many of them; the next one's progress counts from there. */
void session_passed(uint64_t done);

/* That work is over: nothing of it is shown any more. */
void session_followed(void);

/*
 * Says on stderr why a job failed, or how far it had come when it was interrupted, and returns
 * the exit code.
 */
int session_failed(pp_session *session, pp_status status);

/* The same for work outside sessions: says what a signal ended, of so many `things`. */
int interrupted_after(uint64_t done, uint64_t total, const char *things);

/*
 * {"signal", "done", "total"} for JSON after an interruption: of what the last of the two above
 * spoke of. A total of 0 is unknown, and null.
 */
json_t *json_interrupted(void);

#endif
