// SPDX-License-Identifier: GPL-3.0-or-later
// outcome.h - the numbers that a trial ended with
//
// They are the user's: values in the sign in which they are told, outcomes as
// they were measured. The history holds the same as a minimiser sees it: signs
// flipped where an objective is maximised, an excess for each bound (value -
// upper, lower - value; met where it is <= 0) or what was measured without
// bounds, and the variance of the value.
//
// Notation: m objectives, k outcome constraints, c bounds.

#ifndef CUMAE_OUTCOME_H
#define CUMAE_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>

#include "definition.h"

struct outcome {
    const double *values;      // [m], or NULL: none
    const double *constraints; // [k], or NULL: not told
    double uncertainty; // standard error of a single value, NaN: not told
};

// An outcome without any number.
extern const struct outcome outcome_none;

// The numbers of a message, as they came: their count and names are not yet
// known to be those of the study.
struct told_numbers {
    size_t n_values; // 0: none
    double values[STUDY_MAX_OBJECTIVES];
    size_t n_constraints; // 0: none
    double constraints[STUDY_MAX_OUTCOME_CONSTRAINTS];
    const char *names[STUDY_MAX_OUTCOME_CONSTRAINTS];
    bool named; // else in the order of the study
    double uncertainty;
    const struct told_curves *curves; // kind_contour.h, or NULL
};

// Reads the numbers in the terms of the study: *outcome points into `told` and
// into constraints[k], the caller's. ERROR_INVALID names the field and what it
// should have held.
int outcome_read(const struct definition *definition,
                 const struct told_numbers *told, double *constraints,
                 struct outcome *outcome, struct error *err);

// Leaves out values and constraints with a number that is not finite, and says
// in fault[size] what the first such number is. False when all are finite.
bool outcome_clean(const struct definition *definition, struct outcome *outcome,
                   char *fault, size_t size);

// Are all bounds met? True when no constraints were told.
bool outcome_feasible(const struct definition *definition,
                      const struct outcome *outcome);

// Are the numbers of a message those that were kept? What it does not tell is.
bool outcome_repeats(const struct definition *definition,
                     const struct outcome *told, const struct outcome *kept);

// Writes "value 0.5", "values 0.5, 2 and constraints 21" ... to text[size].
void outcome_describe(const struct definition *definition,
                      const struct outcome *outcome, char *text, size_t size);

// What the history keeps of a trial in this state with these numbers: *result
// points into values[m] and excess[c], the caller's.
void outcome_result(const struct definition *definition, enum trial_state state,
                    const struct outcome *outcome, double *values,
                    double *excess, struct result *result);

#endif
