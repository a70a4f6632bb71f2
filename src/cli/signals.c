#include "cli/signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static _Atomic(pp_session *) watched;
static volatile sig_atomic_t came;

static void handle(int signal) {
    came = signal;
    pp_session *session = atomic_load(&watched);
    if (session)
        pp_session_cancel(session);
}

void signals_watch(pp_session *session) {
    atomic_store(&watched, session);
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
