// SPDX-License-Identifier: GPL-3.0-or-later
// asset.h - the pages, compiled into the binary
//
// Made from web/ by embed.sh. A browser keeps them and asks with their entity
// tag; the answer then is a 304 without a body.

#ifndef CUMAE_ASSET_H
#define CUMAE_ASSET_H

#include <stdbool.h>
#include <stddef.h>

#include "http.h"

struct asset {
    const char *path; // relative to web/
    const char *tag;  // of the bytes, hexadecimal
    const char *data;
    size_t bytes;
    const char *gzip;  // the same compressed;
    size_t gzip_bytes; // 0: it is not worth it
};

// The asset of this path relative to web/, or NULL.
const struct asset *asset_find(const char *path);

// The media type that a file's name stands for.
const char *asset_type(const char *path);

// Replies to a GET or HEAD of request->path, where "/" is index.html; it does
// not answer. Returns false when there is no such page. With a web_dir that
// is neither NULL nor empty the files come from that folder, uncached, and
// never from outside of it or from names that begin with a dot.
bool asset_reply(struct request *request, const char *web_dir);

#endif
