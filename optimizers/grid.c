// SPDX-License-Identifier: GPL-3.0-or-later
// grid.c - the points of a finite space, counted and numbered

#include "grid.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const size_t none = SIZE_MAX;

enum { MAX_STEPS = 20000 };

// ---- levels -----------------------------------------------------------------

size_t grid_levels(const struct grid *grid, size_t k)
{
    size_t levels = param_levels(&grid->space->params[k]);
    return levels ? levels : grid->resolution;
}

double grid_value(const struct grid *grid, size_t k, size_t i)
{
    const struct param *p = &grid->space->params[k];
    if (param_levels(p))
        return param_value(p, i);
    size_t steps = grid->resolution - 1;
    return param_decode(p, steps ? (double)i / (double)steps : 0.5);
}

bool grid_level(const struct grid *grid, size_t k, double coordinate,
                size_t *level)
{
    const struct param *p = &grid->space->params[k];
    if (param_levels(p)) {
        *level = param_nearest(p, coordinate);
        return true;
    }
    double steps = (double)(grid->resolution - 1);
    *level = (size_t)rint(param_encode(p, coordinate) * steps);
    return grid_value(grid, k, *level) == coordinate;
}

// ---- the forest -------------------------------------------------------------

// A row of n bits per parameter: those it depends on.
struct relation {
    size_t words; // of a row
    uint64_t *bits;
};

static struct relation dependencies(const struct space *space,
                                    struct arena *arena)
{
    struct relation r = {.words = space->n / 64 + 1};
    r.bits = arena_zeros(arena, space->n * r.words, sizeof *r.bits);
    for (size_t k = 0; k < space->n; k++) {
        const struct param *p = &space->params[k];
        for (size_t i = 0; i < p->n_conditions; i++) {
            size_t parent = p->conditions[i].parent;
            r.bits[k * r.words + parent / 64] |= UINT64_C(1) << parent % 64;
        }
    }
    return r;
}

// Takes the last parameter out of row k; `none` when the row is empty.
static size_t take_last(struct relation *r, size_t k)
{
    uint64_t *row = r->bits + k * r->words;
    for (size_t word = r->words; word-- > 0;)
        if (row[word]) {
            size_t bit = 63 - (size_t)__builtin_clzll(row[word]);
            row[word] &= ~(UINT64_C(1) << bit);
            return word * 64 + bit;
        }
    return none;
}

static void plant(struct grid *grid, struct arena *arena)
{
    size_t n = grid->space->n;
    size_t *first = arena_alloc(arena, (n + 1) * sizeof *first);
    size_t *next = arena_alloc(arena, (n + 1) * sizeof *next);
    for (size_t k = 0; k <= n; k++)
        first[k] = none;
    struct relation r = dependencies(grid->space, arena);
    for (size_t k = n; k-- > 0;) {
        size_t up = take_last(&r, k);
        for (size_t word = 0; up != none && word < r.words; word++)
            r.bits[up * r.words + word] |= r.bits[k * r.words + word];
        size_t parent = up == none ? n : up;
        next[k] = first[parent];
        first[parent] = k;
    }
    grid->first = first;
    grid->next = next;
}

