/* The book's lesson in three sentences, with no figure that the run did not measure. */
#ifndef PARPRIME_MEASURE_LESSONS_H
#define PARPRIME_MEASURE_LESSONS_H

#include "measure/compare.h"
#include "measure/control.h"

enum lesson_kind { LESSON_PARALLEL, LESSON_SEQUENTIAL, LESSON_OUTPUT, N_LESSONS };

/* "embarrassingly parallel", "inherently sequential", "I/O bound". */
const char *lesson_kind(enum lesson_kind kind);

struct lesson {
    enum lesson_kind kind;
    char text[600]; /* one sentence, with a full stop */
};

/*
 * Makes up to N_LESSONS of them and returns how many. Each argument may be NULL where nothing was
 * measured, or be unfinished: then there is no such sentence. Where the figures do not carry the
 * lesson, the sentence says that.
 */
size_t lessons_make(const struct comparison *job, const struct control *control,
                    const struct comparison *output, struct lesson lessons[N_LESSONS]);

#endif
