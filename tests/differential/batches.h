/* Random batches on every instruction-set level against an oracle, many millions if wanted. */
#ifndef PARPRIME_TESTS_BATCHES_H
#define PARPRIME_TESTS_BATCHES_H

#include "support/support.h"

/*
 * 2·10^5 numbers, or 10^7 with PARPRIME_TEST_ALL=1, or as many as PARPRIME_TEST_NUMBERS says: half
 * of them of every size, half odd and of 62 to 64 bits or near 10^13.
 */
void check_random_batches(uint64_t seed, bool (*is_prime)(uint64_t n), const char *oracle);

#endif
