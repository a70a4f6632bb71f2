#ifndef PARPRIME_BASE_CLOCK_H
#define PARPRIME_BASE_CLOCK_H

/* Seconds of CLOCK_MONOTONIC; only differences mean anything. */
double clock_seconds(void);

#endif
