/*
 * Any bytes through the reader of number lists, as text or as 64-bit words, in reads of any size.
 * A second reader, which knows only what the manual says, takes the text apart into tokens and
 * gives each to the expression parser; numbers, errors, lines and columns must be the same.
 *
 * The first byte says how: bit 0, words or text; the rest, how many bytes a read may get. The next
 * chunk is written into a pipe whenever the reader says that it is about to read, so that it is
 * the real system calls that come back short.
 */
#include "cli/reader.h"
#include "cli/signals.h"
#include "cli/words.h"
#include "fuzz/fuzz.h"

#include <endian.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 4096 };

/* ---- what the reader leans on, in the place of the program's ---------------------------- */

static struct {
    const uint8_t *data;
    size_t left, chunk;
    int write_end;
} source;

static char complaint[800];
static unsigned n_complaints;

void complain(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(complaint, sizeof complaint, format, arguments);
    va_end(arguments);
    n_complaints++;
}

int signals_came(void) {
    return 0;
}

bool signals_wait(int fd, short events) {
    (void)fd;
    (void)events;
    size_t n = source.left < source.chunk ? source.left : source.chunk;
    if (n > 0) {
        HOLDS(write(source.write_end, source.data, n) == (ssize_t)n);
        source.data += n;
        source.left -= n;
    } else if (source.write_end >= 0) {
        close(source.write_end);
        source.write_end = -1;
    }
    return true;
}

/* ---- the second reader ------------------------------------------------------------------ */

struct expected {
    pp_integer *values[MOST];
    size_t n;
    pp_status status;
    char complaint[800];
};

static bool is_blank(uint8_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void expect_text(struct expected *expected, const uint8_t *text, size_t size) {
    size_t line = 1, column = 1;
    for (size_t i = 0; i < size;) {
        if (text[i] == '#') {
            while (i < size && text[i] != '\n')
                i++;
        } else if (is_blank(text[i])) {
            column = text[i] == '\n' ? 1 : column + 1;
            line += text[i++] == '\n';
        } else {
            size_t end = i;
            pp_error error = {0};
            while (end < size && !is_blank(text[end]) && text[end] != '#')
                end++;
            pp_status status = pp_integer_parse((const char *)text + i, end - i,
                                                &expected->values[expected->n], &error);
            if (status != PP_OK) {
                expected->status = status;
                snprintf(expected->complaint, sizeof expected->complaint, "%s:%zu:%zu: %s", "/in",
                         line, column + error.offset, error.message);
                return;
            }
            expected->n++;
            column += end - i;
            i = end;
        }
    }
}

static void expect_words(struct expected *expected, const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i + 8 <= size; i += 8) {
        uint64_t word = 0;
        for (unsigned k = 8; k-- > 0;)
            word = word << 8 | bytes[i + k];
        HOLDS(pp_integer_from_u64(word, &expected->values[expected->n++]) == PP_OK);
    }
    if (size % 8) {
        expected->status = PP_ERR_SYNTAX;
        snprintf(expected->complaint, sizeof expected->complaint,
                 "/in: the input ends inside a number of 8 bytes");
    }
}

/* ---- holding one against the other ------------------------------------------------------- */

static void check_batch(const struct batch *batch, const struct expected *expected, size_t from) {
    size_t big = 0;
    HOLDS(from + batch->n <= expected->n);
    for (size_t i = 0; i < batch->n; i++) {
        const pp_integer *value = expected->values[from + i];
        uint64_t number;
        if (pp_integer_to_u64(value, &number)) {
            HOLDS(batch->numbers[i] == number);
            continue;
        }
        HOLDS(big < batch->n_bigs && batch->bigs[big].index == i && batch->numbers[i] == 0);
        HOLDS(pp_integer_bits(batch->bigs[big].value) == pp_integer_bits(value));
        big++;
    }
    HOLDS(big == batch->n_bigs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct batch batch;
    static struct expected expected;
    int ends[2];
    if (size == 0 || size > MOST)
        return 0;
    bool u64 = data[0] & 1;
    size_t chunk = data[0] / 2 < 100 ? 1u + data[0] / 2 : MOST;
    data++;
    size--;
    expected.n = 0;
    expected.status = PP_OK;
    expected.complaint[0] = complaint[0] = '\0';
    n_complaints = 0;
    if (u64)
        expect_words(&expected, data, size);
    else
        expect_text(&expected, data, size);

    if (!batch.numbers)
        HOLDS(batch_init(&batch) == PP_OK);
    HOLDS(pipe2(ends, O_CLOEXEC) == 0);
    source.data = data;
    source.left = size;
    source.chunk = chunk;
    source.write_end = ends[1];
    struct reader reader;
    HOLDS(reader_open(&reader, NULL, u64) == PP_OK);
    reader.fd = ends[0];
    reader.name = "/in";
    size_t n = 0;
    pp_status status;
    do {
        batch_clear(&batch);
        status = reader_next(&reader, &batch);
        HOLDS(status == PP_OK ? batch.n > 0 : status != PP_END || batch.n == 0);
        check_batch(&batch, &expected, n);
        n += batch.n;
    } while (status == PP_OK);
    HOLDS(n == expected.n);
    HOLDS(status == (expected.status == PP_OK ? PP_END : expected.status));
    HOLDS(n_complaints == (expected.status != PP_OK));
    HOLDS(strcmp(complaint, expected.complaint) == 0);

    batch_clear(&batch);
    reader_close(&reader);
    if (source.write_end >= 0)
        close(source.write_end);
    for (size_t i = 0; i < expected.n; i++)
        pp_integer_free(expected.values[i]);
    return 0;
}
