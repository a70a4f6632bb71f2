/* All cores: an OpenMP parallel-for over units. */
#include "config.h"

#if !defined(PARPRIME_HAVE_OPENMP)

#include "backend/absent.h"

extern const struct backend backend_openmp;
ABSENT_BACKEND(backend_openmp, "openmp",
               "this build has no OpenMP; configure with -DPARPRIME_OPENMP=ON")

#else

#include "backend/backend.h"
#include "backend/cpu.h"
#include "backend/pi.h"
#include "backend/shares.h"
#include "backend/window.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/places.h"

#include <omp.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

extern const struct backend backend_openmp;

struct openmp {
    struct cpu_code code;
    unsigned threads;
};

/* As for pp_session_options: libgomp's stack frame grows with a team, and overflows at 100000. */
enum { MOST_THREADS = 4096 };

/* OMP_NUM_THREADS when it is a number, else the cores this process may use. */
static unsigned default_threads(void) {
    const char *wish = getenv("OMP_NUM_THREADS");
    unsigned threads =
        wish && *wish >= '1' && *wish <= '9' ? (unsigned)omp_get_max_threads() : cpu_allowed();
    return threads < MOST_THREADS ? threads : MOST_THREADS;
}

static size_t probe(pp_device *devices, size_t capacity) {
    if (capacity)
        cpu_describe(devices, "openmp", cpu_allowed());
    return 1;
}

static pp_status openmp_open(const pp_session_options *options, void **state, pp_error *error) {
    *state = NULL;
    struct openmp *openmp = malloc(sizeof *openmp);
    if (!openmp)
        return pp_fail(error, PP_ERR_MEMORY, "no memory to open a session");
    openmp->code = cpu_code(options->simd);
    openmp->threads = options->threads ? options->threads : default_threads();
    *state = openmp;
    return PP_OK;
}

static void shape(const void *state, const struct job *job, struct shape *out) {
    const struct openmp *openmp = state;
    cpu_shape(job, openmp->threads, openmp->code, out);
}

/* Units in a parallel-for: its barrier is nothing beside so many, and skipping them is quick. */
static const uint64_t STRETCH = 1 << 20;

/* A call of run, packed for a thread of its own. */
struct call {
    const struct openmp *openmp;
    const struct job *job;
    uint64_t first, n;
    struct sink *sink;
    pp_result *result;
    pp_error *error;
    pp_status status;
};

/*
 * Threads begin a parallel region on a CPU each, where the user has not said where they are to run
 * (OMP_PROC_BIND). Those that libgomp has are moved as they wake; those that it has not, it makes:
 *
 * its master spins until the threads that it has made are there, for some 4 ms, and so keeps them
 * away from the CPU that they were put on: its own. It spins only briefly when there are more
 * threads than CPUs. So they are made in a region with one more, in which they take their places,
 * and keep these until the next region, where the last one ends, has begun its work.
 *
 * `parprime count 1e9 -t 2` on two virtual cores of a Zen 4 takes 32.8 ms with this, 40.3 without
 * (medians of 21 processes, process start included; one thread: 61.5).
 */
#if defined(__GNUC__) && !defined(__clang__)
enum { SPARE_THREADS = 1 };
#else
enum { SPARE_THREADS = 0 };
#endif

static void find_places(struct places *places, int threads) {
    static _Thread_local int pool = 1; /* threads that libgomp has for this one, itself included */
    places_init(places, omp_get_proc_bind() == omp_proc_bind_false ? (unsigned)threads : 0);
    if (places->threads && threads > pool) {
#pragma omp parallel num_threads(threads + SPARE_THREADS) default(none) shared(places)
        places_take(places, (unsigned)omp_get_thread_num());
    }
    if (threads > 1) /* a team of one leaves the others waiting */
        pool = threads;
}

/*
 * A parallel-for can only skip what is left after a stop, and a job may have 2^63 units: so it goes
 * over a stretch of them at a time.
 */
static void run_units(struct call *call, const struct cpu_run *run, int wanted) {
    struct sink *sink = call->sink;
    const uint64_t first = call->first;
    const bool jumps = cpu_may_jump(call->job);
    unsigned took_part = 1;
    struct shares shares;
    pp_status outcome = shares_init(&shares, (unsigned)wanted) ? PP_OK : PP_ERR_MEMORY;
    for (uint64_t begin = 0, end; begin < call->n && outcome == PP_OK && !sink_stopped(sink);
         begin = end) {
        end = jumps || call->n - begin < STRETCH ? call->n : begin + STRETCH;
        struct places places;
        find_places(&places, wanted);
#pragma omp parallel num_threads(wanted) default(none)                                             \
    shared(run, sink, first, begin, end, jumps, shares, took_part, outcome, places)
        {
            unsigned thread = (unsigned)omp_get_thread_num();
            places_take(&places, thread);
            places_gather(&places, thread);
            struct cpu_worker worker;
            pp_status status = cpu_worker_init(&worker, run, thread);
#pragma omp single
            {
                took_part = (unsigned)omp_get_num_threads();
                shares_deal(&shares, jumps ? end : 0, took_part, 1);
            }
            places_leave(&places, thread);
            if (status != PP_OK)
                sink->fail(sink, status);
            uint64_t unit;
            while (status == PP_OK && !sink_stopped(sink) && shares_take(&shares, thread, &unit))
                status = cpu_run_unit(&worker, first + unit, sink);
                /*
                 * One at a time keeps threads even to the end. Monotonic, since the sink may hold
                 * back a unit until earlier ones are put: those must have been begun.
                 */
#pragma omp for schedule(monotonic : dynamic, 1) nowait
            for (uint64_t i = jumps ? end : begin; i < end; i++)
                if (status == PP_OK && !sink_stopped(sink))
                    status = cpu_run_unit(&worker, first + i, sink);
            cpu_worker_free(&worker);
            if (status != PP_OK) {
#pragma omp atomic write
                outcome = status;
            }
        }
    }
    shares_free(&shares);
    call->status = outcome;
    call->result->threads = took_part;
}

