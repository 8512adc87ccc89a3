// SPDX-License-Identifier: GPL-3.0-or-later
// auth.c - secrets: making, recognising and hashing them

#include "auth.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "abcdefghijklmnopqrstuvwxyz";
enum { RANDOM_CHARS = 30, CHECK_CHARS = 6 };

void auth_random(char *text, size_t n)
{
    unsigned char bytes[64];
    size_t used = sizeof bytes;
    for (size_t i = 0; i < n;) {
        if (used == sizeof bytes) {
            if (RAND_bytes(bytes, sizeof bytes) != 1)
                abort(); // no randomness: nothing safe can be done
            used = 0;
        }
        unsigned char byte = bytes[used++];
        if (byte < 62 * 4) // reject the rest: every character equally likely
            text[i++] = base62[byte % 62];
    }
    text[n] = '\0';
}

// CRC-32 (IEEE 802.3), bit by bit: 40 bytes a token.
static uint32_t crc32(const char *data, size_t n)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < n; i++) {
        crc ^= (unsigned char)data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static void checksum(const char *text, size_t n, char check[CHECK_CHARS])
{
    uint32_t crc = crc32(text, n);
    for (int i = CHECK_CHARS - 1; i >= 0; i--) {
        check[i] = base62[crc % 62];
        crc /= 62;
    }
}

void auth_secret(const char *prefix, char secret[AUTH_SECRET_SIZE])
{
    size_t n = strlen(prefix);
    memcpy(secret, prefix, n);
    auth_random(secret + n, RANDOM_CHARS);
    checksum(secret, n + RANDOM_CHARS, secret + n + RANDOM_CHARS);
    secret[n + RANDOM_CHARS + CHECK_CHARS] = '\0';
}

bool auth_is_secret(const char *text)
{
    size_t n = strlen(text), head = strcspn(text, "_") + 1;
    char check[CHECK_CHARS];
    if (strncmp(text, "cum", 3) != 0 || head > 5 ||
        n != head + RANDOM_CHARS + CHECK_CHARS ||
        strspn(text + head, base62) != RANDOM_CHARS + CHECK_CHARS)
        return false;
    checksum(text, n - CHECK_CHARS, check);
    return memcmp(check, text + n - CHECK_CHARS, CHECK_CHARS) == 0;
}

void auth_hash(const void *data, size_t bytes,
               unsigned char hash[AUTH_HASH_BYTES])
{
    if (!EVP_Digest(data, bytes, hash, NULL, EVP_sha256(), NULL))
        abort();
}

bool auth_equal(const unsigned char a[AUTH_HASH_BYTES],
                const unsigned char b[AUTH_HASH_BYTES])
{
    return CRYPTO_memcmp(a, b, AUTH_HASH_BYTES) == 0;
}

void auth_wipe(void *secret, size_t bytes)
{
    OPENSSL_cleanse(secret, bytes);
}

void auth_base64url(const unsigned char hash[AUTH_HASH_BYTES],
                    char text[AUTH_BASE64_SIZE])
{
    unsigned char padded[AUTH_BASE64_SIZE + 1];
    EVP_EncodeBlock(padded, hash, AUTH_HASH_BYTES);
    for (size_t i = 0; i < AUTH_BASE64_SIZE - 1; i++) {
        text[i] = (char)padded[i];
        if (text[i] == '+')
            text[i] = '-';
        else if (text[i] == '/')
            text[i] = '_';
    }
    text[AUTH_BASE64_SIZE - 1] = '\0';
}
