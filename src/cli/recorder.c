#include "cli/recorder.h"

#include "cli/render.h"
#include "cli/session.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/*
 * Seconds between commits: a sixteenth of the time so far, so that a kill costs no more than that,
 * from INTERVAL_LEAST (a commit takes 1 to 20 ms on disks of today, beside the work) to
 * INTERVAL_MOST, since seconds of work may be lost, not minutes.
 */
static const double INTERVAL_SHARE = 1 / 16.0, INTERVAL_LEAST = 0.05, INTERVAL_MOST = 5;

/* A span that is done and not yet in the ledger. */
struct span {
    uint64_t lo, hi, count, digest;
    bool has_digest;
    double seconds;
    uint64_t output_end, output_hash;
};

/* Spans in ascending order. */
struct spans {
    struct span *at;
    size_t n, capacity;
};

struct recorder {
    struct ledger *ledger;
    pp_session *session;
    struct output *output; /* of a list, else NULL */
    struct ledger_hash *hash;
    double begin;
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wake;
    struct spans done;     /* a count's; a list's that may be committed */
    struct span reached;   /* a list's that is emitted and may yet grow; lo > hi: none */
    double list_seconds;   /* of units that no span has yet */
    uint64_t output_bytes; /* the list's length */
    uint64_t output_whole; /* up to where there are rows */
    bool due;              /* the list's emitting thread is to hand over what is reached */
    bool ending;           /* the thread commits what there is, and ends */
    struct ledger_way way;
    bool has_way;
    uint64_t count, digest, numbers; /* of all that was noted of the job that runs */
    pp_error error;                  /* the first failure */
};

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---- noting what is done ---- */

/* With the lock held: the first failure is kept, and the job ends. */
static void give_up(struct recorder *recorder, const pp_error *why) {
    if (recorder->error.status == PP_OK)
        recorder->error = *why;
    pp_session_cancel(recorder->session);
}

static void no_memory(struct recorder *recorder) {
    give_up(recorder, &(pp_error){PP_ERR_MEMORY, 0, "no memory to note what is done"});
}

static void absorb(struct span *span, const struct span *next) {
    span->hi = next->hi;
    span->count += next->count;
    span->digest += next->digest;
    span->seconds += next->seconds;
}

static bool follows(const struct span *span, const struct span *next) {
    return span->hi + 1 == next->lo && span->has_digest == next->has_digest;
}

/* Puts a span in its place; where it touches another, they become one. False: no memory. */
static bool spans_add(struct spans *spans, const struct span *span) {
    size_t low = 0, high = spans->n; /* the first that lies behind it */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (spans->at[middle].lo > span->lo)
            high = middle;
        else
            low = middle + 1;
    }
    if (low > 0 && follows(&spans->at[low - 1], span)) {
        absorb(&spans->at[low - 1], span);
        if (low < spans->n && follows(&spans->at[low - 1], &spans->at[low])) {
            absorb(&spans->at[low - 1], &spans->at[low]);
            spans->n--;
            memmove(spans->at + low, spans->at + low + 1, (spans->n - low) * sizeof *spans->at);
        }
        return true;
    }
    if (low < spans->n && follows(span, &spans->at[low])) {
        struct span both = *span;
        absorb(&both, &spans->at[low]);
        spans->at[low] = both;
        return true;
    }
    if (spans->n == spans->capacity) {
        size_t capacity = 2 * spans->capacity + 16;
        struct span *more = realloc(spans->at, capacity * sizeof *more);
        if (!more)
            return false;
        spans->at = more;
        spans->capacity = capacity;
    }
    memmove(spans->at + low + 1, spans->at + low, (spans->n - low) * sizeof *spans->at);
    spans->at[low] = *span;
    spans->n++;
    return true;
}

static void note_way(struct recorder *recorder, const pp_unit *unit) {
    struct ledger_way *way = &recorder->way;
    if (recorder->has_way)
        return;
    snprintf(way->backend, sizeof way->backend, "%s", unit->backend);
    snprintf(way->device, sizeof way->device, "%s", unit->device);
    snprintf(way->method, sizeof way->method, "%s", pp_method_name(unit->method));
    snprintf(way->simd, sizeof way->simd, "%s", unit->simd);
    snprintf(way->version, sizeof way->version, "%s", pp_version());
    recorder->has_way = true;
}

