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

#include "rng.h"
#include "sobol.h"

// Bit b of the result is bit b of x plus a random combination of the higher
// bits, plus a random bit.
static uint64_t scramble(uint64_t x, uint64_t seed, size_t dimension)
{
    struct rng rng = rng_at(seed, RNG_STUDY + dimension);
    const uint64_t all = (UINT64_C(1) << SOBOL_BITS) - 1;
    uint64_t y = rng_u64(&rng) & all;
    for (int b = 0; b < SOBOL_BITS; b++) {
        uint64_t diagonal = UINT64_C(1) << b, higher = all - (2 * diagonal - 1);
        uint64_t row = (rng_u64(&rng) & higher) | diagonal;
        y ^= (uint64_t)__builtin_parityll(x & row) << b;
    }
    return y;
}

static int suggest(const struct sampler_task *task, const struct model *model,
                   uint64_t number, struct arena *arena, double *point,
                   struct error *err)
{
    (void)model;
    (void)err;
    struct rng rng = rng_at(task->seed, number);
    double *unit = arena_doubles(arena, task->space->n);
    const uint16_t *row = sobol_table;
    for (size_t k = 0; k < task->space->n; k++) {
        if (k >= SOBOL_DIMENSIONS) {
            unit[k] = rng_uniform(&rng);
            continue;
        }
        uint64_t x = sobol_coordinate(&row, number);
        unit[k] = (double)scramble(x, task->seed, k) * 0x1p-53;
    }
    space_decode(task->space, unit, point);
    return 0;
}

const struct sampler sampler_qmc = {
    .name = "qmc",
    .help = "scrambled Sobol points: more even than random ones",
    .suggest = suggest,
};
