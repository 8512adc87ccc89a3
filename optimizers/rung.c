// SPDX-License-Identifier: GPL-3.0-or-later
// rung.c - successive halving, one rung at a time

#include "rung.h"

#include <math.h>

int64_t rung_at(struct rung_ladder ladder, int64_t step)
{
    double rung = ladder.first;
    if ((double)step < rung || rung >= ladder.last)
        return -1;
    while (rung * ladder.factor <= (double)step &&
           rung * ladder.factor < ladder.last)
        rung *= ladder.factor;
    return (int64_t)ceil(rung);
}

void rung_decide(const struct pruner_task *task, struct rung_ladder ladder,
                 struct curve_peers peers, struct pruner_verdict *verdict)
{
    const struct history *history = task->history;
    const struct series *own = &history->series[task->number];
    if (curve_nan(own, verdict) || own->n == 0)
        return;
    size_t last = own->n - 1;
    int64_t rung = rung_at(ladder, own->step[last]);
    if (rung < 0 || curve_reach(own, rung) != last)
        return;
    double *values = arena_doubles(task->arena, history->n);
    size_t n = curve_values(history, peers, rung, values);
    if (n < 2)
        return;
    double limit = curve_quantile(values, n, 1 / ladder.factor);
    if (own->value[last] > limit)
        pruner_stop(verdict, own->step[last], own->value[last],
                    "the limit of the best share", limit, n);
}
