/* The size from which a device pays, on machines of known costs. */
#include "measure/break_even.h"
#include "support/support.h"

#include <math.h>

static struct summary time_of(double seconds, double spread) {
    return (struct summary){.n = 6,
                            .median = seconds,
                            .least = seconds * (1 - spread),
                            .most = seconds * (1 + spread),
                            .has_interval = true,
                            .interval = {seconds * (1 - spread), seconds * (1 + spread)}};
}

/* A machine: starting costs and costs a number, and how far timings scatter. */
struct machine {
    double cpu_start, cpu_each, device_start, device_each, spread;
};

static struct size_point measured(const struct machine *machine, uint64_t size) {
    return (struct size_point){
        size, time_of(machine->cpu_start + machine->cpu_each * (double)size, machine->spread),
        time_of(machine->device_start + machine->device_each * (double)size, machine->spread)};
}

/* Sizes that grow tenfold from 10^4 on. */
static size_t grow(const struct machine *machine, uint64_t most, struct size_point *points) {
    size_t n = 0;
    for (uint64_t size = 10000; size <= most; size *= 10)
        points[n++] = measured(machine, size);
    return n;
}

static size_t insert(struct size_point *points, size_t n, struct size_point point) {
    size_t i = n;
    for (; i > 0 && points[i - 1].size > point.size; i--)
        points[i] = points[i - 1];
    points[i] = point;
    return n + 1;
}

/* Until there is nothing more to measure. */
static size_t refine(const struct machine *machine, struct size_point *points, size_t n) {
    for (uint64_t next; (next = break_even_next(points, n)) != 0;) {
        assert_true(n < 60);
        for (size_t i = 0; i < n; i++)
            assert_true(points[i].size != next);
        n = insert(points, n, measured(machine, next));
    }
    return n;
}

static void test_winner(void **state) {
    (void)state;
    struct size_point point = {100, time_of(2, 0.1), time_of(1, 0.1)};
    assert_int_equal(winner_at(&point), WINNER_DEVICE);
    point = (struct size_point){100, time_of(1, 0.1), time_of(2, 0.1)};
    assert_int_equal(winner_at(&point), WINNER_CPU);
    point = (struct size_point){100, time_of(1, 0.1), time_of(1.1, 0.1)};
    assert_int_equal(winner_at(&point), WINNER_NEITHER);
    point.cpu.has_interval = false; /* then medians alone */
    assert_int_equal(winner_at(&point), WINNER_CPU);
    point.device = point.cpu;
    assert_int_equal(winner_at(&point), WINNER_NEITHER);
}

static void test_crossing(void **state) {
    (void)state;
    /* cpu 1 µs + 1 ns n, device 1 ms + 0.1 ns n: equal at 1.11e6. */
    const struct machine machine = {1e-6, 1e-9, 1e-3, 1e-10, 0};
    struct size_point points[64];
    size_t n = grow(&machine, 1000000000, points);
    struct break_even found = break_even_of(points, n);
    assert_int_equal(found.outcome, BREAK_EVEN_CROSSING);
    assert_int_equal(found.cpu_wins_at, 1000000);
    assert_int_equal(found.device_wins_at, 10000000);
    assert_int_equal(break_even_next(points, n), 3162277);
    n = refine(&machine, points, n);
    found = break_even_of(points, n);
    const double truth = (1e-3 - 1e-6) / 9e-10;
    assert_int_equal(found.outcome, BREAK_EVEN_CROSSING);
    assert_true((double)found.cpu_wins_at < truth && truth < (double)found.device_wins_at);
    assert_true(found.device_wins_at <= 2 * found.cpu_wins_at);
}

/* Where timings scatter there is a stretch that neither wins, narrowed from both of its ends. */
static void test_ties(void **state) {
    (void)state;
    const struct machine machine = {1e-6, 1e-9, 1e-3, 1e-10, 0.3};
    struct size_point points[64];
    size_t n = refine(&machine, points, grow(&machine, 1000000000, points));
    struct break_even found = break_even_of(points, n);
    assert_int_equal(found.outcome, BREAK_EVEN_CROSSING);
    /* The CPU wins below 5.9e5, by 1.3 (1e-6 + 1e-9 n) < 0.7 (1e-3 + 1e-10 n); the device above
     * 2.32e6. */
    double last = (0.7 * 1e-3 - 1.3 * 1e-6) / (1.3 * 1e-9 - 0.7 * 1e-10);
    double first = (1.3 * 1e-3 - 0.7 * 1e-6) / (0.7 * 1e-9 - 1.3 * 1e-10);
    assert_true((double)found.cpu_wins_at < last && (double)found.cpu_wins_at > last / 2.1);
    assert_true((double)found.device_wins_at > first && (double)found.device_wins_at < first * 2.1);
}

