#include "cli/ledger.h"
#include "cli/ledger_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* "PPLG", so that `file` can tell a ledger. */
enum { APPLICATION = 0x50504c47 };

/*
 * Numbers that may pass 2^63 are text, since SQLite's integers are signed. `sum` is XXH64 of a
 * row's other columns as text, between newlines, behind the job's hash (docs/TRUST.md): what is
 * read must have the sum that was written.
 */
static const char *const schema[] = {
    "CREATE TABLE job (one INTEGER PRIMARY KEY, command TEXT NOT NULL, lo TEXT NOT NULL, "
    "hi TEXT NOT NULL, output TEXT NOT NULL, answers INTEGER NOT NULL, hash TEXT NOT NULL, "
    "version TEXT NOT NULL, begun TEXT NOT NULL) STRICT",
    "CREATE TABLE unit (id INTEGER PRIMARY KEY, lo TEXT NOT NULL, hi TEXT NOT NULL, "
    "count INTEGER NOT NULL, digest TEXT, method TEXT NOT NULL, backend TEXT NOT NULL, "
    "device TEXT NOT NULL, simd TEXT NOT NULL, version TEXT NOT NULL, seconds REAL NOT NULL, "
    "finished TEXT NOT NULL, output_end INTEGER, output_hash TEXT, standing TEXT NOT NULL, "
    "sum TEXT NOT NULL) STRICT",
    "CREATE TABLE total (one INTEGER PRIMARY KEY, units INTEGER NOT NULL, sums TEXT NOT NULL, "
    "opened INTEGER NOT NULL, sum TEXT NOT NULL) STRICT",
    "CREATE TABLE audit (id INTEGER PRIMARY KEY, unit INTEGER NOT NULL, lo TEXT NOT NULL, "
    "hi TEXT NOT NULL, outcome TEXT NOT NULL, count INTEGER NOT NULL, digest TEXT, "
    "method TEXT NOT NULL, backend TEXT NOT NULL, device TEXT NOT NULL, simd TEXT NOT NULL, "
    "version TEXT NOT NULL, seconds REAL NOT NULL, finished TEXT NOT NULL) STRICT"};
enum { N_TABLES = sizeof schema / sizeof *schema };

static const char *const standings[] = {"unconfirmed", "confirmed", "disputed"};
enum { N_STANDINGS = sizeof standings / sizeof *standings };

static uint64_t hash_job(const struct ledger_job *job) {
    return store_hash("%s\n%" PRIu64 "\n%" PRIu64 "\n%s\n%d\n", job->command, job->lo, job->hi,
                      job->output, LEDGER_ANSWERS);
}

/* ---- rows ---- */

static uint64_t hash_row(const struct ledger_store *store, const struct ledger_row *row,
                         const char *finished) {
    const struct ledger_way *way = row->way;
    char digest[17] = "", output[48] = "\n";
    if (row->has_digest)
        store_hex(digest, row->digest);
    if (*store->output)
        snprintf(output, sizeof output, "%" PRIu64 "\n%016" PRIx64, row->output_end,
                 row->output_hash);
    return store_hash("%016" PRIx64 "\n%" PRIu64 "\n%" PRIu64 "\n%" PRIu64
                      "\n%s\n%s\n%s\n%s\n%s\n%s\n%.6f\n%s\n%s\n%s\n",
                      store->job_hash, row->lo, row->hi, row->count, digest, way->method,
                      way->backend, way->device, way->simd, way->version, row->seconds, finished,
                      output, standings[row->standing]);
}

static uint64_t hash_total(const struct ledger_store *store) {
    return store_hash("%016" PRIx64 "\n%" PRIu64 "\n%016" PRIx64 "\n%" PRId64 "\n", store->job_hash,
                      store->n_units, store->sums, store->opened);
}

static pp_status write_total(struct ledger_store *store, pp_error *error) {
    sqlite3_stmt *statement = NULL;
    pp_status status =
        store_prepare(store, "REPLACE INTO total VALUES (1, ?, ?, ?, ?)", &statement, error);
    if (status != PP_OK)
        return status;
    sqlite3_bind_int64(statement, 1, (int64_t)store->n_units);
    store_bind_hex(store, statement, 2, store->sums);
    sqlite3_bind_int64(statement, 3, store->opened);
    store_bind_hex(store, statement, 4, hash_total(store));
    status = store_step(store, statement, error);
    sqlite3_finalize(statement);
    return status;
}

