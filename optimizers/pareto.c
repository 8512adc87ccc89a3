// SPDX-License-Identifier: GPL-3.0-or-later
// pareto.c - which results with several objectives are best

#include "pareto.h"

#include <math.h>
#include <stdlib.h>

static bool less(double a, double b)
{
    return a < b || (isnan(b) && !isnan(a));
}

bool pareto_dominates(const double *a, const double *b, size_t m)
{
    bool better = false;
    for (size_t k = 0; k < m; k++) {
        if (less(b[k], a[k]))
            return false;
        better = better || less(a[k], b[k]);
    }
    return better;
}

// ---- order ------------------------------------------------------------------

// A result as it is sorted.
struct key {
    const double *value; // [m]
    size_t m, first;     // the objective to be looked at first
    double violation;
    size_t index;
};

static struct key key_of(const struct pareto_set *set, size_t i)
{
    double violation = set->violation ? set->violation[i] : 0;
    return (struct key){
        .value = set->value + i * set->m,
        .m = set->m,
        .violation = violation <= 0 ? 0 : violation,
        .index = i,
    };
}

static int compare(double a, double b)
{
    return less(a, b) ? -1 : less(b, a);
}

// By violation, then by one objective after the other.
static int compare_results(const struct key *a, const struct key *b)
{
    int order = compare(a->violation, b->violation);
    if (order == 0)
        order = compare(a->value[a->first], b->value[b->first]);
    for (size_t k = 0; order == 0 && k < a->m; k++)
        order = compare(a->value[k], b->value[k]);
    return order;
}

static int compare_keys(const void *x, const void *y)
{
    const struct key *a = x, *b = y;
    int order = compare_results(a, b);
    return order ? order : (a->index > b->index) - (a->index < b->index);
}

// All of the set, so that nothing is dominated by what comes later.
static struct key *sorted(const struct pareto_set *set, struct arena *arena)
{
    struct key *key = arena_alloc(arena, (set->n + 1) * sizeof *key);
    for (size_t i = 0; i < set->n; i++)
        key[i] = key_of(set, i);
    if (set->n)
        qsort(key, set->n, sizeof *key, compare_keys);
    return key;
}

static bool dominates(const struct key *a, const struct key *b)
{
    int order = compare(a->violation, b->violation);
    return order ? order < 0 : pareto_dominates(a->value, b->value, a->m);
}

bool pareto_before(const struct pareto_set *set, size_t i, size_t j)
{
    struct key a = key_of(set, i), b = key_of(set, j);
    return dominates(&a, &b);
}

// ---- ranks ------------------------------------------------------------------

// Fronts under construction, each a chain from its newest member back.
struct fronts {
    const struct key *key;
    size_t *last; // [n] position of the newest member of each front, plus 1
    size_t
        *former; // [n] the one before a position in its front, plus 1; 0: none
    size_t n;
};

// Does a member of front f dominate the result at `position`? With up to two
// objectives the newest one does if any does: its last one is the least.
static bool excludes(const struct fronts *fronts, size_t f, size_t position)
{
    const struct key *key = fronts->key;
    size_t at = fronts->last[f];
    while (at && !dominates(&key[at - 1], &key[position]))
        at = key->m > 2 ? fronts->former[at - 1] : 0;
    return at > 0;
}

// The first front that does not dominate the result at `position`; if one
// does, all before it do.
static size_t find(const struct fronts *fronts, size_t position)
{
    size_t low = 0, high = fronts->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (excludes(fronts, middle, position))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// Deals the sorted keys into at most `most` fronts and writes the rank of each
// result; `most` stands for all those beyond.
static size_t deal(const struct pareto_set *set, size_t most,
                   struct arena *arena, uint32_t *rank)
{
    struct key *key = sorted(set, arena);
    struct fronts fronts = {
        .key = key,
        .last = arena_zeros(arena, set->n + 1, sizeof *fronts.last),
        .former = arena_zeros(arena, set->n + 1, sizeof *fronts.former),
    };
    for (size_t i = 0; i < set->n; i++) {
        if (i > 0 && compare_results(&key[i - 1], &key[i]) == 0) {
            rank[key[i].index] = rank[key[i - 1].index];
            continue;
        }
        size_t f = find(&fronts, i);
        rank[key[i].index] = (uint32_t)f;
        if (f == most)
            continue;
        fronts.former[i] = fronts.last[f];
        fronts.last[f] = i + 1;
        if (f == fronts.n)
            fronts.n++;
    }
    return fronts.n;
}

size_t pareto_rank(const struct pareto_set *set, struct arena *arena,
                   uint32_t *rank)
{
    return deal(set, set->n, arena, rank);
}

size_t pareto_front(const struct pareto_set *set, struct arena *arena,
                    size_t *front)
{
    uint32_t *rank = arena_alloc(arena, (set->n + 1) * sizeof *rank);
    deal(set, 1, arena, rank);
    size_t n = 0;
    for (size_t i = 0; i < set->n; i++)
        if (rank[i] == 0)
            front[n++] = i;
    return n;
}

// ---- crowding ---------------------------------------------------------------

// Adds the gaps along objective k; key[n] are distinct.
static void add_gaps(struct key *key, size_t n, size_t k, double *distance)
{
    for (size_t i = 0; i < n; i++)
        key[i].first = k;
    qsort(key, n, sizeof *key, compare_keys);
    distance[key[0].index] = distance[key[n - 1].index] = INFINITY;
    double range = key[n - 1].value[k] - key[0].value[k];
    if (!(range > 0 && isfinite(range)))
        return;
    for (size_t i = 1; i + 1 < n; i++)
        distance[key[i].index] +=
            (key[i + 1].value[k] - key[i - 1].value[k]) / range;
}

void pareto_crowding(const struct pareto_set *set, const size_t *member,
                     size_t n, struct arena *arena, double *distance)
{
    struct key *key = arena_alloc(arena, (n + 1) * sizeof *key);
    for (size_t i = 0; i < n; i++) {
        key[i] = key_of(set, member[i]);
        key[i].index = i;
        key[i].violation = 0;
        distance[i] = 0;
    }
    if (n == 0)
        return;
    qsort(key, n, sizeof *key, compare_keys);
    size_t distinct = 1;
    for (size_t i = 1; i < n; i++)
        if (compare_results(&key[distinct - 1], &key[i]))
            key[distinct++] = key[i];
    for (size_t k = 0; k < set->m; k++)
        add_gaps(key, distinct, k, distance);
}
