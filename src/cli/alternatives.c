#include "cli/alternatives.h"

#include "cli/memory.h"
#include "cli/words.h"
#include "measure/environment.h"

#include <stdlib.h>
#include <string.h>

void free_lists(struct lists *lists) {
    free_words(&lists->backends);
    free_words(&lists->methods);
    free_words(&lists->threads);
    free_words(&lists->levels);
    free_words(&lists->devices);
}

/* The option's words, else the job's; a list of one NULL when neither says anything. */
static bool split_or_none(struct word_list *list, const char *what, const char *option,
                          const char *job) {
    if (option || job)
        return split_words(list, what, option ? option : job);
    *list = (struct word_list){.n = 1};
    return true;
}

/* A device that nothing compared would run on is a mistake, not something to pass over. */
static bool check_devices(const struct lists *lists) {
    bool opencl = !lists->devices.words[0];
    for (size_t i = 0; i < lists->backends.n; i++)
        opencl |= strcmp(lists->backends.words[i], "opencl") == 0;
    if (!opencl)
        complain("--device %s: opencl, which has devices to choose from, is not among the backends",
                 lists->devices.words[0]);
    return opencl;
}

/* By default every backend there is, serial first; openmp also with one thread, as a base. */
static bool make_lists(const struct options *options, const struct options *job,
                       struct lists *lists) {
    const char *method = options->method ? options->method : job->method ? job->method : "auto";
    return split_words(&lists->backends, "--backend",
                       options->backend ? options->backend : "serial,openmp,opencl") &&
           split_words(&lists->methods, "--method", method) &&
           split_words(&lists->threads, "--threads", options->threads ? options->threads : "1,0") &&
           split_or_none(&lists->levels, "--simd", options->simd, job->simd) &&
           split_or_none(&lists->devices, "--device", options->device, job->device) &&
           check_devices(lists) && check_threads(&lists->threads, options->threads);
}

static struct alternative *add_alternative(struct comparison *comparison,
                                           const struct options *words) {
    if (comparison->n_alternatives == MOST_ALTERNATIVES) {
        complain("more than %d alternatives", MOST_ALTERNATIVES);
        return NULL;
    }
    struct alternative *alternative = &comparison->alternatives[comparison->n_alternatives];
    struct options with = *words;
    /* 0 is not the user's word, but means all cores. */
    if (with.threads && strcmp(with.threads, "0") == 0)
        with.threads = NULL;
    if (!words_to_session(&with, &alternative->options))
        return NULL;
    comparison->n_alternatives++;
    return alternative;
}

/* One backend with one method: SIMD levels are the CPU's, devices to choose from OpenCL's. */
static bool add_backend(const struct options *options, const struct options *job,
                        const struct lists *lists, size_t backend, size_t method,
                        struct comparison *comparison) {
    struct options words = {.backend = lists->backends.words[backend],
                            .method = lists->methods.words[method],
                            .kernels = options->kernels ? options->kernels : job->kernels,
                            .verify = options->verify ? options->verify : job->verify,
                            .device_timeout = options->device_timeout ? options->device_timeout
                                                                      : job->device_timeout};
    bool opencl = strcmp(words.backend, "opencl") == 0;
    bool serial = strcmp(words.backend, "serial") == 0;
    const struct word_list *places = opencl ? &lists->devices : &lists->levels;
    struct environment here;
    environment_read(&here);
    /* A GPU has no number of compute units to choose; what a user says of it is passed on. */
    bool threaded = strcmp(words.backend, "openmp") == 0 || (options->threads && !serial);
    /* On one core all threads are one thread. */
    size_t first = threaded && !options->threads && here.cores_allowed == 1 ? 1 : 0;
    for (size_t place = 0; place < places->n; place++)
        for (size_t t = first; t < (threaded ? lists->threads.n : 1); t++) {
            words.device = opencl ? places->words[place] : NULL;
            /* On OpenCL's host lists are made by it; several levels are no question to OpenCL. */
            words.simd = !opencl                ? places->words[place]
                         : lists->levels.n == 1 ? lists->levels.words[0]
                                                : NULL;
            words.threads = threaded ? lists->threads.words[t] : NULL;
            struct alternative *alternative = add_alternative(comparison, &words);
            if (!alternative)
                return false;
            alternative->optional = lists->devices.n > 1;
        }
    return true;
}

