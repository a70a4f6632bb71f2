#include "backend/backend.h"

#include <string.h>

extern const struct backend backend_serial, backend_openmp, backend_opencl;

const struct backend *const backends[] = {&backend_serial, &backend_openmp, &backend_opencl, NULL};

const struct backend *backend_named(const char *name) {
    for (size_t i = 0; backends[i]; i++)
        if (strcmp(backends[i]->name, name) == 0)
            return backends[i];
    return NULL;
}

pp_status pp_backend_devices(const char *backend, pp_device *devices, size_t capacity,
                             size_t *n_devices) {
    const struct backend *found = backend ? backend_named(backend) : NULL;
    if (!found || !n_devices || (capacity && !devices))
        return PP_ERR_USAGE;
    *n_devices = found->probe(devices, capacity);
    return PP_OK;
}

pp_status pp_devices(pp_device *devices, size_t capacity, size_t *n_devices) {
    if (!n_devices || (capacity && !devices))
        return PP_ERR_USAGE;
    size_t n = 0;
    for (size_t i = 0; backends[i]; i++)
        n += backends[i]->probe(n < capacity ? devices + n : NULL, n < capacity ? capacity - n : 0);
    *n_devices = n;
    return PP_OK;
}