static void test_one_sided(void **state) {
    (void)state;
    struct size_point points[64];
    const struct machine slow = {1e-6, 1e-9, 1e-3, 2e-9, 0.01};
    size_t n = grow(&slow, 1000000000, points);
    assert_int_equal(break_even_of(points, n).outcome, BREAK_EVEN_NEVER);
    assert_int_equal(break_even_next(points, n), 0);
    /* It would pay at 10^6, but was measured to 10^5 only. */
    const struct machine later = {1e-6, 1e-9, 1e-3, 1e-10, 0.01};
    n = grow(&later, 100000, points);
    assert_int_equal(break_even_of(points, n).outcome, BREAK_EVEN_NEVER);
    const struct machine quick = {1e-3, 1e-9, 1e-4, 1e-10, 0.01};
    n = grow(&quick, 1000000000, points);
    assert_int_equal(break_even_of(points, n).outcome, BREAK_EVEN_ALWAYS);
    assert_int_equal(break_even_next(points, n), 0);
    /* One size each. */
    assert_int_equal(break_even_of(points, 1).outcome, BREAK_EVEN_ALWAYS);
    points[0] = measured(&slow, 100);
    assert_int_equal(break_even_of(points, 1).outcome, BREAK_EVEN_NEVER);
    points[0].device = points[0].cpu;
    assert_int_equal(break_even_of(points, 1).outcome, BREAK_EVEN_NEVER);
}

/* Winners as given, at sizes 1, 10, 100, …: c, d and = for neither. */
static size_t spelt(const char *winners, struct size_point *points) {
    uint64_t size = 1;
    size_t n = 0;
    for (const char *c = winners; *c; c++, size *= 10)
        points[n++] =
            (struct size_point){size, time_of(*c == 'd' ? 2 : 1, 0), time_of(*c == 'c' ? 2 : 1, 0)};
    return n;
}

static void test_orders(void **state) {
    (void)state;
    struct size_point points[16];
    static const struct {
        const char *winners;
        int outcome;
        uint64_t cpu, device, next;
    } cases[] = {
        {"ccdd", BREAK_EVEN_CROSSING, 10, 100, 31},
        {"c=dd", BREAK_EVEN_CROSSING, 1, 100, 31},
        {"=ccd", BREAK_EVEN_CROSSING, 100, 1000, 316},
        {"=cc=d", BREAK_EVEN_CROSSING, 100, 10000, 3162},
        {"==dd", BREAK_EVEN_CROSSING, 0, 100, 31},
        {"cccc", BREAK_EVEN_NEVER, 0, 0, 0},
        {"c===", BREAK_EVEN_NEVER, 0, 0, 0},
        {"====", BREAK_EVEN_NEVER, 0, 0, 0},
        {"dddd", BREAK_EVEN_ALWAYS, 0, 0, 0},
        {"ddcc", BREAK_EVEN_MIXED, 0, 0, 0},
        {"cdcd", BREAK_EVEN_MIXED, 0, 0, 0},
        {"d=dd", BREAK_EVEN_MIXED, 0, 0, 0},
        {"ccd=", BREAK_EVEN_MIXED, 0, 0, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t n = spelt(cases[i].winners, points);
        struct break_even found = break_even_of(points, n);
        if ((int)found.outcome != cases[i].outcome || found.cpu_wins_at != cases[i].cpu ||
            found.device_wins_at != cases[i].device || break_even_next(points, n) != cases[i].next)
            fail_msg("%s: %d, %llu, %llu, next %llu", cases[i].winners, (int)found.outcome,
                     ULL(found.cpu_wins_at), ULL(found.device_wins_at),
                     ULL(break_even_next(points, n)));
    }
}

/* Sizes near 2^64 overflow nothing. */
static void test_large(void **state) {
    (void)state;
    struct size_point points[2] = {{UINT64_MAX / 3, time_of(1, 0), time_of(2, 0)},
                                   {UINT64_MAX, time_of(2, 0), time_of(1, 0)}};
    uint64_t next = break_even_next(points, 2);
    assert_true(next > points[0].size && next < points[1].size);
    points[0].size = UINT64_MAX - 1;
    assert_int_equal(break_even_next(points, 2), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_winner), cmocka_unit_test(test_crossing),
        cmocka_unit_test(test_ties),   cmocka_unit_test(test_one_sided),
        cmocka_unit_test(test_orders), cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
