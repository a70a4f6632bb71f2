/*
 * Runs one thing after the other for bench/ranges.py and times it: a program, or a call of a
 * library. Reads a JSON object a line and answers with one. Programs and calls go to two processes
 * of this: Linux counts a child's memory from its parent's on, so the one that starts programs has
 * to stay small.
 */
#include "measure/environment.h"
#include "numbers.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <parprime.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { MOST_LIBRARIES = 8, MOST_SESSIONS = 64, MOST_WORDS = 64, MOST_COPIES = 64 };
enum { TEXT_MOST = 4096 };

static cpu_set_t all_cores, one_core;
static int core = -1;

static double wall_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double cpu_of(const struct rusage *usage) {
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           1e-6 * (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

static json_t *failure(const char *why) {
    return json_pack("{s:s}", "error", why);
}

static const char *text_of(const json_t *request, const char *key) {
    return json_string_value(json_object_get(request, key));
}

static double number_of(const json_t *request, const char *key) {
    return json_number_value(json_object_get(request, key));
}

/* Numbers up to 2^64 - 1 travel as text; JSON's readers round them. */
static uint64_t u64_of(const json_t *request, const char *key) {
    const char *text = text_of(request, key);
    uint64_t value = 0;
    return text && pp_parse_u64(text, strlen(text), &value, NULL) == PP_OK ? value : 0;
}

/* One thread keeps to one core; what is started inherits it. */
static void use_cores(const json_t *request) {
    bool pinned = number_of(request, "threads") == 1;
    sched_setaffinity(0, sizeof all_cores, pinned ? &one_core : &all_cores);
}

static void choose_core(int wish) {
    sched_getaffinity(0, sizeof all_cores, &all_cores);
    for (core = CPU_SETSIZE - 1; core > 0 && !CPU_ISSET((size_t)core, &all_cores);)
        core--;
    if (wish >= 0 && wish < CPU_SETSIZE && CPU_ISSET((size_t)wish, &all_cores))
        core = wish;
    CPU_ZERO(&one_core);
    CPU_SET((size_t)core, &one_core);
}

/* ---- programs -------------------------------------------------------------------------------- */

/* Starts words[] with these as its standard output and error; below 0: it cannot be. */
static pid_t start(char *const *words, int out, int err, int in) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t none;
    pid_t pid = -1;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&how);
    posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK);
    if (posix_spawnp(&pid, words[0], &files, &how, words, environ) != 0)
        pid = -1;
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    return pid;
}

/* Waits until `end` and kills it then. Returns the status that wait4 gives. */
static int await(pid_t pid, double end, struct rusage *usage, bool *late) {
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    int status = 0;
    while (wait4(pid, &status, WNOHANG, usage) != pid) {
        double left = end - wall_clock();
        struct timespec t = {(time_t)left, (long)(1e9 * (left - (double)(time_t)left))};
        if (left > 0 && (sigtimedwait(&child, NULL, &t) >= 0 || errno != EAGAIN))
            continue;
        kill(pid, SIGKILL);
        *late = true;
        while (wait4(pid, &status, 0, usage) != pid && errno == EINTR)
            continue;
        break;
    }
    return status;
}

/* The beginning of what was written to a memory file. */
static void read_back(int file, char *text) {
    ssize_t n = pread(file, text, TEXT_MOST - 1, 0);
    text[n > 0 ? n : 0] = '\0';
}

/* The request's words, ended with NULL and by free_words; false if they are none or too many, or
 * there is no memory. */
static bool copy_words(const json_t *request, char *words[MOST_WORDS + 1]) {
    const json_t *list = json_object_get(request, "words");
    size_t n = json_array_size(list);
    memset(words, 0, (MOST_WORDS + 1) * sizeof *words);
    for (size_t i = 0; i < n && n <= MOST_WORDS; i++)
        if (!(words[i] = strdup(json_string_value(json_array_get(list, i)))))
            return false;
    return n > 0 && n <= MOST_WORDS;
}

static void free_words(char **words) {
    for (; *words; words++)
        free(*words);
}

