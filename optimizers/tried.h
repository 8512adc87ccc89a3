// SPDX-License-Identifier: GPL-3.0-or-later
// tried.h - was a point tried before?
//
// Trying a point of a finite space twice tells nothing new about a function
// without noise. Continuous coordinates never repeat, so points that have
// one active are not searched for.

#ifndef CUMAE_TRIED_H
#define CUMAE_TRIED_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "history.h"
#include "rng.h"

// Was the point tried, is it being tried or will it be, by a trial below
// `number`? Lost and cancelled trials do not count.
bool tried(const struct history *history, uint64_t number, const double *point);

// Do the restrictions of the space allow the point, and was it not tried?
bool tried_not(const struct history *history, uint64_t number,
               const double *point);

// Writes a random untried point that its restrictions allow to `point`. False
// if none is found: 256 draws had been tried (32 with restrictions, or none was
// allowed), and there is no other one among at most 2^20 points, or there are
// more; then `point` is a valid point of any kind.
bool tried_random_other(const struct history *history, uint64_t number,
                        struct rng *rng, struct arena *arena, double *point);

#endif
