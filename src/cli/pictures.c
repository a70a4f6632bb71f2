#include "cli/pictures.h"

#include "cli/words.h"
#include "measure/page.h"

int pictures_check(const struct options *options) {
    char why[400];
    if (!options->report)
        return 0;
    pp_status status = page_possible(options->report, why, sizeof why);
    if (status != PP_OK)
        complain("--report: %s", why);
    return pp_exit_code(status);
}

int pictures_report(const struct options *options, json_t *document, int code) {
    char why[400];
    if (!options->report || code != 0) {
        if (options->report && (code == 3 || code >= 128))
            complain("%s is not written: %s", options->report,
                     code == 3 ? "the answers disagree" : "the run was interrupted");
        json_decref(document);
        return code;
    }
    pp_status status =
        document ? page_write(options->report, document, why, sizeof why) : PP_ERR_MEMORY;
    if (status != PP_OK)
        complain("--report: %s", document ? why : pp_strerror(status));
    json_decref(document);
    return pp_exit_code(status);
}
