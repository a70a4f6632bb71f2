/* Words and documents as text in HTML. */
#ifndef PARPRIME_MEASURE_PAGE_TEXT_H
#define PARPRIME_MEASURE_PAGE_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Text that means itself, between tags and in attributes' quotes. Control characters, which HTML
 * has no way to say, become U+FFFD. */
void html_text(FILE *to, const char *text);

/* As printf, of which all that is text in the arguments goes through html_text, and the format
 * too: it makes no tags. */
void html_format(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A document as the contents of a script element, which end nowhere but at its end tag: JSON that
 * says < > and & in another way. False without memory. */
bool html_json(FILE *to, const json_t *document);

/* ---- tables: a box of their own to scroll in; texts are escaped, heads are not ---- */

/* Of class "figures" or "words", which are read from the right or from the left. */
void html_table(FILE *to, const char *class, const char *const *heads, size_t n);
void html_table_end(FILE *to);

/* A row's beginning and its first cell; the row is ended by html_row_end. */
void html_row(FILE *to, const char *text);
void html_row_end(FILE *to);
void html_cell(FILE *to, const char *text);
/* A cell with any value in words; NULL for nothing. */
void html_value(FILE *to, const json_t *value);
void html_seconds(FILE *to, double seconds);

/* A member [lo, hi] in seconds, or why there is none; one of ratios, or nothing. */
void html_interval(FILE *to, const json_t *object, const char *key);
void html_ratios(FILE *to, const json_t *object, const char *key);

/* ---- sentences, which have no full stop in a document ---- */

void html_sentence(FILE *to, const char *tag, const char *text);

/* A list of sentences; nothing for an empty one. */
void html_list(FILE *to, const json_t *sentences, const char *class);

#endif
