// SPDX-License-Identifier: GPL-3.0-or-later
// pedanova.c - which parameters decide whether a result is among the best

#include "pedanova.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "normal.h"
#include "slot.h"

enum { LEAST_TOP = 5 };

// ---- groups -----------------------------------------------------------------

struct groups {
    double top, among; // the worst values in each
};

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static struct groups split(const struct pedanova_plan *plan,
                           struct arena *arena)
{
    double *sorted = arena_doubles(arena, plan->n);
    memcpy(sorted, plan->value, plan->n * sizeof *sorted);
    qsort(sorted, plan->n, sizeof *sorted, by_size);
    double n = (double)plan->n;
    size_t among = (size_t)ceil(plan->among * n);
    size_t least = among / 2 < LEAST_TOP ? among / 2 : LEAST_TOP;
    size_t top = (size_t)ceil(plan->top * n);
    top = top < least ? least : top;
    return (struct groups){sorted[top - 1], sorted[among - 1]};
}

// ---- one parameter ----------------------------------------------------------

// The values of one parameter in both groups, counted in cells of [0, 1].
struct counts {
    size_t n;            // cells
    double *edge;        // [n + 1]
    double *top, *among; // [n]
    double n_top, n_among;
};

static bool categorical(const struct param *param)
{
    return param->kind == PARAM_CATEGORICAL || param->kind == PARAM_BOOL;
}

static struct counts cells(const struct param *param, struct arena *arena)
{
    size_t levels = param_levels(param);
    bool merged =
        !categorical(param) && (levels == 0 || levels > PEDANOVA_CELLS);
    struct counts counts = {.n = merged ? PEDANOVA_CELLS : levels};
    counts.edge = arena_doubles(arena, counts.n + 1);
    counts.top = arena_zeros(arena, counts.n, sizeof(double));
    counts.among = arena_zeros(arena, counts.n, sizeof(double));
    for (size_t c = 0; c < counts.n; c++)
        counts.edge[c] =
            merged ? (double)c / PEDANOVA_CELLS : slot_of_level(param, c).low;
    counts.edge[counts.n] = 1;
    return counts;
}

static size_t cell_of(const struct counts *counts, double u)
{
    size_t low = 0, high = counts->n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(counts->edge[middle] <= u ? &low : &high) = middle;
    }
    return low;
}

static void count(const struct pedanova_plan *plan, struct groups groups,
                  size_t k, struct counts *counts)
{
    for (size_t i = 0; i < plan->n; i++) {
        double u = plan->unit[i][k];
        if (isnan(u) || plan->value[i] > groups.among)
            continue;
        size_t cell = cell_of(counts, u);
        bool top = plan->value[i] <= groups.top;
        counts->among[cell]++;
        counts->n_among++;
        counts->top[cell] += top;
        counts->n_top += top;
    }
}

// The centre of the cell in which the ascending sum of the top group's counts
// passes `share` of it.
static double quantile(const struct counts *counts, double share)
{
    double below = 0;
    size_t c = 0;
    while (c + 1 < counts->n &&
           (below += counts->top[c]) < share * counts->n_top)
        c++;
    return (counts->edge[c] + counts->edge[c + 1]) / 2;
}

// Scott's rule for the top group, at least what keeps 90 % of a kernel in one
// cell (Optuna, _ScottParzenEstimator).
static double bandwidth(const struct counts *counts)
{
    double mean = 0, squares = 0;
    for (size_t c = 0; c < counts->n; c++)
        mean += counts->top[c] / counts->n_top *
                (counts->edge[c] + counts->edge[c + 1]) / 2;
    for (size_t c = 0; c < counts->n; c++) {
        double x = (counts->edge[c] + counts->edge[c + 1]) / 2 - mean;
        squares += counts->top[c] * x * x;
    }
    double spread = sqrt(squares / (counts->n_top > 1 ? counts->n_top - 1 : 1));
    double middle = (quantile(counts, 0.75) - quantile(counts, 0.25)) / 1.34;
    double least = 0.5 / 1.64 / (double)counts->n;
    double scott =
        1.059 * (middle < spread ? middle : spread) * pow(counts->n_top, -0.2);
    return scott > least ? scott : least;
}

