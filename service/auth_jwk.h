// SPDX-License-Identifier: GPL-3.0-or-later
// auth_jwk.h - public keys that verify signatures, from JSON Web Keys
//
// A key belongs to one algorithm, which its kind decides, from a list of three:
// RSA is RS256, P-256 is ES256, Ed25519 is EdDSA (RFC 7518, RFC 8037). What a
// token says of its algorithm chooses nothing; it must say the same. So a
// public key is never taken for the secret of an HMAC, and "none" has no key.

#ifndef CUMAE_AUTH_JWK_H
#define CUMAE_AUTH_JWK_H

#include "../optimizers/error.h"

enum auth_algorithm { AUTH_RS256, AUTH_ES256, AUTH_EDDSA, AUTH_ALGORITHMS };

// "RS256", "ES256", "EdDSA".
extern const char *const auth_algorithm_names[AUTH_ALGORITHMS];

enum {
    AUTH_KEY_MAX_ID = 255,     // bytes of a kid
    AUTH_RSA_MIN_BITS = 2048,  // RFC 7518 3.3
    AUTH_RSA_MAX_BYTES = 1024, // of a modulus; larger ones cost too much
};

// The members of a key as they are in JSON, lent; NULL where there is none.
struct auth_jwk {
    const char *kty, *use, *alg, *kid;
    const char *n, *e;       // RSA
    const char *crv, *x, *y; // EC, OKP
    const char *d;           // of a private key
};

struct evp_pkey_st;

struct auth_key {
    enum auth_algorithm algorithm;
    char id[AUTH_KEY_MAX_ID + 1]; // "": none
    struct evp_pkey_st *key;
};

// Makes a key. ERROR_INVALID: another kind, algorithm or use, an RSA key that
// is too short, a point that is not on its curve, a private key. auth_key_done
// gives it back.
int auth_key_init(struct auth_key *key, const struct auth_jwk *jwk,
                  struct error *err);

// A second owner of the same key.
void auth_key_share(struct auth_key *copy, const struct auth_key *key);

void auth_key_done(struct auth_key *key);

#endif
