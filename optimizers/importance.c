// SPDX-License-Identifier: GPL-3.0-or-later
// importance.c - how much each parameter matters for the value

#include "importance.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fanova.h"
#include "forest.h"
#include "pedanova.h"
#include "rng.h"

enum { LEAST_ROWS = 512, MOST_ROWS = 4096, MOST_COORDINATES = 1 << 17 };

// The results that are looked at.
struct rows {
    size_t n;
    const double **unit; // [n]
    double *value;       // [n]
};

// ---- the plan ---------------------------------------------------------------

static void fill_in(struct importance_plan *plan)
{
    plan->best = plan->best == 0 ? 1 : plan->best;
    plan->top = plan->top == 0 ? 0.1 : plan->top;
    plan->among = plan->among == 0 ? 1 : plan->among;
    plan->n_trees = plan->n_trees ? plan->n_trees : 64;
    plan->leaf = plan->leaf ? plan->leaf : 3;
}

static int check(const struct importance_plan *plan, struct error *err)
{
    if (!(plan->best > 0 && plan->best <= 1))
        return error_set(err, ERROR_INVALID,
                         "best must be above 0 and at most 1, not %g",
                         plan->best);
    if (!(plan->among > 0 && plan->among <= 1))
        return error_set(err, ERROR_INVALID,
                         "among must be above 0 and at most 1, not %g",
                         plan->among);
    if (!(plan->top > 0 && plan->top < plan->among))
        return error_set(err, ERROR_INVALID,
                         "top must be above 0 and below among, not %g and %g",
                         plan->top, plan->among);
    if (plan->n_trees > 1024)
        return error_set(err, ERROR_INVALID,
                         "n_trees must be at most 1024, not %zu",
                         plan->n_trees);
    return 0;
}

static struct rows finite_rows(const struct importance_plan *plan,
                               struct arena *arena)
{
    struct rows rows = {0};
    rows.unit = arena_alloc(arena, plan->n * sizeof *rows.unit);
    rows.value = arena_doubles(arena, plan->n);
    for (size_t i = 0; i < plan->n; i++) {
        if (!isfinite(plan->value[i]))
            continue;
        rows.unit[rows.n] = plan->unit + plan->number[i] * plan->space->n;
        rows.value[rows.n++] = plan->value[i];
    }
    return rows;
}

// Keeps one of each of `most` runs of neighbours.
static void thin_out(struct rows *rows, size_t most, uint64_t seed)
{
    if (rows->n <= most)
        return;
    struct rng rng = rng_at(seed, RNG_STUDY - 1);
    size_t from = 0;
    for (size_t i = 0; i < most; i++) {
        size_t to = (i + 1) * rows->n / most;
        size_t kept = from + rng_below(&rng, to - from);
        rows->unit[i] = rows->unit[kept];
        rows->value[i] = rows->value[kept];
        from = to;
    }
    rows->n = most;
}

// ---- values -----------------------------------------------------------------

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double *sorted(const struct rows *rows, struct arena *arena)
{
    double *copy = arena_doubles(arena, rows->n);
    memcpy(copy, rows->value, rows->n * sizeof *copy);
    qsort(copy, rows->n, sizeof *copy, by_size);
    return copy;
}

// Brings values into [-1, 1], so that no difference and no square overflows.
static void scale(const struct rows *rows)
{
    double largest = 0;
    for (size_t i = 0; i < rows->n; i++)
        largest = fmax(largest, fabs(rows->value[i]));
    for (size_t i = 0; i < rows->n; i++)
        rows->value[i] /= largest > 0 ? largest : 1;
}

// Brings values to mean 0 and variance 1; constant ones to 0.
static void standardize(const struct rows *rows)
{
    double n = (double)rows->n, mean = 0, squares = 0;
    for (size_t i = 0; i < rows->n; i++)
        mean += rows->value[i] / n;
    for (size_t i = 0; i < rows->n; i++) {
        rows->value[i] -= mean;
        squares += rows->value[i] * rows->value[i] / n;
    }
    for (size_t i = 0; i < rows->n; i++)
        rows->value[i] = squares > 1e-28 ? rows->value[i] / sqrt(squares) : 0;
}

static void clip(const struct rows *rows, double low, double high)
{
    for (size_t i = 0; i < rows->n; i++)
        rows->value[i] = fmin(fmax(rows->value[i], low), high);
}

// The first of sorted values that at least the share q is no larger than.
static double quantile(const double *values, size_t n, double q)
{
    size_t i = (size_t)ceil(q * (double)n);
    return values[i ? i - 1 : 0];
}

