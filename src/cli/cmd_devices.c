/* devices: what this machine can compute with, and why something cannot be used. */
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/words.h"

#include <stdlib.h>
#include <string.h>

/* The self-test's outcome: opening a session runs it. */
static const char *selftest_of(const pp_device *device, pp_error *error) {
    pp_session_options options = {.backend = device->backend, .device = device->id};
    pp_session *session;
    if (!device->usable)
        return "not run";
    if (pp_session_open(&options, &session, error) != PP_OK)
        return error->message;
    pp_session_close(session);
    return "passed";
}

static bool is_opencl(const pp_device *device) {
    return strcmp(device->backend, "opencl") == 0;
}

static void print_usable(struct output *output, const pp_device *device) {
    output_format(output, "%-10s %-8s %s, %u unit%s", device->id, device->backend, device->name,
                  device->units, device->units == 1 ? "" : "s");
    if (is_opencl(device)) {
        pp_error error = {0};
        output_format(output,
                      "\n           OpenCL on a %s · %s, driver %s\n           %u MHz, %.1f GiB, "
                      "local memory %.0f KiB, fp64 %s, self-test %s",
                      device->kind, device->platform, device->driver, device->clock_mhz,
                      (double)device->memory_bytes / (1 << 30),
                      (double)device->local_memory_bytes / 1024, device->fp64 ? "yes" : "no",
                      selftest_of(device, &error));
        if (kernels_origin())
            output_format(output, "\n           %s", kernels_origin());
    }
    output_format(output, "\n");
}

static void print_text(struct output *output, const pp_device *devices, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (devices[i].usable)
            print_usable(output, &devices[i]);
        else
            output_format(output, "%-10s %-8s not usable: %s\n", devices[i].id, devices[i].backend,
                          devices[i].reason);
}

static void print_csv(struct output *output, const pp_device *devices, size_t n) {
    output_format(output, "id,backend,name,units,usable,reason\n");
    for (size_t i = 0; i < n; i++) {
        output_format(output, "%s,%s,", devices[i].id, devices[i].backend);
        output_quoted(output, devices[i].name);
        output_format(output, ",%u,%s,", devices[i].units, devices[i].usable ? "yes" : "no");
        output_quoted(output, devices[i].reason);
        output_format(output, "\n");
    }
}

static void print_json(struct output *output, const pp_device *devices, size_t n) {
    json_t *document = json_document(json_pack("{s:s}", "command", "devices"));
    json_t *results = json_array();
    for (size_t i = 0; i < n; i++) {
        const pp_device *device = &devices[i];
        pp_error error = {0};
        json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:i, s:b, s:s, s:b}", "id", device->id,
                                 "backend", device->backend, "kind", device->kind, "name",
                                 device->name, "units", (int)device->units, "usable",
                                 device->usable, "reason", device->reason, "fp64", device->fp64);
        if (is_opencl(device) && device->usable) {
            json_object_set_new(json, "platform", json_string(device->platform));
            json_object_set_new(json, "driver", json_string(device->driver));
            json_object_set_new(json, "clock_mhz", json_integer(device->clock_mhz));
            json_object_set_new(json, "memory_bytes", json_u64(device->memory_bytes));
            json_object_set_new(json, "local_memory_bytes", json_u64(device->local_memory_bytes));
            json_object_set_new(json, "selftest", json_string(selftest_of(device, &error)));
        }
        json_array_append_new(results, json);
    }
    json_object_set_new(document, "results", results);
    json_whole(output, document);
}

int command_devices(const struct options *options) {
    if (options->n_arguments) {
        complain("devices takes no '%s'", options->arguments[0]);
        return 2;
    }
    size_t n;
    pp_status status = pp_devices(NULL, 0, &n);
    pp_device *devices = calloc(n + 1, sizeof *devices);
    if (status == PP_OK && !devices)
        status = PP_ERR_MEMORY;
    if (status == PP_OK)
        status = pp_devices(devices, n, &n);
    int code = status == PP_OK ? 0 : fail_with(status, NULL);
    struct output output;
    if (code == 0 && output_open(&output, options)) {
        static void (*const printers[])(struct output *, const pp_device *, size_t) = {
            [FORMAT_TEXT] = print_text, [FORMAT_JSON] = print_json, [FORMAT_CSV] = print_csv};
        printers[options->format](&output, devices, n);
        code = output_close(&output, 0);
    } else if (code == 0) {
        code = 5;
    }
    free(devices);
    return code;
}
