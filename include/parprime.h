/*
 * parprime: prime workloads on every core and device, one verified answer.
 *
 * The only public header of libparprime. Conventions that hold throughout:
 *
 *  - Every function that can fail returns a pp_status; PP_OK is 0. Functions that take a
 *    `pp_error *` also say what went wrong in words; it may be NULL.
 *  - Ranges are inclusive, [lo, hi], so that 2^64-1 can be said. lo > hi is PP_ERR_USAGE.
 *  - Buffers belong to the caller unless a function says otherwise. Objects made by a
 *    `*_open`, `*_new` or `*_parse` function are ended by the matching `*_close` or `*_free`,
 *    which accept NULL.
 *  - The library never prints, never exits, and installs no signal handlers.
 *  - Times are in seconds of a monotonic clock.
 *  - Functions without a session are thread-safe. A session belongs to one thread at a time
 *    (only pp_session_cancel may be called from elsewhere); several sessions may run at once.
 */
#ifndef PARPRIME_H
#define PARPRIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PP_VERSION_MAJOR 0
#define PP_VERSION_MINOR 1
#define PP_VERSION_PATCH 0

#if defined(__GNUC__)
#define PP_API __attribute__((visibility("default")))
#else
#define PP_API
#endif

/* ---- status ------------------------------------------------------------------------- */

/* What a call came to. The numbers are pinned: they may be stored and compared. */
typedef enum pp_status {
    PP_OK = 0,
    PP_ERR_USAGE = 1,       /* an argument is outside what the function accepts */
    PP_ERR_SYNTAX = 2,      /* text that is not a number expression */
    PP_ERR_RANGE = 3,       /* a number outside the range asked for (negative, above 2^64-1, …) */
    PP_ERR_TOO_LARGE = 4,   /* a result that cannot fit in memory */
    PP_ERR_DISAGREE = 5,    /* two ways of computing one answer differ: trust neither */
    PP_ERR_UNAVAILABLE = 6, /* the backend, device, method or instruction set is not here */
    PP_ERR_IO = 7,          /* reading or writing failed */
    PP_ERR_MEMORY = 8,      /* no memory */
    PP_ERR_INTERNAL = 9,    /* a defect of this library, or a thread that could not start */
    PP_ERR_CANCELLED = 10,  /* pp_session_cancel or a callback asked to stop */
    PP_END = 11             /* an iterator has passed the end of its range */
} pp_status;

/* A sentence for a status, without a final full stop. Never NULL; static storage. */
PP_API const char *pp_strerror(pp_status status);

/* The status's name, "PP_ERR_USAGE". Never NULL; static storage. */
PP_API const char *pp_status_name(pp_status status);

/*
 * The exit code a program should end with: 0 done, 2 usage, 3 answers disagree,
 * 4 not available, 5 input or output, 6 internal or memory, 130 cancelled.
 */
PP_API int pp_exit_code(pp_status status);

/* What went wrong, in words. Filled only when a call fails. */
typedef struct pp_error {
    pp_status status;
    size_t offset;     /* for text: the byte the message speaks of, counted from 0 */
    char message[240]; /* a sentence without a final full stop, NUL-terminated */
} pp_error;

/* ---- the build ---------------------------------------------------------------------- */

/* "0.1.0", the library's own, which may differ from the header's macros. */
PP_API const char *pp_version(void);

/* How this library was built and what it found. All strings have static storage. */
typedef struct pp_build_info {
    const char *version;  /* "0.1.0" */
    const char *commit;   /* abbreviated commit, with "-dirty" when it had changes, or "unknown" */
    const char *compiler; /* "gcc 12.2.0" */
    const char *flags;    /* build type and flags */
    const char *openmp;   /* the runtime, "libgomp", or "not built" */
    const char *opencl;   /* what kernels it has, or "not built" */
    const char *gmp;      /* "6.2.1" */
    const char *simd;     /* levels this machine can run: "none avx2" */
} pp_build_info;
PP_API const pp_build_info *pp_build(void);

/* ---- one number --------------------------------------------------------------------- */

/*
 * Is n prime? Deterministic for every n < 2^64: small divisors, a test to base 2, then a table of
 * what passes it below 2^44, and above the extra strong Lucas test (a form of Baillie-PSW, verified
 * for all n < 2^64). docs/PRIMALITY.md says what was recomputed and what rests on whose work.
 * Thread-safe, allocates nothing. Many numbers go faster together: pp_test.
 */
