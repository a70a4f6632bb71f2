#include "measure/page_text.h"

#include <stdarg.h>
#include <stdlib.h>

void html_text(FILE *to, const char *text) {
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        switch (c) {
        case '&':
            fputs("&amp;", to);
            break;
        case '<':
            fputs("&lt;", to);
            break;
        case '>':
            fputs("&gt;", to);
            break;
        case '"':
            fputs("&quot;", to);
            break;
        case '\'':
            fputs("&#39;", to);
            break;
        default:
            if ((c < ' ' && c != '\n' && c != '\t') || c == 127)
                fputs("\xef\xbf\xbd", to);
            else
                fputc(c, to);
        }
    }
}

void html_format(FILE *to, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = NULL;
    int n = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (n < 0)
        return;
    html_text(to, text);
    free(text);
}

bool html_json(FILE *to, const json_t *document) {
    char *text = json_dumps(document, JSON_INDENT(1) | JSON_REAL_PRECISION(12) | JSON_ENSURE_ASCII);
    if (!text)
        return false;
    /* These are nowhere in JSON but inside strings. */
    for (const char *c = text; *c; c++)
        if (*c == '<' || *c == '>' || *c == '&')
            fprintf(to, "\\u%04x", (unsigned)*c);
        else
            fputc(*c, to);
    free(text);
    return true;
}
