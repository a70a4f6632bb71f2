#include "cli/ledger_store.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xxhash.h>

/* ---- hashing ---- */

/* xxHash's own state, whose size it keeps to itself. */
static XXH64_state_t *state_of(struct ledger_hash *hash) {
    return (XXH64_state_t *)hash;
}

struct ledger_hash *ledger_hash_new(void) {
    XXH64_state_t *state = XXH64_createState();
    if (state)
        XXH64_reset(state, 0);
    return (struct ledger_hash *)state;
}

void ledger_hash_free(struct ledger_hash *hash) {
    XXH64_freeState(state_of(hash));
}

void ledger_hash_add(struct ledger_hash *hash, const void *bytes, size_t n) {
    if (n)
        XXH64_update(state_of(hash), bytes, n);
}

uint64_t ledger_hash_value(const struct ledger_hash *hash) {
    return XXH64_digest((const XXH64_state_t *)hash);
}

void ledger_hash_reset(struct ledger_hash *hash) {
    XXH64_reset(state_of(hash), 0);
}

uint64_t store_hash(const char *format, ...) {
    char text[1024]; /* more than a row has, whose texts are bounded */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return XXH64(text, strlen(text), 0);
}

void store_hex(char text[17], uint64_t value) {
    snprintf(text, 17, "%016" PRIx64, value);
}

/* ---- failing ---- */

pp_status store_fail(pp_error *error, pp_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

pp_status store_fail(pp_error *error, pp_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    error->status = status;
    error->offset = 0;
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return status;
}

static pp_status say_damaged(const struct ledger_store *store, pp_error *error, const char *what) {
    return store_fail(error, PP_ERR_IO, "ledger %.100s is damaged: %s", store->ledger.path, what);
}

pp_status store_no_memory(const struct ledger_store *store, pp_error *error) {
    return store_fail(error, PP_ERR_MEMORY, "no memory for ledger %.100s", store->ledger.path);
}

/* What SQLite said last, as ours. */
pp_status store_failed(const struct ledger_store *store, pp_error *error) {
    const char *path = store->ledger.path;
    switch (sqlite3_errcode(store->db)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return store_fail(error, PP_ERR_IO, "ledger %.100s is in use by another process", path);
    case SQLITE_NOMEM:
        return store_no_memory(store, error);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_SCHEMA:
    case SQLITE_ERROR: /* our statements fit the tables as they should be */
        return say_damaged(store, error, sqlite3_errmsg(store->db));
    default:
        return store_fail(error, PP_ERR_IO, "ledger %.100s: %s", path, sqlite3_errmsg(store->db));
    }
}

/* What could not be read, for want of memory or of a disk, only looks like damage. */
pp_status store_damaged(const struct ledger_store *store, pp_error *error, const char *what) {
    int code = sqlite3_errcode(store->db);
    bool could = code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE;
    return could ? say_damaged(store, error, what) : store_failed(store, error);
}

pp_status store_run(struct ledger_store *store, const char *sql, pp_error *error) {
    int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? PP_OK : store_failed(store, error);
}

/* ---- statements ---- */

pp_status store_prepare(struct ledger_store *store, const char *sql, sqlite3_stmt **out,
                        pp_error *error) {
    int code = sqlite3_prepare_v2(store->db, sql, -1, out, NULL);
    return code == SQLITE_OK ? PP_OK : store_failed(store, error);
}

/* Does what a statement that returns nothing says, and lets it be used again. */
pp_status store_step(struct ledger_store *store, sqlite3_stmt *statement, pp_error *error) {
    bool bound = !store->unbound;
    store->unbound = false;
    if (!bound)
        return store_no_memory(store, error);
    pp_status status = sqlite3_step(statement) == SQLITE_DONE ? PP_OK : store_failed(store, error);
    sqlite3_reset(statement);
    return status;
}

void store_bind_text(struct ledger_store *store, sqlite3_stmt *statement, int column,
                     const char *text) {
    store->unbound |= sqlite3_bind_text(statement, column, text, -1, SQLITE_TRANSIENT) != SQLITE_OK;
}

void store_bind_u64(struct ledger_store *store, sqlite3_stmt *statement, int column,
                    uint64_t value) {
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    store_bind_text(store, statement, column, text);
}

void store_bind_hex(struct ledger_store *store, sqlite3_stmt *statement, int column,
                    uint64_t value) {
    char text[17];
    store_hex(text, value);
    store_bind_text(store, statement, column, text);
}

/* A column's text, "" if there is none. */
const char *store_text(sqlite3_stmt *statement, int column) {
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}

/* A number as we write them: digits of that base, nothing else, below 2^64. */
bool store_number(sqlite3_stmt *statement, int column, int base, uint64_t *out) {
    const char *text = store_text(statement, column);
    size_t n = strlen(text);
    const char *digits = base == 16 ? "0123456789abcdef" : "0123456789";
    if (n == 0 || n != strspn(text, digits) || (base == 16 ? n != 16 : n > 20))
        return false;
    uint64_t value = 0;
    for (; *text; text++) {
        uint64_t digit = (uint64_t)(strchr(digits, *text) - digits);
        if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *out = value;
    return true;
}

void store_now(char text[24]) {
    time_t seconds = time(NULL);
    struct tm utc;
    if (!gmtime_r(&seconds, &utc) || !strftime(text, 24, "%Y-%m-%dT%H:%M:%SZ", &utc))
        strcpy(text, "unknown");
}