PP_API bool pp_is_prime(uint64_t n);

/* ---- integers of any size ----------------------------------------------------------- */

/*
 * A non-negative integer of any size; immutable, so it may be shared between threads. Its digits
 * are GMP's, which ends the process when it finds no memory, unless mp_set_memory_functions has
 * given it functions that do something else.
 */
typedef struct pp_integer pp_integer;

/*
 * Reads one number expression, worked exactly: decimal, 0x hexadecimal, 1e13, digits grouped
 * as 1_000_000, + - * / % (division truncates), ^ or ** (right to left), parentheses; spaces
 * are allowed between tokens. Intermediate values may be negative or huge; the result is
 * checked at the end. length counts bytes; the text need not be NUL-terminated.
 * Errors: PP_ERR_SYNTAX, PP_ERR_RANGE (negative), PP_ERR_TOO_LARGE (beyond 2^(2^25)),
 * PP_ERR_MEMORY; error->offset is the byte to put a caret under.
 */
PP_API pp_status pp_integer_parse(const char *text, size_t length, pp_integer **out,
                                  pp_error *error);

/* The same for numbers below 2^64, else PP_ERR_RANGE. Plain digits are read without allocating. */
PP_API pp_status pp_parse_u64(const char *text, size_t length, uint64_t *out, pp_error *error);

PP_API pp_status pp_integer_from_u64(uint64_t value, pp_integer **out);
PP_API void pp_integer_free(pp_integer *integer);

/* True, and *out is set, when the integer is below 2^64. */
PP_API bool pp_integer_to_u64(const pp_integer *integer, uint64_t *out);

/* Number of binary digits; 0 for 0. */
PP_API size_t pp_integer_bits(const pp_integer *integer);

/* Decimal digits, NUL-terminated; the caller passes them to free(). NULL: no memory. */
PP_API char *pp_integer_to_decimal(const pp_integer *integer);

typedef enum pp_primality {
    PP_NEITHER = 0, /* 0 and 1 */
    PP_COMPOSITE = 1,
    PP_PRIME = 2,
    PP_PROBABLE_PRIME = 3 /* from 2^64 up: no composite is known that passes, none is excluded */
} pp_primality;

/*
 * Exact below 2^64. From there Baillie-PSW and 16 Miller-Rabin rounds (GMP): PP_COMPOSITE is
 * proved, PP_PROBABLE_PRIME is not.
 */
PP_API pp_primality pp_integer_primality(const pp_integer *integer);

/* "neither", "composite", "prime", "probable-prime". Static storage. */
PP_API const char *pp_primality_name(pp_primality primality);

/* ---- backends and devices ----------------------------------------------------------- */

/* One thing that can compute, or the reason why it cannot. */
typedef struct pp_device {
    const char *backend; /* "serial", "openmp", "opencl" */
    const char *kind;    /* "CPU", "GPU", "accelerator"; OpenCL on a CPU is "CPU" */
    char id[16];         /* stable: "P:D" of OpenCL's platform and device, else "serial:0", … */
    char name[128];      /* the device's own name for itself */
    char platform[64];   /* OpenCL: who brings it, and the driver's version; else "" */
    char driver[64];
    unsigned units;     /* hardware threads or compute units this process may use */
    unsigned clock_mhz; /* as the driver says; 0: unknown, as below */
    uint64_t memory_bytes, local_memory_bytes; /* global, and of a work-group */
    bool fp64;                                 /* double arithmetic */
    bool usable;
    char reason[200]; /* when not usable: why, and what to do about it */
} pp_device;

/*
 * Lists up to `capacity` devices of every backend, usable or not, in a stable order. Always
 * stores how many there are in *n_devices. devices may be NULL when capacity is 0.
 */
PP_API pp_status pp_devices(pp_device *devices, size_t capacity, size_t *n_devices);

/* The same for one backend only, so that OpenCL's platforms need not be started. */
PP_API pp_status pp_backend_devices(const char *backend, pp_device *devices, size_t capacity,
                                    size_t *n_devices);

/* ---- sessions ----------------------------------------------------------------------- */

typedef enum pp_method {
    PP_METHOD_AUTO = 0,   /* the cheapest by the rule in engine/plan.c */
    PP_METHOD_TRIAL = 1,  /* odd divisors up to the integer square root */
    PP_METHOD_MR = 2,     /* strong tests that decide: see pp_is_prime */
    PP_METHOD_SIEVE = 3,  /* segmented sieve of Eratosthenes, wheel 30 */
    PP_METHOD_HYBRID = 4, /* a shallow sieve, then tests of what it leaves */
    PP_METHOD_PI = 5      /* combinatorially, by libprimecount: counts only, without a digest */
} pp_method;