/* "sink": text (handed back), null, cat (a pipe to `cat >/dev/null`), or a file's path. */
static json_t *run_program(const json_t *request) {
    char *words[MOST_WORDS + 1], text[TEXT_MOST], complaint[TEXT_MOST];
    static char cat_name[] = "cat";
    char *const cat[] = {cat_name, NULL};
    const char *sink = text_of(request, "sink");
    if (!sink || !copy_words(request, words))
        return failure("no program, or too many words");

    int null = open("/dev/null", O_RDWR | O_CLOEXEC), ends[2] = {-1, -1};
    int err = memfd_create("stderr", MFD_CLOEXEC), out = null;
    bool piped = strcmp(sink, "cat") == 0, told = strcmp(sink, "text") == 0, late = false;
    if (told)
        out = memfd_create("stdout", MFD_CLOEXEC);
    else if (piped && pipe2(ends, O_CLOEXEC) == 0)
        out = ends[1];
    else if (strcmp(sink, "null") != 0)
        out = open(sink, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    json_t *answer = NULL;
    if (out < 0 || err < 0 || null < 0) {
        answer = failure("no file for what it writes");
        goto cleanup;
    }

    use_cores(request);
    struct rusage usage = {0}, ignored;
    double begin = wall_clock(), end = begin + number_of(request, "cap");
    pid_t pid = start(words, out, err, null), reader = piped ? start(cat, null, null, ends[0]) : -1;
    if (piped) {
        close(ends[0]);
        close(ends[1]);
    }
    if (pid < 0) {
        answer = failure("it cannot be started");
        if (reader >= 0)
            await(reader, end, &ignored, &late);
        goto cleanup;
    }
    int status = await(pid, end, &usage, &late);
    if (reader >= 0)
        await(reader, end, &ignored, &late);
    double seconds = wall_clock() - begin;
    read_back(err, complaint);
    text[0] = '\0';
    if (told)
        read_back(out, text);
    answer = json_pack("{s:f, s:f, s:f, s:b, s:i, s:s?, s:s?}", "seconds", seconds, "cpu",
                       cpu_of(&usage), "mib", (double)usage.ru_maxrss / 1024, "late", late, "exit",
                       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), "text",
                       text, "stderr", complaint);
    if (!answer) /* bytes that are no text */
        answer = failure("it writes what is no text");
cleanup:
    if (out != null && !piped && out >= 0)
        close(out);
    if (err >= 0)
        close(err);
    if (null >= 0)
        close(null);
    free_words(words);
    return answer;
}

/* The core of the i-th copy: those allowed in turn, the one for one thread first. */
static void use_core_of(size_t i) {
    int at = core;
    cpu_set_t set;
    for (size_t passed = 0; passed < i;) {
        at = at + 1 < CPU_SETSIZE ? at + 1 : 0;
        passed += CPU_ISSET((size_t)at, &all_cores) != 0;
    }
    CPU_ZERO(&set);
    CPU_SET((size_t)at, &set);
    sched_setaffinity(0, sizeof set, &set);
}

/*
 * The same program so many times at once, each pinned to a core of its own: until all have ended.
 * They are to end well, and to write the same, which is handed back.
 */
static json_t *run_copies(const json_t *request) {
    char *words[MOST_WORDS + 1], text[TEXT_MOST] = "", other[TEXT_MOST];
    pid_t pids[MOST_COPIES];
    int outs[MOST_COPIES];
    size_t copies = (size_t)number_of(request, "copies");
    if (copies > MOST_COPIES || !copy_words(request, words))
        return failure("no program, or too many words or copies");
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    bool late = false, well = null >= 0;
    double cpu = 0, begin = wall_clock(), end = begin + number_of(request, "cap");
    for (size_t i = 0; i < copies; i++) {
        use_core_of(i);
        outs[i] = memfd_create("stdout", MFD_CLOEXEC);
        pids[i] = outs[i] < 0 ? -1 : start(words, outs[i], null, null);
    }
    for (size_t i = 0; i < copies; i++) {
        struct rusage usage = {0};
        int status = pids[i] < 0 ? 1 : await(pids[i], end, &usage, &late);
        well &= WIFEXITED(status) && WEXITSTATUS(status) == 0;
        cpu += cpu_of(&usage);
    }
    double seconds = wall_clock() - begin;
    bool same = true;
    for (size_t i = 0; i < copies; i++) {
        if (outs[i] < 0)
            continue;
        read_back(outs[i], i ? other : text);
        same &= i == 0 || strcmp(other, text) == 0;
        close(outs[i]);
    }
    close(null);
    free_words(words);
    if (!well && !late)
        return failure("a copy of it failed");
    if (!same && !late)
        return failure("copies of it say different things");
    return json_pack("{s:f, s:f, s:b, s:i, s:s}", "seconds", seconds, "cpu", cpu, "late", late,
                     "exit", 0, "text", text);
}

