// SPDX-License-Identifier: MIT
// call.h - one JSON call to the service, repeated until there is an answer
//
// Private to the library.

#ifndef CUMAE_CLIENT_CALL_H
#define CUMAE_CLIENT_CALL_H

#include <jansson.h>

#include "cumae.h"

// Fills err (which may be NULL) and returns -1.
int cumae_fault(struct cumae_error *err, enum cumae_code code, int status,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

// Seconds on a clock that never jumps; only differences mean something.
double cumae_now(void);

// A pause from which a crowd of workers comes back spread over time: the least
// pause that the service asked for, and a random part that grows with each
// attempt. Sleeps and returns true, or false at once when that would be later
// than `deadline`.
bool cumae_pause(unsigned attempt, double least_s, double deadline);

// When a call that starts now has to give up.
double cumae_deadline(const struct cumae *service);

// POSTs the body (JSON text) to the path below /api/v1 and returns the decoded
// answer, an object that the caller decrefs. idempotent: the service answers
// all attempts of this call alike, also where each would make something new.
// NULL on failure.
json_t *cumae_call(struct cumae *service, const char *path, const char *body,
                   bool idempotent, struct cumae_error *err);

#endif
