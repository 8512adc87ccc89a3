// SPDX-License-Identifier: GPL-3.0-or-later
// fanova.c - how much of a forest's variance each parameter explains
//
// The tree becomes a list of boxes, whose sides are ranges of cells between the
// edges that the tree has in a coordinate. A function that is constant on cells
// is kept as its differences, so that a box changes it in a few places.

#include "fanova.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// The cells that a tree makes of one coordinate.
struct axis {
    size_t n;     // cells
    double *edge; // [n + 1] from 0 to 1
};

// A coordinate in which a box does not span everything.
struct side {
    uint32_t feature;
    uint32_t low, high; // cells [low, high)
};

struct box {
    double value, volume;
    size_t n;
    struct side *side; // [n] features ascending
};

struct boxes {
    size_t d;
    struct axis *axis; // [d]
    size_t n;
    struct box *box;
    double mean, variance;
};

// ---- from a tree to boxes ---------------------------------------------------

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

// Finds the cells of all coordinates.
static struct axis *find_axes(const struct forest_tree *tree, size_t d,
                              struct arena *arena)
{
    struct axis *axis = arena_zeros(arena, d, sizeof *axis);
    for (size_t i = 0; i < tree->n; i++)
        if (tree->node[i].feature != FOREST_LEAF)
            axis[tree->node[i].feature].n++;
    for (size_t k = 0; k < d; k++) {
        axis[k].edge = arena_zeros(arena, axis[k].n + 2, sizeof(double));
        axis[k].n = 1; // the first edge is 0
    }
    for (size_t i = 0; i < tree->n; i++) {
        const struct forest_node *node = &tree->node[i];
        if (node->feature != FOREST_LEAF)
            axis[node->feature].edge[axis[node->feature].n++] = node->edge;
    }
    for (size_t k = 0; k < d; k++) {
        double *edge = axis[k].edge;
        size_t n = 0;
        qsort(edge, axis[k].n, sizeof *edge, by_size);
        for (size_t i = 0; i < axis[k].n; i++)
            if (i == 0 || edge[i] > edge[n - 1])
                edge[n++] = edge[i];
        edge[n] = 1;
        axis[k].n = n;
    }
    return axis;
}

// The first cell above an edge.
static uint32_t cell_above(const struct axis *axis, double edge)
{
    size_t low = 0, high = axis->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (axis->edge[middle] < edge)
            low = middle + 1;
        else
            high = middle;
    }
    return (uint32_t)low;
}

static double length(const struct axis *axis, const struct side *side)
{
    return axis->edge[side->high] - axis->edge[side->low];
}

// The way from the root to a node: the sides of its box.
struct way {
    const struct forest_tree *tree;
    struct arena *arena;
    size_t n;
    struct side side[FOREST_MAX_DEPTH];
};

// A copy of a way, with its side in `feature` narrowed: what is above or below
// cell `cut` falls away.
static struct way narrow(const struct way *way, const struct boxes *boxes,
                         uint32_t feature, uint32_t cut, bool below)
{
    struct way next = *way;
    size_t i = 0;
    while (i < next.n && next.side[i].feature < feature)
        i++;
    if (i == next.n || next.side[i].feature != feature) {
        assert(next.n < FOREST_MAX_DEPTH);
        memmove(next.side + i + 1, next.side + i,
                (next.n++ - i) * sizeof *next.side);
        next.side[i] = (struct side){.feature = feature,
                                     .high = (uint32_t)boxes->axis[feature].n};
    }
    *(below ? &next.side[i].high : &next.side[i].low) = cut;
    return next;
}

static void collect(struct boxes *boxes, const struct way *way, uint32_t index)
{
    const struct forest_node *node = &way->tree->node[index];
    if (node->feature != FOREST_LEAF) {
        uint32_t cut = cell_above(&boxes->axis[node->feature], node->edge);
        struct way below = narrow(way, boxes, node->feature, cut, true);
        struct way above = narrow(way, boxes, node->feature, cut, false);
        collect(boxes, &below, node->child);
        collect(boxes, &above, node->child + 1);
        return;
    }
    struct box *box = &boxes->box[boxes->n++];
    *box = (struct box){.value = node->value, .volume = 1, .n = way->n};
    box->side = arena_alloc(way->arena, way->n * sizeof *box->side);
    memcpy(box->side, way->side, way->n * sizeof *box->side);
    for (size_t i = 0; i < way->n; i++)
        box->volume *=
            length(&boxes->axis[way->side[i].feature], &way->side[i]);
}

static struct boxes boxes_of(const struct forest_tree *tree, size_t d,
                             struct arena *arena)
{
    struct boxes boxes = {.d = d, .axis = find_axes(tree, d, arena)};
    boxes.box = arena_zeros(arena, tree->n, sizeof *boxes.box);
    struct way root = {.tree = tree, .arena = arena};
    collect(&boxes, &root, 0);
    for (size_t i = 0; i < boxes.n; i++)
        boxes.mean += boxes.box[i].volume * boxes.box[i].value;
    for (size_t i = 0; i < boxes.n; i++) {
        double c = boxes.box[i].value - boxes.mean;
        boxes.variance += boxes.box[i].volume * c * c;
    }
    return boxes;
}

// ---- from boxes to variances ------------------------------------------------

// The factor [l <= x < h] / (h - l) - 1 as its three differences.
struct factor {
    uint32_t at[3];
    double step[3];
};

