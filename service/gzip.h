// SPDX-License-Identifier: GPL-3.0-or-later
// gzip.h - gzip both ways, bounded
//
// Requests are inflated as their pieces arrive and never beyond the caller's
// limit, so a bomb costs no more than an honest body of that size.

#ifndef CUMAE_GZIP_H
#define CUMAE_GZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "../optimizers/arena.h"

struct gunzip;

// A decoder of one gzip stream.
struct gunzip *gunzip_new(void);
void gunzip_free(struct gunzip *gunzip);

// Inflates the n bytes and passes what comes out to `take`, which returns
// false to stop. Returns false when the stream is broken, when bytes follow
// its end, or when `take` stopped it.
bool gunzip_feed(struct gunzip *gunzip, const char *data, size_t n,
                 bool (*take)(void *context, const char *data, size_t n),
                 void *context);

// True when the stream came to its end and its checksum was right.
bool gunzip_ended(const struct gunzip *gunzip);

// Compresses into the arena at the fastest level. Returns NULL when the
// result would not be shorter.
const char *gzip_deflate(struct arena *arena, const char *data, size_t n,
                         size_t *out_bytes);

#endif