/* A transaction: all of it or nothing, also what is remembered of it. */
struct change {
    uint64_t n_units, sums;
};

static pp_status begin_change(struct ledger_store *store, struct change *before, pp_error *error) {
    *before = (struct change){store->n_units, store->sums};
    return store_run(store, "BEGIN IMMEDIATE", error);
}

static pp_status end_change(struct ledger_store *store, const struct change *before,
                            pp_status status, pp_error *error) {
    if (status == PP_OK)
        status = write_total(store, error);
    if (status == PP_OK)
        status = store_run(store, "COMMIT", error);
    if (status != PP_OK) {
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
        store->n_units = before->n_units;
        store->sums = before->sums;
    }
    return status;
}

static void bind_way(struct ledger_store *store, sqlite3_stmt *statement, int column,
                     const struct ledger_way *way) {
    store_bind_text(store, statement, column, way->method);
    store_bind_text(store, statement, column + 1, way->backend);
    store_bind_text(store, statement, column + 2, way->device);
    store_bind_text(store, statement, column + 3, way->simd);
    store_bind_text(store, statement, column + 4, way->version);
}

static pp_status insert(struct ledger_store *store, sqlite3_stmt *statement,
                        const struct ledger_row *row, pp_error *error) {
    char finished[24];
    store_now(finished);
    uint64_t sum = hash_row(store, row, finished);
    sqlite3_clear_bindings(statement);
    store_bind_u64(store, statement, 1, row->lo);
    store_bind_u64(store, statement, 2, row->hi);
    sqlite3_bind_int64(statement, 3, (int64_t)row->count);
    if (row->has_digest)
        store_bind_hex(store, statement, 4, row->digest);
    bind_way(store, statement, 5, row->way);
    char seconds[32];
    snprintf(seconds, sizeof seconds, "%.6f", row->seconds);
    sqlite3_bind_double(statement, 10, strtod(seconds, NULL));
    store_bind_text(store, statement, 11, finished);
    if (*store->output) {
        sqlite3_bind_int64(statement, 12, (int64_t)row->output_end);
        store_bind_hex(store, statement, 13, row->output_hash);
    }
    store_bind_text(store, statement, 14, standings[row->standing]);
    store_bind_hex(store, statement, 15, sum);
    store->n_units++;
    store->sums += sum;
    return store_step(store, statement, error);
}

