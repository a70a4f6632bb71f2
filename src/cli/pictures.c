#include "cli/pictures.h"

#include "cli/terminal.h"
#include "cli/words.h"
#include "measure/page.h"
#include "measure/plot.h"

#include <stdlib.h>

int pictures_check(const struct options *options) {
    char why[400];
    if (options->plot && options->format != FORMAT_TEXT) {
        complain("--plot goes with text: leave out --format");
        return 2;
    }
    if (!options->report)
        return 0;
    pp_status status = page_possible(options->report, why, sizeof why);
    if (status != PP_OK)
        complain("--report: %s", why);
    return pp_exit_code(status);
}

bool pictures_wanted(const struct options *options) {
    return options->report || options->plot;
}

void pictures_plot(struct output *output, const struct options *options, const json_t *document) {
    if (!options->plot)
        return;
    char *text = NULL;
    size_t size = 0;
    FILE *to = document ? open_memstream(&text, &size) : NULL;
    struct plot_style style = {.width = (unsigned)terminal_columns(output->fd),
                               .unicode = terminal_is_utf8(),
                               .colour = terminal_has_colour(output->fd)};
    bool good = to && plot_text(to, document, style) && !ferror(to);
    if (to && fclose(to) != 0)
        good = false;
    if (good && size) {
        output_bytes(output, "\n", 1);
        output_bytes(output, text, size - 1); /* without the empty line at its end */
    } else if (!good) {
        output->status = PP_ERR_MEMORY;
    }
    free(text);
}

int pictures_report(const struct options *options, const json_t *document, int code) {
    char why[400];
    if (!options->report)
        return code;
    if (code == 3 || code >= 128)
        complain("%s is not written: %s", options->report,
                 code == 3 ? "the answers disagree" : "the run was interrupted");
    if (code != 0)
        return code;
    pp_status status =
        document ? page_write(options->report, document, why, sizeof why) : PP_ERR_MEMORY;
    if (status != PP_OK)
        complain("--report: %s", document ? why : pp_strerror(status));
    return pp_exit_code(status);
}
