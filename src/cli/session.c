#include "cli/session.h"

#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/words.h"

#include <stdio.h>

/* How far the work has come; written by worker threads one at a time, read when it has ended. */
static pp_progress last_progress;
static uint64_t passed; /* of it, in jobs before this one */

static bool remember_progress(void *user, const pp_progress *progress) {
    (void)user;
    last_progress.done = passed + progress->done;
    progress_set(last_progress.done);
    return true;
}

int session_start(const struct options *options, pp_session **out) {
    pp_session_options session_options;
    if (!words_to_session(options, &session_options))
        return 2;
    pp_error error;
    signals_open(true);
    pp_status status = pp_session_open(&session_options, out, &error);
    signals_open(false);
    if (status != PP_OK)
        return fail_with(status, &error);
    signals_watch(*out);
    return 0;
}

void session_end(pp_session *session) {
    progress_end();
    signals_watch(NULL);
    pp_session_close(session);
}

void session_follow(pp_session *session, uint64_t total) {
    last_progress = (pp_progress){.total = total};
    passed = 0;
    pp_session_on_progress(session, remember_progress, NULL);
    progress_begin("numbers", total);
}

void session_passed(uint64_t done) {
    passed = last_progress.done = done;
    progress_set(done);
}

void session_followed(void) {
    progress_end();
}

int interrupted_after(uint64_t done, uint64_t total, const char *things) {
    last_progress = (pp_progress){.done = done, .total = total};
    char of_total[32] = "";
    if (total)
        snprintf(of_total, sizeof of_total, " of %llu", (unsigned long long)total);
    complain("%s after %llu%s %s", signals_name(), (unsigned long long)done, of_total, things);
    return signals_exit_code(PP_ERR_CANCELLED);
}

int session_failed(pp_session *session, pp_status status) {
    if (signals_came() && signals_exit_code(status) > 128)
        return interrupted_after(last_progress.done, last_progress.total, "numbers");
    if (status != PP_ERR_IO) /* the output has said that itself */
        fail_with(status, pp_session_error(session));
    return pp_exit_code(status);
}

json_t *json_interrupted(void) {
    return json_pack("{s:s, s:o, s:o}", "signal", signals_name(), "done",
                     json_u64(last_progress.done), "total",
                     last_progress.total ? json_u64(last_progress.total) : json_null());
}