pp_status ledger_add(struct ledger *ledger, const struct ledger_row *rows, size_t n,
                     pp_error *error) {
    struct ledger_store *store = ledger->store;
    struct change before;
    pp_status status = begin_change(store, &before, error);
    if (status != PP_OK)
        return status;
    sqlite3_stmt *statement = NULL;
    status =
        store_prepare(store,
                      "INSERT INTO unit (lo, hi, count, digest, method, backend, device, simd, "
                      "version, seconds, finished, output_end, output_hash, standing, sum) VALUES "
                      "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                      &statement, error);
    for (size_t i = 0; status == PP_OK && i < n; i++)
        status = insert(store, statement, &rows[i], error);
    sqlite3_finalize(statement);
    return end_change(store, &before, status, error);
}

/* ---- reading ---- */

/* The way that these columns tell, once for all rows that share it. NULL: no memory. */
static const struct ledger_way *way_of(struct ledger_store *store, sqlite3_stmt *statement,
                                       int column) {
    struct ledger_way way = {0};
    snprintf(way.method, sizeof way.method, "%s", store_text(statement, column));
    snprintf(way.backend, sizeof way.backend, "%s", store_text(statement, column + 1));
    snprintf(way.device, sizeof way.device, "%s", store_text(statement, column + 2));
    snprintf(way.simd, sizeof way.simd, "%s", store_text(statement, column + 3));
    snprintf(way.version, sizeof way.version, "%s", store_text(statement, column + 4));
    for (size_t i = store->n_ways; i-- > 0;)
        if (memcmp(store->ways[i], &way, sizeof way) == 0)
            return store->ways[i];
    struct ledger_way **more = realloc(store->ways, (store->n_ways + 1) * sizeof *more);
    if (!more)
        return NULL;
    store->ways = more;
    if (!(more[store->n_ways] = malloc(sizeof way)))
        return NULL;
    *more[store->n_ways] = way;
    return more[store->n_ways++];
}

static const char *const columns =
    "SELECT id, lo, hi, count, digest, method, backend, device, simd, version, seconds, finished, "
    "output_end, output_hash, standing, sum FROM unit";

/* Reads a row of the statement above, and holds it against its sum. NULL, or what is wrong. */
static const char *read_row(struct ledger_store *store, sqlite3_stmt *statement,
                            struct ledger_row *row, uint64_t *sum) {
    *row = (struct ledger_row){.id = sqlite3_column_int64(statement, 0)};
    const char *standing = store_text(statement, 14);
    size_t known = 0;
    while (known < N_STANDINGS && strcmp(standings[known], standing) != 0)
        known++;
    row->has_digest = sqlite3_column_type(statement, 4) != SQLITE_NULL;
    row->count = (uint64_t)sqlite3_column_int64(statement, 3);
    row->seconds = sqlite3_column_double(statement, 10);
    row->output_end = (uint64_t)sqlite3_column_int64(statement, 12);
    if (known == N_STANDINGS || !store_number(statement, 1, 10, &row->lo) ||
        !store_number(statement, 2, 10, &row->hi) || !store_number(statement, 15, 16, sum) ||
        (row->has_digest && !store_number(statement, 4, 16, &row->digest)) ||
        (*store->output && !store_number(statement, 13, 16, &row->output_hash)))
        return "a row that cannot be read";
    row->standing = (enum ledger_standing)known;
    if (!(row->way = way_of(store, statement, 5)))
        return NULL;
    if (hash_row(store, row, store_text(statement, 11)) != *sum)
        return "a row that does not have the checksum it was written with";
    pp_method method;
    if (row->lo > row->hi || row->lo < store->ledger.job.lo || row->hi > store->ledger.job.hi)
        return "a row outside the job's range";
    if (row->count > row->hi - row->lo + 1 && row->hi - row->lo != UINT64_MAX)
        return "a row with more primes than numbers";
    if (!pp_method_from_name(row->way->method, &method))
        return "a row by a method that is not known";
    if (!row->has_digest && method != PP_METHOD_PI)
        return "a row without a digest";
    return NULL;
}

static int by_place(const void *a, const void *b) {
    const struct ledger_row *x = a, *y = b;
    return (x->lo > y->lo) - (x->lo < y->lo);
}

/* What rows say together. */
static const char *check_rows(const struct ledger_store *store) {
    const struct ledger *ledger = &store->ledger;
    bool list = *store->output;
    for (size_t i = 0; i < ledger->n_rows; i++) {
        const struct ledger_row *row = &ledger->rows[i], *last = i ? row - 1 : NULL;
        if (last && row->lo <= last->hi)
            return "two rows overlap";
        if (!list)
            continue;
        /* A list's file grows at its end only. */
        uint64_t begin = last ? last->output_end : 0;
        if (row->lo != (last ? last->hi + 1 : ledger->job.lo))
            return "a list's rows have a gap";
        if (row->output_end < begin || row->output_end > INT64_MAX)
            return "a list that grows shorter";
        uint64_t bytes = row->output_end - begin;
        bool text = strcmp(store->output, "text") == 0;
        if (text ? bytes / 21 > row->count || bytes / 2 < row->count
                 : bytes % 8 || bytes / 8 != row->count)
            return "a row whose primes do not fill their part of the list";
    }
    return NULL;
}

static pp_status read_rows(struct ledger_store *store, pp_error *error) {
    struct ledger *ledger = &store->ledger;
    sqlite3_stmt *statement = NULL;
    pp_status status = store_prepare(store, columns, &statement, error);
    uint64_t sums = 0;
    int code = SQLITE_DONE;
    while (status == PP_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (ledger->n_rows == store->most_rows) {
            size_t most = 2 * store->most_rows + 64;
            struct ledger_row *more = realloc(ledger->rows, most * sizeof *more);
            if (!more) {
                status = store_no_memory(store, error);
                break;
            }
            ledger->rows = more;
            store->most_rows = most;
        }
        struct ledger_row *row = &ledger->rows[ledger->n_rows++];
        uint64_t sum;
        const char *wrong = read_row(store, statement, row, &sum);
        if (wrong)
            status = store_damaged(store, error, wrong);
        else if (!row->way)
            status = store_no_memory(store, error);
        else
            sums += sum;
    }
    if (status == PP_OK && code != SQLITE_DONE)
        status = store_failed(store, error);
    sqlite3_finalize(statement);
    if (status != PP_OK)
        return status;
    if (ledger->n_rows != store->n_units || sums != store->sums)
        return store_damaged(store, error, "its rows are not those that were written");
    if (ledger->n_rows)
        qsort(ledger->rows, ledger->n_rows, sizeof *ledger->rows, by_place);
    const char *wrong = check_rows(store);
    return wrong ? store_damaged(store, error, wrong) : PP_OK;
}

static pp_status read_total(struct ledger_store *store, pp_error *error) {
    sqlite3_stmt *statement = NULL;
    pp_status status =
        store_prepare(store, "SELECT units, sums, sum, opened, one FROM total", &statement, error);
    if (status != PP_OK)
        return status;
    uint64_t sum;
    /* Under another key it would not be replaced, but get a second one beside it. */
    if (sqlite3_step(statement) != SQLITE_ROW || sqlite3_column_int64(statement, 4) != 1 ||
        !store_number(statement, 1, 16, &store->sums) || !store_number(statement, 2, 16, &sum))
        status = store_damaged(store, error, "its total cannot be read");
    store->n_units = (uint64_t)sqlite3_column_int64(statement, 0);
    store->opened = sqlite3_column_int64(statement, 3);
    if (status == PP_OK && (hash_total(store) != sum || sqlite3_step(statement) != SQLITE_DONE))
        status =
            store_damaged(store, error, "its total does not have the checksum it was written with");
    sqlite3_finalize(statement);
    return status;
}

/* The job as a command line would say it. */
static void say_job(char *text, size_t size, const struct ledger_job *job) {
    snprintf(text, size, "%s %" PRIu64 " %" PRIu64 "%s%s", job->command, job->lo, job->hi,
             *job->output ? " --output-format " : "", job->output);
}

static pp_status read_job(struct ledger_store *store, const struct ledger_job *wanted,
                          pp_error *error) {
    struct ledger_job *job = &store->ledger.job;
    sqlite3_stmt *statement = NULL;
    pp_status status = store_prepare(
        store, "SELECT command, lo, hi, output, answers, hash FROM job", &statement, error);
    if (status != PP_OK)
        return status;
    int64_t answers = 0;
    if (sqlite3_step(statement) != SQLITE_ROW || !store_number(statement, 1, 10, &job->lo) ||
        !store_number(statement, 2, 10, &job->hi) ||
        !store_number(statement, 5, 16, &store->job_hash)) {
        status = store_damaged(store, error, "its job cannot be read");
    } else {
        snprintf(store->command, sizeof store->command, "%s", store_text(statement, 0));
        snprintf(store->output, sizeof store->output, "%s", store_text(statement, 3));
        answers = sqlite3_column_int64(statement, 4);
        /* A text for which there was no memory shows here, too. */
        if (sqlite3_step(statement) != SQLITE_DONE)
            status = store_damaged(store, error, "it has more than one job");
    }
    sqlite3_finalize(statement);
    if (status != PP_OK)
        return status;
    job->command = store->command;
    job->output = store->output;
    if (answers != LEDGER_ANSWERS)
        return store_fail(
            error, PP_ERR_USAGE,
            "ledger %.100s is of answers of version %" PRId64
            ", and this program's are of version %d: what it holds cannot be added to",
            store->ledger.path, answers, LEDGER_ANSWERS);
    bool list = strcmp(job->command, "list") == 0;
    if (hash_job(job) != store->job_hash || job->lo > job->hi ||
        (!list && strcmp(job->command, "count") != 0) || list != (*job->output != '\0'))
        return store_damaged(store, error,
                             "its job does not have the checksum it was written with");
    if (wanted && hash_job(wanted) != store->job_hash) {
        char ours[96], theirs[96];
        say_job(ours, sizeof ours, wanted);
        say_job(theirs, sizeof theirs, job);
        return store_fail(error, PP_ERR_USAGE, "ledger %.50s is of another job: of %s, not of %s",
                          store->ledger.path, theirs, ours);
    }
    return PP_OK;
}

/* ---- opening ---- */

/* What a statement says that returns one number. */
static pp_status read_number(struct ledger_store *store, const char *sql, int64_t *out,
                             pp_error *error) {
    sqlite3_stmt *statement = NULL;
    pp_status status = store_prepare(store, sql, &statement, error);
    if (status != PP_OK)
        return status;
    if (sqlite3_step(statement) == SQLITE_ROW)
        *out = sqlite3_column_int64(statement, 0);
    else
        status = store_failed(store, error);
    sqlite3_finalize(statement);
    return status;
}

/* The tables are ours, and nothing is beside them that acts by itself. */
static pp_status check_schema(struct ledger_store *store, bool *empty, pp_error *error) {
    *empty = false;
    sqlite3_stmt *statement = NULL;
    int64_t application = 0, version = 0;
    pp_status status = read_number(store, "PRAGMA application_id", &application, error);
    if (status == PP_OK)
        status = read_number(store, "PRAGMA user_version", &version, error);
    if (status == PP_OK)
        status =
            store_prepare(store, "SELECT sql FROM sqlite_schema ORDER BY rowid", &statement, error);
    if (status != PP_OK)
        return status;
    size_t n = 0;
    bool same = true;
    int code;
    for (; (code = sqlite3_step(statement)) == SQLITE_ROW; n++)
        same &= n < N_TABLES && strcmp(store_text(statement, 0), schema[n]) == 0;
    if (code != SQLITE_DONE)
        status = store_failed(store, error);
    sqlite3_finalize(statement);
    if (status != PP_OK)
        return status;
    *empty = n == 0 && application == 0 && version == 0;
    if (*empty)
        return PP_OK;
    if (application != APPLICATION)
        return store_fail(error, PP_ERR_USAGE,
                          "%.100s is an SQLite file, but no ledger of parprime",
                          store->ledger.path);
    if (version != LEDGER_SCHEMA)
        return store_fail(error, PP_ERR_USAGE,
                          "ledger %.100s is of schema %" PRId64 ", and this program knows %d",
                          store->ledger.path, version, LEDGER_SCHEMA);
    return same && n == N_TABLES ? PP_OK
                                 : store_damaged(store, error, "its tables are not a ledger's");
}

/* SQLite's own opinion of its pages. */
static pp_status check_pages(struct ledger_store *store, pp_error *error) {
    sqlite3_stmt *statement = NULL;
    pp_status status = store_prepare(store, "PRAGMA quick_check(1)", &statement, error);
    if (status != PP_OK)
        return status;
    if (sqlite3_step(statement) != SQLITE_ROW)
        status = store_failed(store, error);
    else if (strcmp(store_text(statement, 0), "ok") != 0)
        status = store_damaged(store, error, store_text(statement, 0));
    sqlite3_finalize(statement);
    return status;
}

static pp_status create(struct ledger_store *store, const struct ledger_job *job, pp_error *error) {
    struct ledger *ledger = &store->ledger;
    char sql[96];
    snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d;", APPLICATION,
             LEDGER_SCHEMA);
    snprintf(store->command, sizeof store->command, "%s", job->command);
    snprintf(store->output, sizeof store->output, "%s", job->output);
    ledger->job = (struct ledger_job){store->command, store->output, job->lo, job->hi};
    store->job_hash = hash_job(job);
    sqlite3_stmt *statement = NULL;
    pp_status status = store_run(store, sql, error);
    for (size_t i = 0; status == PP_OK && i < N_TABLES; i++)
        status = store_run(store, schema[i], error);
    if (status == PP_OK)
        status = store_prepare(store, "INSERT INTO job VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)",
                               &statement, error);
    if (status != PP_OK)
        return status;
    char begun[24];
    store_now(begun);
    store_bind_text(store, statement, 1, job->command);
    store_bind_u64(store, statement, 2, job->lo);
    store_bind_u64(store, statement, 3, job->hi);
    store_bind_text(store, statement, 4, job->output);
    sqlite3_bind_int64(statement, 5, LEDGER_ANSWERS);
    store_bind_hex(store, statement, 6, store->job_hash);
    store_bind_text(store, statement, 7, pp_version());
    store_bind_text(store, statement, 8, begun);
    status = store_step(store, statement, error);
    sqlite3_finalize(statement);
    return status == PP_OK ? write_total(store, error) : status;
}

