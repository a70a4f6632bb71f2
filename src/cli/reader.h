/*
 * A stream of numbers, from text or from little-endian 64-bit words, in bounded memory. It comes
 * in batches: as many numbers as are there without waiting, so that a person typing is
 * answered line by line and a file fills whole batches.
 */
#ifndef PARPRIME_CLI_READER_H
#define PARPRIME_CLI_READER_H

#include <parprime.h>

enum { BATCH_NUMBERS = 1 << 18 };

/* A number from 2^64 up, in its place in a batch. */
struct big_number {
    size_t index;
    pp_integer *value;
};

struct batch {
    uint64_t *numbers; /* 0 in place of a big one */
    size_t n;
    struct big_number *bigs;
    size_t n_bigs, bigs_capacity, big_bytes;
};

struct reader {
    int fd;
    const char *name;
    bool u64;
    char *text; /* [begin, end) is still to be read */
    size_t capacity, begin, end;
    bool at_end, in_comment;
    uint64_t line, column; /* of text[begin], from 1 */
};

/* Opens `path` ("-" or NULL: standard input). Complains and returns a status. */
pp_status reader_open(struct reader *reader, const char *path, bool u64);
void reader_close(struct reader *reader);

pp_status batch_init(struct batch *batch);
void batch_clear(struct batch *batch);
void batch_free(struct batch *batch);

/* Appends a number. Big ones become the batch's. */
pp_status batch_add(struct batch *batch, uint64_t number);
pp_status batch_add_big(struct batch *batch, pp_integer *value);

/* No room for another number? */
bool batch_is_full(const struct batch *batch);

/*
 * Fills a cleared batch. PP_END: there was nothing more. On an error the batch holds what came
 * before it; the error has been said, with name, line and column. PP_ERR_CANCELLED: a signal.
 */
pp_status reader_next(struct reader *reader, struct batch *batch);

#endif
