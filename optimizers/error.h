// SPDX-License-Identifier: GPL-3.0-or-later
// error.h - what went wrong, in the caller's frame
//
// Every fallible function takes a `struct error *` as its last argument and
// returns 0 or -1. The place that finds the fault writes the message; everyone
// else only returns -1. The first message wins, so the one that a user reads
// is the closest to the cause.
//
// A message is one line, without a full stop, and names the field, the value
// and the limit: "low must be below high, not 3 >= 1".

#ifndef CUMAE_ERROR_H
#define CUMAE_ERROR_H

enum error_code {
    ERROR_NONE,         // no error
    ERROR_MALFORMED,    // not what the format asks for
    ERROR_UNAUTHORIZED, // no valid credentials
    ERROR_ELSEWHERE,    // to be asked under another URL
    ERROR_FORBIDDEN,    // valid credentials that do not reach this far
    ERROR_NOT_FOUND,    // not there, or not the caller's to see
    ERROR_METHOD,       // the resource exists, the method does not
    ERROR_CONFLICT,     // contradicts what is stored
    ERROR_TOO_LARGE,    // beyond a documented limit of size
    ERROR_MEDIA_TYPE,   // a content type that is not served here
    ERROR_INVALID,      // well formed, but impossible (low > high)
    ERROR_EXHAUSTED,    // nothing left to suggest
    ERROR_RATE,         // the caller asks too often
    ERROR_QUOTA,        // the owner of a study has used up a quota
    ERROR_BUSY,         // try again later: draining, queue full
    ERROR_WAIT,         // what it needs is being prepared
    ERROR_STORE,        // the database is away; try again
    ERROR_FULL,         // the disk is full
    ERROR_INTERNAL,     // our fault
    ERROR_CODES
};

struct error {
    enum error_code code;
    char message[256];
};

// Records code and message unless an error is already recorded (the first
// one wins). Always returns -1, so that a check reads
// `return error_set(err, ERROR_INVALID, "...")`.
int error_set(struct error *err, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Forgets a recorded error.
void error_clear(struct error *err);

#endif
