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
#include "base/clock.h"
#include "base/cpu.h"
#include "base/error.h"

#include <omp.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

extern const struct backend backend_openmp;

struct openmp {
    const struct batch_kernel *kernel;
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
    openmp->kernel = batch_kernel(options->simd);
    openmp->threads = options->threads ? options->threads : default_threads();
    *state = openmp;
    return PP_OK;
}

static void shape(const void *state, const struct job *job, struct shape *out) {
    const struct openmp *openmp = state;
    cpu_shape(job, openmp->threads, openmp->kernel, out);
}

/* Units in a parallel-for: the barrier at its end is nothing beside them, skipping them is quick.
 */
static const uint64_t STRETCH = 1 << 20;

/* A call of run, packed for a thread of its own. */
struct call {
    const struct openmp *openmp;
    const struct job *job;
    uint64_t first, n;
    struct sink *sink;
    pp_result *result;
    pp_status status;
};

static void run_parallel(struct call *call) {
    double begin = clock_seconds();
    const struct job *job = call->job;
    const struct batch_kernel *kernel = call->openmp->kernel;
    struct sink *sink = call->sink;
    uint64_t first = call->first, n = call->n;
    unsigned took_part = 1;
    pp_status outcome = PP_OK;
    unsigned wanted = call->openmp->threads < n ? call->openmp->threads : (unsigned)(n ? n : 1);
    /*
     * A parallel-for can only skip what is left after a stop, and a job may have 2^63 units: so it
     * goes over a stretch of them at a time.
     */
    for (uint64_t begun = 0; begun < n && !sink_stopped(sink); begun += STRETCH) {
        uint64_t stretch = n - begun < STRETCH ? n - begun : STRETCH, base = first + begun;
#pragma omp parallel num_threads((int)wanted) default(none)                                        \
    shared(job, kernel, sink, base, stretch, took_part, outcome)
        {
            struct cpu_worker worker;
            pp_status status = cpu_worker_init(&worker, job, kernel);
#pragma omp single nowait
            took_part = (unsigned)omp_get_num_threads();
            if (status != PP_OK)
                sink->fail(sink, status);
                /*
                 * One unit at a time keeps threads even to the end. Monotonic, since the sink may
                 * hold back a unit until earlier ones are put: those must have been begun.
                 */
#pragma omp for schedule(monotonic : dynamic, 1) nowait
            for (uint64_t i = 0; i < stretch; i++)
                if (status == PP_OK && !sink_stopped(sink))
                    status = cpu_run_unit(&worker, job, base + i, sink);
            cpu_worker_free(&worker);
            if (status != PP_OK) {
#pragma omp atomic write
                outcome = status;
            }
        }
    }
    call->status = outcome;
    call->result->threads = took_part;
    call->result->simd = cpu_simd_of(kernel, job);
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
    if (omp_in_parallel()) /* the caller's cores are taken already */
        return cpu_run_serially(((const struct openmp *)state)->kernel, job, first, n, sink,
                                result);
    struct call call = {state, job, first, n, sink, result, PP_OK};
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