/*
 * One file, between commits too (no write-ahead log, whose loss would cost what it holds), held for
 * ourselves until the ledger is closed, and on the disk when a commit returns. What a stranger's
 * file may hold is not trusted.
 */
static const char *const settings = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE;"
                                    "PRAGMA synchronous = EXTRA; PRAGMA trusted_schema = OFF;"
                                    "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;";

static pp_status open_db(struct ledger_store *store, bool may_create, pp_error *error) {
    const char *path = store->ledger.path;
    struct stat what;
    if (!*path || strcmp(path, "-") == 0)
        return store_fail(error, PP_ERR_USAGE, "a ledger is a file; '%s' is none", path);
    bool exists = stat(path, &what) == 0;
    if (exists && !S_ISREG(what.st_mode))
        return store_fail(error, PP_ERR_USAGE, "a ledger is a file; %.100s is something else",
                          path);
    if (!exists && !may_create)
        return store_fail(error, PP_ERR_IO, "there is no ledger %.100s", path);
    /* Names that SQLite takes for something other than a file. */
    char *plain = malloc(strlen(path) + 3);
    if (!plain)
        return store_no_memory(store, error);
    sprintf(plain, "%s%s", *path == '/' ? "" : "./", path);
    int flags = SQLITE_OPEN_READWRITE | (may_create ? SQLITE_OPEN_CREATE : 0);
    int code = sqlite3_open_v2(plain, &store->db, flags, NULL);
    free(plain);
    if (!store->db)
        return store_no_memory(store, error);
    if (code != SQLITE_OK)
        return store_failed(store, error);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, 1 << 20);
    return store_run(store, settings, error);
}

