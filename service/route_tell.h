// SPDX-License-Identifier: GPL-3.0-or-later
// route_tell.h - reading how a trial went

#ifndef CUMAE_ROUTE_TELL_H
#define CUMAE_ROUTE_TELL_H

#include "bring.h"
#include "trial.h"
#include "wire.h"

enum { TELL_MAX_JSON = 262144 }; // bytes of outputs, meta and env each

// Reads state (-1: none), value or values, uncertainty and constraints of a
// correction.
int route_tell_read_result(const struct fields *fields, struct tell *tell,
                           struct arena *arena);

// Reads state, value or values, uncertainty, outputs, error, meta, env, wall_s
// and cost of a message. Texts are copied into the arena.
int route_tell_read(const struct fields *fields, struct tell *tell,
                    struct arena *arena);

// The same, and what workers say in the words of the study's kind.
int route_tell_read_message(const struct fields *fields, struct tell *tell,
                            struct arena *arena);

// Reads the list `reports`, if there is one, of objects {step, value}; `whole`:
// none may lack one of them. Otherwise a step is 0 and a value NaN.
int route_reports_read(const struct fields *fields, bool whole,
                       struct arena *arena, const struct bring_report **reports,
                       size_t *n);

#endif
