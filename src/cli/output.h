/* Words out: answers to a file descriptor, every byte checked; the result line; JSON. */
#ifndef PARPRIME_CLI_OUTPUT_H
#define PARPRIME_CLI_OUTPUT_H

#include "cli/options.h"

#include <jansson.h>
#include <parprime.h>
#include <stdio.h>

enum { SCHEMA_VERSION = 1 };

struct output {
    int fd;
    const char *name;
    bool is_terminal, is_pipe, widened;
    int unblocked; /* a pipe opened anew, whose writes do not wait for its reader; else -1 */
    pp_buffer buffer;
    pp_status status; /* the first failure; later writes do nothing */
};

/*
 * Opens options->output, or standard output. Complains when it cannot. A reader that stalls does
 * not keep a signal from ending the program: what it has not taken a second later is given up.
 */
bool output_open(struct output *output, const struct options *options);

/*
 * The same for a regular file that is to be read back and gone on with: it keeps what it holds, and
 * is only made when `create`. Complains of what is something else or cannot be opened, and returns
 * the exit code: 0, 2 or 5.
 */
int output_reopen(struct output *output, const struct options *options, bool create);

/* Appends bytes; large ones go straight out. PP_OK or PP_ERR_IO, PP_ERR_MEMORY. */
pp_status output_bytes(struct output *output, const void *bytes, size_t n);
pp_status output_format(struct output *output, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
pp_status output_flush(struct output *output);

/*
 * A stream whose text is appended when it ends: whole, or not at all when there was no memory for
 * some of it. NULL, and a status, if there is none for the stream.
 */
struct output_stream {
    FILE *to;
    char *text;
    size_t size;
};
FILE *output_stream_open(struct output *output, struct output_stream *stream);
void output_stream_end(struct output *output, struct output_stream *stream);

/*
 * Room for n bytes behind those gathered; add to output->buffer.size what was written there.
 * NULL after a failure.
 */
char *output_room(struct output *output, size_t n);

/* Text as a CSV field, in double quotes. */
pp_status output_quoted(struct output *output, const char *text);

/*
 * Flushes and closes, and complains of the first failure. Returns `code`, or the failure's exit
 * code when code was 0 or 1: lost answers are worse than negative ones.
 */
int output_close(struct output *output, int code);

/* ---- JSON ---- */

/* An integer as a string: it may pass 2^53. */
json_t *json_u64(uint64_t n);

/* One element of a document's "results". */
json_t *json_result(const pp_result *result);

/* {"schema_version", "version", "job", "environment"}; takes over the reference to `job`. */
json_t *json_document(json_t *job);

/*
 * Bulk members are streamed between a head and a tail: json_open writes head without its closing
 * brace and `"key": [`; the caller then writes elements; json_end writes `]`, the members of tail
 * and the brace. With key NULL, json_open and json_end write one whole object.
 * All take over the references.
 */
void json_open(struct output *output, json_t *head, const char *key);
void json_end(struct output *output, json_t *tail);
void json_whole(struct output *output, json_t *document);

/* ---- stderr ---- */

/* "kernels read from FOLDER" in a developer's build, which says so wherever it tells of OpenCL;
 * else NULL. */
const char *kernels_origin(void);

/* "16 primes in 0.001 s · openmp, 2 threads, mr · digest …", unless quiet; phases if verbose. */
void print_result(const struct options *options, const char *what, const pp_result *result);

#endif
