// SPDX-License-Identifier: GPL-3.0-or-later
// wire_oidc.h - the JSON of OpenID Connect
//
// What a provider says is taken like what any stranger says: sizes are
// bounded, types are checked, members that are not known are passed over, as
// the standards ask. Everything that is returned lives in the arena.

#ifndef CUMAE_WIRE_OIDC_H
#define CUMAE_WIRE_OIDC_H

#include "auth_jwk.h"
#include "oidc_claims.h"
#include "text.h"

enum { OIDC_MAX_KEYS = 32 };

// The header of a token. ERROR_UNAUTHORIZED: no `alg`, or `crit`, of which we
// understand nothing.
int wire_oidc_header(const char *json, size_t bytes, struct arena *arena,
                     struct oidc_header *header, struct error *err);

// Claims of a token or of userinfo. groups_claim names the one with the
// groups: a list of texts, or one text. ERROR_UNAUTHORIZED: a claim is not of
// its type.
int wire_oidc_claims(const char *json, size_t bytes, const char *groups_claim,
                     struct arena *arena, struct oidc_claims *claims,
                     struct error *err);

// What a provider says of itself (OpenID Connect Discovery 1.0, 3).
struct oidc_discovery {
    const char *issuer, *authorization_endpoint, *token_endpoint, *jwks_uri;
    const char *userinfo_endpoint, *end_session_endpoint; // or NULL
    bool answers_with_iss; // its redirects carry `iss` (RFC 9207)
};

int wire_oidc_discovery(const char *json, size_t bytes, struct arena *arena,
                        struct oidc_discovery *discovery, struct error *err);

// The keys of a set that we understand, at most OIDC_MAX_KEYS; the others are
// passed over. Each is to be given back with auth_key_done.
int wire_oidc_keys(const char *json, size_t bytes, struct arena *arena,
                   struct auth_key keys[OIDC_MAX_KEYS], size_t *n,
                   struct error *err);

// What the token endpoint answers.
struct oidc_tokens {
    const char *id_token, *access_token;
};

int wire_oidc_tokens(const char *json, size_t bytes, struct arena *arena,
                     struct oidc_tokens *tokens, struct error *err);

// What a token endpoint says is wrong ("invalid_grant"), or NULL.
const char *wire_oidc_fault(const char *json, size_t bytes,
                            struct arena *arena);

#endif