/* A unit of any job. Of a list only how it was made, since it is not in its file yet. */
static void unit_done(void *user, const pp_unit *unit) {
    struct recorder *recorder = user;
    const struct span span = {.lo = unit->lo,
                              .hi = unit->hi,
                              .count = unit->count,
                              .digest = unit->digest,
                              .has_digest = unit->has_digest,
                              .seconds = unit->end - unit->begin};
    pthread_mutex_lock(&recorder->lock);
    note_way(recorder, unit);
    if (recorder->output) {
        recorder->list_seconds += span.seconds;
    } else {
        recorder->count += span.count;
        recorder->digest += span.digest;
        recorder->numbers += span.hi - span.lo + 1;
        if (!spans_add(&recorder->done, &span))
            no_memory(recorder);
    }
    pthread_mutex_unlock(&recorder->lock);
}

/* ---- lists ---- */

static pp_status emit(void *user, const void *bytes, size_t n) {
    struct recorder *recorder = user; /* alone: reached comes at no other time */
    ledger_hash_add(recorder->hash, bytes, n);
    recorder->output_bytes += n;
    return output_bytes(recorder->output, bytes, n);
}

/* With the lock held: what is reached may be committed, since all its bytes are in the file. */
static pp_status hand_over(struct recorder *recorder) {
    struct span *span = &recorder->reached;
    if (span->lo > span->hi)
        return PP_OK;
    pp_status status = output_flush(recorder->output);
    if (status != PP_OK)
        return status;
    span->seconds = recorder->list_seconds;
    recorder->list_seconds = 0;
    /* Not added to its neighbour, whose hash is of its own bytes. */
    struct spans *done = &recorder->done;
    if (done->n == done->capacity) {
        struct span *more = realloc(done->at, (done->capacity + 16) * sizeof *more);
        if (!more)
            return PP_ERR_MEMORY;
        done->at = more;
        done->capacity += 16;
    }
    done->at[done->n++] = *span;
    *span = (struct span){.lo = span->hi + 1, .hi = span->hi, .has_digest = true};
    ledger_hash_reset(recorder->hash);
    recorder->due = false;
    pthread_cond_signal(&recorder->wake);
    return PP_OK;
}

static pp_status reached(void *user, uint64_t hi, uint64_t count, uint64_t digest) {
    struct recorder *recorder = user;
    pthread_mutex_lock(&recorder->lock);
    struct span *span = &recorder->reached;
    recorder->count += count;
    recorder->digest += digest;
    recorder->numbers += hi - span->hi; /* also of the first, whose hi is one less than its lo */
    span->hi = hi;
    span->count += count;
    span->digest += digest;
    /* Now, since a job that is cancelled may emit a part of the next unit yet. */
    span->output_end = recorder->output_bytes;
    span->output_hash = ledger_hash_value(recorder->hash);
    pp_status status = recorder->due && recorder->has_way ? hand_over(recorder) : PP_OK;
    pthread_mutex_unlock(&recorder->lock);
    return status;
}

/* ---- committing ---- */

/* Makes rows of spans and adds them. Without the lock: only the way is looked at, which is kept. */
static pp_status commit(struct recorder *recorder, const struct spans *spans, pp_error *error) {
    if (spans->n == 0)
        return PP_OK;
    struct ledger_row *rows = calloc(spans->n, sizeof *rows);
    if (!rows) {
        *error = (pp_error){PP_ERR_MEMORY, 0, "no memory to note what is done"};
        return PP_ERR_MEMORY;
    }
    for (size_t i = 0; i < spans->n; i++) {
        const struct span *span = &spans->at[i];
        rows[i] = (struct ledger_row){.lo = span->lo,
                                      .hi = span->hi,
                                      .count = span->count,
                                      .digest = span->digest,
                                      .has_digest = span->has_digest,
                                      .seconds = span->seconds,
                                      .output_end = span->output_end,
                                      .output_hash = span->output_hash,
                                      .way = &recorder->way};
    }
    pp_status status = PP_OK;
    if (recorder->output && fsync(recorder->output->fd) != 0) {
        status = PP_ERR_IO;
        error->status = status;
        snprintf(error->message, sizeof error->message, "%.100s: %s", recorder->output->name,
                 strerror(errno));
    }
    if (status == PP_OK)
        status = ledger_add(recorder->ledger, rows, spans->n, error);
    if (status == PP_OK)
        recorder->output_whole = spans->at[spans->n - 1].output_end;
    free(rows);
    return status;
}

