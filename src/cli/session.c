#include "cli/session.h"

#include "cli/signals.h"
#include "cli/words.h"

#include <signal.h>

/* How far the job has come; written by worker threads one at a time, read when it has ended. */
static pp_progress last_progress;

static bool remember_progress(void *user, const pp_progress *progress) {
    (void)user;
    last_progress = *progress;
    return true;
}

int session_start(const struct options *options, pp_session **out) {
    pp_session_options session_options;
    if (!words_to_session(options, &session_options))
        return 2;
    pp_error error;
    pp_status status = pp_session_open(&session_options, out, &error);
    if (status != PP_OK)
        return fail_with(status, &error);
    pp_session_on_progress(*out, remember_progress, NULL);
    signals_watch(*out);
    return 0;
}

void session_end(pp_session *session) {
    signals_watch(NULL);
    pp_session_close(session);
}

static const char *signal_name(void) {
    return signals_came() == SIGTERM ? "SIGTERM" : "SIGINT";
}

int session_failed(pp_session *session, pp_status status) {
    if (status == PP_ERR_CANCELLED && signals_came())
        complain("%s after %llu of %llu numbers", signal_name(),
                 (unsigned long long)last_progress.done, (unsigned long long)last_progress.total);
    else if (status != PP_ERR_IO) /* the output has said that itself */
        fail_with(status, pp_session_error(session));
    return signals_exit_code(status);
}

json_t *json_interrupted(void) {
    return json_pack("{s:s, s:o, s:o}", "signal", signal_name(), "done",
                     json_u64(last_progress.done), "total", json_u64(last_progress.total));
}
