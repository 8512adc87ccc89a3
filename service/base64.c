// SPDX-License-Identifier: GPL-3.0-or-later
// base64.c - arrays of doubles in base64 (RFC 4648, section 4)

#include "base64.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

// The six bits of a character, or -1.
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// Characters without the padding.
static size_t bare(const char *text, size_t n)
{
    size_t padding = 0;
    while (padding < 2 && padding < n && text[n - 1 - padding] == '=')
        padding++;
    return n - padding;
}

ptrdiff_t base64_count(const char *text, size_t n)
{
    size_t bytes = bare(text, n) * 3 / 4;
    return n % 4 || bytes % sizeof(double)
               ? -1
               : (ptrdiff_t)(bytes / sizeof(double));
}

int base64_doubles(const char *text, size_t n, double *values)
{
    unsigned char *out = (unsigned char *)values;
    unsigned bits = 0, held = 0; // the bits that wait for more
    size_t bytes = 0;
    n = bare(text, n);
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
    if (bits & ((1u << held) - 1))
        return -1;
    for (size_t i = 0; i < bytes / sizeof *values; i++) {
        uint64_t word;
        memcpy(&word, &values[i], sizeof word);
        word = le64toh(word);
        memcpy(&values[i], &word, sizeof word);
    }
    return 0;
}
