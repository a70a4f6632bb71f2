/*
 * The ledger as a file: what is written is what is read, in whatever order; what does not fit
 * together is refused when it is opened, and by whom it was not made for.
 */
#include "cli/ledger.h"
#include "cli/ledger_store.h"
#include "support/support.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const struct ledger_job count_job = {.command = "count", .output = "", .lo = 10, .hi = 999};
static const struct ledger_job list_job = {.command = "list", .output = "u64", .lo = 10, .hi = 999};
static const struct ledger_job text_job = {
    .command = "list", .output = "text", .lo = 10, .hi = 999};
static const struct ledger_way sieve = {"openmp", "CPU", "sieve", "none", "0.1.0"};
static const struct ledger_way pi = {"openmp", "CPU", "pi", "none", "0.1.0"};

static char path[64];

static int make_folder(void **state) {
    (void)state;
    char folder[] = "ledger.XXXXXX";
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return -1;
    snprintf(path, sizeof path, "L");
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    char *folder = getcwd(NULL, 0);
    unlink("L");
    unlink("M");
    unlink(":memory:");
    int failed = chdir("..") != 0 || rmdir(folder) != 0;
    free(folder);
    return failed;
}

static struct ledger *opened(const struct ledger_job *job) {
    struct ledger *ledger;
    pp_error error;
    pp_status status = ledger_open(path, job, &ledger, &error);
    if (status != PP_OK)
        fail_msg("%s", error.message);
    return ledger;
}

static void refused(const struct ledger_job *job, pp_status why, const char *words) {
    struct ledger *ledger;
    pp_error error;
    assert_int_equal(ledger_open(path, job, &ledger, &error), why);
    assert_null(ledger);
    assert_int_equal(error.status, why);
    if (!strstr(error.message, words))
        fail_msg("'%s' does not say '%s'", error.message, words);
}

static struct ledger_row row_of(uint64_t lo, uint64_t hi, uint64_t count) {
    return (struct ledger_row){.lo = lo,
                               .hi = hi,
                               .count = count,
                               .digest = lo * UINT64_C(0x9e3779b97f4a7c15),
                               .has_digest = true,
                               .seconds = 1.0 / 3,
                               .way = &sieve};
}

static void add(struct ledger *ledger, const struct ledger_row *rows, size_t n) {
    pp_error error;
    if (ledger_add(ledger, rows, n, &error) != PP_OK)
        fail_msg("%s", error.message);
}

/* ---- forging: what the file says is changed behind the ledger's back ---- */

static void tell_sqlite(sqlite3 *db, const char *sql) {
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
}

