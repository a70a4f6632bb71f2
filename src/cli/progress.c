#include "cli/progress.h"

#include "cli/progress_text.h"
#include "cli/terminal.h"
#include "measure/control.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Nothing is shown of what ends sooner; and the time between two drawings. */
static const double QUIET_SECONDS = 0.5, DRAW_SECONDS = 0.1;

/*
 * The rate is that of so many seconds past, since work changes: numbers get longer, and the first
 * units wait for tables. Kept are its samples, oldest first.
 */
static const double RATE_SECONDS = 20;
enum { SAMPLES = 40 };

/*
 * Where the bar was forced upon what is no terminal, there are lines instead: at most one a second,
 * one a percent, and one a minute in any case.
 */
static const double LINE_SECONDS = 1, LINE_MOST_SECONDS = 60;

static struct {
    bool enabled, is_terminal, is_dumb, unicode;

    pthread_mutex_t lock; /* held while drawing, and while something else is written */
    pthread_cond_t wake;
    pthread_t thread;
    bool running, ending;

    const char *things;
    _Atomic uint64_t done, total;
    double begin;
    struct {
        double at;
        uint64_t done;
    } samples[SAMPLES];
    size_t n_samples;
    size_t drawn;          /* columns of the bar on the screen */
    double line_at;        /* without a terminal: when the last line was written, */
    unsigned line_percent; /* and for which percent */
    char last[PROGRESS_TEXT_BYTES];

    atomic_bool visible, interrupted;
} bar = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const char ERASE[] = "\r\033[K";

static bool same_terminal(int a, int b) {
    struct stat of_a, of_b;
    return isatty(a) && isatty(b) && fstat(a, &of_a) == 0 && fstat(b, &of_b) == 0 &&
           of_a.st_rdev == of_b.st_rdev;
}

/* Are answers many lines, which come while the work goes on? */
static bool streams_answers(const struct options *options) {
    return options->command == COMMAND_LIST ||
           (options->command == COMMAND_TEST && !options->count_only && !options->exit_only);
}

/* By the rule of setlocale: the first that is set and not empty. */
void progress_configure(const struct options *options) {
    bar.is_terminal = isatty(STDERR_FILENO);
    bar.is_dumb = terminal_is_dumb();
    bar.unicode = !bar.is_dumb && terminal_is_utf8();
    bool wanted = options->progress == PROGRESS_ALWAYS ||
                  (options->progress == PROGRESS_AUTO && bar.is_terminal &&
                   !(streams_answers(options) && !options->output &&
                     same_terminal(STDOUT_FILENO, STDERR_FILENO)));
    bar.enabled = wanted && !options->quiet;
}

/* ---- drawing; all under the lock ---- */

static void write_stderr(const char *text, size_t n) {
    while (n) {
        ssize_t written = write(STDERR_FILENO, text, n);
        if (written <= 0)
            return; /* nobody sees it; the work goes on */
        text += written;
        n -= (size_t)written;
    }
}

/* Escape sequences on a terminal that knows them, else blanks over what is there. */
static void erase(void) {
    if (!bar.drawn)
        return;
    if (bar.is_dumb) {
        char blanks[PROGRESS_TEXT_BYTES + 2];
        size_t n = bar.drawn < PROGRESS_TEXT_BYTES ? bar.drawn : PROGRESS_TEXT_BYTES;
        memset(blanks, ' ', n + 2);
        blanks[0] = blanks[n + 1] = '\r';
        write_stderr(blanks, n + 2);
    } else {
        write_stderr(ERASE, sizeof ERASE - 1);
    }
    bar.drawn = 0;
    bar.last[0] = '\0';
    atomic_store(&bar.visible, false);
}

/* In the background the terminal is somebody else's. */
static bool in_foreground(void) {
    pid_t group = tcgetpgrp(STDERR_FILENO);
    return group < 0 || group == getpgrp();
}

/* Things a second, between the oldest sample that is kept and now. */
static double rate_now(double now, uint64_t done) {
    if (bar.n_samples == 0 || now - bar.samples[bar.n_samples - 1].at >= RATE_SECONDS / SAMPLES) {
        if (bar.n_samples == SAMPLES)
            memmove(bar.samples, bar.samples + 1, --bar.n_samples * sizeof *bar.samples);
        bar.samples[bar.n_samples].at = now;
        bar.samples[bar.n_samples++].done = done;
    }
    /* A rate from the beginning, until there is something done: what comes first may be set up. */
    size_t first = 0;
    while (first + 1 < bar.n_samples && bar.samples[first + 1].done == bar.samples[0].done &&
           bar.samples[first].done == 0)
        first++;
    double seconds = now - bar.samples[first].at;
    uint64_t more = done - bar.samples[first].done;
    if (more && seconds > 0)
        return (double)more / seconds;
    return done && now > bar.begin ? (double)done / (now - bar.begin) : 0;
}

