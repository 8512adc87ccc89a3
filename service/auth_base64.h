// SPDX-License-Identifier: GPL-3.0-or-later
// auth_base64.h - base64url without padding, strictly
//
// What RFC 7515 writes tokens and keys in. A text has one meaning, and a
// meaning one text: padding, other characters, lengths that nothing has, and
// bits that are left over but not zero are refused.

#ifndef CUMAE_AUTH_BASE64_H
#define CUMAE_AUTH_BASE64_H

#include <stddef.h>

// The most bytes that n characters stand for.
#define AUTH_BASE64_BYTES(n) ((n) / 4 * 3 + 2)

// Decodes n characters into out, which has room for AUTH_BASE64_BYTES(n).
// Returns the number of bytes, or -1 when the text is not base64url.
ptrdiff_t auth_base64_decode(const char *text, size_t n, unsigned char *out);

#endif
