#include "cli/reader.h"

#include "cli/signals.h"
#include "cli/words.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FIRST_CAPACITY = 1 << 18,
    MOST_CAPACITY = 1 << 24, /* the longest number that is read: 16 MiB of digits */
    BIG_BYTES = 1 << 22      /* big numbers kept in a batch, by their size */
};

pp_status batch_init(struct batch *batch) {
    *batch = (struct batch){.numbers = malloc(BATCH_NUMBERS * sizeof *batch->numbers)};
    return batch->numbers ? PP_OK : PP_ERR_MEMORY;
}

void batch_clear(struct batch *batch) {
    for (size_t i = 0; i < batch->n_bigs; i++)
        pp_integer_free(batch->bigs[i].value);
    batch->n = batch->n_bigs = batch->big_bytes = 0;
}

void batch_free(struct batch *batch) {
    batch_clear(batch);
    free(batch->numbers);
    free(batch->bigs);
}

bool batch_is_full(const struct batch *batch) {
    return batch->n == BATCH_NUMBERS || batch->big_bytes >= BIG_BYTES;
}

pp_status batch_add(struct batch *batch, uint64_t number) {
    batch->numbers[batch->n++] = number;
    return PP_OK;
}

pp_status batch_add_big(struct batch *batch, pp_integer *value) {
    if (batch->n_bigs == batch->bigs_capacity) {
        size_t capacity = batch->bigs_capacity ? 2 * batch->bigs_capacity : 16;
        struct big_number *bigs = realloc(batch->bigs, capacity * sizeof *bigs);
        if (!bigs) {
            pp_integer_free(value);
            return PP_ERR_MEMORY;
        }
        batch->bigs = bigs;
        batch->bigs_capacity = capacity;
    }
    batch->bigs[batch->n_bigs++] = (struct big_number){batch->n, value};
    batch->big_bytes += sizeof *batch->bigs + pp_integer_bits(value) / 8;
    return batch_add(batch, 0);
}

pp_status reader_open(struct reader *reader, const char *path, bool u64) {
    bool standard = !path || strcmp(path, "-") == 0;
    *reader = (struct reader){.fd = STDIN_FILENO,
                              .name = standard ? "standard input" : path,
                              .u64 = u64,
                              .capacity = FIRST_CAPACITY,
                              .line = 1,
                              .column = 1};
    if (!standard)
        reader->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (reader->fd < 0) {
        complain("%s: %s", reader->name, strerror(errno));
        return PP_ERR_IO;
    }
    reader->text = malloc(reader->capacity);
    if (reader->text)
        return PP_OK;
    complain("%s", pp_strerror(PP_ERR_MEMORY));
    reader_close(reader);
    return PP_ERR_MEMORY;
}

void reader_close(struct reader *reader) {
    free(reader->text);
    if (reader->fd > STDIN_FILENO)
        close(reader->fd);
}

static pp_status fail_here(const struct reader *reader, pp_status status, uint64_t column,
                           const char *message) {
    if (reader->u64)
        complain("%s: %s", reader->name, message);
    else
        complain("%s:%llu:%llu: %s", reader->name, (unsigned long long)reader->line,
                 (unsigned long long)column, message);
    return status;
}

/* Would reading now have to wait? Files never do. */
static bool would_wait(const struct reader *reader) {
    struct pollfd poll_fd = {.fd = reader->fd, .events = POLLIN};
    return poll(&poll_fd, 1, 0) == 0;
}

/* Waits for bytes and reads some; none at the end of the input. */
static pp_status read_some(struct reader *reader, char *to, size_t room, size_t *n_read) {
    *n_read = 0;
    for (;;) {
        if (signals_came() || !signals_wait(reader->fd, POLLIN))
            return PP_ERR_CANCELLED;
        ssize_t n = read(reader->fd, to, room);
        if (n >= 0) {
            *n_read = (size_t)n;
            reader->at_end = n == 0;
            return PP_OK;
        }
        if (errno != EINTR) {
            complain("%s: %s", reader->name, strerror(errno));
            return PP_ERR_IO;
        }
    }
}

