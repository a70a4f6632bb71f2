#include "backend/pi.h"

#include "base/clock.h"
#include "base/error.h"
#include "config.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(PARPRIME_PRIMECOUNT)

bool pi_built(void) {
    return true;
}

/* The library's own names and types: primecount.h. */
struct primecount {
    void *library; /* stays loaded */
    int (*pi)(const char *x, char *result, size_t length);
    void (*set_threads)(int threads);
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static pp_status load(struct primecount *out, pp_error *error) {
    out->library = dlopen(PARPRIME_PRIMECOUNT, RTLD_NOW | RTLD_LOCAL);
    if (out->library) {
        *(void **)&out->pi = dlsym(out->library, "primecount_pi_str");
        *(void **)&out->set_threads = dlsym(out->library, "primecount_set_num_threads");
    }
    if (!out->library || !out->pi || !out->set_threads)
        return pp_fail(error, PP_ERR_UNAVAILABLE,
                       "method pi needs " PARPRIME_PRIMECOUNT
                       ", which cannot be loaded (on Debian: "
                       "install libprimecount7)");
    return PP_OK;
}

/* The number of primes up to x; false if the library fails. */
static bool primes_up_to(const struct primecount *primecount, uint64_t x, uint64_t *out) {
    char number[32], result[64];
    snprintf(number, sizeof number, "%" PRIu64, x);
    if (primecount->pi(number, result, sizeof result) < 0)
        return false;
    *out = strtoull(result, NULL, 10);
    return true;
}

pp_status pi_run(const struct job *job, unsigned threads, struct sink *sink, pp_result *result,
                 pp_error *error) {
    if (sink_stopped(sink))
        return PP_OK;
    double begin = clock_seconds(), begun = begin;
    result->simd = "none";
    struct primecount primecount = {0};
    pp_status status = load(&primecount, error);
    if (status != PP_OK)
        return status;
    result->phases.prepare += clock_seconds() - begin;
    begin = clock_seconds();
    uint64_t up_to_hi = 0, below_lo = 0;
    pthread_mutex_lock(&lock);
    primecount.set_threads((int)threads);
    bool done = primes_up_to(&primecount, job->hi, &up_to_hi) &&
                (job->lo == 0 || primes_up_to(&primecount, job->lo - 1, &below_lo));
    pthread_mutex_unlock(&lock);
    if (!done)
        return pp_fail(error, PP_ERR_INTERNAL, "libprimecount failed");
    result->threads = threads;
    result->phases.compute += clock_seconds() - begin;
    const struct partial partial = {.count = up_to_hi - below_lo, .begin = begun};
    return sink->put(sink, 0, &partial);
}

#else

bool pi_built(void) {
    return false;
}

pp_status pi_run(const struct job *job, unsigned threads, struct sink *sink, pp_result *result,
                 pp_error *error) {
    (void)job, (void)threads, (void)sink, (void)result;
    return pp_fail(error, PP_ERR_UNAVAILABLE, "this build has no libprimecount for method pi");
}

#endif
