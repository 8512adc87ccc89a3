// SPDX-License-Identifier: GPL-3.0-or-later
// oidc_flow.h - a sign-in on its way through a provider
//
// The browser keeps one secret, a cookie, from which nonce and PKCE verifier
// follow (RFC 7636); the store keeps hashes of the cookie and of `state`, for
// OIDC_FLOW_S and for one use. So a stolen code, a stolen link back and a copy
// of the database are each worth nothing.

#ifndef CUMAE_OIDC_FLOW_H
#define CUMAE_OIDC_FLOW_H

#include "auth.h"
#include "oidc.h"
#include "text.h"

enum {
    OIDC_FLOW_S = 600,
    OIDC_MAX_FLOWS = 10000, // at once; beyond it the oldest are forgotten
    OIDC_MAX_RETURN = 1000, // bytes of a path to return to
    OIDC_SECRET_CHARS = 43, // 256 bits
};

struct oidc_flow {
    char state[OIDC_SECRET_CHARS + 1], cookie[OIDC_SECRET_CHARS + 1];
};

// Makes the secrets of a sign-in.
void oidc_flow_init(struct oidc_flow *flow);

// What follows from the cookie.
struct oidc_proof {
    char nonce[AUTH_BASE64_SIZE], verifier[AUTH_BASE64_SIZE];
};
void oidc_flow_proof(const char *cookie, struct oidc_proof *proof);

// Where to send the browser.
const char *oidc_flow_url(const struct oidc_provider *provider,
                          const struct oidc_discovery *discovery,
                          const struct oidc_flow *flow,
                          const char *redirect_uri, struct arena *arena);

// Is this a path on our own host, whatever a browser makes of it?
bool oidc_flow_is_local(const char *path);

#endif
