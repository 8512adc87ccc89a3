// SPDX-License-Identifier: GPL-3.0-or-later
// utf8.c - a strict UTF-8 decoder and an escaper for JSON strings

#include "utf8.h"

#include <stdio.h>
#include <string.h>

static bool continues(const unsigned char *byte)
{
    return (*byte & 0xC0) == 0x80;
}

// The smallest and largest second byte that a lead byte allows: this is where
// overlong forms, surrogates and too large numbers are kept out.
static bool second_fits(unsigned char lead, unsigned char second)
{
    switch (lead) {
    case 0xE0:
        return second >= 0xA0 && second <= 0xBF;
    case 0xED:
        return second >= 0x80 && second <= 0x9F;
    case 0xF0:
        return second >= 0x90 && second <= 0xBF;
    case 0xF4:
        return second >= 0x80 && second <= 0x8F;
    default:
        return second >= 0x80 && second <= 0xBF;
    }
}

// The length of the UTF-8 sequence at the start of the n bytes, 0 when there
// is none (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF).
static size_t sequence(const char *text, size_t n)
{
    const unsigned char *byte = (const unsigned char *)text;
    if (n == 0)
        return 0;
    if (byte[0] < 0x80)
        return 1;
    size_t length = byte[0] >= 0xC2 && byte[0] <= 0xDF   ? 2
                    : byte[0] >= 0xE0 && byte[0] <= 0xEF ? 3
                    : byte[0] >= 0xF0 && byte[0] <= 0xF4 ? 4
                                                         : 0;
    if (length == 0 || length > n || !second_fits(byte[0], byte[1]))
        return 0;
    for (size_t i = 2; i < length; i++)
        if (!continues(byte + i))
            return 0;
    return length;
}

bool utf8_is_valid(const char *text, size_t n)
{
    while (n > 0) {
        size_t length = sequence(text, n);
        if (length == 0)
            return false;
        text += length;
        n -= length;
    }
    return true;
}

// Writes one escaped character of `length` source bytes into `out`.
static size_t escape(char out[UTF8_ESCAPED_MAX + 1], const char *text,
                     size_t length)
{
    static const char named[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
    if (length == 0)
        return (size_t)sprintf(out, "\\ufffd");
    if (length > 1) {
        memcpy(out, text, length);
        return length;
    }
    const char *found = *text == '\0' ? NULL : strchr(named, *text);
    if (found != NULL) {
        out[0] = '\\';
        out[1] = letter[found - named];
        return 2;
    }
    if ((unsigned char)*text < 0x20 || *text == 0x7F)
        return (size_t)sprintf(out, "\\u%04x", (unsigned)*text);
    out[0] = *text;
    return 1;
}

size_t utf8_escape(char *out, size_t room, const char *text, size_t n)
{
    size_t used = 0;
    while (n > 0) {
        char one[UTF8_ESCAPED_MAX + 1];
        size_t length = sequence(text, n);
        size_t bytes = escape(one, text, length);
        if (bytes > room - used)
            break;
        memcpy(out + used, one, bytes);
        used += bytes;
        length += length == 0;
        text += length;
        n -= length;
    }
    return used;
}
