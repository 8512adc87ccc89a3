// SPDX-License-Identifier: GPL-3.0-or-later
// pruner_wilcoxon.c - stops a trial that loses to the best one in pairs
//
// For trials whose value is the mean of many measurements that are the same
// ones in each trial: folds, seeds, data sets, toys. The step is the number of
// the measurement; the order does not matter. The values are paired by step
// with those of the best trial; the trial stops when a one-sided signed-rank
// test (wilcoxon.h) says with p < p_threshold that it is worse.
//
// The names, the defaults and the rule are those of Optuna's WilcoxonPruner,
// also that a trial whose mean is as good as the best one's is never stopped.
// Deviation: best is not the complete trial of the best told value but, among
// the other trials with the most reports, the one of the least mean, so that a
// decision depends on reports alone and may come before a trial ends.

#include "curve.h"
#include "wilcoxon.h"

enum { P_THRESHOLD, STARTUP };

static const struct option options_table[] = {
    {"p_threshold", OPTION_REAL, 0.1, 0, 1,
     "stop when being worse would be chance with less than this probability"},
    {"n_startup_steps", OPTION_INT, 2, 0, 1e15,
     "a trial is not stopped with fewer values in common"},
    PRUNER_PATIENCE,
};

static double mean(const struct series *series)
{
    double sum = 0;
    for (size_t i = 0; i < series->n; i++)
        sum += series->value[i];
    return sum / (double)series->n;
}

// The trial to compare with, or NULL: no other one has finite reports.
static const struct series *find_best(const struct history *history,
                                      size_t number)
{
    const struct series *best = NULL;
    double least = 0;
    for (size_t i = 0; i < history->n; i++) {
        const struct series *other = &history->series[i];
        if (i == number || other->n == 0 || (best && other->n < best->n))
            continue;
        double its = mean(other);
        if (!isfinite(its) || (best && other->n == best->n && its >= least))
            continue;
        best = other;
        least = its;
    }
    return best;
}

// Writes a - b at the steps that both have; returns how many.
static size_t pair(const struct series *a, const struct series *b,
                   double *differences)
{
    size_t n = 0;
    for (size_t i = 0, j = 0; i < a->n && j < b->n;) {
        if (a->step[i] == b->step[j])
            differences[n++] = a->value[i++] - b->value[j++];
        else if (a->step[i] < b->step[j])
            i++;
        else
            j++;
    }
    return n;
}

static void decide(const struct pruner_task *task,
                   struct pruner_verdict *verdict)
{
    *verdict = (struct pruner_verdict){0};
    const struct series *own = &task->history->series[task->number];
    if (curve_nan(own, verdict) || own->n == 0)
        return;
    const struct series *best = find_best(task->history, task->number);
    if (!best || !(mean(own) > mean(best)))
        return;
    double *differences = arena_doubles(task->arena, own->n);
    size_t n = pair(own, best, differences);
    if ((double)n < task->options[STARTUP])
        return;
    double p = wilcoxon_greater(differences, n, task->arena);
    if (p < task->options[P_THRESHOLD])
        pruner_stop(verdict, own->step[own->n - 1], mean(own),
                    "the best trial's mean", mean(best), 0);
}

const struct pruner pruner_wilcoxon = {
    .name = "wilcoxon",
    .help = "stops a trial that a paired test finds worse than the best one",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .decide = decide,
};
