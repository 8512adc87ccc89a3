// SPDX-License-Identifier: GPL-3.0-or-later
// elite.c - the good results of a study, and how good each is

#include "elite.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "hypervolume.h"
#include "pareto.h"

static const double LEAST = 1e-12;

size_t elite_count(double share, size_t n)
{
    size_t count = (size_t)ceil(share * (double)n);
    return count < ELITE_MOST ? count : ELITE_MOST;
}

// ---- several objectives -----------------------------------------------------

static const double *values_at(const struct outcomes *of, uint32_t number)
{
    return of->value + number * of->m;
}

static bool all_finite(const double *value, size_t m)
{
    for (size_t j = 0; j < m; j++)
        if (!isfinite(value[j]))
            return false;
    return true;
}

// Moves the complete results to the front, their order kept; returns how many
// there are.
static size_t complete_first(const struct outcomes *of, struct merit *results,
                             size_t n, struct arena *arena)
{
    struct merit *rest = arena_alloc(arena, n * sizeof *rest);
    size_t complete = 0, others = 0;
    for (size_t i = 0; i < n; i++) {
        struct merit r = results[i];
        const double *value = values_at(of, r.number);
        if (r.rank == MERIT_COMPLETE && !all_finite(value, of->m))
            r = (struct merit){
                .number = r.number, .rank = MERIT_NONE, .step = -1};
        if (r.rank == MERIT_COMPLETE)
            results[complete++] = r;
        else
            rest[others++] = r;
    }
    memcpy(results + complete, rest, others * sizeof *rest);
    return complete;
}

static double *values_of(const struct outcomes *of, const struct merit *results,
                         size_t n, struct arena *arena)
{
    size_t m = of->m;
    double *value = arena_doubles(arena, n * m);
    for (size_t i = 0; i < n; i++)
        memcpy(value + i * m, values_at(of, results[i].number),
               m * sizeof *value);
    return value;
}

// Moves k of the n results of one front to the beginning: those that cover
// most, the first one most of all.
static void split_front(const struct outcomes *of, struct merit *results,
                        size_t n, size_t k, struct arena *arena)
{
    size_t m = of->m;
    double *value = values_of(of, results, n, arena);
    double *reference = arena_doubles(arena, m);
    hypervolume_reference(value, n, m, arena, reference);
    struct hypervolume_task task = {
        .n = n, .m = m, .value = value, .reference = reference};
    size_t *chosen = arena_alloc(arena, k * sizeof *chosen);
    hypervolume_subset(&task, k, arena, chosen);
    struct merit *copy = arena_alloc(arena, n * sizeof *copy);
    bool *taken = arena_zeros(arena, n, sizeof *taken);
    memcpy(copy, results, n * sizeof *copy);
    size_t place = 0;
    for (size_t i = 0; i < k; i++) {
        results[place++] = copy[chosen[i]];
        taken[chosen[i]] = true;
    }
    for (size_t i = 0; i < n; i++)
        if (!taken[i])
            results[place++] = copy[i];
}

// Moves the first front of the n results to the beginning; returns its size.
static size_t front_first(const struct outcomes *of, struct merit *results,
                          size_t n, struct arena *arena)
{
    struct pareto_set set = {
        .n = n, .m = of->m, .value = values_of(of, results, n, arena)};
    size_t *front = arena_alloc(arena, n * sizeof *front);
    size_t size = pareto_front(&set, arena, front);
    struct merit *copy = arena_alloc(arena, n * sizeof *copy);
    memcpy(copy, results, n * sizeof *copy);
    size_t inside = 0, outside = size;
    for (size_t i = 0; i < n; i++)
        if (inside < size && front[inside] == i)
            results[inside++] = copy[i];
        else
            results[outside++] = copy[i];
    return size;
}

static void select_several(const struct outcomes *of, struct merit *results,
                           size_t n, size_t k, struct arena *arena)
{
    size_t complete = complete_first(of, results, n, arena);
    if (complete < k)
        merit_select(results + complete, n - complete, k - complete);
    size_t wanted = k < complete ? k : complete, done = 0;
    while (done < wanted) {
        size_t size = front_first(of, results + done, complete - done, arena);
        if (done + size > wanted)
            split_front(of, results + done, size, wanted - done, arena);
        done += size;
    }
}

void elite_select(const struct outcomes *of, struct merit *results, size_t n,
                  size_t k, struct arena *arena)
{
    assert(k <= n);
    if (of->m == 1)
        merit_select(results, n, k);
    else
        select_several(of, results, n, k, arena);
}

// ---- weights ----------------------------------------------------------------

static void improvements(const struct merit *best, size_t n_good, size_t n_best,
                         double *weight)
{
    bool comparable = n_best > n_good && best[n_good].rank == MERIT_COMPLETE;
    for (size_t i = 0; i < n_good; i++)
        // halved, so that the difference of finite numbers is finite
        weight[i] =
            comparable ? 0.5 * best[n_good].value - 0.5 * best[i].value : 0;
}

static void contributions(const struct outcomes *of, const struct merit *best,
                          size_t n_good, struct arena *arena, double *weight)
{
    size_t complete = 0, m = of->m;
    while (complete < n_good && best[complete].rank == MERIT_COMPLETE)
        complete++;
    for (size_t i = 0; i < n_good; i++)
        weight[i] = 0;
    double *value = values_of(of, best, complete, arena);
    double *reference = arena_doubles(arena, m);
    if (!hypervolume_reference(value, complete, m, arena, reference))
        return;
    struct hypervolume_task task = {
        .n = complete, .m = m, .value = value, .reference = reference};
    hypervolume_contributions(&task, arena, weight);
}

void elite_weigh(const struct outcomes *of, const struct merit *best,
                 size_t n_good, size_t n_best, struct arena *arena,
                 double *weight)
{
    if (of->m == 1)
        improvements(best, n_good, n_best, weight);
    else
        contributions(of, best, n_good, arena, weight);
    double largest = 0;
    for (size_t i = 0; i < n_good; i++)
        largest = fmax(largest, weight[i]);
    bool told = largest > 0 && isfinite(largest);
    for (size_t i = 0; i < n_good; i++)
        weight[i] = told ? fmax(weight[i] / largest, LEAST) : 1;
}
