/*
 * Before a device is used in a process: does it compute what the host computes? Real drivers
 * have got 64-bit multiplication, carries and shifts wrong. The kernels share their arithmetic
 * with the host, so the host's own functions are the reference.
 */
#include "backend/opencl/opencl.h"
#include "base/error.h"
#include "math/primality.h"
#include "math/wheel.h"
#include "work/digest.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { N_CHECKS = 12, N_INPUTS = 512 };

static const char *const check_names[N_CHECKS] = {
    "64-bit multiply",    "mul_hi",           "64-bit add",       "carry",
    "64-bit shifts",      "64-bit division",  "64-bit remainder", "Montgomery inverse",
    "Montgomery product", "Montgomery radix", "digest",           "Miller-Rabin"};

/* Edges first, then random pairs. */
static void make_inputs(cl_ulong2 *inputs) {
    static const uint64_t edges[] = {0,
                                     1,
                                     2,
                                     3,
                                     0x7fffffff,
                                     0x80000000,
                                     0xffffffff,
                                     0x100000000,
                                     0x7fffffffffffffff,
                                     0x8000000000000000,
                                     18446744073709551557u,
                                     0xffffffffffffffff};
    enum { N_EDGES = sizeof edges / sizeof *edges };
    for (int i = 0; i < N_INPUTS; i++) {
        inputs[i].s[0] = i < N_EDGES * N_EDGES ? edges[i / N_EDGES] : splitmix64(2 * (uint64_t)i);
        inputs[i].s[1] =
            i < N_EDGES * N_EDGES ? edges[i % N_EDGES] : splitmix64(2 * (uint64_t)i + 1) >> i % 60;
    }
}

static void expect(uint64_t a, uint64_t b, uint64_t out[N_CHECKS]) {
    uint64_t odd = b | 1;
    a64_modulus m = a64_modulus_of(odd);
    out[0] = a * b;
    out[1] = A64_MULHI(a, b);
    out[2] = a + b;
    out[3] = a + b < a;
    out[4] = a << (b & 63) ^ a >> (b >> 6 & 63);
    out[5] = a / odd;
    out[6] = a % odd;
    out[7] = m.inverse;
    out[8] = odd > 1 ? a64_mul(a % odd, b % odd, m) : 0;
    out[9] = a64_square_of_radix(m);
    out[10] = splitmix64(a) + d64_word(a, b) + (uint64_t)__builtin_popcountll(b);
    out[11] = odd > 2 ? (uint64_t)a64_is_prime_odd(odd) : 0;
}

static pp_status compare(const struct opencl *opencl, const cl_ulong2 *inputs,
                         const cl_ulong *outputs, pp_error *error) {
    for (int i = 0; i < N_INPUTS; i++) {
        uint64_t right[N_CHECKS];
        expect(inputs[i].s[0], inputs[i].s[1], right);
        for (int check = 0; check < N_CHECKS; check++)
            if (outputs[i * N_CHECKS + check] != right[check])
                return pp_fail(error, PP_ERR_DISAGREE,
                               "device %s failed its self-test: %s of %llx and %llx is %llx, not "
                               "%llx",
                               opencl->name, check_names[check], (unsigned long long)inputs[i].s[0],
                               (unsigned long long)inputs[i].s[1],
                               (unsigned long long)outputs[i * N_CHECKS + check],
                               (unsigned long long)right[check]);
    }
    return PP_OK;
}

static pp_status check_arithmetic(struct opencl *opencl, pp_error *error) {
    static _Thread_local cl_ulong2 inputs[N_INPUTS];
    static _Thread_local cl_ulong outputs[N_INPUTS * N_CHECKS];
    make_inputs(inputs);
    memset(outputs, 0x5a, sizeof outputs); /* what is not written must show */
    cl_int code;
    cl_ulong n = N_INPUTS;
    size_t global = N_INPUTS;
    cl_kernel kernel = opencl->kernels[KERNEL_SELFTEST];
    cl_command_queue queue = opencl->queues[0];
    pp_status status = PP_OK;
    const char *call = "clCreateBuffer";
    cl_mem to = NULL,
           from = clCreateBuffer(opencl->context, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR,
                                 sizeof inputs, inputs, &code);
    if (code == CL_SUCCESS)
        to = clCreateBuffer(opencl->context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR,
                            sizeof outputs, outputs, &code);
    if (code == CL_SUCCESS) {
        call = "clSetKernelArg";
        code = clSetKernelArg(kernel, 0, sizeof from, &from);
    }
    if (code == CL_SUCCESS)
        code = clSetKernelArg(kernel, 1, sizeof to, &to);
    if (code == CL_SUCCESS)
        code = clSetKernelArg(kernel, 2, sizeof n, &n);
    if (code == CL_SUCCESS) {
        call = "clEnqueueNDRangeKernel";
        code = clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, NULL, 0, NULL, NULL);
    }
    cl_event event = NULL;
    if (code == CL_SUCCESS) {
        call = "clEnqueueReadBuffer";
        code =
            clEnqueueReadBuffer(queue, to, CL_FALSE, 0, sizeof outputs, outputs, 0, NULL, &event);
    }
    if (code == CL_SUCCESS) {
        call = "clFlush";
        code = clFlush(queue);
    }
    status = code == CL_SUCCESS ? opencl_wait(opencl, "the self-test", event, error)
                                : cl_failed(error, call, code);
    if (status == PP_OK)
        status = compare(opencl, inputs, outputs, error);
    if (opencl->lost) /* it may still use all of them */
        return status;
    if (event)
        clReleaseEvent(event);
    if (from)
        clReleaseMemObject(from);
    if (to)
        clReleaseMemObject(to);
    return status;
}

