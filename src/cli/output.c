#include "cli/output.h"

#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/words.h"
#include "measure/environment.h"
#include "measure/print.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Small writes gather up to this many bytes. */
enum { GATHER = 1 << 16 };

bool output_open(struct output *output, const struct options *options) {
    *output = (struct output){.fd = STDOUT_FILENO, .name = "standard output", .unblocked = -1};
    if (options->output) {
        output->name = options->output;
        output->fd = open(options->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    }
    if (output->fd < 0) {
        complain("%s: %s", output->name, strerror(errno));
        return false;
    }
    struct stat what;
    output->is_terminal = isatty(output->fd);
    output->is_pipe = fstat(output->fd, &what) == 0 && S_ISFIFO(what.st_mode);
    if (output->is_pipe) {
        /* What standard output is others may share: that it does not block must not be theirs. */
        char path[40];
        snprintf(path, sizeof path, "/proc/self/fd/%d", output->fd);
        output->unblocked = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    }
    return true;
}

int output_reopen(struct output *output, const struct options *options, bool create) {
    *output = (struct output){.name = options->output, .unblocked = -1};
    /* O_NONBLOCK, so that a pipe without a reader is refused rather than waited for. */
    output->fd =
        open(options->output, O_RDWR | O_NONBLOCK | O_CLOEXEC | (create ? O_CREAT : 0), 0666);
    struct stat what;
    int code = 0;
    if (output->fd < 0 || fstat(output->fd, &what) != 0) {
        code =
            errno == ENOENT && !create ? 2 : 5; /* not the list that the ledger is of, or failing */
        complain("%s: %s", output->name, strerror(errno));
    } else if (!S_ISREG(what.st_mode)) {
        complain("%s is not a file, and cannot be gone on with from a ledger", output->name);
        code = 2;
    }
    if (code && output->fd >= 0)
        close(output->fd);
    return code;
}

/*
 * Writes what can be written, at least a byte, or fails. A pipe whose reader stalls must not keep a
 * signal waiting, so nothing is written that could block: where the pipe could not be opened anew,
 * no more than what poll promises room for. ECANCELED: nobody reads, and a signal came.
 */
static ssize_t write_some(const struct output *output, const char *bytes, size_t n) {
    if (!output->is_pipe)
        return write(output->fd, bytes, n);
    for (;;) {
        if (output->unblocked >= 0) {
            ssize_t written = write(output->unblocked, bytes, n);
            if (written >= 0 || errno != EAGAIN)
                return written;
        }
        if (!signals_wait(output->fd, POLLOUT)) {
            errno = ECANCELED;
            return -1;
        }
        if (output->unblocked < 0)
            return write(output->fd, bytes, n < PIPE_BUF ? n : PIPE_BUF);
    }
}

/*
 * Room for what one side is ahead of the other. A million bytes is what anybody may ask for unless
 * the administrator says otherwise; where it is refused, the pipe stays as it is.
 */
enum { PIPE_BYTES = 1 << 20 };

static void widen(struct output *output) {
    output->widened = true;
    if (output->is_pipe && fcntl(output->fd, F_GETPIPE_SZ) < PIPE_BYTES)
        fcntl(output->fd, F_SETPIPE_SZ, PIPE_BYTES);
}

static pp_status write_all(struct output *output, const char *bytes, size_t n) {
    if (n > GATHER && !output->widened)
        widen(output);
    while (n && output->status == PP_OK) {
        if (output->is_terminal)
            progress_pause();
        ssize_t written = write_some(output, bytes, n);
        int failure = errno; /* which drawing must not change */
        if (output->is_terminal)
            progress_resume();
        errno = failure;
        if (written > 0) {
            bytes += written;
            n -= (size_t)written;
        } else if (written < 0 && errno == ECANCELED) {
            output->status = PP_ERR_CANCELLED;
            complain("%s is not being read: %s", output->name, signals_name());
        } else if (written < 0 && errno != EINTR) {
            output->status = PP_ERR_IO;
            complain("%s: %s", output->name, strerror(errno));
        }
    }
    return output->status;
}

pp_status output_flush(struct output *output) {
    write_all(output, output->buffer.data, output->buffer.size);
    output->buffer.size = 0;
    return output->status;
}

char *output_room(struct output *output, size_t n) {
    if (output->buffer.size + n > GATHER && output_flush(output) != PP_OK)
        return NULL;
    char *room = pp_buffer_reserve(&output->buffer, n);
    if (!room)
        output->status = PP_ERR_MEMORY;
    return room;
}

pp_status output_bytes(struct output *output, const void *bytes, size_t n) {
    if (output->buffer.size + n > GATHER && output_flush(output) != PP_OK)
        return output->status;
    if (n > GATHER)
        return write_all(output, bytes, n);
    char *room = pp_buffer_reserve(&output->buffer, n);
    if (!room)
        return output->status = PP_ERR_MEMORY;
    memcpy(room, bytes, n);
    output->buffer.size += n;
    return output->status;
}

FILE *output_stream_open(struct output *output, struct output_stream *stream) {
    *stream = (struct output_stream){.text = NULL};
    stream->to = open_memstream(&stream->text, &stream->size);
    if (!stream->to)
        output->status = PP_ERR_MEMORY;
    return stream->to;
}

void output_stream_end(struct output *output, struct output_stream *stream) {
    bool whole = !ferror(stream->to);
    if (fclose(stream->to) != 0 || !whole)
        output->status = PP_ERR_MEMORY;
    else
        output_bytes(output, stream->text, stream->size);
    free(stream->text);
}

pp_status output_format(struct output *output, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = NULL;
    int n = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (n < 0)
        return output->status = PP_ERR_MEMORY;
    output_bytes(output, text, (size_t)n);
    free(text);
    return output->status;
}

pp_status output_quoted(struct output *output, const char *text) {
    output_bytes(output, "\"", 1);
    for (; *text; text++)
        output_bytes(output, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
    return output_bytes(output, "\"", 1);
}

int output_close(struct output *output, int code) {
    output_flush(output);
    free(output->buffer.data);
    if (output->unblocked >= 0)
        close(output->unblocked);
    if (output->status == PP_ERR_MEMORY)
        complain("%s", pp_strerror(output->status));
    /* Standard output too: a full disk may show only here. */
    if (close(output->fd) != 0 && output->status == PP_OK) {
        output->status = PP_ERR_IO;
        complain("%s: %s", output->name, strerror(errno));
    }
    return output->status != PP_OK && code <= 1 ? signals_exit_code(output->status) : code;
}

json_t *json_u64(uint64_t n) {
    return json_sprintf("%llu", (unsigned long long)n);
}

json_t *json_result(const pp_result *result) {
    const pp_phases *phases = &result->phases;
    return json_pack(
        "{s:s, s:s, s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o, s:o, s:o, "
        "s:o, s:o, s:o}}",
        "backend", result->backend, "method", pp_method_name(result->method), "threads",
        (int)result->threads, "device", result->device, "device_kind", result->device_kind, "simd",
        result->simd, "count", json_u64(result->count), "digest",
        result->has_digest ? json_sprintf("%016llx", (unsigned long long)result->digest)
                           : json_null(),
        "units", json_u64(result->units), "verified", json_u64(result->verified), "retried",
        json_u64(result->retried), "fault",
        result->retried ? json_string(result->fault) : json_null(), "seconds",
        json_seconds(result->seconds), "phases", "startup", json_seconds(phases->startup), "build",
        json_seconds(phases->build), "prepare", json_seconds(phases->prepare), "upload",
        json_seconds(phases->upload), "compute", json_seconds(phases->compute), "download",
        json_seconds(phases->download), "output", json_seconds(phases->output));
}

json_t *json_document(json_t *job) {
    return json_pack("{s:i, s:s, s:o, s:o}", "schema_version", SCHEMA_VERSION, "version",
                     pp_version(), "job", job, "environment", environment_json());
}

static const size_t JSON_FLAGS = JSON_INDENT(2) | JSON_REAL_PRECISION(12);

/* An object's text without the braces at its ends; to be freed, NULL without memory. */
static char *members(json_t *object) {
    char *text = object ? json_dumps(object, JSON_FLAGS) : NULL;
    json_decref(object);
    if (!text)
        return NULL;
    size_t length = strlen(text);
    memmove(text, text + 1, length - 2);
    text[length - 2] = '\0';
    while (length > 2 && strchr(" \n", text[length - 3]))
        text[--length - 2] = '\0';
    return text;
}

void json_open(struct output *output, json_t *head, const char *key) {
    char *text = members(head);
    if (text)
        output_format(output, "{%s,\n  \"%s\": [", text, key);
    else
        output->status = PP_ERR_MEMORY;
    free(text);
}

void json_end(struct output *output, json_t *tail) {
    char *text = members(tail);
    if (text)
        output_format(output, "\n  ],%s\n}\n", text);
    else
        output->status = PP_ERR_MEMORY;
    free(text);
}

void json_whole(struct output *output, json_t *document) {
    char *text = document ? json_dumps(document, JSON_FLAGS) : NULL;
    json_decref(document);
    if (text)
        output_format(output, "%s\n", text);
    else
        output->status = PP_ERR_MEMORY;
    free(text);
}

static void print_phases(const pp_result *result) {
    const struct {
        const char *name;
        double seconds;
    } phases[] = {{"start-up", result->phases.startup},   {"build", result->phases.build},
                  {"prepare", result->phases.prepare},    {"upload", result->phases.upload},
                  {"compute", result->phases.compute},    {"download", result->phases.download},
                  {"of it output", result->phases.output}};
    fprintf(stderr, "  device %s · units %llu", result->device, (unsigned long long)result->units);
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
        if (phases[i].seconds > 0)
            fprintf(stderr, " · %s %.6f s", phases[i].name, phases[i].seconds);
    fputc('\n', stderr);
}

const char *kernels_origin(void) {
    return strstr(pp_build()->opencl, "kernels read from ");
}

void print_result(const struct options *options, const char *what, const pp_result *result) {
    progress_end();
    if (result->retried) /* also to those who want answers only: of hardware they must know */
        complain("warning: %s; computed again, %llu launch%s in all, and then right", result->fault,
                 (unsigned long long)result->retried, result->retried == 1 ? "" : "es");
    if (options->quiet)
        return;
    bool opencl = strcmp(result->backend, "opencl") == 0;
    fprintf(stderr, "%s in %.3f s · %s%s%s, %u %s%s, %s (%s)", what, result->seconds,
            result->backend, opencl ? " on a " : "", opencl ? result->device_kind : "",
            result->threads, opencl ? "compute unit" : "thread", result->threads == 1 ? "" : "s",
            pp_method_name(result->method), result->simd);
    if (result->verified)
        fprintf(stderr, " · %llu of %llu units verified", (unsigned long long)result->verified,
                (unsigned long long)result->units);
    if (result->retried)
        fprintf(stderr, " · %llu computed again", (unsigned long long)result->retried);
    if (result->has_digest)
        fprintf(stderr, " · digest %016llx", (unsigned long long)result->digest);
    if (opencl && kernels_origin())
        fprintf(stderr, " · %s", kernels_origin());
    fputc('\n', stderr);
    if (options->verbose)
        print_phases(result);
}
