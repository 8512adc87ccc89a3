// SPDX-License-Identifier: GPL-3.0-or-later
// random_space.h - spaces of every kind for property tests
//
// random_param_add appends a parameter that a fair share of the time sits on an
// edge: one value, neighbouring doubles, bounds of 1e300, thousands of levels.
// random_restriction_add forbids a part of the space, never all of it.

#ifndef CUMAE_TESTS_RANDOM_SPACE_H
#define CUMAE_TESTS_RANDOM_SPACE_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "restriction.h"
#include "rng.h"
#include "space.h"

enum { MOST_CHOICES = 40, MOST_CONDITIONS = 2, MOST_VALUES = 3 };

static inline void random_bounds(struct rng *rng, struct param *p)
{
    double scale = 1;
    switch (rng_below(rng, 4)) {
    case 0:
        scale = 1e3;
        break;
    case 1:
        scale = pow(10, 600 * rng_uniform(rng) - 300);
        break;
    default:
        break;
    }
    double a = (2 * rng_uniform(rng) - 1) * scale;
    double b = (2 * rng_uniform(rng) - 1) * scale;
    if (p->log) {
        a = fabs(a) + scale * 1e-9;
        b = fabs(b) + scale * 1e-6;
    }
    p->low = fmin(a, b);
    p->high = fmax(a, b);
    if (rng_below(rng, 12) == 0)
        p->high = p->low;
    if (rng_below(rng, 12) == 0)
        p->high = nextafter(p->low, INFINITY);
}

static inline void random_float(struct rng *rng, struct param *p, bool finite)
{
    p->log = !finite && rng_below(rng, 3) == 0;
    random_bounds(rng, p);
    if (finite && p->high == nextafter(p->low, INFINITY))
        p->high = p->low;
    if (finite || (!p->log && rng_below(rng, 3) == 0)) {
        p->step = (p->high - p->low) / (1 + 6 * rng_uniform(rng));
        if (fmax(fabs(p->low), fabs(p->high)) > 0x1p48 * p->step)
            p->high = p->low;
    }
}

static inline void random_int(struct rng *rng, struct param *p, bool finite)
{
    double width = finite ? 5 : rng_below(rng, 2) ? 20 : 0x1p30;
    p->log = rng_below(rng, 3) == 0;
    p->low = floor((rng_uniform(rng) - 0.5) * 2 * width);
    if (p->log)
        p->low = 1 + fabs(p->low);
    p->high = p->low + (double)rng_below(rng, (uint64_t)width);
    p->step = 1;
    if (!p->log && p->high - p->low >= 3)
        p->step = 1 + (double)rng_below(rng, 3);
}

// A condition on a random earlier parameter, if it is of a kind that allows it.
static inline bool random_condition(struct rng *rng, const struct space *space,
                                    struct condition *c)
{
    c->parent = (size_t)rng_below(rng, space->n);
    const struct param *parent = &space->params[c->parent];
    size_t levels = param_levels(parent);
    if (parent->kind == PARAM_FLOAT || levels < 2)
        return false;
    c->n = 1 + (size_t)rng_below(rng, MOST_VALUES);
    for (size_t i = 0; i < c->n; i++)
        c->values[i] = param_value(parent, (size_t)rng_below(rng, levels));
    return true;
}

// Appends a random parameter; `finite` asks for one with few levels. Returns
// what space_add does.
static inline int random_param_add(struct space *space, struct rng *rng,
                                   bool finite, struct error *err)
{
    char name[24], text[MOST_CHOICES][32];
    char *choices[MOST_CHOICES];
    double levels[MOST_CHOICES], values[MOST_CONDITIONS][MOST_VALUES];
    struct condition conditions[MOST_CONDITIONS];
    snprintf(name, sizeof name, "p%zu", space->n);
    struct param p = {.name = name,
                      .kind = (enum param_kind)rng_below(rng, 5),
                      .choices = choices,
                      .levels = levels,
                      .conditions = conditions};
    p.n_choices = 1 + (size_t)rng_below(rng, finite ? 4 : MOST_CHOICES);
    for (size_t i = 0; i < p.n_choices; i++) {
        snprintf(text[i], sizeof text[i], "\"c%zu\"", i);
        choices[i] = text[i];
        levels[i] = (double)i * 1.5 - 3 + rng_uniform(rng);
    }
    if (p.kind == PARAM_FLOAT)
        random_float(rng, &p, finite);
    if (p.kind == PARAM_INT)
        random_int(rng, &p, finite);
    for (size_t i = 0; i < MOST_CONDITIONS && space->n > 0; i++) {
        conditions[p.n_conditions].values = values[p.n_conditions];
        if (rng_below(rng, 3) == 0 &&
            random_condition(rng, space, &conditions[p.n_conditions]))
            p.n_conditions++;
    }
    return space_add(space, &p, err);
}

// A comparison with one parameter that is true at its value; returns its bytes.
static inline int random_clause(struct rng *rng, const struct param *p,
                                double value, char *text, size_t bytes)
{
    double other = param_decode(p, rng_uniform(rng));
    if (p->kind == PARAM_BOOL)
        return snprintf(text, bytes, value != 0 ? "%s" : "not %s", p->name);
    if (p->kind == PARAM_CATEGORICAL) {
        bool same = other == value;
        const char *choice = p->choices[(size_t)other];
        return snprintf(text, bytes, "%s %s '%.*s'", p->name,
                        same ? "==" : "!=", (int)strlen(choice) - 2,
                        choice + 1);
    }
    if (p->kind == PARAM_DISCRETE) {
        value = p->levels[(size_t)value];
        other = p->levels[(size_t)other];
    }
    return snprintf(text, bytes, "%s %s %.17g", p->name,
                    value <= other ? "<=" : ">=", other);
}

// Adds a restriction of one to three clauses that holds at a valid point.
static inline int random_restriction_add(struct space *space, struct rng *rng,
                                         const double *point, struct error *err)
{
    char text[EXPRESSION_MAX_BYTES] = "";
    size_t used = 0;
    for (uint64_t left = 1 + rng_below(rng, 3); left > 0; left--) {
        size_t k = (size_t)rng_below(rng, space->n);
        double value =
            isnan(point[k]) ? param_decode(&space->params[k], 0.5) : point[k];
        const char *joint = rng_below(rng, 2) ? " and " : " or ";
        used += (size_t)snprintf(text + used, sizeof text - used, "%s",
                                 used ? joint : "");
        used += (size_t)random_clause(rng, &space->params[k], value,
                                      text + used, sizeof text - used);
    }
    return restriction_add(space, text, err);
}

#endif
