/* A build without SQLite or xxHash: says so. */
#include "cli/ledger.h"

#include <stdio.h>
#include <stdlib.h>

pp_status ledger_open(const char *path, const struct ledger_job *job, struct ledger **out,
                      pp_error *error) {
    (void)path, (void)job;
    *out = NULL;
    error->status = PP_ERR_UNAVAILABLE;
    snprintf(error->message, sizeof error->message,
             "this build has no ledger; configure it where there are libsqlite3-dev and "
             "libxxhash-dev");
    return PP_ERR_UNAVAILABLE;
}

void ledger_close(struct ledger *ledger) {
    (void)ledger;
}

pp_status ledger_add(struct ledger *ledger, const struct ledger_row *rows, size_t n,
                     pp_error *error) {
    (void)ledger, (void)rows, (void)n, (void)error;
    return PP_ERR_UNAVAILABLE;
}

pp_status ledger_remove(struct ledger *ledger, size_t first, size_t n, pp_error *error) {
    (void)ledger, (void)first, (void)n, (void)error;
    return PP_ERR_UNAVAILABLE;
}

pp_status ledger_mark(struct ledger *ledger, size_t index, enum ledger_standing standing,
                      const struct ledger_way *way, uint64_t count, const uint64_t *digest,
                      double seconds, pp_error *error) {
    (void)ledger, (void)index, (void)standing, (void)way, (void)count, (void)digest;
    (void)seconds, (void)error;
    return PP_ERR_UNAVAILABLE;
}

struct ledger_hash *ledger_hash_new(void) {
    return NULL;
}

void ledger_hash_free(struct ledger_hash *hash) {
    (void)hash;
}

void ledger_hash_add(struct ledger_hash *hash, const void *bytes, size_t n) {
    (void)hash, (void)bytes, (void)n;
}

uint64_t ledger_hash_value(const struct ledger_hash *hash) {
    (void)hash;
    return 0;
}

void ledger_hash_reset(struct ledger_hash *hash) {
    (void)hash;
}
