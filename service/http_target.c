// SPDX-License-Identifier: GPL-3.0-or-later
// http_target.c - percent-decoding with its checks

#include "http_target.h"

#include <string.h>
#include <strings.h>

#include "utf8.h"

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Decodes n bytes into the arena; `plus` makes '+' a blank.
static char *decode(struct arena *arena, const char *raw, size_t n, bool plus,
                    struct error *err)
{
    char *out = arena_alloc(arena, n + 1);
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        char c = raw[i];
        if (c == '%') {
            int high = n - i > 2 ? digit(raw[i + 1]) : -1;
            int low = n - i > 2 ? digit(raw[i + 2]) : -1;
            if (high < 0 || low < 0)
                goto broken;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c == '\0')
            goto broken;
        out[used++] = c;
    }
    out[used] = '\0';
    if (utf8_is_valid(out, used))
        return out;
broken:
    error_set(err, ERROR_MALFORMED,
              "the URL has a percent-escape that is no UTF-8 text");
    return NULL;
}

static void collapse_slashes(char *path)
{
    char *out = path;
    for (const char *in = path; *in != '\0'; in++)
        if (*in != '/' || out == path || out[-1] != '/')
            *out++ = *in;
    *out = '\0';
}

static int parse_pair(struct request *request, const char *pair, size_t n,
                      struct error *err)
{
    if (n == 0)
        return 0;
    if (request->n_query == HTTP_MAX_QUERY)
        return error_set(err, ERROR_MALFORMED,
                         "the query has more than %d parameters",
                         HTTP_MAX_QUERY);
    const char *equals = memchr(pair, '=', n);
    size_t name = equals == NULL ? n : (size_t)(equals - pair);
    const char *value = equals == NULL ? "" : equals + 1;
    size_t rest = equals == NULL ? 0 : n - name - 1;
    struct http_pair *slot = &request->query[request->n_query];
    slot->name = decode(&request->arena, pair, name, true, err);
    slot->value = decode(&request->arena, value, rest, true, err);
    if (slot->name == NULL || slot->value == NULL)
        return -1;
    request->n_query++;
    return 0;
}

static int parse_query(struct request *request, const char *query,
                       struct error *err)
{
    for (;;) {
        size_t n = strcspn(query, "&");
        if (parse_pair(request, query, n, err) != 0)
            return -1;
        if (query[n] == '\0')
            return 0;
        query += n + 1;
    }
}

// Skips "http://authority" of the absolute form.
static const char *origin_form(const char *target)
{
    size_t scheme = strncasecmp(target, "http://", 7) == 0    ? 7
                    : strncasecmp(target, "https://", 8) == 0 ? 8
                                                              : 0;
    if (scheme == 0)
        return target;
    target += scheme + strcspn(target + scheme, "/?");
    return *target == '\0' ? "/" : target;
}

int target_parse(struct request *request, const char *target, struct error *err)
{
    request->path = "";
    request->n_query = 0;
    target = origin_form(target);
    if (strcmp(target, "*") == 0) {
        request->path = "*";
        return 0;
    }
    if (*target != '/')
        return error_set(err, ERROR_MALFORMED,
                         "the request target must begin with /");
    size_t n = strcspn(target, "?");
    char *path = decode(&request->arena, target, n, false, err);
    if (path == NULL)
        return -1;
    collapse_slashes(path);
    request->path = path;
    return target[n] == '?' ? parse_query(request, target + n + 1, err) : 0;
}
