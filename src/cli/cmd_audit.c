/*
 * audit: rows of a ledger, chosen so that nobody can tell beforehand which, are computed again in
 * another way. Where the answers differ, a third way says which of them is right.
 */
#include "cli/commands.h"
#include "cli/ledger.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/signals.h"
#include "cli/words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* By default this share of the rows, and at least so many of them. */
static const double USUAL_PERCENT = 1;
enum { USUAL_LEAST = 8 };

/*
 * Testing one by one takes about 20 times as long as a sieve. What it would take is measured on so
 * many numbers of a row; where that is more than TESTS_MOST seconds, other code sieves instead.
 */
enum { PROBE_NUMBERS = 2000000 };
static const double TESTS_MOST = 60;

/* Above, a sieve stops at 2^24 for method hybrid, which tests what is left. */
static const uint64_t HYBRID_TESTS_FROM = UINT64_C(1) << 48;

enum outcome { CONFIRMED, LEDGER_WRONG, AUDIT_WRONG, UNDECIDED };
static const char *const outcomes[] = {"confirmed", "ledger wrong", "audit wrong", "undecided"};

/* What a row came to in some way. */
struct answer {
    bool there;
    uint64_t count, digest;
    bool has_digest;
    double seconds;
    struct ledger_way way;
};

struct auditor {
    const struct options *options;
    struct ledger *ledger;
    struct output *output;
    pp_session *session; /* kept as long as the same is wanted */
    struct options wanted;
    size_t *chosen, n_chosen, n_done, n_elements;
    uint64_t numbers, numbers_done;
    size_t confirmed, wrong, skipped; /* of those chosen */
    size_t disputed;                  /* of all */
    pp_status status;                 /* PP_OK, or why it ended before its time */
    int code;                         /* the exit code then; it has been said */
};

/* ---- choosing rows ---- */

/* A number in [0, n), n > 0, that nobody can foretell. */
static size_t draw(size_t n) {
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        random = 0; /* the kernel has none yet: the first will do */
    return (size_t)((unsigned __int128)random * n >> 64);
}