static pp_status open_store(struct ledger_store *store, const struct ledger_job *job,
                            pp_error *error) {
    pp_status status = open_db(store, job != NULL, error);
    if (status == PP_OK)
        status = store_run(store, "BEGIN EXCLUSIVE", error);
    bool empty = false;
    if (status == PP_OK)
        status = check_schema(store, &empty, error);
    if (status == PP_OK && empty && !job)
        status = store_fail(error, PP_ERR_USAGE, "%.100s is an empty file, not a ledger",
                            store->ledger.path);
    if (status == PP_OK && empty)
        status = create(store, job, error);
    if (status == PP_OK && !empty)
        status = check_pages(store, error);
    if (status == PP_OK)
        status = read_job(store, job, error);
    if (status == PP_OK)
        status = read_total(store, error);
    if (status == PP_OK)
        status = read_rows(store, error);
    /* Written anew, so that a ledger that cannot be written is refused before there is work in it.
     */
    if (status == PP_OK)
        status = write_total(store, error);
    if (status == PP_OK)
        status = store_run(store, "COMMIT", error);
    return status;
}

pp_status ledger_open(const char *path, const struct ledger_job *job, struct ledger **out,
                      pp_error *error) {
    *out = NULL;
    struct ledger_store *store = calloc(1, sizeof *store);
    if (!store)
        return store_fail(error, PP_ERR_MEMORY, "no memory for ledger %.100s", path);
    store->ledger.path = path;
    store->ledger.store = store;
    pp_status status = open_store(store, job, error);
    if (status != PP_OK) {
        ledger_close(&store->ledger);
        return status;
    }
    *out = &store->ledger;
    return PP_OK;
}

