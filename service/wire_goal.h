// SPDX-License-Identifier: GPL-3.0-or-later
// wire_goal.h - the JSON of what a study is after: objectives, outcome
// constraints, the budget and the iterations
//
// Parts of the JSON of a definition (wire_definition.h).

#ifndef CUMAE_WIRE_GOAL_H
#define CUMAE_WIRE_GOAL_H

#include "definition.h"
#include "wire.h"

// Reads "objectives", or the shorthand "direction", and "outcome_constraints".
int wire_goal_read(const struct fields *study, struct definition *definition);

// Reads "budget" and "iteration", once the objectives are known.
int wire_budget_read(const struct fields *study, struct definition *definition);

// Append the members "objectives", "outcome_constraints" and "budget". A text
// that is stored does not say that there is no max_cost, as those that were
// stored before there was one.
void wire_objectives_write(struct text *text,
                           const struct definition *definition);
void wire_outcome_constraints_write(struct text *text,
                                    const struct definition *definition);
void wire_budget_write(struct text *text, const struct budget *budget,
                       bool stored);

// Appends the member "iteration", with the number of the latest one where a
// study is shown (number >= 0).
void wire_iteration_write(struct text *text, const struct iteration *iteration,
                          int64_t number);

#endif
