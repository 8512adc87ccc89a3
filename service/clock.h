// SPDX-License-Identifier: GPL-3.0-or-later
// clock.h - what time it is
//
// Wall time is for people and for the database; every wait and every duration
// uses the monotonic clock, which no administrator can set back.

#ifndef CUMAE_CLOCK_H
#define CUMAE_CLOCK_H

#include <stdint.h>

// Milliseconds since 1970-01-01 UTC.
int64_t clock_wall_ms(void);

// Microseconds of a clock that never jumps; its zero means nothing.
int64_t clock_monotonic_us(void);

// Microseconds that this thread has had a processor.
int64_t clock_thread_us(void);

// Both at one moment.
struct clock_look {
    int64_t wall_ms;
    int64_t monotonic_us;
};
struct clock_look clock_look(void);

// How far the wall clock was set between two looks, in ms: above 0 forward,
// below 0 back. A machine that slept has been set forward, for the monotonic
// clock slept, too.
int64_t clock_set_ms(struct clock_look before, struct clock_look now);

#endif