/* "auto", "trial", …; NULL for no such method. Static storage. */
PP_API const char *pp_method_name(pp_method method);
PP_API bool pp_method_from_name(const char *name, pp_method *out);

/* Start from PP_SESSION_OPTIONS_INIT; zero means "choose for me" in every field. */
typedef struct pp_session_options {
    const char *backend; /* NULL or "auto", or a backend's name */
    const char *device;  /* NULL, or an id "P:D" or a part of a device's name */
    /*
     * The highest instruction-set level that may be used: NULL or "auto", "none", "avx2", "avx512".
     * What has no code of that level runs the best below; pp_result.simd says which ran. A level
     * that this machine lacks is PP_ERR_UNAVAILABLE. OpenCL's kernels are compiled by its driver.
     */
    const char *simd;
    /*
     * OpenCL: NULL or "auto" by the device's type; "cpu": vector types, a work-item a segment;
     * "gpu": scalar work-items, local tiles. Both are right on any device.
     */
    const char *kernels;
    /*
     * 0: OMP_NUM_THREADS, else the cores this process may use; at most 4096. On an OpenCL CPU
     * device: compute units.
     */
    unsigned threads;
    pp_method method;
    uint64_t unit_size; /* numbers in a unit; 0: planned. For tests and measurements */
    /*
     * Percent of units, up to 100, that are recomputed on the host before their answer counts.
     * Which ones, nobody can foresee. Below 0: none. 0: on opencl about 1, as long as that takes no
     * more than a hundredth of the job's time, but at least one unit in a job of 5 s; elsewhere
     * none. A unit of opencl that does not agree is computed again, up to three times in all; then,
     * and on other backends at once, the job ends with PP_ERR_DISAGREE.
     */
    double verify;
    /*
     * opencl: seconds that the device may take for a launch, of which most take some hundredths.
     * After that it is given up: PP_ERR_UNAVAILABLE. 0: 300.
     */
    double device_timeout;
} pp_session_options;
#define PP_SESSION_OPTIONS_INIT                                                                    \
    { 0 }

/* An open backend. */
typedef struct pp_session pp_session;

/*
 * Opens a session; it is the caller's until pp_session_close. Errors: PP_ERR_USAGE (unknown
 * name, too many threads), PP_ERR_UNAVAILABLE (known, but not here: error says why).
 * After fork() a session may go on being used in the child, by the thread that forked.
 * Called inside an OpenMP parallel region of the caller's, jobs run on one thread.
 */
PP_API pp_status pp_session_open(const pp_session_options *options, pp_session **out,
                                 pp_error *error);
PP_API void pp_session_close(pp_session *session);

/*
 * Asks the running job to begin no further unit; it then returns PP_ERR_CANCELLED. With no
 * job running, the next one is cancelled. Async-signal-safe, callable from any thread.
 */
PP_API void pp_session_cancel(pp_session *session);

/* How far a job has come. */
typedef struct pp_progress {
    uint64_t done, total; /* numbers examined, numbers in the job (saturating at 2^64-1) */
    double seconds;       /* since the job began */
} pp_progress;

/*
 * Called as units finish, at most about 20 times a second and never twice at once, but from
 * whichever thread finished a unit. Returning false cancels the job. NULL removes it.
 */
typedef bool (*pp_progress_fn)(void *user, const pp_progress *progress);
PP_API void pp_session_on_progress(pp_session *session, pp_progress_fn fn, void *user);

/* A unit of a job that is done: with what answer, how, by whom, and when. */
typedef struct pp_unit {
    uint64_t number; /* from 0; pp_result.units says how many there are */
    uint64_t lo, hi; /* its numbers, or of pp_test the places of its numbers in the array */
    /* Of the unit alone; those of all units of a job add up, modulo 2^64, to those of pp_result. */
    uint64_t count, digest;
    bool has_digest;
    const char *backend, *device, *simd; /* as in pp_result */
    pp_method method;
    /*
     * Of serial 0, of openmp the number of the thread, below pp_result.threads. Of opencl the slot
     * of the pipeline, 0 or 1, whatever the device's compute units are.
     */
    unsigned worker;
    /*
     * Seconds since the job began, so that 0 <= begin <= end <= pp_result.seconds. The end is when
     * the answer was taken over, for pp_list rendered and in its turn to be emitted.
     * Units of a worker overlap where they are worked on together: on a device those of a launch
     * begin when it was sent off; above 2^48 a CPU's sieve goes by windows, whose units begin when
     * their window did, on all threads at once.
     */
    double begin, end;
} pp_unit;

