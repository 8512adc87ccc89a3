// SPDX-License-Identifier: GPL-3.0-or-later
// auth_hook.h - the secrets and signatures of webhooks
//
// As Standard Webhooks has them (specification 1.0.0): a secret is "whsec_" and
// the base64 of 24 to 64 bytes, a signature "v1," and the base64 of the
// HMAC-SHA256 of "ID.TIMESTAMP.BODY". So the libraries of that project, in
// most languages, verify what we send.

#ifndef CUMAE_AUTH_HOOK_H
#define CUMAE_AUTH_HOOK_H

#include <stdbool.h>
#include <stddef.h>

enum {
    AUTH_HOOK_KEY_MIN = 24, // bytes
    AUTH_HOOK_KEY_MAX = 64,
    AUTH_HOOK_SECRET_SIZE = 6 + 88 + 1,    // of the longest one
    AUTH_HOOK_SIGNATURE_SIZE = 3 + 44 + 1, // with the NUL
};

// Makes a secret of 32 random bytes.
void auth_hook_secret(char secret[AUTH_HOOK_SECRET_SIZE]);

// Has this text the form of a secret?
bool auth_is_hook_secret(const char *text);

// Signs n bytes with a secret that has the form of one.
void auth_hook_sign(const char *secret, const char *message, size_t n,
                    char signature[AUTH_HOOK_SIGNATURE_SIZE]);

#endif
