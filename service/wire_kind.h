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
#include "live.h"
#include "wire.h"

// Reads "kind".
int wire_kind_read(const struct fields *study, struct definition *definition);

// Reads what the kind searches and how: objectives, space, sampler and pruner,
// or what stands in their place. ERROR_INVALID for a member that is of another
// kind, unless the text was stored.
int wire_kind_plan_read(const struct fields *study,
                        struct definition *definition, bool stored);

// Do two definitions search the same, in the same way?
bool wire_kind_plan_same(const struct definition *a,
                         const struct definition *b);

// Appends the member that is the kind's own, if it has one.
void wire_kind_plan_write(struct text *text,
                          const struct definition *definition);

// May these members of a definition be changed, or be other ones in a copy?
// ERROR_INVALID for one that is of another kind; where it is a `patch`, the
// kind's own member may hold what does not change the meaning of what was told.
int wire_kind_check_changes(const struct definition *definition,
                            const struct fields *changes, bool patch);

// Takes the members from a definition that its kind does not have.
void wire_kind_strip(const struct definition *definition, json_t *json);

// The same for a study that was written, by the kind that it says, so that it
// can be read; unless its trials cannot.
void wire_kind_strip_written(json_t *study);

// Appends to a trial that is handed out what its kind has to say of it.
void wire_kind_hand_out(struct text *text, const struct live *live,
                        size_t number);

#endif
