#include "fault/sqlite.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which call fails ---- */

static enum sqlite_fault armed;
static atomic_ulong calls, failing;
static bool failing_for_good;

void sqlite_fault_arm(enum sqlite_fault fault, unsigned long k, bool for_good) {
    armed = fault;
    failing_for_good = for_good;
    atomic_store(&failing, k);
    atomic_store(&calls, 0);
}

unsigned long sqlite_fault_calls(void) {
    return atomic_load(&calls);
}

static bool fails(void) {
    unsigned long call = atomic_fetch_add(&calls, 1) + 1, k = atomic_load(&failing);
    return k && (call == k || (call > k && failing_for_good));
}

/* ---- allocations ---- */

static sqlite3_mem_methods usual_memory;

static void *allocate(int size) {
    return armed == SQLITE_FAULT_ALLOCATION && fails() ? NULL : usual_memory.xMalloc(size);
}

static void *reallocate(void *block, int size) {
    return armed == SQLITE_FAULT_ALLOCATION && fails() ? NULL : usual_memory.xRealloc(block, size);
}

/* ---- files ---- */

/* The usual VFS's file lies behind ours. */
struct file {
    sqlite3_file base, usual[];
};

static sqlite3_vfs *usual_vfs;
static sqlite3_vfs vfs;

static sqlite3_file *usual(sqlite3_file *file) {
    return ((struct file *)file)->usual;
}

/* What a call comes to: SQLITE_OK if it is not to fail, else `code`, or that the disk is full. */
static int outcome(int code, bool writes) {
    if ((armed != SQLITE_FAULT_IO && armed != SQLITE_FAULT_FULL) || !fails())
        return SQLITE_OK;
    return armed == SQLITE_FAULT_FULL && writes ? SQLITE_FULL : code;
}

static int file_close(sqlite3_file *file) {
    return usual(file)->pMethods->xClose(usual(file));
}

static int file_read(sqlite3_file *file, void *bytes, int n, sqlite3_int64 at) {
    int code = outcome(SQLITE_IOERR_READ, false);
    return code ? code : usual(file)->pMethods->xRead(usual(file), bytes, n, at);
}

static int file_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at) {
    int code = outcome(SQLITE_IOERR_WRITE, true);
    /* Half of it is written, as when a disk gets full. */
    int written = usual(file)->pMethods->xWrite(usual(file), bytes, code ? n / 2 : n, at);
    return code ? code : written;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
    int code = outcome(SQLITE_IOERR_TRUNCATE, false);
    return code ? code : usual(file)->pMethods->xTruncate(usual(file), size);
}

static int file_sync(sqlite3_file *file, int flags) {
    (void)file, (void)flags;
    return outcome(SQLITE_IOERR_FSYNC, true);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
    int code = outcome(SQLITE_IOERR_FSTAT, false);
    return code ? code : usual(file)->pMethods->xFileSize(usual(file), size);
}

static int file_lock(sqlite3_file *file, int level) {
    if (armed == SQLITE_FAULT_BUSY && fails())
        return SQLITE_BUSY;
    int code = outcome(SQLITE_IOERR_LOCK, false);
    return code ? code : usual(file)->pMethods->xLock(usual(file), level);
}

static int file_unlock(sqlite3_file *file, int level) {
    return usual(file)->pMethods->xUnlock(usual(file), level);
}

static int file_is_reserved(sqlite3_file *file, int *out) {
    return usual(file)->pMethods->xCheckReservedLock(usual(file), out);
}

static int file_control(sqlite3_file *file, int what, void *argument) {
    return usual(file)->pMethods->xFileControl(usual(file), what, argument);
}

static int file_sector_size(sqlite3_file *file) {
    return usual(file)->pMethods->xSectorSize(usual(file));
}

static int file_characteristics(sqlite3_file *file) {
    return usual(file)->pMethods->xDeviceCharacteristics(usual(file));
}

