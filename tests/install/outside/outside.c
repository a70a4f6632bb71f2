/* Counts and lists the primes of the book's example. */
#include <parprime.h>

#include <stdio.h>
#include <string.h>

static pp_status print(void *user, const void *bytes, size_t n_bytes) {
    (void)user;
    for (size_t i = 0; i < n_bytes; i += sizeof(uint64_t)) {
        uint64_t prime;
        memcpy(&prime, (const char *)bytes + i, sizeof prime);
        printf("%llu\n", (unsigned long long)prime);
    }
    return PP_OK;
}

int main(void) {
    const uint64_t lo = 10000000000000, hi = lo + 500;
    pp_session_options options = PP_SESSION_OPTIONS_INIT;
    pp_session *session;
    pp_error error;
    pp_status status = pp_session_open(&options, &session, &error);
    if (status != PP_OK) {
        fprintf(stderr, "%s\n", error.message);
        return pp_exit_code(status);
    }
    pp_result result;
    pp_list_callback callback = {.emit = print};
    status = pp_count(session, lo, hi, &result);
    if (status == PP_OK) {
        printf("%llu primes\n", (unsigned long long)result.count);
        status = pp_list(session, lo, hi, &callback);
    }
    pp_session_close(session);
    return pp_exit_code(status);
}
