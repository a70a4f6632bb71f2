/* test: which numbers are prime. */
#include "cli/commands.h"
#include "cli/decimal.h"
#include "cli/feeder.h"
#include "cli/output.h"
#include "cli/reader.h"
#include "cli/session.h"
#include "cli/signals.h"
#include "cli/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct testing {
    const struct options *options;
    pp_session *session;
    struct output output;
    uint64_t bitmap[BATCH_NUMBERS / 64];
    pp_result total; /* summed over batches */
    uint64_t n_numbers, n_prime, n_probable;
    bool listed; /* JSON: an element has been written */
};

static void add_up(struct testing *testing) {
    const pp_result *result = pp_session_result(testing->session);
    pp_result *total = &testing->total;
    pp_result sum = *result;
    sum.count += total->count;
    sum.digest += total->digest;
    sum.units += total->units;
    sum.verified += total->verified;
    sum.retried += total->retried;
    if (total->retried)
        memcpy(sum.fault, total->fault, sizeof sum.fault);
    sum.seconds += total->seconds;
    sum.phases.prepare += total->phases.prepare;
    sum.phases.upload += total->phases.upload;
    sum.phases.compute += total->phases.compute;
    sum.phases.download += total->phases.download;
    /* The batch that most threads took part in stands for all. */
    if (total->threads > sum.threads) {
        sum.threads = total->threads;
        sum.backend = total->backend;
    }
    *total = sum;
}

static void print_answer(struct testing *testing, const char *number, size_t length,
                         pp_primality primality) {
    static const struct {
        const char *before, *between, *after;
    } shapes[] = {[FORMAT_TEXT] = {"", " ", "\n"},
                  [FORMAT_JSON] = {",\n    {\"n\": \"", "\", \"answer\": \"", "\"}"},
                  [FORMAT_CSV] = {"", ",", "\n"}};
    enum format format = testing->options->format;
    const char *before = shapes[format].before, *name = pp_primality_name(primality);
    if (format == FORMAT_JSON && !testing->listed)
        before++; /* no comma before the first */
    testing->listed = true;
    struct output *output = &testing->output;
    output_bytes(output, before, strlen(before));
    output_bytes(output, number, length);
    output_bytes(output, shapes[format].between, strlen(shapes[format].between));
    output_bytes(output, name, strlen(name));
    output_bytes(output, shapes[format].after, strlen(shapes[format].after));
}

static bool is_wanted(const struct options *options, pp_primality primality) {
    if (options->count_only || options->exit_only)
        return false;
    switch (options->only) {
    case ONLY_PRIME:
        return primality == PP_PRIME || primality == PP_PROBABLE_PRIME;
    case ONLY_COMPOSITE:
        return primality == PP_COMPOSITE;
    case ONLY_ALL:
        break;
    }
    return true;
}

static pp_status answer_big(struct testing *testing, const struct big_number *big) {
    pp_primality primality = pp_integer_primality(big->value);
    testing->n_probable += primality == PP_PROBABLE_PRIME;
    if (!is_wanted(testing->options, primality))
        return PP_OK;
    char *digits = pp_integer_to_decimal(big->value);
    if (!digits)
        return PP_ERR_MEMORY;
    print_answer(testing, digits, strlen(digits), primality);
    free(digits);
    return PP_OK;
}

static void answer_small(struct testing *testing, uint64_t number, bool prime) {
    pp_primality primality = prime ? PP_PRIME : number < 2 ? PP_NEITHER : PP_COMPOSITE;
    if (!is_wanted(testing->options, primality))
        return;
    char digits[20];
    print_answer(testing, digits, (size_t)(write_decimal(digits, number) - digits), primality);
}

static bool is_marked(const struct testing *testing, size_t i) {
    return testing->bitmap[i / 64] >> i % 64 & 1;
}

