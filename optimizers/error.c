// SPDX-License-Identifier: GPL-3.0-or-later
// error.c - what went wrong, in the caller's frame

#include "error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

// Length of the UTF-8 sequence at `text`, 0 when it is none (RFC 3629).
static size_t sequence(const unsigned char *text)
{
    unsigned lead = text[0], next = lead ? text[1] : 0;
    size_t n = lead < 0x80                   ? 1
               : lead >= 0xc2 && lead < 0xe0 ? 2
               : lead >= 0xe0 && lead < 0xf0 ? 3
               : lead >= 0xf0 && lead < 0xf5 ? 4
                                             : 0;
    for (size_t i = 1; i < n; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    bool overlong =
        (lead == 0xe0 && next < 0xa0) || (lead == 0xf0 && next < 0x90);
    bool surrogate = lead == 0xed && next >= 0xa0;
    bool beyond = lead == 0xf4 && next >= 0x90;
    return overlong || surrogate || beyond ? 0 : n;
}

// A message may quote, and cut, a user's text: it stays one line of UTF-8.
static void clean(char *text)
{
    unsigned char *at = (unsigned char *)text;
    while (*at) {
        size_t n = sequence(at);
        if (n == 0 || *at < ' ' || *at == 0x7f)
            *at = n ? ' ' : '?';
        at += n ? n : 1;
    }
}

int error_set(struct error *err, enum error_code code, const char *format, ...)
{
    if (err->code != ERROR_NONE)
        return -1;
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    err->code = code;
    clean(err->message);
    return -1;
}

void error_clear(struct error *err)
{
    err->code = ERROR_NONE;
    err->message[0] = '\0';
}
