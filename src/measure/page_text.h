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

#endif