/* Lines of text for numbers [begin, end) of a batch: the usual case, made for many of them. */
static void answer_lines(struct testing *testing, const uint64_t *numbers, size_t begin,
                         size_t end) {
    enum { STRETCH = 1024, ENDING = 16, LINE_MOST = 20 + ENDING };
    /* Of one size, to be copied whole. */
    static const char endings[][ENDING] = {" composite\n", " prime\n", " neither\n"};
    const struct options *options = testing->options;
    while (begin < end) {
        size_t stop = end - begin < STRETCH ? end : begin + STRETCH;
        char *room = output_room(&testing->output, STRETCH * LINE_MOST), *to = room;
        if (!room)
            return;
        for (; begin < stop; begin++) {
            bool prime = is_marked(testing, begin);
            unsigned ending = prime ? 1 : numbers[begin] < 2 ? 2 : 0;
            if (options->only != ONLY_ALL && ending != (options->only == ONLY_PRIME ? 1u : 0u))
                continue;
            to = write_decimal(to, numbers[begin]);
            memcpy(to, endings[ending], ENDING);
            to += strlen(endings[ending]);
        }
        testing->output.buffer.size += (size_t)(to - room);
    }
}

/* Numbers [begin, end) of a batch, none of them big. */
static void answer_stretch(struct testing *testing, const struct batch *batch, size_t begin,
                           size_t end) {
    const struct options *options = testing->options;
    if (!options->count_only && !options->exit_only) {
        if (options->format == FORMAT_TEXT)
            answer_lines(testing, batch->numbers, begin, end);
        for (size_t i = begin; options->format != FORMAT_TEXT && i < end; i++)
            answer_small(testing, batch->numbers[i], is_marked(testing, i));
    }
    testing->n_numbers += end - begin;
}

/* Tests a batch and prints its answers in input order. */
static pp_status answer(struct testing *testing, const struct batch *batch) {
    pp_status status = pp_test(testing->session, batch->numbers, batch->n, testing->bitmap);
    if (status != PP_OK)
        return status;
    add_up(testing);
    size_t done = 0;
    for (size_t b = 0; b < batch->n_bigs && testing->output.status == PP_OK; b++) {
        answer_stretch(testing, batch, done, batch->bigs[b].index);
        done = batch->bigs[b].index + 1;
        /* Such a number may take seconds, and no session works on it. */
        status = signals_came() ? PP_ERR_CANCELLED : answer_big(testing, &batch->bigs[b]);
        if (status != PP_OK)
            return status;
        testing->n_numbers++;
        session_passed(testing->n_numbers);
    }
    answer_stretch(testing, batch, done, batch->n);
    session_passed(testing->n_numbers);
    testing->n_prime = testing->total.count + testing->n_probable;
    /* Answers go out before more input is waited for. */
    return output_flush(&testing->output);
}

/* Says why answers end here. Answers that are out are what an interruption tells. */
static int failed(const struct testing *testing, pp_status status) {
    if (status == PP_ERR_CANCELLED && signals_came())
        return interrupted_after(testing->n_numbers, 0, "numbers");
    return session_failed(testing->session, status);
}

/* Numbers from the arguments: all of them are read before any is answered. */
static int answer_arguments(struct testing *testing, struct batch *batch) {
    const struct options *options = testing->options;
    for (int i = 0; i < options->n_arguments; i++) {
        pp_integer *value;
        uint64_t number;
        if (!word_to_integer("N", options->arguments[i], &value))
            return 2;
        pp_status status = pp_integer_to_u64(value, &number) ? batch_add(batch, number)
                                                             : batch_add_big(batch, value);
        if (status != PP_OK)
            return fail_with(status, NULL);
        if (pp_integer_to_u64(value, &number))
            pp_integer_free(value);
        if (batch_is_full(batch) || i + 1 == options->n_arguments) {
            status = answer(testing, batch);
            if (status != PP_OK)
                return failed(testing, status);
            batch_clear(batch);
        }
    }
    return 0;
}

