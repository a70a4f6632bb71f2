/*
 * Listing on many threads: exact ascending order, completion order as a permutation of it,
 * failures of the caller's functions at every moment, and bounded memory. An alarm ends what
 * hangs. Without OpenMP the same runs on one thread.
 */
#include "engine/ordered.h"
#include "math/sieve.h"
#include "math/wheel.h"
#include "support/support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

enum { LIMIT = 400000, PRIMES = 33860, UNIT = 480 };

static pp_session *session_of(unsigned threads, pp_method method, uint64_t unit_size) {
    bool many = backend_usable("openmp");
    return open_session(many ? "openmp" : "serial", many ? threads : 1, method, unit_size);
}

/* What the callbacks saw. cmocka's asserts jump, so on worker threads faults are counted. */
struct seen {
    uint64_t numbers[PRIMES + 1];
    size_t n, emits, fail_emit_at; /* 0: never */
    pp_status failure;
    atomic_size_t renders, fail_render_at;
    atomic_int inside;
    atomic_uint wrong;
    bool slow;
};

static void pause_briefly(void) {
    struct timespec pause = {0, 200 * 1000};
    nanosleep(&pause, NULL);
}

static pp_status render(void *user, const uint64_t *primes, size_t n, pp_buffer *out) {
    struct seen *seen = user;
    size_t turn = atomic_fetch_add(&seen->renders, 1) + 1;
    size_t fail_at = atomic_load(&seen->fail_render_at);
    if (fail_at && turn >= fail_at)
        return seen->failure;
    char *room = pp_buffer_reserve(out, n * sizeof *primes);
    if (!room)
        return PP_ERR_MEMORY;
    memcpy(room, primes, n * sizeof *primes);
    out->size += n * sizeof *primes;
    return PP_OK;
}

static pp_status emit(void *user, const void *bytes, size_t n_bytes) {
    struct seen *seen = user;
    seen->wrong += atomic_fetch_add(&seen->inside, 1) != 0; /* never twice at once */
    seen->emits++;
    seen->wrong += seen->fail_emit_at && seen->emits > seen->fail_emit_at;
    pp_status status = seen->emits == seen->fail_emit_at ? seen->failure : PP_OK;
    size_t n = n_bytes / sizeof(uint64_t);
    if (n == 0 || n_bytes % sizeof(uint64_t) || seen->n + n > PRIMES) {
        seen->wrong++;
    } else {
        memcpy(seen->numbers + seen->n, bytes, n_bytes);
        for (size_t i = seen->n + 1; i < seen->n + n; i++) /* ascending within a block */
            seen->wrong += seen->numbers[i - 1] >= seen->numbers[i];
        seen->n += n;
    }
    if (seen->slow && seen->emits % 16 == 0)
        pause_briefly();
    atomic_fetch_sub(&seen->inside, 1);
    return status;
}

static pp_status list(pp_session *session, struct seen *seen, pp_order order) {
    pp_list_callback callback = {.user = seen, .order = order, .render = render, .emit = emit};
    alarm(100);
    pp_status status = pp_list(session, 0, LIMIT, &callback);
    alarm(0);
    return status;
}