void ledger_close(struct ledger *ledger) {
    if (!ledger)
        return;
    struct ledger_store *store = ledger->store;
    sqlite3_close(store->db); /* what was not committed is rolled back */
    for (size_t i = 0; i < store->n_ways; i++)
        free(store->ways[i]);
    free(store->ways);
    free(ledger->rows);
    free(store);
}

/* ---- changing rows ---- */

/* The sum of a row in the file, and when it was finished. */
static pp_status find_row(struct ledger_store *store, int64_t id, uint64_t *sum, char finished[24],
                          pp_error *error) {
    sqlite3_stmt *statement = NULL;
    pp_status status =
        store_prepare(store, "SELECT sum, finished FROM unit WHERE id = ?", &statement, error);
    if (status != PP_OK)
        return status;
    sqlite3_bind_int64(statement, 1, id);
    if (sqlite3_step(statement) != SQLITE_ROW || !store_number(statement, 0, 16, sum)) {
        status = store_damaged(store, error, "a row is gone");
    } else {
        snprintf(finished, 24, "%s", store_text(statement, 1));
        if (sqlite3_step(statement) != SQLITE_DONE) /* there was no memory for the text */
            status = store_failed(store, error);
    }
    sqlite3_finalize(statement);
    return status;
}

pp_status ledger_remove(struct ledger *ledger, size_t first, size_t n, pp_error *error) {
    struct ledger_store *store = ledger->store;
    struct change before;
    pp_status status = begin_change(store, &before, error);
    if (status != PP_OK)
        return status;
    sqlite3_stmt *statement = NULL;
    status = store_prepare(store, "DELETE FROM unit WHERE id = ?", &statement, error);
    for (size_t i = first; status == PP_OK && i < first + n; i++) {
        uint64_t sum;
        char finished[24];
        status = find_row(store, ledger->rows[i].id, &sum, finished, error);
        sqlite3_bind_int64(statement, 1, ledger->rows[i].id);
        if (status == PP_OK)
            status = store_step(store, statement, error);
        store->n_units--;
        store->sums -= sum;
    }
    sqlite3_finalize(statement);
    status = end_change(store, &before, status, error);
    if (status == PP_OK) {
        ledger->n_rows -= n;
        memmove(ledger->rows + first, ledger->rows + first + n,
                (ledger->n_rows - first) * sizeof *ledger->rows);
    }
    return status;
}

