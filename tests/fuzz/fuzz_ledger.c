/*
 * Ledgers that were damaged in any way. The harness makes one, of a count or of a list; the input
 * is a list of bytes to change, preceded by where to cut the file off. Opening it must fail in
 * words, or give exactly the job and the rows that were written: never a row less, more or
 * different. With the highest bit of the first byte set, the rest of the input is the whole file.
 */
#include "cli/ledger.h"
#include "fuzz/fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { N_ROWS = 3, MOST_FILE = 1 << 17 };

static const struct ledger_way way = {"serial", "serial:0", "sieve", "none", "0.1.0"};
static const struct ledger_job jobs[2] = {{"count", "", 0, 2999}, {"list", "text", 0, 2999}};

static char path[64], journal[80];
static uint8_t original[2][MOST_FILE];
static size_t original_size[2];

static struct ledger_row row_of(int i, bool list) {
    return (struct ledger_row){.lo = 1000 * (uint64_t)i,
                               .hi = 1000 * (uint64_t)i + 999,
                               .count = 100 + (uint64_t)i,
                               .digest = 0x123456789abcdef0 * (uint64_t)(i + 1),
                               .has_digest = true,
                               .seconds = 0.25,
                               .output_end = list ? 500 * (uint64_t)(i + 1) : 0,
                               .output_hash = list ? 0xfedcba9876543210 + (uint64_t)i : 0,
                               .way = &way};
}

static void remove_files(void) {
    unlink(path);
    unlink(journal);
}

static void make_original(bool list) {
    pp_error error;
    struct ledger *ledger;
    struct ledger_row rows[N_ROWS];
    remove_files();
    HOLDS(ledger_open(path, &jobs[list], &ledger, &error) == PP_OK);
    for (int i = 0; i < N_ROWS; i++)
        rows[i] = row_of(i, list);
    HOLDS(ledger_add(ledger, rows, N_ROWS, &error) == PP_OK);
    ledger_close(ledger);
    int fd = open(path, O_RDONLY);
    HOLDS(fd >= 0);
    ssize_t n = read(fd, original[list], MOST_FILE);
    HOLDS(n > 0 && n < MOST_FILE);
    original_size[list] = (size_t)n;
    close(fd);
}

static void check_rows(const struct ledger *ledger, bool list) {
    HOLDS(strcmp(ledger->job.command, jobs[list].command) == 0);
    HOLDS(strcmp(ledger->job.output, jobs[list].output) == 0);
    HOLDS(ledger->job.lo == jobs[list].lo && ledger->job.hi == jobs[list].hi);
    HOLDS(ledger->n_rows == N_ROWS);
    for (int i = 0; i < N_ROWS; i++) {
        const struct ledger_row *row = &ledger->rows[i], right = row_of(i, list);
        HOLDS(row->lo == right.lo && row->hi == right.hi);
        HOLDS(row->count == right.count && row->has_digest && row->digest == right.digest);
        HOLDS(row->standing == LEDGER_UNCONFIRMED);
        HOLDS(!list ||
              (row->output_end == right.output_end && row->output_hash == right.output_hash));
        HOLDS(strcmp(row->way->method, way.method) == 0);
        HOLDS(strcmp(row->way->backend, way.backend) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t file[MOST_FILE];
    if (!*path) {
        /* Where files are memory, if there is such a place. */
        bool memory = access("/dev/shm", W_OK) == 0;
        snprintf(path, sizeof path, "%s/parprime-fuzz-ledger-%ld", memory ? "/dev/shm" : "/tmp",
                 (long)getpid());
        snprintf(journal, sizeof journal, "%s-journal", path);
        make_original(false);
        make_original(true);
        atexit(remove_files);
    }
    if (size < 3 || size > MOST_FILE)
        return 0;
    bool list = data[0] & 1, whole = data[0] & 0x80;
    size_t file_size;
    if (whole) {
        file_size = size - 1;
        memcpy(file, data + 1, file_size);
    } else {
        file_size = original_size[list];
        memcpy(file, original[list], file_size);
        /* Four bytes a change: a place, how, and with what. */
        for (size_t i = 3; i + 4 <= size; i += 4) {
            size_t at = (size_t)(data[i] << 8 | data[i + 1]) % file_size;
            file[at] = (uint8_t)(data[i + 2] & 1 ? file[at] ^ data[i + 3] : data[i + 3]);
        }
        size_t cut = (size_t)(data[1] << 8 | data[2]);
        if (cut)
            file_size = cut % (file_size + 1);
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    HOLDS(fd >= 0 && write(fd, file, file_size) == (ssize_t)file_size);
    close(fd);
    unlink(journal);

    pp_error error = {.status = PP_OK};
    struct ledger *ledger;
    pp_status status = ledger_open(path, NULL, &ledger, &error);
    HOLDS((status == PP_OK) == (ledger != NULL));
    if (status == PP_OK) {
        if (!whole)
            check_rows(ledger, list);
        ledger_close(ledger);
        /* Opening a sound ledger leaves it sound, and it is this job's and no other's. */
        HOLDS(whole || ledger_open(path, &jobs[list], &ledger, &error) == PP_OK);
        if (!whole)
            ledger_close(ledger);
        HOLDS(whole || ledger_open(path, &jobs[!list], &ledger, &error) == PP_ERR_USAGE);
    } else {
        HOLDS(status == PP_ERR_IO || status == PP_ERR_USAGE);
        HOLDS(error.status == status && error.message[0]);
        HOLDS(strnlen(error.message, sizeof error.message) < sizeof error.message);
    }
    return 0;
}
