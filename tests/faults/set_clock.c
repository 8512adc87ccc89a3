// SPDX-License-Identifier: GPL-3.0-or-later
// set_clock.c - a wall clock that a test sets
//
// Preloaded into a process, it adds to CLOCK_REALTIME the milliseconds that the
// file named by $SET_CLOCK_FILE holds at that moment. An absent or empty file
// is 0. All other clocks go on as they do, as after `date --set`.

#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long long offset_ms(void)
{
    const char *name = getenv("SET_CLOCK_FILE");
    char text[32] = "";
    int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return 0;
    if (read(file, text, sizeof text - 1) < 0)
        text[0] = '\0';
    close(file);
    return atoll(text);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int (*real)(clockid_t, struct timespec *);
    *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, now);
    if (result != 0 || clock != CLOCK_REALTIME)
        return result;
    long long ns = now->tv_nsec + offset_ms() % 1000 * 1000000;
    now->tv_sec += offset_ms() / 1000 + (ns >= 1000000000) - (ns < 0);
    now->tv_nsec = (ns + 1000000000) % 1000000000;
    return 0;
}
