// SPDX-License-Identifier: GPL-3.0-or-later
// epoch.c - one distribution of CMA-ES over the points of a space

#include "epoch.h"

#include <math.h>
#include <string.h>

#include "fold.h"
#include "margin.h"
#include "restriction.h"
#include "rng.h"

// How often a sample outside of the cube is drawn anew before it is folded.
// Folding alone shows the search a second copy of a rotated valley next to an
// edge; drawing alone cannot sample around an optimum in a corner. In many
// dimensions a wide distribution has no sample inside.
// Samples that the restrictions of the space forbid are drawn anew more often.
enum { TRIES = 10, TRIES_RESTRICTED = 100 };

void epoch_assign(struct epoch *epoch, const struct epoch *from)
{
    epoch->begun = from->begun;
    cma_assign(epoch->cma, from->cma);
    memcpy(epoch->axis, from->axis, from->n * sizeof *from->axis);
    memcpy(epoch->stretch, from->stretch, from->n * sizeof *from->stretch);
}

struct epoch *epoch_copy(const struct epoch *from, struct arena *arena)
{
    struct epoch *epoch = arena_zeros(arena, 1, sizeof *epoch);
    epoch->owner = arena;
    epoch->n = from->n;
    epoch->axis = arena_alloc(arena, from->n * sizeof *epoch->axis);
    epoch->cma = cma_copy(from->cma, arena);
    epoch->stretch = arena_doubles(arena, from->n);
    epoch_assign(epoch, from);
    return epoch;
}

static bool has_levels(const struct epoch *epoch, const struct space *space,
                       size_t k)
{
    return param_levels(&space->params[epoch->axis[k]]) > 0;
}

static double deviation_of(const struct epoch *epoch, size_t k)
{
    return epoch->cma->sigma * sqrt(cma_variance(epoch->cma, k));
}

void epoch_keep_margins(struct epoch *epoch, const struct space *space,
                        double margin)
{
    for (size_t k = 0; k < epoch->n; k++) {
        if (!has_levels(epoch, space, k))
            continue;
        struct margin_axis axis = {.mean = epoch->cma->mean[k],
                                   .deviation = deviation_of(epoch, k),
                                   .stretch = epoch->stretch[k]};
        margin_keep(&space->params[epoch->axis[k]], margin, &axis);
        epoch->cma->mean[k] = axis.mean;
        epoch->stretch[k] = axis.stretch;
    }
}

// Writes a sample and its place in the cube, one coordinate per dimension;
// false when it was outside.
static bool draw_once(const struct epoch *epoch, const struct space *space,
                      struct rng *rng, double *raw, double *unit)
{
    const struct cma *cma = epoch->cma;
    double step[SPACE_MAX_PARAMS];
    bool inside = true;
    cma_step(cma, rng, unit, step);
    for (size_t k = 0; k < epoch->n; k++) {
        double x = cma->sigma * step[k];
        raw[k] = cma->mean[k] + x;
        unit[k] = cma->mean[k] + epoch->stretch[k] * x;
        if (has_levels(epoch, space, k))
            continue;
        inside &= unit[k] >= 0 && unit[k] <= 1;
        unit[k] = fold(unit[k]);
    }
    return inside;
}

// Writes the point of a place in the cube.
static void place(const struct epoch *epoch, const struct space *space,
                  const double *drawn, double *point)
{
    double unit[SPACE_MAX_PARAMS];
    for (size_t k = 0; k < space->n; k++)
        unit[k] = 0.5;
    for (size_t k = 0; k < epoch->n; k++)
        unit[epoch->axis[k]] =
            isnan(drawn[k]) ? 0.5 : fmin(fmax(drawn[k], 0), 1);
    space_decode(space, unit, point);
}

void epoch_draw(const struct epoch *epoch, const struct sampler_task *task,
                uint64_t number, double *raw, double *point)
{
    const struct space *space = task->space;
    double drawn[SPACE_MAX_PARAMS];
    struct rng rng = rng_at(task->seed, number);
    int folded = epoch->n > CMA_FULL ? 1 : TRIES;
    for (int i = 1; i <= TRIES_RESTRICTED; i++) {
        bool inside = draw_once(epoch, space, &rng, raw, drawn);
        if (!inside && i < folded)
            continue;
        place(epoch, space, drawn, point);
        if (restriction_allows(space, point))
            break;
    }
}

bool epoch_recall(const struct epoch *epoch, const struct sampler_task *task,
                  uint32_t number, double *raw)
{
    double point[SPACE_MAX_PARAMS], unit[SPACE_MAX_PARAMS];
    const double *found = history_unit(task->history, number);
    epoch_draw(epoch, task, number, raw, point);
    space_encode(task->space, point, unit);
    for (size_t k = 0; k < epoch->n; k++) {
        double off = fabs(unit[epoch->axis[k]] - found[epoch->axis[k]]);
        if (!(off <= 1e-6 * deviation_of(epoch, k) + 4e-16))
            return false;
    }
    return true;
}

// A place of unit coordinate u that folds to it. Whether the point was beyond
// the nearer edge is not known: that is drawn with its odds under the
// distribution, else the mean of an optimum on the edge would be pushed
// inwards.
static double unfolded(double u, double mean, double deviation, double chance)
{
    double inside = fold_inside(u), outside = fold_outside(u);
    double a = (inside - mean) / deviation, b = (outside - mean) / deviation;
    return chance * (1 + exp(0.5 * (b * b - a * a))) < 1 ? outside : inside;
}

void epoch_place(const struct epoch *epoch, const struct sampler_task *task,
                 uint32_t number, double *raw)
{
    const double *unit = history_unit(task->history, number);
    struct rng rng = rng_at(~task->seed, number); // not the sample's own
    for (size_t k = 0; k < epoch->n; k++) {
        double mean = epoch->cma->mean[k], u = unit[epoch->axis[k]];
        raw[k] =
            has_levels(epoch, task->space, k)
                ? mean + (u - mean) / epoch->stretch[k]
                : unfolded(u, mean, deviation_of(epoch, k), rng_uniform(&rng));
    }
}
