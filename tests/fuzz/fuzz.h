/*
 * What the fuzzing harnesses share. A harness defines LLVMFuzzerTestOneInput(); libFuzzer (preset
 * `fuzz`) calls it with inputs that it invents, replay.c with those of the corpus, in every build.
 */
#ifndef PARPRIME_TESTS_FUZZ_H
#define PARPRIME_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An invariant that does not hold ends the process, whatever NDEBUG says. */
#define HOLDS(condition)                                                                           \
    ((condition) ? (void)0                                                                         \
                 : (fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition), \
                    abort()))

#endif
