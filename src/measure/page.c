#include "measure/page.h"

#include "measure/page_file.h"
#include "measure/page_parts.h"
#include "measure/page_text.h"
#include "measure/picture_gnuplot.h"

#include <stdlib.h>
#include <string.h>

pp_status page_possible(const char *path, char *why, size_t size) {
    pp_status status = whole_file_possible(path, why, size);
    return status == PP_OK ? gnuplot_there(why, size) : status;
}

/* ---- style ---- */

static const char STYLE[] =
    ":root{color-scheme:light dark;--paper:#fff;--card:#f6f8fa;--ink:#1f2328;--soft:#57606a;"
    "--line:#d0d7de;--mark:#0072b2;--warn:#8a4b00}\n"
    "@media (prefers-color-scheme:dark){:root{--paper:#0d1117;--card:#161b22;--ink:#e6edf3;"
    "--soft:#9aa4af;--line:#343b44;--mark:#56b4e9;--warn:#f0b072}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;padding:1rem;max-width:66rem;background:var(--paper);color:var(--ink);"
    "font:1rem/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;"
    "overflow-wrap:break-word}\n"
    "h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0}\n"
    "h2{font-size:1.2rem;line-height:1.3;margin:2.5rem 0 .5rem;padding-top:1rem;"
    "border-top:1px solid var(--line)}\n"
    "h3{font-size:1rem;margin:1.5rem 0 .5rem}\n"
    "p,ul{margin:.5rem 0}ul{padding-left:1.25rem}\n"
    "code{font:.92em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}\n"
    ".soft{color:var(--soft)}\n"
    ".verdict{background:var(--card);border:1px solid var(--line);"
    "border-left:.3rem solid var(--mark);border-radius:.4rem;padding:.6rem 1rem;margin:1rem 0}\n"
    ".verdict h2{margin:.2rem 0 .5rem;padding:0;border:0}\n"
    ".verdict dt{font-weight:600}.verdict dd{margin:0 0 .6rem}\n"
    ".warnings{color:var(--warn)}\n"
    ".pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,25rem),1fr));"
    "gap:1rem;align-items:start;margin:1rem 0}\n"
    "figure{margin:0;border:1px solid var(--line);border-radius:.4rem;padding:.6rem;min-width:0}\n"
    "figcaption{font-weight:600;font-size:.95rem;margin-bottom:.4rem}\n"
    "figcaption small{display:block;font-weight:400;color:var(--soft)}\n"
    "figure svg{display:block;width:100%;height:auto;max-width:34rem}\n"
    ".scroll{overflow-x:auto;border:1px solid var(--line);border-radius:.4rem;margin:1rem 0}\n"
    "table{border-collapse:collapse;width:100%;font-size:.92rem;"
    "font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.35rem .7rem;text-align:right;white-space:nowrap;"
    "border-bottom:1px solid var(--line)}\n"
    "tr:last-child>*{border-bottom:0}\n"
    "th:first-child,td:first-child{text-align:left}thead th{background:var(--card)}\n"
    ".words th{text-align:left}"
    "td.words{text-align:left;white-space:normal;min-width:14rem}\n"
    "tbody th{font-weight:400;white-space:normal;min-width:min(13rem,36vw)}details{margin:1rem "
    "0}summary{cursor:pointer;font-weight:600}\n";

/* ---- the page ---- */

static void put_head(FILE *to, const json_t *document) {
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          /* Nothing is fetched, whatever a name in the document may look like. */
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
          "style-src 'unsafe-inline'; img-src data:\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<link rel=\"icon\" href=\"data:,\">\n<title>",
          to);
    html_format(to, "parprime: %s", string_of(json_object_get(document, "job"), "words"));
    fprintf(to, "</title>\n<style>\n%s", STYLE);
    colours_css(to, "figure");
    fputs("</style>\n</head>\n<body>\n", to);
}

static void put_title(FILE *to, const json_t *document) {
    const json_t *job = json_object_get(document, "job");
    const json_t *here = json_object_get(document, "environment");
    fputs("<header>\n<h1>", to);
    html_format(to, "%s", string_of(job, "words"));
    fputs("</h1>\n<p class=\"soft\">", to);
    html_format(to, "%s, %.0f of %.0f cores allowed · parprime %s · %s", string_of(here, "cpu"),
                number_of(here, "cores_allowed"), number_of(here, "cores_online"),
                string_of(document, "version"), string_of(here, "time"));
    fputs("</p>\n</header>\n", to);
}

static void put_raw(FILE *to, const json_t *document) {
    fputs("<section>\n<h2>Raw data</h2>\n", to);
    put_raw_times(to, document);
    fputs("<p>The whole record, as <code>--format json</code> prints it, is in this page's source, "
          "in the element <code>#record</code>.</p>\n"
          "<script type=\"application/json\" id=\"record\">",
          to);
    if (!html_json(to, document))
        clearerr(to);
    fputs("</script>\n</section>\n", to);
}

static pp_status put_page(struct page *page, const json_t *document) {
    FILE *to = page->to;
    put_head(to, document);
    put_title(to, document);
    fputs("<main>\n", to);
    put_verdict(to, document);
    put_scaling(page, json_object_get(document, "scaling"));
    put_comparison(page, document, "job", "");
    const json_t *further = json_object_get(document, "further"), *one;
    size_t i;
    json_array_foreach(further, i, one) {
        char id[40];
        snprintf(id, sizeof id, "further-%zu", i + 1);
        put_comparison(page, one, id, "");
    }
    const json_t *output = json_object_get(document, "output_bound");
    if (output)
        put_comparison(page, output, "output", "Where output dominates: ");
    put_control(page, json_object_get(document, "control"));
    put_baseline(to, json_object_get(document, "baseline"));
    put_environment(to, json_object_get(document, "environment"));
    put_raw(to, document);
    fputs("</main>\n</body>\n</html>\n", to);
    return page->status;
}

/* Does any comparison of the document say that answers disagree? */
static bool disagrees(const json_t *document) {
    size_t i;
    const json_t *one;
    json_array_foreach(json_object_get(document, "further"), i,
                       one) if (disagrees(one)) return true;
    return json_is_false(json_object_get(json_object_get(document, "verdict"), "agree")) ||
           (json_object_get(document, "output_bound") &&
            disagrees(json_object_get(document, "output_bound")));
}

pp_status page_write(const char *path, const json_t *document, char *why, size_t size) {
    if (disagrees(document)) {
        snprintf(why, size, "the answers disagree: there is nothing to draw");
        return PP_ERR_DISAGREE;
    }
    struct page page = {.why = why, .why_size = size};
    char *text = NULL;
    size_t n = 0;
    snprintf(why, size, "%s", pp_strerror(PP_ERR_MEMORY));
    page.to = open_memstream(&text, &n);
    if (!page.to)
        return PP_ERR_MEMORY;
    pp_status status = put_page(&page, document);
    bool good = !ferror(page.to);
    if ((fclose(page.to) != 0 || !good) && status == PP_OK)
        status = PP_ERR_MEMORY;
    if (status == PP_OK)
        status = whole_file(path, text, n, why, size);
    free(text);
    return status;
}
