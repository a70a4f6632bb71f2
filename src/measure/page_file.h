/* A file that is there as a whole or not at all. */
#ifndef PARPRIME_MEASURE_PAGE_FILE_H
#define PARPRIME_MEASURE_PAGE_FILE_H

#include <parprime.h>
#include <stddef.h>

/* Could whole_file write there? PP_ERR_IO and a sentence in why if not. Makes nothing. */
pp_status whole_file_possible(const char *path, char *why, size_t size);

/*
 * Writes bytes to a new file beside `path` and gives it that name once they are on the disk. On
 * failure nothing is left and what was there is untouched: PP_ERR_IO and a sentence in why. A
 * path that is no regular file is written to; a symbolic link stays, and its target is replaced.
 */
pp_status whole_file(const char *path, const char *bytes, size_t n, char *why, size_t size);

#endif