/* One thread has nothing to put in order. */
static bool has_one_thread(const pp_session_options *options) {
    return options->threads == 1 || strcmp(options->backend, "serial") == 0;
}

/* Where a list is handed out as workers finish, the same in order shows what order costs. */
static bool add_twins(const struct loaded *job, struct comparison *comparison) {
    if (job->subject.question != SUBJECT_LIST || job->subject.listing.order != PP_ORDER_COMPLETION)
        return true;
    for (size_t i = 0, n = comparison->n_alternatives; i < n; i++) {
        if (has_one_thread(&comparison->alternatives[i].options))
            continue;
        if (comparison->n_alternatives == MOST_ALTERNATIVES) {
            complain("more than %d alternatives", MOST_ALTERNATIVES);
            return false;
        }
        struct alternative *twin = &comparison->alternatives[comparison->n_alternatives++];
        *twin = comparison->alternatives[i];
        twin->in_order = true;
    }
    return true;
}

/* Would a session with these options run on a GPU? */
static bool is_on_gpu(const pp_session_options *options) {
    enum { MOST = 64 };
    pp_device devices[MOST];
    size_t n;
    if (!options->backend || strcmp(options->backend, "opencl") != 0 ||
        pp_backend_devices("opencl", devices, MOST, &n) != PP_OK)
        return false;
    for (size_t i = 0; i < n && i < MOST; i++)
        if (devices[i].usable && strcmp(devices[i].kind, "GPU") == 0 &&
            (!options->device || strcmp(devices[i].id, options->device) == 0 ||
             strstr(devices[i].name, options->device)))
            return true;
    return false;
}

/* All CPU cores with their best code, by the same method. */
static bool is_whole_cpu(const struct alternative *alternative, pp_method method, unsigned cores) {
    const pp_session_options *options = &alternative->options;
    return strcmp(options->backend, "openmp") == 0 && options->method == method &&
           (!options->simd || strcmp(options->simd, "auto") == 0) &&
           (options->threads == 0 || options->threads == cores);
}

static bool add_whole_cpu(struct comparison *comparison) {
    struct environment here;
    environment_read(&here);
    for (size_t i = 0, n = comparison->n_alternatives; i < n; i++) {
        const struct alternative *gpu = &comparison->alternatives[i];
        if (!is_on_gpu(&gpu->options))
            continue;
        bool there = false;
        for (size_t j = 0; j < comparison->n_alternatives; j++)
            there |=
                is_whole_cpu(&comparison->alternatives[j], gpu->options.method, here.cores_allowed);
        if (there)
            continue;
        const char *method = pp_method_name(gpu->options.method);
        struct alternative *added =
            add_alternative(comparison, &(struct options){.backend = "openmp", .method = method});
        if (!added)
            return false;
        added->in_order = gpu->in_order;
        added->added = "a GPU is held against all CPU cores";
    }
    return true;
}

static void make_room(struct comparison *comparison) {
    comparison->alternatives = allocate_zeroed(MOST_ALTERNATIVES, sizeof *comparison->alternatives);
}

bool make_alternatives(const struct options *options, const struct loaded *job, struct lists *lists,
                       struct comparison *comparison) {
    *lists = (struct lists){0};
    make_room(comparison);
    bool good = make_lists(options, &job->options, lists);
    for (size_t m = 0; good && m < lists->methods.n; m++)
        for (size_t b = 0; good && b < lists->backends.n; b++)
            good = add_backend(options, &job->options, lists, b, m, comparison);
    return good && add_twins(job, comparison) && add_whole_cpu(comparison);
}

bool make_output_alternatives(struct comparison *comparison) {
    struct environment here;
    environment_read(&here);
    make_room(comparison);
    const char *method = "sieve"; /* as always: the numbers are small */
    for (enum outlet_kind to = OUTLET_DISCARD; to <= OUTLET_PIPE; to++)
        for (int all = 0; all < (here.cores_allowed > 1 ? 2 : 1); all++) {
            struct alternative *alternative =
                add_alternative(comparison, &(struct options){.backend = all ? "openmp" : "serial",
                                                              .method = method});
            if (!alternative)
                return false;
            alternative->to = to;
        }
    return true;
}
