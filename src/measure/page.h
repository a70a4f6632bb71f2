/* The document of compare or scale as one page that needs nothing else, with pictures. */
#ifndef PARPRIME_MEASURE_PAGE_H
#define PARPRIME_MEASURE_PAGE_H

#include <jansson.h>
#include <parprime.h>
#include <stddef.h>

/*
 * Could a page be written there, and pictures be drawn? To be asked before measuring: a run is
 * too dear to be lost for a typing error. PP_ERR_UNAVAILABLE without gnuplot, PP_ERR_IO for a
 * folder that is missing or may not be written to; why then has a sentence.
 */
pp_status page_possible(const char *path, char *why, size_t size);

/*
 * Writes a page: HTML in UTF-8 for the document of a compare or scale that was finished. A file
 * of that name is replaced once the page is whole; before, and after a failure, it is as it was.
 * (What is not a file, as a pipe, is written to.) PP_ERR_DISAGREE, with nothing written, when the
 * document says that answers disagree; otherwise as page_possible and gnuplot_run.
 */
pp_status page_write(const char *path, const json_t *document, char *why, size_t size);

#endif
