// SPDX-License-Identifier: GPL-3.0-or-later
// url.h - writing URLs and forms

#ifndef CUMAE_URL_H
#define CUMAE_URL_H

#include <stdbool.h>

#include "text.h"

// Where a service that listens on "ADDRESS:PORT" is found; `port` is the one
// that it has got.
const char *url_listened(const char *listen, unsigned port, bool tls,
                         struct arena *arena);

// Appends a text with everything but letters, digits and -._~ as %XX.
void url_escape(struct text *text, const char *string);

// Appends name=value to a URL, behind ? or &.
void url_parameter(struct text *text, const char *name, const char *value);

// The same to a form, behind & unless it is empty.
void url_field(struct text *text, const char *name, const char *value);

#endif
