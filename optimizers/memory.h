// SPDX-License-Identifier: GPL-3.0-or-later
// memory.h - heap memory that is never NULL
//
// Sizes are limited where input enters, so running out of memory is nobody's
// decision to handle: these functions abort the process instead of failing.

#ifndef CUMAE_MEMORY_H
#define CUMAE_MEMORY_H

#include <stddef.h>

// realloc to `n` objects of `size` bytes; n * size must not overflow and may
// be 0. Free the result with free().
void *memory_resize(void *old, size_t n, size_t size);

// A copy of `n` objects of `size` bytes; `from` may be NULL when n is 0.
void *memory_copy(const void *from, size_t n, size_t size);

// A copy of a NUL-terminated text.
char *memory_text(const char *text);

#endif
