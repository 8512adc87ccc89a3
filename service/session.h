// SPDX-License-Identifier: GPL-3.0-or-later
// session.h - browsers that are signed in
//
// A session is a secret (cums_) in a cookie, and a row like that of a token. It
// ends SESSION_MAX_S after the sign-in and ACCOUNT_IDLE_S after its last use,
// which is noted once a minute. Each sign-in makes a new secret and ends the
// session that the browser had, so a secret that somebody knew before is worth
// nothing after it.
//
// A cookie is sent whoever caused the request. So what changes something must
// carry a header that another site cannot make a browser send, and must not
// come from another site by what the browser says itself.

#ifndef CUMAE_SESSION_H
#define CUMAE_SESSION_H

#include "account.h"
#include "store_audit.h"

enum {
    SESSION_MAX_S = 7 * 86400,
    SESSION_MAX = 100, // of a user; beyond it the oldest end
};

struct session_start {
    int64_t user_id, study_id, campaign_id; // as in struct principal
    unsigned scopes;
    const char *former;     // the secret of the browser's last one, or NULL
    struct audit_row audit; // who, from where, now
};

// Makes a session in a transaction: a new secret, its row, a line of the audit
// log "session.open". Ends the former one, and the oldest beyond SESSION_MAX.
int session_open(struct store *store, const struct session_start *start,
                 struct new_token *session, struct error *err);

// ---- the cookie -------------------------------------------------------------

// Do browsers reach the service by https? Then the cookie is called
// __Host-cumae_session, which no other host and no http can set, and nothing
// else is taken for one. public_url may be "" or NULL.
bool session_is_secure(const char *public_url);

// The value of Set-Cookie that hands the secret over, or with NULL takes the
// cookie away.
const char *session_cookie(struct arena *arena, const char *secret,
                           bool secure);

// A copy of the secret in the value of Cookie, or NULL. cookies may be NULL.
char *session_secret(struct arena *arena, const char *cookies, bool secure);

// ---- where a request comes from ---------------------------------------------

// Headers of a request, NULL where there is none.
struct session_source {
    const char *mark; // X-Cumae-CSRF
    const char *site; // Sec-Fetch-Site
    const char *origin, *host;
    const char *public_url; // a setting; "" when not set
};

// Refuses what a browser says to come from another site: Sec-Fetch-Site, or
// without it Origin, which must be that of public_url or of Host.
// ERROR_FORBIDDEN.
int session_check_site(const struct session_source *source, struct error *err);

// The same, and the mark is required: for what changes something by the
// authority of a cookie.
int session_check_source(const struct session_source *source,
                         struct error *err);

#endif
