// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_gzip.c - compressed bodies
//
// The first byte says in what pieces the rest comes in: the result does not
// depend on it. What is packed comes back when it is unpacked.

#include "fuzz.h"

#include "gzip.h"
#include "text.h"

enum { MOST_BYTES = 1 << 20 };

static bool take(void *context, const char *data, size_t n)
{
    struct text *text = context;
    if (text->n + n > MOST_BYTES)
        return false;
    text_bytes(text, data, n);
    return true;
}

// Unpacks in pieces. True when the stream is good and whole.
static bool unpack(const char *data, size_t n, size_t piece, struct text *out)
{
    struct gunzip *gunzip = gunzip_new();
    bool good = true;
    for (size_t i = 0; i < n && good; i += piece)
        good = gunzip_feed(gunzip, data + i, n - i < piece ? n - i : piece,
                           take, out);
    good = good && gunzip_ended(gunzip);
    gunzip_free(gunzip);
    return good;
}

static void check_unpacking(const char *data, size_t n, size_t piece,
                            struct arena *arena)
{
    struct text whole, pieces;
    text_init(&whole, arena);
    text_init(&pieces, arena);
    bool good = unpack(data, n, n, &whole);
    expect(unpack(data, n, piece, &pieces) == good, "pieces of %zu", piece);
    expect(!good || (whole.n == pieces.n &&
                     memcmp(whole.data, pieces.data, whole.n) == 0),
           "pieces of %zu", piece);
}

static void check_packing(const char *data, size_t n, size_t piece,
                          struct arena *arena)
{
    size_t packed_bytes;
    struct text back;
    const char *packed = gzip_deflate(arena, data, n, &packed_bytes);
    if (!packed)
        return;
    text_init(&back, arena);
    expect(packed_bytes < n, "%zu bytes from %zu", packed_bytes, n);
    expect(unpack(packed, packed_bytes, piece, &back), "pieces of %zu", piece);
    expect(back.n == n && memcmp(back.data, data, n) == 0, "%zu bytes", n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    if (size < 2)
        return 0;
    arena_init(&arena);
    size_t piece = 1 + (size_t)data[0];
    check_unpacking((const char *)data + 1, size - 1, piece, &arena);
    check_packing((const char *)data + 1, size - 1, piece, &arena);
    arena_done(&arena);
    return 0;
}
