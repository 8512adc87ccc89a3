// SPDX-License-Identifier: GPL-3.0-or-later
// starve.c - an allocator that fails once, at the n-th call from now
//
// For LD_PRELOAD. CUMAE_STARVE names a file that holds one 64-bit number. It is
// mapped, so that a test may write it while the program runs: every allocation
// takes one off, and the one that makes it 0 gets NULL. At 0 and below nothing
// fails.

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

// What the C library calls its own; it declares them nowhere.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

static _Atomic(int64_t) *countdown;

__attribute__((constructor)) static void map_countdown(void)
{
    const char *path = getenv("CUMAE_STARVE");
    int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (file < 0)
        return;
    void *map = mmap(NULL, sizeof *countdown, PROT_READ | PROT_WRITE,
                     MAP_SHARED, file, 0);
    close(file);
    if (map != MAP_FAILED)
        countdown = map;
}

static bool starves(void)
{
    if (countdown == NULL || atomic_load(countdown) <= 0 ||
        atomic_fetch_sub(countdown, 1) != 1)
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return starves() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return starves() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    return starves() ? NULL : __libc_realloc(old, size);
}
