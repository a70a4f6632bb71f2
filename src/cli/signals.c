#include "cli/signals.h"

#include "cli/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

static _Atomic(pp_session *) watched;
static atomic_int handling; /* handlers that may still hold what was watched */
static atomic_int came;
static int wake[2] = {-1, -1}; /* a pipe: readable once a signal came, whichever thread took it */

static void handle(int number) {
    int kept = errno;
    atomic_store(&came, number);
    progress_interrupt();
    /* The next one of either kind does what it does by default. */
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    atomic_fetch_add(&handling, 1);
    pp_session *session = atomic_load(&watched);
    if (session)
        pp_session_cancel(session);
    atomic_fetch_sub(&handling, 1);
    if (wake[1] >= 0 && write(wake[1], "", 1) < 0) {
        /* Full: then it is readable, which is all that is wanted. */
    }
    errno = kept;
}

void signals_watch(pp_session *session) {
    static bool installed;
    atomic_store(&watched, session);
    /* The caller may close the session watched before: let a handler on another thread finish. */
    while (atomic_load(&handling))
        sched_yield();
    if (signals_came()) {
        if (session) /* between two jobs */
            pp_session_cancel(session);
        return; /* the next one ends the program */
    }
    if (!installed && pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
        wake[0] = wake[1] = -1; /* waits are then ended by a second signal only */
    installed = true;
    /* Every time, since an OpenCL driver's compiler may have put a handler of its own there. */
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* Lets signals wait (true) or come again (false), on this thread and those it starts. */
static void signals_hold(bool hold) {
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    pthread_sigmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &both, NULL);
}

void signals_open(bool begins) {
    signals_watch(NULL); /* ours, also where a driver has just put its own */
    signals_hold(begins);
}

void signals_give_back(void) {
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
}

int signals_came(void) {
    return atomic_load(&came);
}

const char *signals_name(void) {
    return signals_came() == SIGTERM ? "SIGTERM" : "SIGINT";
}

/* Milliseconds that answers may still take on their way out. */
enum { GRACE = 1000 };

bool signals_wait(int fd, short events) {
    struct pollfd fds[] = {{.fd = fd, .events = events}, {.fd = wake[0], .events = POLLIN}};
    while (!signals_came()) {
        if (poll(fds, 2, -1) < 0 ? errno != EINTR : fds[0].revents)
            return true;
    }
    return poll(fds, 1, events & POLLOUT ? GRACE : 0) != 0;
}

int signals_exit_code(pp_status status) {
    int number = signals_came();
    /* A driver may fail when it is interrupted; that is an interruption too. */
    bool interrupted = status == PP_ERR_CANCELLED || status == PP_ERR_INTERNAL;
    return interrupted && number ? 128 + number : pp_exit_code(status);
}
