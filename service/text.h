// SPDX-License-Identifier: GPL-3.0-or-later
// text.h - a string that grows in an arena, with the JSON spellings we write
//
// Answers are written straight into the request's arena; nothing can fail. A
// JSON writer that only ever appends needs no tree: commas are put by the
// caller through text_next, which writes one unless the text ends with an
// opening bracket.

#ifndef CUMAE_TEXT_H
#define CUMAE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "../optimizers/arena.h"

struct text {
    struct arena *arena;
    char *data; // NUL-terminated
    size_t n, capacity;
};

// An empty text in the arena.
void text_init(struct text *text, struct arena *arena);

// Appends a C string, n bytes, one character, a formatted string.
void text_add(struct text *text, const char *string);
void text_bytes(struct text *text, const char *bytes, size_t n);
void text_char(struct text *text, char c);
void text_print(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Appends a comma unless the text is empty or ends with '{', '[' or ':'.
void text_next(struct text *text);

// Appends `"key":` after a comma where one is due.
void text_key(struct text *text, const char *key);

// Appends a JSON string, escaped; `null` for NULL. The input is UTF-8.
void text_string(struct text *text, const char *string);

// The same in pure ASCII: every other character as \uXXXX.
void text_string_ascii(struct text *text, const char *string);

// Appends the shortest decimal that reads back as the same double, with a
// point or exponent so that it stays a real; `null` for NaN and infinities.
void text_real(struct text *text, double value);

// Appends an integer.
void text_int(struct text *text, int64_t value);

// Appends `true` or `false`.
void text_bool(struct text *text, int value);

// Appends a time (ms since 1970 UTC) as an RFC 3339 string; `null` for 0.
void text_time(struct text *text, int64_t ms);

// Appends JSON text as it is; `null` for NULL.
void text_json(struct text *text, const char *json);

// The same with every character beyond ASCII as \uXXXX.
void text_json_ascii(struct text *text, const char *json);

// A key and its value.
void text_key_string(struct text *text, const char *key, const char *string);
void text_key_real(struct text *text, const char *key, double value);
void text_key_int(struct text *text, const char *key, int64_t value);
void text_key_bool(struct text *text, const char *key, int value);
void text_key_time(struct text *text, const char *key, int64_t ms);
void text_key_json(struct text *text, const char *key, const char *json);

#endif
