// SPDX-License-Identifier: GPL-3.0-or-later
// auth.h - secrets: making, recognising and hashing them
//
// A secret is a prefix (cum_ for a token, cums_ for a session, cuml_ for a
// sign-in link), 30 random base62 characters (178 bits) and 6 base62 characters
// of the CRC-32 of what precedes. It survives unescaped in a URL path, scanners
// can find it, and typing errors are found without the database. Only its
// SHA-256 is stored: nothing that is unguessable needs a slow hash.

#ifndef CUMAE_AUTH_H
#define CUMAE_AUTH_H

#include <stdbool.h>
#include <stddef.h>

enum {
    AUTH_HASH_BYTES = 32,
    AUTH_SECRET_SIZE = 48,  // prefix, 36 characters and the NUL fit
    AUTH_DISPLAY_CHARS = 8, // of a secret may be shown
    AUTH_BASE64_SIZE = 44,  // of a hash, with the NUL
};

// Makes a new secret. prefix is "cum_", "cums_" or "cuml_".
void auth_secret(const char *prefix, char secret[AUTH_SECRET_SIZE]);

// Has this text the form of a secret, with the right checksum?
bool auth_is_secret(const char *text);

// SHA-256.
void auth_hash(const void *data, size_t bytes,
               unsigned char hash[AUTH_HASH_BYTES]);

// Are two hashes the same? Takes as long whatever they are.
bool auth_equal(const unsigned char a[AUTH_HASH_BYTES],
                const unsigned char b[AUTH_HASH_BYTES]);

// Overwrites a secret that is no longer needed.
void auth_wipe(void *secret, size_t bytes);

// Unpadded base64url of a hash: 43 characters and a NUL.
void auth_base64url(const unsigned char hash[AUTH_HASH_BYTES],
                    char text[AUTH_BASE64_SIZE]);

// n random base62 characters and a NUL.
void auth_random(char *text, size_t n);

#endif
