// SPDX-License-Identifier: GPL-3.0-or-later
// auth_jwk.c - public keys that verify signatures, from JSON Web Keys

#include "auth_jwk.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "auth_base64.h"

const char *const auth_algorithm_names[AUTH_ALGORITHMS] = {"RS256", "ES256",
                                                           "EdDSA"};

enum { POINT_BYTES = 32 }; // a coordinate of P-256, a key of Ed25519

// ---- members ----------------------------------------------------------------

// Decodes a member of low..high bytes. Returns how many, or -1.
static int decode(const char *name, const char *text, int low, int high,
                  unsigned char *out, struct error *err)
{
    size_t n = text ? strlen(text) : 0;
    ptrdiff_t bytes = -1;
    if (text && n / 4 * 3 <= (size_t)high)
        bytes = auth_base64_decode(text, n, out);
    if (bytes >= low && bytes <= high)
        return (int)bytes;
    return error_set(err, ERROR_INVALID,
                     "%s of a key must be %d to %d bytes in base64url", name,
                     low, high);
}

static BIGNUM *number(const unsigned char *bytes, int n)
{
    BIGNUM *value = BN_bin2bn(bytes, n, NULL);
    if (!value)
        abort();
    return value;
}

// ---- keys of OpenSSL --------------------------------------------------------

// A public key of this type with these parameters; NULL: they are none.
static EVP_PKEY *make(const char *type, OSSL_PARAM_BLD *build)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    if (!context || !params || EVP_PKEY_fromdata_init(context) != 1)
        abort();
    if (EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    OSSL_PARAM_free(params);
    EVP_PKEY_CTX_free(context);
    return key;
}

static int make_rsa(struct auth_key *key, const struct auth_jwk *jwk,
                    struct error *err)
{
    unsigned char n[AUTH_BASE64_BYTES(AUTH_RSA_MAX_BYTES * 4 / 3 + 4)], e[16];
    int n_bytes = decode("n", jwk->n, 1, AUTH_RSA_MAX_BYTES, n, err);
    int e_bytes = n_bytes < 0 ? -1 : decode("e", jwk->e, 1, 8, e, err);
    if (e_bytes < 0)
        return -1;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *modulus = number(n, n_bytes), *exponent = number(e, e_bytes);
    if (!build ||
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) != 1 ||
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) != 1)
        abort();
    if (BN_num_bits(modulus) < AUTH_RSA_MIN_BITS)
        error_set(err, ERROR_INVALID,
                  "an RSA key must have at least %d bits, not %d",
                  AUTH_RSA_MIN_BITS, BN_num_bits(modulus));
    else if (!BN_is_odd(modulus) || !BN_is_odd(exponent) || BN_is_one(exponent))
        error_set(err, ERROR_INVALID, "n and e of a key must be odd");
    else
        key->key = make("RSA", build);
    BN_free(modulus);
    BN_free(exponent);
    OSSL_PARAM_BLD_free(build);
    return key->key ? 0 : -1;
}

static int make_p256(struct auth_key *key, const struct auth_jwk *jwk,
                     struct error *err)
{
    unsigned char point[1 + POINT_BYTES + AUTH_BASE64_BYTES(POINT_BYTES * 2)];
    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    if (decode("x", jwk->x, POINT_BYTES, POINT_BYTES, point + 1, err) < 0 ||
        decode("y", jwk->y, POINT_BYTES, POINT_BYTES, point + 1 + POINT_BYTES,
               err) < 0)
        return -1;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (!build ||
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
                                        "prime256v1", 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point,
                                         1 + 2 * POINT_BYTES) != 1)
        abort();
    key->key = make("EC", build); // checks that the point is on the curve
    OSSL_PARAM_BLD_free(build);
    return key->key ? 0 : -1;
}

static int make_ed25519(struct auth_key *key, const struct auth_jwk *jwk,
                        struct error *err)
{
    unsigned char x[AUTH_BASE64_BYTES(POINT_BYTES * 2)];
    if (decode("x", jwk->x, POINT_BYTES, POINT_BYTES, x, err) < 0)
        return -1;
    key->key =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, POINT_BYTES);
    return key->key ? 0 : -1;
}

// ---- the whole --------------------------------------------------------------

static const struct {
    const char *kty, *crv; // crv NULL: not looked at
    int (*make)(struct auth_key *key, const struct auth_jwk *jwk,
                struct error *err);
} kinds[AUTH_ALGORITHMS] = {
    [AUTH_RS256] = {"RSA", NULL, make_rsa},
    [AUTH_ES256] = {"EC", "P-256", make_p256},
    [AUTH_EDDSA] = {"OKP", "Ed25519", make_ed25519},
};

static bool same(const char *text, const char *wanted)
{
    return text && strcmp(text, wanted) == 0;
}

static int choose(const struct auth_jwk *jwk, struct error *err)
{
    for (int i = 0; i < AUTH_ALGORITHMS; i++) {
        if (!same(jwk->kty, kinds[i].kty) ||
            (kinds[i].crv && !same(jwk->crv, kinds[i].crv)))
            continue;
        if (!jwk->alg || same(jwk->alg, auth_algorithm_names[i]))
            return i;
    }
    return error_set(err, ERROR_INVALID,
                     "a key must be one of RS256, ES256 or EdDSA with Ed25519, "
                     "not %.20s %.20s %.20s",
                     jwk->kty ? jwk->kty : "", jwk->crv ? jwk->crv : "",
                     jwk->alg ? jwk->alg : "");
}

int auth_key_init(struct auth_key *key, const struct auth_jwk *jwk,
                  struct error *err)
{
    *key = (struct auth_key){0};
    int kind = choose(jwk, err);
    if (kind < 0)
        return -1;
    if (jwk->use && !same(jwk->use, "sig"))
        return error_set(err, ERROR_INVALID,
                         "use of a key must be sig, not %.20s", jwk->use);
    if (jwk->d)
        return error_set(err, ERROR_INVALID, "a key must be a public one");
    if (jwk->kid && strlen(jwk->kid) > AUTH_KEY_MAX_ID)
        return error_set(err, ERROR_INVALID,
                         "kid of a key must have at most %d bytes, not %zu",
                         AUTH_KEY_MAX_ID, strlen(jwk->kid));
    key->algorithm = (enum auth_algorithm)kind;
    snprintf(key->id, sizeof key->id, "%s", jwk->kid ? jwk->kid : "");
    if (kinds[kind].make(key, jwk, err) == 0)
        return 0;
    return error_set(err, ERROR_INVALID, "a key must be one of %s",
                     auth_algorithm_names[kind]);
}

void auth_key_share(struct auth_key *copy, const struct auth_key *key)
{
    *copy = *key;
    if (EVP_PKEY_up_ref(key->key) != 1)
        abort();
}

void auth_key_done(struct auth_key *key)
{
    EVP_PKEY_free(key->key);
    key->key = NULL;
}