/* Takes what may be committed, with the lock held, and commits it without. */
static void commit_done(struct recorder *recorder) {
    struct spans spans = recorder->done;
    recorder->done = (struct spans){NULL, 0, 0};
    bool failed = recorder->error.status != PP_OK;
    pthread_mutex_unlock(&recorder->lock);
    pp_error error;
    /* After a failure nothing more: what a list lacks before a row must not be behind one. */
    pp_status status = failed ? PP_OK : commit(recorder, &spans, &error);
    free(spans.at);
    pthread_mutex_lock(&recorder->lock);
    if (status != PP_OK)
        give_up(recorder, &error);
}

/* Waits for the moment of the next commit, or the end. With the lock held. */
static void await_turn(struct recorder *recorder) {
    double interval = (seconds_now() - recorder->begin) * INTERVAL_SHARE;
    if (interval < INTERVAL_LEAST)
        interval = INTERVAL_LEAST;
    if (interval > INTERVAL_MOST)
        interval = INTERVAL_MOST;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)interval;
    until.tv_nsec += (long)((interval - (double)(time_t)interval) * 1e9);
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    int waited = 0;
    while (!recorder->ending && waited == 0)
        waited = pthread_cond_timedwait(&recorder->wake, &recorder->lock, &until);
    /* What a list has reached is handed over by who emits it. */
    recorder->due = recorder->output != NULL;
    while (!recorder->ending && recorder->due)
        pthread_cond_wait(&recorder->wake, &recorder->lock);
}

static void *commit_while_running(void *user) {
    struct recorder *recorder = user;
    pthread_mutex_lock(&recorder->lock);
    for (bool last = false; !last;) {
        await_turn(recorder);
        last = recorder->ending;
        commit_done(recorder);
    }
    pthread_mutex_unlock(&recorder->lock);
    return NULL;
}

/* ---- jobs ---- */

/* A job of the session, recorded. */
static pp_status run_recorded(struct recorder *recorder, uint64_t lo, uint64_t hi,
                              pp_error *error) {
    recorder->count = recorder->digest = recorder->numbers = 0;
    recorder->has_way = recorder->ending = recorder->due = false;
    recorder->reached = (struct span){.lo = lo, .hi = lo - 1, .has_digest = true};
    if (pthread_create(&recorder->thread, NULL, commit_while_running, recorder) != 0) {
        *error = (pp_error){PP_ERR_INTERNAL, 0, "a thread could not be started"};
        return PP_ERR_INTERNAL;
    }
    pp_session_on_unit(recorder->session, unit_done, recorder);
    const pp_list_callback callback = {
        .user = recorder,
        .order = PP_ORDER_ASCENDING,
        .render = strcmp(recorder->ledger->job.output, "u64") == 0 ? render_u64 : render_lines,
        .emit = emit,
        .reached = reached};
    pp_status status = recorder->output ? pp_list(recorder->session, lo, hi, &callback)
                                        : pp_count(recorder->session, lo, hi, NULL);
    pp_session_on_unit(recorder->session, NULL, NULL);
    *error = *pp_session_error(recorder->session);
    if (recorder->output && recorder->output->status != PP_OK)
        error->message[0] = '\0'; /* the output has said that itself */

    pthread_mutex_lock(&recorder->lock);
    if (recorder->output && (status == PP_OK || status == PP_ERR_CANCELLED)) {
        pp_status handed = recorder->has_way ? hand_over(recorder) : PP_OK;
        if (handed == PP_ERR_MEMORY)
            no_memory(recorder);
        else if (handed != PP_OK)
            give_up(recorder, &(pp_error){handed, 0, ""}); /* the output has said that itself */
    }
    recorder->ending = true;
    pthread_cond_signal(&recorder->wake);
    pthread_mutex_unlock(&recorder->lock);
    pthread_join(recorder->thread, NULL);
    if (recorder->error.status != PP_OK && (status == PP_OK || status == PP_ERR_CANCELLED)) {
        *error = recorder->error;
        return error->status;
    }
    if (status != PP_OK)
        return status;
    /* What was written down must be what the job found. */
    const pp_result *result = pp_session_result(recorder->session);
    if (recorder->numbers != hi - lo + 1 || recorder->count != result->count ||
        (result->has_digest && recorder->digest != result->digest)) {
        *error = (pp_error){PP_ERR_INTERNAL, 0, "what was recorded is not what was computed"};
        return PP_ERR_INTERNAL;
    }
    return PP_OK;
}