static const sqlite3_io_methods methods = {.iVersion = 1,
                                           .xClose = file_close,
                                           .xRead = file_read,
                                           .xWrite = file_write,
                                           .xTruncate = file_truncate,
                                           .xSync = file_sync,
                                           .xFileSize = file_size,
                                           .xLock = file_lock,
                                           .xUnlock = file_unlock,
                                           .xCheckReservedLock = file_is_reserved,
                                           .xFileControl = file_control,
                                           .xSectorSize = file_sector_size,
                                           .xDeviceCharacteristics = file_characteristics};

static int vfs_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags, int *out) {
    (void)self;
    file->pMethods = NULL;
    int code = outcome(SQLITE_CANTOPEN, false);
    if (!code)
        code = usual_vfs->xOpen(usual_vfs, name, usual(file), flags, out);
    if (!code)
        file->pMethods = &methods;
    return code;
}

static int vfs_delete(sqlite3_vfs *self, const char *name, int sync) {
    (void)self, (void)sync;
    int code = outcome(SQLITE_IOERR_DELETE, false);
    return code ? code : usual_vfs->xDelete(usual_vfs, name, 0);
}

static int vfs_access(sqlite3_vfs *self, const char *name, int flags, int *out) {
    (void)self;
    int code = outcome(SQLITE_IOERR_ACCESS, false);
    return code ? code : usual_vfs->xAccess(usual_vfs, name, flags, out);
}

static int vfs_full_pathname(sqlite3_vfs *self, const char *name, int n, char *out) {
    (void)self;
    int code = outcome(SQLITE_CANTOPEN_FULLPATH, false);
    return code ? code : usual_vfs->xFullPathname(usual_vfs, name, n, out);
}

/* ---- statements ---- */

int __real_sqlite3_step(sqlite3_stmt *statement);
int __wrap_sqlite3_step(sqlite3_stmt *statement);

static int interrupts(void *unused) {
    (void)unused;
    return 1;
}

/* Fails as SQLite itself does it, so that all it says of the failure is there. */
int __wrap_sqlite3_step(sqlite3_stmt *statement) {
    if (armed != SQLITE_FAULT_STEP || !fails())
        return __real_sqlite3_step(statement);
    sqlite3 *db = sqlite3_db_handle(statement);
    sqlite3_progress_handler(db, 1, interrupts, NULL);
    int code = __real_sqlite3_step(statement);
    sqlite3_progress_handler(db, 0, NULL, NULL);
    return code;
}

static void must(int code) {
    if (code != SQLITE_OK) {
        fprintf(stderr, "tests/fault: SQLite cannot be made to fail: %s\n", sqlite3_errstr(code));
        abort();
    }
}

void sqlite_fault_install(void) {
    must(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &usual_memory));
    sqlite3_mem_methods memory = usual_memory;
    memory.xMalloc = allocate;
    memory.xRealloc = reallocate;
    must(sqlite3_config(SQLITE_CONFIG_MALLOC, &memory));
    must(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0)); /* small blocks are counted, too */
    must(sqlite3_initialize());
    usual_vfs = sqlite3_vfs_find(NULL);
    vfs = *usual_vfs; /* what asks for no file is the usual one's */
    vfs.iVersion = 1;
    vfs.szOsFile = (int)sizeof(struct file) + usual_vfs->szOsFile;
    vfs.zName = "faulty";
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    vfs.xAccess = vfs_access;
    vfs.xFullPathname = vfs_full_pathname;
    must(sqlite3_vfs_register(&vfs, 1));
}

/* ---- told by the environment, for a whole program ---- */

static void report(void) {
    const char *path = getenv("FAULT_SQLITE_REPORT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (file) {
        fprintf(file, "%lu\n", sqlite_fault_calls());
        fclose(file);
    }
}

__attribute__((constructor)) static void listen_to_environment(void) {
    static const char *const names[N_SQLITE_FAULTS] = {"allocation", "io", "full", "busy", "step"};
    const char *name = getenv("FAULT_SQLITE"), *k = getenv("FAULT_SQLITE_NTH");
    for (int i = 0; name && k && i < N_SQLITE_FAULTS; i++)
        if (strcmp(name, names[i]) == 0) {
            atexit(report);
            sqlite_fault_install();
            sqlite_fault_arm((enum sqlite_fault)i, strtoul(k, NULL, 10),
                             getenv("FAULT_SQLITE_FOR_GOOD") != NULL);
        }
}
