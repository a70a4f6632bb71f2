/* The list of backends and what it says of devices, whatever backends there are. */
#include "backend/backend.h"
#include "support/support.h"

enum { MOST = 64 };

static size_t all_devices(pp_device *devices) {
    size_t n = 0;
    assert_int_equal(pp_devices(devices, MOST, &n), PP_OK);
    assert_in_range(n, 1, MOST);
    return n;
}

static void test_capacity(void **state) {
    (void)state;
    static pp_device all[MOST], some[MOST + 1];
    size_t n = all_devices(all);
    for (size_t capacity = 0; capacity <= n + 1; capacity++) {
        memset(some, 0x5a, sizeof some);
        size_t again = 0;
        assert_int_equal(pp_devices(capacity ? some : NULL, capacity, &again), PP_OK);
        assert_int_equal(again, n);
        for (size_t i = 0; i < capacity && i < n; i++) {
            assert_string_equal(some[i].id, all[i].id);
            assert_string_equal(some[i].name, all[i].name);
        }
        const uint8_t *after = (const uint8_t *)&some[capacity < n ? capacity : n];
        for (size_t i = 0; i < sizeof *some; i++)
            assert_int_equal(after[i], 0x5a);
    }
}

static void test_wrong_usage(void **state) {
    (void)state;
    pp_device device;
    size_t n = 42;
    assert_int_equal(pp_devices(&device, 1, NULL), PP_ERR_USAGE);
    assert_int_equal(pp_devices(NULL, 1, &n), PP_ERR_USAGE);
}

static void test_devices_are_described(void **state) {
    (void)state;
    static pp_device devices[MOST];
    size_t n = all_devices(devices), usable = 0;
    for (size_t i = 0; i < n; i++) {
        const pp_device *device = &devices[i];
        assert_non_null(backend_named(device->backend));
        assert_true(device->id[0] && memchr(device->id, 0, sizeof device->id));
        assert_true(device->name[0] && memchr(device->name, 0, sizeof device->name));
        assert_non_null(memchr(device->reason, 0, sizeof device->reason));
        assert_non_null(strchr(device->id, ':'));
        if (device->usable)
            assert_true(device->units >= 1 && device->reason[0] == '\0');
        else
            assert_true(device->reason[0] != '\0');
        usable += device->usable;
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(device->id, devices[j].id);
    }
    assert_true(usable >= 1); /* serial always is */
}

/* Every backend is in the table once, complete, and lists at least one device of its own. */
static void test_table(void **state) {
    (void)state;
    static pp_device devices[MOST];
    size_t n = all_devices(devices);
    for (size_t i = 0; backends[i]; i++) {
        const struct backend *backend = backends[i];
        assert_true(backend->name && backend->probe && backend->supports && backend->open &&
                    backend->shape && backend->run && backend->close);
        assert_ptr_equal(backend_named(backend->name), backend);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(backend->name, backends[j]->name);
        size_t own = 0;
        for (size_t j = 0; j < n; j++)
            own += strcmp(devices[j].backend, backend->name) == 0;
        assert_int_equal(own, backend->probe(NULL, 0));
        assert_true(own >= 1);
    }
    assert_string_equal(backends[0]->name, "serial");
    assert_true(backend_usable("serial"));
    assert_null(backend_named("nope"));
    assert_null(backend_named(""));
    assert_null(backend_named("Serial"));
    assert_null(backend_named("auto"));
}

/* What cannot be used says why, and a session says the same. */
static void test_unusable_backends(void **state) {
    (void)state;
    static pp_device devices[MOST];
    size_t n = all_devices(devices);
    for (size_t i = 0; i < n; i++) {
        if (backend_usable(devices[i].backend))
            continue;
        pp_session_options options = PP_SESSION_OPTIONS_INIT;
        options.backend = devices[i].backend;
        pp_session *session = (pp_session *)&options;
        pp_error error = {PP_OK, 0, ""};
        assert_int_equal(pp_session_open(&options, &session, &error), PP_ERR_UNAVAILABLE);
        assert_null(session);
        assert_int_equal(error.status, PP_ERR_UNAVAILABLE);
        assert_non_null(strstr(error.message, devices[i].backend));
        assert_non_null(strstr(error.message, devices[i].reason));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_capacity),
        cmocka_unit_test(test_wrong_usage),
        cmocka_unit_test(test_devices_are_described),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_unusable_backends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
