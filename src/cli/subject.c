#include "cli/subject.h"

#include "cli/output.h"
#include "cli/reader.h"
#include "cli/render.h"
#include "cli/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void keep_line(char out[24], const char *begin, const char *end) {
    size_t length = (size_t)(end - begin) < 23 ? (size_t)(end - begin) : 23;
    memcpy(out, begin, length);
    out[length] = '\0';
}

/* Takes lines in ascending order. */
static pp_status keep_ends(void *user, const void *bytes, size_t n) {
    struct ends *ends = user;
    const char *begin = bytes, *end = begin + n - 1; /* the last newline */
    if (!ends->first[0])
        keep_line(ends->first, begin, memchr(begin, '\n', n));
    const char *before = n > 1 ? memrchr(begin, '\n', n - 1) : NULL;
    keep_line(ends->last, before ? before + 1 : begin, end);
    return PP_OK;
}

static pp_status discard(void *user, const void *bytes, size_t n) {
    (void)user, (void)bytes, (void)n;
    return PP_OK;
}

static void load_range(struct loaded *loaded, struct range range) {
    bool list = loaded->options.command == COMMAND_LIST;
    loaded->subject.question = list ? SUBJECT_LIST : SUBJECT_COUNT;
    loaded->subject.lo = range.lo;
    loaded->subject.hi = range.hi;
    loaded->subject.binary = loaded->options.output_u64;
    loaded->subject.listing =
        (pp_list_callback){.user = &loaded->ends,
                           .order = loaded->options.order,
                           .render = loaded->options.output_u64 ? render_u64 : render_lines,
                           .emit = discard};
    if (list && !loaded->options.output_u64 && loaded->options.order == PP_ORDER_ASCENDING) {
        loaded->subject.listing.emit = keep_ends;
        loaded->subject.first = loaded->ends.first;
        loaded->subject.last = loaded->ends.last;
    }
}

static bool keep_numbers(struct loaded *loaded, const struct batch *batch) {
    if (batch->n_bigs) {
        complain("%s tests numbers below 2^64 only", loaded->asked_by);
        return false;
    }
    size_t n = loaded->subject.n_numbers + batch->n;
    uint64_t *numbers = realloc(loaded->numbers, (n + 1) * sizeof *numbers);
    if (!numbers) {
        fail_with(PP_ERR_MEMORY, NULL);
        return false;
    }
    memcpy(numbers + loaded->subject.n_numbers, batch->numbers, batch->n * sizeof *numbers);
    loaded->subject.numbers = loaded->numbers = numbers;
    loaded->subject.n_numbers = n;
    return true;
}

/* All numbers of a test job, into memory: every run must find them there. */
static int load_numbers(struct loaded *loaded) {
    const struct options *options = &loaded->options;
    loaded->subject.question = SUBJECT_TEST;
    struct batch batch;
    if (batch_init(&batch) != PP_OK)
        return fail_with(PP_ERR_MEMORY, NULL);
    int code = 0;
    for (int i = 0; i < options->n_arguments && code == 0; i++) {
        uint64_t number;
        batch_clear(&batch);
        if (!word_to_u64("N", options->arguments[i], &number))
            code = 2;
        else if (batch_add(&batch, number) != PP_OK || !keep_numbers(loaded, &batch))
            code = 6;
    }
    if (options->n_arguments == 0) {
        struct reader reader;
        pp_status status = reader_open(&reader, options->input, options->input_u64);
        while (status == PP_OK) {
            batch_clear(&batch);
            status = reader_next(&reader, &batch);
            if (status == PP_OK && !keep_numbers(loaded, &batch))
                status = PP_ERR_USAGE;
        }
        code = status == PP_END ? 0 : pp_exit_code(status);
        if (reader.text)
            reader_close(&reader);
    }
    batch_free(&batch);
    if (code == 0 && loaded->subject.n_numbers == 0) {
        complain("there are no numbers to test");
        return 2;
    }
    return code;
}

/* The job as people read it, cut short if need be; nothing that a report or JSON could trip over.
 */
static void join_words(struct loaded *loaded, int argc, char **argv) {
    size_t n = 0;
    for (int i = 0; i < argc && n < sizeof loaded->words; i++)
        n += (size_t)snprintf(loaded->words + n, sizeof loaded->words - n, "%s%s", i ? " " : "",
                              argv[i]);
    for (char *c = loaded->words; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    loaded->subject.words = loaded->words;
}

int load_job(struct loaded *loaded, const char *asked_by, int argc, char **argv) {
    *loaded = (struct loaded){.asked_by = asked_by};
    join_words(loaded, argc, argv);
    const struct command_word *word = command_named(argv[0]);
    if (!word || !(word->command & (COMMAND_TEST | COMMAND_COUNT | COMMAND_LIST))) {
        complain("%s takes a job of test, count or list, not '%s'", asked_by, argv[0]);
        return 2;
    }
    options_parse(word, argc, argv, &loaded->options);
    const struct options *options = &loaded->options;
    if (options->backend || options->threads || options->output || options->format) {
        complain("the job's own words set no backend, threads, output or format: give them "
                 "before --");
        return 2;
    }
    if (word->command == COMMAND_TEST)
        return load_numbers(loaded);
    struct range range;
    if (!words_to_range(options, &range))
        return 2;
    load_range(loaded, range);
    return 0;
}

void unload_job(struct loaded *loaded) {
    free(loaded->numbers);
    *loaded = (struct loaded){0};
}

struct subject part_of(const struct loaded *loaded, uint64_t lo, uint64_t hi) {
    struct subject part = loaded->subject;
    part.lo = lo;
    part.hi = hi;
    part.listing.emit = discard;
    part.first = part.last = NULL;
    return part;
}

/* FNV-1a over the numbers in their order, a word at a time: are they those of an earlier record? */
static uint64_t fingerprint(const struct subject *subject) {
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < subject->n_numbers; i++)
        hash = (hash ^ subject->numbers[i]) * 0x100000001b3;
    return hash;
}

json_t *json_job_of(const struct subject *subject) {
    static const char *const commands[] = {"test", "count", "list"};
    json_t *job =
        json_pack("{s:s, s:s}", "command", commands[subject->question], "words", subject->words);
    if (subject->question == SUBJECT_TEST) {
        json_object_set_new(job, "numbers", json_u64(subject->n_numbers));
        json_object_set_new(job, "inputs",
                            json_sprintf("%016llx", (unsigned long long)fingerprint(subject)));
    } else {
        json_object_set_new(job, "lo", json_u64(subject->lo));
        json_object_set_new(job, "hi", json_u64(subject->hi));
    }
    if (subject->question == SUBJECT_LIST)
        json_object_set_new(job, "output_format", json_string(subject->binary ? "u64" : "text"));
    return job;
}
