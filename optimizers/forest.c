// SPDX-License-Identifier: GPL-3.0-or-later
// forest.c - regression trees over a space, as boxes of constant value
//
// Rows are sorted once by each coordinate. A node owns the same segment of all
// d sorted lists; a split parts each list stably, so nothing is sorted again.

#include "forest.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rng.h"
#include "slot.h"

struct placed {
    double at;
    uint32_t row;
};

static int compare(const void *a, const void *b)
{
    const struct placed *p = a, *q = b;
    if (p->at != q->at)
        return p->at < q->at ? -1 : 1;
    return p->row < q->row ? -1 : p->row > q->row;
}

// What all trees share, and the tree that is growing.
struct grower {
    const struct forest_plan *plan;
    size_t d;
    double *at;       // [d x n] coordinates, one parameter after the other
    uint32_t *sorted; // [d x n] rows by coordinate
    double *weight;   // [n] how often the bootstrap drew the row
    uint32_t *order;  // [d x m] the m rows drawn, by coordinate
    size_t m;
    bool *below;     // [n] the side of the row in the split under way
    uint32_t *spare; // [n]
    struct forest_tree tree;
};

// ---- coordinates ------------------------------------------------------------

// The place of each choice when choices are ordered by their mean value.
static const uint32_t *rank_choices(const struct forest_plan *plan, size_t k,
                                    struct arena *arena)
{
    const struct param *param = &plan->space->params[k];
    size_t choices = param_levels(param);
    double *sum = arena_zeros(arena, choices, sizeof *sum);
    double *count = arena_zeros(arena, choices, sizeof *count);
    double all = 0;
    for (size_t i = 0; i < plan->n; i++) {
        double u = plan->unit[i][k];
        all += plan->value[i];
        if (isnan(u))
            continue;
        size_t choice = slot_at(param, u).level;
        sum[choice] += plan->value[i];
        count[choice]++;
    }
    struct placed *mean = arena_zeros(arena, choices, sizeof *mean);
    for (uint32_t c = 0; c < choices; c++)
        mean[c] = (struct placed){
            count[c] > 0 ? sum[c] / count[c] : all / (double)plan->n, c};
    qsort(mean, choices, sizeof *mean, compare);
    uint32_t *rank = arena_zeros(arena, choices, sizeof *rank);
    for (uint32_t i = 0; i < choices; i++)
        rank[mean[i].row] = i;
    return rank;
}

static void place(const struct grower *grower, size_t k, struct arena *arena)
{
    const struct forest_plan *plan = grower->plan;
    const struct param *param = &plan->space->params[k];
    bool finite = param_levels(param) > 0;
    const uint32_t *rank =
        param->kind == PARAM_CATEGORICAL ? rank_choices(plan, k, arena) : NULL;
    struct rng rng = rng_at(plan->seed, RNG_STUDY + k);
    double *at = grower->at + k * plan->n;
    for (size_t i = 0; i < plan->n; i++) {
        double u = plan->unit[i][k];
        bool active = !isnan(u);
        at[i] = active ? u : rng_uniform(&rng);
        if (!finite)
            continue;
        struct slot slot = slot_at(param, at[i]);
        if (active && rank)
            slot = slot_of_level(param, rank[slot.level]);
        at[i] = slot.centre;
    }
}

static void sort(const struct grower *grower, size_t k, struct arena *arena)
{
    size_t n = grower->plan->n;
    struct placed *row = arena_zeros(arena, n, sizeof *row);
    for (uint32_t i = 0; i < n; i++)
        row[i] = (struct placed){grower->at[k * n + i], i};
    qsort(row, n, sizeof *row, compare);
    for (size_t i = 0; i < n; i++)
        grower->sorted[k * n + i] = row[i].row;
}

static void place_and_sort(const struct grower *grower)
{
    struct arena scratch;
    arena_init(&scratch);
    for (size_t k = 0; k < grower->d; k++) {
        arena_reset(&scratch);
        place(grower, k, &scratch);
        sort(grower, k, &scratch);
    }
    arena_done(&scratch);
}

