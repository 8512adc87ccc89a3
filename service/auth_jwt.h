// SPDX-License-Identifier: GPL-3.0-or-later
// auth_jwt.h - signed tokens: their parts and their signatures
//
// A token is three texts of base64url with points between them (RFC 7515,
// compact serialization): header, claims, signature. Reading the JSON of the
// first two is the business of wire_oidc.h, believing them that of
// oidc_claims.h; here is only what a signature says.

#ifndef CUMAE_AUTH_JWT_H
#define CUMAE_AUTH_JWT_H

#include <stdbool.h>
#include <stddef.h>

#include "../optimizers/arena.h"
#include "auth_jwk.h"

enum { AUTH_JWT_MAX = 16384 }; // bytes of a token

struct auth_jwt {
    const char *header, *claims; // decoded, NUL-terminated
    size_t header_bytes, claims_bytes;
    const char *text; // what is signed
    size_t text_bytes;
    const unsigned char *signature;
    size_t signature_bytes;
};

// Has this text the form of a signed token? Secrets of auth.h have not.
bool auth_is_jwt(const char *text);

// Takes a token apart; `token` is lent. ERROR_UNAUTHORIZED: it has not the
// form of one.
int auth_jwt_split(const char *token, struct arena *arena, struct auth_jwt *jwt,
                   struct error *err);

// Is the signature that of the key? `algorithm` is what the header says; it
// must be that of the key. ERROR_UNAUTHORIZED.
int auth_jwt_verify(const struct auth_jwt *jwt, const char *algorithm,
                    const struct auth_key *key, struct error *err);

#endif
