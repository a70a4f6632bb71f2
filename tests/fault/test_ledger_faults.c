/*
 * The k-th allocation that SQLite, or the ledger itself, makes fails, and the k-th thing that
 * SQLite asks of the system, for every k, alone and with all after it, in everything that is done
 * to a ledger. Whatever failed: it is said with the status that fits, and the ledger that is opened
 * afterwards holds what it held before, or what it was to hold, and nothing else.
 */
#include "cli/ledger.h"
#include "fault/allocations.h"
#include "fault/sqlite.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xxhash.h>

/* A list, since its rows have every column. */
static const struct ledger_job job = {.command = "list", .output = "u64", .lo = 10, .hi = 999};
static const struct ledger_way sieve = {"openmp", "CPU", "sieve", "none", "0.1.0"};
static const struct ledger_way mr = {"serial", "CPU", "mr", "avx2", "0.1.0"};

static struct ledger_row row_of(uint64_t lo, uint64_t hi, uint64_t before, uint64_t count) {
    return (struct ledger_row){.lo = lo,
                               .hi = hi,
                               .count = count,
                               .digest = lo * UINT64_C(0x9e3779b97f4a7c15),
                               .has_digest = true,
                               .seconds = 0.25,
                               .output_end = 8 * (before + count),
                               .output_hash = lo * UINT64_C(0xbf58476d1ce4e5b9),
                               .way = lo < 200 ? &sieve : &mr};
}

static struct ledger_row rows[5];

/* ---- the file, as it is before each try ---- */

enum { MOST_BYTES = 1 << 17 };
static char kept[MOST_BYTES];
static size_t n_kept;

static void keep(void) {
    FILE *file = fopen("L", "rb");
    assert_non_null(file);
    n_kept = fread(kept, 1, sizeof kept, file);
    assert_true(n_kept > 0 && n_kept < sizeof kept);
    fclose(file);
}

