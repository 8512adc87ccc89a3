// SPDX-License-Identifier: GPL-3.0-or-later
// arena.h - scratch memory that is thrown away in one piece
//
// An arena serves one request or one suggestion. Nothing taken from it is
// freed alone; arena_reset gives everything back at once and keeps the first
// block for the next use. Running out of memory aborts the process: what is
// stored is safe in the database, and a supervisor restarts us.

#ifndef CUMAE_ARENA_H
#define CUMAE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *block; // the newest block, linked to the older ones
    size_t used;               // bytes taken of the newest block
};

// Makes an empty arena. It takes no memory before the first allocation.
void arena_init(struct arena *arena);

// Frees everything. The arena may be used again after arena_init.
void arena_done(struct arena *arena);

// Gives back all that was taken and keeps one block for reuse.
void arena_reset(struct arena *arena);

// Returns how much memory the arena holds, taken or not.
size_t arena_bytes(const struct arena *arena);

// Returns `bytes` uninitialised bytes, aligned for any type. Never NULL.
void *arena_alloc(struct arena *arena, size_t bytes);

// Returns `n` zeroed objects of `size` bytes; n * size must not overflow.
void *arena_zeros(struct arena *arena, size_t n, size_t size);

// Returns an array of `n` uninitialised doubles.
double *arena_doubles(struct arena *arena, size_t n);

// Returns a copy of the `n` bytes at `text`, followed by a NUL.
char *arena_copy(struct arena *arena, const char *text, size_t n);

// Returns a formatted, NUL-terminated string.
char *arena_print(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
