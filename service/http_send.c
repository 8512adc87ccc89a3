// SPDX-License-Identifier: GPL-3.0-or-later
// http_send.c - from struct reply to a response on the wire
//
// Every reply carries the security headers below unless the handler has set
// one of the same name, and the id of its request.

#include "http_exchange.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <microhttpd.h>

#include "log.h"

enum { GZIP_MIN_BYTES = 1024 }; // below, the reply fits into a packet anyway

static const struct http_pair standard[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; "
     "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
     "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy",
     "accelerometer=(), camera=(), display-capture=(), geolocation=(), "
     "gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), "
     "usb=()"},
    {"Cache-Control", "no-store"},
};

static const char *find(const struct reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->n_headers; i++)
        if (strcasecmp(reply->headers[i].name, name) == 0)
            return reply->headers[i].value;
    return NULL;
}

// ---- compression ------------------------------------------------------------

bool request_accepts_gzip(const struct request *request)
{
    const char *list = request_header(request, "accept-encoding");
    while (list != NULL && *list != '\0') {
        list += strspn(list, " \t,");
        size_t item = strcspn(list, ","), name = strcspn(list, " \t;,");
        if ((name == 4 && strncasecmp(list, "gzip", 4) == 0) ||
            (name == 1 && *list == '*')) {
            const char *weight = memchr(list, '=', item);
            return weight == NULL || strtod(weight + 1, NULL) > 0;
        }
        list += item;
    }
    return false;
}

static bool is_compressible(const char *type)
{
    static const char *const types[] = {"text/",
                                        "application/json",
                                        "application/problem+json",
                                        "application/x-ndjson",
                                        "application/javascript",
                                        "image/svg+xml"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strncmp(type, types[i], strlen(types[i])) == 0)
            return true;
    return false;
}

void exchange_prepare(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    struct reply *reply = &request->reply;
    bool has_body = reply->content_type != NULL && reply->status != 204 &&
                    reply->status != 304;
    exchange->sent = has_body ? reply->body : "";
    exchange->sent_bytes = has_body ? reply->body_bytes : 0;
    if (exchange->sent_bytes < GZIP_MIN_BYTES ||
        !is_compressible(reply->content_type) ||
        find(reply, "content-encoding") != NULL ||
        !request_accepts_gzip(request))
        return;
    size_t bytes;
    const char *packed = gzip_deflate(&request->arena, exchange->sent,
                                      exchange->sent_bytes, &bytes);
    if (packed == NULL)
        return;
    exchange->sent = packed;
    exchange->sent_bytes = bytes;
    exchange->compressed = true;
}

// ---- headers ----------------------------------------------------------------

// A response under construction. One that lacks a header would say something
// else: what is compressed would look plain, what may be repeated final. So it
// is not sent at all.
struct outgoing {
    struct MHD_Response *response;
    bool complete;
};

static void add(struct outgoing *outgoing, const char *name, const char *value)
{
    if (MHD_add_response_header(outgoing->response, name, value) == MHD_YES)
        return;
    outgoing->complete = false;
    log_event(LOG_ERROR, "a reply header was refused", log_text("name", name));
}

// The bytes of a compressed reply are not those that a strong validator
// promised, so its entity tag becomes a weak one (RFC 9110 8.8.1).
static const char *weakened(struct exchange *exchange, const char *etag)
{
    if (!exchange->compressed || strncmp(etag, "W/", 2) == 0)
        return etag;
    return arena_print(&exchange->request.arena, "W/%s", etag);
}

static void add_headers(struct exchange *exchange, struct outgoing *outgoing)
{
    struct request *request = &exchange->request;
    const struct reply *reply = &request->reply;
    for (size_t i = 0; i < reply->n_headers; i++) {
        const char *value = reply->headers[i].value;
        if (strcasecmp(reply->headers[i].name, "etag") == 0)
            value = weakened(exchange, value);
        add(outgoing, reply->headers[i].name, value);
    }
    for (size_t i = 0; i < sizeof standard / sizeof *standard; i++)
        if (find(reply, standard[i].name) == NULL)
            add(outgoing, standard[i].name, standard[i].value);
    if (reply->content_type != NULL)
        add(outgoing, "Content-Type", reply->content_type);
    if (reply->content_type != NULL && is_compressible(reply->content_type) &&
        find(reply, "vary") == NULL)
        add(outgoing, "Vary", "Accept-Encoding");
    if (exchange->compressed)
        add(outgoing, "Content-Encoding", "gzip");
    add(outgoing, "X-Request-Id", request->id);
    if (request->secure && exchange->loop->http->hsts[0] != '\0')
        add(outgoing, "Strict-Transport-Security", exchange->loop->http->hsts);
    if (exchange->close)
        add(outgoing, "Connection", "close");
}

bool exchange_send(struct exchange *exchange)
{
    exchange->stage = ANSWERED;
    // The library takes the body as void *, but does not write to it.
    struct outgoing outgoing = {.response = MHD_create_response_from_buffer(
                                    exchange->sent_bytes,
                                    (void *)(uintptr_t)exchange->sent,
                                    MHD_RESPMEM_PERSISTENT),
                                .complete = true};
    if (outgoing.response == NULL)
        return false;
    add_headers(exchange, &outgoing);
    bool queued = outgoing.complete &&
                  MHD_queue_response(exchange->connection->mhd,
                                     (unsigned)exchange->request.reply.status,
                                     outgoing.response) == MHD_YES;
    MHD_destroy_response(outgoing.response);
    return queued;
}
