// SPDX-License-Identifier: GPL-3.0-or-later
// definition.c - what a study is: its space, its goal and its rules

#include "definition.h"

#include <math.h>
#include <stdlib.h>

#include "../optimizers/contour_plan.h"
#include "limit_terms.h"

struct definition *definition_keep(struct definition *definition)
{
    atomic_fetch_add(&definition->sharers, 1);
    return definition;
}

void definition_free(struct definition *definition)
{
    if (!definition || atomic_fetch_sub(&definition->sharers, 1) > 0)
        return;
    contour_plan_free(definition->contour);
    space_done(&definition->space);
    limit_terms_free(definition->limit);
    free(definition->name);
    for (size_t i = 0; i < definition->n_objectives; i++)
        free(definition->objectives[i].name);
    for (size_t i = 0; i < definition->n_outcome_constraints; i++)
        free(definition->outcome_constraints[i].name);
    for (size_t i = 0; i < definition->n_warm_start; i++)
        free(definition->warm_start[i]);
    free(definition->constants);
    free(definition->tags);
    free(definition->notes);
    free(definition->origin);
    free(definition);
}

double definition_sign(const struct definition *definition, size_t objective,
                       double value)
{
    return definition->objectives[objective].maximize ? -value : value;
}

size_t definition_n_bounds(const struct definition *definition)
{
    size_t n = 0;
    for (size_t i = 0; i < definition->n_outcome_constraints; i++) {
        const struct outcome_constraint *bounded =
            &definition->outcome_constraints[i];
        n += isnan(bounded->upper) ? 0 : 1;
        n += isnan(bounded->lower) ? 0 : 1;
        n += outcome_is_free(bounded) ? 1 : 0;
    }
    return n;
}

bool definition_needs_outcomes(const struct definition *definition)
{
    for (size_t i = 0; i < definition->n_outcome_constraints; i++)
        if (!outcome_is_free(&definition->outcome_constraints[i]))
            return true;
    return false;
}

bool definition_has_best(const struct definition *definition)
{
    return definition->n_objectives == 1 && definition->kind != STUDY_CONTOUR;
}