/* Numbers in [lo, hi], 2^64 - 1 if there are more. */
static uint64_t numbers_in(uint64_t lo, uint64_t hi) {
    return hi - lo == UINT64_MAX ? UINT64_MAX : hi - lo + 1;
}

static uint64_t add_saturating(uint64_t a, uint64_t b) {
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void add_up(struct recorded *out, const struct ledger_row *row) {
    out->result.count += row->count;
    out->result.digest += row->digest;
    out->result.has_digest &= row->has_digest;
    out->resumed = add_saturating(out->resumed, numbers_in(row->lo, row->hi));
}

/* Runs [lo, hi], and adds it to what there is. */
static pp_status add_job(struct recorder *recorder, uint64_t lo, uint64_t hi, struct recorded *out,
                         pp_error *error) {
    session_passed(out->numbers);
    pp_status status = run_recorded(recorder, lo, hi, error);
    /* Also of a job that was cut short. */
    out->numbers =
        add_saturating(out->numbers, status == PP_OK ? numbers_in(lo, hi) : recorder->numbers);
    const pp_result *result = pp_session_result(recorder->session);
    if (status != PP_OK)
        return status;
    struct recorded before = *out;
    out->result = *result;
    out->result.count += before.result.count;
    out->result.digest += before.result.digest;
    out->result.has_digest &= before.result.has_digest;
    out->result.units += before.result.units;
    out->result.verified += before.result.verified;
    pp_phases *phases = &out->result.phases;
    phases->build += before.result.phases.build;
    phases->prepare += before.result.phases.prepare;
    phases->upload += before.result.phases.upload;
    phases->compute += before.result.phases.compute;
    phases->download += before.result.phases.download;
    phases->output += before.result.phases.output;
    out->computed = true;
    return PP_OK;
}

static void recorder_begin(struct recorder *recorder, struct ledger *ledger, pp_session *session,
                           struct recorded *out) {
    *recorder = (struct recorder){.ledger = ledger, .session = session, .begin = seconds_now()};
    *out = (struct recorded){.result.has_digest = true, .rows = ledger->n_rows};
    pthread_mutex_init(&recorder->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&recorder->wake, &attributes);
    pthread_condattr_destroy(&attributes);
}

static void recorder_end(struct recorder *recorder, struct recorded *out) {
    out->result.seconds = seconds_now() - recorder->begin;
    pthread_cond_destroy(&recorder->wake);
    pthread_mutex_destroy(&recorder->lock);
    free(recorder->done.at);
    ledger_hash_free(recorder->hash);
}

pp_status record_count(struct ledger *ledger, pp_session *session, struct recorded *out,
                       pp_error *error) {
    struct recorder recorder;
    pp_status status = PP_OK;
    recorder_begin(&recorder, ledger, session, out);
    for (size_t i = 0; status == PP_OK && i < ledger->n_rows;) {
        if (ledger->rows[i].standing != LEDGER_DISPUTED) {
            add_up(out, &ledger->rows[i++]);
        } else {
            status = ledger_remove(ledger, i, 1, error);
            out->disputed++;
        }
    }
    out->numbers = out->resumed;
    const uint64_t last = ledger->job.hi;
    uint64_t next = ledger->job.lo; /* what is before it is done */
    bool whole = false;
    for (size_t i = 0; status == PP_OK && !whole && i <= ledger->n_rows; i++) {
        const struct ledger_row *row = i < ledger->n_rows ? &ledger->rows[i] : NULL;
        if (!row || row->lo > next)
            status = add_job(&recorder, next, row ? row->lo - 1 : last, out, error);
        whole = !row || row->hi == last;
        next = row ? row->hi + 1 : 0;
    }
    recorder_end(&recorder, out);
    return status;
}

/* ---- a list's file ---- */

static pp_status refuse_file(const struct output *output, pp_error *error, const char *why) {
    error->status = PP_ERR_IO;
    snprintf(error->message, sizeof error->message, "%.80s: %s", output->name, why);
    return PP_ERR_IO;
}

/* Reads [*at, end), and says what its hash is. */
static bool hash_file(int fd, uint64_t *at, uint64_t end, struct ledger_hash *hash, uint64_t *out) {
    static char bytes[1 << 18];
    while (*at < end) {
        uint64_t left = end - *at;
        ssize_t n = pread(fd, bytes, left < sizeof bytes ? (size_t)left : sizeof bytes, (off_t)*at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        ledger_hash_add(hash, bytes, (size_t)n);
        *at += (uint64_t)n;
    }
    *out = ledger_hash_value(hash);
    ledger_hash_reset(hash);
    return true;
}

/* Is what the rows speak of still there, byte for byte? */
static pp_status check_file(const struct recorder *recorder, pp_error *error) {
    const struct ledger *ledger = recorder->ledger;
    const struct output *output = recorder->output;
    struct stat what;
    if (fstat(output->fd, &what) != 0)
        return refuse_file(output, error, strerror(errno));
    if (ledger->n_rows == 0)
        return PP_OK;
    const struct ledger_row *last = &ledger->rows[ledger->n_rows - 1];
    if ((uint64_t)what.st_size < last->output_end)
        return refuse_file(output, error, "is shorter than the ledger says; it is not its list");
    if (last->hi == ledger->job.hi && (uint64_t)what.st_size > last->output_end)
        return refuse_file(output, error, "is longer than the whole list in the ledger");
    uint64_t at = 0;
    for (size_t i = 0; i < ledger->n_rows; i++) {
        uint64_t hash;
        if (!hash_file(output->fd, &at, ledger->rows[i].output_end, recorder->hash, &hash))
            return refuse_file(output, error, "cannot be read back");
        if (hash != ledger->rows[i].output_hash)
            return refuse_file(output, error, "was changed since the ledger was written");
    }
    return PP_OK;
}

/* Cuts the file to that length, behind which the next byte goes. */
static pp_status cut_file(struct recorder *recorder, uint64_t length, pp_error *error) {
    int fd = recorder->output->fd;
    if (ftruncate(fd, (off_t)length) != 0 || lseek(fd, (off_t)length, SEEK_SET) < 0)
        return refuse_file(recorder->output, error, strerror(errno));
    recorder->output_bytes = recorder->output_whole = length;
    return PP_OK;
}

/* That there is such a file is to be on the disk too. */
static void sync_folder(const char *path) {
    char *copy = strdup(path);
    int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(copy);
}

pp_status record_list(struct ledger *ledger, pp_session *session, struct output *output,
                      struct recorded *out, pp_error *error) {
    struct recorder recorder;
    recorder_begin(&recorder, ledger, session, out);
    recorder.output = output;
    recorder.hash = ledger_hash_new();
    pp_status status = PP_OK;
    if (!recorder.hash) {
        *error = (pp_error){PP_ERR_MEMORY, 0, "no memory to note what is done"};
        status = PP_ERR_MEMORY;
    }
    if (status == PP_OK)
        status = check_file(&recorder, error);
    /* From the first row in dispute on it is done again. */
    size_t kept = 0;
    for (; kept < ledger->n_rows && ledger->rows[kept].standing != LEDGER_DISPUTED; kept++)
        add_up(out, &ledger->rows[kept]);
    out->disputed = ledger->n_rows - kept;
    if (status == PP_OK && out->disputed)
        status = ledger_remove(ledger, kept, ledger->n_rows - kept, error);
    out->numbers = out->resumed;
    const struct ledger_row *last = kept ? &ledger->rows[kept - 1] : NULL;
    if (status == PP_OK)
        status = cut_file(&recorder, last ? last->output_end : 0, error);
    if (status == PP_OK && (!last || last->hi < ledger->job.hi)) {
        sync_folder(output->name);
        status =
            add_job(&recorder, last ? last->hi + 1 : ledger->job.lo, ledger->job.hi, out, error);
        if (status == PP_ERR_CANCELLED) { /* no half unit stays behind what is recorded */
            pp_error ignored;
            output->buffer.size = 0;
            cut_file(&recorder, recorder.output_whole, &ignored);
        }
    }
    recorder_end(&recorder, out);
    return status;
}