static int test_arguments(struct testing *testing) {
    struct batch batch;
    if (batch_init(&batch) != PP_OK)
        return fail_with(PP_ERR_MEMORY, NULL);
    int code = answer_arguments(testing, &batch);
    batch_free(&batch);
    return code;
}

static int test_stream(struct testing *testing) {
    struct reader reader;
    pp_status status = reader_open(&reader, testing->options->input, testing->options->input_u64);
    if (status != PP_OK)
        return pp_exit_code(status);
    struct feeder feeder;
    status = feeder_start(&feeder, &reader);
    if (status != PP_OK) {
        reader_close(&reader);
        return fail_with(status, NULL);
    }
    int code = 0;
    while (status == PP_OK) {
        const struct batch *batch;
        status = feeder_next(&feeder, &batch);
        if (batch->n) { /* also what came before an error */
            pp_status answered = answer(testing, batch);
            if (answered != PP_OK) {
                code = failed(testing, answered);
                break;
            }
        }
    }
    feeder_stop(&feeder);
    if (code == 0 && status != PP_OK && status != PP_END)
        code = status == PP_ERR_CANCELLED ? failed(testing, status) : pp_exit_code(status);
    reader_close(&reader);
    return code;
}

static void print_summary(struct testing *testing) {
    char what[120];
    int n = snprintf(what, sizeof what, "%llu of %llu prime", (unsigned long long)testing->n_prime,
                     (unsigned long long)testing->n_numbers);
    if (testing->n_probable)
        snprintf(what + n, sizeof what - (size_t)n, " (%llu of them probable)",
                 (unsigned long long)testing->n_probable);
    print_result(testing->options, what, &testing->total);
}

static json_t *json_results(const struct testing *testing, int code) {
    json_t *tail = json_object(), *results = json_array();
    if (code == 0 && testing->total.backend) {
        json_t *result = json_result(&testing->total);
        json_object_set_new(result, "count", json_u64(testing->n_prime));
        json_object_set_new(result, "probable", json_u64(testing->n_probable));
        json_object_set_new(result, "numbers", json_u64(testing->n_numbers));
        json_array_append_new(results, result);
    }
    json_object_set_new(tail, "results", results);
    if (code >= 128)
        json_object_set_new(tail, "interrupted", json_interrupted());
    return tail;
}

static int run(struct testing *testing) {
    const struct options *options = testing->options;
    bool json = options->format == FORMAT_JSON && !options->exit_only;
    if (json)
        json_open(&testing->output,
                  json_document(json_pack("{s:s, s:s}", "command", "test", "method",
                                          options->method ? options->method : "auto")),
                  "numbers");
    else if (options->format == FORMAT_CSV && !options->count_only && !options->exit_only)
        output_format(&testing->output, "number,answer\n");

    session_follow(testing->session, (uint64_t)options->n_arguments);
    int code = options->n_arguments ? test_arguments(testing) : test_stream(testing);
    session_followed();

    if (json)
        json_end(&testing->output, json_results(testing, code));
    else if (code == 0 && options->count_only)
        output_format(&testing->output, "%llu\n", (unsigned long long)testing->n_prime);
    if (code == 0 && output_flush(&testing->output) == PP_OK && testing->total.backend)
        print_summary(testing);
    if (code == 0 && options->exit_only && testing->n_prime < testing->n_numbers)
        code = 1;
    return code;
}

int command_test(const struct options *options) {
    if (options->n_arguments && options->input) {
        complain("numbers come either from the arguments or from --input, not both");
        return 2;
    }
    if (options->input_u64 && options->n_arguments) {
        complain("--input-format speaks of a file or standard input, not of arguments");
        return 2;
    }
    struct testing testing = {.options = options};
    int code = session_start(options, &testing.session);
    if (code)
        return code;
    if (output_open(&testing.output, options))
        code = output_close(&testing.output, run(&testing));
    else
        code = 5;
    session_end(testing.session);
    return code;
}
