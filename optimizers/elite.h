// SPDX-License-Identifier: GPL-3.0-or-later
// elite.h - the good results of a study, and how good each is
//
// With one objective the order is that of merit.h. With several ones the
// complete results come front by front (see pareto.h); where a front has to
// be split, those come first that cover the largest volume together (see
// hypervolume.h). The others follow as with one objective. Y. Ozaki et al.,
// "Multiobjective tree-structured Parzen estimator", J. Artif. Intell. Res. 73,
// 2022.

#ifndef CUMAE_ELITE_H
#define CUMAE_ELITE_H

#include <stddef.h>

#include "arena.h"
#include "merit.h"

enum { ELITE_MOST = 25 };

struct outcomes {
    size_t m;            // objectives
    const double *value; // [m] of each trial number
};

// How many of n results are good: this share of them, ELITE_MOST at most.
size_t elite_count(double share, size_t n);

// Moves the best k of results[0..n) to the front, in order; k <= n. With
// several objectives a complete result with a value that is not finite counts
// as failed, and is marked so.
void elite_select(const struct outcomes *of, struct merit *results, size_t n,
                  size_t k, struct arena *arena);

// Writes weight[n_good], the largest of them 1, none below 1e-12, for the
// first of best[0..n_best) as elite_select leaves them. With one objective: by
// the improvement over best[n_good], the best bad one; all 1 unless there is
// such a result, complete and different. With several: by what the hypervolume
// would lose without the result; those that are not complete weigh least.
void elite_weigh(const struct outcomes *of, const struct merit *best,
                 size_t n_good, size_t n_best, struct arena *arena,
                 double *weight);

#endif
