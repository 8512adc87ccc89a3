// SPDX-License-Identifier: GPL-3.0-or-later
// curve.c - what the reports of a trial and of its peers say

#include "curve.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

size_t curve_reach(const struct series *series, int64_t step)
{
    size_t low = 0, high = series->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (series->step[middle] < step)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// The least value up to and including report `last`.
static double least_until(const struct series *series, size_t last)
{
    double least = series->value[0];
    for (size_t i = 1; i <= last; i++)
        least = fmin(least, series->value[i]);
    return least;
}

bool curve_recent(const struct series *series, double patience, double *before,
                  double *recent)
{
    if ((double)series->n <= patience + 1)
        return false;
    size_t first = series->n - (size_t)patience - 1;
    *before = least_until(series, first - 1);
    *recent = series->value[first];
    for (size_t i = first + 1; i < series->n; i++)
        *recent = fmin(*recent, series->value[i]);
    return true;
}

bool curve_nan(const struct series *series, struct pruner_verdict *verdict)
{
    for (size_t i = 0; i < series->n; i++) {
        if (!isnan(series->value[i]))
            continue;
        verdict->prune = true;
        snprintf(verdict->reason, sizeof verdict->reason,
                 "the value at step %lld is not a number",
                 (long long)series->step[i]);
        return true;
    }
    return false;
}

size_t curve_checkpoint(const struct series *series, int64_t warmup,
                        int64_t interval)
{
    if (series->n == 0)
        return 0;
    size_t last = series->n - 1;
    int64_t step = series->step[last];
    if (step < warmup)
        return series->n;
    int64_t begin = warmup + (step - warmup) / interval * interval;
    return curve_reach(series, begin) == last ? last : series->n;
}

size_t curve_values(const struct history *history, struct curve_peers peers,
                    int64_t step, double *values)
{
    size_t n = 0;
    for (size_t i = 0; i < history->n; i++) {
        const struct series *series = &history->series[i];
        if (series->n == 0 || series->step[series->n - 1] < step)
            continue;
        if (peers.member && !peers.member(peers.context, i))
            continue;
        double value = series->value[curve_reach(series, step)];
        if (!isnan(value))
            values[n++] = value;
    }
    return n;
}

// Moves the k-th smallest to values[k], smaller ones before it (Hoare's find).
static void select_kth(double *values, size_t n, size_t k)
{
    size_t low = 0, high = n - 1;
    while (low < high) {
        double pivot = values[low + (high - low) / 2];
        size_t i = low, j = high;
        for (;;) {
            while (values[i] < pivot)
                i++;
            while (values[j] > pivot)
                j--;
            if (i >= j)
                break;
            double swap = values[i];
            values[i++] = values[j];
            values[j--] = swap;
        }
        // values[low..j] <= pivot <= values[j + 1..high]
        if (k <= j)
            high = j;
        else
            low = j + 1;
    }
}

double curve_quantile(double *values, size_t n, double q)
{
    assert(n > 0);
    double place = q * (double)(n - 1);
    size_t k = (size_t)floor(place);
    double part = place - (double)k;
    select_kth(values, n, k);
    if (part == 0 || k + 1 == n)
        return values[k];
    double next = values[k + 1];
    for (size_t i = k + 2; i < n; i++)
        next = fmin(next, values[i]);
    return next == values[k] ? next : (1 - part) * values[k] + part * next;
}

static bool other_than(const void *context, size_t number)
{
    return number != *(const size_t *)context;
}

void curve_compare(const struct pruner_task *task,
                   const struct curve_rule *rule,
                   struct pruner_verdict *verdict)
{
    const struct history *history = task->history;
    const struct series *own = &history->series[task->number];
    if (curve_nan(own, verdict))
        return;
    size_t at = curve_checkpoint(own, (int64_t)rule->n_warmup_steps,
                                 (int64_t)rule->interval_steps);
    if (at == own->n)
        return;
    struct curve_peers others = {other_than, &task->number};
    double *values = arena_doubles(task->arena, history->n);
    double reporting = (double)curve_values(history, others, 0, values);
    size_t n = curve_values(history, others, own->step[at], values);
    if (n == 0 || (double)n < rule->n_min_trials ||
        reporting < rule->n_startup_trials)
        return;
    double limit = curve_quantile(values, n, rule->percentile / 100);
    double value = least_until(own, at);
    if (value > limit)
        pruner_stop(verdict, own->step[at], value, rule->name, limit, n);
}
