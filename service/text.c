// SPDX-License-Identifier: GPL-3.0-or-later
// text.c - a string that grows in an arena, with the JSON spellings we write

#include "text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void reserve(struct text *text, size_t more)
{
    size_t need = text->n + more + 1;
    if (need <= text->capacity)
        return;
    size_t capacity = text->capacity ? text->capacity : 256;
    while (capacity < need)
        capacity *= 2;
    char *data = arena_alloc(text->arena, capacity);
    memcpy(data, text->data, text->n);
    text->data = data;
    text->capacity = capacity;
}

void text_init(struct text *text, struct arena *arena)
{
    static char nothing[1] = "";
    *text = (struct text){.arena = arena, .data = nothing};
}

void text_bytes(struct text *text, const char *bytes, size_t n)
{
    reserve(text, n);
    memcpy(text->data + text->n, bytes, n);
    text->n += n;
    text->data[text->n] = '\0';
}

void text_add(struct text *text, const char *string)
{
    text_bytes(text, string, strlen(string));
}

void text_char(struct text *text, char c)
{
    text_bytes(text, &c, 1);
}

void text_print(struct text *text, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    reserve(text, (size_t)n);
    vsnprintf(text->data + text->n, (size_t)n + 1, format, again);
    va_end(again);
    text->n += (size_t)n;
}

void text_next(struct text *text)
{
    char last = '{';
    if (text->n)
        last = text->data[text->n - 1];
    if (last != '{' && last != '[' && last != ':')
        text_char(text, ',');
}

void text_key(struct text *text, const char *key)
{
    text_next(text);
    text_string(text, key);
    text_char(text, ':');
}

// Writes the escape of a character that JSON strings cannot hold.
static void escape(struct text *text, unsigned char c)
{
    static const char *const names[32] = {
        ['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n",
        ['\r'] = "\\r", ['\t'] = "\\t",
    };
    if (c == '"')
        text_add(text, "\\\"");
    else if (c == '\\')
        text_add(text, "\\\\");
    else if (names[c])
        text_add(text, names[c]);
    else
        text_print(text, "\\u%04x", c);
}

void text_string(struct text *text, const char *string)
{
    if (!string) {
        text_add(text, "null");
        return;
    }
    text_char(text, '"');
    const char *from = string;
    for (const char *p = string; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        text_bytes(text, from, (size_t)(p - from));
        escape(text, c);
        from = p + 1;
    }
    text_add(text, from);
    text_char(text, '"');
}

// Decodes the UTF-8 sequence at *p and moves *p behind it.
static unsigned decode(const char **p)
{
    const unsigned char *s = (const unsigned char *)*p;
    unsigned length = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    static const unsigned first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    unsigned code = s[0] & first[length];
    for (unsigned i = 1; i < length && s[i]; i++)
        code = code << 6 | (s[i] & 0x3fu);
    *p += length;
    return code;
}

static void add_code(struct text *text, unsigned code)
{
    if (code >= 0x10000)
        text_print(text, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
                   0xdc00 + ((code - 0x10000) & 0x3ff));
    else if (code >= 0x7f)
        text_print(text, "\\u%04x", code);
    else
        text_char(text, (char)code);
}

void text_string_ascii(struct text *text, const char *string)
{
    text_char(text, '"');
    for (const char *p = string; *p;) {
        unsigned code = decode(&p);
        if (code < 0x20 || code == '"' || code == '\\')
            escape(text, (unsigned char)code);
        else
            add_code(text, code);
    }
    text_char(text, '"');
}

void text_json_ascii(struct text *text, const char *json)
{
    while (*json)
        add_code(text, decode(&json));
}

void text_real(struct text *text, double value)
{
    if (!isfinite(value)) {
        text_add(text, "null");
        return;
    }
    char digits[40];
    // 15 digits of a normal double are exact; the subnormals have fewer.
    int precision = isnormal(value) ? 15 : 1;
    for (; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    text_add(text, digits);
    if (!strpbrk(digits, ".e"))
        text_add(text, ".0");
}

void text_int(struct text *text, int64_t value)
{
    char digits[24];
    char *p = digits + sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        *--p = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        *--p = '-';
    text_bytes(text, p, (size_t)(digits + sizeof digits - p));
}

void text_bool(struct text *text, int value)
{
    text_add(text, value ? "true" : "false");
}

void text_time(struct text *text, int64_t ms)
{
    if (ms <= 0) {
        text_add(text, "null");
        return;
    }
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    text_print(text, "\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"",
               tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
               tm.tm_min, tm.tm_sec, (int)(ms % 1000));
}

void text_json(struct text *text, const char *json)
{
    text_add(text, json ? json : "null");
}

void text_key_string(struct text *text, const char *key, const char *string)
{
    text_key(text, key);
    text_string(text, string);
}

void text_key_real(struct text *text, const char *key, double value)
{
    text_key(text, key);
    text_real(text, value);
}

void text_key_int(struct text *text, const char *key, int64_t value)
{
    text_key(text, key);
    text_int(text, value);
}

void text_key_bool(struct text *text, const char *key, int value)
{
    text_key(text, key);
    text_bool(text, value);
}

void text_key_time(struct text *text, const char *key, int64_t ms)
{
    text_key(text, key);
    text_time(text, ms);
}

void text_key_json(struct text *text, const char *key, const char *json)
{
    text_key(text, key);
    text_json(text, json);
}
