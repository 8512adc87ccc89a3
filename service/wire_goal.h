// SPDX-License-Identifier: GPL-3.0-or-later
// wire_goal.h - the JSON of what a study is after: objectives, outcome
// constraints and the budget
//
// Parts of the JSON of a definition (wire_definition.h).

#ifndef CUMAE_WIRE_GOAL_H
#define CUMAE_WIRE_GOAL_H

#include "definition.h"
#include "wire.h"

// Reads "objectives", or the shorthand "direction", and "outcome_constraints".
int wire_goal_read(const struct fields *study, struct definition *definition);

// Reads "budget", once the objectives are known.
int wire_budget_read(const struct fields *study, struct definition *definition);

// Append the members "objectives", "outcome_constraints" and "budget".
void wire_objectives_write(struct text *text,
                           const struct definition *definition);
void wire_outcome_constraints_write(struct text *text,
                                    const struct definition *definition);
void wire_budget_write(struct text *text, const struct budget *budget);

#endif
