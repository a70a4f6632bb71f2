/* devices: what this machine can compute with, and why something cannot be used. */
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/words.h"

#include <stdlib.h>

static void print_text(struct output *output, const pp_device *devices, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (devices[i].usable)
            output_format(output, "%-10s %-8s %s, %u unit%s\n", devices[i].id, devices[i].backend,
                          devices[i].name, devices[i].units, devices[i].units == 1 ? "" : "s");
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
    for (size_t i = 0; i < n; i++)
        json_array_append_new(results,
                              json_pack("{s:s, s:s, s:s, s:i, s:b, s:s}", "id", devices[i].id,
                                        "backend", devices[i].backend, "name", devices[i].name,
                                        "units", (int)devices[i].units, "usable", devices[i].usable,
                                        "reason", devices[i].reason));
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
