/* Known answers, and how a session is held to them: what `selftest` does with every code there is.
 */
#ifndef PARPRIME_CLI_KNOWN_H
#define PARPRIME_CLI_KNOWN_H

#include <parprime.h>

/* What has been checked with one code, and where failures are told. */
struct known_checks {
    unsigned ranges, numbers, lists; /* of them so many were asked for */
    unsigned passed, failed;         /* checks; a range is held to its count and its digest */
    void (*tell)(void *user, const char *what, uint64_t got, uint64_t expected);
    void *user;
};

/*
 * Asks an open session, whose method is `method`, for all that it answers quickly, or only for what
 * takes seconds (`slow`). The digest of a range must be the one that was found first in this
 * process, by whatever code. Returns what a job that failed came to.
 */
pp_status known_check(struct known_checks *checks, pp_session *session, pp_method method,
                      bool slow);

/* The iteration, which no backend and no method has a part in: the book's value, and Sylvester's.
 */
pp_status known_check_iteration(struct known_checks *checks);

#endif