static void forge(const char *sql) {
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    tell_sqlite(db, sql);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The text that a query of one value gives. */
static void asked(char *out, size_t size, const char *sql) {
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    snprintf(out, size, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* What the clock says, unless it is 0. */
static time_t false_time;
time_t __real_time(time_t *out);
time_t __wrap_time(time_t *out);

time_t __wrap_time(time_t *out) {
    if (!false_time)
        return __real_time(out);
    if (out)
        *out = false_time;
    return false_time;
}

/* A new ledger with these rows; the next to open it judges them. */
static void made(const struct ledger_job *job, const struct ledger_row *rows, size_t n) {
    unlink(path);
    struct ledger *ledger = opened(job);
    add(ledger, rows, n);
    ledger_close(ledger);
}

static void test_round_trip(void **state) {
    (void)state;
    unlink(path);
    struct ledger *ledger = opened(&count_job);
    assert_int_equal(ledger->n_rows, 0);
    const struct ledger_row rows[] = {row_of(500, 599, 3), row_of(10, 10, 0), row_of(600, 999, 5)};
    add(ledger, rows, 2);
    add(ledger, rows + 2, 1);
    add(ledger, rows, 0);
    ledger_close(ledger);
    const struct ledger_job *jobs[] = {&count_job, NULL};
    static const size_t order[] = {1, 0, 2}; /* ascending */
    for (size_t j = 0; j < COUNT_OF(jobs); j++) {
        ledger = opened(jobs[j]);
        assert_string_equal(ledger->job.command, "count");
        assert_string_equal(ledger->job.output, "");
        assert_true(ledger->job.lo == 10 && ledger->job.hi == 999);
        assert_int_equal(ledger->n_rows, 3);
        for (size_t i = 0; i < 3; i++) {
            const struct ledger_row *row = &ledger->rows[i], *want = &rows[order[i]];
            assert_true(row->lo == want->lo && row->hi == want->hi && row->count == want->count);
            assert_true(row->has_digest && row->digest == want->digest);
            assert_true(row->seconds > 0.333 && row->seconds < 0.334);
            assert_int_equal(row->standing, LEDGER_UNCONFIRMED);
            assert_memory_equal(row->way, &sieve, sizeof sieve);
        }
        ledger_close(ledger);
    }
    ledger_close(NULL);
}

static void test_extremes(void **state) {
    (void)state;
    const struct ledger_job all = {.command = "count", .output = "", .lo = 0, .hi = UINT64_MAX};
    struct ledger_row row = row_of(0, UINT64_MAX, UINT64_C(425656284035217743));
    row.digest = UINT64_MAX;
    made(&all, &row, 1);
    struct ledger *ledger = opened(&all);
    assert_true(ledger->rows[0].hi == UINT64_MAX && ledger->rows[0].digest == UINT64_MAX);
    assert_true(ledger->rows[0].count == UINT64_C(425656284035217743));
    ledger_close(ledger);
    row.way = &pi;
    row.has_digest = false;
    made(&all, &row, 1);
    ledger = opened(&all);
    assert_false(ledger->rows[0].has_digest);
    ledger_close(ledger);
}

static void test_other_jobs(void **state) {
    (void)state;
    const struct ledger_row row = row_of(10, 99, 21);
    made(&count_job, &row, 1);
    struct ledger_job other = count_job;
    other.lo++;
    refused(&other, PP_ERR_USAGE, "of another job: of count 10 999, not of count 11 999");
    other = count_job;
    other.hi--;
    refused(&other, PP_ERR_USAGE, "of another job");
    refused(&list_job, PP_ERR_USAGE, "list 10 999 --output-format u64");
    ledger_close(opened(&count_job));
    made(&list_job, NULL, 0);
    refused(&text_job, PP_ERR_USAGE, "of another job");
    refused(&count_job, PP_ERR_USAGE, "of another job");
}

static void test_rows_that_do_not_fit(void **state) {
    (void)state;
    struct ledger_row rows[] = {row_of(10, 99, 21), row_of(99, 120, 5)};
    made(&count_job, rows, 2);
    refused(&count_job, PP_ERR_IO, "two rows overlap");
    rows[1] = rows[0];
    made(&count_job, rows, 2);
    refused(&count_job, PP_ERR_IO, "two rows overlap");
    static const struct {
        uint64_t lo, hi, count;
        const char *says;
    } bad[] = {{9, 99, 1, "outside the job's range"},
               {10, 1000, 1, "outside the job's range"},
               {99, 98, 0, "outside the job's range"},
               {10, 19, 11, "more primes than numbers"}};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        rows[0] = row_of(bad[i].lo, bad[i].hi, bad[i].count);
        made(&count_job, rows, 1);
        refused(&count_job, PP_ERR_IO, bad[i].says);
        refused(NULL, PP_ERR_IO, bad[i].says);
    }
    rows[0] = row_of(10, 99, 21);
    rows[0].has_digest = false;
    made(&count_job, rows, 1);
    refused(&count_job, PP_ERR_IO, "without a digest");
}

static void test_rows_of_lists(void **state) {
    (void)state;
    struct ledger_row rows[] = {row_of(10, 99, 21), row_of(100, 199, 21), row_of(200, 999, 122)};
    rows[0].output_end = 21 * 8;
    rows[1].output_end = 42 * 8;
    rows[2].output_end = 164 * 8;
    rows[1].output_hash = 7;
    made(&list_job, rows, 3);
    struct ledger *ledger = opened(&list_job);
    assert_string_equal(ledger->job.output, "u64");
    assert_true(ledger->rows[1].output_end == 42 * 8 && ledger->rows[1].output_hash == 7);
    ledger_close(ledger);
    made(&list_job, rows + 1, 2);
    refused(&list_job, PP_ERR_IO, "have a gap");
    const struct ledger_row gap[] = {rows[0], rows[2]};
    made(&list_job, gap, 2);
    refused(&list_job, PP_ERR_IO, "have a gap");
    rows[1].output_end = 20 * 8;
    made(&list_job, rows, 2);
    refused(&list_job, PP_ERR_IO, "grows shorter");
    rows[1].output_end = 42 * 8 + 1;
    made(&list_job, rows, 2);
    refused(&list_job, PP_ERR_IO, "do not fill their part");
    /* Of text, lines are of 2 to 21 bytes. */
    static const struct {
        uint64_t bytes;
        bool fits;
    } texts[] = {{41, false}, {42, true}, {63, true}, {21 * 21, true}, {22 * 21, false}};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        rows[0].output_end = texts[i].bytes;
        made(&text_job, rows, 1);
        if (texts[i].fits)
            ledger_close(opened(&text_job));
        else
            refused(&text_job, PP_ERR_IO, "do not fill their part");
    }
}

static void test_remove_and_mark(void **state) {
    (void)state;
    const struct ledger_row rows[] = {row_of(10, 99, 21), row_of(100, 199, 21),
                                      row_of(200, 299, 16), row_of(300, 399, 16)};
    made(&count_job, rows, 4);
    struct ledger *ledger = opened(&count_job);
    pp_error error;
    const uint64_t digest = rows[3].digest;
    assert_int_equal(ledger_mark(ledger, 3, LEDGER_CONFIRMED, &sieve, 16, &digest, 0.5, &error),
                     PP_OK);
    assert_int_equal(ledger_mark(ledger, 0, LEDGER_DISPUTED, &pi, 20, NULL, 0.5, &error), PP_OK);
    assert_int_equal(ledger->rows[3].standing, LEDGER_CONFIRMED);
    assert_int_equal(ledger_remove(ledger, 1, 2, &error), PP_OK);
    assert_int_equal(ledger->n_rows, 2);
    assert_true(ledger->rows[0].lo == 10 && ledger->rows[1].lo == 300);
    ledger_close(ledger);
    ledger = opened(&count_job);
    assert_int_equal(ledger->n_rows, 2);
    assert_int_equal(ledger->rows[0].standing, LEDGER_DISPUTED);
    assert_int_equal(ledger->rows[1].standing, LEDGER_CONFIRMED);
    add(ledger, rows + 1, 2);
    ledger_close(ledger);
    ledger = opened(&count_job);
    assert_int_equal(ledger->n_rows, 4);
    assert_int_equal(ledger->rows[1].standing, LEDGER_UNCONFIRMED);
    ledger_close(ledger);
}

static void test_one_at_a_time(void **state) {
    (void)state;
    made(&count_job, NULL, 0);
    struct ledger *ledger = opened(&count_job);
    refused(&count_job, PP_ERR_IO, "in use by another process");
    refused(NULL, PP_ERR_IO, "in use by another process");
    ledger_close(ledger);
    ledger_close(opened(NULL));
}

static void test_places(void **state) {
    (void)state;
    static const struct {
        const char *path;
        pp_status status;
    } bad[] = {{"", PP_ERR_USAGE},
               {"-", PP_ERR_USAGE},
               {".", PP_ERR_USAGE},
               {"/dev/null", PP_ERR_USAGE},
               {"none/L", PP_ERR_IO}};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        snprintf(path, sizeof path, "%s", bad[i].path);
        refused(&count_job, bad[i].status, "");
    }
    snprintf(path, sizeof path, "M");
    refused(NULL, PP_ERR_IO, "there is no ledger");
    fclose(fopen(path, "w"));
    refused(NULL, PP_ERR_USAGE, "empty file");
    ledger_close(opened(&count_job));
    snprintf(path, sizeof path, ":memory:");
    ledger_close(opened(&count_job));
    assert_int_equal(access(path, F_OK), 0);
    snprintf(path, sizeof path, "L");
}

