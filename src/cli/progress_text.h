/* How far a job has come, as a line of text. */
#ifndef PARPRIME_CLI_PROGRESS_TEXT_H
#define PARPRIME_CLI_PROGRESS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What there is to say. */
struct progress_state {
    const char *things;   /* that are counted: "numbers" */
    uint64_t done, total; /* total 0: not known */
    double seconds;       /* since the beginning */
    double rate;          /* things a second of late; 0: not known yet */
};

/*
 * Writes the line, of at most `columns` columns: as much as fits, the share done and the time left
 * first. Without `unicode` it is all ASCII. Returns its columns; out holds at least
 * PROGRESS_TEXT_BYTES.
 */
enum { PROGRESS_TEXT_BYTES = 512 };
size_t progress_text(char *out, const struct progress_state *state, size_t columns, bool unicode);

/* "1.25 G", three digits and an SI prefix, or "0.043". */
void progress_si(char out[16], double value);

/* "8 s", "3 min 20 s", "2 h 5 min", "3 d 4 h". */
void progress_duration(char out[32], double seconds);

#endif
