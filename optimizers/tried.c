// SPDX-License-Identifier: GPL-3.0-or-later
// tried.c - was a point tried before?

#include "tried.h"

#include <math.h>

#include "grid.h"
#include "repair.h"
#include "restriction.h"

enum {
    DRAWS = 256,
    DRAWS_RESTRICTED = 32, // may take long each
    LISTED = 1 << 20,      // points of a space that are gone through one by one
};

static bool continuous(const struct space *space, const double *point)
{
    for (size_t k = 0; k < space->n; k++)
        if (!isnan(point[k]) && param_levels(&space->params[k]) == 0)
            return true;
    return false;
}

static bool counts(const struct history *history, size_t i)
{
    return history->state[i] != TRIAL_LOST &&
           history->state[i] != TRIAL_CANCELLED;
}

bool tried(const struct history *history, uint64_t number, const double *point)
{
    if (continuous(history->space, point))
        return false;
    for (size_t i = 0; i < history->n && i < number; i++)
        if (counts(history, i) &&
            space_same(history->space, history_point(history, i), point))
            return true;
    return false;
}

bool tried_not(const struct history *history, uint64_t number,
               const double *point)
{
    return restriction_allows(history->space, point) &&
           !tried(history, number, point);
}

// Marks the cells that a restriction forbids; returns how many.
static size_t mark_forbidden(const struct grid *grid, bool *held,
                             double *scratch)
{
    size_t n = 0;
    for (size_t cell = 0; (double)cell < grid->count; cell++) {
        grid_point(grid, cell, scratch);
        held[cell] = !restriction_allows(grid->space, scratch);
        n += held[cell];
    }
    return n;
}

// Writes a random one of the untried points of a space with few points.
static bool find_other(const struct history *history, uint64_t number,
                       struct rng *rng, struct arena *arena, double *point)
{
    struct grid grid;
    grid_init(&grid, history->space, 0, arena);
    if (grid.count > LISTED)
        return false;
    size_t cells = (size_t)grid.count, left = cells;
    bool *held = arena_zeros(arena, cells, sizeof *held);
    double *scratch = arena_doubles(arena, history->space->n);
    if (history->space->restrictions)
        left -= mark_forbidden(&grid, held, scratch);
    for (size_t i = 0; i < history->n && i < number; i++) {
        uint64_t rank;
        if (!counts(history, i) ||
            !grid_rank(&grid, history_point(history, i), scratch, &rank))
            continue;
        left -= !held[rank];
        held[rank] = true;
    }
    if (left == 0)
        return false;
    uint64_t cell = 0;
    for (uint64_t skip = rng_below(rng, left); skip > 0 || held[cell]; cell++)
        skip -= !held[cell];
    grid_point(&grid, cell, point);
    return true;
}

bool tried_random_other(const struct history *history, uint64_t number,
                        struct rng *rng, struct arena *arena, double *point)
{
    const struct space *space = history->space;
    int draws = space->restrictions ? DRAWS_RESTRICTED : DRAWS;
    for (int i = 0; i < draws; i++) {
        if (!repair_draw(space, rng, arena, point))
            break;
        if (!tried(history, number, point))
            return true;
    }
    return find_other(history, number, rng, arena, point);
}
