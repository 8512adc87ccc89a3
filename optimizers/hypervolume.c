// SPDX-License-Identifier: GPL-3.0-or-later
// hypervolume.c - the volume that a set of results dominates
//
// Results become gains: how much better than the reference they are, as a share
// of the largest such gain in each objective. Gains are in (0, 1], are to be
// maximised, and dominate the box between themselves and 0. So nothing
// overflows on the way, and the product of the largest gains comes last.

#include "hypervolume.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pareto.h"

// n points of m coordinates, `stride` doubles from one to the next.
struct rows {
    const double *at;
    size_t n, m, stride;
};

// The corners of a plane figure that grows: a ascending, b descending.
struct stair {
    double a, b;
};

struct sweep {
    struct stair *stairs; // [n]
    size_t n_stairs;
    double **copy; // [m + 1] copy[k]: [n x k]
};

static struct sweep sweep_of(size_t n, size_t m, struct arena *arena)
{
    struct sweep sweep = {
        .stairs = arena_alloc(arena, (n + 1) * sizeof *sweep.stairs),
        .copy = arena_zeros(arena, m + 1, sizeof *sweep.copy),
    };
    for (size_t k = 1; k <= m; k++)
        sweep.copy[k] = arena_doubles(arena, n * k + 1);
    return sweep;
}

// ---- volumes of gains -------------------------------------------------------

// The first stair that reaches as far as a.
static size_t find(const struct sweep *sweep, double a)
{
    size_t low = 0, high = sweep->n_stairs;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sweep->stairs[middle].a < a)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// Adds the rectangle from 0 to (a, b); returns the area that is new.
static double step(struct sweep *sweep, double a, double b)
{
    struct stair *stairs = sweep->stairs;
    size_t to = find(sweep, a), from = to;
    double area = 0, right = a;
    double height = to < sweep->n_stairs ? stairs[to].b : 0;
    if (height >= b)
        return 0;
    if (to < sweep->n_stairs && stairs[to].a <= a)
        to++;
    while (from > 0 && stairs[from - 1].b <= b) {
        from--;
        area += (right - stairs[from].a) * (b - height);
        right = stairs[from].a;
        height = stairs[from].b;
    }
    area += (right - (from > 0 ? stairs[from - 1].a : 0)) * (b - height);
    memmove(stairs + from + 1, stairs + to,
            (sweep->n_stairs - to) * sizeof *stairs);
    sweep->n_stairs = sweep->n_stairs - (to - from) + 1;
    stairs[from] = (struct stair){a, b};
    return area;
}

static double product(const double *gain, size_t m)
{
    double volume = 1;
    for (size_t k = 0; k < m; k++)
        volume *= gain[k];
    return volume;
}

static bool covers(const double *a, const double *b, size_t m)
{
    for (size_t k = 0; k < m; k++)
        if (a[k] < b[k])
            return false;
    return true;
}

// Appends a row to kept[n x m] unless one covers it, and drops those that it
// covers. Returns the new n.
static size_t keep(double *kept, size_t n, size_t m, const double *row)
{
    size_t left = 0;
    for (size_t i = 0; i < n; i++)
        if (covers(kept + i * m, row, m))
            return n;
    for (size_t i = 0; i < n; i++)
        if (!covers(row, kept + i * m, m))
            memmove(kept + left++ * m, kept + i * m, m * sizeof *kept);
    memmove(kept + left * m, row, m * sizeof *kept);
    return left + 1;
}

static double volume(struct sweep *sweep, double *gain, size_t n, size_t m);

// The volume that only `gain` dominates, not the rows.
static double exclusive(struct sweep *sweep, const double *gain,
                        const struct rows *rows)
{
    size_t m = rows->m, n = 0;
    double *copy = sweep->copy[m];
    for (size_t i = 0; i < rows->n; i++) {
        double *row = copy + n * m;
        for (size_t k = 0; k < m; k++)
            row[k] = fmin(gain[k], rows->at[i * rows->stride + k]);
        n = m > 3 ? keep(copy, n, m, row) : n + 1;
    }
    return fmax(0, product(gain, m) - volume(sweep, copy, n, m));
}

