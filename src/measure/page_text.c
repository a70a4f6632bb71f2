#include "measure/page_text.h"

#include "measure/picture_data.h"
#include "measure/print.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

void html_table(FILE *to, const char *class, const char *const *heads, size_t n) {
    fprintf(to, "<div class=\"scroll\" tabindex=\"0\"><table class=\"%s\">\n<thead><tr>", class);
    for (size_t i = 0; i < n; i++)
        fprintf(to, "<th scope=\"col\">%s</th>", heads[i]);
    fputs("</tr></thead>\n<tbody>\n", to);
}

void html_table_end(FILE *to) {
    fputs("</tbody></table></div>\n", to);
}

void html_row(FILE *to, const char *text) {
    fputs("<tr><th scope=\"row\">", to);
    html_text(to, text);
    fputs("</th>", to);
}

void html_row_end(FILE *to) {
    fputs("</tr>\n", to);
}

void html_cell(FILE *to, const char *text) {
    fputs("<td>", to);
    html_text(to, text);
    fputs("</td>", to);
}

/* Any value in words: members and elements separated by commas. */
static void put_value(FILE *to, const json_t *value) {
    const char *key;
    const json_t *member;
    size_t i;
    bool first = true;
    switch (json_typeof(value)) {
    case JSON_STRING:
        html_text(to, json_string_value(value));
        break;
    case JSON_INTEGER:
        fprintf(to, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        fprintf(to, "%.6g", json_real_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        fputs(json_is_true(value) ? "yes" : "no", to);
        break;
    case JSON_NULL:
        fputs("unknown", to);
        break;
    case JSON_ARRAY:
        json_array_foreach(value, i, member) {
            fputs(i ? "<br>" : "", to);
            put_value(to, member);
        }
        break;
    case JSON_OBJECT:
        json_object_foreach((json_t *)(uintptr_t)value, key, member) {
            fputs(first ? "" : ", ", to);
            first = false;
            html_text(to, key);
            fputs(" ", to);
            put_value(to, member);
        }
        break;
    }
}

void html_value(FILE *to, const json_t *value) {
    fputs("<td class=\"words\">", to);
    if (value)
        put_value(to, value);
    fputs("</td>", to);
}

void html_seconds(FILE *to, double seconds) {
    char words[32];
    format_seconds(words, sizeof words, seconds);
    html_cell(to, words);
}

void html_interval(FILE *to, const json_t *object, const char *key) {
    struct interval interval;
    char lo[32], hi[32], words[80];
    if (!interval_of(object, key, &interval)) {
        html_cell(to, "needs 6 runs");
        return;
    }
    format_seconds(lo, sizeof lo, interval.lo);
    format_seconds(hi, sizeof hi, interval.hi);
    snprintf(words, sizeof words, "%s … %s", lo, hi);
    html_cell(to, words);
}

void html_ratios(FILE *to, const json_t *object, const char *key) {
    struct interval interval;
    char words[80] = "";
    if (interval_of(object, key, &interval))
        snprintf(words, sizeof words, "%.3g … %.3g", interval.lo, interval.hi);
    html_cell(to, words);
}

void html_sentence(FILE *to, const char *tag, const char *text) {
    size_t n = strlen(text);
    bool ended = n && strchr(".?!", text[n - 1]);
    fprintf(to, "<%s>", tag);
    html_format(to, "%s%s", text, ended ? "" : ".");
    fprintf(to, "</%s>\n", tag);
}

void html_list(FILE *to, const json_t *sentences, const char *class) {
    if (json_array_size(sentences) == 0)
        return;
    fprintf(to, "<ul class=\"%s\">\n", class);
    size_t i;
    const json_t *one;
    json_array_foreach(sentences, i, one) if (json_is_string(one))
        html_sentence(to, "li", json_string_value(one));
    fputs("</ul>\n", to);
}
