#include "cli/experiment.h"

#include "cli/memory.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "cli/signals.h"
#include "cli/words.h"
#include "measure/control.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t DEFAULT_SEED = 1;

bool split_words(struct word_list *list, const char *what, const char *text) {
    *list = (struct word_list){.text = strdup(text)};
    if (!list->text)
        out_of_memory(); /* nothing is wrong with the text */
    for (char *at = list->text; at;) {
        if (list->n == MOST_ALTERNATIVES) {
            complain("%s: more than %d alternatives", what, MOST_ALTERNATIVES);
            return false;
        }
        char *comma = strchr(at, ',');
        if (comma)
            *comma++ = '\0';
        list->words[list->n++] = at;
        at = comma;
    }
    return true;
}

void free_words(struct word_list *list) {
    free(list->text);
    *list = (struct word_list){0};
}

bool make_plan(const struct options *options, struct plan *out) {
    *out = (struct plan){DEFAULT_RUNS, DEFAULT_WARMUP, DEFAULT_SEED};
    return (!options->runs ||
            word_to_count("--runs", options->runs, 1, CONTROL_MOST_RUNS, &out->runs)) &&
           (!options->warmup ||
            word_to_count("--warmup", options->warmup, 0, CONTROL_MOST_RUNS, &out->warmup)) &&
           (!options->seed || word_to_u64("--seed", options->seed, &out->seed));
}

bool check_threads(const struct word_list *threads, bool given) {
    for (size_t i = 0; given && i < threads->n; i++) {
        uint64_t n;
        if (!word_to_count("--threads", threads->words[i], 1, 4096, &n))
            return false;
    }
    return true;
}

static uint64_t runs_wanted(const struct comparison *comparison) {
    uint64_t n = 0;
    for (size_t i = 0; i < comparison->n_alternatives; i++)
        n += comparison->alternatives[i].left_out ? 0 : comparison->n_runs;
    return n;
}

/* Nothing can be used: says why, each reason once. */
static void complain_of_all(const struct comparison *comparison) {
    for (size_t i = 0; i < comparison->n_alternatives; i++) {
        const char *reason = comparison->alternatives[i].reason;
        bool said = false;
        for (size_t j = 0; j < i && !said; j++)
            said = strcmp(comparison->alternatives[j].reason, reason) == 0;
        if (!said)
            complain("%s", reason);
    }
}

/* What is measured now, and whether a run of it is going on. */
static struct {
    const struct comparison *comparison;
    bool runs;
} now;

/* Of each session and of NULL behind it: signals, and the bar, which counts runs. */
static void watch_run(pp_session *session) {
    signals_watch(session);
    if (session) {
        const struct comparison *comparison = now.comparison;
        uint64_t timed = runs_wanted(comparison);
        progress_expect(timed + timed / comparison->n_runs * comparison->n_warmup);
    } else if (now.runs) {
        progress_add(1);
    }
    now.runs = session != NULL;
}

int measure_comparison(struct comparison *comparison) {
    now.comparison = comparison;
    now.runs = false;
    progress_begin("runs", 0);
    pp_status status = compare_measure(comparison, watch_run, signals_open);
    progress_end();
    if (status == PP_ERR_CANCELLED && signals_came())
        interrupted_after(comparison->n_records, runs_wanted(comparison), "timed runs");
    else if (status == PP_ERR_DISAGREE)
        complain("answers disagree: %s", comparison->dispute);
    else if (status == PP_ERR_UNAVAILABLE && !compare_base(comparison))
        complain_of_all(comparison);
    else if (status != PP_OK)
        fail_with(status, &comparison->error);
    return signals_exit_code(status);
}
