// SPDX-License-Identifier: GPL-3.0-or-later
// http_receive.c - from request line, headers and body to struct request
//
// The library below accepts some requests that two parsers in a row could
// understand differently (request smuggling, RFC 9112 11.2): two lengths, a
// length and chunks, blanks in a field name, no or two Hosts. They are
// refused here, and the connection is closed.

#include "http_exchange.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <microhttpd.h>

#include "http_target.h"
#include "utf8.h"

enum {
    BODY_START_BYTES = 4096,
    CUT_FACTOR = 4, // a body that is this much too large is not read to its end
    ID_BYTES_MIN = 8,
    ID_BYTES_MAX = 64
};

struct exchange *exchange_new(struct connection *connection, const char *target)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL)
        abort();
    struct request *request = &exchange->request;
    arena_init(&request->arena);
    request->path = "";
    request->body = "";
    request->started_us = http_now_us();
    memcpy(request->peer, connection->peer, sizeof request->peer);
    request->peer_key = connection->peer_key;
    request->target = arena_copy(&request->arena, target, strlen(target));
    exchange->connection = connection;
    exchange->loop = connection->loop;
    return exchange;
}

void exchange_free(struct exchange *exchange)
{
    gunzip_free(exchange->gunzip);
    free(exchange->body);
    arena_done(&exchange->request.arena);
    free(exchange);
}

static enum http_method method_of(const char *name)
{
    static const char *const names[HTTP_OTHER] = {
        [HTTP_GET] = "GET",        [HTTP_HEAD] = "HEAD",
        [HTTP_POST] = "POST",      [HTTP_PUT] = "PUT",
        [HTTP_PATCH] = "PATCH",    [HTTP_DELETE] = "DELETE",
        [HTTP_OPTIONS] = "OPTIONS"};
    for (enum http_method method = 0; method < HTTP_OTHER; method++)
        if (strcmp(names[method], name) == 0)
            return method;
    return HTTP_OTHER;
}

// ---- headers ----------------------------------------------------------------

// What one walk over the headers collects.
struct intake {
    struct exchange *exchange;
    unsigned lengths, encodings, hosts;
    bool chunked, garbled;
    bool old;             // HTTP/1.0
    const char *repeated; // a header that may come once came twice
    const char *length, *request_id, *content_encoding;
};

// A proxy appends its X-Forwarded-For, so the last one is the one to trust.
static const struct {
    const char *name;
    enum { NEVER, FIRST, LAST } repeats; // and then which one is kept
} kept[] = {
    {"authorization", NEVER},
    {"cookie", NEVER},
    {"content-type", NEVER},
    {"idempotency-key", NEVER},
    {"if-none-match", FIRST},
    {"origin", NEVER},
    {"host", FIRST},
    {"last-event-id", NEVER},
    {"sec-fetch-site", NEVER},
    {"x-cumae-csrf", NEVER},
    {"user-agent", FIRST},
    {"accept", FIRST},
    {"accept-encoding", FIRST},
    {"x-forwarded-for", LAST},
    {"x-forwarded-proto", LAST},
};

enum { N_KEPT = sizeof kept / sizeof *kept };

static_assert(sizeof kept / sizeof *kept <= HTTP_MAX_HEADERS,
              "every kept header has a slot");

// RFC 9110 5.6.2
static bool is_token(const char *name, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c <= ' ' || c >= 0x7F || strchr("\"(),/:;<=>?@[\\]{}", c) != NULL)
            return false;
    }
    return n > 0;
}

// The slot of a kept header, or the first free one.
static struct http_pair *slot_of(struct request *request, const char *name)
{
    size_t i = 0;
    while (i < request->n_headers &&
           strcmp(request->headers[i].name, name) != 0)
        i++;
    return &request->headers[i];
}

static void keep(struct intake *intake, const char *name, const char *value)
{
    struct request *request = &intake->exchange->request;
    size_t i = 0;
    while (i < N_KEPT && strcasecmp(kept[i].name, name) != 0)
        i++;
    if (i == N_KEPT)
        return;
    struct http_pair *slot = slot_of(request, kept[i].name);
    bool again = slot->name != NULL;
    if (again && kept[i].repeats == NEVER)
        intake->repeated = kept[i].name;
    if (again && kept[i].repeats != LAST)
        return;
    request->n_headers += !again;
    slot->name = kept[i].name;
    slot->value = arena_copy(&request->arena, value, strlen(value));
}

