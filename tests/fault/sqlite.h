/*
 * SQLite that fails when told to: its own allocations, which the linker's --wrap does not see, and
 * what it asks of the system, through a VFS that lies before the usual one. Nothing is forced to
 * the disk here, since what is tested is what SQLite and a ledger do about failures, not the disk.
 */
#ifndef PARPRIME_FAULT_SQLITE_H
#define PARPRIME_FAULT_SQLITE_H

#include <stdbool.h>

enum sqlite_fault {
    SQLITE_FAULT_ALLOCATION,
    SQLITE_FAULT_IO,   /* an input or output error, whatever the call */
    SQLITE_FAULT_FULL, /* calls that write find the disk full, others have an error */
    SQLITE_FAULT_BUSY, /* locks are somebody else's; no other call fails */
    SQLITE_FAULT_STEP, /* a statement is interrupted; needs the linker's --wrap=sqlite3_step */
    N_SQLITE_FAULTS
};

/* To be called once, before anything uses SQLite. */
void sqlite_fault_install(void);

/* From now on the k-th call fails (k from 1; 0: none), alone or with all after it. Counts anew. */
void sqlite_fault_arm(enum sqlite_fault fault, unsigned long k, bool for_good);

/* Calls since then that could have failed in that way. */
unsigned long sqlite_fault_calls(void);

#endif