static void draw(void) {
    double now = measure_clock();
    struct progress_state state = {.things = bar.things,
                                   .done = atomic_load(&bar.done),
                                   .total = atomic_load(&bar.total),
                                   .seconds = now - bar.begin};
    state.rate = rate_now(now, state.done);
    if (state.seconds < QUIET_SECONDS || atomic_load(&bar.interrupted))
        return;
    char text[PROGRESS_TEXT_BYTES + 8];
    if (!bar.is_terminal) {
        unsigned percent =
            state.total ? (unsigned)(100 * (double)state.done / (double)state.total) : 0;
        double quiet = now - bar.line_at;
        if (quiet < LINE_SECONDS || (percent == bar.line_percent && quiet < LINE_MOST_SECONDS))
            return;
        bar.line_at = now;
        bar.line_percent = percent;
        progress_text(text, &state, 72, bar.unicode);
        strcat(text, "\n");
        write_stderr(text, strlen(text));
        return;
    }
    size_t columns = progress_text(text, &state, terminal_columns(STDERR_FILENO) - 1, bar.unicode);
    if (strcmp(text, bar.last) == 0 || !in_foreground())
        return;
    char line[2 * PROGRESS_TEXT_BYTES];
    size_t blanks = bar.is_dumb && bar.drawn > columns ? bar.drawn - columns : 0;
    int n = snprintf(line, sizeof line, "\r%s%*s%s", text, (int)blanks, "",
                     bar.is_dumb ? "" : "\033[K");
    atomic_store(&bar.visible, true);
    write_stderr(line, (size_t)n);
    strcpy(bar.last, text);
    bar.drawn = columns;
    if (atomic_load(&bar.interrupted)) /* meanwhile, and its erasing may have come before */
        erase();
}

static void *draw_until_end(void *unused) {
    (void)unused;
    pthread_mutex_lock(&bar.lock);
    while (!bar.ending) {
        draw();
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += (long)(DRAW_SECONDS * 1e9);
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&bar.wake, &bar.lock, &until);
    }
    erase();
    pthread_mutex_unlock(&bar.lock);
    return NULL;
}

/* ---- pieces of work ---- */

void progress_begin(const char *things, uint64_t total) {
    progress_end();
    if (!bar.enabled || atomic_load(&bar.interrupted))
        return;
    bar.things = things;
    atomic_store(&bar.done, 0);
    atomic_store(&bar.total, total);
    bar.begin = bar.line_at = measure_clock();
    bar.line_percent = 0;
    bar.n_samples = 0;
    bar.ending = false;
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&bar.wake, &clock);
    pthread_condattr_destroy(&clock);
    /* Signals are for the threads that know what to do. */
    sigset_t all, kept;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &kept);
    bar.running = pthread_create(&bar.thread, NULL, draw_until_end, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    if (!bar.running)
        pthread_cond_destroy(&bar.wake);
}

void progress_set(uint64_t done) {
    atomic_store_explicit(&bar.done, done, memory_order_relaxed);
}

void progress_add(uint64_t n) {
    atomic_fetch_add_explicit(&bar.done, n, memory_order_relaxed);
}

void progress_expect(uint64_t total) {
    atomic_store_explicit(&bar.total, total, memory_order_relaxed);
}

void progress_end(void) {
    if (!bar.running)
        return;
    pthread_mutex_lock(&bar.lock);
    bar.ending = true;
    pthread_cond_signal(&bar.wake);
    pthread_mutex_unlock(&bar.lock);
    pthread_join(bar.thread, NULL);
    pthread_cond_destroy(&bar.wake);
    bar.running = false;
}

void progress_pause(void) {
    pthread_mutex_lock(&bar.lock);
    erase();
}

void progress_resume(void) {
    pthread_mutex_unlock(&bar.lock);
}

void progress_interrupt(void) {
    atomic_store(&bar.interrupted, true);
    if (!atomic_exchange(&bar.visible, false))
        return;
    /* A dumb terminal keeps the line, and what comes next has its own. */
    const char *end = bar.is_dumb ? "\n" : ERASE;
    if (write(STDERR_FILENO, end, bar.is_dumb ? 1 : sizeof ERASE - 1) < 0) {
        /* Nobody sees it. */
    }
}