/* A file in which one thing is not as it was written. */
static void test_forged_rows(void **state) {
    (void)state;
    struct ledger_row row = row_of(10, 99, 21);
    static const struct {
        const char *sql, *says;
    } bad[] = {
        {"UPDATE unit SET standing = 'so so'", "a row that cannot be read"},
        {"UPDATE unit SET lo = ''", "a row that cannot be read"},
        {"UPDATE unit SET lo = '+10'", "a row that cannot be read"},
        {"UPDATE unit SET lo = '00000000000000000010 '", "a row that cannot be read"},
        {"UPDATE unit SET lo = '000000000000000000010'", "a row that cannot be read"},
        {"UPDATE unit SET hi = '99a'", "a row that cannot be read"},
        {"UPDATE unit SET hi = '18446744073709551616'", "a row that cannot be read"},
        {"UPDATE unit SET hi = '99999999999999999999'", "a row that cannot be read"},
        {"UPDATE unit SET digest = 'f'", "a row that cannot be read"},
        {"UPDATE unit SET digest = 'FFFFFFFFFFFFFFFF'", "a row that cannot be read"},
        {"UPDATE unit SET sum = '12345678901234567'", "a row that cannot be read"},
        {"UPDATE unit SET count = 22", "checksum"},
        {"UPDATE unit SET hi = '98'", "checksum"},
        {"UPDATE unit SET digest = NULL", "checksum"},
        {"UPDATE unit SET standing = 'confirmed'", "checksum"},
        {"UPDATE unit SET finished = ''", "checksum"},
        {"DELETE FROM unit", "its rows are not those that were written"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        made(&count_job, &row, 1);
        forge(bad[i].sql);
        refused(&count_job, PP_ERR_IO, bad[i].says);
        refused(NULL, PP_ERR_IO, bad[i].says);
    }
    row.output_end = 21 * 8;
    made(&list_job, &row, 1);
    forge("UPDATE unit SET output_hash = NULL");
    refused(&list_job, PP_ERR_IO, "a row that cannot be read");
    /* Sums that are right for rows that no ledger has. */
    row.output_end = UINT64_C(1) << 63;
    made(&list_job, &row, 1);
    refused(&list_job, PP_ERR_IO, "grows shorter");
    row.output_end = 22 * 8;
    made(&list_job, &row, 1);
    refused(&list_job, PP_ERR_IO, "do not fill their part");
    static const struct ledger_way magic = {"openmp", "CPU", "magic", "none", "0.1.0"};
    row.way = &magic;
    made(&count_job, &row, 1);
    refused(&count_job, PP_ERR_IO, "by a method that is not known");
}

/* Writes a total of as many rows as there are and other checksums, with its own checksum right. */
static void forge_total(uint64_t sums) {
    char hash[32], sql[200];
    asked(hash, sizeof hash, "SELECT hash FROM job");
    uint64_t sum = store_hash("%s\n%d\n%016" PRIx64 "\n%d\n", hash, 1, sums, 1);
    snprintf(sql, sizeof sql,
             "UPDATE total SET sums = '%016" PRIx64 "', opened = 1, sum = '%016" PRIx64 "'", sums,
             sum);
    forge(sql);
}

static void test_forged_totals(void **state) {
    (void)state;
    const struct ledger_row row = row_of(10, 99, 21);
    static const struct {
        const char *sql, *says;
    } bad[] = {
        {"DELETE FROM total", "its total cannot be read"},
        {"UPDATE total SET sums = 'none'", "its total cannot be read"},
        {"UPDATE total SET sum = ''", "its total cannot be read"},
        {"UPDATE total SET units = 2", "its total does not have the checksum"},
        {"UPDATE total SET opened = 17", "its total does not have the checksum"},
        {"INSERT INTO total SELECT 2, units, sums, opened, sum FROM total", "its total"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        made(&count_job, &row, 1);
        forge(bad[i].sql);
        refused(&count_job, PP_ERR_IO, bad[i].says);
    }
    char sums[32];
    made(&count_job, &row, 1);
    asked(sums, sizeof sums, "SELECT sums FROM total");
    forge_total(strtoull(sums, NULL, 16));
    ledger_close(opened(&count_job)); /* so it can be forged */
    forge_total(strtoull(sums, NULL, 16) + 1);
    refused(&count_job, PP_ERR_IO, "its rows are not those that were written");
}

/* Writes another job, with its checksum right. */
static void forge_job(const char *command, uint64_t lo, uint64_t hi, const char *output) {
    char sql[300];
    uint64_t hash = store_hash("%s\n%" PRIu64 "\n%" PRIu64 "\n%s\n%d\n", command, lo, hi, output,
                               LEDGER_ANSWERS);
    snprintf(sql, sizeof sql,
             "UPDATE job SET command = '%s', lo = '%" PRIu64 "', hi = '%" PRIu64
             "', output = '%s', hash = '%016" PRIx64 "'",
             command, lo, hi, output, hash);
    forge(sql);
}

static void test_forged_jobs(void **state) {
    (void)state;
    static const struct {
        const char *sql, *says;
    } bad[] = {
        {"DELETE FROM job", "its job cannot be read"},
        {"UPDATE job SET lo = '0x10'", "its job cannot be read"},
        {"UPDATE job SET hi = ''", "its job cannot be read"},
        {"UPDATE job SET hash = 'none'", "its job cannot be read"},
        {"UPDATE job SET hi = '998'", "its job does not have the checksum"},
        {"INSERT INTO job SELECT 2, command, lo, hi, output, answers, hash, version, begun FROM "
         "job",
         "more than one job"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        made(&count_job, NULL, 0);
        forge(bad[i].sql);
        refused(&count_job, PP_ERR_IO, bad[i].says);
        refused(NULL, PP_ERR_IO, bad[i].says);
    }
    made(&count_job, NULL, 0);
    forge("UPDATE job SET answers = 7");
    refused(&count_job, PP_ERR_USAGE, "is of answers of version 7, and this program's");
    /* Jobs that nobody can have asked for. */
    static const struct {
        const char *command, *output;
        uint64_t lo, hi;
    } odd[] = {{"count", "", 12, 11},
               {"guess", "", 10, 999},
               {"count", "text", 10, 999},
               {"list", "", 10, 999}};
    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        made(&count_job, NULL, 0);
        forge_job(odd[i].command, odd[i].lo, odd[i].hi, odd[i].output);
        refused(NULL, PP_ERR_IO, "its job does not have the checksum");
    }
    made(&count_job, NULL, 0);
    forge_job("count", 10, 998, "");
    refused(&count_job, PP_ERR_USAGE, "of another job: of count 10 998, not of count 10 999");
}

/* SQLite files that are none of ours, or no longer. */
static void test_other_files(void **state) {
    (void)state;
    static const struct {
        const char *sql;
        pp_status status;
        const char *says;
    } bad[] = {
        {"PRAGMA user_version = 2", PP_ERR_USAGE, "is of schema 2, and this program knows 1"},
        {"PRAGMA application_id = 1", PP_ERR_USAGE, "is an SQLite file, but no ledger"},
        {"DROP TABLE audit", PP_ERR_IO, "its tables are not a ledger's"},
        {"CREATE TABLE more (id INTEGER PRIMARY KEY)", PP_ERR_IO, "its tables are not a ledger's"},
        {"CREATE TRIGGER more AFTER INSERT ON unit BEGIN DELETE FROM unit; END", PP_ERR_IO,
         "its tables are not a ledger's"},
        {"DROP TABLE audit; CREATE TABLE audit (id INTEGER PRIMARY KEY)", PP_ERR_IO,
         "its tables are not a ledger's"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        made(&count_job, NULL, 0);
        forge(bad[i].sql);
        refused(&count_job, bad[i].status, bad[i].says);
        refused(NULL, bad[i].status, bad[i].says);
    }
    /* Without tables, and yet somebody's. */
    static const char *const marks[] = {"PRAGMA application_id = 1", "PRAGMA user_version = 1"};
    for (size_t i = 0; i < COUNT_OF(marks); i++) {
        unlink(path);
        forge(marks[i]);
        refused(&count_job, PP_ERR_USAGE, "is an SQLite file, but no ledger");
    }
    unlink(path);
    forge("CREATE TABLE theirs (one)");
    refused(&count_job, PP_ERR_USAGE, "is an SQLite file, but no ledger");
}

/* A row that goes while the ledger is open, which others cannot do to it: nothing is changed. */
static void test_rows_that_go(void **state) {
    (void)state;
    const struct ledger_row rows[] = {row_of(10, 99, 21), row_of(100, 199, 21)};
    static const char *const ways[] = {"DELETE FROM unit WHERE lo = '100'",
                                       "UPDATE unit SET sum = 'none' WHERE lo = '100'"};
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        pp_error error;
        made(&count_job, rows, 2);
        struct ledger *ledger = opened(&count_job);
        tell_sqlite(ledger->store->db, ways[i]);
        assert_int_equal(ledger_remove(ledger, 0, 2, &error), PP_ERR_IO);
        assert_non_null(strstr(error.message, "a row is gone"));
        assert_int_equal(ledger->n_rows, 2);
        assert_int_equal(ledger_mark(ledger, 1, LEDGER_CONFIRMED, &sieve, 21, NULL, 1, &error),
                         PP_ERR_IO);
        assert_non_null(strstr(error.message, "a row is gone"));
        assert_int_equal(ledger->rows[1].standing, LEDGER_UNCONFIRMED);
        ledger_close(ledger);
        char n[8];
        asked(n, sizeof n, "SELECT count(*) FROM unit WHERE lo = '10'");
        assert_string_equal(n, "1");
        asked(n, sizeof n, "SELECT count(*) FROM audit");
        assert_string_equal(n, "0");
    }
}

/* What an audit says of a row: the same, as far as both know. */
static void test_outcomes(void **state) {
    (void)state;
    struct ledger_row rows[] = {row_of(10, 99, 21), row_of(100, 199, 21)};
    rows[1].has_digest = false;
    rows[1].way = &pi;
    const uint64_t right = rows[0].digest, wrong = right + 1;
    const struct {
        size_t row;
        uint64_t count;
        const uint64_t *digest;
        const char *outcome;
    } tries[] = {{0, 21, &right, "same"},      {0, 21, NULL, "same"},
                 {0, 20, NULL, "different"},   {0, 20, &right, "different"},
                 {0, 21, &wrong, "different"}, {1, 21, &wrong, "same"},
                 {1, 22, &right, "different"}};
    for (size_t i = 0; i < COUNT_OF(tries); i++) {
        pp_error error;
        made(&count_job, rows, 2);
        struct ledger *ledger = opened(&count_job);
        assert_int_equal(ledger_mark(ledger, tries[i].row, LEDGER_CONFIRMED, &sieve, tries[i].count,
                                     tries[i].digest, 1, &error),
                         PP_OK);
        ledger_close(ledger);
        char outcome[16];
        asked(outcome, sizeof outcome, "SELECT outcome FROM audit");
        assert_string_equal(outcome, tries[i].outcome);
        ledger_close(opened(&count_job));
    }
}

/* A clock that is out of its mind costs the date, and nothing else. */
static void test_clock(void **state) {
    (void)state;
    static const struct {
        time_t time;
        const char *written;
    } clocks[] = {{1764046554, "2025-11-25T04:55:54Z"},
                  {(time_t)1 << 55, "unknown"},  /* a year of ten digits */
                  {(time_t)1 << 62, "unknown"}}; /* a year that an int does not hold */
    for (size_t i = 0; i < COUNT_OF(clocks); i++) {
        const struct ledger_row row = row_of(10, 99, 21);
        false_time = clocks[i].time;
        made(&count_job, &row, 1);
        false_time = 0;
        char finished[32];
        asked(finished, sizeof finished, "SELECT finished FROM unit");
        assert_string_equal(finished, clocks[i].written);
        struct ledger *ledger = opened(&count_job);
        assert_int_equal(ledger->n_rows, 1);
        ledger_close(ledger);
    }
}

/* XXH64 of nothing, and of "a", with seed 0. */
static void test_hash(void **state) {
    (void)state;
    struct ledger_hash *hash = ledger_hash_new();
    assert_non_null(hash);
    assert_true(ledger_hash_value(hash) == UINT64_C(0xef46db3751d8e999));
    ledger_hash_add(hash, "a", 1);
    assert_true(ledger_hash_value(hash) == UINT64_C(0xd24ec4f1a98c6e5b));
    ledger_hash_reset(hash);
    ledger_hash_add(hash, "", 0);
    assert_true(ledger_hash_value(hash) == UINT64_C(0xef46db3751d8e999));
    ledger_hash_free(hash);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_other_jobs),    cmocka_unit_test(test_rows_that_do_not_fit),
        cmocka_unit_test(test_rows_of_lists), cmocka_unit_test(test_remove_and_mark),
        cmocka_unit_test(test_one_at_a_time), cmocka_unit_test(test_places),
        cmocka_unit_test(test_forged_rows),   cmocka_unit_test(test_forged_totals),
        cmocka_unit_test(test_forged_jobs),   cmocka_unit_test(test_other_files),
        cmocka_unit_test(test_rows_that_go),  cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_clock),         cmocka_unit_test(test_hash)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
