#include "cli/signals.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static _Atomic(pp_session *) watched;
static atomic_int handling; /* handlers that may still hold what was watched */
static volatile sig_atomic_t came;

static void handle(int signal) {
    came = signal;
    atomic_fetch_add(&handling, 1);
    pp_session *session = atomic_load(&watched);
    if (session)
        pp_session_cancel(session);
    atomic_fetch_sub(&handling, 1);
}

void signals_watch(pp_session *session) {
    atomic_store(&watched, session);
    /* The caller may close the session watched before: let a handler on another thread finish. */
    while (atomic_load(&handling))
        sched_yield();
    /* Reset on delivery: the second signal does what it does by default. */
    struct sigaction action = {.sa_handler = handle, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int signals_came(void) {
    return came;
}

int signals_exit_code(pp_status status) {
    return status == PP_ERR_CANCELLED && came ? 128 + came : pp_exit_code(status);
}
