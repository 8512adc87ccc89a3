// SPDX-License-Identifier: GPL-3.0-or-later
// outset.c - where the search for the best try begins

#include "outset.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "repair.h"
#include "restriction.h"
#include "sobol.h"

enum {
    REPAIRED = 32, // Sobol points, at most
    AGAIN = 8,     // perturbations of a known point
};

bool outset_allows(const struct space *space, const double *unit,
                   struct arena *arena)
{
    if (!space->restrictions)
        return true;
    double *point = arena_doubles(arena, space->n);
    space_decode(space, unit, point);
    return restriction_allows(space, point);
}

void outset_snap(const struct space *space, struct arena *arena, double *unit)
{
    double *point = arena_doubles(arena, space->n);
    space_decode(space, unit, point);
    space_encode(space, point, unit);
}

// Sobol points, each coordinate with a random digital shift.
static void spread(const struct space *space, struct rng *rng, double *unit)
{
    const uint16_t *row = sobol_table;
    for (size_t k = 0; k < space->n; k++) {
        uint64_t shift = rng_u64(rng) >> (64 - SOBOL_BITS);
        const uint16_t *next = row;
        for (size_t i = 0; i < OUTSET_SPREAD; i++) {
            double *u = unit + i * space->n + k;
            next = row;
            *u = k < SOBOL_DIMENSIONS
                     ? (double)(sobol_coordinate(&next, i) ^ shift) * 0x1p-53
                     : rng_uniform(rng);
        }
        row = next;
    }
}

static double reflect(double u)
{
    u = fabs(u);
    u = u > 1 ? 2 - u : u;
    return fmin(1, fmax(0, u));
}

// Moves some coordinates by a normal step of random width, 1e-3 to 0.2.
static void perturb(const struct ascent *ascent, struct rng *rng, double *unit)
{
    size_t d = ascent->space->n;
    double width = pow(10, -3 + 2.3 * rng_uniform(rng));
    double share = fmin(1, fmax(0.2, 3.0 / (double)d));
    if (rng_below(rng, 2))
        share = 1;
    size_t always = (size_t)rng_below(rng, d);
    for (size_t k = 0; k < d; k++) {
        bool category = !ascent_is_number(ascent, k);
        if (isnan(unit[k]) || (category && rng_below(rng, 4) == 0))
            unit[k] = rng_uniform(rng);
        else if (!category && (k == always || rng_uniform(rng) < share))
            unit[k] = reflect(unit[k] + width * rng_normal(rng));
    }
}

// Gives a point the coordinates that are held.
static void hold(const struct ascent *ascent, double *unit)
{
    for (size_t k = 0; k < ascent->space->n && ascent->held; k++)
        if (ascent->held[k] && !isnan(ascent->best[k]))
            unit[k] = ascent->best[k];
}

// Moves a forbidden unit point to where it is allowed.
static bool repair(const struct space *space, struct rng *rng,
                   struct arena *arena, double *unit)
{
    double *point = arena_doubles(arena, space->n);
    space_decode(space, unit, point);
    bool found = repair_anew(space, NULL, rng, arena, point);
    space_encode(space, point, unit);
    return found;
}

// Writes a point near the i-th best one, an allowed one if that is found.
static void draw_near(const struct ascent *ascent, size_t i, struct rng *rng,
                      struct arena *arena, double *unit)
{
    const struct space *space = ascent->space;
    const double *best = ascent->best + i % ascent->n_best * space->n;
    for (int left = AGAIN; left > 0; left--) {
        memcpy(unit, best, space->n * sizeof *unit);
        perturb(ascent, rng, unit);
        hold(ascent, unit);
        if (outset_allows(ascent->space, unit, arena))
            break;
    }
    outset_snap(space, arena, unit);
}

// Keeps those of n candidates that restrictions allow; returns how many. Others
// that are spread are moved, unless something is held; if that fails once or
// took long, no more.
static size_t keep_allowed(const struct ascent *ascent, struct rng *rng,
                           struct arena *arena, double *unit)
{
    size_t d = ascent->space->n, kept = 0;
    int left = ascent->held ? 0 : REPAIRED;
    for (size_t i = 0; i < OUTSET_POINTS; i++) {
        double *row = unit + i * d;
        bool fine = outset_allows(ascent->space, row, arena);
        if (!fine && i < OUTSET_SPREAD && left > 0) {
            fine = repair(ascent->space, rng, arena, row);
            left = fine ? left - 1 : 0;
        }
        if (fine)
            memmove(unit + kept++ * d, row, d * sizeof *row);
    }
    return kept;
}

size_t outset_points(const struct ascent *ascent, struct rng *rng,
                     struct arena *arena, double *unit)
{
    const struct space *space = ascent->space;
    size_t d = space->n;
    assert(ascent->n_best > 0);
    spread(space, rng, unit);
    for (size_t i = OUTSET_SPREAD; i < OUTSET_POINTS; i++)
        draw_near(ascent, i, rng, arena, unit + i * d);
    for (size_t i = 0; i < OUTSET_SPREAD; i++) {
        hold(ascent, unit + i * d);
        outset_snap(space, arena, unit + i * d);
    }
    if (!space->restrictions)
        return OUTSET_POINTS;
    size_t n = keep_allowed(ascent, rng, arena, unit);
    return n ? n : 1;
}