static struct factor factor_of(const struct boxes *boxes,
                               const struct side *side)
{
    double share = 1 / length(&boxes->axis[side->feature], side);
    return (struct factor){{0, side->low, side->high}, {-1, share, -share}};
}

static double amount(const struct boxes *boxes, size_t i)
{
    return boxes->box[i].volume * (boxes->box[i].value - boxes->mean);
}

static double width(const struct axis *axis, size_t cell)
{
    return axis->edge[cell + 1] - axis->edge[cell];
}

// Writes the variance of the function of each coordinate to single[0..d).
static void decompose_single(const struct boxes *boxes, struct arena *arena,
                             double *single)
{
    double **step = arena_zeros(arena, boxes->d, sizeof *step);
    for (size_t k = 0; k < boxes->d; k++)
        step[k] = arena_zeros(arena, boxes->axis[k].n + 1, sizeof **step);
    for (size_t i = 0; i < boxes->n; i++)
        for (size_t s = 0; s < boxes->box[i].n; s++) {
            const struct side *side = &boxes->box[i].side[s];
            struct factor factor = factor_of(boxes, side);
            for (size_t a = 0; a < 3; a++)
                step[side->feature][factor.at[a]] +=
                    amount(boxes, i) * factor.step[a];
        }
    for (size_t k = 0; k < boxes->d; k++) {
        double f = 0;
        single[k] = 0;
        for (size_t i = 0; i < boxes->axis[k].n; i++) {
            f += step[k][i];
            single[k] += width(&boxes->axis[k], i) * f * f;
        }
    }
}

// Adds the product of two factors to the differences of a function of both.
static void add_product(const struct factor *a, const struct factor *b,
                        double c, size_t columns, double *step)
{
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++)
            step[a->at[i] * columns + b->at[j]] += c * a->step[i] * b->step[j];
}

// The variance of a function of two coordinates. `column` is scratch.
static double variance(const struct axis *a, const struct axis *b,
                       const double *step, double *column)
{
    double sum = 0;
    memset(column, 0, b->n * sizeof *column);
    for (size_t i = 0; i < a->n; i++) {
        double f = 0, row = 0;
        for (size_t j = 0; j < b->n; j++) {
            column[j] += step[i * (b->n + 1) + j];
            f += column[j];
            row += width(b, j) * f * f;
        }
        sum += width(a, i) * row;
    }
    return sum;
}

// Adds what a box contributes to the differences step[k * d + l] of the
// interactions of the coordinates k < l in which it has sides.
static void add_box(const struct boxes *boxes, size_t i, struct arena *arena,
                    double **step)
{
    const struct box *box = &boxes->box[i];
    for (size_t s = 0; s < box->n; s++)
        for (size_t t = s + 1; t < box->n; t++) {
            uint32_t k = box->side[s].feature, l = box->side[t].feature;
            size_t rows = boxes->axis[k].n + 1, columns = boxes->axis[l].n + 1;
            double **pair = &step[k * boxes->d + l];
            if (!*pair)
                *pair = arena_zeros(arena, rows * columns, sizeof **pair);
            struct factor a = factor_of(boxes, &box->side[s]);
            struct factor b = factor_of(boxes, &box->side[t]);
            add_product(&a, &b, amount(boxes, i), columns, *pair);
        }
}

// Adds the variance of the interaction of k < l, multiplied with `scale`, to
// pair[k * d + l].
static void decompose_pairs(const struct boxes *boxes, double scale,
                            struct arena *arena, double *pair)
{
    size_t d = boxes->d, longest = 0;
    double **step = arena_zeros(arena, d * d, sizeof *step);
    for (size_t i = 0; i < boxes->n; i++)
        add_box(boxes, i, arena, step);
    for (size_t k = 0; k < d; k++)
        longest = boxes->axis[k].n > longest ? boxes->axis[k].n : longest;
    double *column = arena_doubles(arena, longest);
    for (size_t k = 0; k < d; k++)
        for (size_t l = k + 1; l < d; l++)
            if (step[k * d + l])
                pair[k * d + l] +=
                    scale * variance(&boxes->axis[k], &boxes->axis[l],
                                     step[k * d + l], column);
}

struct fanova fanova_of(const struct forest *forest, bool pairs,
                        struct arena *arena)
{
    size_t d = forest->d, counted = 0;
    struct fanova sum = {.single = arena_zeros(arena, d, sizeof(double))};
    if (pairs)
        sum.pair = arena_zeros(arena, d * d, sizeof(double));
    struct arena scratch;
    arena_init(&scratch);
    for (size_t t = 0; t < forest->n_trees; t++) {
        arena_reset(&scratch);
        struct boxes boxes = boxes_of(&forest->tree[t], d, &scratch);
        if (!(boxes.variance > 0))
            continue;
        double *single = arena_doubles(&scratch, d);
        decompose_single(&boxes, &scratch, single);
        for (size_t k = 0; k < d; k++)
            sum.single[k] += single[k] / boxes.variance;
        if (pairs)
            decompose_pairs(&boxes, 1 / boxes.variance, &scratch, sum.pair);
        counted++;
    }
    arena_done(&scratch);
    for (size_t k = 0; counted && k < d; k++)
        sum.single[k] /= (double)counted;
    for (size_t i = 0; counted && pairs && i < d * d; i++)
        sum.pair[i] /= (double)counted;
    return sum;
}
