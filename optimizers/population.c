// SPDX-License-Identifier: GPL-3.0-or-later
// population.c - the results that survive so far, as parents of new points

#include "population.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "pareto.h"

struct population population_make(size_t m, size_t capacity,
                                  struct arena *arena)
{
    size_t room = capacity + 1;
    return (struct population){
        .m = m,
        .capacity = capacity,
        .mu = capacity,
        .number = arena_zeros(arena, room, sizeof(uint32_t)),
        .value = arena_zeros(arena, room * m, sizeof(double)),
        .violation = arena_zeros(arena, room, sizeof(double)),
        .rank = arena_zeros(arena, room, sizeof(uint32_t)),
    };
}

struct population population_copy(const struct population *from,
                                  struct arena *arena)
{
    struct population copy = population_make(from->m, from->capacity, arena);
    size_t n = copy.n = from->n;
    copy.mu = from->mu;
    memcpy(copy.number, from->number, n * sizeof *copy.number);
    memcpy(copy.value, from->value, n * copy.m * sizeof *copy.value);
    memcpy(copy.violation, from->violation, n * sizeof *copy.violation);
    memcpy(copy.rank, from->rank, n * sizeof *copy.rank);
    return copy;
}

// How far a result is from being acceptable; NaN: it does not count.
static double violation_of(const struct history *history, uint32_t number)
{
    const double *value = history_values(history, number);
    double violation = history_violation(history, number);
    switch (history->state[number]) {
    case TRIAL_COMPLETE:
        for (size_t k = 0; k < history->n_objectives; k++)
            if (!isfinite(value[k]))
                return NAN;
        return 0;
    case TRIAL_PRUNED:
        return DBL_MIN; // less than any real violation
    case TRIAL_INFEASIBLE:
        return violation > 0 ? violation : NAN;
    default:
        return NAN;
    }
}

static struct pareto_set set_of(const struct population *population)
{
    return (struct pareto_set){
        .n = population->n,
        .m = population->m,
        .value = population->value,
        .violation = population->violation,
    };
}

static uint32_t last_rank(const struct population *population)
{
    uint32_t last = 0;
    for (size_t i = 0; i < population->mu; i++)
        if (population->rank[i] > last)
            last = population->rank[i];
    return last;
}

// Would the newcomer at index mu be alone on a rank of its own, the last?
static bool hopeless(const struct population *population)
{
    struct pareto_set set = set_of(population);
    uint32_t last = last_rank(population);
    for (size_t i = 0; i < population->mu; i++)
        if (population->rank[i] == last &&
            pareto_before(&set, i, population->mu))
            return true;
    return false;
}

// The most crowded member of the last rank, the oldest of equals.
static size_t worst(const struct population *population, size_t n_ranks,
                    struct arena *scratch)
{
    struct pareto_set set = set_of(population);
    size_t *last = arena_alloc(scratch, population->n * sizeof *last);
    double *distance = arena_doubles(scratch, population->n);
    size_t n = 0, least = 0;
    for (size_t i = 0; i < population->n; i++)
        if (population->rank[i] + 1 == n_ranks)
            last[n++] = i;
    pareto_crowding(&set, last, n, scratch, distance);
    for (size_t i = 1; i < n; i++)
        if (distance[i] < distance[least])
            least = i;
    return last[least];
}

static void drop(struct population *population, size_t i)
{
    size_t m = population->m, after = population->n - i - 1;
    memmove(population->number + i, population->number + i + 1,
            after * sizeof *population->number);
    memmove(population->value + i * m, population->value + (i + 1) * m,
            after * m * sizeof *population->value);
    memmove(population->violation + i, population->violation + i + 1,
            after * sizeof *population->violation);
    memmove(population->rank + i, population->rank + i + 1,
            after * sizeof *population->rank);
    population->n--;
}

bool population_enter(struct population *population,
                      const struct history *history, uint32_t number)
{
    double violation = violation_of(history, number);
    if (isnan(violation))
        return false;
    size_t i = population->n, m = population->m;
    population->number[i] = number;
    population->violation[i] = violation;
    memcpy(population->value + i * m, history_values(history, number),
           m * sizeof *population->value);
    if (i == population->mu && hopeless(population))
        return true;
    population->n++;
    if (population->n < population->mu)
        return true;
    struct arena scratch;
    arena_init(&scratch);
    struct pareto_set set = set_of(population);
    size_t n_ranks = pareto_rank(&set, &scratch, population->rank);
    if (population->n > population->mu)
        drop(population, worst(population, n_ranks, &scratch));
    arena_done(&scratch);
    return true;
}

void population_order(const struct population *population, struct arena *arena,
                      uint32_t *rank, double *distance)
{
    struct pareto_set set = set_of(population);
    size_t n_ranks = pareto_rank(&set, arena, rank);
    size_t *member = arena_alloc(arena, (population->n + 1) * sizeof *member);
    double *gap = arena_doubles(arena, population->n + 1);
    for (size_t r = 0; r < n_ranks; r++) {
        size_t n = 0;
        for (size_t i = 0; i < population->n; i++)
            if (rank[i] == r)
                member[n++] = i;
        pareto_crowding(&set, member, n, arena, gap);
        for (size_t i = 0; i < n; i++)
            distance[member[i]] = gap[i];
    }
}
