/*
 * Windows: sieving where base primes do not reach far enough. With a base that ends early, "large"
 * primes begin at a few hundred, so that small numbers show what else only 2^48 and more would.
 */
#include "backend/window.h"

#include "base/cpu.h"
#include "math/trial.h"
#include "math/wheel.h"
#include "support/support.h"

/* A sink that holds every unit against a table of primes. */
struct checking {
    struct sink sink;
    const struct job *job;
    const uint8_t *prime;
    uint64_t puts, wrong, next, stop_at;
};

static pp_status check_put(struct sink *sink, uint64_t unit, const struct partial *partial) {
    struct checking *checking = (struct checking *)sink;
    struct span span = job_span(checking->job, unit);
    uint64_t count = 0;
    for (uint64_t n = span.lo; n <= span.hi; n++)
        count += checking->prime[n];
    checking->puts++;
    checking->wrong += partial->count != count || !partial->has_digest ||
                       (partial->words != NULL) != (checking->job->question == QUESTION_LIST);
    if (partial->words)
        for (uint64_t n = span.lo < 7 ? 7 : span.lo; n <= span.hi; n++) {
            unsigned bit = wheel_bits[n % 30];
            const uint8_t *bytes = (const uint8_t *)partial->words;
            bool set = bit < 8 && bytes[n / 30 - partial->first_word * 8] >> bit & 1;
            checking->wrong += set != checking->prime[n];
        }
    checking->wrong += unit != checking->next++; /* on one thread in order */
    if (checking->puts == checking->stop_at)
        atomic_store(&sink->stop, true);
    return PP_OK;
}

static void check_fail(struct sink *sink, pp_status status) {
    (void)status;
    atomic_store(&sink->stop, true);
}

enum { MOST = 3000000 };
static uint8_t *prime;
static struct sieve_base base;
static uint64_t base_words[20];

static void use_base(uint32_t limit) {
    size_t n_words = sieve_base_words(limit);
    assert_true(n_words <= COUNT_OF(base_words));
    base = (struct sieve_base){.limit = limit, .words = base_words};
    sieve_plain(base_words, n_words);
    wheel_trim(base_words, 0, n_words, 0, limit);
    sieve_make_patterns(&base);
}

static struct checking run(const char *simd, enum question question, uint64_t lo, uint64_t hi,
                           uint64_t unit, size_t window_bytes, uint64_t stop_at) {
    struct job job = {
        .question = question, .method = PP_METHOD_SIEVE, .lo = lo, .hi = hi, .base = &base};
    job_cut(&job, unit, WHEEL_WORD);
    struct checking checking = {.sink = {.put = check_put, .fail = check_fail},
                                .job = &job,
                                .prime = prime,
                                .stop_at = stop_at};
    struct cpu_run cpu;
    assert_int_equal(cpu_run_init(&cpu, cpu_code(simd), &job), PP_OK);
    assert_true(cpu.by_windows);
    cpu.window_bytes = window_bytes;
    assert_int_equal(windows_run_serially(&cpu, 0, job.n_units, &checking.sink), PP_OK);
    cpu_run_free(&cpu);
    if (!stop_at && (checking.wrong || checking.puts != job.n_units))
        fail_msg("%s, question %d, [%llu, %llu], units of %llu, windows of %zu bytes: %llu wrong, "
                 "%llu of %llu put",
                 simd, (int)question, ULL(lo), ULL(hi), ULL(unit), window_bytes,
                 ULL(checking.wrong), ULL(checking.puts), ULL(job.n_units));
    return checking;
}

static void test_all_units_right(void **state) {
    (void)state;
    static const char *const levels[] = {"none", "avx2", "avx512"};
    static const size_t windows[] = {64, 1000, 16384, 1 << 20};
    static const uint64_t units[] = {240, 4800, 100000, 3000000};
    use_base(300);
    uint64_t random = 5;
    for (size_t level = 0; level < COUNT_OF(levels) && cpu_has_simd(levels[level]); level++)
        for (size_t w = 0; w < COUNT_OF(windows); w++)
            for (size_t u = 0; u < COUNT_OF(units); u++)
                for (int question = QUESTION_COUNT; question <= QUESTION_LIST; question++) {
                    uint64_t hi = 100000 + random_below(&random, w ? MOST - 100000 : 200000);
                    uint64_t lo = random_below(&random, 3) ? random_below(&random, hi) : 0;
                    run(levels[level], (enum question)question, lo, hi, units[u], windows[w], 0);
                }
}