/*
 * Called once for each unit that is done, none that failed, by the thread that did it: at the same
 * time from several threads, and in any order. What `unit` points to holds for the call. It must
 * not call the session's functions, except pp_session_cancel. NULL removes it; not to be changed
 * while a job runs.
 */
typedef void (*pp_unit_fn)(void *user, const pp_unit *unit);
PP_API void pp_session_on_unit(pp_session *session, pp_unit_fn fn, void *user);

/* Where the time of a job went. Phases that a backend does not have are 0. */
typedef struct pp_phases {
    double startup;  /* opening the platform and device, at pp_session_open */
    double build;    /* building device kernels */
    double prepare;  /* base primes and tables shared by all units */
    double upload;   /* host to device */
    double compute;  /* the units themselves, wall time; on a device, the kernels' own */
    double download; /* device to host */
    double output;   /* inside the caller's emit function, by whichever thread emitted */
} pp_phases;

/* What a finished job says about itself. */
typedef struct pp_result {
    uint64_t count;      /* primes found */
    uint64_t digest;     /* identifies the set of primes: see docs/ARCHITECTURE.md */
    bool has_digest;     /* a purely combinatorial count has none */
    const char *backend; /* the one that ran, never "auto"; static storage, as are all names */
    const char *device;
    const char *device_kind; /* "CPU", "GPU", "accelerator" */
    const char *simd;        /* CPU code: "none", "avx2", "avx512"; OpenCL: "vector" or "scalar" */
    pp_method method;        /* the one that ran, never PP_METHOD_AUTO */
    unsigned threads;        /* that took part; of OpenCL, compute units */
    uint64_t units;          /* the job was cut into */
    uint64_t verified;       /* units that were recomputed on the host and agreed */
    /*
     * opencl: launches whose answer was found wrong or failed, and that were computed again; and
     * what was wrong with the first of them, "" without one.
     */
    uint64_t retried;
    char fault[240];
    double seconds; /* the job, without opening the session */
    pp_phases phases;
} pp_result;

/* The last job of the session, or NULL before the first. Valid until the next job or close. */
PP_API const pp_result *pp_session_result(const pp_session *session);

/* The last failure of a job of this session in words. Never NULL. */
PP_API const pp_error *pp_session_error(const pp_session *session);

/* ---- jobs --------------------------------------------------------------------------- */

/*
 * Which of numbers[0..n) are prime. Bit i % 64 of bitmap[i / 64] is set when numbers[i] is;
 * bitmap has (n + 63) / 64 words, all of them written, and unused bits are 0.
 * The result's count is the number of bits set; its digest is the sum over the primes found,
 * with multiplicity, of splitmix64(number), modulo 2^64.
 */
PP_API pp_status pp_test(pp_session *session, const uint64_t *numbers, size_t n, uint64_t *bitmap);

/* The number of primes in [lo, hi]; result may be NULL, see also pp_session_result. */
PP_API pp_status pp_count(pp_session *session, uint64_t lo, uint64_t hi, pp_result *result);

/* A growing byte buffer; the library owns and reuses its memory. */
typedef struct pp_buffer {
    char *data;
    size_t size;     /* bytes used: what has been rendered */
    size_t capacity; /* bytes there are */
} pp_buffer;

/*
 * Makes room for `extra` more bytes and returns where they go, or NULL without memory. The
 * caller adds what it wrote to buffer->size.
 */
PP_API char *pp_buffer_reserve(pp_buffer *buffer, size_t extra);

typedef enum pp_order {
    PP_ORDER_ASCENDING = 0,
    PP_ORDER_COMPLETION = 1 /* blocks as workers finish them, ascending only within a block */
} pp_order;

