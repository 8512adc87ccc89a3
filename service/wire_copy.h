// SPDX-License-Identifier: GPL-3.0-or-later
// wire_copy.h - the JSON that says what to copy

#ifndef CUMAE_WIRE_COPY_H
#define CUMAE_WIRE_COPY_H

#include "copy.h"
#include "wire.h"
#include "store_study.h"

// Reads "trials" ("ended", "results", "none" or a filter {states, tags,
// numbers, value_min, value_max}) and "unfit" ("fail" or "skip") into the
// filter and the range of *copy; texts lie in the arena. Returns 1 when no
// trials are wanted.
int wire_copy_read(const struct fields *fields, struct copy *copy,
                   struct arena *arena);

// The definition of a clone: that of the source with another name, and with
// the members of `changes` (may be NULL) replaced, or merged for space and
// budget, where null removes a parameter. Checked like one that a user sent;
// errors name the field as "changes.FIELD".
struct definition *wire_copy_definition(const struct definition *source,
                                        const char *name, const json_t *changes,
                                        struct error *err);

// {"study": ..., "name": ..., "revision": ..., "unfit": ...}
char *wire_copy_origin(const struct study_row *source, size_t n_unfit,
                       struct arena *arena);

#endif
