// SPDX-License-Identifier: GPL-3.0-or-later
// clock.c - what time it is

#include "clock.h"

#include <time.h>

int64_t clock_wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t us_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_monotonic_us(void)
{
    return us_of(CLOCK_MONOTONIC);
}

int64_t clock_thread_us(void)
{
    return us_of(CLOCK_THREAD_CPUTIME_ID);
}

struct clock_look clock_look(void)
{
    return (struct clock_look){.wall_ms = clock_wall_ms(),
                               .monotonic_us = clock_monotonic_us()};
}

int64_t clock_set_ms(struct clock_look before, struct clock_look now)
{
    return now.wall_ms - before.wall_ms -
           (now.monotonic_us - before.monotonic_us) / 1000;
}