// ---- one split --------------------------------------------------------------

struct segment {
    size_t from, to; // of each sorted list
    double weight, sum;
    uint32_t node;
    size_t depth;
};

struct split {
    double gain; // by which it reduces the sum of squared errors
    size_t feature;
    double low, high; // the coordinates on both sides of the edge
};

// In small nodes it is common that two parameters part the results alike.
// Rounding must not decide then: the wider gap does.
static bool better(const struct split *split, const struct split *best)
{
    const double rounding = 1e-9;
    if (split->gain < best->gain * (1 - rounding))
        return false;
    return split->gain > best->gain * (1 + rounding) ||
           split->high - split->low > best->high - best->low;
}

// Looks for a better split of a segment in coordinate k.
static void scan(const struct grower *grower, const struct segment *segment,
                 size_t k, struct split *best)
{
    const double *at = grower->at + k * grower->plan->n;
    const double *value = grower->plan->value;
    const uint32_t *order = grower->order + k * grower->m;
    if (at[order[segment->from]] == at[order[segment->to - 1]])
        return;
    double mean = segment->sum / segment->weight;
    double least = (double)grower->plan->leaf, weight = 0, sum = 0;
    for (size_t i = segment->from; i + 1 < segment->to; i++) {
        uint32_t row = order[i];
        weight += grower->weight[row];
        sum += grower->weight[row] * (value[row] - mean);
        double low = at[row], high = at[order[i + 1]];
        double other = segment->weight - weight;
        if (low == high || weight < least || other < least)
            continue;
        struct split split = {.gain = sum * sum * segment->weight /
                                      (weight * other),
                              .feature = k,
                              .low = low,
                              .high = high};
        if (better(&split, best))
            *best = split;
    }
}

// Where a split between two coordinates cuts.
static double edge(const struct param *param, double low, double high)
{
    double middle = low + (high - low) / 2;
    if (param_levels(param) == 0)
        return middle;
    struct slot slot = slot_at(param, middle);
    return middle < slot.centre ? slot.low : slot.high;
}

// Parts all lists of a segment; returns where the upper side begins.
static size_t part(struct grower *grower, const struct segment *segment,
                   const struct split *split)
{
    size_t n = grower->plan->n, middle = segment->from;
    const double *at = grower->at + split->feature * n;
    const uint32_t *rows = grower->order + split->feature * grower->m;
    for (size_t i = segment->from; i < segment->to; i++) {
        grower->below[rows[i]] = at[rows[i]] <= split->low;
        middle += grower->below[rows[i]];
    }
    for (size_t k = 0; k < grower->d; k++) {
        uint32_t *order = grower->order + k * grower->m;
        size_t lower = segment->from, upper = 0;
        if (k == split->feature)
            continue;
        for (size_t i = segment->from; i < segment->to; i++) {
            uint32_t row = order[i];
            order[lower] = row;
            grower->spare[upper] = row;
            lower += grower->below[row];
            upper += !grower->below[row];
        }
        memcpy(order + lower, grower->spare, upper * sizeof *order);
    }
    return middle;
}

// ---- one tree ---------------------------------------------------------------

// Draws n rows with replacement and lists them by each coordinate.
static void draw(struct grower *grower, size_t t)
{
    size_t n = grower->plan->n;
    struct rng rng = rng_at(grower->plan->seed, t);
    memset(grower->weight, 0, n * sizeof *grower->weight);
    for (size_t i = 0; i < n; i++)
        grower->weight[rng_below(&rng, n)]++;
    grower->m = 0;
    for (size_t i = 0; i < n; i++)
        grower->m += grower->weight[i] > 0;
    uint32_t *to = grower->order;
    for (size_t i = 0; i < grower->d * n; i++)
        if (grower->weight[grower->sorted[i]] > 0)
            *to++ = grower->sorted[i];
}

