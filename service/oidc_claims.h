// SPDX-License-Identifier: GPL-3.0-or-later
// oidc_claims.h - what a signed token claims, and whether to believe it
//
// A signature says who made a token. Whether it was made for us, for this
// sign-in and for this moment is said by claims, each of which is looked at
// here: OpenID Connect Core 1.0, 3.1.3.7, for ID tokens; RFC 9068, 4, and the
// WLCG profile for access tokens.

#ifndef CUMAE_OIDC_CLAIMS_H
#define CUMAE_OIDC_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../optimizers/error.h"

enum {
    OIDC_MAX_SUBJECT = 255, // bytes of a `sub` (Core 1.0, 2)
    OIDC_MAX_GROUPS = 500,  // of a person; what is beyond is left out
    OIDC_MAX_GROUP = 200,   // bytes of a group's name
    OIDC_MAX_AUDIENCES = 50,
    OIDC_SKEW_S = 60, // clocks that differ by less agree
};

// The header of a token (RFC 7515, 4.1).
struct oidc_header {
    const char *alg, *kid; // kid NULL: none
};

// Texts are NULL and times 0 when a claim is not there.
struct oidc_claims {
    const char *iss, *sub, *azp, *nonce;
    const char *const *aud; // [n_aud]
    size_t n_aud;
    int64_t exp, nbf, iat; // seconds since 1970 UTC
    const char *scope;     // words with blanks between them
    const char *name, *preferred_username, *email;
    bool email_verified;
    bool has_groups;           // the claim is there, be it empty
    const char *const *groups; // [n_groups]
    size_t n_groups;
};

struct oidc_expected {
    const char *issuer;
    const char *audience; // that must be among those of the token
    const char *nonce;    // NULL: an access token, which has none
    int64_t now_s;
};

// ERROR_UNAUTHORIZED, naming the claim, never its value.
int oidc_claims_check(const struct oidc_claims *claims,
                      const struct oidc_expected *expected, struct error *err);

#endif
