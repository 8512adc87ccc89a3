// SPDX-License-Identifier: GPL-3.0-or-later
// http.h - bytes on a socket <-> struct request and struct reply
//
// The only file that knows the HTTP library. An event loop never waits: it
// reads a whole request, hands it to `handle` and goes on. Whoever has the
// answer, in whatever thread, fills request->reply and calls http_answer once;
// the loop that owns the connection sends it. A request lives until its answer
// was sent or its connection died; after http_answer the caller must not touch
// it.

#ifndef CUMAE_HTTP_H
#define CUMAE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../optimizers/arena.h"
#include "../optimizers/error.h"

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_OTHER
};

struct http_pair {
    const char *name, *value;
};

enum {
    HTTP_MAX_QUERY = 32,
    HTTP_MAX_HEADERS = 16,
    HTTP_MAX_REPLY_HEADERS = 12
};

struct reply {
    int status;               // 0 until answered
    const char *content_type; // NULL: no body
    const char *body;         // in the request's arena, or static
    size_t body_bytes;
    struct http_pair headers[HTTP_MAX_REPLY_HEADERS]; // extra ones
    size_t n_headers;
};

struct request {
    struct arena arena; // for everything that lives as long
    enum http_method method;
    const char *target;                     // as it came
    const char *path;                       // decoded, "//" collapsed, no query
    struct http_pair query[HTTP_MAX_QUERY]; // decoded
    size_t n_query;
    struct http_pair headers[HTTP_MAX_HEADERS]; // see request_header
    size_t n_headers;
    const char *body; // inflated when it came gzipped; NUL-terminated
    size_t body_bytes;
    char id[68];        // request id: from X-Request-Id or made
    char peer[48];      // address of the client (trusted proxies undone)
    uint64_t peer_key;  // the same as a number; of a network for IPv6
    bool secure;        // see request_is_secure
    int64_t started_us; // monotonic
    struct reply reply;
    void *context;        // the handler's own
    const char *route;    // set by the router, for logs and metrics
    int64_t user_id;      // set by auth, for logs; 0: nobody
    struct request *next; // for queues of whoever holds it
};

// The request's header (name in lower case), or NULL. Only those the service
// knows are kept: authorization, cookie, content-type, idempotency-key,
// if-none-match, origin, host, last-event-id, sec-fetch-site,
// x-cumae-csrf, user-agent, accept, accept-encoding, x-forwarded-for,
// x-forwarded-proto.
const char *request_header(const struct request *request, const char *name);

// True when the request came to us, or to the trusted proxy that speaks for the
// client, over TLS. A proxy that says nothing (X-Forwarded-Proto) is taken to
// speak TLS when the public URL is https.
bool request_is_secure(const struct request *request);

// True when the client takes a gzipped body (RFC 9110 12.5.3).
bool request_accepts_gzip(const struct request *request);

// The decoded query parameter, or NULL.
const char *request_query(const struct request *request, const char *name);

// Adds a header to the reply; both strings must outlive it.
void reply_header(struct request *request, const char *name, const char *value);

struct http_options {
    const char *listen;     // "ADDRESS:PORT", port 0: chosen by the kernel
    unsigned loops;         // event-loop threads, >= 1
    size_t max_body_bytes;  // of a request, after inflating
    const char *large_path; // whose bodies may be larger; or NULL
    size_t max_large_bytes;
    unsigned max_connections;
    unsigned max_connections_per_address; // 0: no limit
    unsigned idle_s;         // keep-alive connections without a request
    unsigned request_s;      // whole request from its first byte
    unsigned send_s;         // an answer of which the client takes nothing
    size_t max_unsent_bytes; // of answers, before those that stall are cut
    const char *const *trusted_proxies; // NULL-terminated, or NULL
    const char *tls_certificate;        // PEM file, "" or NULL: no TLS
    const char *tls_key;
    bool public_https; // the URL that people see begins with https
    unsigned hsts_s;   // then, for how long browsers shall insist on it
    void (*handle)(void *context, struct request *request);
    // Called when the answer has been sent or the connection died, before the
    // request is freed. For logs and metrics. reply.status is 0 when the
    // client vanished before its request was whole. May be NULL.
    void (*finished)(void *context, const struct request *request,
                     bool delivered);
    void *context;
};

struct http;

// Listens and starts the loops. options is copied, its strings are not.
struct http *http_start(const struct http_options *options, struct error *err);

// The port that is listened on.
unsigned http_port(const struct http *http);

// Open connections.
unsigned http_connections(const struct http *http);

// Reads certificate and key again; connections that are open keep theirs. On
// error the old ones remain. Without TLS it does nothing.
int http_reload(struct http *http, struct error *err);

// Hands the answer in request->reply to the connection's loop. Any thread,
// once per request. gzip is applied here when the client accepts it and the
// body is worth it.
void http_answer(struct request *request);

// Stops taking connections; those that are open get `Connection: close`.
void http_drain(struct http *http);

// Requests handed out and not yet answered.
unsigned http_in_flight(const struct http *http);

// Heartbeats: true when every loop turned within the last `seconds`.
bool http_alive(const struct http *http, unsigned seconds);

// Waits up to `deadline_s` for requests in flight, then closes what is left
// and frees everything. All requests must have been answered by then or be
// answered by other threads meanwhile.
void http_stop(struct http *http, unsigned deadline_s);

#endif
