// SPDX-License-Identifier: GPL-3.0-or-later
// even.h - points of an even spread, for when nothing is known
//
// A sampler with a model begins with scrambled Sobol points (sobol.h): they are
// what its first model learns from.

#ifndef CUMAE_EVEN_H
#define CUMAE_EVEN_H

#include "rng.h"
#include "sampler.h"

// Writes Sobol point `number` to `point`. `rng` gives what the sequence lacks
// in a space of too many dimensions, and coordinates in place of those that
// restrictions forbid.
void even_point(const struct sampler_task *task, uint64_t number,
                struct rng *rng, struct arena *arena, double *point);

// The same, unless that point was tried: then writes a random one, untried if
// there is one (tried_random_other), and returns false.
bool even_untried(const struct sampler_task *task, uint64_t number,
                  struct rng *rng, struct arena *arena, double *point);

#endif
