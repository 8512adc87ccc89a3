// SPDX-License-Identifier: GPL-3.0-or-later
// arena.c - scratch memory that is thrown away in one piece
//
// Blocks double in size, so a request of any size makes few of them; the
// oldest, which is the smallest, is the one that is kept.

#include "arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

enum { FIRST_BLOCK = 16384 }; // bytes

struct arena_block {
    struct arena_block *older;
    size_t size;
    _Alignas(max_align_t) unsigned char bytes[];
};

static struct arena_block *add_block(struct arena_block *older, size_t bytes)
{
    size_t size = older ? 2 * older->size : FIRST_BLOCK;
    if (size < bytes)
        size = bytes;
    assert(size <= SIZE_MAX - sizeof(struct arena_block));
    struct arena_block *block =
        memory_resize(NULL, 1, sizeof(struct arena_block) + size);
    block->older = older;
    block->size = size;
    return block;
}

void arena_init(struct arena *arena)
{
    *arena = (struct arena){0};
}

// Frees the blocks newer than `last`.
static void drop(struct arena *arena, const struct arena_block *last)
{
    while (arena->block != last) {
        struct arena_block *older = arena->block->older;
        free(arena->block);
        arena->block = older;
    }
    arena->used = 0;
}

void arena_done(struct arena *arena)
{
    drop(arena, NULL);
}

size_t arena_bytes(const struct arena *arena)
{
    size_t bytes = 0;
    for (const struct arena_block *b = arena->block; b != NULL; b = b->older)
        bytes += b->size;
    return bytes;
}

void arena_reset(struct arena *arena)
{
    const struct arena_block *oldest = arena->block;
    while (oldest && oldest->older)
        oldest = oldest->older;
    drop(arena, oldest);
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    const size_t align = _Alignof(max_align_t);
    assert(bytes <= SIZE_MAX - align);
    bytes = (bytes + align - 1) / align * align;
    if (!arena->block || bytes > arena->block->size - arena->used) {
        arena->block = add_block(arena->block, bytes);
        arena->used = 0;
    }
    void *taken = arena->block->bytes + arena->used;
    arena->used += bytes;
    return taken;
}

void *arena_zeros(struct arena *arena, size_t n, size_t size)
{
    assert(size == 0 || n <= SIZE_MAX / size);
    return memset(arena_alloc(arena, n * size), 0, n * size);
}

double *arena_doubles(struct arena *arena, size_t n)
{
    assert(n <= SIZE_MAX / sizeof(double));
    return arena_alloc(arena, n * sizeof(double));
}

char *arena_copy(struct arena *arena, const char *text, size_t n)
{
    char *copy = arena_alloc(arena, n + 1);
    if (n)
        memcpy(copy, text, n);
    copy[n] = '\0';
    return copy;
}

char *arena_print(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(length >= 0);
    char *text = arena_alloc(arena, (size_t)length + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}
