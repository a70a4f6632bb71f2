/* count and list: the primes of a range. */
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/session.h"
#include "cli/signals.h"
#include "cli/words.h"

#include <stdio.h>
#include <string.h>

static json_t *json_job(const struct options *options, struct range range) {
    json_t *job =
        json_pack("{s:s, s:o, s:o, s:s}", "command",
                  options->command == COMMAND_COUNT ? "count" : "list", "lo", json_u64(range.lo),
                  "hi", json_u64(range.hi), "method", options->method ? options->method : "auto");
    if (options->command == COMMAND_LIST)
        json_object_set_new(
            job, "order",
            json_string(options->order == PP_ORDER_COMPLETION ? "completion" : "ascending"));
    return job;
}

/* ---- emitting, one block at a time ---- */

struct listing {
    struct output *output;
    size_t skip; /* bytes to leave out of the first block: JSON's first comma */
};

static pp_status emit(void *user, const void *bytes, size_t n) {
    struct listing *listing = user;
    size_t skip = listing->skip;
    listing->skip = 0;
    return output_bytes(listing->output, (const char *)bytes + skip, n - skip);
}

static pp_status list(pp_session *session, const struct options *options, struct range range,
                      struct output *output) {
    struct listing listing = {output, options->format == FORMAT_JSON ? 1 : 0};
    pp_list_callback callback = {&listing, options->order, render_lines, emit};
    if (options->format == FORMAT_JSON)
        callback.render = render_json;
    else if (options->output_u64)
        callback.render = render_u64;
    return pp_list(session, range.lo, range.hi, &callback);
}

static void print_count(struct output *output, enum format format, struct range range,
                        const pp_result *result) {
    if (format == FORMAT_TEXT)
        output_format(output, "%llu\n", (unsigned long long)result->count);
    else
        output_format(output,
                      "lo,hi,count,digest,backend,method,threads,seconds\n"
                      "%llu,%llu,%llu,%016llx,%s,%s,%u,%.9f\n",
                      (unsigned long long)range.lo, (unsigned long long)range.hi,
                      (unsigned long long)result->count, (unsigned long long)result->digest,
                      result->backend, pp_method_name(result->method), result->threads,
                      result->seconds);
}

static int run(const struct options *options, struct range range, pp_session *session,
               struct output *output) {
    bool json = options->format == FORMAT_JSON, listing = options->command == COMMAND_LIST;
    if (listing && json)
        json_open(output, json_document(json_job(options, range)), "primes");
    if (listing && options->format == FORMAT_CSV)
        output_format(output, "prime\n");

    uint64_t distance = range.hi - range.lo;
    if (options->method && strcmp(options->method, pp_method_name(PP_METHOD_PI)) == 0)
        signals_give_back(); /* its library does not stop when it is asked to */
    session_follow(session, distance < UINT64_MAX ? distance + 1 : distance);
    pp_status status = listing ? list(session, options, range, output)
                               : pp_count(session, range.lo, range.hi, NULL);
    session_followed();
    const pp_result *result = pp_session_result(session);

    if (json) {
        json_t *tail = listing ? json_object() : json_document(json_job(options, range));
        json_object_set_new(tail, "results",
                            status == PP_OK ? json_pack("[o]", json_result(result)) : json_array());
        if (status == PP_ERR_CANCELLED)
            json_object_set_new(tail, "interrupted", json_interrupted());
        (listing ? json_end : json_whole)(output, tail);
    } else if (status == PP_OK && !listing) {
        print_count(output, options->format, range, result);
    }
    if (status != PP_OK)
        return session_failed(session, status);
    if (output_flush(output) == PP_OK) {
        char what[64];
        snprintf(what, sizeof what, "%llu prime%s", (unsigned long long)result->count,
                 result->count == 1 ? "" : "s");
        print_result(options, what, result);
    }
    return 0;
}

int command_range(const struct options *options) {
    struct range range;
    if (!words_to_range(options, &range))
        return 2;
    if (options->output_u64 && options->format != FORMAT_TEXT) {
        complain("--output-format u64 goes with --format text only");
        return 2;
    }
    pp_session *session;
    int code = session_start(options, &session);
    if (code)
        return code;
    struct output output;
    if (output_open(&output, options))
        code = output_close(&output, run(options, range, session, &output));
    else
        code = 5;
    session_end(session);
    return code;
}
