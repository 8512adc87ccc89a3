// SPDX-License-Identifier: GPL-3.0-or-later
// merit.c - which of two results is better, whatever became of the trials

#include "merit.h"

#include <math.h>

struct merit merit_of(const struct history *history, uint32_t number)
{
    struct merit merit = {.number = number, .rank = MERIT_NONE, .step = -1};
    double value = history->value[number];
    const struct series *series = &history->series[number];
    if (history->state[number] == TRIAL_COMPLETE && isfinite(value)) {
        merit.rank = MERIT_COMPLETE;
        merit.value = value;
    } else if (history->state[number] == TRIAL_PRUNED) {
        merit.rank = MERIT_PRUNED;
        merit.step = series->n ? series->step[series->n - 1] : -1;
        merit.value = isfinite(value) ? value : HUGE_VAL;
    }
    return merit;
}

int merit_compare(const void *left, const void *right)
{
    const struct merit *a = left, *b = right;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    if (a->step != b->step)
        return a->step > b->step ? -1 : 1;
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

void merit_insert(struct merit *best, size_t n, const struct merit *merit)
{
    if (n == 0 || merit_compare(merit, &best[n - 1]) > 0)
        return;
    size_t i = n - 1;
    for (; i > 0 && merit_compare(merit, &best[i - 1]) < 0; i--)
        best[i] = best[i - 1];
    best[i] = *merit;
}