/* ---- primesieve's library -------------------------------------------------------------------- */

/* As in primesieve.h since version 5; loaded, so that two versions can meet. */
enum { UINT64_PRIMES = 13 };
static const uint64_t PRIMESIEVE_FAILED = UINT64_MAX;

/* As in primesieve/iterator.h since version 11, where what is called for every prime is inline. */
struct library_iterator {
    size_t i, size;
    uint64_t start, stop_hint, *primes;
    void *memory;
    int is_error;
};

struct library {
    uint64_t (*count)(uint64_t lo, uint64_t hi);
    void *(*generate)(uint64_t lo, uint64_t hi, size_t *n, int type);
    void (*release)(void *primes);
    void (*set_threads)(int threads);
    const char *(*version)(void);
    bool walks; /* it has all of these */
    void (*walk_init)(struct library_iterator *iterator);
    void (*walk_jump)(struct library_iterator *iterator, uint64_t lo, uint64_t hint);
    void (*walk_more)(struct library_iterator *iterator);
    void (*walk_free)(struct library_iterator *iterator);
};
static struct library libraries[MOST_LIBRARIES];
static size_t n_libraries;

static bool take(void *handle, const char *symbol, void *function) {
    void *address = dlsym(handle, symbol);
    memcpy(function, &address, sizeof address);
    return address;
}

