// SPDX-License-Identifier: GPL-3.0-or-later
// contrast.c - what sets some points of a space apart from others

#include "contrast.h"

#include <math.h>
#include <stdbool.h>

#include "repair.h"
#include "restriction.h"

enum {
    DRAWN = 20, // times each, where restrictions forbid what is drawn
    MOVED = 24, // points that are moved then to where they are allowed
};

static const struct parzen *marginal(const struct parzen *parzen, size_t k,
                                     struct arena *arena)
{
    if (!parzen)
        return NULL;
    struct parzen *one = arena_alloc(arena, sizeof *one);
    *one = parzen_marginal(parzen, k);
    return one;
}

struct contrast contrast_marginal(const struct contrast *contrast, size_t k,
                                  struct arena *arena)
{
    struct contrast one = *contrast;
    one.good.base = marginal(one.good.base, k, arena);
    one.good.extra = marginal(one.good.extra, k, arena);
    one.bad.base = marginal(one.bad.base, k, arena);
    one.bad.extra = marginal(one.bad.extra, k, arena);
    return one;
}

static bool conditional(const struct space *space)
{
    for (size_t k = 0; k < space->n; k++)
        if (space->params[k].n_conditions)
            return true;
    return false;
}

// Draws a row, anew while the restrictions forbid its point. The first few that
// stay forbidden are moved, for that may take long: *moves of them.
static void draw_allowed(const struct parzen *good, struct rng *rng,
                         struct arena *arena, double *row, int *moves)
{
    const struct space *space = good->space;
    double *point = arena_doubles(arena, space->n);
    bool fine = false;
    for (int left = DRAWN; left > 0 && !fine; left--) {
        parzen_sample(good, rng, row);
        space_decode(space, row, point);
        fine = restriction_allows(space, point);
    }
    if (!fine && *moves > 0)
        *moves = repair_near(space, rng, arena, point) ? *moves - 1 : 0;
    space_encode(space, point, row);
}

void contrast_draw(const struct contrast *contrast, size_t n, struct rng *rng,
                   struct arena *arena, double *unit)
{
    const struct parzen *good = contrast->good.base;
    const struct space *space = good->space;
    double *point = arena_doubles(arena, space->n);
    bool all = good->to - good->from == space->n;
    bool inactive = all && conditional(space);
    int moves = MOVED;
    for (size_t i = 0; i < n; i++) {
        double *row = unit + i * space->n;
        if (all && space->restrictions) {
            draw_allowed(good, rng, arena, row, &moves);
            continue;
        }
        parzen_sample(good, rng, row);
        if (!inactive)
            continue;
        space_decode(space, row, point);
        space_encode(space, point, row);
    }
}

// ln(e^a + e^b), not both of which are -INFINITY.
static double log_add(double a, double b)
{
    return fmax(a, b) + log1p(exp(-fabs(a - b)));
}

// ln of the density of both parts together, each by its weight.
static void log_density(const struct side *side, const double *unit, size_t n,
                        struct arena *arena, double *density)
{
    parzen_log_density(side->base, unit, n, arena, density);
    if (!side->extra)
        return;
    double base = side->base->weights, more = side->extra->weights;
    double *extra = arena_doubles(arena, n);
    parzen_log_density(side->extra, unit, n, arena, extra);
    for (size_t i = 0; i < n; i++)
        density[i] = log_add(density[i] + log(base / (base + more)),
                             extra[i] + log(more / (base + more)));
}

void contrast_score(const struct contrast *pairs, size_t n_pairs,
                    const double *unit, size_t n, struct arena *arena,
                    double *score)
{
    double *good = arena_doubles(arena, n), *bad = arena_doubles(arena, n);
    for (size_t i = 0; i < n; i++)
        score[i] = 0;
    for (const struct contrast *p = pairs; p < pairs + n_pairs; p++) {
        log_density(&p->good, unit, n, arena, good);
        log_density(&p->bad, unit, n, arena, bad);
        for (size_t i = 0; i < n; i++)
            score[i] += n_pairs == 1
                            ? good[i] - bad[i]
                            : -log_add(log(p->share),
                                       log1p(-p->share) + bad[i] - good[i]);
    }
}
