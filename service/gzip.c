// SPDX-License-Identifier: GPL-3.0-or-later
// gzip.c - zlib behind two small functions

#include "gzip.h"

#include <limits.h>
#include <stdlib.h>

#define ZLIB_CONST // next_in points to const
#include <zlib.h>

enum { GZIP_WINDOW = 15 + 16 }; // the largest window, gzip framing

struct gunzip {
    z_stream stream;
    bool ended;
};

struct gunzip *gunzip_new(void)
{
    struct gunzip *gunzip = calloc(1, sizeof *gunzip);
    if (gunzip == NULL || inflateInit2(&gunzip->stream, GZIP_WINDOW) != Z_OK)
        abort();
    return gunzip;
}

void gunzip_free(struct gunzip *gunzip)
{
    if (gunzip == NULL)
        return;
    inflateEnd(&gunzip->stream);
    free(gunzip);
}

bool gunzip_feed(struct gunzip *gunzip, const char *data, size_t n,
                 bool (*take)(void *context, const char *data, size_t n),
                 void *context)
{
    char out[16384];
    z_stream *stream = &gunzip->stream;
    if (n > UINT_MAX)
        return false;
    stream->next_in = (const Bytef *)data;
    stream->avail_in = (uInt)n;
    do {
        if (gunzip->ended)
            return stream->avail_in == 0;
        stream->next_out = (Bytef *)out;
        stream->avail_out = sizeof out;
        int status = inflate(stream, Z_NO_FLUSH);
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
            return false;
        gunzip->ended = status == Z_STREAM_END;
        size_t bytes = sizeof out - stream->avail_out;
        if (bytes > 0 && !take(context, out, bytes))
            return false;
    } while (stream->avail_in > 0 || stream->avail_out == 0);
    return true;
}

bool gunzip_ended(const struct gunzip *gunzip)
{
    return gunzip->ended;
}

const char *gzip_deflate(struct arena *arena, const char *data, size_t n,
                         size_t *out_bytes)
{
    z_stream stream = {0};
    if (n < 2 || n > UINT_MAX)
        return NULL;
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    char *out = arena_alloc(arena, n - 1);
    stream.next_in = (const Bytef *)data;
    stream.avail_in = (uInt)n;
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)(n - 1);
    int status = deflate(&stream, Z_FINISH);
    *out_bytes = n - 1 - stream.avail_out;
    deflateEnd(&stream);
    return status == Z_STREAM_END ? out : NULL;
}
