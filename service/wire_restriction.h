// SPDX-License-Identifier: GPL-3.0-or-later
// wire_restriction.h - the JSON of a study's constraints
//
// "constraints": ["max_depth * eta <= 3", ...], in the optimizers the
// restrictions of the space.

#ifndef CUMAE_WIRE_RESTRICTION_H
#define CUMAE_WIRE_RESTRICTION_H

#include "../optimizers/restriction.h"
#include "text.h"
#include "wire.h"

// Reads the member "constraints" of a study, if there is one, into a space that
// has its parameters. ERROR_MALFORMED or ERROR_INVALID name which of them and
// the column.
int wire_restrictions_read(const struct fields *study, struct space *space);

// Appends the member.
void wire_restrictions_write(struct text *text, const struct space *space);

#endif