// Writes the mass of the kernel around cell c in each cell.
static void kernel(const struct counts *counts, size_t c, double deviation,
                   double *mass)
{
    double centre = (counts->edge[c] + counts->edge[c + 1]) / 2;
    double first = normal_cdf(-centre / deviation), below = first;
    for (size_t j = 0; j < counts->n; j++) {
        double above = normal_cdf((counts->edge[j + 1] - centre) / deviation);
        mass[j] = above - below;
        below = above;
    }
    for (size_t j = 0; j < counts->n; j++)
        mass[j] /= below - first;
}

// What the kernels add up to in each cell: in both groups, and their mean
// square among all, from which follows how much a random subset scatters.
struct smooth {
    double *top, *among, *square; // [cells]
};

static struct smooth smoothen(const struct counts *counts, bool category,
                              struct arena *arena)
{
    size_t n = counts->n;
    struct smooth sum = {
        arena_zeros(arena, n, sizeof(double)),
        arena_zeros(arena, n, sizeof(double)),
        arena_zeros(arena, n, sizeof(double)),
    };
    double deviation = bandwidth(counts);
    double *mass = arena_zeros(arena, n, sizeof *mass);
    for (size_t c = 0; c < n; c++) {
        double among = counts->among[c] / counts->n_among;
        double top = counts->top[c] / counts->n_top;
        if (category) {
            sum.top[c] = top;
            sum.among[c] = sum.square[c] = among;
            continue;
        }
        if (among == 0)
            continue;
        kernel(counts, c, deviation, mass);
        for (size_t j = 0; j < n; j++) {
            sum.top[j] += top * mass[j];
            sum.among[j] += among * mass[j];
            sum.square[j] += among * mass[j] * mass[j];
        }
    }
    return sum;
}

// D_PE of the two groups less that of a random subset.
static double divergence(const struct counts *counts, bool category,
                         struct arena *arena)
{
    double m = counts->n_top, n = counts->n_among;
    if (m == 0 || m == n)
        return 0;
    struct smooth sum = smoothen(counts, category, arena);
    double prior = 1 / (m + 1), result = 0;
    // variance of the mean of m of n, drawn without replacement
    double scatter = (n - m) / (m * (n - 1));
    for (size_t j = 0; j < counts->n; j++) {
        double q = (1 - prior) * sum.among[j] +
                   prior * (counts->edge[j + 1] - counts->edge[j]);
        double difference = sum.top[j] - sum.among[j];
        double variance = sum.square[j] - sum.among[j] * sum.among[j];
        result += (1 - prior) * (1 - prior) *
                  (difference * difference - scatter * variance) / q;
    }
    return result > 0 ? result : 0;
}

void pedanova_of(const struct pedanova_plan *plan, double *single)
{
    assert(plan->n >= 1 && 0 < plan->top && plan->top < plan->among &&
           plan->among <= 1);
    struct arena scratch;
    arena_init(&scratch);
    struct groups groups = split(plan, &scratch);
    double n_top = 0, n_among = 0;
    for (size_t i = 0; i < plan->n; i++) {
        n_top += plan->value[i] <= groups.top;
        n_among += plan->value[i] <= groups.among;
    }
    for (size_t k = 0; k < plan->space->n; k++) {
        const struct param *param = &plan->space->params[k];
        arena_reset(&scratch);
        single[k] = 0;
        struct counts counts = cells(param, &scratch);
        count(plan, groups, k, &counts);
        if (n_top == n_among || counts.n_among == 0)
            continue;
        double active = counts.n_among / n_among;
        double active_top = counts.n_top / n_top;
        double explained = n_top / (n_among - n_top) * active_top * active_top /
                           active *
                           divergence(&counts, categorical(param), &scratch);
        single[k] = explained < 1 ? explained : 1;
    }
    arena_done(&scratch);
}