/* One unit is the least that a window holds; a window of less than one begins all the same. */
static void test_edges(void **state) {
    (void)state;
    use_base(300);
    run("none", QUESTION_LIST, 90601, 90601, 240, 8, 0); /* 301², of 7·43 */
    run("none", QUESTION_LIST, 94249, 94249, 240, 8, 0); /* 307², of the first large prime */
    run("none", QUESTION_COUNT, 94248, 94250, 240, 8, 0);
    run("none", QUESTION_COUNT, 0, 1000000, 1000000, 8, 0);
}

static void test_stops(void **state) {
    (void)state;
    use_base(300);
    for (uint64_t at = 1; at < 60; at += 7)
        assert_int_equal(run("none", QUESTION_COUNT, 0, 1000000, 4800, 800, at).puts, at);
}

/*
 * Searching costs as much for a short window as for a long one: there are no more than the rule
 * says, if that leaves none too long, and all are alike.
 */
static void test_windows_alike(void **state) {
    (void)state;
    use_base(300);
    uint64_t random = 11;
    for (int i = 0; i < 300; i++) {
        uint64_t lo = (UINT64_C(1) << 48) + random_sized(&random, 63),
                 size = random_sized(&random, 36);
        struct job job = {.question = QUESTION_COUNT,
                          .method = PP_METHOD_SIEVE,
                          .lo = lo,
                          .hi = lo + size,
                          .base = &base};
        job_cut(&job, 240 + random_below(&random, 1 << 24), WHEEL_WORD);
        struct cpu_run cpu;
        struct window window;
        struct checking checking = {.job = &job};
        assert_int_equal(cpu_run_init(&cpu, cpu_code("none"), &job), PP_OK);
        assert_int_equal(window_init(&window, &cpu, 0, job.n_units, 1), PP_OK);
        uint64_t n = 0, units = 0, longest = 0, last = 0;
        for (window_next(&window, &checking.sink); window.n_units;
             window_next(&window, &checking.sink)) {
            n++;
            last = window.n_units;
            units += last;
            longest = longest < last ? last : longest;
            assert_in_range(window.n_words * 8, 8, window.capacity);
        }
        assert_true(window.capacity <= WINDOW_MOST_BYTES && units == job.n_units);
        uint64_t number = window_usual_number(size / WHEEL_BYTE + 1, isqrt64(job.hi)),
                 unit_bytes = job.unit_size / WHEEL_BYTE;
        if ((job.n_units / number + 1) * unit_bytes > WINDOW_MOST_BYTES)
            assert_in_range(n, number, number + 1);
        else
            assert_true(n <= number && longest - last < n);
        window_free(&window);
        cpu_run_free(&cpu);
    }
}

/* A shorter window costs less searching than two, but only up to a point. */
static void test_usual_number(void **state) {
    (void)state;
    const uint64_t mib = 1 << 20;
    assert_int_equal(window_usual_number(1, 1 << 24), 1);
    assert_int_equal(window_usual_number(63 * mib, 1 << 24), 1);
    assert_int_equal(window_usual_number(64 * mib, 1 << 24), 2);
    assert_int_equal(window_usual_number(96 * mib, UINT32_MAX), 1);
    assert_int_equal(window_usual_number(97 * mib, UINT32_MAX), 2);
    assert_int_equal(window_usual_number(1000 * mib, UINT32_MAX), 11);
    assert_int_equal(window_usual_number(640 * mib, 1000000000), 10);
}

/* Through the table, on threads, in one window: counts against the table of primes. */
static void test_threads(void **state) {
    (void)state;
    if (!backend_usable("openmp"))
        skip();
    pp_session *serial = open_session("serial", 0, PP_METHOD_MR, 0);
    for (unsigned threads = 1; threads <= 7; threads += 3) {
        pp_session *session = open_session("openmp", threads, PP_METHOD_SIEVE, 0);
        /* What needs windows: beyond 2^48, by so much that there are primes above 2^24. */
        uint64_t lo = (UINT64_C(1) << 50) + 12345 * threads, hi = lo + 300000 * threads;
        pp_result sieved, tested;
        assert_int_equal(pp_count(session, lo, hi, &sieved), PP_OK);
        assert_int_equal(pp_count(serial, lo, hi, &tested), PP_OK);
        assert_int_equal(sieved.count, tested.count);
        assert_true(sieved.digest == tested.digest);
        pp_session_close(session);
    }
    pp_session_close(serial);
}

int main(void) {
    prime = naive_sieve(MOST);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_units_right), cmocka_unit_test(test_edges),
        cmocka_unit_test(test_stops),           cmocka_unit_test(test_threads),
        cmocka_unit_test(test_windows_alike),   cmocka_unit_test(test_usual_number),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(prime);
    return failed;
}
