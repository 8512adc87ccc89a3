// SPDX-License-Identifier: GPL-3.0-or-later
// asset.c - finds a page and replies with it, or with a 304

#include "asset.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// In assets.S.
extern const struct asset asset_table[];
extern const size_t asset_count;

enum { MAX_FILE_BYTES = 32 * 1024 * 1024 };

const struct asset *asset_find(const char *path)
{
    for (size_t i = 0; i < asset_count; i++)
        if (strcmp(asset_table[i].path, path) == 0)
            return &asset_table[i];
    return NULL;
}

const char *asset_type(const char *path)
{
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".json", "application/json"},
        {".map", "application/json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".txt", "text/plain; charset=utf-8"},
        {".md", "text/plain; charset=utf-8"},
    };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof *types; i++)
        if (strcmp(dot, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

// RFC 9110 13.1.2: a list of tags or *, compared weakly. Ours are too long
// and too random to be a part of another.
static bool knows(const struct request *request, const char *tag)
{
    const char *list = request_header(request, "if-none-match");
    return list != NULL &&
           (strcmp(list, "*") == 0 || strstr(list, tag) != NULL);
}

static void reply_embedded(struct request *request, const struct asset *asset)
{
    struct reply *reply = &request->reply;
    bool packed = asset->gzip_bytes > 0 && request_accepts_gzip(request);
    // Two representations of one page have two tags.
    const char *tag = arena_print(&request->arena, "\"%s%s\"", asset->tag,
                                  packed ? "-gzip" : "");
    reply_header(request, "ETag", tag);
    reply_header(request, "Cache-Control", "no-cache");
    reply_header(request, "Vary", "Accept-Encoding");
    if (knows(request, asset->tag)) {
        reply->status = 304;
        return;
    }
    if (packed)
        reply_header(request, "Content-Encoding", "gzip");
    reply->status = 200;
    reply->content_type = asset_type(asset->path);
    reply->body = packed ? asset->gzip : asset->data;
    reply->body_bytes = packed ? asset->gzip_bytes : asset->bytes;
}

// True when no segment is empty or begins with a dot: then the path stays
// inside the folder.
static bool is_harmless(const char *path)
{
    while (*path != '.' && *path != '/' && *path != '\0') {
        path += strcspn(path, "/");
        if (*path == '\0')
            return true;
        path++;
    }
    return false;
}

// Reads a whole file into the request's arena.
static bool read_file(struct request *request, int fd)
{
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) ||
        info.st_size > MAX_FILE_BYTES)
        return false;
    size_t bytes = (size_t)info.st_size, used = 0;
    char *data = arena_alloc(&request->arena, bytes + 1);
    ssize_t n = 1;
    while (used < bytes && n > 0) {
        n = read(fd, data + used, bytes - used);
        used += n > 0 ? (size_t)n : 0;
    }
    data[used] = '\0';
    request->reply.body = data;
    request->reply.body_bytes = used;
    return n >= 0;
}

static bool reply_file(struct request *request, const char *path,
                       const char *web_dir)
{
    if (!is_harmless(path))
        return false;
    int fd = open(arena_print(&request->arena, "%s/%s", web_dir, path),
                  O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool found = read_file(request, fd);
    close(fd);
    if (found) {
        request->reply.status = 200;
        request->reply.content_type = asset_type(path);
    }
    return found;
}

bool asset_reply(struct request *request, const char *web_dir)
{
    const char *path = request->path + (*request->path == '/');
    if (*path == '\0')
        path = "index.html";
    if (web_dir != NULL && *web_dir != '\0')
        return reply_file(request, path, web_dir);
    const struct asset *asset = asset_find(path);
    if (asset == NULL)
        return false;
    reply_embedded(request, asset);
    return true;
}
