// SPDX-License-Identifier: GPL-3.0-or-later
// lent.h - points of other studies, dealt to what is good and what is bad
//
// Each study is split by itself: its values say nothing about those of others.
// Of all studies together about LENT_GOOD good points and LENT_BAD bad ones are
// taken, as many from each study: its best, and a random choice of its bad
// ones, which weigh as much as all of them.

#ifndef CUMAE_LENT_H
#define CUMAE_LENT_H

#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "rows.h"
#include "sampler.h"

enum { LENT_GOOD = 50, LENT_BAD = 200 };

struct lent_plan {
    const struct prior *prior;
    size_t d, m;   // parameters, objectives
    double share;  // of the results of a study that are good, see elite_count
    double weight; // of a point
    uint64_t seed;
};

// Adds points to *good and to *bad, which have room for all points of the
// prior. Takes scratch memory from `arena`.
void lent_deal(const struct lent_plan *plan, struct arena *arena,
               struct rows *good, struct rows *bad);

#endif