static enum MHD_Result visit(void *context, enum MHD_ValueKind kind,
                             const char *name, size_t name_bytes,
                             const char *value, size_t value_bytes)
{
    struct intake *intake = context;
    (void)kind;
    value = value == NULL ? "" : value;
    if (!is_token(name, name_bytes) || strlen(value) != value_bytes ||
        strpbrk(value, "\r\n") != NULL)
        intake->garbled = true;
    if (strcasecmp(name, "content-length") == 0) {
        intake->lengths++;
        intake->length = value;
    } else if (strcasecmp(name, "transfer-encoding") == 0) {
        intake->encodings++;
        intake->chunked = strcasecmp(value, "chunked") == 0;
    } else if (strcasecmp(name, "host") == 0) {
        intake->hosts++;
    } else if (strcasecmp(name, "x-request-id") == 0) {
        intake->request_id = value;
    } else if (strcasecmp(name, "content-encoding") == 0) {
        intake->content_encoding = value;
    }
    keep(intake, name, value);
    return MHD_YES;
}

static int guard(const struct intake *intake, struct error *err)
{
    if (intake->garbled)
        return error_set(err, ERROR_MALFORMED,
                         "a header has a character that is not allowed");
    if (intake->lengths > 1 || intake->encodings > 1 ||
        (intake->lengths > 0 && intake->encodings > 0))
        return error_set(err, ERROR_MALFORMED,
                         "the length of the body is given more than once");
    if (intake->encodings == 1 && !intake->chunked)
        return error_set(err, ERROR_MALFORMED,
                         "the only transfer encoding known here is chunked");
    if (intake->old && intake->encodings > 0)
        return error_set(err, ERROR_MALFORMED,
                         "HTTP/1.0 has no transfer encodings");
    if (intake->hosts != 1 && !(intake->old && intake->hosts == 0))
        return error_set(err, ERROR_MALFORMED,
                         "a request has one Host header, not %u",
                         intake->hosts);
    if (intake->repeated != NULL)
        return error_set(err, ERROR_MALFORMED,
                         "the header %s may come only once", intake->repeated);
    return 0;
}

static bool is_request_id(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    size_t n = text == NULL ? 0 : strlen(text);
    return n >= ID_BYTES_MIN && n <= ID_BYTES_MAX && strspn(text, allowed) == n;
}

static void set_id(struct exchange *exchange, const char *wanted)
{
    struct http *http = exchange->loop->http;
    struct request *request = &exchange->request;
    if (is_request_id(wanted))
        snprintf(request->id, sizeof request->id, "%s", wanted);
    else
        snprintf(request->id, sizeof request->id, "%012" PRIx64 "-%" PRIx64,
                 http->id_seed, atomic_fetch_add(&http->id_count, 1));
}

// Sets who is calling, and whether over TLS, as a trusted proxy tells.
static void look_behind_proxy(struct exchange *exchange)
{
    const struct http *http = exchange->loop->http;
    struct request *request = &exchange->request;
    const char *scheme = request_header(request, "x-forwarded-proto");
    request->secure = http->tls != NULL;
    if (!peers_trusted(http->peers, request->peer))
        return;
    if (scheme != NULL)
        request->secure = strcasecmp(scheme, "https") == 0;
    else
        request->secure = request->secure || http->options.public_https;
    peers_forwarded(http->peers, request_header(request, "x-forwarded-for"),
                    request->peer);
    request->peer_key = peers_key(request->peer);
}

// How large the body may be.
static size_t body_limit(const struct exchange *exchange)
{
    const struct http_options *options = &exchange->loop->http->options;
    const char *path = exchange->request.path;
    bool large = options->large_path && path &&
                 options->max_large_bytes > options->max_body_bytes &&
                 strcmp(path, options->large_path) == 0;
    return large ? options->max_large_bytes : options->max_body_bytes;
}

