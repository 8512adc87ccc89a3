// SPDX-License-Identifier: GPL-3.0-or-later
// outcome.c - the numbers that a trial ended with

#include "outcome.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const struct outcome outcome_none = {.uncertainty = NAN};

// ---- from a message ---------------------------------------------------------

static int find(const struct definition *definition, const char *name)
{
    for (size_t i = 0; i < definition->n_outcome_constraints; i++)
        if (strcmp(definition->outcome_constraints[i].name, name) == 0)
            return (int)i;
    return -1;
}

static int read_named(const struct definition *definition,
                      const struct told_numbers *told, double *constraints,
                      struct error *err)
{
    bool seen[STUDY_MAX_OUTCOME_CONSTRAINTS] = {false};
    for (size_t i = 0; i < told->n_constraints; i++) {
        int place = find(definition, told->names[i]);
        if (place < 0)
            return error_set(err, ERROR_INVALID,
                             "constraints.%.100s is not an outcome constraint "
                             "of this study",
                             told->names[i]);
        constraints[place] = told->constraints[i];
        seen[place] = true;
    }
    for (size_t i = 0; i < definition->n_outcome_constraints; i++)
        if (!seen[i])
            return error_set(err, ERROR_INVALID,
                             "constraints.%.100s is missing",
                             definition->outcome_constraints[i].name);
    return 0;
}

static int read_constraints(const struct definition *definition,
                            const struct told_numbers *told,
                            double *constraints, struct error *err)
{
    if (told->named)
        return read_named(definition, told, constraints, err);
    if (told->n_constraints != definition->n_outcome_constraints)
        return error_set(err, ERROR_INVALID,
                         "constraints must hold %zu numbers, one for each "
                         "outcome constraint, not %zu",
                         definition->n_outcome_constraints,
                         told->n_constraints);
    memcpy(constraints, told->constraints,
           told->n_constraints * sizeof *constraints);
    return 0;
}

int outcome_read(const struct definition *definition,
                 const struct told_numbers *told, double *constraints,
                 struct outcome *outcome, struct error *err)
{
    size_t m = definition->n_objectives;
    *outcome = outcome_none;
    if (told->n_values && told->n_values != m)
        return error_set(err, ERROR_INVALID,
                         "values must hold %zu number%s, one for each "
                         "objective, not %zu",
                         m, m > 1 ? "s" : "", told->n_values);
    if (m > 1 && !isnan(told->uncertainty))
        return error_set(err, ERROR_INVALID,
                         "uncertainty is for a study with one objective, not "
                         "%zu",
                         m);
    if (told->n_constraints) {
        if (read_constraints(definition, told, constraints, err))
            return -1;
        outcome->constraints = constraints;
    }
    if (told->n_values)
        outcome->values = told->values;
    outcome->uncertainty = told->uncertainty;
    return 0;
}

// The first of n numbers that is not finite, or n; n when there are none.
static size_t first_odd(const double *numbers, size_t n)
{
    size_t i = 0;
    while (numbers && i < n && isfinite(numbers[i]))
        i++;
    return numbers ? i : n;
}

static const char *oddity(double number)
{
    return isnan(number) ? "NaN" : "infinite";
}

bool outcome_clean(const struct definition *definition, struct outcome *outcome,
                   char *fault, size_t size)
{
    size_t m = definition->n_objectives;
    size_t k = definition->n_outcome_constraints;
    size_t value = first_odd(outcome->values, m);
    size_t constraint = first_odd(outcome->constraints, k);
    if (constraint < k) {
        snprintf(fault, size, "the constraint %s is %s",
                 definition->outcome_constraints[constraint].name,
                 oddity(outcome->constraints[constraint]));
        outcome->constraints = NULL;
    }
    if (value < m) {
        snprintf(fault, size, "the value%s%s is %s", m > 1 ? " of " : "",
                 m > 1 ? definition->objectives[value].name : "",
                 oddity(outcome->values[value]));
        outcome->values = NULL;
    }
    return value < m || constraint < k;
}

// ---- compared and shown -----------------------------------------------------

static bool repeats(const double *told, const double *kept, size_t n)
{
    for (size_t i = 0; told && i < n; i++)
        if (!kept || told[i] != kept[i])
            return false;
    return true;
}

bool outcome_repeats(const struct definition *definition,
                     const struct outcome *told, const struct outcome *kept)
{
    return repeats(told->values, kept->values, definition->n_objectives) &&
           repeats(told->constraints, kept->constraints,
                   definition->n_outcome_constraints);
}

// Appends n numbers to text[size], as far as they fit.
static void add_numbers(char *text, size_t size, const char *what,
                        const double *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t used = strlen(text);
        snprintf(text + used, size - used, "%s %.17g", i ? "," : what,
                 numbers[i]);
    }
}

void outcome_describe(const struct definition *definition,
                      const struct outcome *outcome, char *text, size_t size)
{
    size_t m = definition->n_objectives;
    snprintf(text, size, "%s", outcome->values ? "" : "no value");
    if (outcome->values)
        add_numbers(text, size, m > 1 ? "values" : "value", outcome->values, m);
    if (outcome->constraints)
        add_numbers(text, size, " and constraints", outcome->constraints,
                    definition->n_outcome_constraints);
}

// ---- to the history ---------------------------------------------------------

// What is worked out from finite numbers may be beyond the range of a double.
static double bounded(double number)
{
    return fmax(-DBL_MAX, fmin(number, DBL_MAX));
}

// Writes excess[c].
static void excesses(const struct definition *definition,
                     const double *constraints, double *excess)
{
    for (size_t i = 0; i < definition->n_outcome_constraints; i++) {
        const struct outcome_constraint *limits =
            &definition->outcome_constraints[i];
        if (outcome_is_free(limits))
            *excess++ = constraints[i];
        if (!isnan(limits->upper))
            *excess++ = bounded(constraints[i] - limits->upper);
        if (!isnan(limits->lower))
            *excess++ = bounded(limits->lower - constraints[i]);
    }
}

bool outcome_feasible(const struct definition *definition,
                      const struct outcome *outcome)
{
    for (size_t i = 0;
         outcome->constraints && i < definition->n_outcome_constraints; i++) {
        const struct outcome_constraint *limits =
            &definition->outcome_constraints[i];
        if (outcome->constraints[i] > limits->upper ||
            outcome->constraints[i] < limits->lower)
            return false;
    }
    return true;
}

void outcome_result(const struct definition *definition, enum trial_state state,
                    const struct outcome *outcome, double *values,
                    double *excess, struct result *result)
{
    *result = (struct result){.state = state, .variance = NAN};
    if (outcome->values) {
        for (size_t i = 0; i < definition->n_objectives; i++)
            values[i] = definition_sign(definition, i, outcome->values[i]);
        result->values = values;
        if (!isnan(outcome->uncertainty))
            result->variance =
                bounded(outcome->uncertainty * outcome->uncertainty);
    }
    if (outcome->constraints) {
        excesses(definition, outcome->constraints, excess);
        result->constraints = excess;
    }
}
