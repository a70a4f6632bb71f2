/*
 * How a ledger talks to SQLite, for ledger.c alone: statements, texts and numbers in columns, and
 * what SQLite has to complain of as an error of ours.
 */
#ifndef PARPRIME_CLI_LEDGER_STORE_H
#define PARPRIME_CLI_LEDGER_STORE_H

#include "cli/ledger.h"

#include <sqlite3.h>

struct ledger_store {
    struct ledger ledger; /* what others see of it */
    sqlite3 *db;
    char command[8], output[8]; /* of the job */
    uint64_t job_hash;
    uint64_t n_units, sums; /* as in table total: rows, and their checksums added up */
    int64_t opened;         /* how often */
    struct ledger_way **ways;
    size_t n_ways;
    size_t most_rows; /* there is room for */
    bool unbound;     /* a statement lacks a text, for want of memory, and must not be done */
};

/* XXH64 of a text. */
uint64_t store_hash(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Sixteen hexadecimal digits. */
void store_hex(char text[17], uint64_t value);

/* The time, in UTC, as ISO 8601 has it. */
void store_now(char text[24]);

/*
 * Fills in the error and returns its status: any; that there is no memory; SQLite's last word; that
 * the file is damaged, unless SQLite's last word is another.
 */
pp_status store_fail(pp_error *error, pp_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
pp_status store_no_memory(const struct ledger_store *store, pp_error *error);
pp_status store_failed(const struct ledger_store *store, pp_error *error);
pp_status store_damaged(const struct ledger_store *store, pp_error *error, const char *what);

/* Statements: run one that returns nothing; prepare one, to be finalized; do a prepared one. */
pp_status store_run(struct ledger_store *store, const char *sql, pp_error *error);
pp_status store_prepare(struct ledger_store *store, const char *sql, sqlite3_stmt **out,
                        pp_error *error);
pp_status store_step(struct ledger_store *store, sqlite3_stmt *statement, pp_error *error);

/*
 * Numbers are decimal digits, or sixteen hexadecimal ones. A text that there is no memory for makes
 * the statement's store_step fail.
 */
void store_bind_text(struct ledger_store *store, sqlite3_stmt *statement, int column,
                     const char *text);
void store_bind_u64(struct ledger_store *store, sqlite3_stmt *statement, int column,
                    uint64_t value);
void store_bind_hex(struct ledger_store *store, sqlite3_stmt *statement, int column,
                    uint64_t value);

/* A column's text, "" if there is none; a number in it, false if there is none as we write it. */
const char *store_text(sqlite3_stmt *statement, int column);
bool store_number(sqlite3_stmt *statement, int column, int base, uint64_t *out);

#endif
