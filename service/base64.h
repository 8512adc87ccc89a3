// SPDX-License-Identifier: GPL-3.0-or-later
// base64.h - arrays of doubles in base64 (RFC 4648, section 4)
//
// The standard alphabet, with padding and nothing else: one text for one array.
// Doubles have their least significant byte first.

#ifndef CUMAE_BASE64_H
#define CUMAE_BASE64_H

#include <stddef.h>

// The number of doubles in a text of n characters, or -1 where it cannot be
// one.
ptrdiff_t base64_count(const char *text, size_t n);

// Decodes it into values[base64_count]. Returns -1 when it is not base64.
int base64_doubles(const char *text, size_t n, double *values);

#endif
