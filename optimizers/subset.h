// SPDX-License-Identifier: GPL-3.0-or-later
// subset.h - the results that matter when there are too many for a model

#ifndef CUMAE_SUBSET_H
#define CUMAE_SUBSET_H

#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "history.h"

// Moves the `most` of n trials that matter to the front of number[n] and
// returns how many these are: all n, in their order, if they are no more. Else
// a sixth of `most`, the best; then the nearest to the best one, seven
// twelfths; then some of the others, evenly spread over their distances from
// it. With several objectives three quarters are those that fewest others
// dominate (pareto.h), instead of the best and the nearest.
size_t subset_select(const struct history *history, size_t most, size_t n,
                     uint32_t *number, struct arena *arena);

#endif
