// SPDX-License-Identifier: GPL-3.0-or-later
// pruner_median.c - stops a trial that is worse than the median of the others
//
// The rule of pruner_percentile.c at the percentile 50. After the
// median stopping rule of Golovin et al., "Google Vizier: a service for
// black-box optimization", KDD 2017, in Optuna's form.

#include "pruner.h"

#include "curve.h"

enum { STARTUP, WARMUP, INTERVAL, MINIMUM };

static const struct option options_table[] = {
    {"n_startup_trials", OPTION_INT, 5, 0, 1e9,
     "other trials that must have reported before any is stopped"},
    {"n_warmup_steps", OPTION_INT, 0, 0, 1e15,
     "a trial is not stopped before this step"},
    {"interval_steps", OPTION_INT, 1, 1, 1e15,
     "a decision at the first report of every so many steps"},
    {"n_min_trials", OPTION_INT, 1, 1, 1e9,
     "other trials that must have reached the step"},
    PRUNER_PATIENCE,
};

static void decide(const struct pruner_task *task,
                   struct pruner_verdict *verdict)
{
    *verdict = (struct pruner_verdict){0};
    struct curve_rule rule = {
        .percentile = 50,
        .n_startup_trials = task->options[STARTUP],
        .n_warmup_steps = task->options[WARMUP],
        .interval_steps = task->options[INTERVAL],
        .n_min_trials = task->options[MINIMUM],
        .name = "the median",
    };
    curve_compare(task, &rule, verdict);
}

const struct pruner pruner_median = {
    .name = "median",
    .help = "stops a trial that is worse than the median at the same step",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .decide = decide,
};