// When more than half of the values are equal there is no scale to fence by.
static void fence(const struct rows *rows, struct arena *arena)
{
    const double *values = sorted(rows, arena);
    double low = quantile(values, rows->n, 0.25);
    double high = quantile(values, rows->n, 0.75);
    if (high > low)
        clip(rows, low - 3 * (high - low), high + 3 * (high - low));
}

// How many of sorted values are below x, or at most x.
static size_t count_below(const double *values, size_t n, double x, bool equal)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (values[middle] < x || (equal && values[middle] == x))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void rank(const struct rows *rows, struct arena *arena)
{
    const double *values = sorted(rows, arena);
    for (size_t i = 0; i < rows->n; i++) {
        double x = rows->value[i];
        rows->value[i] = (double)count_below(values, rows->n, x, false) +
                         (double)count_below(values, rows->n, x, true);
    }
}

static void prepare(const struct importance_plan *plan, const struct rows *rows,
                    struct arena *arena)
{
    if (plan->values == IMPORTANCE_FENCED)
        fence(rows, arena);
    if (plan->values == IMPORTANCE_RANKED)
        rank(rows, arena);
    const double *values = sorted(rows, arena);
    clip(rows, values[0], quantile(values, rows->n, plan->best));
    scale(rows);
    standardize(rows);
}

// ---- the methods ------------------------------------------------------------

static int by_variance(const void *a, const void *b)
{
    const struct importance_pair *p = a, *q = b;
    if (p->variance != q->variance)
        return p->variance > q->variance ? -1 : 1;
    if (p->a != q->a)
        return p->a < q->a ? -1 : 1;
    return p->b < q->b ? -1 : p->b > q->b;
}

static void list_pairs(const struct importance_plan *plan, const double *pair,
                       struct arena *arena, struct importance *importance)
{
    size_t d = plan->space->n, n = 0;
    importance->pair =
        arena_zeros(arena, d * (d - 1) / 2, sizeof *importance->pair);
    for (size_t a = 0; a < d; a++)
        for (size_t b = a + 1; b < d; b++)
            importance->pair[n++] =
                (struct importance_pair){a, b, pair[a * d + b]};
    qsort(importance->pair, n, sizeof *importance->pair, by_variance);
    importance->n_pairs = n < plan->pairs ? n : plan->pairs;
}

static void measure_fanova(const struct importance_plan *plan,
                           struct rows *rows, struct arena *arena,
                           struct importance *importance)
{
    size_t most = MOST_COORDINATES / plan->space->n;
    most = most < LEAST_ROWS ? LEAST_ROWS : most;
    thin_out(rows, most < MOST_ROWS ? most : MOST_ROWS, plan->seed);
    prepare(plan, rows, arena);
    struct forest forest = forest_grow(
        &(struct forest_plan){
            .space = plan->space,
            .n = rows->n,
            .unit = rows->unit,
            .value = rows->value,
            .n_trees = plan->n_trees,
            .leaf = plan->leaf,
            .seed = plan->seed,
        },
        arena);
    struct fanova fanova = fanova_of(&forest, plan->pairs > 0, arena);
    importance->variance = fanova.single;
    if (plan->pairs > 0)
        list_pairs(plan, fanova.pair, arena, importance);
}

static void measure_ped(const struct importance_plan *plan,
                        const struct rows *rows,
                        const struct importance *importance)
{
    pedanova_of(
        &(struct pedanova_plan){
            .space = plan->space,
            .n = rows->n,
            .unit = rows->unit,
            .value = rows->value,
            .top = plan->top,
            .among = plan->among,
        },
        importance->variance);
}

int importance_measure(const struct importance_plan *given, struct arena *arena,
                       struct importance *importance, struct error *err)
{
    struct importance_plan plan = *given;
    size_t d = plan.space->n;
    *importance = (struct importance){0};
    fill_in(&plan);
    if (check(&plan, err))
        return -1;
    struct rows rows = finite_rows(&plan, arena);
    if (rows.n < 2)
        return error_set(err, ERROR_INVALID,
                         "importances need at least 2 complete trials with a "
                         "finite value, not %zu",
                         rows.n);
    importance->variance = arena_zeros(arena, d, sizeof(double));
    importance->share = arena_zeros(arena, d, sizeof(double));
    if (d > 0 && plan.method == IMPORTANCE_FANOVA)
        measure_fanova(&plan, &rows, arena, importance);
    if (d > 0 && plan.method == IMPORTANCE_PED)
        measure_ped(&plan, &rows, importance);
    importance->used = rows.n;
    double sum = 0;
    for (size_t k = 0; k < d; k++)
        sum += importance->variance[k];
    for (size_t k = 0; sum > 0 && k < d; k++)
        importance->share[k] = importance->variance[k] / sum;
    return 0;
}