static pp_status insert_audit(struct ledger_store *store, const struct ledger_row *row,
                              const struct ledger_way *way, uint64_t count, const uint64_t *digest,
                              double seconds, pp_error *error) {
    bool same = count == row->count && (!digest || !row->has_digest || *digest == row->digest);
    sqlite3_stmt *statement = NULL;
    pp_status status =
        store_prepare(store,
                      "INSERT INTO audit (unit, lo, hi, outcome, count, digest, method, "
                      "backend, device, simd, version, seconds, finished) VALUES "
                      "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                      &statement, error);
    if (status != PP_OK)
        return status;
    char finished[24];
    store_now(finished);
    sqlite3_bind_int64(statement, 1, row->id);
    store_bind_u64(store, statement, 2, row->lo);
    store_bind_u64(store, statement, 3, row->hi);
    store_bind_text(store, statement, 4, same ? "same" : "different");
    sqlite3_bind_int64(statement, 5, (int64_t)count);
    if (digest)
        store_bind_hex(store, statement, 6, *digest);
    bind_way(store, statement, 7, way);
    sqlite3_bind_double(statement, 12, seconds);
    store_bind_text(store, statement, 13, finished);
    status = store_step(store, statement, error);
    sqlite3_finalize(statement);
    return status;
}

pp_status ledger_mark(struct ledger *ledger, size_t index, enum ledger_standing standing,
                      const struct ledger_way *way, uint64_t count, const uint64_t *digest,
                      double seconds, pp_error *error) {
    struct ledger_store *store = ledger->store;
    struct ledger_row row = ledger->rows[index];
    struct change before;
    pp_status status = begin_change(store, &before, error);
    if (status != PP_OK)
        return status;
    uint64_t old_sum;
    char finished[24];
    sqlite3_stmt *statement = NULL;
    status = find_row(store, row.id, &old_sum, finished, error);
    if (status == PP_OK)
        status = store_prepare(store, "UPDATE unit SET standing = ?, sum = ? WHERE id = ?",
                               &statement, error);
    if (status == PP_OK) {
        row.standing = standing;
        uint64_t sum = hash_row(store, &row, finished);
        store_bind_text(store, statement, 1, standings[standing]);
        store_bind_hex(store, statement, 2, sum);
        sqlite3_bind_int64(statement, 3, row.id);
        status = store_step(store, statement, error);
        store->sums += sum - old_sum;
    }
    sqlite3_finalize(statement);
    if (status == PP_OK)
        status = insert_audit(store, &row, way, count, digest, seconds, error);
    status = end_change(store, &before, status, error);
    if (status == PP_OK)
        ledger->rows[index].standing = standing;
    return status;
}
