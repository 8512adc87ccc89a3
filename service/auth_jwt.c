// SPDX-License-Identifier: GPL-3.0-or-later
// auth_jwt.c - signed tokens: their parts and their signatures

#include "auth_jwt.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "auth_base64.h"

enum { COORDINATE = 32, DER_ROOM = 80 }; // of a signature on P-256

// ---- the form ---------------------------------------------------------------

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz0123456789-_";

bool auth_is_jwt(const char *text)
{
    size_t n = strnlen(text, AUTH_JWT_MAX + 1);
    if (n > AUTH_JWT_MAX)
        return false;
    for (int part = 0; part < 3; part++) {
        size_t length = strspn(text, alphabet);
        char end = part < 2 ? '.' : '\0';
        if (length == 0 || text[length] != end)
            return false;
        text += length + 1;
    }
    return true;
}

// Decodes the part at *text, and moves *text behind its point.
static unsigned char *decode(const char **text, struct arena *arena,
                             size_t *bytes)
{
    size_t n = strcspn(*text, ".");
    unsigned char *out = arena_alloc(arena, AUTH_BASE64_BYTES(n) + 1);
    ptrdiff_t found = auth_base64_decode(*text, n, out);
    if (found < 0)
        return NULL;
    out[found] = '\0';
    *bytes = (size_t)found;
    *text += n + 1;
    return out;
}

int auth_jwt_split(const char *token, struct arena *arena, struct auth_jwt *jwt,
                   struct error *err)
{
    const char *rest = token;
    if (!auth_is_jwt(token))
        return error_set(err, ERROR_UNAUTHORIZED,
                         "a token must be three parts of base64url");
    *jwt = (struct auth_jwt){.text = token};
    jwt->text_bytes = (size_t)(strrchr(token, '.') - token);
    jwt->header = (char *)decode(&rest, arena, &jwt->header_bytes);
    jwt->claims =
        jwt->header ? (char *)decode(&rest, arena, &jwt->claims_bytes) : NULL;
    jwt->signature =
        jwt->claims ? decode(&rest, arena, &jwt->signature_bytes) : NULL;
    return jwt->signature ? 0
                          : error_set(err, ERROR_UNAUTHORIZED,
                                      "a part of the token is not base64url");
}

// ---- signatures -------------------------------------------------------------

static bool verify(const struct auth_jwt *jwt, const struct auth_key *key,
                   const unsigned char *signature, size_t n)
{
    const EVP_MD *hash = key->algorithm == AUTH_EDDSA ? NULL : EVP_sha256();
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context)
        abort();
    // RSA is verified with the padding of PKCS #1 1.5, which is that of RS256.
    bool good =
        EVP_DigestVerifyInit(context, NULL, hash, NULL, key->key) == 1 &&
        EVP_DigestVerify(context, signature, n,
                         (const unsigned char *)jwt->text,
                         jwt->text_bytes) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}

// A signature of ES256 is two numbers of 32 bytes (RFC 7518 3.4), and OpenSSL
// wants them in DER. Returns the bytes of it.
static size_t to_der(const unsigned char *pair, unsigned char der[DER_ROOM])
{
    unsigned char *end = der;
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(pair, COORDINATE, NULL);
    BIGNUM *s = BN_bin2bn(pair + COORDINATE, COORDINATE, NULL);
    if (!signature || !r || !s || ECDSA_SIG_set0(signature, r, s) != 1)
        abort();
    int n = i2d_ECDSA_SIG(signature, &end);
    ECDSA_SIG_free(signature);
    return n < 0 ? 0 : (size_t)n;
}

int auth_jwt_verify(const struct auth_jwt *jwt, const char *algorithm,
                    const struct auth_key *key, struct error *err)
{
    unsigned char der[DER_ROOM];
    const unsigned char *signature = jwt->signature;
    size_t n = jwt->signature_bytes;
    if (strcmp(algorithm, auth_algorithm_names[key->algorithm]) != 0)
        return error_set(err, ERROR_UNAUTHORIZED,
                         "alg of the token must be that of its key, %s",
                         auth_algorithm_names[key->algorithm]);
    if (key->algorithm == AUTH_ES256) {
        n = n == 2 * COORDINATE ? to_der(signature, der) : 0;
        signature = der;
    }
    if (n > 0 && verify(jwt, key, signature, n))
        return 0;
    return error_set(err, ERROR_UNAUTHORIZED,
                     "the signature of the token is not that of its key");
}
