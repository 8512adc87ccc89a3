// SPDX-License-Identifier: GPL-3.0-or-later
// wire_kind.h - the JSON of what kind a study is
//
// Each kind has members of a definition of its own, and some that make no
// sense for it. A table says which, and who reads and writes its plan: what is
// searched, and how.

#ifndef CUMAE_WIRE_KIND_H
#define CUMAE_WIRE_KIND_H

#include "definition.h"
#include "kind.h"
#include "wire.h"

// Reads "kind".
int wire_kind_read(const struct fields *study, struct definition *definition);

// Reads what the kind searches and how: objectives, space, sampler and pruner,
// or what stands in their place. ERROR_INVALID for a member that is of another
// kind, unless the text was stored.
int wire_kind_plan_read(const struct fields *study,
                        struct definition *definition, bool stored);

// Refuses members that are of another kind, in a change too.
int wire_kind_check(const struct fields *study,
                    const struct definition *definition);

// Removes from a study that was written those members which its kind implies,
// so that it can be read.
void wire_kind_strip(json_t *study);

// Do two definitions search the same, in the same way?
bool wire_kind_plan_same(const struct definition *a,
                         const struct definition *b);

// Appends the member that is the kind's own, if it has one.
void wire_kind_plan_write(struct text *text,
                          const struct definition *definition);

#endif