static int by_first(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

// The volume that the rows of gain[n x m] dominate; sorts them. Along the first
// gain, from the largest down, each row adds a slice of what the rows before it
// leave of its others.
static double volume(struct sweep *sweep, double *gain, size_t n, size_t m)
{
    double sum = 0;
    if (m > 2 && n > 0)
        qsort(gain, n, m * sizeof *gain, by_first);
    if (m <= 3)
        sweep->n_stairs = 0;
    for (size_t i = 0; i < n; i++) {
        const double *row = gain + i * m;
        if (m == 1)
            sum = fmax(sum, row[0]);
        else if (m == 2)
            sum += step(sweep, row[0], row[1]);
        else if (m == 3)
            sum += row[0] * step(sweep, row[1], row[2]);
        else
            sum += row[0] * exclusive(sweep, row + 1,
                                      &(struct rows){gain + 1, i, m - 1, m});
    }
    return sum;
}

// ---- from results to gains --------------------------------------------------

struct gains {
    size_t n, m;
    double *gain;  // [n x m]
    size_t *index; // [n] of each in the task
    double unit;   // volume of the unit cube of gains
};

static bool inside(const double *value, const double *reference, size_t m)
{
    for (size_t k = 0; k < m; k++)
        if (!isfinite(value[k]) || !(value[k] < reference[k]))
            return false;
    return true;
}

// Halved, so that the difference of finite numbers is finite.
static double half_gain(const struct hypervolume_task *task, size_t i, size_t k)
{
    return 0.5 * task->reference[k] - 0.5 * task->value[i * task->m + k];
}

static struct gains gains_of(const struct hypervolume_task *task,
                             struct arena *arena)
{
    size_t m = task->m;
    struct gains gains = {
        .m = m,
        .gain = arena_doubles(arena, task->n * m + 1),
        .index = arena_alloc(arena, (task->n + 1) * sizeof *gains.index),
        .unit = 1,
    };
    for (size_t i = 0; i < task->n; i++)
        if (inside(task->value + i * m, task->reference, m))
            gains.index[gains.n++] = i;
    for (size_t k = 0; k < m; k++) {
        double most = DBL_MIN;
        for (size_t i = 0; i < gains.n; i++)
            most = fmax(most, half_gain(task, gains.index[i], k));
        for (size_t i = 0; i < gains.n; i++)
            gains.gain[i * m + k] = half_gain(task, gains.index[i], k) / most;
        gains.unit *= 2 * most;
    }
    return gains;
}

double hypervolume(const struct hypervolume_task *task, struct arena *arena)
{
    struct gains gains = gains_of(task, arena);
    struct sweep sweep = sweep_of(gains.n, gains.m, arena);
    if (gains.n == 0)
        return 0;
    size_t n = 0;
    for (size_t i = 0; i < gains.n; i++) // dominated ones would cost time
        n = gains.m > 3 ? keep(gains.gain, n, gains.m, gains.gain + i * gains.m)
                        : gains.n;
    return gains.unit * volume(&sweep, gains.gain, n, gains.m);
}

void hypervolume_contributions(const struct hypervolume_task *task,
                               struct arena *arena, double *loss)
{
    struct gains gains = gains_of(task, arena);
    struct sweep sweep = sweep_of(gains.n, gains.m, arena);
    size_t m = gains.m;
    double *others = arena_doubles(arena, gains.n * m + 1);
    for (size_t i = 0; i < task->n; i++)
        loss[i] = 0;
    for (size_t i = 0; i < gains.n; i++) {
        memcpy(others, gains.gain, i * m * sizeof *others);
        memcpy(others + i * m, gains.gain + (i + 1) * m,
               (gains.n - i - 1) * m * sizeof *others);
        loss[gains.index[i]] =
            gains.unit * exclusive(&sweep, gains.gain + i * m,
                                   &(struct rows){others, gains.n - 1, m, m});
    }
}

// ---- choosing ---------------------------------------------------------------

// The gains of those that were chosen, and what each of the others would add at
// most.
struct choice {
    const struct gains *gains;
    struct sweep sweep;
    double *chosen; // [n x m]
    size_t n;
    double *most;   // [gains->n], negative: chosen
    size_t *looked; // [gains->n] n when `most` was computed
};

static size_t largest(const struct choice *choice)
{
    size_t best = 0;
    for (size_t i = 1; i < choice->gains->n; i++)
        if (choice->most[i] > choice->most[best])
            best = i;
    return best;
}

// The row that adds most to those chosen.
static size_t next(struct choice *choice)
{
    size_t m = choice->gains->m;
    for (;;) {
        size_t i = largest(choice);
        if (choice->looked[i] == choice->n)
            return i;
        double adds =
            exclusive(&choice->sweep, choice->gains->gain + i * m,
                      &(struct rows){choice->chosen, choice->n, m, m});
        choice->most[i] = fmin(choice->most[i], adds);
        choice->looked[i] = choice->n;
    }
}

void hypervolume_subset(const struct hypervolume_task *task, size_t k,
                        struct arena *arena, size_t *chosen)
{
    struct gains gains = gains_of(task, arena);
    size_t m = gains.m, from_gains = k < gains.n ? k : gains.n;
    bool *taken = arena_zeros(arena, task->n + 1, sizeof *taken);
    struct choice choice = {
        .gains = &gains,
        .sweep = sweep_of(from_gains, m, arena),
        .chosen = arena_doubles(arena, from_gains * m + 1),
        .most = arena_doubles(arena, gains.n + 1),
        .looked = arena_zeros(arena, gains.n + 1, sizeof *choice.looked),
    };
    for (size_t i = 0; i < gains.n; i++)
        choice.most[i] = product(gains.gain + i * m, m);
    while (choice.n < from_gains) {
        size_t i = next(&choice);
        memcpy(choice.chosen + choice.n * m, gains.gain + i * m,
               m * sizeof *gains.gain);
        choice.most[i] = -1;
        taken[gains.index[i]] = true;
        chosen[choice.n++] = gains.index[i];
    }
    for (size_t i = 0, n = from_gains; n < k; i++)
        if (!taken[i])
            chosen[n++] = i;
}

// ---- the reference point ----------------------------------------------------

// Beyond `worst` by a tenth of the range, and by something in any case.
static double beyond(double best, double worst)
{
    double margin = 0.1 * worst - 0.1 * best;
    if (!(margin > 0))
        margin = worst == 0 ? 0.1 : 0.1 * fabs(worst);
    double point = fmax(worst + margin, nextafter(worst, INFINITY));
    return fmin(point, DBL_MAX);
}

bool hypervolume_reference(const double *value, size_t n, size_t m,
                           struct arena *arena, double *reference)
{
    double *finite = arena_doubles(arena, n * m + 1);
    struct pareto_set set = {.m = m, .value = finite};
    for (size_t i = 0; i < n; i++) {
        bool all = true;
        for (size_t k = 0; k < m; k++)
            all = all && isfinite(value[i * m + k]);
        if (all)
            memcpy(finite + set.n++ * m, value + i * m, m * sizeof *finite);
    }
    size_t *front = arena_alloc(arena, (set.n + 1) * sizeof *front);
    size_t size = pareto_front(&set, arena, front);
    for (size_t k = 0; k < m; k++) {
        double best = INFINITY, worst = -INFINITY;
        for (size_t i = 0; i < size; i++) {
            best = fmin(best, finite[front[i] * m + k]);
            worst = fmax(worst, finite[front[i] * m + k]);
        }
        reference[k] = size ? beyond(best, worst) : 0;
    }
    return size > 0;
}