/* Segments left in a share that are worth the search for positions. */
enum { DIVIDED_SEGMENTS = 2 };

/* Window after window, each in steps that all threads share out and wait for each other after. */
static void run_windows(struct call *call, const struct cpu_run *run, int wanted) {
    struct sink *sink = call->sink;
    struct window window;
    struct shares shares;
    unsigned took_part = 1;
    pp_status outcome = window_init(&window, run, call->first, call->n, (unsigned)wanted);
    if (!shares_init(&shares, (unsigned)wanted))
        outcome = PP_ERR_MEMORY;
    if (outcome == PP_OK) {
        struct places places;
        find_places(&places, wanted);
#pragma omp parallel num_threads(wanted) default(none)                                             \
    shared(run, sink, window, shares, took_part, outcome, places)
        {
            unsigned thread = (unsigned)omp_get_thread_num();
            places_take(&places, thread);
            places_gather(&places, thread);
            struct window_worker worker;
            pp_status status = window_worker_init(&worker, &window, thread);
#pragma omp single
            took_part = (unsigned)omp_get_num_threads();
            places_leave(&places, thread);
            if (status != PP_OK)
                sink->fail(sink, status);
            for (;;) {
#pragma omp single
                {
                    window_next(&window, sink);
                    shares_deal(&shares, window.n_units ? window.n_stretches : 0,
                                (unsigned)omp_get_num_threads(), DIVIDED_SEGMENTS);
                }
                if (window.n_units == 0)
                    break;
                uint64_t stretch;
                while (status == PP_OK && !sink_stopped(sink) &&
                       shares_take(&shares, thread, &stretch))
                    window_sieve(&worker, stretch);
#pragma omp barrier
#pragma omp for schedule(dynamic, 1)
                for (uint64_t i = 0; i < window.n_pieces; i++)
                    if (status == PP_OK && !sink_stopped(sink))
                        window_cross_large(&worker, i);
                if (status == PP_OK)
                    window_flush(&worker);
#pragma omp barrier
#pragma omp for schedule(monotonic : dynamic, 1)
                for (uint64_t i = 0; i < window.n_units; i++)
                    if (status == PP_OK && !sink_stopped(sink))
                        status = window_put(&worker, i, sink);
            }
            window_worker_free(&worker);
            if (status != PP_OK) {
#pragma omp atomic write
                outcome = status;
            }
        }
    }
    shares_free(&shares);
    window_free(&window);
    call->status = outcome;
    call->result->threads = took_part;
}

static void run_parallel(struct call *call) {
    if (call->job->method == PP_METHOD_PI) {
        call->status =
            pi_run(call->job, call->openmp->threads, call->sink, call->result, call->error);
        return;
    }
    double begin = clock_seconds();
    call->result->simd = cpu_simd_of(call->openmp->code, call->job);
    struct cpu_run run;
    call->status = cpu_run_init(&run, call->openmp->code, call->job);
    if (call->status == PP_OK) {
        unsigned threads = call->openmp->threads;
        if (run.by_windows)
            run_windows(call, &run, (int)threads);
        else
            run_units(call, &run, call->n < threads ? (int)(call->n ? call->n : 1) : (int)threads);
    }
    cpu_run_free(&run);
    call->result->phases.compute += clock_seconds() - begin;
}

static void *run_on_own_thread(void *call) {
    run_parallel(call);
    return NULL;
}

static pid_t process_at_load;

__attribute__((constructor)) static void remember_process(void) {
    process_at_load = getpid();
}

static pp_status run(void *state, const struct job *job, uint64_t first, uint64_t n,
                     struct sink *sink, pp_result *result, pp_error *error) {
    if (omp_in_parallel() && job->method == PP_METHOD_PI)
        return pi_run(job, 1, sink, result, error);
    if (omp_in_parallel()) /* the caller's cores are taken already */
        return cpu_run_serially(((const struct openmp *)state)->code, job, first, n, sink, result);
    struct call call = {state, job, first, n, sink, result, error, PP_OK};
    if (getpid() == process_at_load) {
        run_parallel(&call);
        return call.status;
    }
    /*
     * In a forked child libgomp would wait for the parent's threads, which fork does not copy.
     * It keeps its pool by thread, so a thread that was never in a parallel region gets a new one.
     */
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_on_own_thread, &call) != 0)
        return pp_fail(error, PP_ERR_INTERNAL, "a thread could not be started");
    pthread_join(thread, NULL);
    return call.status;
}

static void openmp_close(void *state) {
    free(state);
}

const struct backend backend_openmp = {"openmp", probe, cpu_supports, openmp_open,
                                       shape,    run,   openmp_close};

#endif
