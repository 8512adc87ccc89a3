// SPDX-License-Identifier: GPL-3.0-or-later
// route_caller.c - who is calling, and whether the token allows it

#include "route.h"

#include <string.h>
#include <strings.h>

#include "auth.h"
#include "clock.h"

static const char *bearer(const struct request *request)
{
    const char *header = request_header(request, "authorization");
    if (!header || strncasecmp(header, "Bearer ", 7) != 0)
        return NULL;
    header += 7;
    return header + strspn(header, " ");
}

bool route_is_secure(const struct call *call)
{
    const struct config *config = call->service->config;
    return session_is_secure(config->public_url) || *config->tls_key;
}

static char *cookie(const struct call *call)
{
    struct request *request = call->request;
    return session_secret(&request->arena, request_header(request, "cookie"),
                          route_is_secure(call));
}

struct session_source route_source(const struct call *call)
{
    const struct request *request = call->request;
    return (struct session_source){
        .mark = request_header(request, "x-cumae-csrf"),
        .site = request_header(request, "sec-fetch-site"),
        .origin = request_header(request, "origin"),
        .host = request_header(request, "host"),
        .public_url = call->service->config->public_url,
    };
}

// GET and HEAD change nothing.
static int check_source(const struct call *call, struct error *err)
{
    const struct session_source source = route_source(call);
    enum http_method method = call->request->method;
    return method == HTTP_GET || method == HTTP_HEAD
               ? 0
               : session_check_source(&source, err);
}

// Tells the user of a token that it will soon end.
static void warn(const struct call *call)
{
    struct request *request = call->request;
    struct text text;
    if (call->principal.kind != TOKEN_API ||
        !account_ends_soon(&call->principal, clock_wall_ms()))
        return;
    text_init(&text, &request->arena);
    text_time(&text, call->principal.expires_ms);
    reply_header(request, "Cumae-Token-Expires",
                 arena_copy(&request->arena, text.data + 1, text.n - 2));
}

// RFC 6750, 3.1: the token does not allow this.
static int check_right(const struct call *call, struct error *err)
{
    if (access_use(&call->principal, call->route->right, err) == 0)
        return 0;
    reply_header(call->request, "WWW-Authenticate",
                 "Bearer realm=\"cumae\", error=\"insufficient_scope\"");
    return -1;
}

// Returns 0, -1, 1 when the store is needed, or 2 when the secret is a token of
// a provider, which may have to be waited for.
static int identify(struct call *call, const char *secret, bool by_cookie,
                    bool *use, struct error *err)
{
    bool foreign = !auth_is_secret(secret),
         waits = foreign && call->place != PLACE_OUTSIDE;
    if (foreign && by_cookie)
        return error_set(err, ERROR_UNAUTHORIZED, "the session is not valid");
    int result =
        accounts_check(call->service->accounts, waits ? NULL : call->store,
                       secret, &call->principal, use, err);
    return result > 0 && waits ? 2 : result;
}

int route_authenticate(struct call *call, struct error *err)
{
    struct request *request = call->request;
    const char *secret = NULL;
    char *copy = NULL; // of what is in the cookie
    bool use = false;
    if (call->route->access == ACCESS_OPEN)
        return 0;
    if (call->route->access == ACCESS_PATH)
        secret = call->args[0];
    else if (!(secret = bearer(request)))
        secret = copy = cookie(call);
    if (!secret)
        return error_set(err, ERROR_UNAUTHORIZED,
                         "a bearer token or a session is required");
    int result = identify(call, secret, copy != NULL, &use, err);
    if (copy)
        auth_wipe(copy, strlen(copy));
    call->familiar = result > 0 && call->principal.user_id;
    if (result)
        return result;
    bool counted = request->user_id != 0;
    request->user_id = call->principal.user_id;
    if (!counted &&
        gate_user(call->service->gate, request, &call->principal, err))
        return -1;
    if (copy && check_source(call, err))
        return -1;
    if (use)
        uses_note(call->service->uses, call->principal.token_id, request->peer);
    warn(call);
    return check_right(call, err);
}
