// SPDX-License-Identifier: GPL-3.0-or-later
// sampler_random.c - every coordinate uniform, every trial by itself
//
// Each trial draws its unit point from its own stream, so the history is
// never read. Uniform in the unit cube is uniform in ln v for log parameters
// and over the values of discrete ones.

#include "sampler.h"

#include "repair.h"
#include "rng.h"

static int suggest(const struct sampler_task *task, const struct model *model,
                   uint64_t number, struct arena *arena, struct suggestion *out,
                   struct error *err)
{
    (void)model;
    (void)err;
    struct rng rng = rng_at(task->seed, number);
    repair_draw(task->space, &rng, arena, out->point);
    return 0;
}

const struct sampler sampler_random = {
    .name = "random",
    .help = "independent uniform points",
    .several = true,
    .suggest = suggest,
};
