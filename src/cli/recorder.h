/*
 * Does what a ledger's job lacks, and writes down what is done while it is done.
 *
 * Units are noted as they finish, neighbours together, and a thread of the recorder's commits what
 * has gathered: soon at first, so that little is lost early on, and every few seconds later. A kill
 * or a crash loses what was not committed. Of a list, the file is on the disk before the row is.
 */
#ifndef PARPRIME_CLI_RECORDER_H
#define PARPRIME_CLI_RECORDER_H

#include "cli/ledger.h"
#include "cli/output.h"

/* What it came to. */
struct recorded {
    pp_result result;  /* of the whole job; of its parts the last one says how */
    bool computed;     /* anything, so that the result says how */
    uint64_t numbers;  /* in the ledger now, saturating */
    uint64_t resumed;  /* of them, there when it was opened */
    uint64_t rows;     /* in the ledger that were there */
    uint64_t disputed; /* rows that were thrown away, to be done again */
};

/*
 * Counts. The session's unit function is the recorder's meanwhile. *out says what there is, also
 * after an error; `error` only what failed. PP_ERR_CANCELLED: what is done is in the ledger.
 */
pp_status record_count(struct ledger *ledger, pp_session *session, struct recorded *out,
                       pp_error *error);

/* Lists into a file, which is cut back to where the ledger says that it is whole. */
pp_status record_list(struct ledger *ledger, pp_session *session, struct output *output,
                      struct recorded *out, pp_error *error);

#endif
