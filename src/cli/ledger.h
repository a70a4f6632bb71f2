/*
 * The ledger: which parts of a job are done, with what answer and how, in an SQLite file that
 * survives the program. This file only keeps and checks it; recorder.h fills it in while a job
 * runs, cmd_audit.c doubts it.
 *
 * A row is a span of numbers with its count and digest. Rows are spans of any length that do not
 * overlap, and what no row covers is still to do: so threads, backend, method and the way a job is
 * cut into units may differ each time it is resumed. Every row has a checksum over what it says
 * and over the job, and there is a sum over all rows' checksums: a row that was altered, lost,
 * doubled or comes from another ledger is found when the ledger is opened.
 *
 * While it is open nobody else can open it. A ledger belongs to one thread at a time.
 */
#ifndef PARPRIME_CLI_LEDGER_H
#define PARPRIME_CLI_LEDGER_H

#include <parprime.h>

enum {
    LEDGER_SCHEMA = 1, /* of the tables; SQLite's user_version */
    /*
     * Of answers: to be raised by whoever changes what a count or a digest is, or which bytes a
     * list is made of. Ledgers of other numbers are refused.
     */
    LEDGER_ANSWERS = 1
};

/* What a ledger is of: all that changes an answer or a list's bytes. */
struct ledger_job {
    const char *command; /* "count", "list" */
    const char *output;  /* of a list: "text", "u64"; else "" */
    uint64_t lo, hi;
};

/* How a span was computed. */
struct ledger_way {
    char backend[16], device[128], method[16], simd[16], version[16];
};

enum ledger_standing {
    LEDGER_UNCONFIRMED,
    LEDGER_CONFIRMED, /* computed in another way, with the same answer */
    LEDGER_DISPUTED   /* with another one: to be computed again */
};

struct ledger_row {
    int64_t id; /* given by ledger_add */
    uint64_t lo, hi, count, digest;
    bool has_digest;
    double seconds; /* of work, by all workers together */
    /* Of a list: the file's length behind this span's primes, and the hash of what they added. */
    uint64_t output_end, output_hash;
    enum ledger_standing standing;
    const struct ledger_way *way; /* not given up before the ledger is closed */
};

struct ledger {
    const char *path;
    struct ledger_job job;
    struct ledger_row *rows; /* as they were when it was opened, ascending */
    size_t n_rows;
    struct ledger_store *store; /* how it is kept; ledger.c's own */
};

/*
 * Opens the ledger at `path`, waits for nobody and checks all of it. With `job` it is made where
 * there is none (or an empty file) and refused if it is another job's; with NULL there must be one.
 * `path` must outlive it. Errors: PP_ERR_USAGE (not the ledger that is wanted: of another job,
 * schema or version of answers, or not a place for one), PP_ERR_IO (damaged, in use, or not to be
 * read or written), PP_ERR_UNAVAILABLE (built without), PP_ERR_MEMORY.
 */
pp_status ledger_open(const char *path, const struct ledger_job *job, struct ledger **out,
                      pp_error *error);
void ledger_close(struct ledger *ledger);

/* Adds rows, all or none, and returns when they are on the disk. */
pp_status ledger_add(struct ledger *ledger, const struct ledger_row *rows, size_t n,
                     pp_error *error);

/* Takes rows [first, first + n) of ledger->rows out, in the file and in memory. */
pp_status ledger_remove(struct ledger *ledger, size_t first, size_t n, pp_error *error);

/*
 * Notes that ledger->rows[index] was computed again, in what way and with what answer, and what the
 * row is held for from now on.
 */
pp_status ledger_mark(struct ledger *ledger, size_t index, enum ledger_standing standing,
                      const struct ledger_way *way, uint64_t count, const uint64_t *digest,
                      double seconds, pp_error *error);

/* The hash that ledgers use, XXH64, of bytes that come piece by piece. */
struct ledger_hash;
struct ledger_hash *ledger_hash_new(void); /* NULL: no memory */
void ledger_hash_free(struct ledger_hash *hash);
void ledger_hash_add(struct ledger_hash *hash, const void *bytes, size_t n);
uint64_t ledger_hash_value(const struct ledger_hash *hash); /* of those that have come */
void ledger_hash_reset(struct ledger_hash *hash);

#endif
