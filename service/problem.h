// SPDX-License-Identifier: GPL-3.0-or-later
// problem.h - an error as an HTTP answer
//
// The one place that knows which status an error code has. Answers follow
// RFC 9457 (application/problem+json): type, title, status, detail, code and
// the request's id, so that a user can quote it and an operator can find it.

#ifndef CUMAE_PROBLEM_H
#define CUMAE_PROBLEM_H

#include "../optimizers/error.h"
#include "http.h"

struct problem {
    int status;
    const char *code;  // a stable word for programs
    const char *title; // the same for people, one phrase
};

enum { PROBLEM_RETRY_AFTER_S = 2 }; // what a 503 asks for

// The row of a code; codes out of range and ERROR_NONE are our own fault.
const struct problem *problem_of(enum error_code code);

// Fills request->reply with the error, with Retry-After for a 503 and
// WWW-Authenticate for a 401. It does not answer.
void problem_reply(struct request *request, const struct error *err);

#endif
