// SPDX-License-Identifier: GPL-3.0-or-later
// pruner.c - the registry of pruners and the words of a verdict

#include "pruner.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "curve.h"

#define PRUNER(name) extern const struct pruner pruner_##name;
#include "pruners.def"
#undef PRUNER

const struct pruner *const pruners[] = {
#define PRUNER(name) &pruner_##name,
#include "pruners.def"
#undef PRUNER
};

const size_t n_pruners = sizeof pruners / sizeof pruners[0];

const struct pruner *pruner_find(const char *name)
{
    for (size_t i = 0; i < n_pruners; i++)
        if (strcmp(pruners[i]->name, name) == 0)
            return pruners[i];
    return NULL;
}

// ---- patience ---------------------------------------------------------------

// The place of the option called `name` in the pruner's table, or -1.
static ptrdiff_t place(const struct pruner *pruner, const char *name)
{
    for (size_t i = 0; i < pruner->n_options; i++)
        if (strcmp(pruner->options[i].name, name) == 0)
            return (ptrdiff_t)i;
    return -1;
}

void pruner_decide(const struct pruner *pruner, const struct pruner_task *task,
                   struct pruner_verdict *verdict)
{
    pruner->decide(task, verdict);
    ptrdiff_t at = place(pruner, "patience");
    if (!verdict->prune || !verdict->limit_name || at < 0)
        return;
    double patience = task->options[at];
    const struct series *own = &task->history->series[task->number];
    double before, recent;
    if (isnan(patience) || (curve_recent(own, patience, &before, &recent) &&
                            recent > before + task->options[at + 1]))
        return;
    *verdict = (struct pruner_verdict){0};
}

// ---- words ------------------------------------------------------------------

static void explain(struct pruner_verdict *verdict, double value, double limit)
{
    int n = snprintf(verdict->reason, sizeof verdict->reason,
                     "%.6g at step %lld is worse than %s %.6g", value,
                     (long long)verdict->step, verdict->limit_name, limit);
    if (verdict->n_trials > 0 && n > 0 && (size_t)n < sizeof verdict->reason)
        snprintf(verdict->reason + n, sizeof verdict->reason - (size_t)n,
                 " of %zu trial%s", verdict->n_trials,
                 verdict->n_trials == 1 ? "" : "s");
}

void pruner_stop(struct pruner_verdict *verdict, int64_t step, double value,
                 const char *limit_name, double limit, size_t n_trials)
{
    *verdict = (struct pruner_verdict){
        .prune = true,
        .value = value,
        .limit = limit,
        .step = step,
        .n_trials = n_trials,
        .limit_name = limit_name,
    };
    explain(verdict, value, limit);
}

void pruner_explain_maximised(struct pruner_verdict *verdict)
{
    if (verdict->limit_name) // 0 - x: no "-0"
        explain(verdict, 0 - verdict->value, 0 - verdict->limit);
}
