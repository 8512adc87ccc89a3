// SPDX-License-Identifier: GPL-3.0-or-later
// pruner.c - the registry of pruners and the words of a verdict

#include "pruner.h"

#include <stdio.h>
#include <string.h>

#define PRUNER(name) extern const struct pruner pruner_##name;
#include "pruners.def"
#undef PRUNER

const struct pruner *const pruners[] = {
#define PRUNER(name) &pruner_##name,
#include "pruners.def"
#undef PRUNER
};

const size_t n_pruners = sizeof pruners / sizeof *pruners;

const struct pruner *pruner_find(const char *name)
{
    for (size_t i = 0; i < n_pruners; i++)
        if (strcmp(pruners[i]->name, name) == 0)
            return pruners[i];
    return NULL;
}

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