/* Reads more text behind what is left of it, which moves to the front. */
static pp_status refill(struct reader *reader) {
    size_t left = reader->end - reader->begin;
    memmove(reader->text, reader->text + reader->begin, left);
    reader->begin = 0;
    reader->end = left;
    if (left == reader->capacity) {
        if (reader->capacity >= MOST_CAPACITY)
            return fail_here(reader, PP_ERR_SYNTAX, reader->column,
                             "more than 16 MiB without white space is no number");
        char *text = realloc(reader->text, reader->capacity * 2);
        if (!text)
            return fail_here(reader, PP_ERR_MEMORY, reader->column, pp_strerror(PP_ERR_MEMORY));
        reader->text = text;
        reader->capacity *= 2;
    }
    size_t n;
    pp_status status = read_some(reader, reader->text + left, reader->capacity - left, &n);
    reader->end += n;
    return status;
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

/* Passes over white space and comments. False: more text is needed to go on. */
static bool skip_to_token(struct reader *reader) {
    for (; reader->begin < reader->end; reader->begin++) {
        char c = reader->text[reader->begin];
        if (c == '\n') {
            reader->line++;
            reader->column = 1;
            reader->in_comment = false;
            continue;
        }
        if (c == '#')
            reader->in_comment = true;
        else if (!reader->in_comment && !is_space(c))
            return true;
        reader->column++;
    }
    return false;
}

static pp_status add_token(struct reader *reader, struct batch *batch, size_t length) {
    const char *token = reader->text + reader->begin;
    pp_error error = {0};
    uint64_t number;
    pp_status status = pp_parse_u64(token, length, &number, &error);
    if (status == PP_OK) {
        batch_add(batch, number);
    } else if (status == PP_ERR_RANGE) { /* negative, or from 2^64 up */
        pp_integer *value;
        status = pp_integer_parse(token, length, &value, &error);
        if (status == PP_OK)
            status = batch_add_big(batch, value);
    }
    if (status != PP_OK)
        return fail_here(reader, status, reader->column + error.offset,
                         error.message[0] ? error.message : pp_strerror(status));
    reader->begin += length;
    reader->column += length;
    return PP_OK;
}

/* Are these eight characters digits? If so, their value. */
static bool eight_digits(const char *text, uint64_t *value) {
    uint64_t eight;
    memcpy(&eight, text, sizeof eight);
    eight = le64toh(eight) ^ 0x3030303030303030;
    if ((eight | (eight + 0x0606060606060606)) & 0xf0f0f0f0f0f0f0f0)
        return false;
    eight = (eight * 10 + (eight >> 8)) & 0x00ff00ff00ff00ff;
    eight = (eight * 100 + (eight >> 16)) & 0x0000ffff0000ffff;
    *value = (eight * 10000 + (eight >> 32)) & 0xffffffff;
    return true;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/*
 * What most input is: decimal numbers of up to 19 digits and what is between them. Stops before
 * anything else, and before a number that may go on in what is still to be read.
 */
static void read_plain(struct reader *reader, struct batch *batch) {
    enum { MOST_DIGITS = 19 }; /* that cannot pass 2^64 */
    const char *at = reader->text + reader->begin, *end = reader->text + reader->end;
    const char *counted = at; /* to the column up to here */
    uint64_t *to = batch->numbers + batch->n, *to_end = batch->numbers + BATCH_NUMBERS;
    while (at < end && to < to_end) {
        if (*at == '\n') {
            reader->line++;
            reader->column = 1;
            counted = ++at;
            continue;
        }
        if (is_space(*at)) {
            at++;
            continue;
        }
        const char *token = at;
        uint64_t value = 0, eight;
        while (end - at >= 8 && at - token <= MOST_DIGITS - 8 && eight_digits(at, &eight)) {
            value = value * 100000000 + eight;
            at += 8;
        }
        while (at < end && at - token < MOST_DIGITS && is_digit(*at))
            value = value * 10 + (uint64_t)(*at++ - '0');
        if (at == token || at == end || !is_space(*at)) {
            at = token;
            break;
        }
        *to++ = value;
    }
    batch->n = (size_t)(to - batch->numbers);
    reader->begin = (size_t)(at - reader->text);
    reader->column += (uint64_t)(at - counted);
}

static pp_status read_text(struct reader *reader, struct batch *batch) {
    while (!batch_is_full(batch)) {
        size_t length = 0;
        if (!reader->in_comment)
            read_plain(reader, batch);
        if (batch_is_full(batch))
            break;
        if (skip_to_token(reader)) {
            const char *token = reader->text + reader->begin;
            size_t there = reader->end - reader->begin;
            while (length < there && !is_space(token[length]) && token[length] != '#')
                length++;
            if (length < there || reader->at_end) {
                pp_status status = add_token(reader, batch, length);
                if (status != PP_OK)
                    return status;
                continue;
            }
        } else if (reader->at_end) {
            break;
        }
        /* A token may go on in what is still to be read. */
        if (batch->n && would_wait(reader))
            break;
        pp_status status = refill(reader);
        if (status != PP_OK)
            return status;
    }
    return batch->n ? PP_OK : PP_END;
}

/* Straight into the batch; what is left of a number's eight bytes waits in reader->text. */
static pp_status read_u64(struct reader *reader, struct batch *batch) {
    char *bytes = (char *)batch->numbers;
    const size_t room = BATCH_NUMBERS * sizeof *batch->numbers;
    size_t n_bytes = reader->end;
    memcpy(bytes, reader->text, n_bytes);
    pp_status status = PP_OK;
    while (n_bytes < room && !reader->at_end &&
           !(n_bytes >= sizeof(uint64_t) && would_wait(reader))) {
        size_t n;
        status = read_some(reader, bytes + n_bytes, room - n_bytes, &n);
        if (status != PP_OK || n == 0)
            break;
        n_bytes += n;
    }
    batch->n = n_bytes / sizeof *batch->numbers;
    reader->end = n_bytes % sizeof *batch->numbers;
    memcpy(reader->text, bytes + n_bytes - reader->end, reader->end);
    for (size_t i = 0; i < batch->n; i++)
        batch->numbers[i] = le64toh(batch->numbers[i]);
    if (status != PP_OK)
        return status;
    if (reader->at_end && reader->end && batch->n == 0)
        return fail_here(reader, PP_ERR_SYNTAX, 0, "the input ends inside a number of 8 bytes");
    return batch->n ? PP_OK : PP_END;
}

pp_status reader_next(struct reader *reader, struct batch *batch) {
    return reader->u64 ? read_u64(reader, batch) : read_text(reader, batch);
}