static int check_length(const struct exchange *exchange, const char *length,
                        struct error *err)
{
    size_t limit = body_limit(exchange);
    if (length == NULL || strtoull(length, NULL, 10) <= limit)
        return 0;
    return error_set(err, ERROR_TOO_LARGE,
                     "the body has %s bytes, at most %zu are allowed", length,
                     limit);
}

static int check_encoding(struct exchange *exchange, const char *encoding,
                          struct error *err)
{
    if (encoding == NULL || strcasecmp(encoding, "identity") == 0)
        return 0;
    if (strcasecmp(encoding, "gzip") != 0) {
        reply_header(&exchange->request, "Accept-Encoding", "gzip");
        return error_set(err, ERROR_MEDIA_TYPE,
                         "the only content encoding known here is gzip");
    }
    exchange->gunzip = gunzip_new();
    return 0;
}

int exchange_begin(struct exchange *exchange, const char *method,
                   const char *version, struct error *err)
{
    struct request *request = &exchange->request;
    struct intake intake = {.exchange = exchange,
                            .old = strcmp(version, "HTTP/1.0") == 0};
    exchange->stage = READING;
    request->method = method_of(method);
    MHD_get_connection_values_n(exchange->connection->mhd, MHD_HEADER_KIND,
                                visit, &intake);
    set_id(exchange, intake.request_id);
    look_behind_proxy(exchange);
    if (guard(&intake, err) != 0 ||
        target_parse(request, request->target, err) != 0 ||
        check_length(exchange, intake.length, err) != 0 ||
        check_encoding(exchange, intake.content_encoding, err) != 0)
        return -1;
    return 0;
}

// ---- body -------------------------------------------------------------------

// Appends to the body; one byte more is always there for the final NUL.
static bool append(void *context, const char *data, size_t n)
{
    struct exchange *exchange = context;
    struct request *request = &exchange->request;
    size_t limit = body_limit(exchange);
    if (n > limit - request->body_bytes) {
        exchange->too_large = true;
        return false;
    }
    size_t needed = request->body_bytes + n + 1;
    if (needed > exchange->body_room) {
        size_t room = exchange->body_room == 0 ? BODY_START_BYTES
                                               : exchange->body_room * 2;
        exchange->body_room = room < needed ? needed : room;
        exchange->body = realloc(exchange->body, exchange->body_room);
        if (exchange->body == NULL)
            abort();
    }
    memcpy(exchange->body + request->body_bytes, data, n);
    request->body_bytes += n;
    return true;
}

bool exchange_take(struct exchange *exchange, const char *data, size_t n)
{
    size_t limit = body_limit(exchange);
    exchange->received += n;
    exchange->too_large = exchange->too_large || exchange->received > limit;
    if (exchange->too_large || exchange->broken)
        return exchange->received / CUT_FACTOR <= limit;
    bool taken = exchange->gunzip != NULL
                     ? gunzip_feed(exchange->gunzip, data, n, append, exchange)
                     : append(exchange, data, n);
    exchange->broken = !taken && !exchange->too_large;
    return true;
}

int exchange_end(struct exchange *exchange, struct error *err)
{
    struct request *request = &exchange->request;
    if (exchange->too_large)
        return error_set(err, ERROR_TOO_LARGE,
                         "the body has more than %zu bytes",
                         body_limit(exchange));
    bool gzipped = exchange->gunzip != NULL && exchange->received > 0;
    if (exchange->broken || (gzipped && !gunzip_ended(exchange->gunzip)))
        return error_set(err, ERROR_MALFORMED, "the body is no gzip stream");
    if (request->body_bytes > 0) {
        exchange->body[request->body_bytes] = '\0';
        request->body = exchange->body;
    }
    return 0;
}

// ---- what handlers ask ------------------------------------------------------

const char *request_header(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->n_headers; i++)
        if (strcmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return NULL;
}

bool request_is_secure(const struct request *request)
{
    return request->secure;
}

const char *request_query(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->n_query; i++)
        if (strcmp(request->query[i].name, name) == 0)
            return request->query[i].value;
    return NULL;
}

void reply_header(struct request *request, const char *name, const char *value)
{
    struct reply *reply = &request->reply;
    assert(reply->n_headers < HTTP_MAX_REPLY_HEADERS);
    reply->headers[reply->n_headers++] = (struct http_pair){name, value};
}
