// SPDX-License-Identifier: GPL-3.0-or-later
// oidc_claims.c - what a signed token claims, and whether to believe it

#include "oidc_claims.h"

#include <string.h>

#include <openssl/crypto.h>

static int refuse(struct error *err, const char *why)
{
    return error_set(err, ERROR_UNAUTHORIZED, "%s", why);
}

static bool same(const char *text, const char *wanted)
{
    return text && strcmp(text, wanted) == 0;
}

static bool is_audience(const struct oidc_claims *claims, const char *audience)
{
    for (size_t i = 0; i < claims->n_aud; i++)
        if (strcmp(claims->aud[i], audience) == 0)
            return true;
    return false;
}

static int check_times(const struct oidc_claims *claims, int64_t now_s,
                       struct error *err)
{
    if (!claims->exp)
        return refuse(err, "exp of the token is missing");
    if (claims->exp <= now_s - OIDC_SKEW_S)
        return refuse(err, "the token has expired (exp)");
    if (claims->nbf > now_s + OIDC_SKEW_S)
        return refuse(err, "the token is not valid yet (nbf)");
    if (claims->iat > now_s + OIDC_SKEW_S)
        return refuse(err, "the token is from the future (iat)");
    return 0;
}

// What only an ID token must have.
static int check_sign_in(const struct oidc_claims *claims,
                         const struct oidc_expected *expected,
                         struct error *err)
{
    size_t n = strlen(expected->nonce);
    if (!claims->iat)
        return refuse(err, "iat of the token is missing");
    if (claims->n_aud > 1 && !claims->azp)
        return refuse(err, "azp of the token is missing");
    if (claims->azp && !same(claims->azp, expected->audience))
        return refuse(err, "azp of the token is another client");
    if (!claims->nonce || strlen(claims->nonce) != n ||
        CRYPTO_memcmp(claims->nonce, expected->nonce, n) != 0)
        return refuse(err, "nonce of the token is not that of the sign-in");
    return 0;
}

int oidc_claims_check(const struct oidc_claims *claims,
                      const struct oidc_expected *expected, struct error *err)
{
    if (!same(claims->iss, expected->issuer))
        return refuse(err, "iss of the token is another issuer");
    if (!is_audience(claims, expected->audience))
        return refuse(err, "aud of the token is somebody else");
    if (!claims->sub || !*claims->sub || strlen(claims->sub) > OIDC_MAX_SUBJECT)
        return refuse(err, "sub of the token must have 1 to 255 bytes");
    if (check_times(claims, expected->now_s, err))
        return -1;
    return expected->nonce ? check_sign_in(claims, expected, err) : 0;
}