static struct segment whole(const struct grower *grower)
{
    struct segment segment = {.to = grower->m};
    for (size_t i = 0; i < grower->plan->n; i++) {
        segment.weight += grower->weight[i];
        segment.sum += grower->weight[i] * grower->plan->value[i];
    }
    return segment;
}

static bool find_split(const struct grower *grower,
                       const struct segment *segment, struct split *best)
{
    // less is rounding of equal values
    double least = 0;
    for (size_t i = segment->from; i < segment->to; i++) {
        uint32_t row = grower->order[i];
        double value = grower->plan->value[row];
        least += 1e-20 * grower->weight[row] * value * value;
    }
    *best = (struct split){.gain = least};
    if (segment->depth < FOREST_MAX_DEPTH)
        for (size_t k = 0; k < grower->d; k++)
            scan(grower, segment, k, best);
    return best->gain > least;
}

// The lower or upper half of a segment whose lists are parted at `middle`.
static struct segment half(const struct grower *grower,
                           const struct segment *whole, size_t from, size_t to,
                           uint32_t node)
{
    struct segment half = {
        .from = from, .to = to, .node = node, .depth = whole->depth + 1};
    for (size_t i = from; i < to; i++) {
        uint32_t row = grower->order[i];
        half.weight += grower->weight[row];
        half.sum += grower->weight[row] * grower->plan->value[row];
    }
    return half;
}

static void grow(struct grower *grower, const struct segment *segment)
{
    struct forest_node *node = &grower->tree.node[segment->node];
    struct split split = {0};
    if (!find_split(grower, segment, &split)) {
        *node = (struct forest_node){.feature = FOREST_LEAF,
                                     .value = segment->sum / segment->weight};
        return;
    }
    uint32_t child = (uint32_t)grower->tree.n;
    grower->tree.n += 2;
    *node = (struct forest_node){
        .feature = (uint32_t)split.feature,
        .child = child,
        .edge = edge(&grower->plan->space->params[split.feature], split.low,
                     split.high)};
    size_t middle = part(grower, segment, &split);
    struct segment lower = half(grower, segment, segment->from, middle, child);
    struct segment upper =
        half(grower, segment, middle, segment->to, child + 1);
    grow(grower, &lower);
    grow(grower, &upper);
}

// A copy of the tree that has grown, which takes no more than it needs.
static struct forest_tree keep(const struct grower *grower, struct arena *arena)
{
    struct forest_tree tree = {.n = grower->tree.n};
    tree.node = arena_alloc(arena, tree.n * sizeof *tree.node);
    memcpy(tree.node, grower->tree.node, tree.n * sizeof *tree.node);
    return tree;
}

struct forest forest_grow(const struct forest_plan *plan, struct arena *arena)
{
    assert(plan->n >= 1 && plan->n_trees >= 1 && plan->leaf >= 1);
    size_t n = plan->n, d = plan->space->n;
    struct arena scratch;
    arena_init(&scratch);
    struct grower grower = {
        .plan = plan,
        .d = d,
        .at = arena_doubles(&scratch, d * n),
        .sorted = arena_zeros(&scratch, d * n, sizeof *grower.sorted),
        .order = arena_zeros(&scratch, d * n, sizeof *grower.order),
        .weight = arena_doubles(&scratch, n),
        .below = arena_zeros(&scratch, n, sizeof *grower.below),
        .spare = arena_zeros(&scratch, n, sizeof *grower.spare),
        .tree.node = arena_zeros(&scratch, 2 * n, sizeof *grower.tree.node),
    };
    place_and_sort(&grower);
    struct forest forest = {.d = d, .n_trees = plan->n_trees};
    forest.tree = arena_zeros(arena, plan->n_trees, sizeof *forest.tree);
    for (size_t t = 0; t < plan->n_trees; t++) {
        draw(&grower, t);
        grower.tree.n = 1;
        struct segment all = whole(&grower);
        grow(&grower, &all);
        forest.tree[t] = keep(&grower, arena);
    }
    arena_done(&scratch);
    return forest;
}
