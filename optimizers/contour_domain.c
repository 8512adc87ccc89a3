// SPDX-License-Identifier: GPL-3.0-or-later
// contour_domain.c - where points of a contour may lie, and how a model sees
// them

#include "contour_domain.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "rng.h"
#include "sobol.h"

// ---- is it a definition? ----------------------------------------------------

static int check_space(const struct space *space, struct error *err)
{
    if (space->n < CONTOUR_MIN_PARAMS || space->n > CONTOUR_MAX_PARAMS)
        return error_set(err, ERROR_INVALID,
                         "a contour needs %d to %d parameters, not %zu",
                         CONTOUR_MIN_PARAMS, CONTOUR_MAX_PARAMS, space->n);
    for (size_t k = 0; k < space->n; k++) {
        const struct param *p = &space->params[k];
        if (p->kind != PARAM_FLOAT && p->kind != PARAM_INT)
            return error_set(err, ERROR_INVALID,
                             "'%.60s' must be a float or an int for a contour",
                             p->name);
        if (p->n_conditions)
            return error_set(err, ERROR_INVALID,
                             "'%.60s' must not have a condition for a contour",
                             p->name);
    }
    return 0;
}

static int check_expressions(const struct contour_domain *domain,
                             struct error *err)
{
    if (domain->n_features > CONTOUR_MAX_FEATURES)
        return error_set(err, ERROR_INVALID,
                         "features must be at most %d, not %zu",
                         CONTOUR_MAX_FEATURES, domain->n_features);
    if (domain->n_constraints > CONTOUR_MAX_CONSTRAINTS)
        return error_set(err, ERROR_INVALID,
                         "constraints must be at most %d, not %zu",
                         CONTOUR_MAX_CONSTRAINTS, domain->n_constraints);
    for (size_t i = 0; i < domain->n_features; i++)
        if (domain->features[i].truth)
            return error_set(err, ERROR_INVALID,
                             "feature %zu must be a number, not a truth", i);
    for (size_t i = 0; i < domain->n_constraints; i++)
        if (!domain->constraints[i].truth)
            return error_set(err, ERROR_INVALID,
                             "constraint %zu must be a truth, not a number", i);
    return 0;
}

// ---- coordinates ------------------------------------------------------------

// Coordinate k before it is scaled.
static double raw(const struct contour_domain *domain, const double *point,
                  size_t k)
{
    if (domain->n_features)
        return expression_value(&domain->features[k], domain->space, point);
    return domain->space->params[k].log ? log(point[k]) : point[k];
}

bool contour_domain_allows(const struct contour_domain *domain,
                           const double *point)
{
    for (size_t i = 0; i < domain->n_constraints; i++)
        if (expression_value(&domain->constraints[i], domain->space, point) ==
            0)
            return false;
    return true;
}

bool contour_domain_place(const struct contour_domain *domain,
                          const double *point, double *x)
{
    for (size_t k = 0; k < domain->d; k++) {
        x[k] = (raw(domain, point, k) - domain->low[k]) / domain->width[k];
        if (!isfinite(x[k]))
            return false;
    }
    return true;
}

// ---- the sample -------------------------------------------------------------

// Sobol point `index`, with one digital shift per parameter.
static void even(const struct space *space, const uint64_t *shift,
                 uint64_t index, double *point)
{
    double unit[CONTOUR_MAX_PARAMS];
    const uint16_t *row = sobol_table;
    for (size_t k = 0; k < space->n; k++)
        unit[k] = (double)(sobol_coordinate(&row, index) ^ shift[k]) * 0x1p-53;
    space_decode(space, unit, point);
}

// Sobol points that are looked at: fewer, when expressions are long.
static size_t most_tried(const struct contour_domain *domain)
{
    size_t steps = 1;
    for (size_t i = 0; i < domain->n_constraints; i++)
        steps += domain->constraints[i].n;
    for (size_t i = 0; i < domain->n_features; i++)
        steps += domain->features[i].n;
    size_t most = CONTOUR_MOST_STEPS / steps;
    return most < CONTOUR_TRIED ? most : CONTOUR_TRIED;
}

static void draw(struct contour_domain *domain, size_t tried, uint64_t seed)
{
    size_t n = domain->space->n;
    struct rng rng = rng_at(seed, RNG_STUDY);
    uint64_t shift[CONTOUR_MAX_PARAMS];
    for (size_t k = 0; k < n; k++)
        shift[k] = rng_u64(&rng) >> (64 - SOBOL_BITS);
    for (uint64_t i = 0; i < tried && domain->n < CONTOUR_SAMPLE; i++) {
        double *point = domain->point + domain->n * n;
        even(domain->space, shift, i, point);
        domain->n += contour_domain_allows(domain, point) &&
                     contour_domain_place(domain, point,
                                          domain->x + domain->n * domain->d);
    }
}

// Scales the coordinates of the sample, and of what comes later, to [0, 1].
static void scale(struct contour_domain *domain)
{
    size_t d = domain->d;
    for (size_t k = 0; k < d; k++) {
        double low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < domain->n; i++) {
            low = fmin(low, domain->x[i * d + k]);
            high = fmax(high, domain->x[i * d + k]);
        }
        domain->low[k] = low;
        domain->width[k] = high > low ? high - low : 1;
        for (size_t i = 0; i < domain->n; i++)
            domain->x[i * d + k] =
                (domain->x[i * d + k] - low) / domain->width[k];
    }
}

int contour_domain_init(struct contour_domain *domain, uint64_t seed,
                        struct arena *arena, struct error *err)
{
    if (check_space(domain->space, err) || check_expressions(domain, err))
        return -1;
    domain->d = domain->n_features ? domain->n_features : domain->space->n;
    domain->n = 0;
    domain->point =
        arena_doubles(arena, (CONTOUR_SAMPLE + 1) * domain->space->n);
    domain->x = arena_doubles(arena, (CONTOUR_SAMPLE + 1) * domain->d);
    for (size_t k = 0; k < domain->d; k++) {
        domain->low[k] = 0;
        domain->width[k] = 1;
    }
    size_t tried = most_tried(domain);
    draw(domain, tried, seed);
    if (domain->n < CONTOUR_MIN_SAMPLE)
        return error_set(err, ERROR_INVALID,
                         "constraints and features must allow at least %d of "
                         "%zu points, not %zu",
                         CONTOUR_MIN_SAMPLE, tried, domain->n);
    scale(domain);
    return 0;
}