static int by_size(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

static size_t sort_distinct(size_t *list, size_t n)
{
    qsort(list, n, sizeof *list, by_size);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (i == 0 || list[i] != list[i - 1])
            list[kept++] = list[i];
    return kept;
}

static void find_forks(struct grid *grid, struct arena *arena)
{
    const struct space *space = grid->space;
    size_t *n_forks = arena_zeros(arena, space->n, sizeof *n_forks);
    size_t **forks = arena_zeros(arena, space->n, sizeof *forks);
    for (size_t k = 0; k < space->n; k++)
        for (size_t i = 0; i < space->params[k].n_conditions; i++) {
            const struct condition *c = &space->params[k].conditions[i];
            n_forks[c->parent] += c->n;
        }
    for (size_t k = 0; k < space->n; k++) {
        forks[k] = arena_alloc(arena, n_forks[k] * sizeof **forks);
        n_forks[k] = 0;
    }
    for (size_t k = 0; k < space->n; k++)
        for (size_t i = 0; i < space->params[k].n_conditions; i++) {
            const struct condition *c = &space->params[k].conditions[i];
            const struct param *parent = &space->params[c->parent];
            for (size_t j = 0; j < c->n; j++)
                forks[c->parent][n_forks[c->parent]++] =
                    param_nearest(parent, c->values[j]);
        }
    for (size_t k = 0; k < space->n; k++)
        n_forks[k] = sort_distinct(forks[k], n_forks[k]);
    grid->n_forks = n_forks;
    grid->forks = forks;
}

// ---- counting ---------------------------------------------------------------

// Level i of those that no condition mentions.
static size_t plain_level(const struct grid *grid, size_t k, size_t i)
{
    for (size_t j = 0; j < grid->n_forks[k] && grid->forks[k][j] <= i; j++)
        i++;
    return i;
}

static double count_below(const struct grid *grid, size_t k, double *point,
                          size_t *steps);

// Cells of the subtree of k when the ancestors are as in `point`, whose
// coordinates in the subtree are overwritten. Past the limit of steps, all
// that matters is to return soon.
static double count(const struct grid *grid, size_t k, double *point,
                    size_t *steps)
{
    if (++*steps > MAX_STEPS)
        return INFINITY;
    point[k] = NAN;
    if (!space_active(grid->space, point, k))
        return count_below(grid, k, point, steps);
    double levels = (double)grid_levels(grid, k), sum = 0;
    if (levels == 0)
        return INFINITY;
    if (grid->first[k] == none)
        return levels;
    for (size_t i = 0; i < grid->n_forks[k]; i++) {
        point[k] = grid_value(grid, k, grid->forks[k][i]);
        sum += count_below(grid, k, point, steps);
    }
    double plain = levels - (double)grid->n_forks[k];
    if (plain == 0)
        return sum;
    point[k] = grid_value(grid, k, plain_level(grid, k, 0));
    return sum + plain * count_below(grid, k, point, steps);
}

static double count_below(const struct grid *grid, size_t k, double *point,
                          size_t *steps)
{
    double product = 1;
    for (size_t c = grid->first[k]; c != none; c = grid->next[c])
        product *= count(grid, c, point, steps);
    return product;
}

static uint64_t size_of(const struct grid *grid, size_t k, double *point)
{
    size_t steps = 0;
    return (uint64_t)count(grid, k, point, &steps);
}

static uint64_t size_below(const struct grid *grid, size_t k, double *point)
{
    size_t steps = 0;
    return (uint64_t)count_below(grid, k, point, &steps);
}

void grid_init(struct grid *grid, const struct space *space, size_t resolution,
               struct arena *arena)
{
    *grid = (struct grid){.space = space, .resolution = resolution};
    plant(grid, arena);
    find_forks(grid, arena);
    size_t steps = 0;
    double *point = arena_doubles(arena, space->n);
    grid->count = count_below(grid, space->n, point, &steps);
    for (size_t k = 0; k < space->n; k++)
        if (grid_levels(grid, k) == 0)
            grid->count = INFINITY;
}

double space_cells(const struct space *space)
{
    struct arena arena;
    struct grid grid;
    arena_init(&arena);
    grid_init(&grid, space, 0, &arena);
    double count = grid.count;
    arena_done(&arena);
    return count;
}

// ---- numbering --------------------------------------------------------------

static void unrank_below(const struct grid *grid, size_t k, uint64_t rank,
                         double *point);

static void unrank(const struct grid *grid, size_t k, uint64_t rank,
                   double *point)
{
    point[k] = NAN;
    if (!space_active(grid->space, point, k)) {
        unrank_below(grid, k, rank, point);
        return;
    }
    for (size_t i = 0; i < grid->n_forks[k]; i++) {
        point[k] = grid_value(grid, k, grid->forks[k][i]);
        uint64_t size = size_below(grid, k, point);
        if (rank < size) {
            unrank_below(grid, k, rank, point);
            return;
        }
        rank -= size;
    }
    point[k] = grid_value(grid, k, plain_level(grid, k, 0));
    uint64_t size = size_below(grid, k, point);
    size_t level = plain_level(grid, k, (size_t)(rank / size));
    point[k] = grid_value(grid, k, level);
    unrank_below(grid, k, rank % size, point);
}

static void unrank_below(const struct grid *grid, size_t k, uint64_t rank,
                         double *point)
{
    for (size_t c = grid->first[k]; c != none; c = grid->next[c]) {
        uint64_t size = size_of(grid, c, point);
        unrank(grid, c, rank % size, point);
        rank /= size;
    }
}

void grid_point(const struct grid *grid, uint64_t rank, double *point)
{
    assert(grid->count <= 0x1p53 && (double)rank < grid->count);
    unrank_below(grid, grid->space->n, rank, point);
}

// What grid_rank looks up; `prefix` holds the ancestors.
struct lookup {
    const struct grid *grid;
    const double *point;
    double *prefix;
};

static bool rank_below(const struct lookup *lookup, size_t k, uint64_t *rank);

static bool rank_of(const struct lookup *lookup, size_t k, uint64_t *rank)
{
    const struct grid *grid = lookup->grid;
    double *prefix = lookup->prefix;
    size_t level = 0, i = 0, before = 0;
    uint64_t offset = 0;
    prefix[k] = lookup->point[k];
    if (isnan(prefix[k]))
        return rank_below(lookup, k, rank);
    if (!grid_level(grid, k, prefix[k], &level))
        return false;
    for (; i < grid->n_forks[k] && grid->forks[k][i] != level; i++) {
        prefix[k] = grid_value(grid, k, grid->forks[k][i]);
        offset += size_below(grid, k, prefix);
        before += grid->forks[k][i] < level;
    }
    prefix[k] = grid_value(grid, k, level);
    if (i == grid->n_forks[k])
        offset += (level - before) * size_below(grid, k, prefix);
    if (!rank_below(lookup, k, rank))
        return false;
    *rank += offset;
    return true;
}

static bool rank_below(const struct lookup *lookup, size_t k, uint64_t *rank)
{
    const struct grid *grid = lookup->grid;
    uint64_t radix = 1, sum = 0, digit;
    for (size_t c = grid->first[k]; c != none; c = grid->next[c]) {
        uint64_t size = size_of(grid, c, lookup->prefix);
        if (!rank_of(lookup, c, &digit))
            return false;
        sum += digit * radix;
        radix *= size;
    }
    *rank = sum;
    return true;
}

bool grid_rank(const struct grid *grid, const double *point, double *scratch,
               uint64_t *rank)
{
    assert(grid->count <= 0x1p53);
    struct lookup lookup = {grid, point, scratch};
    return rank_below(&lookup, grid->space->n, rank);
}
