// SPDX-License-Identifier: GPL-3.0-or-later
// url.c - writing URLs and forms

#include "url.h"

#include <ctype.h>
#include <string.h>

const char *url_listened(const char *listen, unsigned port, bool tls,
                         struct arena *arena)
{
    return arena_print(arena, "http%s://%.*s:%u", tls ? "s" : "",
                       (int)(strrchr(listen, ':') - listen), listen, port);
}

void url_escape(struct text *text, const char *string)
{
    for (; *string; string++) {
        unsigned char c = (unsigned char)*string;
        if (c < 0x80 && (isalnum(c) || strchr("-._~", c)))
            text_char(text, (char)c);
        else
            text_print(text, "%%%02X", c);
    }
}

static void add(struct text *text, const char *name, const char *value)
{
    text_add(text, name);
    text_char(text, '=');
    url_escape(text, value);
}

void url_parameter(struct text *text, const char *name, const char *value)
{
    text_char(text, strchr(text->data, '?') ? '&' : '?');
    add(text, name, value);
}

void url_field(struct text *text, const char *name, const char *value)
{
    if (text->n)
        text_char(text, '&');
    add(text, name, value);
}
