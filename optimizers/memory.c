// SPDX-License-Identifier: GPL-3.0-or-later
// memory.c - heap memory that is never NULL

#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *memory_resize(void *old, size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size)
        abort();
    size_t bytes = n * size;
    void *new = realloc(old, bytes ? bytes : 1);
    if (!new)
        abort();
    return new;
}

void *memory_copy(const void *from, size_t n, size_t size)
{
    void *copy = memory_resize(NULL, n, size);
    if (n)
        memcpy(copy, from, n * size);
    return copy;
}

char *memory_text(const char *text)
{
    return memory_copy(text, strlen(text) + 1, 1);
}
