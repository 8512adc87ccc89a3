// SPDX-License-Identifier: GPL-3.0-or-later
// auth_hook.c - the secrets and signatures of webhooks

#include "auth_hook.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

static const char prefix[] = "whsec_";
enum { PREFIX = sizeof prefix - 1, NEW_BYTES = 32, HASH_BYTES = 32 };

void auth_hook_secret(char secret[AUTH_HOOK_SECRET_SIZE])
{
    unsigned char key[NEW_BYTES];
    if (RAND_bytes(key, sizeof key) != 1)
        abort(); // no randomness: nothing safe can be done
    memcpy(secret, prefix, PREFIX);
    EVP_EncodeBlock((unsigned char *)secret + PREFIX, key, sizeof key);
    OPENSSL_cleanse(key, sizeof key);
}

// The number of bytes that a secret stands for; 0: it is none. `key` has room
// for the padding that EVP_DecodeBlock takes for zeros.
static size_t read_key(const char *secret,
                       unsigned char key[AUTH_HOOK_KEY_MAX + 2])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz0123456789+/";
    if (strncmp(secret, prefix, PREFIX) != 0)
        return 0;
    const char *text = secret + PREFIX;
    size_t n = strlen(text), letters = strspn(text, alphabet);
    size_t padding = n - letters;
    if (n % 4 != 0 || n > AUTH_HOOK_SECRET_SIZE - 1 - PREFIX || padding > 2 ||
        strspn(text + letters, "=") != padding)
        return 0;
    int bytes = EVP_DecodeBlock(key, (const unsigned char *)text, (int)n);
    return bytes < 0 ? 0 : (size_t)bytes - padding;
}

bool auth_is_hook_secret(const char *text)
{
    unsigned char key[AUTH_HOOK_KEY_MAX + 2];
    size_t n = read_key(text, key);
    OPENSSL_cleanse(key, sizeof key);
    return n >= AUTH_HOOK_KEY_MIN && n <= AUTH_HOOK_KEY_MAX;
}

void auth_hook_sign(const char *secret, const char *message, size_t n,
                    char signature[AUTH_HOOK_SIGNATURE_SIZE])
{
    unsigned char key[AUTH_HOOK_KEY_MAX + 2], hash[HASH_BYTES];
    size_t bytes = read_key(secret, key);
    assert(bytes >= AUTH_HOOK_KEY_MIN);
    if (!HMAC(EVP_sha256(), key, (int)bytes, (const unsigned char *)message, n,
              hash, NULL))
        abort();
    unsigned char text[AUTH_HOOK_SIGNATURE_SIZE - 3];
    EVP_EncodeBlock(text, hash, sizeof hash);
    snprintf(signature, AUTH_HOOK_SIGNATURE_SIZE, "v1,%s", (char *)text);
    OPENSSL_cleanse(key, sizeof key);
}
