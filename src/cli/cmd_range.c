/* count and list: the primes of a range. */
#include "cli/commands.h"
#include "cli/ledger.h"
#include "cli/output.h"
#include "cli/recorder.h"
#include "cli/render.h"
#include "cli/session.h"
#include "cli/signals.h"
#include "cli/words.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

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
    pp_list_callback callback = {
        .user = &listing, .order = options->order, .render = render_lines, .emit = emit};
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

/* ---- with a ledger ---- */

static bool ledger_fits(const struct options *options) {
    const char *why = NULL;
    if (options->command == COMMAND_LIST) {
        if (!options->output || strcmp(options->output, "-") == 0)
            why = "list --ledger needs --output FILE, which it can go on with";
        else if (options->format != FORMAT_TEXT)
            why = "list --ledger goes with --format text only";
        else if (options->order != PP_ORDER_ASCENDING)
            why = "list --ledger goes with --order ascending only";
    }
    struct stat output, ledger;
    if (!why && options->output &&
        (strcmp(options->output, options->ledger) == 0 ||
         (stat(options->output, &output) == 0 && stat(options->ledger, &ledger) == 0 &&
          output.st_dev == ledger.st_dev && output.st_ino == ledger.st_ino)))
        why = "--output and --ledger are one file";
    if (why)
        complain("%s", why);
    return !why;
}

static json_t *json_ledger(const struct options *options, const struct recorded *recorded) {
    return json_pack("{s:s, s:o, s:o, s:o, s:o}", "file", options->ledger, "rows",
                     json_u64(recorded->rows), "resumed", json_u64(recorded->resumed), "computed",
                     json_u64(recorded->numbers - recorded->resumed), "disputed",
                     json_u64(recorded->disputed));
}

/* Where nothing was left to do: how the last row was made, by nobody in particular now. */
static void fill_result(const struct ledger *ledger, struct recorded *recorded) {
    pp_result *result = &recorded->result;
    if (recorded->computed || ledger->n_rows == 0)
        return;
    const struct ledger_way *way = ledger->rows[ledger->n_rows - 1].way;
    result->backend = way->backend;
    result->device = way->device;
    result->device_kind = "CPU";
    result->simd = way->simd;
    pp_method_from_name(way->method, &result->method);
    result->threads = 1;
}

static void print_recorded(const struct options *options, const struct recorded *recorded) {
    const pp_result *result = &recorded->result;
    char what[80];
    snprintf(what, sizeof what, "%llu prime%s", (unsigned long long)result->count,
             result->count == 1 ? "" : "s");
    if (options->quiet)
        return;
    if (recorded->computed) {
        print_result(options, what, result);
        if (recorded->resumed)
            fprintf(stderr, "  of %llu numbers %llu were in %s already\n",
                    (unsigned long long)recorded->numbers, (unsigned long long)recorded->resumed,
                    options->ledger);
        if (recorded->disputed)
            fprintf(stderr, "  %llu row%s that an audit had disputed %s computed anew\n",
                    (unsigned long long)recorded->disputed, recorded->disputed == 1 ? "" : "s",
                    recorded->disputed == 1 ? "was" : "were");
        return;
    }
    fprintf(stderr, "%s, all from %s", what, options->ledger);
    if (result->has_digest)
        fprintf(stderr, " · digest %016llx", (unsigned long long)result->digest);
    fputc('\n', stderr);
}

static int run_recorded(const struct options *options, struct range range, pp_session *session,
                        struct ledger *ledger, struct output *output) {
    bool listing = options->command == COMMAND_LIST;
    uint64_t distance = range.hi - range.lo,
             total = distance < UINT64_MAX ? distance + 1 : distance;
    if (options->method && strcmp(options->method, pp_method_name(PP_METHOD_PI)) == 0)
        signals_give_back();
    session_follow(session, total);
    struct recorded recorded;
    pp_error error = {.status = PP_OK};
    pp_status status = listing ? record_list(ledger, session, output, &recorded, &error)
                               : record_count(ledger, session, &recorded, &error);
    session_followed();
    int code = 0;
    if (status == PP_ERR_CANCELLED && signals_came()) {
        code = interrupted_after(recorded.numbers, total, "numbers");
        complain("%s holds them: the same command goes on from there", options->ledger);
    } else if (status != PP_OK) {
        code = pp_exit_code(status);
        if (*error.message)
            complain("%s", error.message);
    }
    fill_result(ledger, &recorded);
    if (options->format == FORMAT_JSON) {
        json_t *document = json_document(json_job(options, range));
        json_object_set_new(document, "results",
                            code ? json_array() : json_pack("[o]", json_result(&recorded.result)));
        json_object_set_new(document, "ledger", json_ledger(options, &recorded));
        if (code > 128)
            json_object_set_new(document, "interrupted", json_interrupted());
        json_whole(output, document);
    } else if (!code && !listing) {
        print_count(output, options->format, range, &recorded.result);
    }
    if (!code && output_flush(output) == PP_OK)
        print_recorded(options, &recorded);
    return code;
}

/* Opens the ledger first: who cannot have it should not wait for a device. */
static int range_with_ledger(const struct options *options, struct range range) {
    bool listing = options->command == COMMAND_LIST;
    const struct ledger_job job = {.command = listing ? "list" : "count",
                                   .output = !listing              ? ""
                                             : options->output_u64 ? "u64"
                                                                   : "text",
                                   .lo = range.lo,
                                   .hi = range.hi};
    if (!ledger_fits(options))
        return 2;
    struct ledger *ledger;
    pp_error error;
    pp_status status = ledger_open(options->ledger, &job, &ledger, &error);
    if (status != PP_OK)
        return fail_with(status, &error);
    pp_session *session;
    int code = session_start(options, &session);
    if (code == 0) {
        struct output output;
        if (listing)
            code = output_reopen(&output, options, ledger->n_rows == 0);
        else
            code = output_open(&output, options) ? 0 : 5;
        if (code == 0)
            code = output_close(&output, run_recorded(options, range, session, ledger, &output));
        session_end(session);
    }
    ledger_close(ledger);
    return code;
}

int command_range(const struct options *options) {
    struct range range;
    if (!words_to_range(options, &range))
        return 2;
    if (options->output_u64 && options->format != FORMAT_TEXT) {
        complain("--output-format u64 goes with --format text only");
        return 2;
    }
    if (options->ledger)
        return range_with_ledger(options, range);
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
