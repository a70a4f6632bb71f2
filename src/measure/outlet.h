/* Where the bytes of a list go: nowhere, into a file, into a pipe that is read. */
#ifndef PARPRIME_MEASURE_OUTLET_H
#define PARPRIME_MEASURE_OUTLET_H

#include <parprime.h>
#include <pthread.h>

enum outlet_kind {
    OUTLET_ASKED = 0, /* whatever the job's own callback does */
    OUTLET_DISCARD,
    OUTLET_FILE, /* a temporary file without a name, in $TMPDIR or /tmp */
    OUTLET_PIPE  /* read, and discarded, by a thread of this process */
};

/* "discard", "file", "pipe"; NULL for OUTLET_ASKED. */
const char *outlet_name(enum outlet_kind kind);

struct outlet {
    enum outlet_kind kind;
    int to, from; /* from: a pipe's other end; a file's second hold */
    uint64_t written, read;
    bool drained; /* the reader came to the end of the pipe */
    pthread_t reader;
};

/* PP_ERR_IO or PP_ERR_INTERNAL (no thread) when it cannot be opened. */
pp_status outlet_open(struct outlet *outlet, enum outlet_kind kind, pp_error *error);

/* Writes all of it: PP_OK or PP_ERR_IO. */
pp_status outlet_write(struct outlet *outlet, const void *bytes, size_t n);

/*
 * Ends the writing. PP_ERR_IO when not everything arrived: at the reader, or in the file, whose
 * length is looked at. A file is not forced to the disk, as it is not by `list -o`.
 */
pp_status outlet_close(struct outlet *outlet, pp_error *error);

/*
 * The seconds that n bytes take which are there already, in blocks as pp_list hands them out: a
 * bound of runs that make them. PP_ERR_IO, PP_ERR_INTERNAL as above.
 */
pp_status outlet_alone(enum outlet_kind kind, uint64_t n, double *seconds, pp_error *error);

/* Lets go of the file, which takes time that no program spends that keeps what it wrote. */
void outlet_release(struct outlet *outlet);

#endif
