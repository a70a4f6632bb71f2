/* What an open session holds, for the engine's own files. */
#ifndef PARPRIME_ENGINE_SESSION_H
#define PARPRIME_ENGINE_SESSION_H

#include "backend/backend.h"
#include "base/error.h"
#include "engine/plan.h"
#include "math/decode.h"

#include <parprime.h>
#include <stdatomic.h>

/* A backend that has been opened. */
struct opened {
    const struct backend *backend;
    void *state;
    const struct pace *pace;
    double startup; /* seconds it took */
};

enum { SESSION_BACKENDS = 2 };

struct pp_session {
    /*
     * With a backend asked for, that one alone. With auto, serial first for jobs too small for
     * threads, then openmp where there is one.
     */
    struct opened opened[SESSION_BACKENDS];
    size_t n_opened;
    const struct decoder *decoder; /* of listed bitmaps, whichever backend made them */
    pp_method method;
    uint64_t unit_size;
    double verify;
    atomic_bool cancel;
    pp_progress_fn progress;
    void *progress_user;
    pp_unit_fn on_unit;
    void *on_unit_user;
    pp_result result;
    bool has_result;
    pp_error error;
};

#endif
