/* The growing buffer: what was written stays, growth is amortised, and overflow is refused. */
#include "support/support.h"

static void test_bytes_stay(void **state) {
    (void)state;
    uint64_t random = 11;
    pp_buffer buffer = {NULL, 0, 0};
    uint8_t next = 0;
    for (int i = 0; i < 2000; i++) {
        size_t extra = 1 + random_below(&random, 100);
        char *room = pp_buffer_reserve(&buffer, extra);
        assert_ptr_equal(room, buffer.data + buffer.size);
        assert_true(buffer.capacity - buffer.size >= extra);
        for (size_t j = 0; j < extra; j++)
            room[j] = (char)next++;
        buffer.size += extra;
    }
    for (size_t i = 0; i < buffer.size; i++)
        assert_int_equal((uint8_t)buffer.data[i], (uint8_t)i);
    free(buffer.data);
}

static void test_reserving_is_not_using(void **state) {
    (void)state;
    pp_buffer buffer = {NULL, 0, 0};
    char *first = pp_buffer_reserve(&buffer, 100);
    assert_non_null(first);
    assert_int_equal(buffer.size, 0);
    assert_ptr_equal(pp_buffer_reserve(&buffer, 100), first);
    assert_ptr_equal(pp_buffer_reserve(&buffer, 1), first);
    assert_int_equal(buffer.capacity, 100);
    free(buffer.data);
}

/* No room at all is room too, not a lack of memory. */
static void test_reserving_nothing(void **state) {
    (void)state;
    pp_buffer buffer = {NULL, 0, 0};
    assert_non_null(pp_buffer_reserve(&buffer, 0));
    assert_int_equal(buffer.size, 0);
    free(buffer.data);
}

/* A million single bytes must not mean a million reallocations. */
static void test_growth_is_amortised(void **state) {
    (void)state;
    pp_buffer buffer = {NULL, 0, 0};
    unsigned grown = 0;
    for (size_t i = 0; i < 1000000; i++) {
        size_t before = buffer.capacity;
        assert_non_null(pp_buffer_reserve(&buffer, 1));
        grown += buffer.capacity != before;
        buffer.size++;
    }
    assert_in_range(grown, 1, 60);
    assert_true(buffer.capacity < 2 * buffer.size);
    free(buffer.data);
}

static void test_impossible_sizes(void **state) {
    (void)state;
    pp_buffer buffer = {NULL, 0, 0};
    assert_non_null(pp_buffer_reserve(&buffer, 10));
    memcpy(buffer.data, "0123456789", 10);
    buffer.size = 10;
    const pp_buffer before = buffer;
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 9, SIZE_MAX - 10, SIZE_MAX / 2};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        assert_null(pp_buffer_reserve(&buffer, sizes[i]));
        assert_ptr_equal(buffer.data, before.data);
        assert_int_equal(buffer.size, before.size);
        assert_int_equal(buffer.capacity, before.capacity);
    }
    assert_memory_equal(buffer.data, "0123456789", 10);
    free(buffer.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_stay),        cmocka_unit_test(test_reserving_is_not_using),
        cmocka_unit_test(test_reserving_nothing), cmocka_unit_test(test_growth_is_amortised),
        cmocka_unit_test(test_impossible_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
