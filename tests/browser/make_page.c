/* make_page RECORD.json PAGE.html: a page of a document that no run has made. */
#include "measure/page.h"

#include <stdio.h>

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    json_error_t error;
    json_t *document = json_load_file(argv[1], 0, &error);
    if (!document) {
        fprintf(stderr, "%s:%d: %s\n", argv[1], error.line, error.text);
        return 2;
    }
    char why[300] = "";
    pp_status status = page_write(argv[2], document, why, sizeof why);
    if (status != PP_OK)
        fprintf(stderr, "%s\n", why);
    json_decref(document);
    return pp_exit_code(status);
}
