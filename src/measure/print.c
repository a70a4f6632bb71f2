#include "measure/print.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    double seconds;
    const char *name;
} units[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}, {1e-9, "ns"}};

void format_seconds(char *out, size_t size, double seconds) {
    if (!(seconds > 0)) {
        snprintf(out, size, "0 s");
        return;
    }
    size_t i = 0;
    while (i < 3 && seconds < units[i].seconds)
        i++;
    /* 999.96 ms would be written as 1000.0. */
    if (i > 0 && seconds / units[i].seconds >= 999.95)
        i--;
    double value = seconds / units[i].seconds;
    /* The limits are where rounding adds a digit. */
    int decimals = value < 9.9995 ? 3 : value < 99.995 ? 2 : 1;
    snprintf(out, size, "%.*f %s", decimals, value, units[i].name);
}

void print_cell(FILE *to, int width, const char *format, ...) {
    char text[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    int shown = 0;
    for (const char *c = text; *c; c++)
        shown += (*c & 0xc0) != 0x80;
    fprintf(to, "%s%*s%s", width > 0 ? "" : text, abs(width) > shown ? abs(width) - shown : 0, "",
            width > 0 ? text : "");
}

void print_interval(FILE *to, int width, const struct summary *time) {
    if (!time->has_interval) {
        print_cell(to, width, "needs 6 runs");
        return;
    }
    char least[32], most[32];
    format_seconds(least, sizeof least, time->interval.lo);
    format_seconds(most, sizeof most, time->interval.hi);
    print_cell(to, width, "%s … %s", least, most);
}

void print_csv_interval(FILE *to, const struct summary *time) {
    if (time->has_interval)
        fprintf(to, "%.9f,%.9f", time->interval.lo, time->interval.hi);
    else
        fputc(',', to);
}

void print_csv_text(FILE *to, const char *text) {
    fputc('"', to);
    for (const char *c = text; *c; c++)
        fputs(*c == '"' ? "\"\"" : (char[]){*c, '\0'}, to);
    fputc('"', to);
}

void print_markdown_text(FILE *to, const char *text) {
    for (const char *c = text; *c; c++) {
        if (strchr("\\`*_{}[]<>#|~&", *c))
            fputc('\\', to);
        fputc(*c == '\n' ? ' ' : *c, to);
    }
}

json_t *json_seconds(double seconds) {
    return json_real(round(seconds * 1e9) / 1e9);
}

json_t *json_ratio(double ratio) {
    return json_real(round(ratio * 1e4) / 1e4);
}

json_t *json_interval(bool there, struct interval interval, json_t *(*end_json)(double)) {
    return there ? json_pack("[o, o]", end_json(interval.lo), end_json(interval.hi)) : json_null();
}

json_t *json_times(const double *seconds, size_t n) {
    json_t *times = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(times, json_seconds(seconds[i]));
    return times;
}
