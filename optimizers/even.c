// SPDX-License-Identifier: GPL-3.0-or-later
// even.c - points of an even spread, for when nothing is known

#include "even.h"

#include "repair.h"
#include "sobol.h"
#include "tried.h"

void even_point(const struct sampler_task *task, uint64_t number,
                struct rng *rng, struct arena *arena, double *point)
{
    double *unit = arena_doubles(arena, task->space->n);
    sobol_scrambled(task->seed, number, task->space->n, rng, unit);
    space_decode(task->space, unit, point);
    repair_anew(task->space, NULL, rng, arena, point);
}

bool even_untried(const struct sampler_task *task, uint64_t number,
                  struct rng *rng, struct arena *arena, double *point)
{
    even_point(task, number, rng, arena, point);
    if (!tried(task->history, number, point))
        return true;
    tried_random_other(task->history, number, rng, arena, point);
    return false;
}
