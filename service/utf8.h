// SPDX-License-Identifier: GPL-3.0-or-later
// utf8.h - UTF-8 at the edges: is it, and how does it look inside JSON
//
// Bytes from outside are checked before they become text, and text that goes
// into a log line or an error is escaped so that it cannot forge either.

#ifndef CUMAE_UTF8_H
#define CUMAE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

// True when all n bytes are UTF-8. Nothing is UTF-8 too.
bool utf8_is_valid(const char *text, size_t n);

// A character grows to at most this many bytes when escaped.
enum { UTF8_ESCAPED_MAX = 6 };

// Writes the n bytes as the inside of a JSON string, without the quotes and
// without a NUL, as many whole characters as fit into `room`. Bytes that are
// no UTF-8 become U+FFFD. Returns the bytes written.
size_t utf8_escape(char *out, size_t room, const char *text, size_t n);

#endif
