// SPDX-License-Identifier: GPL-3.0-or-later
// space.c - the parameters of a study and the set of points they span

#include "space.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "restriction.h"

void space_init(struct space *space)
{
    *space = (struct space){0};
}

static void release(struct param *p)
{
    free(p->name);
    for (size_t i = 0; p->choices && i < p->n_choices; i++)
        free(p->choices[i]);
    free(p->choices);
    free(p->levels);
    for (size_t i = 0; i < p->n_conditions; i++)
        free(p->conditions[i].values);
    free(p->conditions);
}

void space_done(struct space *space)
{
    for (size_t k = 0; k < space->n; k++)
        release(&space->params[k]);
    free(space->params);
    restriction_free(space->restrictions);
    space_init(space);
}

// A deep copy of a parameter in normal form: only what its kind uses.
static struct param copy(const struct param *from)
{
    struct param p = *from;
    p.name = memory_text(from->name);
    p.choices = NULL;
    p.levels = NULL;
    if (p.kind == PARAM_CATEGORICAL) {
        p.choices = memory_resize(NULL, p.n_choices, sizeof *p.choices);
        for (size_t i = 0; i < p.n_choices; i++)
            p.choices[i] = memory_text(from->choices[i]);
    }
    if (p.kind == PARAM_DISCRETE)
        p.levels = memory_copy(from->levels, p.n_choices, sizeof *p.levels);
    p.conditions =
        memory_copy(from->conditions, p.n_conditions, sizeof *p.conditions);
    for (size_t i = 0; i < p.n_conditions; i++) {
        const struct condition *c = &from->conditions[i];
        p.conditions[i].values = memory_copy(c->values, c->n, sizeof(double));
    }
    return p;
}

// A condition that can never hold is a mistake, so it is refused.
static int check_condition(const struct space *space, const char *name,
                           const struct condition *condition, struct error *err)
{
    if (condition->parent >= space->n)
        return error_set(err, ERROR_INVALID,
                         "'%.60s': when must name parameters defined before "
                         "it",
                         name);
    const struct param *parent = &space->params[condition->parent];
    if (parent->kind == PARAM_FLOAT)
        return error_set(err, ERROR_INVALID,
                         "'%.60s': when must name discrete parameters, not "
                         "the float '%.60s'",
                         name, parent->name);
    if (condition->n == 0)
        return error_set(err, ERROR_INVALID,
                         "'%.60s': when must list values of '%.60s'", name,
                         parent->name);
    for (size_t i = 0; i < condition->n; i++) {
        struct error ignored = {0};
        if (param_check(parent, condition->values[i], &ignored))
            return error_set(err, ERROR_INVALID,
                             "'%.60s': when asks for a value that '%.60s' "
                             "cannot take",
                             name, parent->name);
    }
    return 0;
}

int space_add(struct space *space, const struct param *param, struct error *err)
{
    struct param normal = *param;
    assert(!space->restrictions);
    if (space->n == SPACE_MAX_PARAMS)
        return error_set(err, ERROR_INVALID,
                         "a space must have at most %d parameters",
                         SPACE_MAX_PARAMS);
    if (param_normalize(&normal, err))
        return -1;
    if (space_find(space, param->name) >= 0)
        return error_set(err, ERROR_INVALID,
                         "'%.60s' must not be defined twice", param->name);
    for (size_t i = 0; i < param->n_conditions; i++)
        if (check_condition(space, param->name, &param->conditions[i], err))
            return -1;
    space->params =
        memory_resize(space->params, space->n + 1, sizeof *space->params);
    space->params[space->n++] = copy(&normal);
    return 0;
}

int space_find(const struct space *space, const char *name)
{
    for (size_t k = 0; k < space->n; k++)
        if (strcmp(space->params[k].name, name) == 0)
            return (int)k;
    return -1;
}

static bool holds(const struct condition *condition, const double *point)
{
    for (size_t i = 0; i < condition->n; i++)
        if (point[condition->parent] == condition->values[i])
            return true;
    return false; // also when the parent is inactive, NaN
}

bool space_active(const struct space *space, const double *point, size_t k)
{
    assert(k < space->n);
    const struct param *p = &space->params[k];
    for (size_t i = 0; i < p->n_conditions; i++)
        if (!holds(&p->conditions[i], point))
            return false;
    return true;
}

bool space_same(const struct space *space, const double *a, const double *b)
{
    for (size_t k = 0; k < space->n; k++)
        if (a[k] != b[k] && !(isnan(a[k]) && isnan(b[k])))
            return false;
    return true;
}

int space_check(const struct space *space, const double *point,
                struct error *err)
{
    for (size_t k = 0; k < space->n; k++) {
        const struct param *p = &space->params[k];
        bool active = space_active(space, point, k);
        if (active && isnan(point[k]))
            return error_set(err, ERROR_INVALID, "'%.60s' is missing", p->name);
        if (!active && !isnan(point[k]))
            return error_set(err, ERROR_INVALID,
                             "'%.60s' must be absent, because its condition "
                             "does not hold",
                             p->name);
        if (active && param_check(p, point[k], err))
            return -1;
    }
    return 0;
}

// Could the parameter have this coordinate if its range were any?
static bool is_coordinate(const struct param *param, double coordinate)
{
    if (isnan(coordinate))
        return true;
    if (param->n_choices)
        return coordinate >= 0 && coordinate < (double)param->n_choices &&
               coordinate == floor(coordinate);
    return isfinite(coordinate) &&
           (param->kind == PARAM_FLOAT || fabs(coordinate) <= 0x1p53);
}

bool space_holds(const struct space *space, const double *point, size_t n)
{
    if (n != space->n)
        return false;
    for (size_t k = 0; k < n; k++)
        if (!is_coordinate(&space->params[k], point[k]))
            return false;
    return true;
}

void space_encode(const struct space *space, const double *point, double *unit)
{
    for (size_t k = 0; k < space->n; k++)
        unit[k] =
            isnan(point[k]) ? NAN : param_encode(&space->params[k], point[k]);
}

void space_decode(const struct space *space, const double *unit, double *point)
{
    for (size_t k = 0; k < space->n; k++)
        point[k] = space_active(space, point, k)
                       ? param_decode(&space->params[k],
                                      isnan(unit[k]) ? 0.5 : unit[k])
                       : NAN;
}