static int by_place(const void *a, const void *b) {
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

static uint64_t numbers_in(const struct ledger_row *row) {
    uint64_t distance = row->hi - row->lo;
    return distance == UINT64_MAX ? distance : distance + 1;
}

/* Fills in auditor->chosen: of the rows that are not confirmed, or with --all of all in no dispute.
 */
static bool choose(struct auditor *auditor, double percent) {
    const struct ledger *ledger = auditor->ledger;
    bool all = auditor->options->all;
    auditor->chosen = calloc(ledger->n_rows + 1, sizeof *auditor->chosen);
    if (!auditor->chosen)
        return false;
    size_t n = 0;
    for (size_t i = 0; i < ledger->n_rows; i++) {
        enum ledger_standing standing = ledger->rows[i].standing;
        auditor->disputed += standing == LEDGER_DISPUTED;
        if (standing == LEDGER_UNCONFIRMED || (all && standing == LEDGER_CONFIRMED))
            auditor->chosen[n++] = i;
    }
    double share = ceil((double)ledger->n_rows * percent / 100);
    if (!auditor->options->sample && share < USUAL_LEAST)
        share = USUAL_LEAST;
    size_t wanted = all || share >= (double)n ? n : (size_t)share;
    for (size_t i = 0; i < wanted; i++) {
        size_t other = i + draw(n - i), kept = auditor->chosen[i];
        auditor->chosen[i] = auditor->chosen[other];
        auditor->chosen[other] = kept;
    }
    auditor->n_chosen = wanted;
    if (wanted)
        qsort(auditor->chosen, wanted, sizeof *auditor->chosen, by_place);
    for (size_t i = 0; i < wanted; i++)
        auditor->numbers += numbers_in(&ledger->rows[auditor->chosen[i]]);
    return true;
}

/* ---- computing a row again ---- */

static bool same_word(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* A session for these options, the last one if they are its. False: it has said why. */
static bool want_session(struct auditor *auditor, const struct options *wanted) {
    const struct options *had = &auditor->wanted;
    if (auditor->session && same_word(had->backend, wanted->backend) &&
        same_word(had->method, wanted->method) && same_word(had->simd, wanted->simd))
        return true;
    if (auditor->session)
        session_end(auditor->session);
    auditor->session = NULL;
    auditor->wanted = *wanted;
    auditor->code = session_start(wanted, &auditor->session);
    if (auditor->code) {
        auditor->session = NULL;
        return false;
    }
    session_follow(auditor->session, auditor->numbers);
    return true;
}

/* Counts [lo, hi] with these options. PP_OK, or a status that has been said and noted. */
static pp_status compute(struct auditor *auditor, const struct options *wanted, uint64_t lo,
                         uint64_t hi, struct answer *out) {
    *out = (struct answer){.there = false};
    if (!want_session(auditor, wanted))
        return auditor->status = PP_ERR_UNAVAILABLE;
    pp_result result;
    session_passed(auditor->numbers_done);
    auditor->status = pp_count(auditor->session, lo, hi, &result);
    if (auditor->status != PP_OK) {
        auditor->code = session_failed(auditor->session, auditor->status);
        return auditor->status;
    }
    *out = (struct answer){.there = true,
                           .count = result.count,
                           .digest = result.digest,
                           .has_digest = result.has_digest,
                           .seconds = result.seconds};
    struct ledger_way *way = &out->way;
    snprintf(way->backend, sizeof way->backend, "%s", result.backend);
    snprintf(way->device, sizeof way->device, "%s", result.device);
    snprintf(way->method, sizeof way->method, "%s", pp_method_name(result.method));
    snprintf(way->simd, sizeof way->simd, "%s", result.simd);
    snprintf(way->version, sizeof way->version, "%s", pp_version());
    return PP_OK;
}

/* serial and openmp run the same code. */
static bool is_opencl(const char *backend) {
    return backend && strcmp(backend, "opencl") == 0;
}

/* A method's name; what hybrid sieves to the end below HYBRID_TESTS_FROM is the sieve's. */
static const char *method_at(const struct ledger_way *way, uint64_t lo) {
    return lo < HYBRID_TESTS_FROM && strcmp(way->method, "hybrid") == 0 ? "sieve" : way->method;
}

/* Is the one computed by other code than the other? Another version alone does not count. */
static bool differs(const struct ledger_row *row, const struct ledger_way *a,
                    const struct ledger_way *b) {
    return strcmp(method_at(a, row->lo), method_at(b, row->lo)) != 0 ||
           is_opencl(a->backend) != is_opencl(b->backend) || strcmp(a->device, b->device) != 0 ||
           strcmp(a->simd, b->simd) != 0;
}

static bool opencl_usable(void) {
    enum { MOST = 16 };
    pp_device devices[MOST];
    size_t n = 0;
    if (pp_backend_devices("opencl", devices, MOST, &n) != PP_OK)
        return false;
    for (size_t i = 0; i < n && i < MOST; i++)
        if (devices[i].usable)
            return true;
    return false;
}

/* What testing the whole row would take, in seconds. */
static pp_status estimate_tests(struct auditor *auditor, const struct options *tests,
                                const struct ledger_row *row, double *out) {
    uint64_t numbers = numbers_in(row);
    *out = 0;
    if (numbers <= PROBE_NUMBERS)
        return PP_OK;
    struct answer probe;
    pp_status status = compute(auditor, tests, row->lo, row->lo + (PROBE_NUMBERS - 1), &probe);
    *out = probe.seconds / PROBE_NUMBERS * (double)numbers;
    return status;
}

/*
 * The options for another way than the row's, where nobody has asked for a method or an
 * instruction set: what was sieved is tested one by one, or by the sieve that tests what it leaves,
 * or, where both would take too long or sieve no differently, is sieved by other code; what was
 * tested is sieved.
 */
static pp_status second_way(struct auditor *auditor, const struct ledger_row *row,
                            struct options *out) {
    *out = *auditor->options;
    if (out->method || out->simd)
        return PP_OK;
    const char *method = row->way->method;
    if (strcmp(method, "mr") == 0 || strcmp(method, "trial") == 0) {
        out->method = "sieve";
        return PP_OK;
    }
    out->method = "mr";
    double seconds;
    pp_status status = estimate_tests(auditor, out, row, &seconds);
    if (status != PP_OK || seconds <= TESTS_MOST)
        return status;
    out->method = "sieve";
    if (is_opencl(out->backend) != is_opencl(row->way->backend))
        return PP_OK;
    if (strcmp(method, "hybrid") != 0 && row->lo >= HYBRID_TESTS_FROM)
        out->method = "hybrid";
    else if (strcmp(row->way->simd, "none") != 0 && !is_opencl(out->backend))
        out->simd = "none";
    else if (!out->backend && opencl_usable())
        out->backend = "opencl";
    else
        out->method = "mr"; /* slow, but there is no other */
    return PP_OK;
}

/* Would it be computed as that was, as far as can be told beforehand? */
static bool expected_same(const struct options *wanted, const struct ledger_way *way) {
    return !wanted->simd && !is_opencl(wanted->backend) && !is_opencl(way->backend) &&
           strcmp(wanted->method, way->method) == 0;
}

/* A way that neither of these is; PP_OK without an answer: there is none here. */
static pp_status third_way(struct auditor *auditor, const struct ledger_row *row,
                           const struct answer *second, struct answer *out) {
    static const struct {
        const char *backend, *method, *simd;
    } ways[] = {{"auto", "mr", NULL},
                {"auto", "sieve", NULL},
                {"auto", "sieve", "none"},
                {"opencl", "sieve", NULL},
                {"auto", "mr", "none"}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct options wanted = *auditor->options;
        wanted.backend = ways[i].backend;
        wanted.method = ways[i].method;
        wanted.simd = ways[i].simd;
        wanted.device = wanted.kernels = NULL;
        if (expected_same(&wanted, row->way) || expected_same(&wanted, &second->way) ||
            (is_opencl(wanted.backend) && !opencl_usable()))
            continue;
        pp_status status = compute(auditor, &wanted, row->lo, row->hi, out);
        if (status != PP_OK ||
            (differs(row, &out->way, row->way) && differs(row, &out->way, &second->way)))
            return status;
    }
    *out = (struct answer){.there = false};
    return PP_OK;
}

/* ---- reporting ---- */

static struct answer answer_of(const struct ledger_row *row) {
    return (struct answer){true, row->count, row->digest, row->has_digest, row->seconds, *row->way};
}

static bool agree(const struct answer *a, const struct answer *b) {
    return a->count == b->count && (!a->has_digest || !b->has_digest || a->digest == b->digest);
}

static void say_answer(char *text, size_t size, const struct answer *answer) {
    char digest[32] = "no digest";
    if (answer->has_digest)
        snprintf(digest, sizeof digest, "digest %016llx", (unsigned long long)answer->digest);
    snprintf(text, size, "%llu prime%s, %s (%.15s, %.15s, %.15s)",
             (unsigned long long)answer->count, answer->count == 1 ? "" : "s", digest,
             answer->way.backend, answer->way.method, answer->way.simd);
}

static json_t *json_answer(const struct answer *answer) {
    return json_pack(
        "{s:o, s:o, s:s, s:s, s:s, s:s, s:s, s:f}", "count", json_u64(answer->count), "digest",
        answer->has_digest ? json_sprintf("%016llx", (unsigned long long)answer->digest)
                           : json_null(),
        "method", answer->way.method, "backend", answer->way.backend, "device", answer->way.device,
        "simd", answer->way.simd, "version", answer->way.version, "seconds", answer->seconds);
}

static void csv_answer(struct output *output, const struct answer *answer) {
    if (!answer->there) {
        output_format(output, ",,,,,");
        return;
    }
    output_format(output, ",%llu,", (unsigned long long)answer->count);
    if (answer->has_digest)
        output_format(output, "%016llx", (unsigned long long)answer->digest);
    output_format(output, ",%s,%s,%s", answer->way.backend, answer->way.method, answer->way.simd);
}

/* A line for each row of which not all say the same, and with -v for the others. */
static void tell_text(struct auditor *auditor, const struct ledger_row *row, enum outcome outcome,
                      const struct answer answers[3]) {
    char said[3][160] = {"", "", ""};
    for (int i = 0; i < 3; i++)
        if (answers[i].there)
            say_answer(said[i], sizeof said[i], &answers[i]);
    unsigned long long lo = row->lo, hi = row->hi;
    if (outcome == CONFIRMED) {
        if (auditor->options->verbose)
            fprintf(stderr, "[%llu, %llu]: confirmed, %s\n", lo, hi, said[1]);
        return;
    }
    static const char *const verdicts[] = {"", "the ledger is wrong", "the audit is wrong",
                                           "who is right is open"};
    output_format(auditor->output,
                  "[%llu, %llu]: the ledger has %s; computed again, %s; in a third way, %s: %s\n",
                  lo, hi, said[0], said[1], answers[2].there ? said[2] : "none is here",
                  verdicts[outcome]);
}

static void tell(struct auditor *auditor, const struct ledger_row *row, enum outcome outcome,
                 const struct answer answers[3]) {
    struct output *output = auditor->output;
    switch (auditor->options->format) {
    default:
        tell_text(auditor, row, outcome, answers);
        break;
    case FORMAT_CSV:
        output_format(output, "%llu,%llu,%s", (unsigned long long)row->lo,
                      (unsigned long long)row->hi, outcomes[outcome]);
        for (int i = 0; i < 3; i++)
            csv_answer(output, &answers[i]);
        output_format(output, "\n");
        break;
    case FORMAT_JSON: {
        json_t *element = json_pack("{s:o, s:o, s:s, s:o, s:o}", "lo", json_u64(row->lo), "hi",
                                    json_u64(row->hi), "outcome", outcomes[outcome], "ledger",
                                    json_answer(&answers[0]), "audit", json_answer(&answers[1]));
        if (answers[2].there)
            json_object_set_new(element, "third", json_answer(&answers[2]));
        char *text = element ? json_dumps(element, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
        json_decref(element);
        if (text)
            output_format(output, "%s\n    %s", auditor->n_elements ? "," : "", text);
        else
            output->status = PP_ERR_MEMORY;
        free(text);
        auditor->n_elements++;
        break;
    }
    }
}

/* ---- auditing ---- */

/* Writes into the ledger what a row came to in some way, and what that makes of it. */
static pp_status mark(struct auditor *auditor, size_t index, enum ledger_standing standing,
                      const struct answer *answer) {
    pp_error error;
    auditor->status =
        ledger_mark(auditor->ledger, index, standing, &answer->way, answer->count,
                    answer->has_digest ? &answer->digest : NULL, answer->seconds, &error);
    if (auditor->status != PP_OK)
        auditor->code = fail_with(auditor->status, &error);
    return auditor->status;
}

static pp_status audit_row(struct auditor *auditor, size_t index) {
    const struct ledger_row *row = &auditor->ledger->rows[index];
    struct answer answers[3] = {answer_of(row), {.there = false}, {.there = false}};
    struct options wanted;
    pp_status status = second_way(auditor, row, &wanted);
    if (status == PP_OK)
        status = compute(auditor, &wanted, row->lo, row->hi, &answers[1]);
    if (status != PP_OK)
        return status;
    if (!differs(row, &answers[1].way, row->way)) {
        auditor->skipped++;
        return PP_OK;
    }
    enum outcome outcome = CONFIRMED;
    if (agree(&answers[0], &answers[1])) {
        status = mark(auditor, index, LEDGER_CONFIRMED, &answers[1]);
        auditor->confirmed += status == PP_OK;
    } else {
        /* Noted first: it stays in dispute if the third way is not lived to see. */
        status = mark(auditor, index, LEDGER_DISPUTED, &answers[1]);
        if (status == PP_OK)
            status = third_way(auditor, row, &answers[1], &answers[2]);
        outcome = !answers[2].there                 ? UNDECIDED
                  : agree(&answers[2], &answers[0]) ? AUDIT_WRONG
                  : agree(&answers[2], &answers[1]) ? LEDGER_WRONG
                                                    : UNDECIDED;
        if (answers[2].there) {
            pp_status marked =
                mark(auditor, index, outcome == AUDIT_WRONG ? LEDGER_CONFIRMED : LEDGER_DISPUTED,
                     &answers[2]);
            status = status == PP_OK ? marked : status;
        }
        auditor->disputed += outcome != AUDIT_WRONG;
        auditor->wrong++;
    }
    tell(auditor, row, outcome, answers);
    auditor->numbers_done += numbers_in(row);
    return status;
}

static json_t *json_job(const struct auditor *auditor) {
    const struct ledger *ledger = auditor->ledger;
    json_t *job = json_pack("{s:s, s:s, s:s, s:o, s:o}", "command", "audit", "ledger", ledger->path,
                            "of", ledger->job.command, "lo", json_u64(ledger->job.lo), "hi",
                            json_u64(ledger->job.hi));
    if (*ledger->job.output)
        json_object_set_new(job, "output_format", json_string(ledger->job.output));
    return job;
}

static void tell_end(struct auditor *auditor) {
    const struct ledger *ledger = auditor->ledger;
    struct output *output = auditor->output;
    size_t confirmed = 0;
    for (size_t i = 0; i < ledger->n_rows; i++)
        confirmed += ledger->rows[i].standing == LEDGER_CONFIRMED;
    if (auditor->options->format == FORMAT_JSON) {
        json_t *tail =
            json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "rows", json_u64(ledger->n_rows),
                      "confirmed", json_u64(confirmed), "disputed", json_u64(auditor->disputed),
                      "computed", json_u64(auditor->n_done), "disagreements",
                      json_u64(auditor->wrong), "skipped", json_u64(auditor->skipped));
        if (auditor->code > 128)
            json_object_set_new(tail, "interrupted", json_interrupted());
        json_end(output, tail);
    } else if (auditor->options->format == FORMAT_TEXT && auditor->code == 0) {
        output_format(output, "%zu of %zu units computed again, %zu confirmed, %zu not\n",
                      auditor->n_done - auditor->skipped, ledger->n_rows, auditor->confirmed,
                      auditor->wrong);
        output_format(output, "of all units %zu are confirmed, %zu in dispute\n", confirmed,
                      auditor->disputed);
    }
    if (auditor->skipped)
        complain("%zu units were computed in this very way before, and say nothing: try another "
                 "--method, --backend or --simd",
                 auditor->skipped);
    if (auditor->disputed)
        complain("what is in dispute is computed anew by the command that the ledger is of: %s "
                 "%llu %llu",
                 ledger->job.command, (unsigned long long)ledger->job.lo,
                 (unsigned long long)ledger->job.hi);
    else if (auditor->n_chosen == 0 && ledger->n_rows && !auditor->options->quiet)
        complain("every unit is confirmed already; --all computes them again");
}

static int audit(struct auditor *auditor) {
    struct output *output = auditor->output;
    if (auditor->options->format == FORMAT_JSON)
        json_open(output, json_document(json_job(auditor)), "results");
    if (auditor->options->format == FORMAT_CSV) {
        output_format(output, "lo,hi,outcome");
        for (int i = 0; i < 3; i++) {
            static const char *const whose[] = {"ledger", "audit", "third"};
            output_format(output, ",%s_count,%s_digest,%s_backend,%s_method,%s_simd", whose[i],
                          whose[i], whose[i], whose[i], whose[i]);
        }
        output_format(output, "\n");
    }
    for (; auditor->n_done < auditor->n_chosen; auditor->n_done++)
        if (audit_row(auditor, auditor->chosen[auditor->n_done]) != PP_OK)
            break;
    session_followed();
    tell_end(auditor);
    if (auditor->code)
        return auditor->code;
    if (auditor->wrong || auditor->disputed)
        return pp_exit_code(PP_ERR_DISAGREE);
    return auditor->skipped && auditor->skipped == auditor->n_chosen ? 2 : 0;
}

int command_audit(const struct options *options) {
    if (options->n_arguments != 1) {
        complain(options->n_arguments ? "audit takes one ledger" : "audit which ledger?");
        return 2;
    }
    double percent = USUAL_PERCENT;
    if (options->sample && !word_to_percent("--sample", options->sample, &percent))
        return 2;
    if (options->sample && options->all) {
        complain("either --sample or --all, not both");
        return 2;
    }
    pp_session_options checked;
    if (!words_to_session(options, &checked))
        return 2;
    struct auditor auditor = {.options = options};
    pp_error error;
    pp_status status = ledger_open(options->arguments[0], NULL, &auditor.ledger, &error);
    if (status != PP_OK)
        return fail_with(status, &error);
    int code = 5;
    struct output output;
    if (!choose(&auditor, percent)) {
        code = fail_with(PP_ERR_MEMORY, NULL);
    } else if (output_open(&output, options)) {
        auditor.output = &output;
        if (checked.method == PP_METHOD_PI)
            signals_give_back(); /* its library does not stop when it is asked to */
        code = output_close(&output, audit(&auditor));
    }
    if (auditor.session)
        session_end(auditor.session);
    free(auditor.chosen);
    ledger_close(auditor.ledger);
    return code;
}
