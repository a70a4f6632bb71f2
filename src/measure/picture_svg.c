/* What gnuplot writes, made fit for a page. */
#include "measure/picture_gnuplot.h"

#include "measure/page_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/*
 * Colours after Okabe and Ito, which people see apart whatever colours they see, made a little
 * darker on white and lighter on black: at least 3:1 against the paper, the ink 12:1.
 */
static const struct {
    const char *light, *dark;
} colours[N_COLOURS] = {
    [COLOUR_PAPER] = {"#ffffff", "#0d1117"},  [COLOUR_INK] = {"#1f2328", "#e6edf3"},
    [COLOUR_GRID] = {"#d0d7de", "#343b44"},   [COLOUR_GREY] = {"#7a828b", "#949da6"},
    [COLOUR_BLUE] = {"#0072b2", "#3d9fe0"},   [COLOUR_SKY] = {"#56a8dc", "#a5d6fa"},
    [COLOUR_ORANGE] = {"#d55e00", "#f0873e"}, [COLOUR_GREEN] = {"#008f68", "#2fbf91"},
    [COLOUR_PURPLE] = {"#a8508e", "#d78cc2"}, [COLOUR_YELLOW] = {"#b08d00", "#e8cb45"},
    [COLOUR_BROWN] = {"#7a4b1e", "#c89b6c"},
};

const char *colour_code(enum colour colour) {
    return colours[colour].light;
}

static void rules(FILE *to, const char *selector, bool dark) {
    static const char *const attributes[] = {"fill", "stroke", "color"};
    for (size_t c = 0; c < N_COLOURS; c++)
        for (size_t a = 0; a < 3; a++)
            fprintf(to, "%s [%s=\"%s\"]{%s:%s}\n", selector, attributes[a], colours[c].light,
                    attributes[a], dark ? colours[c].dark : colours[c].light);
}

void colours_css(FILE *to, const char *selector) {
    fprintf(to, "%s text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}\n",
            selector);
    fputs("@media (prefers-color-scheme:dark){\n", to);
    rules(to, selector, true);
    fputs("}\n", to);
}

/* ---- the scanner: gnuplot's SVG is well-formed, without comments or CDATA ---- */

struct name {
    const char *at;
    size_t n;
};

static bool is(struct name name, const char *word) {
    return strlen(word) == name.n && memcmp(name.at, word, name.n) == 0;
}

static struct name name_at(const char *at) {
    const char *end = at;
    while (isalnum((unsigned char)*end) || *end == '_' || *end == ':' || *end == '-')
        end++;
    return (struct name){at, (size_t)(end - at)};
}

/* "rgb( 86, 180, 233)", "#56B4E9" and names as "#56b4e9"; all else as it is. */
static void put_colour(FILE *to, struct name value) {
    unsigned r, g, b;
    char text[40];
    if (value.n < sizeof text) {
        memcpy(text, value.at, value.n);
        text[value.n] = '\0';
        if (sscanf(text, "rgb(%u ,%u ,%u )", &r, &g, &b) == 3 ||
            sscanf(text, "#%2x%2x%2x", &r, &g, &b) == 3) {
            fprintf(to, "#%02x%02x%02x", r & 255, g & 255, b & 255);
            return;
        }
    }
    /* What a script leaves to gnuplot is black on white. */
    if (is(value, "black"))
        fputs(colours[COLOUR_INK].light, to);
    else if (is(value, "white"))
        fputs(colours[COLOUR_PAPER].light, to);
    else
        fwrite(value.at, 1, value.n, to);
}

static void put_attribute(FILE *to, struct name name, struct name value, const char *prefix) {
    if (is(name, "font-family") || is(name, "xmlns:xlink"))
        return;
    bool link = is(name, "xlink:href");
    fprintf(to, " %.*s=\"", link ? 4 : (int)name.n, link ? "href" : name.at);
    if (is(name, "fill") || is(name, "stroke") || is(name, "color"))
        put_colour(to, value);
    else if (link && value.n && *value.at == '#')
        fprintf(to, "#%s%.*s", prefix, (int)value.n - 1, value.at + 1);
    else if (is(name, "id"))
        fprintf(to, "%s%.*s", prefix, (int)value.n, value.at);
    else
        fwrite(value.at, 1, value.n, to);
    fputc('"', to);
}

/* A start tag whose name has been read, from the first attribute on. Returns what follows it,
 * NULL where the tag is not whole. */
static const char *put_attributes(FILE *to, const char *at, const char *prefix) {
    for (;;) {
        at += strspn(at, " \t\r\n");
        struct name name = name_at(at);
        if (name.n == 0)
            break;
        at += name.n;
        at += strspn(at, " \t\r\n=");
        if (*at != '"' && *at != '\'')
            return NULL;
        const char *end = strchr(at + 1, *at);
        if (!end)
            return NULL;
        put_attribute(to, name, (struct name){at + 1, (size_t)(end - at - 1)}, prefix);
        at = end + 1;
    }
    const char *end = strchr(at, '>');
    if (end)
        fprintf(to, "%.*s>", (int)(end - at), at);
    return end ? end + 1 : NULL;
}

/* Elements that a page has no use for. */
static bool dropped(struct name name) {
    return is(name, "title") || is(name, "desc") || is(name, "filter");
}

static const char *behind_end_tag(const char *at, struct name name) {
    for (at = strstr(at, "</"); at; at = strstr(at + 2, "</"))
        if (strncmp(at + 2, name.at, name.n) == 0 && at[2 + name.n] == '>')
            return at + 3 + name.n;
    return NULL;
}

/* A tag; what follows it, or NULL. */
static const char *put_tag(FILE *to, const char *at, const char *prefix, const char *title) {
    if (at[1] == '/') {
        const char *end = strchr(at, '>');
        if (end)
            fprintf(to, "%.*s>", (int)(end - at), at);
        return end ? end + 1 : NULL;
    }
    struct name name = name_at(at + 1);
    if (name.n == 0)
        return NULL;
    if (dropped(name))
        return behind_end_tag(at, name);
    fprintf(to, "<%.*s", (int)name.n, name.at);
    if (is(name, "svg"))
        fputs(" role=\"img\"", to);
    at = put_attributes(to, at + 1 + name.n, prefix);
    if (at && is(name, "svg")) {
        fputs("<title>", to);
        html_text(to, title);
        fputs("</title>", to);
    }
    return at;
}

char *svg_for_page(const char *written, const char *prefix, const char *title) {
    static const char end_tag[] = "</svg>";
    const char *at = strstr(written, "<svg"), *end = at ? strstr(at, end_tag) : NULL;
    if (!end)
        return NULL;
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (!to)
        return NULL;
    while (at && at < end + sizeof end_tag - 1) {
        if (*at == '<') {
            at = put_tag(to, at, prefix, title);
            continue;
        }
        /* Of white space between tags, which draws nothing, a line's end is enough. */
        size_t n = strcspn(at, "<");
        if (strspn(at, " \t\r\n") >= n)
            fputc('\n', to);
        else
            fwrite(at, 1, n, to);
        at += n;
    }
    bool good = at && !ferror(to);
    if (fclose(to) != 0 || !good) {
        free(text);
        return NULL;
    }
    return text;
}
