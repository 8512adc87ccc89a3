// SPDX-License-Identifier: GPL-3.0-or-later
// auth_base64.c - base64url without padding, strictly

#include "auth_base64.h"

// The six bits of a character, or -1.
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

ptrdiff_t auth_base64_decode(const char *text, size_t n, unsigned char *out)
{
    unsigned bits = 0, held = 0; // the bits that wait for more
    ptrdiff_t bytes = 0;
    if (n % 4 == 1)
        return -1;
    for (size_t i = 0; i < n; i++) {
        int value = value_of(text[i]);
        if (value < 0)
            return -1;
        bits = (bits << 6 | (unsigned)value) & 0xffff;
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        out[bytes++] = (unsigned char)(bits >> held);
    }
    return (bits & ((1u << held) - 1)) ? -1 : bytes;
}
