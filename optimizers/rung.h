// SPDX-License-Identifier: GPL-3.0-or-later
// rung.h - successive halving, one rung at a time
//
// Rungs are the steps first, first * factor, first * factor^2 ... below `last`.
// A trial that reaches a rung goes on when its value there is among the best
// 1 / factor of the values that its peers have at this rung.
//
// L. Li et al., "A system for massively parallel hyperparameter tuning" (ASHA),
// arXiv:1810.05934, in the stopping form that Syne Tune uses: the limit is the
// quantile 1 / factor, interpolated, of all values at the rung, the trial's own
// included; a trial alone at its rung goes on. Deviation: a trial that
// skips the step of a rung is judged by its first report past it.

#ifndef CUMAE_RUNG_H
#define CUMAE_RUNG_H

#include "curve.h"

struct rung_ladder {
    double first, factor; // first >= 1, factor > 1
    double last;          // no rung here or above; INFINITY: no end
};

// The highest rung at or below `step`; -1 when it is below the first.
int64_t rung_at(struct rung_ladder ladder, int64_t step);

// Decides on the trial of the task, a member of `peers`, when its latest report
// is the first one at its highest rung; at other reports it goes on.
void rung_decide(const struct pruner_task *task, struct rung_ladder ladder,
                 struct curve_peers peers, struct pruner_verdict *verdict);

#endif