static void put_back(bool there) {
    unlink("L");
    unlink("L-journal");
    if (!there)
        return;
    FILE *file = fopen("L", "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(kept, 1, n_kept, file), n_kept);
    assert_int_equal(fclose(file), 0);
}

/* ---- what is done to it ---- */

static pp_status add_rows(struct ledger *ledger, pp_error *error) {
    return ledger_add(ledger, &rows[3], 2, error);
}

static pp_status mark_row(struct ledger *ledger, pp_error *error) {
    const uint64_t digest = 1;
    return ledger_mark(ledger, 1, LEDGER_DISPUTED, &mr, 20, &digest, 0.5, error);
}

static pp_status remove_rows(struct ledger *ledger, pp_error *error) {
    return ledger_remove(ledger, 1, 2, error);
}

/* Opening alone is what is tried where there is nothing to do. */
static const struct deed {
    const char *name;
    pp_status (*act)(struct ledger *ledger, pp_error *error);
    bool there;           /* is there a ledger before? */
    bool known;           /* is its job known to who opens it? */
    size_t before, after; /* rows */
    bool disputed;        /* rows[1], afterwards */
} deeds[] = {{"making", NULL, false, true, 0, 0, false},
             {"opening", NULL, true, true, 3, 3, false},
             {"opening for audit", NULL, true, false, 3, 3, false},
             {"adding", add_rows, true, true, 3, 5, false},
             {"marking", mark_row, true, true, 3, 3, true},
             {"removing", remove_rows, true, true, 3, 1, false}};

/* Undisturbed: the ledger can be opened, and holds what it held before or was to hold. */
static bool holds(const struct deed *deed, bool after, const char *what) {
    struct ledger *ledger;
    pp_error error;
    if (ledger_open("L", &job, &ledger, &error) != PP_OK)
        fail_msg("%s: %s", what, error.message);
    size_t n = after ? deed->after : deed->before;
    bool same = ledger->n_rows == n;
    for (size_t i = 0; same && i < n; i++) {
        const struct ledger_row *row = &ledger->rows[i], *want = &rows[i];
        bool disputed = after && deed->disputed && i == 1;
        same = row->lo == want->lo && row->hi == want->hi && row->count == want->count &&
               row->has_digest && row->digest == want->digest &&
               row->output_end == want->output_end && row->output_hash == want->output_hash &&
               memcmp(row->way, want->way, sizeof *want->way) == 0 &&
               row->standing == (disputed ? LEDGER_DISPUTED : LEDGER_UNCONFIRMED);
    }
    ledger_close(ledger);
    return same;
}

/* ---- what fails ---- */

enum { OWN_ALLOCATION = N_SQLITE_FAULTS, N_FAULTS };
static const char *const fault_names[N_FAULTS] = {
    "allocation of SQLite", "input or output", "full disk", "lock", "statement", "allocation"};

static void arm(int fault, unsigned long k, bool for_good) {
    sqlite_fault_arm((enum sqlite_fault)(fault == OWN_ALLOCATION ? 0 : fault),
                     fault == OWN_ALLOCATION ? 0 : k, for_good);
    fault_arm(fault == OWN_ALLOCATION ? k : 0, for_good);
}

static unsigned long armed_calls(int fault) {
    return fault == OWN_ALLOCATION ? fault_calls() : sqlite_fault_calls();
}

/* One try: how it ended. *calls: that could have failed. */
static pp_status attempt(const struct deed *deed, int fault, unsigned long k, bool for_good,
                         unsigned long *calls, pp_error *error) {
    struct ledger *ledger = NULL;
    pp_status status = PP_OK;
    put_back(deed->there);
    arm(fault, deed->act ? 0 : k, for_good);
    status = ledger_open("L", deed->known ? &job : NULL, &ledger, error);
    if (status == PP_OK && deed->act) {
        arm(fault, k, for_good);
        status = deed->act(ledger, error);
    }
    *calls = armed_calls(fault);
    if (!ledger)
        assert_int_not_equal(status, PP_OK);
    /* What failed for good fails when it is closed, too, and what failed once does not again. */
    ledger_close(ledger);
    arm(fault, 0, false);
    return status;
}

static bool fits(int fault, pp_status status) {
    return status == (fault == SQLITE_FAULT_ALLOCATION || fault == OWN_ALLOCATION ? PP_ERR_MEMORY
                                                                                  : PP_ERR_IO);
}

static void try_all(int fault) {
    unsigned long tried = 0, refused = 0;
    for (size_t d = 0; d < COUNT_OF(deeds); d++)
        for (int for_good = 0; for_good <= 1; for_good++) {
            const struct deed *deed = &deeds[d];
            unsigned long calls;
            for (unsigned long k = 1;; k++) {
                pp_error error = {.status = PP_OK};
                size_t live = fault_live_blocks();
                pp_status status = attempt(deed, fault, k, for_good, &calls, &error);
                char what[400];
                snprintf(what, sizeof what, "%s, %s %lu%s (%s)", deed->name, fault_names[fault], k,
                         for_good ? " and all after" : "",
                         status == PP_OK ? "done" : error.message);
                if (status != PP_OK && (!fits(fault, status) || error.status != status ||
                                        !strstr(error.message, "ledger L")))
                    fail_msg("%s: %s", what, pp_status_name(status));
                if (fault_live_blocks() != live)
                    fail_msg("%s: %zu blocks are left", what, fault_live_blocks() - live);
                bool before = holds(deed, false, what), after = holds(deed, true, what);
                if (!(after || (before && status != PP_OK)))
                    fail_msg("%s: the ledger holds something else", what);
                if (calls < k) {
                    if (status != PP_OK)
                        fail_msg("%s: nothing had failed", what);
                    break;
                }
                tried++;
                refused += status != PP_OK;
            }
        }
    print_message("%s: %lu failures, %lu refusals\n", fault_names[fault], tried, refused);
    assert_true(refused > 0);
}

static void test_allocations_of_sqlite(void **state) {
    (void)state;
    try_all(SQLITE_FAULT_ALLOCATION);
}

static void test_input_and_output(void **state) {
    (void)state;
    try_all(SQLITE_FAULT_IO);
}

static void test_full_disk(void **state) {
    (void)state;
    try_all(SQLITE_FAULT_FULL);
}

static void test_locks(void **state) {
    (void)state;
    try_all(SQLITE_FAULT_BUSY);
}

static void test_statements(void **state) {
    (void)state;
    try_all(SQLITE_FAULT_STEP);
}

static void test_own_allocations(void **state) {
    (void)state;
    try_all(OWN_ALLOCATION);
}

/* The state of a hash comes from its library, which may have no memory either. */
static bool no_state;
XXH64_state_t *__real_XXH64_createState(void);
XXH64_state_t *__wrap_XXH64_createState(void);

XXH64_state_t *__wrap_XXH64_createState(void) {
    return no_state ? NULL : __real_XXH64_createState();
}

static void test_hash(void **state) {
    (void)state;
    no_state = true;
    assert_null(ledger_hash_new());
    no_state = false;
    struct ledger_hash *hash = ledger_hash_new();
    assert_non_null(hash);
    ledger_hash_free(hash);
}

static int make_folder(void **state) {
    (void)state;
    char folder[] = "ledger_faults.XXXXXX";
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return -1;
    sqlite_fault_install();
    rows[0] = row_of(10, 99, 0, 21);
    rows[1] = row_of(100, 199, 21, 21);
    rows[2] = row_of(200, 299, 42, 16);
    rows[3] = row_of(300, 399, 58, 16);
    rows[4] = row_of(400, 999, 74, 90);
    struct ledger *ledger;
    pp_error error;
    if (ledger_open("L", &job, &ledger, &error) != PP_OK ||
        ledger_add(ledger, rows, 3, &error) != PP_OK)
        return -1;
    ledger_close(ledger);
    keep();
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    char *folder = getcwd(NULL, 0);
    put_back(false);
    int failed = chdir("..") != 0 || rmdir(folder) != 0;
    free(folder);
    return failed;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_allocations_of_sqlite),
                                       cmocka_unit_test(test_own_allocations),
                                       cmocka_unit_test(test_input_and_output),
                                       cmocka_unit_test(test_full_disk),
                                       cmocka_unit_test(test_locks),
                                       cmocka_unit_test(test_statements),
                                       cmocka_unit_test(test_hash)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
