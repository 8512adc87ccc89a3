// SPDX-License-Identifier: GPL-3.0-or-later
// sampler_qmc.c - a scrambled Sobol sequence, indexed by the trial's number
//
// Every coordinate of the Sobol point is scrambled by a random lower
// triangular binary matrix and a digital shift (Matousek, "On the
// L2-discrepancy for anchored boxes", J. Complexity 14, 1998), both drawn from
// the study's seed: the sequence stays a digital net, and different seeds give
// different ones. Nothing is skipped, and the history is never read, so asks
// may come in any order. Parameters beyond the table of direction numbers are
// uniform random.

#include "sampler.h"

#include "even.h"
#include "rng.h"

static int suggest(const struct sampler_task *task, const struct model *model,
                   uint64_t number, struct arena *arena, struct suggestion *out,
                   struct error *err)
{
    (void)model;
    (void)err;
    struct rng rng = rng_at(task->seed, number);
    even_point(task, number, &rng, arena, out->point);
    return 0;
}

const struct sampler sampler_qmc = {
    .name = "qmc",
    .help = "scrambled Sobol points: more even than random ones",
    .several = true,
    .suggest = suggest,
};
