// SPDX-License-Identifier: GPL-3.0-or-later
// wire.h - reading JSON from strangers
//
// wire_parse takes what Python writes, not only what JSON allows: the bare
// tokens NaN, Infinity and -Infinity, integers beyond 64 bits and reals beyond
// the range of a double. jansson cannot hold these, so they travel as marked
// strings (U+F8FF and the token) that only a number's reader understands.
//
// A `struct fields` reads the members of one object. The first fault is kept
// in its error and every later read returns the default, so a handler reads
// all it needs and looks at the error once. A member that is null counts as
// absent. Messages name the member by its full path: "space.eta.low".

#ifndef CUMAE_WIRE_H
#define CUMAE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "../optimizers/arena.h"
#include "../optimizers/error.h"
#include "text.h"

enum { WIRE_MAX_DEPTH = 32 };

// Makes a lack of memory in jansson abort the process, as everywhere else.
// Otherwise it would look like a fault of the request. Once, before all else.
void wire_start(void);

// Parses a JSON object. ERROR_MALFORMED: not JSON, not an object, duplicate
// members, nested deeper than WIRE_MAX_DEPTH, invalid UTF-8. An empty text
// counts as {}. The caller decrefs.
json_t *wire_parse(const char *text, size_t bytes, struct arena *arena,
                   struct error *err);

// The token of a number that jansson cannot hold, or NULL when the value is
// anything else.
const char *wire_odd_number(const json_t *value);

struct fields {
    const json_t *object;
    char where[160]; // path of the object, "" at the top
    struct error *err;
};

// Opens an object. `known` lists the allowed members and ends with NULL; NULL
// allows any. ERROR_MALFORMED when it is no object or has an unknown member.
int fields_open(struct fields *fields, const json_t *object, const char *where,
                const char *const *known, struct error *err);

// The member, or NULL when absent or null.
const json_t *fields_get(const struct fields *fields, const char *name);

// Records ERROR_MALFORMED or ERROR_INVALID for the member: "path.name ...".
int fields_fail(const struct fields *fields, enum error_code code,
                const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

// An integer in low..high (ERROR_INVALID outside, ERROR_MALFORMED for another
// type).
int64_t fields_int(const struct fields *fields, const char *name, int64_t low,
                   int64_t high, int64_t standard);

// A finite number (ERROR_INVALID for NaN and infinities).
double fields_real(const struct fields *fields, const char *name,
                   double standard);

// Any number, NaN and infinities included (also as the strings "NaN",
// "Infinity", "-Infinity").
double fields_value(const struct fields *fields, const char *name,
                    double standard);

// A string of at most `max` bytes. Lent by the JSON value.
const char *fields_text(const struct fields *fields, const char *name,
                        size_t max, const char *standard);

bool fields_bool(const struct fields *fields, const char *name, bool standard);

// The member as compact JSON text of at most `max` bytes in the arena; NULL
// when absent. `type` is the JSON type it must have, -1 for any.
const char *fields_json(const struct fields *fields, const char *name, int type,
                        size_t max, struct arena *arena);

// A time, "2026-11-30T12:00:00Z" (fractions and offsets allowed), as ms since
// 1970 UTC; 0 when absent.
int64_t fields_time(const struct fields *fields, const char *name);

// Reads a time from text; -1 when it is none of the years 1970 to 9999 in UTC.
int64_t wire_time(const char *string);

// Is the value a number, and which? Odd numbers count.
bool wire_number(const json_t *value, double *number);

// Is the value a whole number, 5.0 too, and which? What 64 bits cannot hold
// becomes the nearest that they can.
bool wire_integer(const json_t *value, int64_t *integer);

// Is the string "NaN", "Infinity" or "-Infinity", and which? NULL is not.
bool wire_constant(const char *string, double *number);

// Appends any JSON value. `raw` is for Hopaas clients, whose constants come
// back as they were sent: pure ASCII, and odd numbers as the bare tokens they
// came as, which Python reads.
void wire_write(struct text *text, const json_t *value, bool raw);

// "a boolean", "a string" ..., for messages.
const char *wire_type(const json_t *value);

#endif
