// SPDX-License-Identifier: GPL-3.0-or-later
// session.c - browsers that are signed in

#include "session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "auth.h"
#include "store_group.h"

static int end_former(struct store *store, const struct session_start *start,
                      struct error *err)
{
    unsigned char hash[AUTH_HASH_BYTES];
    if (!start->former)
        return 0;
    auth_hash(start->former, strlen(start->former), hash);
    return store_session_end(store, hash, start->audit.at_ms, err);
}

int session_open(struct store *store, const struct session_start *start,
                 struct new_token *session, struct error *err)
{
    char id[24];
    struct audit_row audit = start->audit;
    account_new_token(session, TOKEN_SESSION, start->user_id, "browser session",
                      start->scopes,
                      audit.at_ms + SESSION_MAX_S * INT64_C(1000));
    session->row.study_id = start->study_id;
    session->row.campaign_id = start->campaign_id;
    session->row.created_ms = session->row.used_ms = audit.at_ms;
    session->row.used_address = audit.address;
    if (end_former(store, start, err) ||
        store_token_add(store, &session->row, err) ||
        store_sessions_trim(store, start->user_id, SESSION_MAX, audit.at_ms,
                            err))
        return -1;
    snprintf(id, sizeof id, "%" PRId64, session->row.id);
    audit.user_id = start->user_id;
    audit.action = "session.open";
    audit.object = id;
    // Those that were ended may be trusted elsewhere still.
    return store_permissions_change(store, err) ||
                   store_audit_add(store, &audit, err)
               ? -1
               : 0;
}

// ---- the cookie -------------------------------------------------------------

bool session_is_secure(const char *public_url)
{
    return public_url && strncasecmp(public_url, "https://", 8) == 0;
}

static const char *name_of(bool secure)
{
    return secure ? "__Host-cumae_session" : "cumae_session";
}

const char *session_cookie(struct arena *arena, const char *secret, bool secure)
{
    return arena_print(arena,
                       "%s=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%d%s",
                       name_of(secure), secret ? secret : "",
                       secret ? SESSION_MAX_S : 0, secure ? "; Secure" : "");
}

char *session_secret(struct arena *arena, const char *cookies, bool secure)
{
    const char *name = name_of(secure);
    size_t n = strlen(name);
    for (const char *at = cookies; at && *at; at += *at == ';') {
        at += strspn(at, " ");
        size_t length = strcspn(at, ";");
        if (length > n && strncmp(at, name, n) == 0 && at[n] == '=')
            return arena_copy(arena, at + n + 1, strcspn(at + n + 1, "; "));
        at += length;
    }
    return NULL;
}

// ---- where a request comes from ---------------------------------------------

// Is it the origin of this URL, which may have a path?
static bool is_origin_of(const char *origin, const char *url)
{
    const char *host = strstr(url, "://");
    if (!host)
        return false;
    size_t n = (size_t)(host + 3 - url) + strcspn(host + 3, "/?#");
    return strlen(origin) == n && strncasecmp(origin, url, n) == 0;
}

static bool is_own_origin(const struct session_source *source)
{
    const char *host = strstr(source->origin, "://");
    if (source->public_url && *source->public_url)
        return is_origin_of(source->origin, source->public_url);
    return host && source->host && strcasecmp(host + 3, source->host) == 0;
}

int session_check_site(const struct session_source *source, struct error *err)
{
    bool own = true;
    if (source->site)
        own = strcmp(source->site, "same-origin") == 0;
    else if (source->origin)
        own = is_own_origin(source);
    return own ? 0
               : error_set(err, ERROR_FORBIDDEN,
                           "a request from another site must not do this");
}

int session_check_source(const struct session_source *source, struct error *err)
{
    if (!source->mark || strcmp(source->mark, "1") != 0)
        return error_set(err, ERROR_FORBIDDEN,
                         "X-Cumae-CSRF: 1 is required with a session cookie");
    return session_check_site(source, err);
}
