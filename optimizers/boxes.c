// SPDX-License-Identifier: GPL-3.0-or-later
// boxes.c - the part of the space of objectives that no result dominates
//
// The plane of the first two objectives is covered by strips along the second,
// each from -infinity to its top. A result closes the strips that reach above
// it, and opens at most two: what is left of the first of them, and one with
// the result as its top. With three objectives the results come in the order
// of the third, and a strip becomes a box, from where it was opened to where it
// is closed.

#include "boxes.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// Ends where the next one begins, the last one at the reference.
struct strip {
    double left, top;
    double since; // in the third objective
};

struct sweep {
    const double *reference; // [m]
    struct strip *strips;    // [n_strips] from left to right
    size_t n_strips;
    struct boxes boxes;
};

static double right_of(const struct sweep *sweep, size_t i)
{
    return i + 1 < sweep->n_strips ? sweep->strips[i + 1].left
                                   : sweep->reference[0];
}

// Makes a box of strip i, up to `until` in the third objective.
static void emit(struct sweep *sweep, size_t i, double until)
{
    struct boxes *boxes = &sweep->boxes;
    const struct strip *strip = &sweep->strips[i];
    if (boxes->m == 3 && !(strip->since < until))
        return;
    double low[] = {strip->left, -INFINITY, strip->since};
    double high[] = {right_of(sweep, i), strip->top, until};
    memcpy(boxes->low + boxes->n * boxes->m, low, boxes->m * sizeof *low);
    memcpy(boxes->high + boxes->n * boxes->m, high, boxes->m * sizeof *high);
    boxes->n++;
}

// The strip that holds the points at and right of a.
static size_t find(const struct sweep *sweep, double a)
{
    size_t low = 0, high = sweep->n_strips;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (sweep->strips[middle].left <= a)
            low = middle;
        else
            high = middle;
    }
    return low;
}

// Takes in a result of m = 2 or 3 objectives.
static void enter(struct sweep *sweep, const double *value)
{
    bool deep = sweep->boxes.m == 3;
    double z = deep ? value[2] : -INFINITY;
    size_t from = find(sweep, value[0]), to = from;
    while (to < sweep->n_strips && sweep->strips[to].top > value[1])
        to++;
    if (to == from) // dominated
        return;
    for (size_t i = from; deep && i < to; i++)
        emit(sweep, i, z);
    if (sweep->strips[from].left < value[0])
        sweep->strips[from++].since = z;
    memmove(sweep->strips + from + 1, sweep->strips + to,
            (sweep->n_strips - to) * sizeof *sweep->strips);
    sweep->n_strips = sweep->n_strips - to + from + 1;
    sweep->strips[from] = (struct strip){value[0], value[1], z};
}

static int by_third(const void *a, const void *b)
{
    double x = ((const double *)a)[2], y = ((const double *)b)[2];
    return (x > y) - (x < y);
}

// Copies the results that are finite and better than the reference.
static size_t gather(const struct hypervolume_task *task, double *value)
{
    size_t n = 0, m = task->m;
    for (size_t i = 0; i < task->n; i++) {
        const double *row = task->value + i * m;
        bool inside = true;
        for (size_t k = 0; k < m; k++)
            inside = inside && isfinite(row[k]) && row[k] < task->reference[k];
        if (inside)
            memcpy(value + n++ * m, row, m * sizeof *row);
    }
    return n;
}

// A single objective has a single box.
static void below_least(struct boxes *boxes, const double *value, size_t n,
                        double reference)
{
    boxes->n = 1;
    boxes->low[0] = -INFINITY;
    boxes->high[0] = reference;
    for (size_t i = 0; i < n; i++)
        boxes->high[0] = fmin(boxes->high[0], value[i]);
}

struct boxes boxes_of(const struct hypervolume_task *task, struct arena *arena)
{
    size_t m = task->m;
    assert(m >= 1 && m <= BOXES_MOST_OBJECTIVES);
    double *value = arena_doubles(arena, task->n * m + 1);
    size_t n = gather(task, value), most = 2 * n + 1;
    struct sweep sweep = {
        .reference = task->reference,
        .strips = arena_alloc(arena, (n + 2) * sizeof *sweep.strips),
        .boxes = {.m = m,
                  .low = arena_doubles(arena, most * m),
                  .high = arena_doubles(arena, most * m)},
    };
    if (m == 1) {
        below_least(&sweep.boxes, value, n, task->reference[0]);
        return sweep.boxes;
    }
    if (m == 3 && n > 0)
        qsort(value, n, m * sizeof *value, by_third);
    sweep.strips[sweep.n_strips++] =
        (struct strip){-INFINITY, task->reference[1], -INFINITY};
    for (size_t i = 0; i < n; i++)
        enter(&sweep, value + i * m);
    for (size_t i = 0; i < sweep.n_strips; i++)
        emit(&sweep, i, m == 3 ? task->reference[2] : 0);
    return sweep.boxes;
}