static json_t *load_library(const json_t *request) {
    const char *file = text_of(request, "file");
    void *handle = file ? dlopen(file, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (!handle)
        return failure(file ? dlerror() : "no file");
    struct library *library = &libraries[n_libraries];
    if (n_libraries == MOST_LIBRARIES ||
        !take(handle, "primesieve_count_primes", &library->count) ||
        !take(handle, "primesieve_generate_primes", &library->generate) ||
        !take(handle, "primesieve_free", &library->release) ||
        !take(handle, "primesieve_set_num_threads", &library->set_threads) ||
        !take(handle, "primesieve_version", &library->version))
        return failure("this is no libprimesieve");
    library->walks = take(handle, "primesieve_init", &library->walk_init) &&
                     take(handle, "primesieve_jump_to", &library->walk_jump) &&
                     take(handle, "primesieve_generate_next_primes", &library->walk_more) &&
                     take(handle, "primesieve_free_iterator", &library->walk_free);
    Dl_info info = {.dli_fname = NULL};
    void *address;
    memcpy(&address, &library->count, sizeof address);
    char *real = dladdr(address, &info) && info.dli_fname ? realpath(info.dli_fname, NULL) : NULL;
    json_t *answer = json_pack("{s:i, s:s, s:s}", "id", (int)n_libraries++, "version",
                               library->version(), "file", real ? real : file);
    free(real);
    return answer;
}

/* ---- this library ---------------------------------------------------------------------------- */

static pp_session *sessions[MOST_SESSIONS], *running;
static size_t n_sessions;

static void cancel(int signal_number) {
    (void)signal_number;
    pp_session_cancel(running);
}

static json_t *open_session(const json_t *request) {
    pp_session_options options = {.backend = text_of(request, "backend"),
                                  .device = text_of(request, "device"),
                                  .simd = text_of(request, "simd"),
                                  .threads = (unsigned)number_of(request, "threads")};
    const char *method = text_of(request, "method");
    pp_error error = {.message = "too many sessions"};
    if (method && !pp_method_from_name(method, &options.method))
        return failure("there is no such method");
    use_cores(request);
    if (n_sessions == MOST_SESSIONS ||
        pp_session_open(&options, &sessions[n_sessions], &error) != PP_OK)
        return failure(error.message);
    return json_pack("{s:i}", "id", (int)n_sessions++);
}

struct primes {
    uint64_t *numbers;
    size_t n, capacity;
};

static pp_status keep(void *user, const void *bytes, size_t n_bytes) {
    struct primes *primes = user;
    size_t n = n_bytes / sizeof *primes->numbers;
    if (primes->n + n > primes->capacity) {
        size_t capacity = 2 * primes->capacity + n + 1024;
        uint64_t *more = realloc(primes->numbers, capacity * sizeof *more);
        if (!more)
            return PP_ERR_MEMORY;
        primes->numbers = more;
        primes->capacity = capacity;
    }
    memcpy(primes->numbers + primes->n, bytes, n_bytes);
    primes->n += n;
    return PP_OK;
}

/* ---- calls of either ------------------------------------------------------------------------- */

enum call { CALL_COUNT, CALL_LIST, CALL_WALK };

/* What a call finds: of a list the primes, of a walk their sum. */
struct found {
    uint64_t count, sum;
    struct primes primes;
};

static json_t *timed(double begin, double cpu_begin, enum call call, const struct found *found) {
    struct rusage usage;
    double seconds = wall_clock() - begin;
    getrusage(RUSAGE_SELF, &usage);
    json_t *answer =
        json_pack("{s:f, s:f, s:o}", "seconds", seconds, "cpu", cpu_of(&usage) - cpu_begin, "count",
                  json_sprintf("%llu", (unsigned long long)found->count));
    uint64_t sum = call == CALL_LIST ? number_set_checksum(found->primes.numbers, found->primes.n)
                                     : found->sum;
    if (call != CALL_COUNT)
        json_object_set_new(answer, "checksum", json_sprintf("%016llx", (unsigned long long)sum));
    return answer;
}

static bool walk_library(const struct library *library, uint64_t lo, uint64_t hi,
                         struct found *found) {
    struct library_iterator iterator;
    library->walk_init(&iterator);
    library->walk_jump(&iterator, lo, hi);
    uint64_t count = 0, sum = 0;
    while (true) {
        iterator.i++;
        if (iterator.i >= iterator.size)
            library->walk_more(&iterator);
        /* Past 2^64 it says 2^64 - 1, which is no prime, and that something failed. */
        uint64_t prime = iterator.primes[iterator.i];
        if (prime > hi || prime == UINT64_MAX)
            break;
        count++;
        sum += prime;
    }
    bool failed = iterator.is_error && iterator.primes[iterator.i] != UINT64_MAX;
    library->walk_free(&iterator);
    found->count = count;
    found->sum = sum;
    return !failed;
}

static json_t *call_library(const struct library *library, const json_t *request, uint64_t lo,
                            uint64_t hi, enum call call, double cpu) {
    if (call == CALL_WALK && !library->walks)
        return failure("it has no iterator");
    library->set_threads((int)number_of(request, "threads"));
    struct found found = {0};
    bool ok = true;
    double begin = wall_clock();
    if (call == CALL_COUNT) {
        found.count = library->count(lo, hi);
        ok = found.count != PRIMESIEVE_FAILED;
    } else if (call == CALL_WALK) {
        ok = walk_library(library, lo, hi, &found);
    } else {
        found.primes.numbers = library->generate(lo, hi, &found.primes.n, UINT64_PRIMES);
        found.count = found.primes.n;
        ok = found.primes.numbers;
    }
    json_t *answer = ok ? timed(begin, cpu, call, &found) : failure("libprimesieve fails");
    if (found.primes.numbers)
        library->release(found.primes.numbers);
    return answer;
}

static pp_status walk_session(pp_session *session, uint64_t lo, uint64_t hi, struct found *found) {
    pp_iterator *iterator;
    pp_status status = pp_iterator_open(session, lo, hi, &iterator);
    if (status != PP_OK)
        return status;
    uint64_t prime, count = 0, sum = 0;
    while ((status = pp_iterator_next(iterator, &prime)) == PP_OK) {
        count++;
        sum += prime;
    }
    pp_iterator_close(iterator);
    found->count = count;
    found->sum = sum;
    return status == PP_END ? PP_OK : status;
}

static json_t *call_session(pp_session *session, const json_t *request, uint64_t lo, uint64_t hi,
                            enum call call, double cpu) {
    double cap = number_of(request, "cap");
    struct itimerval timer = {.it_value = {(time_t)cap, 1}}, off = {0};
    struct found found = {0};
    pp_list_callback callback = {.user = &found.primes, .emit = keep};
    running = session;
    setitimer(ITIMER_REAL, &timer, NULL);
    double begin = wall_clock();
    pp_status status = call == CALL_WALK   ? walk_session(session, lo, hi, &found)
                       : call == CALL_LIST ? pp_list(session, lo, hi, &callback)
                                           : pp_count(session, lo, hi, NULL);
    const pp_result *result = status == PP_OK ? pp_session_result(session) : NULL;
    if (result && call != CALL_WALK) /* of which result is the last window's */
        found.count = call == CALL_LIST ? found.primes.n : result->count;
    json_t *answer =
        result ? timed(begin, cpu, call, &found)
               : failure(status == PP_ERR_CANCELLED ? "late" : pp_session_error(session)->message);
    setitimer(ITIMER_REAL, &off, NULL);
    if (result)
        json_object_set_new(answer, "ran",
                            json_pack("{s:s, s:s, s:s, s:s, s:i}", "backend", result->backend,
                                      "device", result->device, "simd", result->simd, "method",
                                      pp_method_name(result->method), "threads",
                                      (int)result->threads));
    free(found.primes.numbers);
    return answer;
}

static json_t *call(const json_t *request) {
    uint64_t lo = u64_of(request, "lo"), hi = u64_of(request, "hi");
    const char *what = text_of(request, "call");
    enum call call = what && strcmp(what, "list") == 0   ? CALL_LIST
                     : what && strcmp(what, "walk") == 0 ? CALL_WALK
                                                         : CALL_COUNT;
    const json_t *library = json_object_get(request, "library");
    size_t id = (size_t)number_of(request, library ? "library" : "session");
    if (id >= (library ? n_libraries : n_sessions))
        return failure("there is no such library or session");
    struct rusage usage;
    use_cores(request);
    getrusage(RUSAGE_SELF, &usage);
    return library ? call_library(&libraries[id], request, lo, hi, call, cpu_of(&usage))
                   : call_session(sessions[id], request, lo, hi, call, cpu_of(&usage));
}

/* ---- the conversation ------------------------------------------------------------------------ */

static json_t *answer_to(const json_t *request) {
    const char *task = text_of(request, "task");
    if (!task)
        return failure("no task");
    if (strcmp(task, "environment") == 0) {
        if (json_object_get(request, "core"))
            choose_core((int)number_of(request, "core"));
        return json_pack("{s:o, s:i, s:i}", "environment", environment_json(), "core", core,
                         "cores", CPU_COUNT(&all_cores));
    }
    return strcmp(task, "program") == 0   ? run_program(request)
           : strcmp(task, "copies") == 0  ? run_copies(request)
           : strcmp(task, "library") == 0 ? load_library(request)
           : strcmp(task, "session") == 0 ? open_session(request)
           : strcmp(task, "call") == 0    ? call(request)
                                          : failure("there is no such task");
}

int main(void) {
    struct sigaction on_alarm = {.sa_handler = cancel, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &on_alarm, NULL);
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    choose_core(-1);
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, stdin) > 0) {
        json_t *request = json_loads(line, 0, NULL);
        json_t *answer = request ? answer_to(request) : failure("this is no JSON");
        if (!answer)
            answer = failure("no answer");
        json_dumpf(answer, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
        putchar('\n');
        fflush(stdout);
        json_decref(answer);
        json_decref(request);
    }
    free(line);
    for (size_t i = 0; i < n_sessions; i++)
        pp_session_close(sessions[i]);
    return 0;
}
