// SPDX-License-Identifier: GPL-3.0-or-later
// pruner_patient.c - stops a trial that got worse than it was
//
// Optuna's PatientPruner without another pruner inside: a trial stops when the
// least of its last patience + 1 values is worse than the least before them by
// more than min_delta, whatever the other trials do. To combine this with
// another pruner, set that one's option `patience` (PRUNER_PATIENCE).

#include "curve.h"

enum { PATIENCE, MIN_DELTA };

static const struct option options_table[] = {
    {"patience", OPTION_INT, 5, 0, 1e9,
     "go on until so many reports in a row brought nothing better"},
    {"min_delta", OPTION_REAL, 0, 0, HUGE_VAL,
     "a value worse by up to this is as good"},
};

static void decide(const struct pruner_task *task,
                   struct pruner_verdict *verdict)
{
    *verdict = (struct pruner_verdict){0};
    const struct series *own = &task->history->series[task->number];
    double before, recent;
    if (curve_nan(own, verdict) ||
        !curve_recent(own, task->options[PATIENCE], &before, &recent))
        return;
    if (recent > before + task->options[MIN_DELTA])
        pruner_stop(verdict, own->step[own->n - 1], recent, "its earlier best",
                    before, 0);
}

const struct pruner pruner_patient = {
    .name = "patient",
    .help = "stops a trial that got worse than it was before",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .decide = decide,
};