/* Adds up what is put. All of this runs under the lock of opencl_selftest. */
struct summing_sink {
    struct sink sink;
    uint64_t count, digest;
};

static pp_status sum_put(struct sink *sink, uint64_t unit, const struct partial *partial) {
    (void)unit;
    struct summing_sink *sums = (struct summing_sink *)sink;
    sums->count += partial->count;
    sums->digest += partial->digest;
    return PP_OK;
}

static void sum_fail(struct sink *sink, pp_status status) {
    (void)status;
    atomic_store(&sink->stop, true);
}

/* A count on the device, through the whole pipeline. */
struct check {
    pp_method method;
    uint64_t lo, hi;
    uint32_t base_limit;
};

/* Together they go through every kernel of ranges, and every way in which a prime is crossed off.
 */
static const struct check checks[] = {
    {PP_METHOD_SIEVE, 0, 99999, 316},
    /* Base primes below and above a tile's bytes, and some beyond the length of the job. */
    {PP_METHOD_SIEVE, 10000000000, 10000039999, 100000},
    {PP_METHOD_HYBRID, 0, 19999, 31},
    /* Above 2^52, where vectors of doubles end. */
    {PP_METHOD_HYBRID, UINT64_C(1) << 61, (UINT64_C(1) << 61) + 2399, 316},
    {PP_METHOD_MR, 0, 4999, 0},
    {PP_METHOD_TRIAL, 0, 599, 0}};

enum { MOST_WORDS = 100000 / WHEEL_WORD + 1 };

/* The primes of a range as the host knows them. */
static void find_primes(uint64_t *words, uint64_t first_word, size_t n_words) {
    if (first_word == 0) {
        sieve_plain(words, n_words);
        return;
    }
    for (size_t i = 0; i < n_words; i++) {
        words[i] = 0;
        for (unsigned bit = 0; bit < 64; bit++)
            if (is_prime_portable((first_word + i) * WHEEL_WORD + wheel_offsets[bit]))
                words[i] |= UINT64_C(1) << bit;
    }
}

static pp_status check_count(struct opencl *opencl, const struct check *check, pp_error *error) {
    static uint64_t words[MOST_WORDS], base_words[MOST_WORDS];
    static struct sieve_base base = {.words = base_words};
    struct partial right = {.words = words,
                            .first_word = check->lo / WHEEL_WORD,
                            .small_primes = wheel_small_primes(check->lo, check->hi)};
    right.n_words = (size_t)(check->hi / WHEEL_WORD - right.first_word) + 1;
    find_primes(words, right.first_word, right.n_words);
    wheel_trim(words, right.first_word, right.n_words, check->lo, check->hi);
    partial_sum(&right);
    base.limit = check->base_limit;
    sieve_plain(base_words, sieve_base_words(base.limit));
    wheel_trim(base_words, 0, sieve_base_words(base.limit), 0, base.limit);

    struct job job = {.question = QUESTION_COUNT,
                      .method = check->method,
                      .lo = check->lo,
                      .hi = check->hi,
                      .base = &base};
    job_cut(&job, (check->hi - check->lo) / 3, WHEEL_WORD);
    struct summing_sink sums = {.sink = {.put = sum_put, .fail = sum_fail}};
    pp_result ignored = {0};
    pp_status status = opencl_run(opencl, &job, 0, job.n_units, &sums.sink, &ignored, error);
    if (status != PP_OK || (sums.count == right.count && sums.digest == right.digest))
        return status;
    return pp_fail(error, PP_ERR_DISAGREE,
                   "device %.80s failed its self-test: %llu primes in [%llu, %llu] by %s, digest "
                   "%016llx, not %llu, digest %016llx",
                   opencl->name, (unsigned long long)sums.count, (unsigned long long)check->lo,
                   (unsigned long long)check->hi, pp_method_name(check->method),
                   (unsigned long long)sums.digest, (unsigned long long)right.count,
                   (unsigned long long)right.digest);
}

pp_status opencl_selftest(struct opencl *opencl, pp_error *error) {
    /* Devices and variants that have passed in this process. */
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct {
        cl_device_id device;
        bool cpu_variant;
    } passed[2 * MOST_DEVICES];
    static size_t n_passed;
    pthread_mutex_lock(&lock);
    bool known = false;
    for (size_t i = 0; i < n_passed; i++)
        known |= passed[i].device == opencl->device && passed[i].cpu_variant == opencl->cpu_variant;
    pp_status status = PP_OK;
    if (!known) {
        status = check_arithmetic(opencl, error);
        for (size_t i = 0; i < sizeof checks / sizeof *checks && status == PP_OK; i++)
            status = check_count(opencl, &checks[i], error);
        if (status == PP_OK && n_passed < 2 * MOST_DEVICES) {
            passed[n_passed].device = opencl->device;
            passed[n_passed++].cpu_variant = opencl->cpu_variant;
        }
    }
    pthread_mutex_unlock(&lock);
    return status;
}
