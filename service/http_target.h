// SPDX-License-Identifier: GPL-3.0-or-later
// http_target.h - a request target becomes a path and a query
//
// What leaves this file is UTF-8 without NUL. The path begins with '/', has
// no empty segment except a last one, and is decoded exactly once; "." and
// ".." are left to the router, which knows no such names. "*" (OPTIONS) stays
// "*", the absolute form (RFC 9112 3.2.2) loses its scheme and authority.

#ifndef CUMAE_HTTP_TARGET_H
#define CUMAE_HTTP_TARGET_H

#include "../optimizers/error.h"
#include "http.h"

// Fills request->path and request->query from the raw target. Fails with
// ERROR_MALFORMED on broken escapes, NUL, invalid UTF-8, or more than
// HTTP_MAX_QUERY parameters.
int target_parse(struct request *request, const char *target,
                 struct error *err);

#endif
