// SPDX-License-Identifier: GPL-3.0-or-later
// merit.c - which of two results is better, whatever became of the trials

#include "merit.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

struct merit merit_of(const struct history *history, uint32_t number)
{
    struct merit merit = {.number = number, .rank = MERIT_NONE, .step = -1};
    double value = *history_values(history, number);
    const struct series *series = &history->series[number];
    if (history->state[number] == TRIAL_COMPLETE && isfinite(value)) {
        merit.rank = MERIT_COMPLETE;
        merit.value = value;
    } else if (history->state[number] == TRIAL_PRUNED) {
        merit.rank = MERIT_PRUNED;
        merit.step = series->n ? series->step[series->n - 1] : -1;
        merit.value = isfinite(value) ? value : HUGE_VAL;
    } else if (history->state[number] == TRIAL_INFEASIBLE &&
               history_violation(history, number) > 0) {
        merit.rank = MERIT_INFEASIBLE;
        merit.value = history_violation(history, number);
    }
    return merit;
}

int merit_compare(const struct merit *a, const struct merit *b)
{
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    if (a->step != b->step)
        return a->step > b->step ? -1 : 1;
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

// Moves the best k to the front, in any order (Hoare's find); 0 < k < n.
static void partition(struct merit *results, size_t n, size_t k)
{
    size_t low = 0, high = n - 1;
    while (low < high) {
        struct merit pivot = results[low + (high - low) / 2];
        size_t i = low, j = high;
        for (;;) {
            while (merit_compare(&results[i], &pivot) < 0)
                i++;
            while (merit_compare(&results[j], &pivot) > 0)
                j--;
            if (i >= j)
                break;
            struct merit swap = results[i];
            results[i++] = results[j];
            results[j--] = swap;
        }
        // results[low..j] are no worse than results[j + 1..high]
        if (k <= j)
            high = j;
        else
            low = j + 1;
    }
}

static int compare(const void *a, const void *b)
{
    return merit_compare(a, b);
}

void merit_select(struct merit *results, size_t n, size_t k)
{
    assert(k <= n);
    if (0 < k && k < n)
        partition(results, n, k);
    if (k > 0)
        qsort(results, k, sizeof *results, compare);
}