/* What to do with the primes of pp_list. */
typedef struct pp_list_callback {
    void *user;
    pp_order order;
    /*
     * Appends bytes for a run of ascending primes to `out`. Called on worker threads, several
     * at once, so it must not touch shared state. NULL: the bytes are the primes themselves,
     * as native uint64_t. Any status but PP_OK ends the job with that status.
     */
    pp_status (*render)(void *user, const uint64_t *primes, size_t n, pp_buffer *out);
    /*
     * Takes the bytes of a block, in the order asked for. Never called twice at once, but from
     * different threads. Any status but PP_OK ends the job with that status.
     */
    pp_status (*emit)(void *user, const void *bytes, size_t n_bytes);
    /*
     * May be NULL. In ascending order: the bytes of all primes up to hi have been emitted, and no
     * others; those behind the last call's hi are `count` primes with that digest. Called for
     * every unit, also one without primes, never at the same time as emit, from different threads:
     * where a list that is cut off here can go on at hi + 1. Any status but PP_OK ends the job
     * with that status. Not called in completion order.
     */
    pp_status (*reached)(void *user, uint64_t hi, uint64_t count, uint64_t digest);
} pp_list_callback;

/* The primes in [lo, hi], through the callback. */
PP_API pp_status pp_list(pp_session *session, uint64_t lo, uint64_t hi,
                         const pp_list_callback *callback);

/*
 * Walks the primes of [lo, hi] one by one, working in windows that grow: the first takes
 * microseconds, and each at most about three times as long as all before it. Memory: 9 KiB and the
 * window's bitmap, up to 1.2 MB, or where 64 √lo passes 2^25 a thirtieth of that, up to 36 MB.
 */
typedef struct pp_iterator {
    const uint64_t *next, *end; /* primes at hand, for pp_iterator_next; the rest is hidden */
} pp_iterator;

/*
 * Opens a walk, the caller's until pp_iterator_close. The session must outlive the iterator and
 * runs no other job while pp_iterator_next does; in between it may. An iterator may pass from
 * thread to thread, but belongs to one at a time. Errors: PP_ERR_USAGE (lo > hi), PP_ERR_MEMORY.
 */
PP_API pp_status pp_iterator_open(pp_session *session, uint64_t lo, uint64_t hi, pp_iterator **out);

/* What pp_iterator_next does when no prime is at hand. */
PP_API pp_status pp_iterator_fetch(pp_iterator *iterator, uint64_t *prime);

/*
 * The next prime in *prime, PP_END when there is none left, or an error of the job that works the
 * window; a later call then tries the same window again. Only PP_OK changes *prime.
 */
#if defined __cplusplus || (defined __STDC_VERSION__ && __STDC_VERSION__ >= 199901L)
PP_API inline pp_status pp_iterator_next(pp_iterator *iterator, uint64_t *prime);
inline pp_status pp_iterator_next(pp_iterator *iterator, uint64_t *prime) {
    if (iterator->next == iterator->end)
        return pp_iterator_fetch(iterator, prime);
    *prime = *iterator->next++;
    return PP_OK;
}
#else
PP_API pp_status pp_iterator_next(pp_iterator *iterator, uint64_t *prime);
#endif

PP_API void pp_iterator_close(pp_iterator *iterator);

/* ---- the sequential control --------------------------------------------------------- */

/*
 * The iteration x -> x^2 - x + 1, each step needing the one before: what no thread can speed
 * up. From 2 it is Sylvester's sequence, OEIS A000058. Always serial.
 */
typedef struct pp_iteration pp_iteration;

/*
 * Starts at `start`, exactly (modulus NULL) or modulo `modulus` (at least 1). Both are copied.
 * An iteration may pass from thread to thread, but belongs to one at a time.
 */
PP_API pp_status pp_iteration_new(const pp_integer *start, const pp_integer *modulus,
                                  pp_iteration **out);

/*
 * Takes `steps` further steps. An exact iteration first estimates its result and fails with
 * PP_ERR_TOO_LARGE, unchanged, when that cannot fit in `max_bytes` of memory (0: what is
 * available now).
 */
PP_API pp_status pp_iteration_advance(pp_iteration *iteration, uint64_t steps, uint64_t max_bytes,
                                      pp_error *error);

/* The present value, a new integer. */
PP_API pp_status pp_iteration_value(const pp_iteration *iteration, pp_integer **out);
PP_API void pp_iteration_free(pp_iteration *iteration);

/* All of the above in one call; max_bytes as for pp_iteration_advance. */
PP_API pp_status pp_iterate(const pp_integer *start, uint64_t steps, const pp_integer *modulus,
                            uint64_t max_bytes, pp_integer **out, pp_error *error);

#ifdef __cplusplus
}
#endif

#endif