static int by_number(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void check_list(unsigned threads, pp_method method, uint64_t unit_size, pp_order order,
                       bool slow) {
    static struct seen seen;
    memset(&seen, 0, sizeof seen);
    seen.slow = slow;
    pp_session *session = session_of(threads, method, unit_size);
    assert_int_equal(list(session, &seen, order), PP_OK);
    assert_int_equal(seen.wrong, 0);
    assert_int_equal(seen.n, PRIMES);
    assert_int_equal(pp_session_result(session)->count, PRIMES);
    assert_true(pp_session_result(session)->phases.output > 0);
    if (order == PP_ORDER_COMPLETION)
        qsort(seen.numbers, seen.n, sizeof *seen.numbers, by_number);
    uint8_t *prime = naive_sieve(LIMIT);
    size_t at = 0;
    for (uint64_t n = 0; n <= LIMIT; n++)
        if (prime[n] && seen.numbers[at++] != n)
            fail_msg("%u threads, %s, units of %llu, order %d: %llu at place %zu", threads,
                     pp_method_name(method), ULL(unit_size), (int)order, ULL(seen.numbers[at - 1]),
                     at - 1);
    free(prime);
    pp_session_close(session);
}

static void check_lists(pp_order order) {
    static const unsigned threads[] = {1, 2, 3, 7, 16};
    static const uint64_t sizes[] = {0, UNIT, 4801};
    for (size_t t = 0; t < COUNT_OF(threads); t++)
        for (size_t s = 0; s < COUNT_OF(sizes); s++) {
            check_list(threads[t], PP_METHOD_SIEVE, sizes[s], order, false);
            check_list(threads[t], PP_METHOD_MR, sizes[s], order, true);
        }
    check_list(7, PP_METHOD_MR, 7, order, false); /* most units are empty */
}

static void test_ascending(void **state) {
    (void)state;
    check_lists(PP_ORDER_ASCENDING);
}

static void test_completion(void **state) {
    (void)state;
    check_lists(PP_ORDER_COMPLETION);
}

/* ---- failures of the caller's functions ---------------------------------------------------- */

static void check_failure(pp_session *session, pp_order order, size_t emit_at, size_t render_at,
                          pp_status failure) {
    static struct seen seen;
    memset(&seen, 0, sizeof seen);
    seen.fail_emit_at = emit_at;
    seen.fail_render_at = render_at;
    seen.failure = failure;
    assert_int_equal(list(session, &seen, order), failure);
    assert_int_equal(seen.wrong, 0); /* and emit was not called again */
    assert_int_equal(pp_session_error(session)->status, failure);
    assert_null(pp_session_result(session));
    if (emit_at)
        assert_int_equal(seen.emits, emit_at);
    if (order == PP_ORDER_ASCENDING) /* what did come out is the beginning */
        for (size_t i = 1; i < seen.n; i++)
            assert_true(seen.numbers[i - 1] < seen.numbers[i]);
    /* The session is as good as new. */
    memset(&seen, 0, sizeof seen);
    assert_int_equal(list(session, &seen, order), PP_OK);
    assert_int_equal(seen.n, PRIMES);
}

static void check_failures(pp_order order) {
    static const unsigned threads[] = {1, 2, 7};
    static const size_t moments[] = {1, 2, 3, 10, 100, 500};
    static const pp_status failures[] = {PP_ERR_IO, PP_ERR_MEMORY, PP_ERR_CANCELLED,
                                         PP_ERR_INTERNAL};
    for (size_t t = 0; t < COUNT_OF(threads); t++) {
        pp_session *session = session_of(threads[t], PP_METHOD_SIEVE, UNIT);
        for (size_t m = 0; m < COUNT_OF(moments); m++) {
            pp_status failure = failures[m % COUNT_OF(failures)];
            check_failure(session, order, moments[m], 0, failure);
            check_failure(session, order, 0, moments[m], failure);
        }
        pp_session_close(session);
    }
}

static void test_failures_in_ascending_order(void **state) {
    (void)state;
    check_failures(PP_ORDER_ASCENDING);
}

static void test_failures_in_completion_order(void **state) {
    (void)state;
    check_failures(PP_ORDER_COMPLETION);
}

/* ---- memory -------------------------------------------------------------------------------- */

enum { MANY = 50000000, MANY_UNIT = 24000, FEW_UNIT = 960000 };

/* Who holds everybody else up, until nothing more is rendered, and what he does then. */
enum holder { EMIT_GOES_ON, EMIT_FAILS, EMIT_CANCELS, RENDER_FAILS };

/* How far rendering runs ahead of a call that does not return. */
struct ahead {
    pp_session *session;
    enum holder holder;
    bool ascending;
    atomic_size_t rendered;
    size_t emitted, most, longest;
    uint64_t last;
    unsigned wrong;
};

static void hold(struct ahead *ahead) {
    for (size_t before = SIZE_MAX; before != atomic_load(&ahead->rendered);) {
        before = atomic_load(&ahead->rendered);
        for (int i = 0; i < 100; i++)
            pause_briefly();
    }
}

static pp_status render_counted(void *user, const uint64_t *primes, size_t n, pp_buffer *out) {
    struct ahead *ahead = user;
    if (ahead->holder == RENDER_FAILS && primes[0] == 2) {
        hold(ahead);
        return PP_ERR_IO;
    }
    atomic_fetch_add(&ahead->rendered, n);
    char *room = pp_buffer_reserve(out, n * sizeof *primes);
    if (!room)
        return PP_ERR_MEMORY;
    memcpy(room, primes, n * sizeof *primes);
    out->size += n * sizeof *primes;
    return PP_OK;
}

static pp_status emit_held(void *user, const void *bytes, size_t n_bytes) {
    struct ahead *ahead = user;
    bool first = ahead->emitted == 0;
    const uint64_t *primes = bytes;
    for (size_t i = 0; ahead->ascending && i < n_bytes / sizeof *primes; i++) {
        ahead->wrong += primes[i] <= ahead->last;
        ahead->last = primes[i];
    }
    ahead->longest = n_bytes > ahead->longest ? n_bytes : ahead->longest;
    if (first && ahead->holder != RENDER_FAILS)
        hold(ahead);
    size_t now = atomic_load(&ahead->rendered) - ahead->emitted;
    ahead->most = now > ahead->most ? now : ahead->most;
    ahead->emitted += n_bytes / sizeof(uint64_t);
    if (first && ahead->holder == EMIT_CANCELS)
        pp_session_cancel(ahead->session);
    return first && ahead->holder == EMIT_FAILS ? PP_ERR_IO : PP_OK;
}

static pp_status list_held(struct ahead *ahead, pp_order order, uint64_t hi, uint64_t unit_size) {
    pp_list_callback callback = {
        .user = ahead, .order = order, .render = render_counted, .emit = emit_held};
    ahead->ascending = order == PP_ORDER_ASCENDING;
    ahead->session = session_of(4, PP_METHOD_SIEVE, unit_size);
    alarm(100);
    pp_status status = pp_list(ahead->session, 0, hi, &callback);
    alarm(0);
    pp_session_close(ahead->session);
    return status;
}

/*
 * Three million primes, of which the ring holds back about 16 MiB of text at 21 bytes a line. A
 * buffer for each unit would let all of them be rendered.
 */
static void test_memory_is_bounded(void **state) {
    (void)state;
    for (int order = PP_ORDER_ASCENDING; order <= PP_ORDER_COMPLETION; order++) {
        struct ahead ahead = {.holder = EMIT_GOES_ON};
        assert_int_equal(list_held(&ahead, (pp_order)order, MANY, MANY_UNIT), PP_OK);
        assert_int_equal(ahead.emitted, 3001134);
        assert_in_range(ahead.most, 1, 1600000);
    }
}

/*
 * Units of three million primes, 24 MB each: what all units are allowed to hold back together, 16
 * MiB, is less than one of them. So they come in blocks, and whoever waits for
 * others goes on in the middle of a unit.
 */
static void test_memory_of_large_units(void **state) {
    (void)state;
    enum { LARGE = 250000000, LARGE_UNIT = 50000160 };
    for (int order = PP_ORDER_ASCENDING; order <= PP_ORDER_COMPLETION; order++) {
        struct ahead ahead = {.holder = EMIT_GOES_ON}, fails = {.holder = EMIT_FAILS},
                     cancels = {.holder = EMIT_CANCELS};
        assert_int_equal(list_held(&ahead, (pp_order)order, LARGE, LARGE_UNIT), PP_OK);
        assert_int_equal(ahead.emitted, 13679318);
        assert_int_equal(ahead.wrong, 0);
        assert_in_range(ahead.longest, 1, 320 << 10);
        assert_in_range(ahead.most * 8, 1, (20 << 20) + 4 * (320 << 10));
        assert_int_equal(list_held(&fails, (pp_order)order, LARGE, LARGE_UNIT), PP_ERR_IO);
        assert_int_equal(list_held(&cancels, (pp_order)order, LARGE, LARGE_UNIT), PP_ERR_CANCELLED);
    }
}

/* Workers that wait for room, in a ring of about ten units, must not wait for ever. */
static void test_waiters_are_woken(void **state) {
    (void)state;
    for (int order = PP_ORDER_ASCENDING; order <= PP_ORDER_COMPLETION; order++) {
        struct ahead goes_on = {.holder = EMIT_GOES_ON}, fails = {.holder = EMIT_FAILS},
                     cancels = {.holder = EMIT_CANCELS}, render_fails = {.holder = RENDER_FAILS};
        assert_int_equal(list_held(&goes_on, (pp_order)order, MANY, FEW_UNIT), PP_OK);
        assert_int_equal(goes_on.emitted, 3001134);
        assert_int_equal(list_held(&fails, (pp_order)order, MANY, FEW_UNIT), PP_ERR_IO);
        assert_int_equal(list_held(&cancels, (pp_order)order, MANY, FEW_UNIT), PP_ERR_CANCELLED);
        assert_int_equal(list_held(&render_fails, (pp_order)order, MANY, FEW_UNIT), PP_ERR_IO);
    }
}

/* However units are cut, every worker can have one in hand, and there is always a slot. */
static void test_slots(void **state) {
    (void)state;
    static const uint64_t sizes[] = {1, 240, 24000, 1 << 24, UINT64_C(1) << 40};
    static const unsigned workers[] = {1, 2, 64, 4096};
    pp_list_callback callback = {.emit = emit};
    for (size_t s = 0; s < COUNT_OF(sizes); s++)
        for (size_t w = 0; w < COUNT_OF(workers); w++)
            for (uint64_t hi = 1; hi < UINT64_MAX / 1000; hi *= 1000) {
                struct job job = {.question = QUESTION_LIST, .method = PP_METHOD_MR, .hi = hi};
                job_cut(&job, sizes[s], 1);
                struct ordered ordered;
                ordered_init(&ordered, &callback, decoder(NULL));
                assert_int_equal(ordered.consumer.begin(&ordered.consumer, &job, workers[w]),
                                 PP_OK);
                uint64_t busy = job.n_units < workers[w] ? job.n_units : workers[w];
                assert_true(ordered.n_slots >= busy && ordered.n_slots <= job.n_units);
                ordered_free(&ordered);
            }
    struct ordered unused;
    ordered_init(&unused, &callback, decoder(NULL));
    ordered_free(&unused);
}

/* ---- reached ------------------------------------------------------------------------------ */

/* What is emitted, and how far the list is said to have come. */
struct march {
    uint64_t next, emitted, last, told, count, digest; /* next: what is to be reached */
    size_t calls, fail_at;
    unsigned wrong;
    atomic_int inside;
};

static pp_status march_emit(void *user, const void *bytes, size_t n_bytes) {
    struct march *march = user;
    march->wrong += atomic_fetch_add(&march->inside, 1) != 0;
    march->wrong += march->fail_at && march->calls >= march->fail_at;
    uint64_t primes[2] = {0, 0};
    memcpy(&primes[0], bytes, sizeof *primes);
    memcpy(&primes[1], (const char *)bytes + n_bytes - sizeof *primes, sizeof *primes);
    march->wrong += primes[0] < march->next; /* nothing that was said to be out comes later */
    march->emitted += n_bytes / sizeof *primes;
    march->last = primes[1];
    atomic_fetch_sub(&march->inside, 1);
    return PP_OK;
}

static pp_status march_reached(void *user, uint64_t hi, uint64_t count, uint64_t digest) {
    struct march *march = user;
    march->wrong += atomic_fetch_add(&march->inside, 1) != 0;
    march->told += count;
    march->digest += digest;
    march->wrong += hi < march->next || march->last > hi || march->told != march->emitted;
    march->next = hi + 1;
    march->calls++;
    if (march->calls % 16 == 0)
        pause_briefly();
    atomic_fetch_sub(&march->inside, 1);
    return march->calls == march->fail_at ? PP_ERR_IO : PP_OK;
}

static void check_reached(unsigned threads, pp_method method, uint64_t unit_size) {
    struct march march = {.next = 100};
    pp_list_callback callback = {.user = &march, .emit = march_emit, .reached = march_reached};
    pp_session *session = session_of(threads, method, unit_size);
    alarm(100);
    assert_int_equal(pp_list(session, 100, LIMIT, &callback), PP_OK);
    const pp_result *result = pp_session_result(session);
    assert_int_equal(march.wrong, 0);
    assert_true(march.next == LIMIT + 1);
    assert_true(march.told == result->count && march.digest == result->digest);
    assert_int_equal(march.calls, result->units);
    size_t half = march.calls / 2 + 1;
    march = (struct march){.next = 100, .fail_at = half};
    assert_int_equal(pp_list(session, 100, LIMIT, &callback), PP_ERR_IO);
    assert_true(march.wrong == 0 && march.calls == half);
    callback.order = PP_ORDER_COMPLETION; /* where nothing can be reached */
    march = (struct march){.fail_at = 1};
    assert_int_equal(pp_list(session, 100, LIMIT, &callback), PP_OK);
    assert_int_equal(march.calls, 0);
    alarm(0);
    pp_session_close(session);
}

/* After every unit, also an empty one, exactly what is emitted is what was said to be. */
static void test_reached(void **state) {
    (void)state;
    static const unsigned threads[] = {1, 2, 7};
    for (size_t t = 0; t < COUNT_OF(threads); t++) {
        check_reached(threads[t], PP_METHOD_SIEVE, UNIT);
        check_reached(threads[t], PP_METHOD_MR, 0);
        check_reached(threads[t], PP_METHOD_MR, 7);
    }
}

/* ---- one thing inside another -------------------------------------------------------------- */

/*
 * What several threads do at the same time by chance, one thread does here inside a callback, where
 * no lock is held: so it comes in an order that is known.
 */
enum { HAND_UNIT = 24000, HAND_WORDS = HAND_UNIT / WHEEL_WORD };

struct by_hand {
    struct ordered ordered;
    struct job job;
    uint64_t words[2 * HAND_WORDS];
    size_t renders, emits, reached, fail_emit_at;
    uint64_t reached_hi;
    char emitted[8]; /* the first byte of each block: of which unit it is */
    bool inside;     /* what is to be done inside has been done */
    size_t filler;   /* bytes rendered for each run */
};

static pp_status put_by_hand(struct by_hand *hand, uint64_t unit) {
    struct partial partial = {.words = hand->words + unit * HAND_WORDS,
                              .first_word = unit * HAND_WORDS,
                              .n_words = HAND_WORDS,
                              .small_primes = unit == 0 ? 7 : 0};
    partial_sum(&partial);
    return hand->ordered.consumer.consume(&hand->ordered.consumer, unit, &partial);
}

static pp_status render_by_hand(struct by_hand *hand, const uint64_t *primes, pp_buffer *out) {
    hand->renders++;
    char *room = pp_buffer_reserve(out, hand->filler);
    if (!room)
        return PP_ERR_MEMORY;
    memset(room, primes[0] < HAND_UNIT ? '0' : '1', hand->filler);
    out->size += hand->filler;
    return PP_OK;
}

static pp_status emit_by_hand(void *user, const void *bytes, size_t n) {
    struct by_hand *hand = user;
    assert_true(n > 0 && hand->emits < sizeof hand->emitted);
    hand->emitted[hand->emits++] = *(const char *)bytes;
    return hand->emits == hand->fail_emit_at ? PP_ERR_IO : PP_OK;
}

static pp_status reached_by_hand(void *user, uint64_t hi, uint64_t count, uint64_t digest) {
    struct by_hand *hand = user;
    (void)digest;
    assert_true(count > 0);
    hand->reached++;
    hand->reached_hi = hi;
    return PP_OK;
}

static struct by_hand *begin_by_hand(const pp_list_callback *callback, size_t filler) {
    struct by_hand *hand = calloc(1, sizeof *hand);
    assert_non_null(hand);
    hand->filler = filler;
    sieve_plain(hand->words, COUNT_OF(hand->words));
    hand->job =
        (struct job){.question = QUESTION_LIST, .method = PP_METHOD_SIEVE, .hi = 2 * HAND_UNIT - 1};
    job_cut(&hand->job, HAND_UNIT, WHEEL_WORD);
    assert_int_equal(hand->job.n_units, 2);
    ordered_init(&hand->ordered, callback, decoder(NULL));
    assert_int_equal(hand->ordered.consumer.begin(&hand->ordered.consumer, &hand->job, 2), PP_OK);
    return hand;
}

static void end_by_hand(struct by_hand *hand) {
    ordered_free(&hand->ordered);
    free(hand);
}

/* Renders unit 1, whose first block is parked, since unit 0 comes only then. */
static pp_status render_overtaken(void *user, const uint64_t *primes, size_t n, pp_buffer *out) {
    struct by_hand *hand = user;
    (void)n;
    if (primes[0] > HAND_UNIT && hand->renders == 1 && !hand->inside) {
        hand->inside = true;
        assert_int_equal(put_by_hand(hand, 0), PP_OK);
    }
    return render_by_hand(hand, primes, out);
}

/* A unit's turn comes while it is being rendered: what it has parked comes out first, or fails. */
static void test_turn_comes_in_the_middle(void **state) {
    (void)state;
    for (size_t fail_at = 0; fail_at <= 5; fail_at++) {
        pp_list_callback callback = {.render = render_overtaken, .emit = emit_by_hand};
        struct by_hand *hand = begin_by_hand(&callback, 300 << 10);
        callback.user = hand;
        /* 2669 primes of unit 0 and 2372 of unit 1 come in three runs each, and one is a block. */
        hand->fail_emit_at = fail_at ? fail_at + 3 : 0;
        pp_status status = put_by_hand(hand, 1);
        hand->emitted[hand->emits] = '\0';
        bool fails = fail_at && fail_at <= 3;
        assert_int_equal(status, fails ? PP_ERR_IO : PP_OK);
        if (fails)
            assert_int_equal(hand->emits, fail_at + 3);
        assert_memory_equal(hand->emitted, "000111", fails ? fail_at + 3 : 6);
        end_by_hand(hand);
    }
}

static pp_status emit_and_stop(void *user, const void *bytes, size_t n) {
    struct by_hand *hand = user;
    pp_status status = emit_by_hand(user, bytes, n);
    if (hand->emitted[hand->emits - 1] == '1')
        hand->ordered.consumer.stopped(&hand->ordered.consumer);
    return status;
}

static pp_status render_plainly(void *user, const uint64_t *primes, size_t n, pp_buffer *out) {
    (void)n;
    return render_by_hand(user, primes, out);
}

/* A job that is stopped while a unit's last block is emitted has not reached that unit's end. */
static void test_stopped_before_it_is_reached(void **state) {
    (void)state;
    pp_list_callback callback = {
        .render = render_plainly, .emit = emit_and_stop, .reached = reached_by_hand};
    struct by_hand *hand = begin_by_hand(&callback, 100);
    callback.user = hand;
    assert_int_equal(put_by_hand(hand, 1), PP_OK);
    assert_int_equal(hand->emits, 0);
    assert_int_equal(put_by_hand(hand, 0), PP_OK);
    assert_int_equal(hand->emits, 2);
    assert_int_equal(hand->reached, 1);
    assert_int_equal(hand->reached_hi, HAND_UNIT - 1);
    end_by_hand(hand);
}

/* Unit 0 is being emitted when unit 1, which waits for it, learns that the job stops. */
static pp_status render_stopped(void *user, const uint64_t *primes, size_t n, pp_buffer *out) {
    struct by_hand *hand = user;
    (void)n;
    if (primes[0] > HAND_UNIT)
        hand->ordered.consumer.stopped(&hand->ordered.consumer);
    return render_by_hand(hand, primes, out);
}

static pp_status emit_overtaken(void *user, const void *bytes, size_t n) {
    struct by_hand *hand = user;
    if (!hand->inside) {
        hand->inside = true;
        alarm(20); /* it would wait for ever for itself */
        assert_int_equal(put_by_hand(hand, 1), PP_OK);
        alarm(0);
    }
    return emit_by_hand(hand, bytes, n);
}

static void test_stopped_while_waiting_to_emit(void **state) {
    (void)state;
    pp_list_callback callback = {
        .render = render_stopped, .emit = emit_overtaken, .order = PP_ORDER_COMPLETION};
    struct by_hand *hand = begin_by_hand(&callback, 100);
    callback.user = hand;
    assert_int_equal(put_by_hand(hand, 0), PP_OK);
    assert_int_equal(hand->emits, 1);
    assert_int_equal(hand->emitted[0], '0');
    end_by_hand(hand);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ascending),
        cmocka_unit_test(test_completion),
        cmocka_unit_test(test_failures_in_ascending_order),
        cmocka_unit_test(test_failures_in_completion_order),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_memory_of_large_units),
        cmocka_unit_test(test_reached),
        cmocka_unit_test(test_waiters_are_woken),
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_turn_comes_in_the_middle),
        cmocka_unit_test(test_stopped_before_it_is_reached),
        cmocka_unit_test(test_stopped_while_waiting_to_emit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
