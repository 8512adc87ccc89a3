// SPDX-License-Identifier: GPL-3.0-or-later
// curve.h - what the reports of a trial and of its peers say
//
// The questions that pruners ask. All answers depend on the set of reports
// alone. A trial has reached a step when it has a report at or past it, and its
// value there is the one of the first such report: workers skip steps. Trials
// count whatever became of them, else only survivors would be compared.

#ifndef CUMAE_CURVE_H
#define CUMAE_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "history.h"
#include "pruner.h"

// Index of the first report at or past `step`; series->n when there is none.
size_t curve_reach(const struct series *series, int64_t step);

// The least of the last patience + 1 values, and the least of those before
// them; false when there are none before.
bool curve_recent(const struct series *series, double patience, double *before,
                  double *recent);

// Stops a trial that reported NaN, and says at which step.
bool curve_nan(const struct series *series, struct pruner_verdict *verdict);

// When the latest report is the first one of its interval (the intervals are
// [warmup, warmup + interval), ...), its index. Otherwise series->n: there are
// no reports, it is too early, or the interval had its decision.
size_t curve_checkpoint(const struct series *series, int64_t warmup,
                        int64_t interval);

// Writes to `values` (room for history->n) where the trials for which member()
// holds are at `step`: those that reached it, without NaN. member == NULL: all
// of them. Returns how many.
struct curve_peers {
    bool (*member)(const void *context, size_t number);
    const void *context;
};
size_t curve_values(const struct history *history, struct curve_peers peers,
                    int64_t step, double *values);

// Quantile q in [0, 1] of values[0..n), n >= 1, interpolated linearly between
// order statistics (type 7 of Hyndman and Fan, "Sample quantiles in statistical
// packages", Am. Stat. 50, 1996). Reorders the values.
double curve_quantile(double *values, size_t n, double q);

// The rule of the median and percentile pruners, see pruner_percentile.c.
struct curve_rule {
    double percentile;
    double n_startup_trials, n_warmup_steps, interval_steps, n_min_trials;
    const char *name; // "the median"
};
void curve_compare(const struct pruner_task *task,
                   const struct curve_rule *rule,
                   struct pruner_verdict *verdict);

#endif
